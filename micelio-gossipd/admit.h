/* SPDX-License-Identifier: MIT */
/* Who may have a connection, and who may not for a while. */
#ifndef MICELIO_GOSSIP_ADMIT_H
#define MICELIO_GOSSIP_ADMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/imsg_types.h"

struct gossip;
struct nodeid;
struct session;

#define PEERS_MAX		1024u	/* nodes connected at once */
#define OFFENDERS_MAX		256u
#define GUESTS_MAX		2u	/* beside max_peers, for a while */
#define BRIEF_MAX		16u	/* guests, with those told and sent on */
#define SILENT_MS		25000u	/* a dead connection may be replaced */
#define CROSSED_MS		5000u	/* apart: two dials crossed */
#define OFFENDER_MS		60000u

void	 offenders_init(struct gossip *, uint64_t seed);
void	 offenders_free(struct gossip *);
/* May this node, whose hello is verified, have this connection? */
enum down_reason peers_admit(struct gossip *, struct session *);
/* Does its new connection take the place of the one it has? */
bool	 admit_replaces(const struct gossip *, const struct session *,
	    const struct session *old);
bool	 peers_allowed(const struct gossip *, const struct nodeid *);
bool	 peers_full(const struct gossip *);
/* Links of our own dialling when not everybody fits. */
size_t	 slots_own(size_t max_peers);
/*
 * More links that we should dial, nodes permitting; known: nodes that may
 * well answer.
 */
size_t	 slots_to_dial(const struct gossip *, size_t known);
/*
 * A connection that broke the framing: the second time within OFFENDER_MS it
 * is no accident.
 */
void	 offender_strike(struct gossip *, const struct nodeid *);
/* No link with that node for so long. */
void	 offender_add(struct gossip *, const struct nodeid *,
	    enum down_reason, uint64_t ms);
void	 offender_pardon(struct gossip *, const struct nodeid *);
/* Why there is to be none, or DOWN_NONE; until may be NULL. */
enum down_reason offender_reason(const struct gossip *,
	    const struct nodeid *, uint64_t *until);

#endif

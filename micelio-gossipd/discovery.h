/* SPDX-License-Identifier: MIT */
/* Nodes we look for. */
#ifndef MICELIO_GOSSIP_DISCOVERY_H
#define MICELIO_GOSSIP_DISCOVERY_H

#include <bsd/sys/queue.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/imsg_types.h"
#include "common/nodeid.h"

struct book_peer;
struct gossip;

#define QUESTS_MAX		16u	/* nodes being dialled */
#define DISCOVERY_DEFAULT_MS	10000u
#define LOOK_JITTER_MS		50u	/* before we look whom to dial */
#define DIAL_JITTER_MS		1000u	/* of a node that failed before */
#define SEEN_AGAIN_MS	60000u	/* a pause is not cut short more often */
#define PROBE_MIN_MS		15000u	/* ... to twice that */

struct quest {
	TAILQ_ENTRY(quest) entry;
	struct nodeid	 id;
	uint32_t	 dial;		/* 0: still waits */
	uint64_t	 at;		/* mono ms: then it is dialled */
	bool		 probe;
	bool		 near;		/* chosen for its short way */
	bool		 name;		/* addr is one */
	char		 addr[HOSTPORT_MAX + 1];
};

void	 discovery_init(struct gossip *, uint64_t seed);
void	 discovery_free(struct gossip *);
/* Something changed: look soon whom to dial. */
void	 discovery_kick(struct gossip *);
void	 discovery_tick(struct gossip *);
uint64_t discovery_next(const struct gossip *);
/* The node sought by a dial, or NULL. */
const struct quest *discovery_expects(const struct gossip *, uint32_t dial);
void	 discovery_up(struct gossip *, uint32_t dial);
/* who: the node that answered, if that was proved, or NULL. */
void	 discovery_down(struct gossip *, uint32_t dial, enum down_reason,
	    const struct nodeid *who);
/*
 * Somebody saw the node at that time (unix s), after it failed here: it is
 * tried again at once, but each address once in SEEN_AGAIN_MS only, as
 * anybody can say so.
 */
void	 discovery_seen(struct gossip *, struct book_peer *, uint64_t when_s);
/* A link that was ready is no more. */
void	 discovery_gone(struct gossip *, const struct nodeid *,
	    uint64_t lived_ms);
/* Nodes with an address we might dial that are not connected. */
size_t	 discovery_known(const struct gossip *);

#endif

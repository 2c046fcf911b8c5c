/* SPDX-License-Identifier: MIT */
/* The sessions: their order, their credit, their bad input. */
#ifndef MICELIO_GOSSIP_PEERS_H
#define MICELIO_GOSSIP_PEERS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/imsg_types.h"

struct gossip;
struct nodeid;
struct session;

#define TWIN_MS			2000u	/* both links to a node are kept */

struct session *peers_session(const struct gossip *, uint32_t sid);
/* The counting session with that node, or NULL. */
struct session *peers_by_id(const struct gossip *, const struct nodeid *);
/* Is there a session with the same key?  Then its id and key are set. */
bool	 peers_recognise(const struct gossip *, struct session *);
void	 peers_register(struct gossip *, struct session *);
void	 peers_close(struct gossip *, struct session *, enum down_reason);
/* A guest has a place from now on. */
void	 peers_settle(struct gossip *, struct session *);
void	 peers_tick(struct gossip *);
/* Something of a session is due then. */
void	 peers_due(struct gossip *, uint64_t mono_ms);
void	 peers_configured(struct gossip *);
void	 peers_free(struct gossip *);

#endif

/* SPDX-License-Identifier: MIT */
/* The sessions: their order, their credit, their bad input. */
#ifndef MICELIO_GOSSIP_PEERS_H
#define MICELIO_GOSSIP_PEERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/imsg_types.h"

struct gossip;
struct nodeid;
struct session;

#define NEIGHBOUR_RATE		200u	/* of all authors, by one connection: */
#define NEIGHBOUR_BURST		2000u	/* messages, and 4 KiB of each more */
#define NEIGHBOUR_UNIT		4096u
#define NEIGHBOUR_M2_RATE	2000u	/* the same, of our kind */
#define NEIGHBOUR_M2_BURST	10000u
#define IDLE_RATE		4000u	/* frames that bring nothing new, */
#define IDLE_BURST		40000u	/* with the units of their bytes */
#define TWIN_MS			2000u	/* both links to a node are kept */
#define BAD_RATE		4u	/* points per second and connection */
#define BAD_BURST		100u

struct session *peers_session(const struct gossip *, uint32_t sid);
/* The counting session with that node, or NULL. */
struct session *peers_by_id(const struct gossip *, const struct nodeid *);
/* Is there a session with the same key?  Then its id and key are set. */
bool	 peers_recognise(const struct gossip *, struct session *);
void	 peers_register(struct gossip *, struct session *);
void	 peers_close(struct gossip *, struct session *, enum down_reason);
/* A guest has a place from now on. */
void	 peers_settle(struct gossip *, struct session *);
/* Points for bad input; over the budget the session is closed: false. */
bool	 peers_bad(struct gossip *, struct session *, uint32_t points);
/*
 * A frame that brought nothing new: a keepalive, a copy.  More of them than
 * any mesh makes are bad input.
 */
void	 peers_idle(struct gossip *, struct session *, size_t len);
void	 peers_tick(struct gossip *);
/* Something of a session is due then. */
void	 peers_due(struct gossip *, uint64_t mono_ms);
void	 peers_configured(struct gossip *);
/* Sends one frame if the session has credit for it. */
bool	 peers_send(struct gossip *, struct session *, const void *, size_t);
/* Takes the credit for one frame; false: there is none. */
bool	 peers_charge(struct session *, size_t);
/* A frame of the session has been dealt with. */
void	 peers_handled(struct gossip *, struct session *, size_t);
void	 peers_free(struct gossip *);

#endif

/* SPDX-License-Identifier: MIT */
/* What a session may cost. */
#ifndef MICELIO_GOSSIP_BUDGET_H
#define MICELIO_GOSSIP_BUDGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gossip;
struct session;

#define NEIGHBOUR_RATE		200u	/* of all authors, by one connection: */
#define NEIGHBOUR_BURST		2000u	/* messages, and 4 KiB of each more */
#define NEIGHBOUR_UNIT		4096u
#define NEIGHBOUR_M2_RATE	2000u	/* the same, of our kind */
#define NEIGHBOUR_M2_BURST	10000u
#define IDLE_RATE		4000u	/* frames that bring nothing new, */
#define IDLE_BURST		40000u	/* with the units of their bytes */
#define BAD_RATE		4u	/* points per second and connection */
#define BAD_BURST		100u

/* Sends one frame if the session has credit for it. */
bool	 peers_send(struct gossip *, struct session *, const void *, size_t);
/* Takes the credit for one frame; false: there is none. */
bool	 peers_charge(struct session *, size_t);
/* A frame of the session has been dealt with. */
void	 peers_handled(struct gossip *, struct session *, size_t);
/* Points for bad input; over the budget the session is closed: false. */
bool	 peers_bad(struct gossip *, struct session *, uint32_t points);
/*
 * A frame that brought nothing new: a keepalive, a copy.  More of them than
 * any mesh makes are bad input.
 */
void	 peers_idle(struct gossip *, struct session *, size_t len);

#endif

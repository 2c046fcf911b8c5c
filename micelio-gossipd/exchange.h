/* SPDX-License-Identifier: MIT */
/* Peer exchange, what comes (wire-v1 5). */
#ifndef MICELIO_GOSSIP_EXCHANGE_H
#define MICELIO_GOSSIP_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/envelope.h"

struct gossip;
struct job;
struct nodeid;
struct session;

#define CLOCK_OFF_S		60	/* people are told */
#define EXCHANGE_RATE		2u	/* a second and connection */
#define EXCHANGE_BURST		16u

void	 exchange_in(struct gossip *, struct session *,
	    const struct envelope *);
void	 exchange_verified(struct gossip *, struct session *,
	    const struct job *, bool good);
uint64_t last_seen_clamp(uint64_t claimed, uint64_t now_unix_s);
/*
 * How far the neighbours' clocks are ahead of ours: the middle one of those
 * known, in seconds.  Returns how many are known.
 */
size_t	 clock_compare(const struct gossip *, int64_t *ahead_s);

#endif

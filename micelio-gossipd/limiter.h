/* SPDX-License-Identifier: MIT */
/* Senders' rates. */
#ifndef MICELIO_GOSSIP_LIMITER_H
#define MICELIO_GOSSIP_LIMITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lru.h"

struct nodeid;

#define LIMITER_MAX		4096u
#define GOSSIP_RATE		10u	/* a sender's messages per second */
#define GOSSIP_BURST		20u
#define LIMITER_IDLE_MS		(5u * 60 * 1000)

struct limiter {
	struct lru	 map;
};

void	 limiter_init(struct limiter *, uint64_t seed);
void	 limiter_free(struct limiter *);
/* rate: a second; 0: what v1 allows. */
bool	 limiter_allow(struct limiter *, const struct nodeid *,
	    uint32_t rate, uint64_t mono_ms);
void	 limiter_sweep(struct limiter *, uint64_t mono_ms);
size_t	 limiter_count(const struct limiter *);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Token bucket (wire-v1 4.7).  Time is given, never read.  Kept in
 * millitokens so that small intervals are not lost to rounding.
 */
#ifndef MICELIO_RATELIMIT_H
#define MICELIO_RATELIMIT_H

#include <stdbool.h>
#include <stdint.h>

struct bucket {
	uint64_t	millis;		/* tokens x 1000 */
	uint64_t	last_ms;	/* when it was last filled */
};

/* Full: burst tokens at now. */
void	 bucket_init(struct bucket *, uint32_t burst, uint64_t now_ms);
/* Refill by rate per second, then take n if there are that many. */
bool	 bucket_take(struct bucket *, uint32_t rate, uint32_t burst,
	    uint32_t n, uint64_t now_ms);
/* Milliseconds until n tokens are there; 0: now. */
uint64_t bucket_wait(const struct bucket *, uint32_t rate, uint32_t burst,
	    uint32_t n, uint64_t now_ms);

#endif

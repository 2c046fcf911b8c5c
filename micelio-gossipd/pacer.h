/* SPDX-License-Identifier: MIT */
/*
 * What a node originates, held to a rate that receivers let pass (wire-v1 4.7,
 * 8 W31), which is that of v1 until pacer_rate(): people's lines before
 * anything else, a bounded queue, nothing lost without a word.
 */
#ifndef MICELIO_PACER_H
#define MICELIO_PACER_H

#include <bsd/sys/queue.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ratelimit.h"

#define PACER_RATE		8u	/* messages a second; v1 takes 10 */
#define PACER_BURST		16u	/* at once; v1 takes 20 */
#define PACER_ITEMS_MAX		256u
#define PACER_BYTES_MAX		(1024u * 1024)
#define PACER_LIFE_MS		60000u	/* then it is given up */

enum pace_class { PACE_CHAT, PACE_OTHER, PACE_CLASSES };

struct paced {
	STAILQ_ENTRY(paced) entry;
	enum pace_class	 class;
	uint32_t	 type;		/* of the message, as numbered */
	uint64_t	 until;		/* mono ms */
	size_t		 len;
	uint8_t		 data[];
};

struct pacer {
	struct bucket	 bucket;
	uint32_t	 rate, burst;	/* PACER_RATE, PACER_BURST at first */
	STAILQ_HEAD(, paced) queue[PACE_CLASSES];
	size_t		 n, bytes;
};

void	 pacer_init(struct pacer *, uint64_t now_ms);
void	 pacer_free(struct pacer *);
/* From now on so many a second and at once. */
void	 pacer_rate(struct pacer *, uint32_t rate, uint32_t burst);
/* May one of this class go at once?  Takes its token if so. */
bool	 pacer_pass(struct pacer *, enum pace_class, uint64_t now_ms);
/*
 * Queues a copy, of a line or of that type; *wait_ms: when its turn will
 * come, about.  False: no room; then *wait_ms says when there may be.
 */
bool	 pacer_push(struct pacer *, enum pace_class, const void *, size_t,
	    uint64_t now_ms, uint64_t *wait_ms);
bool	 pacer_push_type(struct pacer *, enum pace_class, uint32_t type,
	    const void *, size_t, uint64_t now_ms, uint64_t *wait_ms);
/* The next whose turn it is, now the caller's to free(), or NULL. */
struct paced *pacer_pop(struct pacer *, uint64_t now_ms);
/* One that waited longer than PACER_LIFE_MS, to free(), or NULL. */
struct paced *pacer_expired(struct pacer *, uint64_t now_ms);
/* When pacer_pop() will give something, mono ms; UINT64_MAX: empty. */
uint64_t pacer_next(const struct pacer *, uint64_t now_ms);

#endif

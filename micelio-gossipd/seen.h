/* SPDX-License-Identifier: MIT */
/* Memory of ids. */
#ifndef MICELIO_GOSSIP_SEEN_H
#define MICELIO_GOSSIP_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gtime.h"
#include "lru.h"

struct nodeid;

/* Ids remembered, at some 200 bytes each with an author of their own. */
#define SEEN_MAX		81920u	/* for SEEN_MS */
#define SEEN_CLOCKED_MAX	65536u	/* for SEEN_CLOCKED_MS */
#define SEEN_SHARE		4u	/* an author has one part of so many */
#define SEEN_MS			(60u * 60 * 1000)
#define SEEN_CLOCKED_MS		(6u * 60 * 1000)

enum seen_state { SEEN_NEW, SEEN_RESERVED, SEEN_KNOWN };

struct seen {
	struct lru	 map[2];	/* clockless, clocked; oldest first */
	struct lru	 authors;	/* by id, with a count for each map */
	uint64_t	 horizon;	/* wall ms: complete since */
};

void	 seen_init(struct seen *, uint64_t seed, uint64_t horizon_wall);
void	 seen_free(struct seen *);
enum seen_state seen_look(const struct seen *, const uint8_t key[16]);
/*
 * Takes the id for a message that is being checked; clocked: it says itself
 * when it was made.  False: no room, or none for this author.
 */
bool	 seen_reserve(struct seen *, const uint8_t key[16],
	    const struct nodeid *author, bool clocked, struct gtime);
/* The message was good: the id, which is reserved, stays from now on. */
void	 seen_keep(struct seen *, const uint8_t key[16], struct gtime);
/* It was not: another copy may still come. */
void	 seen_release(struct seen *, const uint8_t key[16]);
void	 seen_sweep(struct seen *, struct gtime);
size_t	 seen_count(const struct seen *);

#endif

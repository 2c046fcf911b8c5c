/* SPDX-License-Identifier: MIT */
/* What the tests of the map share. */
#ifndef MICELIO_STATE_TEST_H
#define MICELIO_STATE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "state/clock.h"
#include "state/map.h"

/* An hour of 2026 that has just begun. */
#define HOUR0	UINT64_C(493500)
#define NOW0	(HOUR0 * HOUR_MS)

/*
 * How many of something: most when MICELIO_LONG is set, few when MICELIO_BRIEF
 * is, for a slow way to run what ran whole in another.
 */
size_t	 how_many(size_t most, size_t common, size_t few);

/* A random number generator whose runs can be repeated. */
struct rng {
	uint64_t	s;
};
uint64_t rng_next(struct rng *);
/* Below n. */
uint64_t rng_below(struct rng *, uint64_t n);

/* An entry with bytes of its own; the signature is only what it says. */
struct made {
	struct entry	e;
	struct entry_id	id;
	char		key[ENTRY_KEY_MAX + 1], value[64];
	uint8_t		author[ENTRY_AUTHOR_LEN], sig[ENTRY_SIG_LEN];
};

/* The public key of author n; not one that anything could be signed with. */
void	 author_bytes(unsigned int n, uint8_t[ENTRY_AUTHOR_LEN]);
/* value NULL: a delete.  Key is under o/. */
void	 make(struct made *, unsigned int author, const char *name,
	    const char *value, uint64_t hlc, uint64_t expires_ms);
/* Computes the id again. */
void	 make_id(struct made *);
enum map_verdict put(struct map *, const struct made *, uint64_t now_ms);
/* What is visible, "-" if nothing is. */
const char *seen(struct map *, const char *name, uint64_t now_ms);
/* Fails unless both digests are those of the entries held; counts right. */
void	 map_check(struct map *);
/* All that one has and the other has not, as a session would tell it. */
void	 map_tell(struct map *to, const struct map *from, uint64_t now_ms);
bool	 maps_equal(const struct map *, const struct map *);

#endif

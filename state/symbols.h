/* SPDX-License-Identifier: MIT */
/*
 * Coded symbols of a set of ids (a rateless invertible Bloom lookup table):
 * whoever has as many of them as differ, times 1.4 to 1.8, finds what differs
 * between his set and another, however large the two are.
 *
 * An id is in symbol 0 and in ever rarer later ones, 21 of the first 65,536;
 * which, is chosen by a salt of the one who sends them, so that nobody can
 * choose ids that collide.  Integers only: it is the same everywhere.
 */
#ifndef MICELIO_STATE_SYMBOLS_H
#define MICELIO_STATE_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/entry.h"

#define SYMBOLS_MAX		65536u
#define SYMBOLS_SALT_LEN	16u
#define SYMBOLS_COUNT_MAX	(INT64_C(1) << 31)	/* else a lie */

struct symbol {
	uint8_t		id[ENTRY_ID_LEN];	/* xor */
	uint64_t	check;			/* xor */
	int64_t		count;
};

/* The indices of one id, ascending from 0. */
struct mapping {
	uint64_t	state, index;
};

void	 mapping_init(struct mapping *, const uint8_t salt[SYMBOLS_SALT_LEN],
	    const struct entry_id *);
void	 mapping_next(struct mapping *);

/* Add an id to, or with by -1 take it from, cells first to upto - 1. */
void	 symbols_add(struct symbol *cells, size_t first, size_t upto,
	    const uint8_t salt[SYMBOLS_SALT_LEN], const struct entry_id *,
	    int by);

enum peel_state {
	PEEL_MORE,	/* cells are missing */
	PEEL_DONE,	/* all that differs is known */
	PEEL_POISON,	/* the cells are no set's: abort */
};

/* An id in one of the two sets only. */
struct peeled {
	struct entry_id	 id;
	int		 side;	/* 1: theirs, -1: ours */
	struct mapping	 at;	/* its first index beyond the cells */
};

struct peel {
	uint8_t		 salt[SYMBOLS_SALT_LEN];
	struct symbol	*cell;		/* theirs less ours */
	size_t		 n, room;
	struct peeled	*found;
	size_t		 nfound;
	uint32_t	*slot;		/* found by id; 0: free */
	size_t		 slots;
	uint32_t	*todo;		/* indices to look at */
	size_t		 ntodo, todo_room;
	enum peel_state	 state;
};

void	 peel_init(struct peel *, const uint8_t salt[SYMBOLS_SALT_LEN]);
void	 peel_free(struct peel *);
/*
 * The next k cells, theirs less ours, from index p->n on.  More than
 * SYMBOLS_MAX in all are not taken (PEEL_POISON).
 */
enum peel_state peel_more(struct peel *, const struct symbol *, size_t k);
/* How many ids differ, as far as the counts tell: a guess for who sends. */
size_t	 peel_estimate(const struct peel *);

#endif

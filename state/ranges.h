/* SPDX-License-Identifier: MIT */
/*
 * Finding what differs by ranges of ids, when it is too much for symbols:
 * both sides compare fingerprints of ranges, split those that differ, and in
 * the end tell each other the ids of short ones.
 *
 * A fingerprint is the sum modulo 2^128 of SipHash-2-4-128(salt, id) under a
 * salt of the session, so that nobody can choose ids whose sums are equal.
 */
#ifndef MICELIO_STATE_RANGES_H
#define MICELIO_STATE_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/entry.h"

#define RANGES_SALT_LEN	16u
#define RANGES_PRINT	16u	/* bytes of a fingerprint, big-endian */
#define RANGES_SPLIT	64u	/* parts of a range that differs, at most */
#define RANGES_PART	24u	/* ids of a part, at least about that many */
#define RANGES_LEAF	32u	/* ids that are told rather than split */

enum range_kind { RANGE_SKIP = 0, RANGE_PRINT = 1, RANGE_IDS = 2 };

/* A snapshot of one side: ids ascending, none twice. */
struct ranges {
	const struct entry_id	*id;	/* the caller's; must outlive this */
	size_t			 n;
	unsigned __int128	*sum;	/* of the first i; n + 1 of them */
};

struct range {
	struct entry_id	 upper;		/* exclusive */
	bool		 last;		/* no upper: to the end */
	enum range_kind	 kind;
	uint8_t		 print[RANGES_PRINT];
	const struct entry_id *ids;	/* nids of them */
	size_t		 nids;
	uint64_t	 count;
};

struct ranges_ops {
	/* A range to be sent, in ascending order; valid during the call. */
	void	(*say)(void *, const struct range *);
	/* They have it and we have not; we have it and they have not. */
	void	(*need)(void *, const struct entry_id *);
	void	(*give)(void *, const struct entry_id *);
};

void	 ranges_init(struct ranges *, const uint8_t salt[RANGES_SALT_LEN],
	    const struct entry_id *, size_t);
void	 ranges_free(struct ranges *);
/* The first index whose id is not below this one. */
size_t	 ranges_find(const struct ranges *, const struct entry_id *);
/* To begin with: all from an index on, as one range of a fingerprint. */
void	 ranges_begin(const struct ranges *, size_t from,
	    const struct ranges_ops *, void *arg);
/*
 * Answer one range that begins at index *at (in our order) with lower as its
 * lower bound; *at is moved behind it.  False: it is none (ids not ascending,
 * or outside of it, upper not above lower): a lie.
 */
bool	 ranges_answer(const struct ranges *, size_t *at,
	    const struct entry_id *lower, const struct range *,
	    const struct ranges_ops *, void *arg);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * What a set of entries comes down to: equal sets have equal roots, and
 * nobody can choose entries so that different ones have.
 *
 * LtHash: 1,024 lanes of 16 bits; each entry adds SHAKE128("micelio/lt/1" ||
 * id) of 2,048 bytes, taken as little-endian numbers, modulo 2^16.  A sum or
 * xor of the ids themselves could be forged by whoever can choose ids.
 */
#ifndef MICELIO_STATE_DIGEST_H
#define MICELIO_STATE_DIGEST_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/entry.h"

#define LT_LANES	1024u
#define ROOT_HASH_LEN	32u

/* Of one id; dear (4 us), so computed once for several sums. */
struct lt {
	uint16_t	lane[LT_LANES];
};

struct digest {
	struct lt	sum;
	uint64_t	count;
};

enum root_flags { ROOT_FULL = 1, ROOT_LOADING = 2 };

struct root {
	uint32_t	hour;
	uint64_t	count;
	uint8_t		hash[ROOT_HASH_LEN];
	uint32_t	flags;	/* enum root_flags */
};

void	lt_of_id(struct lt *, const struct entry_id *);
void	digest_init(struct digest *);
void	digest_add(struct digest *, const struct lt *);
/* Of an id that was added. */
void	digest_sub(struct digest *, const struct lt *);
/* SHA-256(u32be hour || u64be count || lanes as u16le). */
void	digest_root(const struct digest *, uint32_t hour, uint32_t flags,
	    struct root *);

#endif

/* SPDX-License-Identifier: MIT */
/* Public keys of nodes. */
#ifndef MICELIO_GOSSIP_KEYRING_H
#define MICELIO_GOSSIP_KEYRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lru.h"

struct nodeid;

#define KEYRING_VERIFIED_MAX	1024u
#define KEYRING_LEARNT_MAX	4096u

enum trust { TRUST_VERIFIED = 0, TRUST_LEARNT = 1 };

struct keyring {
	struct lru	 map[2];	/* by trust */
};

void	 keyring_init(struct keyring *, uint64_t seed);
void	 keyring_free(struct keyring *);
/*
 * Stores a key unless one of the same or stronger trust is there; a full
 * level forgets the key that was used longest ago.  True if stored.
 */
bool	 keyring_add(struct keyring *, const struct nodeid *,
	    const uint8_t pubkey[32], enum trust);
/* The key, or NULL; trust may be NULL. */
const uint8_t *keyring_get(struct keyring *, const struct nodeid *,
	    enum trust *);
size_t	 keyring_count(const struct keyring *);

#endif

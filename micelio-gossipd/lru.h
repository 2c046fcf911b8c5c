/* SPDX-License-Identifier: MIT */
/*
 * A bounded map in order of use.  Entries are the caller's structures with a
 * struct lru_node inside and the key somewhere behind it; the hash is keyed,
 * so that nobody outside can aim at one chain.
 */
#ifndef MICELIO_LRU_H
#define MICELIO_LRU_H

#include <bsd/sys/queue.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lru_node {
	TAILQ_ENTRY(lru_node)	 order;
	struct lru_node		*chain;
	uint32_t		 hash;
};

struct lru {
	TAILQ_HEAD(lru_order, lru_node) order;	/* oldest first */
	struct lru_node	**bucket;
	size_t		 nbucket;	/* power of two */
	size_t		 n, max;
	size_t		 key_at, key_len;	/* offset from the node */
	uint64_t	 seed;
};

/* key_at: offset of the key_len bytes of key from the node. */
void	 lru_init(struct lru *, size_t max, size_t key_at, size_t key_len,
	    uint64_t seed);
/* Frees the map; each entry is given to drop (free, if it is the first). */
void	 lru_free(struct lru *, void (*drop)(struct lru_node *));
/* NULL: absent. */
struct lru_node *lru_get(const struct lru *, const void *key);
/* The key must not be there, and the map not full. */
void	 lru_put(struct lru *, struct lru_node *);
void	 lru_remove(struct lru *, struct lru_node *);
/* Makes it the youngest. */
void	 lru_touch(struct lru *, struct lru_node *);
/* The oldest, or NULL. */
struct lru_node *lru_oldest(const struct lru *);
struct lru_node *lru_younger(const struct lru_node *);
bool	 lru_full(const struct lru *);

#endif

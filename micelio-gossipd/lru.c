/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "lru.h"

#define BUCKETS_FIRST	16u

static uint32_t	hash_of(const struct lru *, const void *key);
static void	grow(struct lru *);

void
lru_init(struct lru *l, size_t max, size_t key_at, size_t key_len,
    uint64_t seed)
{
	memset(l, 0, sizeof(*l));
	TAILQ_INIT(&l->order);
	l->max = max;
	l->key_at = key_at;
	l->key_len = key_len;
	l->seed = seed;
	l->nbucket = BUCKETS_FIRST;
	l->bucket = xcalloc(l->nbucket, sizeof(struct lru_node *));
}

void
lru_free(struct lru *l, void (*drop)(struct lru_node *))
{
	struct lru_node *n;

	while ((n = TAILQ_FIRST(&l->order)) != NULL) {
		TAILQ_REMOVE(&l->order, n, order);
		if (drop != NULL)
			drop(n);
		else
			free(n);
	}
	free(l->bucket);
	memset(l, 0, sizeof(*l));
}

static const void *
key_of(const struct lru *l, const struct lru_node *n)
{
	return (const uint8_t *)n + l->key_at;
}

struct lru_node *
lru_get(const struct lru *l, const void *key)
{
	uint32_t hash = hash_of(l, key);
	struct lru_node *n;

	n = l->bucket[hash & (l->nbucket - 1)];
	while (n != NULL && (n->hash != hash ||
	    memcmp(key_of(l, n), key, l->key_len) != 0))
		n = n->chain;
	return n;
}

void
lru_put(struct lru *l, struct lru_node *n)
{
	struct lru_node **head;

	if (l->n >= l->nbucket)
		grow(l);
	n->hash = hash_of(l, key_of(l, n));
	head = &l->bucket[n->hash & (l->nbucket - 1)];
	n->chain = *head;
	*head = n;
	TAILQ_INSERT_TAIL(&l->order, n, order);
	l->n++;
}

void
lru_remove(struct lru *l, struct lru_node *n)
{
	struct lru_node **at = &l->bucket[n->hash & (l->nbucket - 1)];

	while (*at != n)
		at = &(*at)->chain;
	*at = n->chain;
	TAILQ_REMOVE(&l->order, n, order);
	l->n--;
}

void
lru_touch(struct lru *l, struct lru_node *n)
{
	TAILQ_REMOVE(&l->order, n, order);
	TAILQ_INSERT_TAIL(&l->order, n, order);
}

struct lru_node *
lru_oldest(const struct lru *l)
{
	return TAILQ_FIRST(&l->order);
}

struct lru_node *
lru_younger(const struct lru_node *n)
{
	return TAILQ_NEXT(n, order);
}

bool
lru_full(const struct lru *l)
{
	return l->n >= l->max;
}

/*
 * Keys are hashes, ids or counters: eight bytes of them, made different by
 * the secret and spread by MurmurHash3's last step, do.
 */
static uint32_t
hash_of(const struct lru *l, const void *key)
{
	uint64_t v = 0;

	memcpy(&v, key, l->key_len < sizeof(v) ? l->key_len : sizeof(v));
	v = (v ^ l->seed) * (l->seed | 1);
	v = (v ^ v >> 33) * UINT64_C(0xff51afd7ed558ccd);
	v = (v ^ v >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
	return (uint32_t)(v ^ v >> 33);
}

static void
grow(struct lru *l)
{
	struct lru_node *n;
	size_t i;

	free(l->bucket);
	l->nbucket *= 2;
	l->bucket = xcalloc(l->nbucket, sizeof(struct lru_node *));
	TAILQ_FOREACH(n, &l->order, order) {
		i = n->hash & (l->nbucket - 1);
		n->chain = l->bucket[i];
		l->bucket[i] = n;
	}
}

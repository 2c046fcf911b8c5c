/* SPDX-License-Identifier: MIT */
/*
 * The ids of messages, kept for an hour: a chat message older than that is
 * refused by its timestamp, so no message is taken twice (wire-v1 8, W4).
 * When the table is full the oldest ids go, and the horizon moves up to the
 * time since when all are known; what claims to be older is refused too.
 */
#include <stdlib.h>
#include <string.h>

#include "gossip.h"

struct seen_id {
	struct lru_node	 node;
	uint8_t		 key[16];
	bool		 known;		/* else only reserved */
	uint64_t	 mono, wall;	/* when it came */
};

static struct seen_id	*find(const struct seen *, const uint8_t *);
static void		 forget(struct seen *, struct seen_id *);

void
seen_init(struct seen *s, uint64_t seed, uint64_t horizon_wall)
{
	lru_init(&s->map, SEEN_MAX, offsetof(struct seen_id, key), 16, seed);
	s->horizon = horizon_wall;
}

void
seen_free(struct seen *s)
{
	lru_free(&s->map, NULL);
}

enum seen_state
seen_look(const struct seen *s, const uint8_t key[16])
{
	const struct seen_id *i = find(s, key);

	if (i == NULL)
		return SEEN_NEW;
	return i->known ? SEEN_KNOWN : SEEN_RESERVED;
}

void
seen_reserve(struct seen *s, const uint8_t key[16], struct gtime now)
{
	struct seen_id *i;

	if (find(s, key) != NULL)
		return;
	if (lru_full(&s->map)) {
		i = (struct seen_id *)lru_oldest(&s->map);
		if (i->wall > s->horizon)
			s->horizon = i->wall;
		forget(s, i);
	}
	i = xcalloc(1, sizeof(*i));
	memcpy(i->key, key, sizeof(i->key));
	i->mono = now.mono;
	i->wall = now.wall;
	lru_put(&s->map, &i->node);
}

void
seen_keep(struct seen *s, const uint8_t key[16], struct gtime now)
{
	struct seen_id *i;

	seen_reserve(s, key, now);
	i = find(s, key);
	i->known = true;
}

void
seen_release(struct seen *s, const uint8_t key[16])
{
	struct seen_id *i = find(s, key);

	if (i != NULL && !i->known)
		forget(s, i);
}

void
seen_sweep(struct seen *s, struct gtime now)
{
	struct seen_id *i;

	while ((i = (struct seen_id *)lru_oldest(&s->map)) != NULL &&
	    now.mono >= i->mono + SEEN_MS)
		forget(s, i);
}

size_t
seen_count(const struct seen *s)
{
	return s->map.n;
}

static struct seen_id *
find(const struct seen *s, const uint8_t *key)
{
	return (struct seen_id *)lru_get(&s->map, key);
}

static void
forget(struct seen *s, struct seen_id *i)
{
	lru_remove(&s->map, &i->node);
	free(i);
}

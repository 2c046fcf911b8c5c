/* SPDX-License-Identifier: MIT */
/*
 * The ids of messages.  A message that carries a clock is refused by it after
 * four minutes, so its id is kept for six; a chat message without one is
 * refused by its timestamp before its id is forgotten after an hour: so no
 * message is taken twice (wire-v1 8, W4; broadcast-m2 5).
 *
 * Nothing is pushed out.  An author whose share is used up is refused until
 * his ids have aged, so nobody can make us forget what others said.
 */
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/nodeid.h"
#include "gtime.h"
#include "lru.h"
#include "seen.h"

struct author {
	struct lru_node	 node;
	struct nodeid	 id;
	uint32_t	 n[2];		/* ids in each map */
};

struct seen_id {
	struct lru_node	 node;
	uint8_t		 key[16];
	bool		 known;		/* else only reserved */
	bool		 clocked;
	struct author	*author;
	uint64_t	 mono;		/* when it came */
};

static const size_t	max[2] = { SEEN_MAX, SEEN_CLOCKED_MAX };
static const uint64_t	life_ms[2] = { SEEN_MS, SEEN_CLOCKED_MS };

static struct seen_id	*find(const struct seen *, const uint8_t *);
static struct author	*author_take(struct seen *, const struct nodeid *,
			    bool clocked);
static void		 forget(struct seen *, struct seen_id *);

void
seen_init(struct seen *s, uint64_t seed, uint64_t horizon_wall)
{
	int c;

	for (c = 0; c < 2; c++)
		lru_init(&s->map[c], max[c], offsetof(struct seen_id, key), 16,
		    seed);
	lru_init(&s->authors, SEEN_MAX + SEEN_CLOCKED_MAX,
	    offsetof(struct author, id), NODEID_LEN, seed);
	s->horizon = horizon_wall;
}

void
seen_free(struct seen *s)
{
	lru_free(&s->map[0], NULL);
	lru_free(&s->map[1], NULL);
	lru_free(&s->authors, NULL);
}

enum seen_state
seen_look(const struct seen *s, const uint8_t key[16])
{
	const struct seen_id *i = find(s, key);

	if (i == NULL)
		return SEEN_NEW;
	return i->known ? SEEN_KNOWN : SEEN_RESERVED;
}

bool
seen_reserve(struct seen *s, const uint8_t key[16],
    const struct nodeid *author, bool clocked, struct gtime now)
{
	struct seen_id *i;
	struct author *a;

	if (find(s, key) != NULL)
		return true;
	if (lru_full(&s->map[clocked]) ||
	    (a = author_take(s, author, clocked)) == NULL)
		return false;
	i = xcalloc(1, sizeof(*i));
	memcpy(i->key, key, sizeof(i->key));
	i->clocked = clocked;
	i->author = a;
	i->mono = now.mono;
	lru_put(&s->map[clocked], &i->node);
	return true;
}

/* Counts one more for the author; NULL: he has his share. */
static struct author *
author_take(struct seen *s, const struct nodeid *id, bool clocked)
{
	struct author *a = (struct author *)lru_get(&s->authors, id);

	if (a == NULL) {
		a = xcalloc(1, sizeof(*a));
		a->id = *id;
		lru_put(&s->authors, &a->node);
	} else if (a->n[clocked] >= max[clocked] / SEEN_SHARE)
		return NULL;
	a->n[clocked]++;
	return a;
}

void
seen_keep(struct seen *s, const uint8_t key[16], struct gtime now)
{
	struct seen_id *i = find(s, key);

	if (i == NULL)
		return;
	i->known = true;
	i->mono = now.mono;
	lru_touch(&s->map[i->clocked], &i->node);
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
	int c;

	for (c = 0; c < 2; c++)
		while ((i = (struct seen_id *)lru_oldest(&s->map[c])) != NULL &&
		    now.mono >= i->mono + life_ms[c])
			forget(s, i);
}

size_t
seen_count(const struct seen *s)
{
	return s->map[0].n + s->map[1].n;
}

static struct seen_id *
find(const struct seen *s, const uint8_t *key)
{
	struct lru_node *n;

	if ((n = lru_get(&s->map[0], key)) == NULL)
		n = lru_get(&s->map[1], key);
	return (struct seen_id *)n;
}

static void
forget(struct seen *s, struct seen_id *i)
{
	struct author *a = i->author;

	if (--a->n[i->clocked] == 0 && a->n[!i->clocked] == 0) {
		lru_remove(&s->authors, &a->node);
		free(a);
	}
	lru_remove(&s->map[i->clocked], &i->node);
	free(i);
}

/* SPDX-License-Identifier: MIT */
/*
 * One token bucket for each sender (wire-v1 4.7).  Bounded: a sender whose
 * bucket had to go for others starts with a full one again.
 */
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/nodeid.h"
#include "common/ratelimit.h"
#include "limiter.h"
#include "lru.h"

struct sender {
	struct lru_node	 node;
	struct nodeid	 id;
	struct bucket	 v1, m2;
	uint64_t	 used;		/* mono ms */
};

void
limiter_init(struct limiter *l, uint64_t seed)
{
	lru_init(&l->map, LIMITER_MAX, offsetof(struct sender, id),
	    NODEID_LEN, seed);
}

void
limiter_free(struct limiter *l)
{
	lru_free(&l->map, NULL);
}

/* Two seconds' worth, and never less than v1 takes. */
static uint32_t
burst(uint32_t rate)
{
	return 2 * rate > GOSSIP_BURST ? 2 * rate : GOSSIP_BURST;
}

static struct sender *
sender_new(struct limiter *l, const struct nodeid *id, uint32_t rate,
    uint64_t now)
{
	struct lru_node *old;
	struct sender *s;

	if (lru_full(&l->map)) {
		old = lru_oldest(&l->map);
		lru_remove(&l->map, old);
		free(old);
	}
	s = xcalloc(1, sizeof(*s));
	s->id = *id;
	bucket_init(&s->v1, GOSSIP_BURST, now);
	bucket_init(&s->m2, burst(rate), now);
	lru_put(&l->map, &s->node);
	return s;
}

bool
limiter_allow(struct limiter *l, const struct nodeid *id, uint32_t rate,
    uint64_t now)
{
	struct sender *s = (struct sender *)lru_get(&l->map, id);

	if (s == NULL)
		s = sender_new(l, id, rate, now);
	else
		lru_touch(&l->map, &s->node);
	s->used = now;
	if (rate == 0)
		return bucket_take(&s->v1, GOSSIP_RATE, GOSSIP_BURST, 1, now);
	return bucket_take(&s->m2, rate, burst(rate), 1, now);
}

void
limiter_sweep(struct limiter *l, uint64_t now)
{
	struct sender *s;

	while ((s = (struct sender *)lru_oldest(&l->map)) != NULL &&
	    now >= s->used + LIMITER_IDLE_MS) {
		lru_remove(&l->map, &s->node);
		free(s);
	}
}

size_t
limiter_count(const struct limiter *l)
{
	return l->map.n;
}

/* SPDX-License-Identifier: MIT */
/*
 * Between nodes of our kind nothing is dropped because it comes fast: what an
 * author says beyond its rate waits here for its turn, each author behind
 * itself only, as each has a rate of its own.  What finds its author's queue
 * full, or all of them, stays with the neighbour, which is asked for it when
 * its turn comes: so nobody else's messages wait on the link.  What would not
 * have its turn as long as neighbours keep it is refused.
 */
#include <stdlib.h>
#include <string.h>

#include "bcast.h"
#include "common/log.h"
#include "common/nodeid.h"
#include "control.h"
#include "core.h"
#include "envelope_in.h"
#include "gtime.h"
#include "jobs.h"
#include "limiter.h"
#include "lru.h"
#include "parked.h"
#include "proto/envelope.h"
#include "proto/m2.h"

struct parked {
	STAILQ_ENTRY(parked) entry;
	uint32_t	 sid;		/* who brought it */
	bool		 asked;		/* as in its job */
	uint8_t		 mid[M2_MID], seen_key[16];
	size_t		 len;
	uint8_t		 frame[];
};

struct parked_author {
	struct lru_node	 node;		/* by id */
	struct nodeid	 id;
	size_t		 n;
	uint64_t	 later;		/* mono ms: turns up to then are given */
	STAILQ_HEAD(, parked) queue;
};

static void
author_free(struct lru_node *n)
{
	struct parked_author *a = (struct parked_author *)n;
	struct parked *p;

	while ((p = STAILQ_FIRST(&a->queue)) != NULL) {
		STAILQ_REMOVE_HEAD(&a->queue, entry);
		free(p);
	}
	free(a);
}

void
parked_init(struct gossip *g, uint64_t seed)
{
	lru_init(&g->bcast.parked, PARKED_AUTHORS_MAX,
	    offsetof(struct parked_author, id), NODEID_LEN, seed);
	g->bcast.parked_at = NEVER;
}

void
parked_free(struct gossip *g)
{
	lru_free(&g->bcast.parked, author_free);
}

static struct parked_author *
author_get(const struct gossip *g, const struct nodeid *id)
{
	return (struct parked_author *)lru_get(&g->bcast.parked, id);
}

bool
parked_waits(const struct gossip *g, const struct nodeid *author)
{
	return author_get(g, author) != NULL;
}

/* So many as come to their turn before they are old. */
static size_t
share(const struct gossip *g)
{
	uint64_t n = (uint64_t)g->conf->network_author_rate * PARKED_S;

	return n < PARKED_SHARE ? (size_t)n : PARKED_SHARE;
}

/* When the next of anybody's turns is. */
static uint64_t
turn(const struct gossip *g)
{
	uint32_t rate = g->conf->network_author_rate;
	uint64_t ms = rate > 0 ? 1000 / rate : 1000;

	return g->now.mono + (ms > BATCH_MS ? ms : BATCH_MS);
}

bool
parked_add(struct gossip *g, const struct job *job, bool again)
{
	struct bcast *b = &g->bcast;
	struct parked_author *a = author_get(g, &job->sender);
	size_t len = job->env.raw.n;
	struct parked *p;

	if (a != NULL && !again && a->later > g->now.mono)
		return false;
	if ((a != NULL ? a->n >= share(g) << again : lru_full(&b->parked)) ||
	    share(g) == 0 || b->nparked >= PARKED_MAX ||
	    b->parked_bytes + len > PARKED_BYTES)
		return false;
	if (a == NULL) {
		a = xcalloc(1, sizeof(*a));
		a->id = job->sender;
		STAILQ_INIT(&a->queue);
		lru_put(&b->parked, &a->node);
	}
	p = xcalloc(1, sizeof(*p) + len);
	p->sid = job->sid;
	p->asked = job->asked;
	memcpy(p->mid, job->mid, sizeof(p->mid));
	memcpy(p->seen_key, job->seen_key, sizeof(p->seen_key));
	p->len = len;
	memcpy(p->frame, job->env.raw.p, len);
	STAILQ_INSERT_TAIL(&a->queue, p, entry);
	a->n++;
	b->nparked++;
	b->parked_bytes += len;
	b->count.parked++;
	if (b->parked_at == NEVER)
		b->parked_at = turn(g);
	return true;
}

uint64_t
parked_later(struct gossip *g, const struct nodeid *author)
{
	struct parked_author *a = author_get(g, author);
	uint32_t rate = g->conf->network_author_rate;
	uint64_t at;

	if (a == NULL || rate == 0)
		return 0;
	at = g->now.mono + a->n * 1000 / rate;
	at = (a->later > at ? a->later : at) + (rate < 1000 ? 1000 / rate : 1);
	if (at > g->now.mono + PARKED_LATER_MS)
		return 0;
	a->later = at;
	return at;
}

static void
take_first(struct gossip *g, struct parked_author *a)
{
	struct parked *p = STAILQ_FIRST(&a->queue);
	struct job job = { .kind = JOB_GOSSIP, .sid = p->sid,
		.sender = a->id, .len = p->len, .asked = p->asked };

	STAILQ_REMOVE_HEAD(&a->queue, entry);
	a->n--;
	g->bcast.nparked--;
	g->bcast.parked_bytes -= p->len;
	memcpy(job.mid, p->mid, sizeof(job.mid));
	memcpy(job.seen_key, p->seen_key, sizeof(job.seen_key));
	if (envelope_read(&job.env, p->frame, p->len))
		envelope_take(g, &job);
	free(p);
}

void
parked_tick(struct gossip *g)
{
	struct bcast *b = &g->bcast;
	struct lru_node *n, *next;
	struct parked_author *a;

	if (g->now.mono < b->parked_at)
		return;
	for (n = lru_oldest(&b->parked); n != NULL; n = next) {
		next = lru_younger(n);
		a = (struct parked_author *)n;
		while (a->n > 0 && limiter_allow(&g->limiter, &a->id,
		    g->conf->network_author_rate, g->now.mono))
			take_first(g, a);
		if (a->n == 0 && a->later <= g->now.mono) {
			lru_remove(&b->parked, n);
			author_free(n);
		}
	}
	b->parked_at = b->parked.n > 0 ? turn(g) : NEVER;
}

/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "queue.h"

#define ARITY	4u
#define FIRST	16u
#define TICK_US	1024u
#define SLOTS	256u	/* further than most latencies and timers */
#define FEW	24u	/* are put in order one by one */

static void
put(struct events *x, const struct event *e)
{
	if (x->n == x->cap) {
		x->cap = x->cap > 0 ? x->cap * 2 : FIRST;
		x->v = reallocarray(x->v, x->cap, sizeof(*x->v));
		if (x->v == NULL)
			fatalx("no memory for events");
	}
	x->v[x->n++] = *e;
}

void
queue_free(struct queue *q)
{
	size_t i;

	for (i = 0; q->slot != NULL && i < SLOTS; i++)
		free(q->slot[i].v);
	free(q->slot);
	free(q->now.v);
	free(q->soon.v);
	free(q->far.v);
	memset(q, 0, sizeof(*q));
}

static bool
before(const struct event *a, const struct event *b)
{
	return a->at < b->at || (a->at == b->at && a->seq < b->seq);
}

static void
heap_put(struct events *h, const struct event *e)
{
	size_t i, up;

	put(h, e);
	for (i = h->n - 1; i > 0; i = up) {
		up = (i - 1) / ARITY;
		if (before(&h->v[up], e))
			break;
		h->v[i] = h->v[up];
	}
	h->v[i] = *e;
}

static void
heap_take(struct events *h, struct event *out)
{
	const struct event *last;
	size_t i, j, k, end;

	*out = h->v[0];
	last = &h->v[--h->n];
	for (i = 0; (j = i * ARITY + 1) < h->n; i = j) {
		end = j + ARITY < h->n ? j + ARITY : h->n;
		for (k = j + 1; k < end; k++)
			if (before(&h->v[k], &h->v[j]))
				j = k;
		if (before(last, &h->v[j]))
			break;
		h->v[i] = h->v[j];
	}
	h->v[i] = *last;
}

void
queue_add(struct queue *q, uint64_t at, enum event_kind kind, uint32_t n,
    uint64_t v, void *p)
{
	struct event e = { at, q->seq++, p, v, n, kind };
	uint64_t tick = at / TICK_US;

	if (q->slot == NULL)
		q->slot = xcalloc(SLOTS, sizeof(*q->slot));
	q->n++;
	if (tick <= q->tick)
		heap_put(&q->soon, &e);
	else if (tick - q->tick >= SLOTS)
		heap_put(&q->far, &e);
	else {
		put(&q->slot[tick % SLOTS], &e);
		q->nslot++;
	}
}

static void
insert_sorted(struct events *to, const struct event *v, size_t n)
{
	size_t i, k;

	for (i = 0; i < n; i++) {
		for (k = i; k > 0 && before(&v[i], &to->v[k - 1]); k--)
			to->v[k] = to->v[k - 1];
		to->v[k] = v[i];
	}
}

/* Those of one microsecond are in the order in which they were added. */
static void
count_sorted(struct events *to, const struct event *v, size_t n)
{
	uint32_t at[TICK_US + 1] = { 0 };
	size_t i;

	for (i = 0; i < n; i++)
		at[v[i].at % TICK_US + 1]++;
	for (i = 1; i < TICK_US; i++)
		at[i] += at[i - 1];
	for (i = 0; i < n; i++)
		to->v[at[v[i].at % TICK_US]++] = v[i];
}

static void
slot_open(struct queue *q, struct events *from)
{
	struct events *to = &q->now;

	if (to->cap < from->n) {
		free(to->v);
		to->cap = from->cap;
		to->v = xcalloc(to->cap, sizeof(*to->v));
	}
	if (from->n <= FEW)
		insert_sorted(to, from->v, from->n);
	else
		count_sorted(to, from->v, from->n);
	to->n = from->n;
	q->next = 0;
	q->nslot -= from->n;
	from->n = 0;
}

/* To the next millisecond with something in it; false: there is none. */
static bool
advance(struct queue *q)
{
	struct events *far = &q->far;
	struct event e;

	if (q->n == 0)
		return false;
	if (q->nslot == 0)
		q->tick = far->v[0].at / TICK_US - 1;
	do {
		q->tick++;
		while (far->n > 0 &&
		    far->v[0].at / TICK_US - q->tick < SLOTS) {
			heap_take(far, &e);
			put(&q->slot[e.at / TICK_US % SLOTS], &e);
			q->nslot++;
		}
	} while (q->slot[q->tick % SLOTS].n == 0);
	slot_open(q, &q->slot[q->tick % SLOTS]);
	return true;
}

/* The one that comes next is of `soon`; else of `now`. */
static bool
is_soon(const struct queue *q)
{
	return q->soon.n > 0 && (q->next == q->now.n ||
	    before(&q->soon.v[0], &q->now.v[q->next]));
}

uint64_t
queue_when(struct queue *q)
{
	if (q->soon.n == 0 && q->next == q->now.n && !advance(q))
		return UINT64_MAX;
	return is_soon(q) ? q->soon.v[0].at : q->now.v[q->next].at;
}

bool
queue_next(struct queue *q, struct event *out)
{
	if (queue_when(q) == UINT64_MAX)
		return false;
	if (is_soon(q))
		heap_take(&q->soon, out);
	else
		*out = q->now.v[q->next++];
	q->n--;
	return true;
}

const struct event *
queue_ahead(const struct queue *q, size_t i)
{
	return i < q->now.n - q->next ? &q->now.v[q->next + i] : NULL;
}

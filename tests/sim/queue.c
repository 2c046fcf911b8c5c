/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "queue.h"

#define ARITY	4u
#define FIRST	1024u

void
queue_free(struct queue *q)
{
	free(q->heap);
	memset(q, 0, sizeof(*q));
}

static bool
before(const struct event *a, const struct event *b)
{
	return a->at < b->at || (a->at == b->at && a->seq < b->seq);
}

void
queue_add(struct queue *q, uint64_t at, enum event_kind kind, uint32_t n,
    uint64_t v, void *p)
{
	struct event e = { at, q->seq++, p, v, n, kind };
	size_t i, up;

	if (q->n == q->cap) {
		q->cap = q->cap > 0 ? q->cap * 2 : FIRST;
		q->heap = reallocarray(q->heap, q->cap, sizeof(*q->heap));
		if (q->heap == NULL)
			fatalx("no memory for events");
	}
	for (i = q->n++; i > 0; i = up) {
		up = (i - 1) / ARITY;
		if (before(&q->heap[up], &e))
			break;
		q->heap[i] = q->heap[up];
	}
	q->heap[i] = e;
	if (q->n > q->most)
		q->most = q->n;
}

bool
queue_next(struct queue *q, struct event *out)
{
	const struct event *last;
	size_t i, j, k, end;

	if (q->n == 0)
		return false;
	*out = q->heap[0];
	last = &q->heap[--q->n];
	for (i = 0; (j = i * ARITY + 1) < q->n; i = j) {
		end = j + ARITY < q->n ? j + ARITY : q->n;
		for (k = j + 1; k < end; k++)
			if (before(&q->heap[k], &q->heap[j]))
				j = k;
		if (before(last, &q->heap[j]))
			break;
		q->heap[i] = q->heap[j];
	}
	q->heap[i] = *last;
	return true;
}

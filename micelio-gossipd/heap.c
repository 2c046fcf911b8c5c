/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "common/log.h"
#include "heap.h"

#define HEAP_FIRST	16u

void
heap_free(struct heap *h)
{
	free(h->v);
	h->v = NULL;
	h->n = h->cap = 0;
}

static void
put(struct heap *h, struct heap_node *node, size_t place)
{
	h->v[place - 1] = node;
	node->place = place;
}

static void
rise(struct heap *h, struct heap_node *node)
{
	size_t p = node->place;

	for (; p > 1 && h->v[p / 2 - 1]->at > node->at; p /= 2)
		put(h, h->v[p / 2 - 1], p);
	put(h, node, p);
}

static void
sink(struct heap *h, struct heap_node *node)
{
	size_t p = node->place, c;

	for (; (c = 2 * p) <= h->n; p = c) {
		if (c < h->n && h->v[c]->at < h->v[c - 1]->at)
			c++;
		if (h->v[c - 1]->at >= node->at)
			break;
		put(h, h->v[c - 1], p);
	}
	put(h, node, p);
}

void
heap_set(struct heap *h, struct heap_node *node, uint64_t at)
{
	node->at = at;
	if (node->place == 0) {
		if (h->n == h->cap) {
			h->cap = h->cap > 0 ? 2 * h->cap : HEAP_FIRST;
			h->v = xreallocarray(h->v, h->cap, sizeof(*h->v));
		}
		put(h, node, ++h->n);
	}
	rise(h, node);
	sink(h, node);
}

void
heap_remove(struct heap *h, struct heap_node *node)
{
	struct heap_node *last;

	if (node->place == 0)
		return;
	last = h->v[--h->n];
	if (last != node) {
		put(h, last, node->place);
		rise(h, last);
		sink(h, last);
	}
	node->place = 0;
}

struct heap_node *
heap_first(const struct heap *h)
{
	return h->n > 0 ? h->v[0] : NULL;
}

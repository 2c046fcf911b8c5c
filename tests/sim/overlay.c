/* SPDX-License-Identifier: MIT */
/*
 * The given overlay: a random regular graph, by the configuration model with
 * the pairs that are loops or double exchanged for others.
 */
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "sim.h"

#define SWAPS_MAX	10000000u
#define AGAIN_US	US_PER_S

/* Neighbours of each node, to see doubles; degree of them a node. */
struct near {
	uint32_t	*of, *n;
	uint32_t	 degree;
};

static bool
is_near(const struct near *r, uint32_t a, uint32_t b)
{
	uint32_t i;

	for (i = 0; i < r->n[a]; i++)
		if (r->of[(size_t)a * r->degree + i] == b)
			return true;
	return false;
}

static void
near_add(struct near *r, uint32_t a, uint32_t b)
{
	r->of[(size_t)a * r->degree + r->n[a]++] = b;
	r->of[(size_t)b * r->degree + r->n[b]++] = a;
}

static void
near_cut(struct near *r, uint32_t a, uint32_t b)
{
	uint32_t *p = &r->of[(size_t)a * r->degree], i;

	for (i = 0; p[i] != b; i++)
		;
	p[i] = p[--r->n[a]];
}

static void
shuffle(struct rng *r, uint32_t *p, size_t n)
{
	uint32_t t;
	size_t i, j;

	for (i = n; i > 1; i--) {
		j = rng_below(r, i);
		t = p[i - 1];
		p[i - 1] = p[j];
		p[j] = t;
	}
}

/* a-b cannot be: some edge c-d becomes a-c, b-d. */
static void
swap_in(struct world *w, struct near *r, struct rng *rng, uint32_t a,
    uint32_t b)
{
	uint32_t c, d, i, tries;

	for (tries = 0; tries < SWAPS_MAX; tries++) {
		i = (uint32_t)rng_below(rng, w->nedge);
		c = w->edge[i][0];
		d = w->edge[i][1];
		if (c == a || c == b || d == a || d == b ||
		    is_near(r, a, c) || is_near(r, b, d))
			continue;
		near_cut(r, c, d);
		near_cut(r, d, c);
		near_add(r, a, c);
		near_add(r, b, d);
		w->edge[i][0] = a;
		w->edge[i][1] = c;
		w->edge[w->nedge][0] = b;
		w->edge[w->nedge++][1] = d;
		return;
	}
	fatalx("no regular graph of %u nodes and degree %u", w->n,
	    w->sc->degree);
}

void
overlay_make(struct world *w)
{
	struct rng rng = rng_stream(w->seed, RNG_OVERLAY, 0);
	uint32_t degree = w->sc->degree, *stub, i, a, b;
	size_t n = (size_t)w->n * degree / 2 * 2, k;
	struct near r = { .degree = degree };

	stub = xcalloc(n + 1, sizeof(*stub));
	r.of = xcalloc((size_t)w->n * degree + 1, sizeof(*r.of));
	r.n = xcalloc(w->n, sizeof(*r.n));
	w->edge = xcalloc(n / 2 + 1, sizeof(*w->edge));
	for (k = 0; k < n; k++)
		stub[k] = (uint32_t)(k / degree);
	shuffle(&rng, stub, n);
	for (k = 0; k < n; k += 2) {
		a = stub[k];
		b = stub[k + 1];
		if (a != b && !is_near(&r, a, b)) {
			near_add(&r, a, b);
			w->edge[w->nedge][0] = a;
			w->edge[w->nedge++][1] = b;
			stub[k] = UINT32_MAX;
		}
	}
	for (k = 0; k < n; k += 2)
		if (stub[k] != UINT32_MAX)
			swap_in(w, &r, &rng, stub[k], stub[k + 1]);
	free(stub);
	free(r.of);
	free(r.n);
	rng = rng_stream(w->seed, RNG_START, 0);
	for (i = 0; i < w->nedge; i++)
		queue_add(&w->queue, rng_below(&rng, w->sc->start + 1),
		    DO_LINK, i, 0, NULL);
}

void
overlay_link(struct world *w, uint32_t edge)
{
	struct node *a = &w->node[w->edge[edge][0]];
	struct node *b = &w->node[w->edge[edge][1]];

	if (!a->alive || !b->alive)
		return;
	if (fault_parted(w, a->i, b->i))
		overlay_again(w, edge);
	else
		dial_to(w, a, b->i, edge);
}

/* The dialler notices that the link is gone and dials again. */
void
overlay_again(struct world *w, uint32_t edge)
{
	queue_add(&w->queue, w->now + AGAIN_US +
	    rng_below(&w->conn_rng, AGAIN_US), DO_LINK, edge, 0, NULL);
}

void
overlay_rejoin(struct world *w, uint32_t node)
{
	uint32_t i;

	for (i = 0; i < w->nedge; i++)
		if (w->edge[i][0] == node || w->edge[i][1] == node)
			queue_add(&w->queue, w->now + rng_below(&w->conn_rng,
			    US_PER_S), DO_LINK, i, 0, NULL);
}

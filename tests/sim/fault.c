/* SPDX-License-Identifier: MIT */
/* What goes wrong, and when it is over. */
#include <stdlib.h>
#include <string.h>

#include "common/imsg_types.h"
#include "common/log.h"
#include "sim.h"

/* What one fault has in hold. */
struct hit {
	uint8_t		*side;		/* per node: which part it is in */
	uint32_t	*pipe;		/* directions of links, stalled */
	size_t		 n, cap;
	bool		 active;
};

void
fault_plan(struct world *w)
{
	uint32_t i;

	w->hit = xcalloc(LINES_MAX, sizeof(*w->hit));
	for (i = 0; i < w->sc->nfault; i++)
		queue_add(&w->queue, w->sc->fault[i].at, DO_FAULT, i, 0,
		    NULL);
}

void
fault_free(struct world *w)
{
	uint32_t i;

	for (i = 0; i < LINES_MAX; i++) {
		free(w->hit[i].side);
		free(w->hit[i].pipe);
	}
	free(w->hit);
}

static void
stall(struct world *w, struct hit *h, uint32_t pipe)
{
	struct conn *c = conn_get(w, pipe);

	if (h->n == h->cap) {
		h->cap = h->cap > 0 ? h->cap * 2 : 64;
		h->pipe = reallocarray(h->pipe, h->cap, sizeof(*h->pipe));
		if (h->pipe == NULL)
			fatalx("no memory for a fault");
	}
	h->pipe[h->n++] = pipe;
	pipe_stall(w, &c->pipe[pipe & 1], pipe);
}

/* Some nodes, the same share of those alive. */
static void
on_nodes(struct world *w, const struct fault *f, struct rng *r)
{
	uint32_t *v = world_order(w, r), alive = 0, hits, i;
	struct node *n;

	for (i = 0; i < w->n; i++)
		alive += w->node[i].alive;
	hits = world_share(alive, f->share);
	for (i = 0; i < w->n && hits > 0; i++) {
		n = &w->node[v[i]];
		if (!n->alive)
			continue;
		hits--;
		switch (f->kind) {
		case FAULT_CRASH:
			node_crash(w, n, true);
			break;
		case FAULT_RESTART:
			queue_add(&w->queue, w->now + f->lasts, DO_RESTART,
			    n->i, 0, NULL);
			node_crash(w, n, false);
			break;
		case FAULT_RESET:
			node_crash(w, n, false);
			break;
		case FAULT_PAUSE:
			n->paused_until = w->now + f->lasts;
			break;
		default:
			n->wall_off += f->by;
		}
	}
	free(v);
}

static void
conn_break(struct world *w, struct conn *c)
{
	int i;

	c->refs++;
	for (i = 0; i < 2; i++)
		end_close(w, &c->end[i], DOWN_RESET);
	c->refs--;
}

static void
on_links(struct world *w, const struct fault *f, struct hit *h,
    struct rng *r)
{
	uint32_t i, n = w->nconn;
	struct conn *c;

	for (i = 0; i < n; i++) {
		if ((c = w->conn[i]) == NULL ||
		    rng_below(r, SHARE_ALL) >= f->share)
			continue;
		if (f->kind == FAULT_BREAK)
			conn_break(w, c);
		else if (f->kind == FAULT_HALFOPEN)
			stall(w, h, i * 2 + (uint32_t)rng_below(r, 2));
		else {
			stall(w, h, i * 2);
			stall(w, h, i * 2 + 1);
		}
	}
}

/* A cut lets the bytes of the smaller part pass, and no answer. */
static void
part(struct world *w, const struct fault *f, struct hit *h, struct rng *r)
{
	uint32_t *v = world_order(w, r), i, n = w->nconn;
	struct conn *c;
	uint8_t s[2];

	h->side = xcalloc(w->n, 1);
	for (i = 0; i < world_share(w->n, f->share); i++)
		h->side[v[i]] = 1;
	free(v);
	for (i = 0; i < n; i++) {
		if ((c = w->conn[i]) == NULL)
			continue;
		s[0] = h->side[c->end[0].node];
		s[1] = h->side[c->end[1].node];
		if (s[0] == s[1])
			continue;
		if (f->kind == FAULT_PARTITION || s[0] == 0)
			stall(w, h, i * 2);
		if (f->kind == FAULT_PARTITION || s[1] == 0)
			stall(w, h, i * 2 + 1);
	}
}

void
fault_begin(struct world *w, uint32_t line)
{
	const struct fault *f = &w->sc->fault[line];
	struct rng r = rng_stream(w->seed, RNG_FAULT, line);
	struct hit *h = &w->hit[line];

	h->active = true;
	switch (f->kind) {
	case FAULT_STALL:
	case FAULT_HALFOPEN:
	case FAULT_BREAK:
		on_links(w, f, h, &r);
		break;
	case FAULT_PARTITION:
	case FAULT_CUT:
		part(w, f, h, &r);
		break;
	default:
		on_nodes(w, f, &r);
	}
	if (f->lasts > 0)
		queue_add(&w->queue, w->now + f->lasts, DO_FAULT_END, line, 0,
		    NULL);
}

void
fault_end(struct world *w, uint32_t line)
{
	struct hit *h = &w->hit[line];
	struct conn *c;
	size_t i;

	if (w->sc->fault[line].kind == FAULT_PARTITION)
		suspects_parted(w);
	h->active = false;
	if (h->side != NULL)
		maps_healed(w);
	for (i = 0; i < h->n; i++)
		if ((c = conn_get(w, h->pipe[i])) != NULL)
			pipe_release(w, &c->pipe[h->pipe[i] & 1], h->pipe[i]);
	h->n = 0;
}

bool
fault_parted(const struct world *w, uint32_t a, uint32_t b)
{
	const struct hit *h;
	uint32_t i;

	for (i = 0; i < w->sc->nfault; i++) {
		h = &w->hit[i];
		if (h->active && h->side != NULL && h->side[a] != h->side[b])
			return true;
	}
	return false;
}

uint32_t
fault_side(const struct world *w, uint32_t node)
{
	uint32_t i;

	for (i = w->sc->nfault; i-- > 0;)
		if (w->hit[i].side != NULL)
			return w->hit[i].side[node];
	return 0;
}

void
fault_restart(struct world *w, uint32_t node)
{
	struct node *n = &w->node[node];

	if (n->alive)
		return;
	node_start(w, n);
	if (!w->sc->self_formed)
		overlay_rejoin(w, node);
}

/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/imsg_types.h"
#include "common/log.h"
#include "common/text.h"
#include "micelio-gossipd/core.h"
#include "proto/m2.h"
#include "proto/message.h"
#include "sim.h"

#define BUF_MAX		(FRAME_MAX + 4096)
#define CHECK_US	(5 * US_PER_S)
#define AHEAD		4u	/* events, in which memory has come */
#define CACHE_LINE	64u
#define FRAME_USUAL	128u	/* bytes */
#define SEEDS		3u	/* nodes everybody knows, if self-formed */

static void	personas(struct world *);
static void	bootstrap(struct world *);
static void	publish(struct world *, uint32_t line);

void
world_init(struct world *w, struct scenario *sc, uint64_t seed)
{
	uint32_t i;

	memset(w, 0, sizeof(*w));
	w->sc = sc;
	w->seed = seed;
	w->n = sc->nodes;
	conf_init(&w->conf);
	/* That of this machine has no place in what is the same anywhere. */
	w->conf.node_name[0] = '\0';
	w->conf.network_max_peers = sc->max_peers;
	arena_init(&w->arena, MESSAGE_ARENA);
	wbuf_init(&w->buf, BUF_MAX);
	wbuf_init(&w->payload, BUF_MAX);
	wbuf_init(&w->upkeep, M2_CTRL_MAX);
	w->phase = xcalloc(PHASES_MAX, sizeof(*w->phase));
	w->persona_rng = rng_stream(seed, RNG_PERSONA, 0);
	w->conn_rng = rng_stream(seed, RNG_CONN, 0);
	w->node = xcalloc(w->n, sizeof(*w->node));
	maps_init(w);
	for (i = 0; i < w->n; i++) {
		w->node[i].world = w;
		node_init(w, &w->node[i], i);
	}
	personas(w);
	if (sc->self_formed)
		bootstrap(w);
	else
		overlay_make(w);
	for (i = 0; i < w->n; i++)
		node_start(w, &w->node[i]);
	for (i = 0; i < sc->npublish; i++) {
		if (sc->publish[i].to > w->quiet_at)
			w->quiet_at = sc->publish[i].to;
		queue_add(&w->queue, sc->publish[i].from, DO_PUBLISH, i, 0,
		    NULL);
	}
	fault_plan(w);
	suspects_begin(w);
}

/* The first n of a fair order of all nodes. */
uint32_t *
world_order(const struct world *w, struct rng *r)
{
	uint32_t *v = xcalloc(w->n, sizeof(*v)), i, j, t;

	for (i = 0; i < w->n; i++)
		v[i] = i;
	for (i = w->n; i > 1; i--) {
		j = (uint32_t)rng_below(r, i);
		t = v[i - 1];
		v[i - 1] = v[j];
		v[j] = t;
	}
	return v;
}

uint32_t
world_share(uint32_t n, uint32_t share)
{
	return (uint32_t)((uint64_t)n * share / SHARE_ALL);
}

static void
personas(struct world *w)
{
	uint32_t *v = world_order(w, &w->persona_rng), i, n;
	enum byz_kind k;

	for (i = 0; i < world_share(w->n, w->sc->v1); i++)
		w->node[v[i]].persona = IS_V1;
	/* The hostile are of our kind, the last of the order. */
	for (k = 0, n = w->n; k < BYZ_KINDS; k++)
		for (i = world_share(w->n, w->sc->byz[k]); i > 0 && n > 0 &&
		    w->node[v[n - 1]].persona == IS_CORE; i--)
			byz_make(w, &w->node[v[--n]], k);
	free(v);
}

static void
bootstrap(struct world *w)
{
	struct strlist *l = &w->conf.network_bootstrap;
	uint32_t i;

	l->v = xcalloc(SEEDS, sizeof(char *));
	for (i = 0; i < SEEDS && i < w->n; i++) {
		l->v[i] = strdup(w->node[i].addr);
		if (l->v[i] == NULL)
			fatalx("no memory");
		l->n++;
	}
}

void
world_free(struct world *w)
{
	struct event ev;
	uint32_t i;

	for (i = 0; i < w->n; i++)
		if (w->node[i].alive)
			node_crash(w, &w->node[i], false);
	while (queue_next(&w->queue, &ev)) {
		if (ev.kind == DO_ARRIVE)
			frame_unref(ev.p);
		else
			free(ev.p);
	}
	for (i = 0; i < w->nconn; i++)
		if (w->conn[i] != NULL) {
			w->conn[i]->refs = 0;
			conn_release(w, i * 2);
		}
	for (i = 0; i < w->n; i++)
		node_free(&w->node[i]);
	track_free(w);
	fault_free(w);
	queue_free(&w->queue);
	conf_free(&w->conf);
	arena_free(&w->arena);
	wbuf_free(&w->buf);
	wbuf_free(&w->payload);
	wbuf_free(&w->upkeep);
	free(w->phase);
	free(w->conn);
	free(w->edge);
	free(w->node);
	free(w->verdicts);
}

void
world_hash(struct world *w, uint64_t v)
{
	w->hash = mix64(w->hash ^ v) + w->hash;
}

void
world_broken(struct world *w, const char *what, const char *fmt, ...)
{
	va_list ap;

	if (w->broken != NULL)
		return;
	w->broken = what;
	va_start(ap, fmt);
	vsnprintf(w->broken_text, sizeof(w->broken_text), fmt, ap);
	va_end(ap);
}

/* The node whose turn an event would be; NODES_MAX: nobody's. */
static uint32_t
whose(const struct world *w, const struct event *ev)
{
	switch (ev->kind) {
	case DO_ARRIVE:
		return end_get(w, ev->n ^ 1)->node;
	case DO_UP:
	case DO_DOWN:
	case DO_IDLE:
	case DO_CREDIT:
		return end_get(w, ev->n)->node;
	case DO_VERIFIED:
	case DO_CONNECT:
	case DO_TIMER:
	case DO_MAP:
		return ev->n;
	default:
		return NODES_MAX;
	}
}

/* A node that stands still does it when it goes on. */
static bool
postponed(struct world *w, const struct event *ev)
{
	uint32_t i = whose(w, ev);
	struct node *n;

	if (i >= w->n || w->node[i].paused_until <= w->now)
		return false;
	n = &w->node[i];
	if (ev->kind == DO_TIMER) {
		if (ev->at == n->timer_at)
			n->timer_at = n->paused_until;
		else
			return true;
	}
	queue_add(&w->queue, n->paused_until, ev->kind, ev->n, ev->v, ev->p);
	return true;
}

static void
run(struct world *w, const struct event *ev)
{
	switch (ev->kind) {
	case DO_ARRIVE:
		pipe_arrive(w, ev);
		break;
	case DO_CREDIT:
		pipe_credit(w, ev);
		break;
	case DO_IDLE:
		end_idle(w, ev);
		break;
	case DO_CONNECT:
		dial_event(w, ev);
		break;
	case DO_LINK:
		overlay_link(w, ev->n);
		break;
	case DO_PUBLISH:
		publish(w, ev->n);
		break;
	case DO_FAULT:
		fault_begin(w, ev->n);
		break;
	case DO_FAULT_END:
		fault_end(w, ev->n);
		break;
	case DO_RESTART:
		fault_restart(w, ev->n);
		break;
	case DO_ACCUSE:
		suspects_accuse(w, &w->node[ev->n]);
		break;
	case DO_MAPS:
		maps_event(w);
		break;
	default:
		node_event(w, ev);
	}
}

static void
ask_for(const void *p, size_t len)
{
	size_t i;

	for (i = 0; i < len; i += CACHE_LINE)
		__builtin_prefetch((const char *)p + i);
}

/* Where the objects of an event are. */
static void
ask_near(const struct world *w, const struct event *e)
{
	const struct node *n;

	if (e->kind == DO_ARRIVE) {
		__builtin_prefetch(&w->conn[e->n / 2]);
		n = &w->node[e->v];
	} else if (e->kind == DO_TIMER)
		n = &w->node[e->n];
	else
		return;
	__builtin_prefetch(&n->persona);
	ask_for(&n->core, sizeof(*n) - offsetof(struct node, core));
}

/* What these lead to; they have come by now. */
static void
ask_far(const struct world *w, const struct event *e)
{
	const struct gossip *g;
	const struct conn *c;

	if (e->kind == DO_ARRIVE) {
		c = w->conn[e->n / 2];
		ask_for(&c->end[!(e->n & 1)], sizeof(c->end[0]));
		ask_for(&c->pipe[e->n & 1], sizeof(c->pipe[0]));
		ask_for(e->p, sizeof(struct frame) + FRAME_USUAL);
		g = w->node[e->v].core;
	} else if (e->kind == DO_TIMER)
		g = w->node[e->n].core;
	else
		return;
	if (g == NULL)
		return;
	ask_for(&g->now, sizeof(g->now));
	ask_for(&g->sessions, offsetof(struct gossip, offenders) -
	    offsetof(struct gossip, sessions));
	ask_for(&g->bcast.live, offsetof(struct bcast, count) -
	    offsetof(struct bcast, live));
	__builtin_prefetch(&g->boots);
	__builtin_prefetch(&g->look_at);
	__builtin_prefetch(&g->pacer);
	__builtin_prefetch(&g->suspect.say_at);
	__builtin_prefetch(&g->sweep_at);
}

/* The way to the session. */
static void
ask_farther(const struct world *w, const struct event *e)
{
	const struct gossip *g = NULL;

	if (e->kind == DO_ARRIVE)
		g = w->node[e->v].core;
	else if (e->kind == DO_TIMER)
		g = w->node[e->n].core;
	if (g == NULL)
		return;
	ask_for(g->sessions.bucket,
	    g->sessions.nbucket * sizeof(g->sessions.bucket[0]));
	__builtin_prefetch(TAILQ_FIRST(&g->ready));
}

/*
 * What comes next is elsewhere in memory, which takes longer to come than an
 * event to be dealt with: so it is asked for some events before.
 */
static void
prefetch(const struct world *w)
{
	const struct event *e;

	if ((e = queue_ahead(&w->queue, 3 * AHEAD)) != NULL)
		ask_near(w, e);
	if ((e = queue_ahead(&w->queue, 2 * AHEAD)) != NULL)
		ask_far(w, e);
	if ((e = queue_ahead(&w->queue, AHEAD)) != NULL)
		ask_farther(w, e);
}

bool
world_run(struct world *w, uint64_t until, uint64_t most)
{
	struct event ev;
	uint64_t at;

	while (most-- > 0 && w->broken == NULL) {
		at = queue_when(&w->queue);
		if (at == UINT64_MAX || at > until) {
			w->now = until;
			check_nodes(w);
			return false;
		}
		(void)queue_next(&w->queue, &ev);
		prefetch(w);
		w->now = ev.at;
		w->total.events++;
		world_hash(w, ev.at ^ (uint64_t)ev.n << 32 ^
		    (uint64_t)ev.kind << 56);
		if (!postponed(w, &ev))
			run(w, &ev);
		if (w->now >= w->check_at) {
			check_nodes(w);
			w->check_at = w->now + CHECK_US;
		}
	}
	return w->broken == NULL;
}

static bool
is_meant(const struct node *n, enum who by)
{
	if (n->byz != NULL)
		return false;
	if (by == WHO_CORE)
		return n->persona == IS_CORE;
	if (by == WHO_V1)
		return n->persona == IS_V1;
	return true;
}

/* One of those that are meant, or of the first so many of them. */
static struct node *
choose(struct world *w, const struct publish *p, struct rng *r)
{
	uint32_t i, k;

	if (p->by == WHO_NODE)
		return &w->node[p->node % w->n];
	if (p->among == 0)
		return &w->node[rng_below(r, w->n)];
	k = (uint32_t)rng_below(r, p->among);
	for (i = 0; i + 1 < w->n; i++)
		if (is_meant(&w->node[i], p->by) && k-- == 0)
			break;
	return &w->node[i];
}

static void
publish(struct world *w, uint32_t line)
{
	const struct publish *p = &w->sc->publish[line];
	struct rng r = rng_stream(w->seed, RNG_PUBLISH,
	    (uint64_t)line << 32 | w->nmsg);
	struct node *n = NULL;
	uint32_t tries, msg;

	if (w->now + p->gap < p->to)
		queue_add(&w->queue, w->now + p->gap, DO_PUBLISH, line, 0,
		    NULL);
	for (tries = 0; tries < 1000; tries++) {
		n = choose(w, p, &r);
		if (n->alive && is_meant(n, p->by))
			break;
	}
	if (tries == 1000)
		return;
	msg = track_new(w, n, p->size);
	flood_measure(w, msg);
	node_publish(w, n, msg);
}

/* SPDX-License-Identifier: MIT */
/*
 * Hostile nodes.  They run the core, or v1's logic, and interfere with what
 * goes in and out of it, or say things of their own beside.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "micelio-gossipd/envelope_out.h"
#include "proto/envelope.h"
#include "proto/m2.h"
#include "sim.h"

#define KEPT_MAX	16u
#define REPLAY_US	(200 * US_PER_MS)
#define REUSE_US	(10 * US_PER_S)
#define INJECT_US	(4 * US_PER_S)
#define FLOOD_US	(20 * US_PER_MS)	/* for a second ... */
#define FLOOD_EVERY_US	(20 * US_PER_S)		/* ... of so many */
#define FUTURE_MS	(60 * 60 * 1000)

struct byz {
	enum byz_kind	 kind;
	struct rng	 rng;
	struct frame	*kept[KEPT_MAX];	/* to say again */
	size_t		 nkept;
};

void
byz_make(struct world *w, struct node *n, enum byz_kind kind)
{
	n->byz = xcalloc(1, sizeof(*n->byz));
	n->byz->kind = kind;
	n->byz->rng = rng_stream(w->seed, RNG_BYZ, n->i);
	if (kind == BYZ_FUTURE)
		n->wall_off += FUTURE_MS;
}

void
byz_free(struct node *n)
{
	size_t i;

	if (n->byz == NULL)
		return;
	for (i = 0; i < n->byz->nkept; i++)
		frame_unref(n->byz->kept[i]);
	free(n->byz);
	n->byz = NULL;
}

static uint64_t
period(enum byz_kind kind)
{
	switch (kind) {
	case BYZ_REPLAY:
		return REPLAY_US;
	case BYZ_REUSE:
		return REUSE_US;
	case BYZ_INJECT:
		return INJECT_US;
	case BYZ_FLOOD:
		return FLOOD_US;
	default:
		return 0;
	}
}

void
byz_start(struct world *w, struct node *n)
{
	uint64_t us = period(n->byz->kind);

	if (us > 0)
		queue_add(&w->queue, w->now + rng_below(&n->byz->rng, us) +
		    w->sc->start, DO_PERSONA, n->i, n->life, NULL);
}

/* ---- what comes to it ---- */

/* The salts by which its neighbours know messages. */
static void
setup_note(struct end *e, const struct frame *f)
{
	struct envelope env;
	struct m2_ctrl c;

	if (f->type == MSG_LINK_CTRL && envelope_read(&env, f->data, f->len) &&
	    m2_frame_bare(&env) &&
	    m2_ctrl_read(&c, env.payload.p, env.payload.n) && c.has_setup) {
		memcpy(e->salt, c.setup.salt, sizeof(e->salt));
		e->salted = true;
	}
}

/* Says to have it, to all that would listen. */
static void
announce(struct world *w, struct node *n, const struct envelope *env)
{
	struct m2_ctrl c;
	uint8_t mid[M2_MID], item[M2_BIG];
	bool big = env->payload.n > M2_SMALL_MAX;
	struct slice s = { item, big ? M2_BIG : M2_SID };
	struct frame *f;
	struct end *e;
	uint64_t sid;
	size_t i;

	m2_mid(env, mid);
	TAILQ_FOREACH(e, &n->ends, entry) {
		if (!e->salted || e->closing)
			continue;
		sid = m2_sid(e->salt, mid);
		for (i = 0; i < M2_SID; i++)
			item[i] = (uint8_t)(sid >> (56 - 8 * i));
		for (; i < M2_BIG; i++)
			item[i] = (uint8_t)(env->payload.n >>
			    (8 * (M2_BIG - 1 - i)));
		memset(&c, 0, sizeof(c));
		if (big)
			c.ihave_big = s;
		else
			c.ihave = s;
		wbuf_reset(&w->payload);
		m2_ctrl_write(&w->payload, &c);
		wbuf_reset(&w->buf);
		m2_frame_write(&w->buf, MSG_LINK_CTRL, w->payload.p,
		    w->payload.len);
		f = frame_new(w, w->buf.p, w->buf.len);
		pipe_send(w, e, f);
		frame_unref(f);
	}
}

static void
keep(struct byz *b, struct frame *f)
{
	size_t i = b->nkept < KEPT_MAX ? b->nkept++ :
	    rng_below(&b->rng, KEPT_MAX);

	if (b->kept[i] != NULL)
		frame_unref(b->kept[i]);
	f->refs++;
	b->kept[i] = f;
}

void
byz_frame(struct world *w, struct node *n, struct end *e, struct frame *f)
{
	struct envelope env;
	uint32_t i;

	setup_note(e, f);
	if (f->msg == NO_MSG)
		return;
	if (n->byz->kind == BYZ_REPLAY)
		keep(n->byz, f);
	if (w->msg[f->msg].hops[n->i] != 0 ||
	    !envelope_read(&env, f->data, f->len))
		return;
	if (n->byz->kind == BYZ_WITHHOLD)
		announce(w, n, &env);
	if (n->byz->kind != BYZ_COLLUDE || w->msg[f->msg].betrayed)
		return;
	/* One has it: all say they do. */
	w->msg[f->msg].betrayed = true;
	for (i = 0; i < w->n; i++)
		if (w->node[i].alive && w->node[i].byz != NULL &&
		    w->node[i].byz->kind == BYZ_COLLUDE)
			announce(w, &w->node[i], &env);
}

/* ---- what goes out ---- */

static void
lie(struct world *w, struct end *e, const struct frame *f)
{
	struct frame *g = frame_new(w, f->data, f->len);

	/* Somewhere behind the ids. */
	g->data[f->len - 1 - rng_next(&w->node[e->node].byz->rng) %
	    (f->len / 2)] ^= 1;
	g->msg = NO_MSG;
	pipe_send(w, e, g);
	frame_unref(g);
}

/* False: the frame does not go, or another went instead. */
bool
byz_passes(struct world *w, struct end *e, const struct frame *f)
{
	const struct node *n = &w->node[e->node];

	if (f->msg == NO_MSG || w->msg[f->msg].author == n->i)
		return true;
	switch (n->byz->kind) {
	case BYZ_WITHHOLD:
	case BYZ_COLLUDE:
		return false;
	case BYZ_LIE:
		lie(w, e, f);
		return false;
	default:
		return true;
	}
}

/* ---- what it says of itself ---- */

static void
replay(struct world *w, struct node *n)
{
	struct byz *b = n->byz;
	struct frame *f;

	if (b->nkept == 0)
		return;
	f = b->kept[rng_below(&b->rng, b->nkept)];
	f->refs++;
	craft_send(w, n, f);
}

/* Two texts under one id, each to some of the neighbours. */
static void
reuse(struct world *w, struct node *n)
{
	struct frame *f[2];
	char id[UUID_LEN + 1];
	struct end *e;
	int i;

	craft_uuid(&n->byz->rng, id);
	for (i = 0; i < 2; i++) {
		craft_chat(w, n, i == 0 ? "yes" : "no", i == 0 ? 3 : 2);
		f[i] = craft(w, n, id, MSG_CHAT, ENVELOPE_HOPS, w->payload.p,
		    w->payload.len);
	}
	TAILQ_FOREACH(e, &n->ends, entry)
		if (e->up && e->ready && !e->closing)
			pipe_send(w, e, f[rng_below(&n->byz->rng, 2)]);
	frame_unref(f[0]);
	frame_unref(f[1]);
}

/* Signed, so that v1 passes it on; to be dropped where it matters. */
static void
inject(struct world *w, struct node *n)
{
	static const uint32_t types[] = { MSG_LINK_CTRL, MSG_RECONCILE,
		MSG_PEER_RECORDS };
	uint8_t junk[64];
	char id[UUID_LEN + 1];
	struct m2_ctrl c = { .prune = { junk, sizeof(junk) } };

	rng_fill(&n->byz->rng, junk, sizeof(junk));
	craft_uuid(&n->byz->rng, id);
	wbuf_reset(&w->payload);
	m2_ctrl_write(&w->payload, &c);
	craft_send(w, n, craft(w, n, id, types[rng_below(&n->byz->rng, 3)],
	    ENVELOPE_HOPS, w->payload.p, w->payload.len));
}

static void
flood(struct world *w, struct node *n)
{
	char id[UUID_LEN + 1], text[32];
	int len;

	if (w->now % FLOOD_EVERY_US >= US_PER_S)
		return;
	craft_uuid(&n->byz->rng, id);
	len = snprintf(text, sizeof(text), "flood %llu",
	    (unsigned long long)w->now);
	craft_chat(w, n, text, (size_t)len);
	craft_send(w, n, craft(w, n, id, MSG_CHAT, ENVELOPE_HOPS,
	    w->payload.p, w->payload.len));
}

void
byz_timer(struct world *w, const struct event *ev)
{
	struct node *n = &w->node[ev->n];

	if (!n->alive || n->byz == NULL || n->life != ev->v ||
	    w->now > w->quiet_at)
		return;
	queue_add(&w->queue, w->now + period(n->byz->kind), DO_PERSONA, n->i,
	    n->life, NULL);
	switch (n->byz->kind) {
	case BYZ_REPLAY:
		replay(w, n);
		break;
	case BYZ_REUSE:
		reuse(w, n);
		break;
	case BYZ_INJECT:
		inject(w, n);
		break;
	default:
		flood(w, n);
	}
}

/* SPDX-License-Identifier: MIT */
/*
 * A node: its core with what the daemon would give it, seen from the world.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/imsg.h"
#include "common/imsg_types.h"
#include "common/log.h"
#include "common/nodeid.h"
#include "common/text.h"
#include "mapnode.h"
#include "micelio-gossipd/tree.h"
#include "proto/envelope.h"
#include "proto/message.h"
#include "sim.h"

#define ADDR_STEP	40503u		/* odd: neighbours are far apart */

static void	enter(struct world *, struct node *);
static void	leave(struct world *, struct node *);

void
node_init(struct world *w, struct node *n, uint32_t i)
{
	struct rng r = rng_stream(w->seed, RNG_IDENT, i);
	uint32_t a = i * ADDR_STEP & (NODES_MAX - 1);
	uint8_t seed[32];

	n->i = i;
	n->from = NODES_MAX;
	TAILQ_INIT(&n->ends);
	STAILQ_INIT(&n->signs);
	rng_fill(&r, seed, sizeof(seed));
	if (crypto_sign_seed_keypair(n->pub, n->sec, seed) != 0 ||
	    crypto_sign_ed25519_pk_to_curve25519(n->noise, n->pub) != 0)
		fatalx("no keys");
	nodeid_from_pubkey(&n->id, n->pub);
	snprintf(n->addr, sizeof(n->addr), "45.%u.%u.%u:7000", a >> 12,
	    a >> 4 & 255, (a & 15) + 1);
	r = rng_stream(w->seed, RNG_CLOCK, i);
	n->phase = rng_below(&r, 1000 * US_PER_S);
	if (w->sc->skew > 0)
		n->wall_off = (int64_t)rng_below(&r, 2 * w->sc->skew + 1) -
		    (int64_t)w->sc->skew;
	n->rng = rng_stream(w->seed, RNG_CORE, i);
	n->choice = rng_stream(w->seed, RNG_V1, i);
}

uint32_t
node_by_addr(const struct world *w, const char *addr)
{
	uint32_t i;

	for (i = 0; i < w->n; i++)
		if (strcmp(w->node[i].addr, addr) == 0)
			return i;
	return NODES_MAX;
}

struct gtime
node_now(const struct world *w, const struct node *n)
{
	uint64_t wall = WALL_START_MS + w->now / US_PER_MS;

	return (struct gtime){ (w->now + n->phase) / US_PER_MS,
		(uint64_t)((int64_t)wall + n->wall_off) };
}

/* ---- its life ---- */

void
node_start(struct world *w, struct node *n)
{
	struct gossip_id id = { .id = n->id };

	n->alive = true;
	n->silent = false;
	n->life++;
	n->born = w->now;
	n->joined = NEVER;
	n->timer_at = NEVER;
	queue_add(&w->queue, w->now + rng_below(&n->choice, KEEPALIVE_US),
	    DO_KEEPALIVE, n->i, n->life, NULL);
	if (n->byz != NULL)
		byz_start(w, n);
	if (n->persona == IS_V1) {
		v1_start(w, n);
		return;
	}
	memcpy(id.pubkey, n->pub, sizeof(id.pubkey));
	memcpy(id.noise_static, n->noise, sizeof(id.noise_static));
	n->core = gossip_new(&node_ops, n, &id, &w->conf, node_now(w, n));
	if (w->sc->suspects)
		gossip_suspect_start(n->core);
	if (w->sc->self_formed)
		gossip_listening(n->core, n->addr);
	maps_begin(w, n);
	gossip_peer_end(n->core, node_now(w, n));
	gossip_tick(n->core, node_now(w, n));
	leave(w, n);
}

static void
signs_free(struct node *n)
{
	struct signing_due *s;

	while ((s = STAILQ_FIRST(&n->signs)) != NULL) {
		STAILQ_REMOVE_HEAD(&n->signs, entry);
		free(s);
	}
}

static void
memory_lost(struct node *n)
{
	mapnode_free(n);
	if (n->core != NULL)
		gossip_free(n->core);
	n->core = NULL;
	v1_free(n);
	signs_free(n);
	n->ncredits = 0;
}

void
node_crash(struct world *w, struct node *n, bool silent)
{
	struct end *e;

	track_lived(w, n);
	n->alive = false;
	n->silent = silent;
	n->died = w->now;
	memory_lost(n);
	while ((e = TAILQ_FIRST(&n->ends)) != NULL) {
		if (silent)
			end_vanish(w, e);
		else {
			end_close(w, e, DOWN_RESET);
			end_gone(w, e);
		}
	}
}

void
node_free(struct node *n)
{
	memory_lost(n);
	byz_free(n);
	free(n->credits);
}

/* ---- what happens to it ---- */

void
node_ready(struct world *w, struct end *e)
{
	struct node *n = &w->node[e->node];

	e->ready = true;
	if (n->joined == NEVER)
		n->joined = w->now;
}

void
node_credit(struct world *w, struct end *e)
{
	struct node *n = &w->node[e->node];

	if (e->credit_due || n->core == NULL)
		return;
	e->credit_due = true;
	if (n->ncredits == n->credits_cap) {
		n->credits_cap = n->credits_cap > 0 ? n->credits_cap * 2 : 16;
		n->credits = reallocarray(n->credits, n->credits_cap,
		    sizeof(*n->credits));
		if (n->credits == NULL)
			fatalx("no memory for credits");
	}
	n->credits[n->ncredits++] = e->number;
	/* Whoever waits for it is told, but not in the middle of a call. */
	if (!n->inside) {
		enter(w, n);
		leave(w, n);
	}
}

static void
credits_give(struct world *w, struct node *n)
{
	uint32_t e, frames, bytes;
	struct conn *c;
	struct pipe *p;
	size_t i;

	for (i = 0; i < n->ncredits; i++) {
		e = n->credits[i];
		if ((c = conn_get(w, e)) == NULL)
			continue;
		c->end[e & 1].credit_due = false;
		p = &c->pipe[e & 1];
		frames = p->owed_frames;
		bytes = p->owed_bytes;
		/* What goes with this credit will be owed anew. */
		p->owed_frames = p->owed_bytes = 0;
		if (n->core != NULL && c->end[e & 1].up)
			gossip_credit(n->core, e + 1, frames, bytes);
	}
	n->ncredits = 0;
}

static void
enter(struct world *w, struct node *n)
{
	(void)w;
	n->inside = true;
}

static void
timer_set(struct world *w, struct node *n)
{
	uint64_t ms = gossip_next(n->core), at;

	if (ms > NEVER / US_PER_MS) {
		n->timer_at = NEVER;
		return;
	}
	at = ms * US_PER_MS > n->phase ? ms * US_PER_MS - n->phase : 0;
	if (at <= w->now)
		at = w->now + 1;
	if (at == n->timer_at)
		return;
	n->timer_at = at;
	queue_add(&w->queue, at, DO_TIMER, n->i, n->life, NULL);
}

/* The parent has signed, transportd has sent: the core hears of it. */
static void
leave(struct world *w, struct node *n)
{
	struct signing_due *s;

	while (n->core != NULL) {
		if ((s = STAILQ_FIRST(&n->signs)) != NULL) {
			STAILQ_REMOVE_HEAD(&n->signs, entry);
			gossip_signed(n->core, node_now(w, n), s->req, KEY_OK,
			    s->sig);
			free(s);
		} else if (n->ncredits > 0)
			credits_give(w, n);
		else if (!mapnode_step(w, n))
			break;
	}
	n->inside = false;
	if (n->core != NULL)
		timer_set(w, n);
	else
		n->ncredits = 0;
}

static void
up(struct world *w, struct node *n, struct end *e)
{
	struct node *o = &w->node[end_other(w, e)->node];
	struct rng r = { conn_get(w, e->number)->hash_seed };
	uint8_t hash[32];

	e->up = true;
	if (n->persona == IS_V1) {
		v1_up(w, n, e);
		return;
	}
	rng_fill(&r, hash, sizeof(hash));
	enter(w, n);
	gossip_session_up(n->core, node_now(w, n), e->number + 1,
	    (e->number & 1) == 0, conn_get(w, e->number)->dial, hash,
	    o->noise, o->addr);
	/* As the kernel has it from the handshake. */
	gossip_session_rtt(n->core, node_now(w, n), e->number + 1,
	    2 * conn_get(w, e->number)->latency);
	leave(w, n);
}

static void
down(struct world *w, struct node *n, struct end *e, enum down_reason why)
{
	uint32_t sid = e->number + 1;
	bool was_up = e->up;

	end_close(w, e, why);
	end_gone(w, e);
	if (n->core == NULL || !was_up)
		return;
	enter(w, n);
	gossip_session_down(n->core, node_now(w, n), sid, why);
	leave(w, n);
}

void
node_dial_failed(struct world *w, struct node *n, uint32_t number,
    enum down_reason why)
{
	if (n->core == NULL)
		return;
	enter(w, n);
	gossip_dial_failed(n->core, node_now(w, n), number, why,
	    down_reason_text(why));
	leave(w, n);
}

static void
verified(struct world *w, struct node *n, struct verdict_due *d)
{
	if (n->core != NULL && n->life == d->life) {
		enter(w, n);
		n->from = d->from;
		gossip_verified(n->core, node_now(w, n), d->job, d->good);
		n->from = NODES_MAX;
		leave(w, n);
	}
	free(d);
}

static void
keepalives(struct world *w, struct node *n)
{
	static const uint8_t said[] = { 0x28, MSG_KEEPALIVE };
	struct frame *f = frame_new(w, said, sizeof(said));
	struct end *e;

	TAILQ_FOREACH(e, &n->ends, entry)
		if (e->ready && w->now - e->tx_at >= KEEPALIVE_US)
			pipe_send(w, e, f);
	frame_unref(f);
	queue_add(&w->queue, w->now + KEEPALIVE_US, DO_KEEPALIVE, n->i,
	    n->life, NULL);
}

void
node_event(struct world *w, const struct event *ev)
{
	struct node *n;
	struct end *e;

	switch (ev->kind) {
	case DO_UP:
	case DO_DOWN:
		if (!end_due(w, ev))
			return;
		e = end_get(w, ev->n);
		n = &w->node[e->node];
		if (ev->kind == DO_DOWN)
			down(w, n, e, (enum down_reason)ev->v);
		else if (!e->closing)
			up(w, n, e);
		return;
	case DO_VERIFIED:
		verified(w, &w->node[ev->n], ev->p);
		return;
	case DO_PERSONA:
		byz_timer(w, ev);
		return;
	case DO_MAP:
		n = &w->node[ev->n];
		if (n->core == NULL)
			return;
		enter(w, n);
		mapnode_event(w, n, ev->v);
		leave(w, n);
		return;
	case DO_KEEPALIVE:
		n = &w->node[ev->n];
		if (n->alive && n->life == ev->v)
			keepalives(w, n);
		return;
	default:
		n = &w->node[ev->n];
		if (n->core == NULL || ev->at != n->timer_at)
			return;
		n->timer_at = NEVER;
		enter(w, n);
		gossip_tick(n->core, node_now(w, n));
		leave(w, n);
	}
}

void
node_frame(struct world *w, struct end *e, struct frame *f)
{
	struct node *n = &w->node[e->node];

	if (n->byz == NULL)
		track_arrived(w, f);
	else
		byz_frame(w, n, e, f);
	n->from = end_other(w, e)->node;
	if (n->persona == IS_V1) {
		v1_frame(w, n, e, f);
		pipe_handled(w, e, 1, f->len);
	} else if (e->up) {
		enter(w, n);
		gossip_frame(n->core, node_now(w, n), e->number + 1, f->data,
		    f->len);
		leave(w, n);
	}
	n->from = NODES_MAX;
}

void
node_publish(struct world *w, struct node *n, uint32_t msg)
{
	static const uint8_t nick[] = "sim";
	struct chat_msg line = { .nick = { nick, sizeof(nick) - 1 } };
	struct frame *f;

	if (n->persona == IS_V1) {
		v1_publish(w, n, msg);
		return;
	}
	if (w->msg[msg].size > CHAT_TEXT_MAX) {
		f = craft_large(w, n, msg);
		enter(w, n);
		gossip_tick(n->core, node_now(w, n));
		tree_broadcast(n->core, f->data, f->len);
		leave(w, n);
		frame_unref(f);
		return;
	}
	line.text.p = (const uint8_t *)track_text(w, msg, &line.text.n);
	enter(w, n);
	gossip_chat_say(n->core, node_now(w, n), msg + 1, &line);
	leave(w, n);
}

/* SPDX-License-Identifier: MIT */
/*
 * The network: ordered bytes with latency, jitter, a queue for the bandwidth,
 * loss as TCP shows it (a delay, for all that is behind too), and stalls.
 *
 * Each direction of a link also keeps the two windows that transportd has:
 * credit goes back to a sender when its frame has left, and a reader is given
 * no more than SESSION_WINDOW_FRAMES before it has dealt with some.
 */
#include <stdlib.h>
#include <string.h>

#include "common/imsg_types.h"
#include "common/log.h"
#include "proto/envelope.h"
#include "proto/m2.h"
#include "sim.h"

#define CONN_MAX	(UINT32_C(1) << 26)
#define PACKET		1448u		/* bytes of one segment */
#define WIRE_EXTRA	28u		/* frame header and Noise */
#define RTO_MIN		(200 * US_PER_MS)
#define RTO_MAX		(60 * US_PER_S)
#define SOCKET_BYTES	(64u * 1024)	/* TCP_NOTSENT_LOWAT */
#define IDLE_US		(60 * US_PER_S)
#define WRITE_US	(10 * US_PER_S)

/* What DO_IDLE looks at. */
enum { IDLE_READ, IDLE_RUN, IDLE_WRITE };


static void	weigh(struct world *, struct frame *,
		    const struct envelope *);
static void	deliver(struct world *, struct pipe *, struct end *,
		    struct frame *);
static void	credit_give(struct world *, struct pipe *, struct end *,
		    uint32_t frames, uint32_t bytes);

struct frame *
frame_new(struct world *w, const void *p, size_t len)
{
	struct frame *f = malloc(sizeof(*f) + len);
	struct envelope env;

	if (f == NULL)
		fatalx("no memory for a frame");
	f->refs = 1;
	f->len = (uint32_t)len;
	f->type = 0;
	f->msg = NO_MSG;
	f->control = 0;
	f->upkeep = f->len;
	f->ping = false;
	f->hash = hash64(0, p, len);
	memcpy(f->data, p, len);
	if (envelope_read(&env, f->data, len)) {
		f->type = env.msg_type;
		if (env.msg_type == MSG_CHAT)
			f->msg = track_find(w, env.message_id);
		else if (env.msg_type == MSG_LINK_CTRL)
			weigh(w, f, &env);
	}
	return f;
}

/* What broadcast has in a link frame: its fields but for SETUP and pings. */
static void
weigh(struct world *w, struct frame *f, const struct envelope *env)
{
	struct m2_ctrl c, rest;

	if (!m2_ctrl_read(&c, env->payload.p, env->payload.n))
		return;
	f->ping = c.has_ping;
	rest = (struct m2_ctrl){ .has_setup = c.has_setup,
		.has_ping = c.has_ping, .has_root = c.has_root,
		.setup = c.setup, .ping = c.ping, .root = c.root };
	wbuf_reset(&w->upkeep);
	m2_ctrl_write(&w->upkeep, &rest);
	if (env->payload.n <= w->upkeep.len)
		return;
	f->control = (uint32_t)(env->payload.n - w->upkeep.len);
	f->upkeep = (uint32_t)w->upkeep.len;
}

void
frame_unref(struct frame *f)
{
	if (--f->refs == 0)
		free(f);
}

struct conn *
conn_get(const struct world *w, uint32_t end)
{
	return end / 2 < w->nconn ? w->conn[end / 2] : NULL;
}

struct end *
end_get(const struct world *w, uint32_t end)
{
	struct conn *c = conn_get(w, end);

	return c != NULL ? &c->end[end & 1] : NULL;
}

struct end *
end_other(const struct world *w, const struct end *e)
{
	return &conn_get(w, e->number)->end[!(e->number & 1)];
}

static struct pipe *
pipe_from(const struct world *w, const struct end *e)
{
	return &conn_get(w, e->number)->pipe[e->number & 1];
}

struct conn *
conn_open(struct world *w, uint32_t a, uint32_t b, uint32_t dial)
{
	struct rng r = rng_stream(w->seed, RNG_LATENCY, w->nconn);
	struct conn *c = xcalloc(1, sizeof(*c));
	uint32_t i, node[2] = { a, b };

	if (w->nconn == w->conn_cap) {
		w->conn_cap = w->conn_cap > 0 ? w->conn_cap * 2 : 1024;
		if (w->conn_cap > CONN_MAX)
			fatalx("too many links");
		w->conn = reallocarray(w->conn, w->conn_cap,
		    sizeof(struct conn *));
		if (w->conn == NULL)
			fatalx("no memory for links");
	}
	c->latency = (uint32_t)(w->sc->lat_min +
	    rng_below(&r, w->sc->lat_max - w->sc->lat_min + 1));
	c->dial = dial;
	c->hash_seed = rng_next(&r);
	for (i = 0; i < 2; i++) {
		c->end[i].number = w->nconn * 2 + i;
		c->end[i].node = node[i];
		c->end[i].life = w->node[node[i]].life;
		c->end[i].open = true;
		c->end[i].rx_at = w->now;
		c->pipe[i].rng = rng_stream(w->seed, RNG_PIPE,
		    c->end[i].number);
		c->pipe[i].stall_at = NEVER;
		STAILQ_INIT(&c->pipe[i].waiting);
		TAILQ_INSERT_TAIL(&w->node[node[i]].ends, &c->end[i], entry);
		w->node[node[i]].nends++;
	}
	w->conn[w->nconn++] = c;
	return c;
}

static void
waiting_free(struct pipe *p)
{
	struct waiting *x;

	while ((x = STAILQ_FIRST(&p->waiting)) != NULL) {
		STAILQ_REMOVE_HEAD(&p->waiting, entry);
		frame_unref(x->frame);
		free(x);
	}
}

/* Nobody has it and nothing is under way: it can go. */
void
conn_release(struct world *w, uint32_t number)
{
	struct conn *c = conn_get(w, number);

	if (c == NULL || c->refs > 0 || c->end[0].open || c->end[1].open)
		return;
	waiting_free(&c->pipe[0]);
	waiting_free(&c->pipe[1]);
	w->conn[number / 2] = NULL;
	free(c);
}

static void
event_add(struct world *w, uint64_t at, enum event_kind kind, uint32_t end,
    uint64_t v, void *p)
{
	conn_get(w, end)->refs++;
	queue_add(&w->queue, at, kind, end, v, p);
}

/* How long the segments of a frame are late because some were lost. */
static uint64_t
lost_time(struct world *w, struct pipe *p, uint32_t latency, uint32_t len)
{
	uint32_t packets = len / PACKET + 1, i;
	uint64_t late = 0, rto = 4 * (uint64_t)latency;

	if (w->sc->loss == 0)
		return 0;
	if (rto < RTO_MIN)
		rto = RTO_MIN;
	for (i = 0; i < packets; i++) {
		if (rng_below(&p->rng, SHARE_ALL) >= w->sc->loss)
			continue;
		/* What comes behind shows the gap; the last has nothing. */
		late += i + 3 < packets ? 2 * (uint64_t)latency : rto;
		while (late < RTO_MAX &&
		    rng_below(&p->rng, SHARE_ALL) < w->sc->loss)
			late += rto *= 2;
	}
	return late;
}

/* When the last byte leaves. */
static uint64_t
departure(struct world *w, struct node *n, struct pipe *p, uint32_t len)
{
	uint64_t at = w->now;

	if (w->sc->uplink > 0) {
		if (n->busy_until > at)
			at = n->busy_until;
		at += len * US_PER_S / w->sc->uplink;
		n->busy_until = at;
	}
	if (w->sc->rate > 0) {
		if (p->busy_until > at)
			at = p->busy_until;
		at += len * US_PER_S / w->sc->rate;
		p->busy_until = at;
	}
	return at;
}

void
pipe_send(struct world *w, struct end *e, struct frame *f)
{
	struct conn *c = conn_get(w, e->number);
	struct pipe *p = pipe_from(w, e);
	uint64_t left, at;

	if (!e->open || p->ended)
		return;
	left = departure(w, &w->node[e->node], p, f->len + WIRE_EXTRA);
	at = left + c->latency + lost_time(w, p, c->latency, f->len);
	if (w->sc->jitter > 0)
		at += rng_below(&p->rng, w->sc->jitter);
	if (at < p->last_at)
		at = p->last_at;
	p->last_at = at;
	f->refs++;
	event_add(w, at, DO_ARRIVE, e->number, end_other(w, e)->node, f);
	e->tx_at = w->now;
	w->total.frames++;
	w->total.bytes += f->len;
	if (left > w->now) {
		p->queued++;
		event_add(w, left, DO_CREDIT, e->number, f->len, NULL);
	} else
		credit_give(w, p, e, 1, f->len);
}

/* A stalled socket takes some more, then nothing. */
static void
credit_give(struct world *w, struct pipe *p, struct end *e, uint32_t frames,
    uint32_t bytes)
{
	p->owed_frames += frames;
	p->owed_bytes += bytes;
	if (p->stalls > 0) {
		if (p->kept_bytes <= SOCKET_BYTES &&
		    p->kept_bytes + bytes > SOCKET_BYTES)
			event_add(w, w->now + WRITE_US, DO_IDLE, e->number,
			    IDLE_WRITE, NULL);
		p->kept_bytes += bytes;
		if (p->kept_bytes > SOCKET_BYTES)
			return;
	}
	node_credit(w, e);
}

void
pipe_credit(struct world *w, const struct event *ev)
{
	struct conn *c = conn_get(w, ev->n);
	struct end *e = &c->end[ev->n & 1];
	struct pipe *p = &c->pipe[ev->n & 1];

	c->refs--;
	p->queued--;
	if (e->open)
		credit_give(w, p, e, 1, (uint32_t)ev->v);
	conn_release(w, ev->n);
}

static void
keep(struct pipe *p, struct frame *f)
{
	struct waiting *x = xcalloc(1, sizeof(*x));

	x->frame = f;
	STAILQ_INSERT_TAIL(&p->waiting, x, entry);
}

void
pipe_arrive(struct world *w, const struct event *ev)
{
	struct conn *c = conn_get(w, ev->n);
	struct pipe *p = &c->pipe[ev->n & 1];
	struct end *to = &c->end[!(ev->n & 1)];
	struct frame *f = ev->p;

	c->refs--;
	if (!to->open) {
		w->total.vanished++;
		frame_unref(f);
	} else if (p->stalls > 0 || !STAILQ_EMPTY(&p->waiting) ||
	    p->in_frames >= SESSION_WINDOW_FRAMES)
		keep(p, f);
	else
		deliver(w, p, to, f);
	conn_release(w, ev->n);
}

/* The frame is ours. */
static void
deliver(struct world *w, struct pipe *p, struct end *to, struct frame *f)
{
	p->in_frames++;
	p->in_bytes += f->len;
	to->rx_at = w->now;
	world_hash(w, f->hash);
	node_frame(w, to, f);
	frame_unref(f);
}

static void
waiting_run(struct world *w, struct pipe *p, struct end *to)
{
	struct waiting *x;
	struct frame *f;

	while (to->open && p->stalls == 0 &&
	    p->in_frames < SESSION_WINDOW_FRAMES &&
	    (x = STAILQ_FIRST(&p->waiting)) != NULL) {
		STAILQ_REMOVE_HEAD(&p->waiting, entry);
		f = x->frame;
		free(x);
		deliver(w, p, to, f);
	}
}

void
pipe_handled(struct world *w, struct end *e, uint32_t frames, uint32_t bytes)
{
	struct conn *c = conn_get(w, e->number);
	struct pipe *p = &c->pipe[!(e->number & 1)];

	if (frames > p->in_frames || bytes > p->in_bytes) {
		world_broken(w, "window", "node %u gives back more than it "
		    "was given on end %u", e->node, e->number);
		return;
	}
	p->in_frames -= frames;
	p->in_bytes -= bytes;
	/* Whoever is in the middle of a frame hears of the next later. */
	if (!STAILQ_EMPTY(&p->waiting))
		event_add(w, w->now, DO_IDLE, e->number, IDLE_RUN,
		    NULL);
}

void
pipe_stall(struct world *w, struct pipe *p, uint32_t number)
{
	struct conn *c = conn_get(w, number);
	struct end *to = &c->end[!(number & 1)];
	uint64_t since;

	if (p->stalls++ > 0)
		return;
	p->stall_at = w->now;
	p->kept_bytes = 0;
	/* The last keepalive may have been a while ago. */
	since = w->now - rng_below(&p->rng, KEEPALIVE_US);
	if (to->rx_at < since)
		to->rx_at = since;
	p->dead_at = to->rx_at + IDLE_US;
	if (w->sc->detect_max > 0)
		p->dead_at = w->now + w->sc->detect_min + rng_below(&p->rng,
		    w->sc->detect_max - w->sc->detect_min + 1);
	event_add(w, p->dead_at, DO_IDLE, to->number, IDLE_READ, NULL);
}

void
pipe_release(struct world *w, struct pipe *p, uint32_t number)
{
	struct conn *c = conn_get(w, number);
	struct end *e = &c->end[number & 1], *to = &c->end[!(number & 1)];
	uint64_t rto = RTO_MIN, late;

	if (p->stalls == 0 || --p->stalls > 0)
		return;
	/* Retransmissions came at doubling pauses; the next one passes. */
	while (rto * 2 <= w->now - p->stall_at && rto < RTO_MAX)
		rto *= 2;
	late = STAILQ_EMPTY(&p->waiting) ? 0 : rng_below(&p->rng, rto);
	p->stall_at = NEVER;
	if (p->last_at < w->now + late)
		p->last_at = w->now + late;
	event_add(w, w->now + late, DO_IDLE, to->number, IDLE_RUN, NULL);
	if (e->open)
		credit_give(w, p, e, 0, 0);
	if (p->ended && to->open)
		event_add(w, p->last_at, DO_DOWN, to->number, DOWN_EOF, NULL);
}

void
end_idle(struct world *w, const struct event *ev)
{
	struct conn *c = conn_get(w, ev->n);
	struct end *e = &c->end[ev->n & 1];
	struct pipe *in = &c->pipe[!(ev->n & 1)], *out = &c->pipe[ev->n & 1];

	c->refs--;
	if (!e->open || e->closing)
		;
	else if (ev->v == IDLE_RUN)
		waiting_run(w, in, e);
	else if (ev->v == IDLE_READ) {
		if (in->stalls > 0 && w->now >= in->dead_at)
			end_close(w, e, DOWN_IDLE);
	} else if (out->stalls > 0 && w->now - out->stall_at >= WRITE_US &&
	    out->kept_bytes > SOCKET_BYTES)
		end_close(w, e, DOWN_WRITE);
	conn_release(w, ev->n);
}

/* Its end, as an event says; true: the node has it and is to be told. */
bool
end_due(struct world *w, const struct event *ev)
{
	struct conn *c = conn_get(w, ev->n);
	bool open = c->end[ev->n & 1].open;

	c->refs--;
	conn_release(w, ev->n);
	return open;
}

void
end_tell(struct world *w, struct end *e, uint64_t at, enum event_kind kind)
{
	event_add(w, at, kind, e->number, 0, NULL);
}

/*
 * The end of the bytes comes behind them.  Where nothing passes, the other
 * side does not hear of it.
 */
void
end_close(struct world *w, struct end *e, enum down_reason why)
{
	struct conn *c = conn_get(w, e->number);
	struct pipe *p = pipe_from(w, e);
	struct end *o = end_other(w, e);
	uint64_t at = w->now + c->latency;

	if (!e->open || e->closing)
		return;
	e->closing = true;
	event_add(w, w->now, DO_DOWN, e->number, (uint64_t)why, NULL);
	if (p->ended)
		return;
	p->ended = true;
	if (o->open && p->stalls == 0)
		event_add(w, at > p->last_at ? at : p->last_at, DO_DOWN,
		    o->number, DOWN_EOF, NULL);
}

void
end_vanish(struct world *w, struct end *e)
{
	struct conn *c = conn_get(w, e->number);
	uint32_t n = e->number;

	/* Nobody reads, nobody writes: the other finds out by silence. */
	c->refs++;
	pipe_from(w, e)->ended = true;
	end_gone(w, e);
	pipe_stall(w, &c->pipe[n & 1], n);
	pipe_stall(w, &c->pipe[!(n & 1)], n ^ 1);
	c->refs--;
	conn_release(w, n);
}

void
end_gone(struct world *w, struct end *e)
{
	struct node *n = &w->node[e->node], *o;
	struct conn *c = conn_get(w, e->number);

	if (!e->open)
		return;
	e->open = e->up = false;
	waiting_free(&c->pipe[!(e->number & 1)]);
	/* Not when it is freed: what is still due on it may be much later. */
	o = &w->node[end_other(w, e)->node];
	if (c->edge > 0 && !end_other(w, e)->open && n->alive && o->alive)
		overlay_again(w, c->edge - 1);
	TAILQ_REMOVE(&n->ends, e, entry);
	n->nends--;
	conn_release(w, e->number);
}

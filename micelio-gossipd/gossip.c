/* SPDX-License-Identifier: MIT */
/*
 * The core as a whole: its beginning and end, its time.
 */
#include <stdlib.h>
#include <string.h>

#include "admit.h"
#include "bcast.h"
#include "book.h"
#include "bootstrap.h"
#include "chat.h"
#include "common/conf.h"
#include "common/cursor.h"
#include "common/imsg_types.h"
#include "common/log.h"
#include "common/nodeid.h"
#include "common/text.h"
#include "core.h"
#include "discovery.h"
#include "envelope_out.h"
#include "exchange_out.h"
#include "gossip.h"
#include "gtime.h"
#include "jobs.h"
#include "keyring.h"
#include "limiter.h"
#include "lru.h"
#include "maplink.h"
#include "orders.h"
#include "pacer.h"
#include "peers.h"
#include "pings.h"
#include "proto/arena.h"
#include "proto/message.h"
#include "seen.h"
#include "session.h"
#include "slots.h"
#include "suspect.h"
#include "talk.h"

#define SCRATCH_MAX	(FRAME_MAX + 1024)

/* Ids of before our start are not known; be generous to slow clocks. */
#define START_HORIZON_MS	(10u * 60 * 1000)

static uint64_t
seed(struct gossip *g)
{
	uint64_t v;

	g->ops->random(g->arg, &v, sizeof(v));
	return v;
}

struct gossip *
gossip_new(const struct gossip_ops *ops, void *arg,
    const struct gossip_id *id, const struct conf *conf, struct gtime now)
{
	struct gossip *g = xcalloc(1, sizeof(*g));

	g->ops = ops;
	g->arg = arg;
	g->conf = conf;
	g->now = now;
	g->id = id->id;
	nodeid_hex(&g->id, g->id_hex);
	memcpy(g->pubkey, id->pubkey, sizeof(g->pubkey));
	memcpy(g->noise_static, id->noise_static, sizeof(g->noise_static));
	ops->random(arg, g->id_key, sizeof(g->id_key));
	lru_init(&g->sessions, SESSIONS_MAX, offsetof(struct session, sid),
	    sizeof(uint32_t), seed(g));
	offenders_init(g, seed(g));
	keyring_init(&g->keyring, seed(g));
	seen_init(&g->seen, seed(g), now.wall > START_HORIZON_MS ?
	    now.wall - START_HORIZON_MS : 0);
	limiter_init(&g->limiter, seed(g));
	book_init(g, seed(g));
	pacer_init(&g->pacer, now.mono);
	discovery_init(g, seed(g));
	bcast_init(g);
	maplink_init(g);
	suspect_init(g);
	TAILQ_INIT(&g->ready);
	TAILQ_INIT(&g->boots);
	TAILQ_INIT(&g->jobs);
	TAILQ_INIT(&g->signings);
	TAILQ_INIT(&g->openings);
	TAILQ_INIT(&g->orders);
	TAILQ_INIT(&g->pings);
	arena_init(&g->arena, MESSAGE_ARENA);
	wbuf_init(&g->scratch, SCRATCH_MAX);
	wbuf_init(&g->payload, SCRATCH_MAX);
	wbuf_init(&g->relay, SCRATCH_MAX);
	g->peers_since = now.wall;
	g->peers_at = g->exchange_at = g->news_at = UINT64_MAX;
	g->sweep_at = now.mono + SWEEP_MS;
	g->swap_at = now.mono + SWAP_MS;
	keyring_add(&g->keyring, &g->id, g->pubkey, TRUST_VERIFIED);
	bootstrap_configured(g);
	return g;
}

void
gossip_free(struct gossip *g)
{
	jobs_free(g);
	signings_free(g);
	talk_free(g);
	peers_free(g);
	offenders_free(g);
	bcast_free(g);
	maplink_free(g);
	suspect_free(g);
	bootstrap_free(g);
	discovery_free(g);
	orders_free(g);
	pings_forget(g);
	keyring_free(&g->keyring);
	seen_free(&g->seen);
	limiter_free(&g->limiter);
	book_free(g);
	pacer_free(&g->pacer);
	arena_free(&g->arena);
	wbuf_free(&g->scratch);
	wbuf_free(&g->payload);
	wbuf_free(&g->relay);
	free(g);
}

void
gossip_configured(struct gossip *g, struct gtime now)
{
	g->now = now;
	peers_configured(g);
	bootstrap_configured(g);
	exchange_configured(g);
	discovery_kick(g);
}

void
gossip_listening(struct gossip *g, const char *addr)
{
	size_t i;

	for (i = 0; i < g->nlistening; i++)
		if (strcmp(g->listening[i], addr) == 0)
			return;
	if (g->nlistening < LISTENING_MAX)
		text_copy(g->listening[g->nlistening++], addr,
		    sizeof(g->listening[0]));
}

void
gossip_dial_failed(struct gossip *g, struct gtime now, uint32_t dial,
    enum down_reason reason, const char *text)
{
	(void)text;
	g->now = now;
	bootstrap_down(g, dial, reason, NULL, 0);
	discovery_down(g, dial, reason, NULL);
	orders_down(g, dial, reason, NULL);
}

void
gossip_tick(struct gossip *g, struct gtime now)
{
	g->now = now;
	peers_tick(g);
	bootstrap_tick(g);
	discovery_tick(g);
	exchange_tick(g);
	chat_tick(g);
	bcast_tick(g);
	suspect_tick(g);
	if (now.mono >= g->sweep_at) {
		seen_sweep(&g->seen, now);
		limiter_sweep(&g->limiter, now.mono);
		book_sweep(g);
		g->sweep_at = now.mono + SWEEP_MS;
	}
}

uint64_t
gossip_next(const struct gossip *g)
{
	uint64_t t = bootstrap_next(g), u;

	if ((u = discovery_next(g)) < t)
		t = u;
	if ((u = exchange_next(g)) < t)
		t = u;
	if ((u = bcast_next(g)) < t)
		t = u;
	if ((u = suspect_next(g)) < t)
		t = u;
	if (g->peers_at < t)
		t = g->peers_at;
	/* Lines without a peer only wait to expire. */
	if (g->npeers > 0)
		u = pacer_next(&g->pacer, g->now.mono);
	else
		u = g->pacer.n > 0 ? g->now.mono + 1000 : UINT64_MAX;
	if (u < t)
		t = u;
	/* Nothing to sweep, nothing to wake for. */
	if (seen_count(&g->seen) + limiter_count(&g->limiter) +
	    g->book[0].n + g->book[1].n > 0 &&
	    g->sweep_at < t)
		t = g->sweep_at;
	return t;
}

void
gossip_event(struct gossip *g, enum log_ev ev, uint64_t limit,
    const struct log_field *fields)
{
	g->ops->event(g->arg, ev, limit, fields);
}

/* 0 .. below - 1; below >= 1.  The bias is far under anything seen here. */
uint32_t
gossip_random(struct gossip *g, uint32_t below)
{
	uint64_t v;

	g->ops->random(g->arg, &v, sizeof(v));
	return (uint32_t)(v % below);
}

/* What a rate-limited line is counted for; never 0. */
uint64_t
id_limit(const struct nodeid *id, unsigned int kind)
{
	uint64_t v;

	memcpy(&v, id->b, sizeof(v));
	return (v ^ (uint64_t)kind << 56) | 1;
}

static uint64_t
fnv1a(const char *s, const char *end)
{
	uint64_t v = UINT64_C(14695981039346656037);

	for (; *s != '\0' && s != end; s++)
		v = (v ^ (uint8_t)*s) * UINT64_C(1099511628211);
	return v | 1;
}

uint64_t
text_limit(const char *s)
{
	return fnv1a(s, NULL);
}

/* Ports come and go. */
uint64_t
host_limit(const char *hostport)
{
	return fnv1a(hostport, strrchr(hostport, ':'));
}

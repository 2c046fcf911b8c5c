/* SPDX-License-Identifier: MIT */
/*
 * Once a second: is the link alive, how long is its way, what time is it at
 * its other end.
 */
#include <stdlib.h>

#include "bcast.h"
#include "beat.h"
#include "common/imsg_types.h"
#include "control.h"
#include "core.h"
#include "gtime.h"
#include "link.h"
#include "maplink.h"
#include "peers.h"
#include "pings.h"
#include "proto/m2.h"
#include "record.h"
#include "relay.h"
#include "session.h"
#include "slots.h"
#include "suspect.h"

#define CLOCK_LINKS_MIN	5u

static void	look(struct gossip *, struct link *);
static uint64_t	patience(const struct link *);

void
beat_tick(struct gossip *g)
{
	struct bcast *b = &g->bcast;
	bool stalled = g->now.mono >= b->beat_at &&
	    g->now.mono - b->beat_at > STALL_MS;
	struct session *s, *next;

	if (g->now.mono < b->beat_at)
		return;
	b->beat_at = b->nm2 + b->nwait > 0 ? g->now.mono + BEAT_MS : NEVER;
	record_tick(g);
	suspect_beat(g, stalled);
	slots_keep(g);
	for (s = TAILQ_FIRST(&g->ready); s != NULL; s = next) {
		next = TAILQ_NEXT(s, ready_entry);
		if (s->link == NULL)
			continue;
		/* We were not here, so nobody's silence says anything. */
		if (stalled)
			s->link->fresh_at = g->now.mono;
		look(g, s->link);
		/* Others may have gone with it. */
		if (next != NULL && next->state != PEER_READY)
			next = NULL;
	}
}

static uint64_t
last_sign(const struct link *l)
{
	return l->s->rx_at > l->fresh_at ? l->s->rx_at : l->fresh_at;
}

static void
look(struct gossip *g, struct link *l)
{
	uint64_t now = g->now.mono, quiet = now - last_sign(l);

	if (l->kind == LINK_WAIT && now >= l->since + SETUP_MS) {
		l->kind = LINK_V1;
		g->bcast.nwait--;
		maplink_alone(g);
		relay_v1_late(g, l);
	}
	if (l->kind != LINK_M2)
		return;
	if (l->ping_at != 0 && quiet >= patience(l)) {
		peers_close(g, l->s, DOWN_TIMEOUT);
		return;
	}
	if (l->unserved >= LINK_UNSERVED_MAX) {
		peers_close(g, l->s, DOWN_ABUSE);
		return;
	}
	if (l->unserved > 0 && now >= l->forgiven_at + SCORE_DECAY_MS) {
		l->unserved--;
		l->forgiven_at = now;
	}
	/* A few ms early is not early. */
	if (l->ping_at == 0 && (quiet + BEAT_MS / 10 >= BEAT_MS ||
	    now >= l->rtt_at + RTT_EVERY_MS))
		beat_ping(g, l);
}

void
beat_ping(struct gossip *g, struct link *l)
{
	l->ping_at = g->now.mono;
	l->ping_seq++;
	l->say_ping = true;
	g->bcast.count.pings++;
	control_due(g, l, 0);
}

/* Silence that may still be a slow way. */
static uint64_t
patience(const struct link *l)
{
	uint64_t ms = BEAT_MS + link_rtt(l) + l->rtt_var;

	return ms > QUIET_MIN_MS ? ms : QUIET_MIN_MS;
}

bool
beat_ping_out(struct gossip *g, struct link *l, struct m2_ping *p)
{
	if (!l->say_ping && l->echo == 0)
		return false;
	*p = (struct m2_ping){ .wall_ms = g->now.wall };
	if (l->say_ping) {
		p->seq = l->ping_seq;
		l->ping_at = g->now.mono;
		l->say_ping = false;
	}
	if (l->echo != 0) {
		p->echo = l->echo;
		p->hold_us = (uint32_t)(g->now.mono - l->echo_at) * 1000;
		l->echo = 0;
	}
	return true;
}

static void
rtt_take(struct link *l, uint32_t ms)
{
	uint32_t old = l->rtt_ms / 8, off = ms > old ? ms - old : old - ms;

	/* 0 stands for none. */
	if (ms == 0)
		ms = 1;
	if (l->rtt_ms == 0) {
		l->rtt_ms = 8 * ms;
		l->rtt_var = 2 * ms;
		return;
	}
	l->rtt_ms += ms - old;
	if (l->rtt_ms < 8)
		l->rtt_ms = 8;
	l->rtt_var += off - l->rtt_var / 4;
}

void
beat_ping_in(struct gossip *g, struct link *l, const struct m2_ping *p)
{
	uint64_t took, hold = p->hold_us / 1000;

	if (p->seq != 0) {
		l->echo = p->seq;
		l->echo_at = g->now.mono;
		/* We are awake now. */
		control_due(g, l, 0);
	}
	if (p->echo == 0 || p->echo != l->ping_seq || l->ping_at == 0)
		return;
	took = g->now.mono - l->ping_at;
	took -= hold < took ? hold : took;
	l->ping_at = 0;
	l->rtt_at = g->now.mono;
	pings_answered(g, l->s, (uint32_t)took);
	rtt_take(l, took < UINT32_MAX / 16 ? (uint32_t)took : 0);
	if (p->wall_ms == 0 || p->wall_ms > INT64_MAX)
		return;
	l->clock_known = true;
	l->clock_ms = (int64_t)p->wall_ms + (int64_t)(took / 2) -
	    (int64_t)g->now.wall;
}

static int
by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

/* When two thirds of five or more say so, it is we who are wrong. */
int64_t
beat_clock(const struct gossip *g)
{
	int64_t v[SLOTS_MAX];
	size_t i, n = 0, off = 0;
	const struct link *l;

	for (i = 0; i < SLOTS_MAX; i++) {
		if ((l = g->bcast.slot[i]) == NULL || l->kind != LINK_M2 ||
		    !l->clock_known)
			continue;
		off += l->clock_ms > CLOCK_DIFFER_MS ||
		    l->clock_ms < -CLOCK_DIFFER_MS;
		v[n++] = l->clock_ms;
	}
	if (n < CLOCK_LINKS_MIN || 3 * off < 2 * n)
		return 0;
	qsort(v, n, sizeof(v[0]), by_size);
	return v[n / 2];
}

/* SPDX-License-Identifier: MIT */
/*
 * What v1 neighbours get.  They relay to three peers by chance and tell
 * nobody what they have, so they are given the payload, once, after a moment
 * in which they may show that they have it: v1 charges an author for copies
 * that race.  For the same reason no more of one author than v1 lets pass,
 * and nothing that is late.  Never back to where it came from nor to its
 * author (W34).
 */
#include <string.h>

#include "bcast.h"
#include "budget.h"
#include "common/log.h"
#include "common/nodeid.h"
#include "common/ratelimit.h"
#include "core.h"
#include "gossip.h"
#include "gtime.h"
#include "link.h"
#include "msglog.h"
#include "origin.h"
#include "proto/m2.h"
#include "relay.h"
#include "session.h"

static uint64_t	push(struct gossip *, struct logmsg *);

static bool
is_v1(const struct session *s)
{
	return s->link != NULL && s->link->kind == LINK_V1;
}

static size_t
v1_links(const struct gossip *g)
{
	struct session *s;
	size_t n = 0;

	TAILQ_FOREACH(s, &g->ready, ready_entry)
		n += is_v1(s);
	return n;
}

void
relay_v1(struct gossip *g, struct logmsg *m)
{
	uint32_t jitter = m->payload > M2_SMALL_MAX ? V1_JITTER_BIG_MS :
	    V1_JITTER_MS;
	uint64_t wait;

	if (m->spent || v1_links(g) == 0)
		return;
	/* Nobody can race us with what we say ourselves. */
	if (!m->own)
		wait = gossip_random(g, jitter + 1);
	else if ((wait = push(g, m)) == 0)
		return;
	m->v1_at = g->now.mono + wait;
	TAILQ_INSERT_TAIL(&g->bcast.v1, m, v1_entry);
	if (m->v1_at < g->bcast.v1_at)
		g->bcast.v1_at = m->v1_at;
}

void
relay_v1_forget(struct gossip *g, struct logmsg *m)
{
	if (m->v1_at == 0)
		return;
	TAILQ_REMOVE(&g->bcast.v1, m, v1_entry);
	m->v1_at = 0;
}

/* Takes the author's turn; else how long to wait for it, ms. */
static uint64_t
turn_wait(struct gossip *g, struct logmsg *m)
{
	struct origin *o = origin_of(m);

	if (o == NULL || bucket_take(&o->v1, V1_RATE, V1_BURST, 1,
	    g->now.mono))
		return 0;
	return 1 + bucket_wait(&o->v1, V1_RATE, V1_BURST, 1, g->now.mono);
}

/* Those that may lack it; all of them while links are few. */
static size_t
candidates(struct gossip *g, const struct logmsg *m, struct session **list,
    size_t *want)
{
	size_t n = 0, all = g->bcast.nm2;
	const struct origin *o = origin_of(m);
	struct session *s;

	TAILQ_FOREACH(s, &g->ready, ready_entry) {
		if (!is_v1(s))
			continue;
		all++;
		if (s->sid == m->from || (m->have & s->link->bit) != 0 ||
		    (o != NULL && nodeid_equal(&s->id, &o->id)))
			continue;
		if (n < SESSIONS_MAX)
			list[n++] = s;
	}
	*want = n;
	if (m->own || all <= RELAY_ALL_MAX + 1)
		return n;
	*want = g->bcast.nm2 < RELAY_ALL_MAX - RELAY_V1_MIN ?
	    RELAY_ALL_MAX - g->bcast.nm2 : RELAY_V1_MIN;
	if (*want > n)
		*want = n;
	return n;
}

/* The first want of list are a fair choice of all n. */
static void
choose(struct gossip *g, struct session **list, size_t n, size_t want)
{
	struct session *t;
	size_t i, j;

	for (i = 0; i < want && want < n; i++) {
		j = i + gossip_random(g, (uint32_t)(n - i));
		t = list[i];
		list[i] = list[j];
		list[j] = t;
	}
}

/* The byte of hops that a v1 node gets: one edge less, but at least one. */
static void
send_v1(struct gossip *g, struct logmsg *m, const uint32_t *sids, size_t n)
{
	uint8_t hops = m->frame[m->hop_at];

	if (!m->own && hops > 1)
		m->frame[m->hop_at] = (uint8_t)(hops - 1);
	g->ops->send(g->arg, sids, n, m->frame, m->len);
	m->frame[m->hop_at] = hops;
}

/* How long it has to wait, ms; 0: it is done with. */
static uint64_t
push(struct gossip *g, struct logmsg *m)
{
	struct session *list[SESSIONS_MAX];
	uint32_t sids[SESSIONS_MAX];
	size_t i, n, want, sent = 0;
	uint64_t wait;

	if ((n = candidates(g, m, list, &want)) == 0)
		return 0;
	if ((wait = turn_wait(g, m)) > 0)
		return wait;
	choose(g, list, n, want);
	for (i = 0; i < want; i++) {
		if (!peers_charge(list[i], m->len))
			continue;
		sids[sent++] = list[i]->sid;
		m->have |= list[i]->link->bit;
	}
	if (sent > 0)
		send_v1(g, m, sids, sent);
	g->count.dropped += want - sent;
	if (!m->own) {
		g->count.forwarded += sent;
		return 0;
	}
	g->count.broadcast += sent;
	g->v1_given += sent;
	if (sent < want)
		gossip_log(g, EV_BROADCAST_PARTIAL, 1, LF_NUM("sent", sent),
		    LF_NUM("total", want));
	return 0;
}

void
relay_v1_late(struct gossip *g, struct link *l)
{
	struct logmsg *m;

	for (m = msglog_oldest(&g->bcast.log); m != NULL;
	    m = msglog_younger(m)) {
		if (m->at < l->since || m->v1_at != 0 || m->spent ||
		    m->at + V1_LATE_MS <= g->now.mono ||
		    (m->have & l->bit) != 0)
			continue;
		m->v1_at = g->now.mono;
		TAILQ_INSERT_TAIL(&g->bcast.v1, m, v1_entry);
		g->bcast.v1_at = g->now.mono;
	}
}

void
relay_tick(struct gossip *g)
{
	struct bcast *b = &g->bcast;
	struct logmsg *m, *next;
	uint64_t wait;

	if (g->now.mono < b->v1_at)
		return;
	b->v1_at = NEVER;
	for (m = TAILQ_FIRST(&b->v1); m != NULL; m = next) {
		next = TAILQ_NEXT(m, v1_entry);
		if (g->now.mono >= m->v1_at) {
			wait = push(g, m);
			if (wait > 0 && g->now.mono + wait >=
			    m->at + V1_LATE_MS) {
				b->count.late_v1++;
				wait = 0;
			}
			if (wait == 0) {
				relay_v1_forget(g, m);
				continue;
			}
			m->v1_at = g->now.mono + wait;
		}
		if (m->v1_at < b->v1_at)
			b->v1_at = m->v1_at;
	}
}

/* SPDX-License-Identifier: MIT */
/*
 * What was announced and does not come by the tree.  What is new has no tree
 * yet: one who announced it is asked at once.  Otherwise, after a moment that
 * follows how late payloads are behind the first announcement, and how big
 * they are, one of those that announced it is asked; then the next, and round
 * and round until the caches have forgotten it.  Every announcer counts: with
 * a few remembered only, liars that come first could keep a message from us.
 */
#include <stdlib.h>
#include <string.h>

#include "bcast.h"
#include "common/log.h"
#include "control.h"
#include "core.h"
#include "envelope_in.h"
#include "heap.h"
#include "link.h"
#include "lru.h"
#include "msglog.h"
#include "peers.h"
#include "proto/envelope.h"
#include "proto/m2.h"
#include "repair.h"
#include "seen.h"
#include "session.h"
#include "tree.h"

static void	ask_end(struct gossip *, struct want *);
static void	want_free(struct gossip *, struct want *);
static void	fire(struct gossip *, struct want *);
static void	ask(struct gossip *, struct want *, struct link *);

struct want *
repair_want(const struct gossip *g, uint64_t sid)
{
	return (struct want *)lru_get(&g->bcast.wants, &sid);
}

/*
 * An answer may come long after the request was given up, where processors
 * are busy; which one that was is forgotten.
 */
bool
repair_asked(const struct gossip *g, uint64_t sid)
{
	const struct bcast *b = &g->bcast;

	return repair_want(g, sid) != NULL ||
	    (b->given_up && g->now.mono < b->given_up_at + MSGLOG_MS);
}

static void
give_up(struct gossip *g, struct want *w)
{
	g->bcast.given_up = true;
	g->bcast.given_up_at = g->now.mono;
	want_free(g, w);
}

static struct want *
want_new(struct gossip *g, uint64_t sid)
{
	struct bcast *b = &g->bcast;
	struct want *w = b->spare;

	if (lru_full(&b->wants))
		return NULL;
	if (w != NULL) {
		b->spare = (struct want *)w->node.chain;
		memset(w, 0, sizeof(*w));
	} else
		w = xcalloc(1, sizeof(*w));
	w->sid = sid;
	w->first_at = g->now.mono;
	w->first = NO_SLOT;
	lru_put(&b->wants, &w->node);
	return w;
}

/* For so many bytes to come over the link, ms. */
static uint64_t
size_ms(const struct link *l, uint32_t size)
{
	return (uint64_t)size * 1000 / l->goodput;
}

static uint64_t
first_wait(const struct gossip *g, const struct link *l, uint32_t size)
{
	uint64_t t1 = g->bcast.lag_ms / 8 * 3 / 2;

	if (t1 < T1_MIN_MS)
		t1 = T1_MIN_MS;
	if (t1 > T1_MAX_MS)
		t1 = T1_MAX_MS;
	return t1 + size_ms(l, size);
}

void
repair_ihave(struct gossip *g, struct link *l, uint64_t sid, uint32_t size,
    bool is_new)
{
	struct bcast *b = &g->bcast;
	uint8_t key[16];
	struct want *w;
	struct logmsg *m;

	b->count.ihave_in++;
	l->count.ihave_in++;
	if ((m = msglog_get(&b->log, sid)) != NULL) {
		tree_told(g, l, m);
		return;
	}
	sid_key(sid, key);
	if (seen_look(&g->seen, key) == SEEN_KNOWN)
		return;
	if (size > ENVELOPE_PAYLOAD_MAX || l->open >= LINK_WANTS_MAX)
		return;
	if ((w = repair_want(g, sid)) == NULL) {
		if ((w = want_new(g, sid)) == NULL)
			return;
		w->first = l->slot;
		w->size = size;
		heap_set(&b->due, &w->due,
		    g->now.mono + first_wait(g, l, size));
	}
	/* Who did not serve before is believed less. */
	if (is_new && w->ever == 0 && !w->put_off &&
	    link_score(g, l) >= 0) {
		w->is_new = true;
		heap_set(&b->due, &w->due, g->now.mono);
	}
	if (l->bit == 0) {
		w->other = l->s->sid;
		w->other_tried = false;
	} else if ((w->by & l->bit) == 0) {
		w->by |= l->bit;
		l->open++;
	}
}

static struct link *
asked_link(const struct gossip *g, const struct want *w)
{
	struct session *s;

	if (w->from == 0 || (s = peers_session(g, w->from)) == NULL)
		return NULL;
	return s->link;
}

/* The request that is out counts no more. */
static void
ask_end(struct gossip *g, struct want *w)
{
	struct link *l = asked_link(g, w);

	if (l != NULL)
		l->asked--;
	if (w->big)
		g->bcast.nbig--;
	w->big = false;
	w->from = 0;
}

static void
want_free(struct gossip *g, struct want *w)
{
	struct bcast *b = &g->bcast;
	struct link *l;
	uint8_t i;

	ask_end(g, w);
	for (i = 0; i < SLOTS_MAX && w->by >> i != 0; i++)
		if ((w->by >> i & 1) != 0 && (l = link_of(g, i)) != NULL)
			l->open--;
	heap_remove(&b->due, &w->due);
	lru_remove(&b->wants, &w->node);
	w->node.chain = (struct lru_node *)b->spare;
	b->spare = w;
}

void
repair_free(struct gossip *g)
{
	struct want *w;

	while ((w = g->bcast.spare) != NULL) {
		g->bcast.spare = (struct want *)w->node.chain;
		free(w);
	}
	lru_free(&g->bcast.wants, NULL);
	heap_free(&g->bcast.due);
}

/* How fast a big one came, of all that came over the link meanwhile. */
static void
goodput_take(struct gossip *g, struct link *l, const struct want *w)
{
	uint64_t ms = g->now.mono - w->asked_at, bytes, rate;

	ms -= ms > link_rtt(l) ? link_rtt(l) : ms;
	bytes = l->s->bytes_in - w->asked_bytes;
	rate = bytes * 1000 / (ms > 0 ? ms : 1);
	rate = (3 * (uint64_t)l->goodput + rate) / 4;
	if (rate < GOODPUT_MIN)
		rate = GOODPUT_MIN;
	l->goodput = rate < UINT32_MAX ? (uint32_t)rate : UINT32_MAX;
}

void
repair_done(struct gossip *g, struct want *w, struct session *s)
{
	struct link *l = asked_link(g, w);

	if (s != NULL && l != NULL && l == s->link) {
		g->bcast.count.repairs += !w->is_new;
		link_judge(g, l, 1);
		if (w->big)
			goodput_take(g, l, w);
	}
	want_free(g, w);
}

static bool
by_add(struct want *w, struct link *l)
{
	if (l->bit == 0 || (w->by & l->bit) != 0)
		return l->bit != 0;
	if (l->open >= LINK_WANTS_MAX)
		return false;
	w->by |= l->bit;
	l->open++;
	return true;
}

bool
repair_put_off(struct gossip *g, struct session *s, uint64_t sid, uint64_t at)
{
	struct want *w = repair_want(g, sid);

	if (s->link == NULL || (w == NULL && (w = want_new(g, sid)) == NULL))
		return false;
	if (!by_add(w, s->link)) {
		want_free(g, w);
		return false;
	}
	if (w->from == s->sid)
		link_judge(g, s->link, 1);
	ask_end(g, w);
	w->put_off = true;
	w->first_at = g->now.mono;
	w->ever = w->tried = 0;
	w->round = 0;
	heap_set(&g->bcast.due, &w->due, at);
	g->bcast.count.put_off++;
	return true;
}

bool
repair_is_early(struct gossip *g, struct session *s, uint64_t sid)
{
	struct want *w = repair_want(g, sid);

	if (w == NULL || !w->put_off || w->from != 0 || w->tried != 0)
		return false;
	if (s->link != NULL)
		(void)by_add(w, s->link);
	return true;
}

void
repair_spoilt(struct gossip *g, struct session *s, uint64_t sid)
{
	struct want *w = repair_want(g, sid);

	if (w == NULL || s == NULL || w->from != s->sid)
		return;
	if (s->link != NULL)
		link_judge(g, s->link, -1);
	ask_end(g, w);
	heap_set(&g->bcast.due, &w->due, g->now.mono);
}

void
repair_nohave(struct gossip *g, struct link *l, uint64_t sid)
{
	struct want *w = repair_want(g, sid);

	g->bcast.count.nohave_in++;
	if (w == NULL)
		return;
	if ((w->by & l->bit) != 0) {
		w->by &= ~l->bit;
		w->ever &= ~l->bit;
		l->open--;
	}
	if (w->from != l->s->sid)
		return;
	if (w->other == w->from)
		w->other = 0;
	ask_end(g, w);
	heap_set(&g->bcast.due, &w->due, g->now.mono);
}

void
repair_link_down(struct gossip *g, struct link *l)
{
	struct lru_node *n, *next;
	struct want *w;

	for (n = lru_oldest(&g->bcast.wants); n != NULL; n = next) {
		next = lru_younger(n);
		w = (struct want *)n;
		w->by &= ~l->bit;
		w->ever &= ~l->bit;
		w->tried &= ~l->bit;
		if (w->first == l->slot)
			w->first = NO_SLOT;
		if (w->other == l->s->sid)
			w->other = 0;
		if (w->from == l->s->sid) {
			if (w->big)
				g->bcast.nbig--;
			w->big = false;
			w->from = 0;
			heap_set(&g->bcast.due, &w->due, g->now.mono);
		}
		if (w->by == 0 && w->other == 0)
			give_up(g, w);
	}
}

void
repair_owed(struct gossip *g, uint64_t slots)
{
	struct link *l;
	uint8_t i;

	for (i = 0; i < SLOTS_MAX && slots >> i != 0; i++)
		if ((slots >> i & 1) != 0 && (l = link_of(g, i)) != NULL)
			l->unserved++;
}

void
repair_tick(struct gossip *g)
{
	struct heap_node *due;
	struct want *w;

	while ((due = heap_first(&g->bcast.due)) != NULL &&
	    due->at <= g->now.mono) {
		w = (struct want *)((char *)due - offsetof(struct want, due));
		fire(g, w);
	}
}

/* How good it would be to ask this one; less is better. */
static uint64_t
price(const struct gossip *g, const struct link *l, const struct want *w)
{
	int score = link_score(g, l);
	uint64_t ms = l->asked * (size_ms(l, w->size) + 1);

	/* Who had it first is on the shortest way. */
	if (l->slot != w->first)
		ms += link_rtt(l);
	return (uint64_t)(score < 0 ? -score : 0) << 32 | ms;
}

static struct link *
choose(const struct gossip *g, const struct want *w)
{
	uint64_t slots = w->by & ~w->tried & g->bcast.live, p, least = 0;
	struct link *l, *best = NULL;
	struct session *s;
	uint8_t i;

	for (i = 0; i < SLOTS_MAX && slots >> i != 0; i++) {
		if ((slots >> i & 1) == 0 || (l = link_of(g, i)) == NULL)
			continue;
		p = price(g, l, w);
		if (best == NULL || p < least) {
			best = l;
			least = p;
		}
	}
	if (best == NULL && w->other != 0 && !w->other_tried &&
	    (s = peers_session(g, w->other)) != NULL &&
	    s->link != NULL && s->link->kind == LINK_M2)
		return s->link;
	return best;
}

/* Was asked, and something big is on its way from there: not dead. */
static bool
extend(struct gossip *g, struct want *w, const struct link *l)
{
	if (w->extended >= GRAFT_EXTEND_MAX || l->big_at <= w->asked_at)
		return false;
	w->extended++;
	w->asked_at = g->now.mono;
	heap_set(&g->bcast.due, &w->due, g->now.mono + GRAFT_SLACK_MS +
	    size_ms(l, w->size > 0 ? w->size : ENVELOPE_PAYLOAD_MAX));
	return true;
}

static void
fire(struct gossip *g, struct want *w)
{
	struct bcast *b = &g->bcast;
	struct link *l = asked_link(g, w);
	uint64_t pause;

	if (g->now.mono >= w->first_at + MSGLOG_MS) {
		repair_owed(g, w->ever);
		give_up(g, w);
		return;
	}
	if (l != NULL) {
		if (extend(g, w, l))
			return;
		link_judge(g, l, -1);
	}
	ask_end(g, w);
	if ((l = choose(g, w)) == NULL) {
		pause = (uint64_t)ROUND_MS << (w->round < 4 ? w->round : 4);
		w->round++;
		w->tried = 0;
		w->other_tried = false;
		heap_set(&b->due, &w->due, g->now.mono +
		    (pause < ROUND_MAX_MS ? pause : ROUND_MAX_MS));
		return;
	}
	if (w->size > M2_SMALL_MAX && b->nbig >= BIG_FETCHES_MAX) {
		heap_set(&b->due, &w->due, g->now.mono + BIG_AGAIN_MS);
		return;
	}
	ask(g, w, l);
}

static void
ask(struct gossip *g, struct want *w, struct link *l)
{
	struct bcast *b = &g->bcast;

	w->from = l->s->sid;
	w->tried |= l->bit;
	w->ever |= l->bit;
	if (l->bit == 0)
		w->other_tried = true;
	w->asked_at = g->now.mono;
	w->asked_bytes = l->s->bytes_in;
	w->extended = 0;
	w->big = w->size > M2_SMALL_MAX;
	b->nbig += w->big;
	l->asked++;
	l->count.graft++;
	b->count.graft++;
	control_name(&l->graft, w->sid);
	control_due(g, l, 0);
	heap_set(&b->due, &w->due, g->now.mono + link_rtt(l) +
	    GRAFT_SLACK_MS + size_ms(l, w->size));
}

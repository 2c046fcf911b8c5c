/* SPDX-License-Identifier: MIT */
/*
 * Who gets a message.  For each origin there is a set of eager links, which
 * get the payload; the other links of our kind are told that it is here
 * (control.c) and ask for it when they lack it (repair.c).  The first copy
 * makes its link eager, each further one makes its link lazy, on both sides:
 * what remains is a tree.
 *
 * While there is none, the author of a message gives it to all, and all others
 * only tell of it, as of something new: who lacks it asks the first who told,
 * at once.  So one copy comes to each node, by short ways, and these are the
 * tree.  (With one tree for all that is new, the ways of its authors compete:
 * that costs copies, and twice as many hops.)
 */
#include <string.h>

#include "bcast.h"
#include "budget.h"
#include "common/cursor.h"
#include "common/log.h"
#include "common/nodeid.h"
#include "control.h"
#include "core.h"
#include "envelope_in.h"
#include "fresh.h"
#include "gossip.h"
#include "gtime.h"
#include "link.h"
#include "lru.h"
#include "msglog.h"
#include "origin.h"
#include "proto/envelope.h"
#include "proto/m2.h"
#include "relay.h"
#include "repair.h"
#include "seen.h"
#include "session.h"
#include "slots.h"
#include "trace.h"
#include "tree.h"
#include "window.h"

static void	first_copy(struct gossip *, struct origin *, struct logmsg *,
		    const struct session *, const struct want *);
static void	lag_take(struct gossip *, struct logmsg *);
static void	swap_look(struct gossip *, struct origin *, const struct link *,
		    const struct want *);
static void	spread(struct gossip *, struct origin *, struct logmsg *,
		    const struct session *, const struct nodeid *author);
static void	log_drop(struct gossip *, struct logmsg *);

/*
 * The frame as it will be sent: hops clamped, in one byte that can be
 * replaced for v1 neighbours.  Gives the offset of that byte.
 */
static size_t
frame_make(struct gossip *g, const struct envelope *e, struct slice *frame)
{
	uint32_t hops = e->hop_count;
	struct envelope again;

	if (e->canonical && e->hop_len == 1 && hops >= 1 &&
	    hops <= ENVELOPE_HOPS) {
		*frame = e->raw;
		return e->hop_at;
	}
	if (hops > ENVELOPE_HOPS)
		hops = ENVELOPE_HOPS;
	wbuf_reset(&g->relay);
	envelope_write_relay(&g->relay, e, hops > 0 ? hops : 1);
	*frame = (struct slice){ g->relay.p, g->relay.len };
	(void)envelope_read(&again, frame->p, frame->n);
	return again.hop_at;
}

/* Old by its own clock, and nobody else told of it. */
static void
guest_brought(const struct gossip *g, struct session *s,
    const struct envelope *e, const struct want *w)
{
	if (s != NULL && s->guest && envelope_clocked(e) &&
	    (e->lamport_ts >> 16) + GUEST_LACK_MS <= g->now.wall &&
	    (w->by & ~link_twins(g, s)) == 0)
		s->missed = true;
}

/*
 * Asked for, and said before our start or long ago.  Others may have had it
 * and started again since: unasked they would take it for something new, see
 * said_earlier().
 */
static bool
is_late(const struct gossip *g, const struct envelope *e)
{
	uint64_t said = e->lamport_ts >> 16;

	return envelope_clocked(e) &&
	    (said < g->bcast.boot_ms || said + LATE_MS <= g->now.wall);
}

void
tree_accept(struct gossip *g, struct session *s, const struct nodeid *author,
    const struct envelope *e, const uint8_t mid[M2_MID], uint64_t sid,
    bool asked)
{
	struct bcast *b = &g->bcast;
	struct want *w = repair_want(g, sid);
	struct slice frame;
	struct origin *o;
	struct logmsg *m;
	size_t hop_at;

	if (msglog_get(&b->log, sid) != NULL)
		return;
	o = origin_take(g, author);
	hop_at = frame_make(g, e, &frame);
	m = msglog_add(&b->log, &o->share, sid, mid, frame.p, frame.n,
	    g->now.mono);
	m->hop_at = (uint32_t)hop_at;
	m->payload = (uint32_t)e->payload.n;
	m->second = window_second(e, g->now.wall);
	m->cold = (o->eager & b->live) == 0 ||
	    (asked && is_late(g, e));
	m->own = nodeid_equal(author, &g->id);
	first_copy(g, o, m, s, w);
	/* Among v1 nodes its way is at its end, or it is nothing to them. */
	m->spent = e->msg_type == MSG_SUSPECT || (e->hop_count <= 1 &&
	    s != NULL && s->link != NULL && s->link->kind != LINK_M2);
	trace_add(g, m, s, e, w);
	if (w != NULL) {
		guest_brought(g, s, e, w);
		repair_done(g, w, s);
	}
	spread(g, o, m, s, author);
	tree_trim(g, &o->share);
}

static void
first_copy(struct gossip *g, struct origin *o, struct logmsg *m,
    const struct session *s, const struct want *w)
{
	struct link *l;

	if (w != NULL) {
		m->have |= w->by;
		o->ahead |= w->by;
		m->owing = w->ever;
	}
	if (s == NULL || s->link == NULL)
		return;
	l = s->link;
	m->from = s->sid;
	m->have |= link_twins(g, s);
	m->owing &= ~l->bit;
	m->from_v1 = l->kind != LINK_M2 && !nodeid_equal(&s->id, &o->id);
	l->count.payload_in++;
	if (l->kind != LINK_M2)
		return;
	o->parent = l->slot;
	o->eager |= l->bit;
	if (w == NULL || w->first == NO_SLOT)
		return;
	o->better = w->first;
	m->heard_at = w->first_at;
	m->repaired = w->ever != 0;
	/* What was asked for says nothing of the tree's time; see below. */
	if (!m->repaired) {
		lag_take(g, m);
		if (m->payload <= M2_SMALL_MAX)
			swap_look(g, o, l, w);
	}
}

/* How late the tree was, behind the first who told of the message. */
static void
lag_take(struct gossip *g, struct logmsg *m)
{
	uint64_t lag = g->now.mono - m->heard_at;

	if (m->heard_at == 0)
		return;
	g->bcast.lag_ms += (uint32_t)(lag < LAG_MAX_MS ? lag : LAG_MAX_MS) -
	    g->bcast.lag_ms / 8;
	m->heard_at = 0;
}

/* Somebody else had it clearly earlier, three times: he is asked to send. */
static void
swap_look(struct gossip *g, struct origin *o, const struct link *l,
    const struct want *w)
{
	struct link *to;

	if (g->now.mono - w->first_at <= SWAP_LATE_MS ||
	    w->first == l->slot) {
		o->swap_n = 0;
		return;
	}
	if (o->swap_slot != w->first)
		o->swap_n = 0;
	o->swap_slot = w->first;
	if (++o->swap_n < SWAP_TIMES ||
	    (o->swap_at != 0 && g->now.mono < o->swap_at + SWAP_EVERY_MS))
		return;
	if ((to = link_of(g, w->first)) == NULL)
		return;
	o->swap_n = 0;
	o->swap_at = g->now.mono;
	g->bcast.count.swaps++;
	tree_ask(g, to, o);
}

void
tree_ask(struct gossip *g, struct link *l, struct origin *o)
{
	o->eager |= l->bit;
	control_name(&l->graft_link, m2_oid(l->setup.salt, o->id.b));
	g->bcast.count.graft_link++;
	control_due(g, l, 0);
}

/*
 * On a lazy link one note is enough, of who has things first: the other
 * waits for it.  What is new comes by nothing but a note.
 */
static uint64_t
tell_wait(const struct origin *o, const struct logmsg *m,
    const struct link *l)
{
	uint64_t wait = link_rtt(l) / 2 + 2 * BATCH_MS;

	if (m->cold || m->payload > M2_SMALL_MAX)
		return 0;
	if ((o->ahead & l->bit) == 0)
		return BATCH_MS;
	return wait < BEHIND_MS ? wait : BEHIND_MS;
}

void
tree_told(struct gossip *g, struct link *l, struct logmsg *m)
{
	struct origin *o = origin_of(m);
	uint64_t since = g->now.mono - m->at, way = link_rtt(l) / 2;

	m->have |= l->bit;
	if (o == NULL || (m->told & l->bit) != 0)
		return;
	/* A batch and the way are gone since they had it; ids break ties. */
	if (nodeid_cmp(&l->s->id, &g->id) < 0)
		way += 2 * BATCH_MS;
	if (since < way)
		o->ahead |= l->bit;
	else
		o->ahead &= ~l->bit;
}

/* All links but those of guests. */
static uint64_t
neighbours(const struct gossip *g)
{
	const struct session *s;
	uint64_t slots = 0;

	TAILQ_FOREACH(s, &g->ready, ready_entry)
		if (s->link != NULL && !s->guest)
			slots |= s->link->bit;
	return slots & g->bcast.live;
}

/*
 * Payload to the eager, a note to the others.  Nobody has it before its
 * author says it; but for so many copies of a big one its links may be slow.
 */
static void
spread(struct gossip *g, struct origin *o, struct logmsg *m,
    const struct session *from, const struct nodeid *author)
{
	uint64_t eager;
	uint32_t sids[SLOTS_MAX];
	struct session *s;
	struct link *l;
	size_t n = 0;

	if (m->cold && m->own && m->payload <= M2_SMALL_MAX)
		o->eager = neighbours(g);
	eager = m->cold && !m->own ? 0 : o->eager & g->bcast.live;
	TAILQ_FOREACH(s, &g->ready, ready_entry) {
		if ((l = s->link) == NULL || l->kind != LINK_M2)
			continue;
		if (l->cursor == NULL)
			l->cursor = m;
		if (nodeid_equal(&s->id, author))
			m->have |= l->bit;
		if (s == from || (m->have & l->bit) != 0) {
			l->count.saved++;
			continue;
		}
		if ((eager & l->bit) == 0 || n == SLOTS_MAX) {
			l->count.saved++;
			control_due(g, l, tell_wait(o, m, l));
		} else if (payload_now(l, m)) {
			sids[n++] = s->sid;
			m->have |= l->bit;
			m->pushed |= l->bit;
		} else if (!payload_push(g, l, m))
			control_due(g, l, BATCH_MS);
	}
	if (n > 0)
		g->ops->send(g->arg, sids, n, m->frame, m->len);
	if (m->own)
		g->count.broadcast += n;
	else
		g->count.forwarded += n;
	relay_v1(g, m);
}

size_t
tree_broadcast(struct gossip *g, const void *frame, size_t len)
{
	uint8_t mid[M2_MID], key[16];
	struct envelope e;
	uint64_t sid;

	if (!envelope_read(&e, frame, len))
		return 0;
	message_key(g, &e, mid, key);
	memcpy(&sid, key, sizeof(sid));
	if (seen_reserve(&g->seen, key, &g->id, true, g->now))
		seen_keep(&g->seen, key, g->now);
	g->v1_given = 0;
	tree_accept(g, NULL, &g->id, &e, mid, sid, false);
	/* Those whose SETUP is awaited get it after that, or as v1 links. */
	return g->bcast.nm2 + g->bcast.nwait + g->v1_given;
}

void
tree_duplicate(struct gossip *g, struct session *s, uint64_t sid)
{
	struct bcast *b = &g->bcast;
	struct link *l = s->link;
	struct origin *o;
	struct logmsg *m;

	b->count.duplicates++;
	if (l == NULL)
		return;
	l->count.duplicate++;
	if ((m = msglog_get(&b->log, sid)) == NULL)
		return;
	m->have |= link_twins(g, s);
	m->owing &= ~l->bit;
	if (m->repaired)
		lag_take(g, m);
	/* A v1 relay is quick by luck; the next time it does not come. */
	if (l->kind != LINK_M2 || m->from_v1 || m->from == s->sid ||
	    (o = origin_of(m)) == NULL)
		return;
	o->eager &= ~l->bit;
	control_name(&l->prune, m2_oid(l->setup.salt, o->id.b));
	b->count.prune++;
	l->count.prune++;
	control_due(g, l, BATCH_MS);
}

void
tree_prune_in(struct gossip *g, struct link *l, uint64_t oid)
{
	struct origin *o;

	l->count.prune_in++;
	g->bcast.count.prune_in++;
	if ((o = origin_get(g, oid)) != NULL)
		o->eager &= ~l->bit;
}

void
tree_graft_link_in(struct gossip *g, struct link *l, uint64_t oid)
{
	struct origin *o;

	if ((o = origin_get(g, oid)) != NULL)
		o->eager |= l->bit;
}

/*
 * Its column goes, everywhere.  Origins that came over it are asked of who
 * was second at once; what is on its way is repair's matter.
 */
void
tree_link_down(struct gossip *g, struct link *l)
{
	struct bcast *b = &g->bcast;
	struct lru_node *n;
	struct link *to;
	struct origin *o;
	struct logmsg *m;

	for (n = lru_oldest(&b->origins); n != NULL; n = lru_younger(n)) {
		o = (struct origin *)n;
		o->eager &= ~l->bit;
		o->ahead &= ~l->bit;
		if (o->swap_slot == l->slot)
			o->swap_slot = NO_SLOT;
		if (o->better == l->slot)
			o->better = NO_SLOT;
		if (l->slot == NO_SLOT || o->parent != l->slot)
			continue;
		o->parent = NO_SLOT;
		if ((to = link_of(g, o->better)) != NULL)
			tree_ask(g, to, o);
	}
	for (m = msglog_oldest(&b->log); m != NULL; m = msglog_younger(m)) {
		m->have &= ~l->bit;
		m->told &= ~l->bit;
		m->pushed &= ~l->bit;
		m->served[0] &= ~l->bit;
		m->served[1] &= ~l->bit;
		m->owing &= ~l->bit;
	}
}

void
tree_trim(struct gossip *g, const struct log_share *share)
{
	struct logmsg *m;

	while ((m = msglog_excess(&g->bcast.log, share, g->now.mono)) != NULL)
		log_drop(g, m);
}

/* Whoever was still to be told, or to be given it, has lost it. */
static void
log_drop(struct gossip *g, struct logmsg *m)
{
	struct session *s;
	struct link *l;

	TAILQ_FOREACH(s, &g->ready, ready_entry) {
		if ((l = s->link) == NULL)
			continue;
		if (l->nqueue > 0)
			payload_forget(g, l, m);
		if (l->resync == m)
			l->resync = msglog_younger(m);
		if (l->found == m)
			l->found = msglog_younger(m);
		if (l->cursor != m)
			continue;
		l->cursor = msglog_younger(m);
		if ((m->have & l->bit) == 0 && m->from != s->sid) {
			l->gap++;
			g->bcast.count.gap++;
			control_due(g, l, BATCH_MS);
		}
	}
	relay_v1_forget(g, m);
	if (m->owing != 0)
		repair_owed(g, m->owing);
	msglog_remove(&g->bcast.log, m);
}

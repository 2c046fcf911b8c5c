/* SPDX-License-Identifier: MIT */
/*
 * The table of sessions: which connections there are, and which of them
 * counts for a node.
 *
 * A second connection to a node loses (wire-v1 3.6), with two exceptions: an
 * older one that has been silent is taken for dead and replaced (8, W24), and
 * when two nodes dialled each other at once both connections are kept for
 * TWIN_MS (8, W23).  In that time a v1 node closes the one it does not want;
 * two nodes of our kind then both keep the one dialled by the smaller id.
 */
#include <stdlib.h>
#include <string.h>

#include "admit.h"
#include "book.h"
#include "bootstrap.h"
#include "budget.h"
#include "common/imsg.h"
#include "common/imsg_types.h"
#include "common/log.h"
#include "common/nodeid.h"
#include "common/ratelimit.h"
#include "common/text.h"
#include "core.h"
#include "discovery.h"
#include "envelope_in.h"
#include "exchange.h"
#include "exchange_out.h"
#include "gossip.h"
#include "gtime.h"
#include "hello.h"
#include "keyring.h"
#include "link.h"
#include "lru.h"
#include "names.h"
#include "orders.h"
#include "peers.h"
#include "pings.h"
#include "proto/m2.h"
#include "reach.h"
#include "session.h"
#include "slots.h"
#include "suspect.h"

static void	session_leave(struct gossip *, struct session *,
		    enum down_reason);
static void	twin_end(struct gossip *, struct session *);
static void	guest_begin(struct gossip *, struct session *);
static void	guest_end(struct gossip *, struct session *);
static void	announce(struct gossip *, struct session *);
static void	gone(struct gossip *, const struct session *, uint64_t lived,
		    enum down_reason);
static void	held_free(struct session *);
static void	held_run(struct gossip *, struct session *);

struct session *
peers_session(const struct gossip *g, uint32_t sid)
{
	return (struct session *)lru_get(&g->sessions, &sid);
}

struct session *
peers_by_id(const struct gossip *g, const struct nodeid *id)
{
	struct session *s;

	TAILQ_FOREACH(s, &g->ready, ready_entry)
		if (s->primary && nodeid_equal(&s->id, id))
			return s;
	return NULL;
}

/*
 * Noise has shown who holds a static key, and the hello of a session that it
 * belongs to that node: then another connection with the same key is to the
 * same node, before it has said a word.
 */
bool
peers_recognise(const struct gossip *g, struct session *s)
{
	const struct session *old;

	TAILQ_FOREACH(old, &g->ready, ready_entry) {
		if (memcmp(old->remote_static, s->remote_static,
		    sizeof(s->remote_static)) != 0)
			continue;
		s->id = old->id;
		s->capable = old->capable;
		s->caps = old->caps;
		memcpy(s->pubkey, old->pubkey, sizeof(s->pubkey));
		return true;
	}
	return false;
}

void
gossip_session_up(struct gossip *g, struct gtime now, uint32_t sid,
    bool outbound, uint32_t dial, const uint8_t hash[32],
    const uint8_t remote_static[32], const char *addr)
{
	const struct nodeid *expect = NULL;
	const struct quest *q;
	struct session *s;

	g->now = now;
	if (peers_session(g, sid) != NULL)
		return;
	if (lru_full(&g->sessions)) {
		g->ops->close(g->arg, sid, DOWN_FULL);
		return;
	}
	s = xcalloc(1, sizeof(*s));
	STAILQ_INIT(&s->held);
	s->sid = sid;
	s->outbound = outbound;
	s->dial = dial;
	memcpy(s->handshake_hash, hash, sizeof(s->handshake_hash));
	memcpy(s->remote_static, remote_static, sizeof(s->remote_static));
	text_copy(s->addr, addr, sizeof(s->addr));
	s->up_at = s->rx_at = now.mono;
	s->win_frames = SESSION_WINDOW_FRAMES;
	s->win_bytes = SESSION_WINDOW_BYTES;
	bucket_init(&s->bad, BAD_BURST, now.mono);
	bucket_init(&s->exchanges, EXCHANGE_BURST, now.mono);
	bucket_init(&s->brought, NEIGHBOUR_BURST, now.mono);
	bucket_init(&s->idle, IDLE_BURST, now.mono);
	if (outbound && (q = discovery_expects(g, dial)) != NULL) {
		expect = &q->id;
		s->probe = q->probe;
		s->near = q->near;
	} else if (outbound && orders_has(g, dial)) {
		expect = orders_expects(g, dial);
		s->ordered = true;
	} else if (outbound)
		expect = bootstrap_expects(g, dial);
	if (expect != NULL) {
		s->expects = true;
		s->expect = *expect;
	}
	lru_put(&g->sessions, &s->node);
	hello_start(g, s);
}

void
gossip_session_local(struct gossip *g, uint32_t sid, const char *addr)
{
	struct session *s = peers_session(g, sid);

	if (s != NULL)
		s->inner = reach_is_inner(addr);
}

void
gossip_frame(struct gossip *g, struct gtime now, uint32_t sid, const void *p,
    size_t len)
{
	struct held_frame *h;
	struct session *s;

	g->now = now;
	if ((s = peers_session(g, sid)) == NULL || s->state == PEER_CLOSING)
		return;
	s->rx_at = now.mono;
	s->frames_in++;
	s->bytes_in += len;
	if (s->link != NULL && len > M2_SMALL_MAX)
		s->link->big_at = now.mono;
	if (s->state == PEER_READY) {
		envelope_in(g, s, p, len);
		return;
	}
	/* Behind a hello that is still being checked. */
	if (s->state == PEER_VERIFY && s->outbound &&
	    s->nheld < SESSION_WINDOW_FRAMES) {
		h = xcalloc(1, sizeof(*h) + len);
		h->len = len;
		if (len > 0)
			memcpy(h->data, p, len);
		STAILQ_INSERT_TAIL(&s->held, h, entry);
		s->nheld++;
		return;
	}
	hello_frame(g, s, p, len);
	peers_handled(g, s, len);
}

void
gossip_session_rtt(struct gossip *g, struct gtime now, uint32_t sid,
    uint32_t rtt_us)
{
	struct session *s = peers_session(g, sid);
	struct book_peer *p;

	g->now = now;
	if (s == NULL || s->state != PEER_READY || rtt_us == 0)
		return;
	s->rtt_us = rtt_us;
	if ((p = book_get(g, &s->id)) != NULL)
		p->rtt_us = rtt_us;
}

void
gossip_session_down(struct gossip *g, struct gtime now, uint32_t sid,
    enum down_reason reason)
{
	struct session *s;

	g->now = now;
	if ((s = peers_session(g, sid)) == NULL)
		return;
	if (s->state == PEER_READY &&
	    (reason == DOWN_FRAME || reason == DOWN_NOISE))
		offender_strike(g, &s->id);
	if (s->state != PEER_CLOSING)
		session_leave(g, s, reason);
	held_free(s);
	lru_remove(&g->sessions, &s->node);
	free(s);
}

/* Called once after peers_admit() said yes. */
void
peers_register(struct gossip *g, struct session *s)
{
	struct session *old = peers_by_id(g, &s->id);

	if (old != NULL && admit_replaces(g, s, old)) {
		peers_close(g, old, DOWN_REPLACED);
		old = peers_by_id(g, &s->id);
	}
	s->state = PEER_READY;
	s->ready_at = g->now.mono;
	s->primary = old == NULL;
	TAILQ_INSERT_TAIL(&g->ready, s, ready_entry);
	keyring_add(&g->keyring, &s->id, s->pubkey, TRUST_VERIFIED);
	book_hello(g, s);
	g->ops->ready(g->arg, s->sid);
	if (s->outbound) {
		bootstrap_up(g, s->dial, &s->id);
		discovery_up(g, s->dial);
		orders_up(g, s->dial, &s->id);
	}
	if (old != NULL) {
		s->guest = s->brief = false;
		s->twin = old;
		old->twin = s;
		s->twin_until = old->twin_until = g->now.mono + TWIN_MS;
		peers_due(g, s->twin_until);
	} else {
		if (g->npeers++ == 0)
			g->peers_since = g->now.wall;
		g->peer_changes++;
		guest_begin(g, s);
		announce(g, s);
	}
	link_up(g, s);
	exchange_send(g, s);
	discovery_kick(g);
	held_run(g, s);
}

/* Guests come and go all the time: of them nobody is told. */
static void
announce(struct gossip *g, struct session *s)
{
	if (s->guest || s->announced)
		return;
	s->announced = true;
	gossip_log(g, EV_PEER_UP, 0, LF_ID("id", &s->id),
	    LF_STR("addr", s->addr),
	    LF_STR("dir", s->outbound ? "out" : "in"));
	name_compare(g, s);
}

void
peers_settle(struct gossip *g, struct session *s)
{
	if (!s->guest)
		return;
	s->guest = s->brief = false;
	s->guest_until = 0;
	g->nguests--;
	announce(g, s);
}

/*
 * A new guest of our own asking takes the place of the last one, unless that
 * one is to stay.
 */
static void
guest_begin(struct gossip *g, struct session *s)
{
	struct session *o, *next;

	if (!s->guest)
		return;
	g->nguests++;
	if (s->outbound) {
		for (o = TAILQ_FIRST(&g->ready); o != NULL; o = next) {
			next = TAILQ_NEXT(o, ready_entry);
			if (o != s && o->guest && o->outbound) {
				if (!slots_swap(g, o))
					peers_close(g, o, DOWN_FULL);
				break;
			}
		}
		return;
	}
	s->guest_until = g->now.mono + GUEST_MS;
	peers_due(g, s->guest_until);
}

/* The time of a guest is over, unless there is room for it by now. */
static void
guest_end(struct gossip *g, struct session *s)
{
	s->guest_until = 0;
	if (peers_full(g)) {
		peers_close(g, s, DOWN_FULL);
		return;
	}
	peers_settle(g, s);
}

void
peers_close(struct gossip *g, struct session *s, enum down_reason reason)
{
	if (s->state == PEER_CLOSING)
		return;
	session_leave(g, s, reason);
	held_free(s);
	g->ops->close(g->arg, s->sid, reason);
}

/* The session counts no more; what remains is to hear of its end. */
static void
session_leave(struct gossip *g, struct session *s, enum down_reason reason)
{
	bool was_ready = s->state == PEER_READY;
	uint64_t lived = was_ready ? g->now.mono - s->ready_at : 0;
	struct session *twin = s->twin;

	if (!s->proved)
		s->proved = peers_recognise(g, s);
	s->state = PEER_CLOSING;
	if (was_ready) {
		suspect_lost(g, s, reason);
		pings_lost(g, s);
		TAILQ_REMOVE(&g->ready, s, ready_entry);
		link_down(g, s);
		book_gone(g, s);
	}
	if (twin != NULL) {
		twin->twin = s->twin = NULL;
		twin->primary = true;
		if (s->guest)
			twin->guest = true;
		twin->announced |= s->announced;
	} else if (was_ready) {
		if (--g->npeers == 0)
			g->peers_since = g->now.wall;
		g->peer_changes++;
		g->nguests -= s->guest;
		gone(g, s, lived, reason);
	}
	if (s->outbound)
		bootstrap_down(g, s->dial, reason, s->proved ? &s->id : NULL,
		    lived);
	if (s->outbound && !was_ready) {
		discovery_down(g, s->dial, reason, s->proved ? &s->id : NULL);
		orders_down(g, s->dial, reason, s->proved ? &s->id : NULL);
	}
	if (was_ready && twin == NULL) {
		bootstrap_peer_gone(g, &s->id);
		discovery_gone(g, &s->id, lived);
	}
}

static void
gone(struct gossip *g, const struct session *s, uint64_t lived,
    enum down_reason reason)
{
	gossip_log(g, s->announced ? EV_PEER_DOWN : EV_GUEST_GONE, 0,
	    LF_ID("id", &s->id), LF_STR("addr", s->addr),
	    LF_STR("dir", s->outbound ? "out" : "in"), LF_MS("up", lived),
	    LF_STR("cause", down_reason_text(reason)));
}

/* Both links of a crossed dial still stand: the smaller id's own stays. */
static void
twin_end(struct gossip *g, struct session *s)
{
	bool mine = nodeid_cmp(&g->id, &s->id) < 0;
	struct session *loser = s->outbound == mine ? s->twin : s;

	peers_close(g, loser, DOWN_DUPLICATE);
}

void
peers_tick(struct gossip *g)
{
	struct session *s;
	struct lru_node *n;

	if (g->now.mono < g->peers_at)
		return;
	g->peers_at = UINT64_MAX;
	for (n = lru_oldest(&g->sessions); n != NULL; n = lru_younger(n)) {
		s = (struct session *)n;
		if (s->sign_at != 0 && g->now.mono >= s->sign_at)
			hello_retry(g, s);
		if (s->twin != NULL && g->now.mono >= s->twin_until)
			twin_end(g, s);
		if (s->sign_at != 0)
			peers_due(g, s->sign_at);
		if (s->twin != NULL)
			peers_due(g, s->twin_until);
		if (s->guest_until != 0 && s->state == PEER_READY) {
			if (g->now.mono >= s->guest_until)
				guest_end(g, s);
			else
				peers_due(g, s->guest_until);
		}
	}
}

void
peers_due(struct gossip *g, uint64_t mono_ms)
{
	if (mono_ms < g->peers_at)
		g->peers_at = mono_ms;
}

/* Who is not allowed any more has to go. */
void
peers_configured(struct gossip *g)
{
	struct session *s, *next;

	for (s = TAILQ_FIRST(&g->ready); s != NULL; s = next) {
		next = TAILQ_NEXT(s, ready_entry);
		if (!peers_allowed(g, &s->id)) {
			peers_close(g, s, DOWN_NOT_ALLOWED);
			next = TAILQ_FIRST(&g->ready);
		}
	}
}

static void
session_free(struct lru_node *n)
{
	struct session *s = (struct session *)n;

	held_free(s);
	if (s->link != NULL)
		link_free(s->link);
	free(s);
}

void
peers_free(struct gossip *g)
{
	lru_free(&g->sessions, session_free);
}

static void
held_free(struct session *s)
{
	struct held_frame *h;

	while ((h = STAILQ_FIRST(&s->held)) != NULL) {
		STAILQ_REMOVE_HEAD(&s->held, entry);
		free(h);
	}
}

static void
held_run(struct gossip *g, struct session *s)
{
	struct held_frame *h;

	while (s->state == PEER_READY &&
	    (h = STAILQ_FIRST(&s->held)) != NULL) {
		STAILQ_REMOVE_HEAD(&s->held, entry);
		envelope_in(g, s, h->data, h->len);
		free(h);
	}
}

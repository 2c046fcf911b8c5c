/* SPDX-License-Identifier: MIT */
/*
 * Links of our kind.  A ready session is one when its hello had the tag *and*
 * its SETUP came: anybody may type such a tag.  Until then nothing is sent,
 * as WINDOW will tell what is lacking; without SETUP in SETUP_MS it gets what
 * v1 nodes get, and may still become one later.
 */
#include <stdlib.h>
#include <string.h>

#include "bcast.h"
#include "beat.h"
#include "common/cursor.h"
#include "common/log.h"
#include "common/ratelimit.h"
#include "control.h"
#include "core.h"
#include "drop.h"
#include "gtime.h"
#include "heap.h"
#include "link.h"
#include "maplink.h"
#include "pacer.h"
#include "parked.h"
#include "proto/envelope.h"
#include "proto/m2.h"
#include "record.h"
#include "relay.h"
#include "repair.h"
#include "serve.h"
#include "session.h"
#include "suspect.h"
#include "tree.h"
#include "window.h"

static void	setup_in(struct gossip *, struct link *,
		    const struct m2_setup *);
static void	names_in(struct gossip *, struct link *, struct slice,
		    void (*)(struct gossip *, struct link *, uint64_t));
static void	own_rate(struct gossip *);
static void	ctrl_in(struct gossip *, struct link *,
		    const struct m2_ctrl *);

struct link *
link_of(const struct gossip *g, uint8_t slot)
{
	return slot < SLOTS_MAX ? g->bcast.slot[slot] : NULL;
}

uint64_t
link_twins(const struct gossip *g, const struct session *s)
{
	uint64_t bits = s->link != NULL ? s->link->bit : 0;

	(void)g;
	if (s->twin != NULL && s->twin->link != NULL)
		bits |= s->twin->link->bit;
	return bits;
}

void
link_up(struct gossip *g, struct session *s)
{
	struct bcast *b = &g->bcast;
	struct link *l = xcalloc(1, sizeof(*l));
	uint8_t i;

	for (i = 0; i < SLOTS_MAX && b->slot[i] != NULL; i++)
		;
	l->slot = NO_SLOT;
	if (i < SLOTS_MAX) {
		l->slot = i;
		l->bit = UINT64_C(1) << i;
		b->slot[i] = l;
	}
	l->s = s;
	s->link = l;
	l->kind = LINK_V1;
	l->since = l->fresh_at = g->now.mono;
	l->flush_at = l->resync_at = NEVER;
	l->goodput = GOODPUT_FIRST;
	STAILQ_INIT(&l->mapq);
	bucket_init(&l->roots, ROOT_BURST, g->now.mono);
	wbuf_init(&l->graft, LINK_LIST_MAX);
	wbuf_init(&l->graft_link, LINK_LIST_MAX);
	wbuf_init(&l->prune, LINK_LIST_MAX);
	wbuf_init(&l->nohave, LINK_LIST_MAX);
	bucket_init(&l->serve, SERVE_BURST, g->now.mono);
	if ((s->caps & M2_CAP_TREES) == 0) {
		maplink_alone(g);
		return;
	}
	l->kind = LINK_WAIT;
	l->say_setup = true;
	b->nwait++;
	if (b->beat_at == NEVER)
		b->beat_at = g->now.mono + BEAT_MS;
	control_flush(g, l);
}

void
link_down(struct gossip *g, struct session *s)
{
	struct bcast *b = &g->bcast;
	struct link *l = s->link;

	if (l == NULL)
		return;
	s->link = NULL;
	b->nwait -= l->kind == LINK_WAIT;
	if (l->kind == LINK_M2 && --b->nm2 == 0)
		own_rate(g);
	b->live &= ~l->bit;
	if (l->slot != NO_SLOT)
		b->slot[l->slot] = NULL;
	maplink_down(g, l);
	repair_link_down(g, l);
	tree_link_down(g, l);
	link_free(l);
}

void
link_free(struct link *l)
{
	window_end(l);
	wbuf_free(&l->graft);
	wbuf_free(&l->graft_link);
	wbuf_free(&l->prune);
	wbuf_free(&l->nohave);
	free(l->queue);
	free(l);
}

/*
 * Where all neighbours are v1 nodes, what we say has to wait for them;
 * otherwise only relay.c holds back what goes to them.
 */
static void
own_rate(struct gossip *g)
{
	uint32_t rate = g->conf->network_author_rate;

	if (g->bcast.nm2 == 0)
		pacer_rate(&g->pacer, PACER_RATE, PACER_BURST);
	else if (rate > 0 && rate < OWN_RATE)
		pacer_rate(&g->pacer, rate, 2 * rate);
	else
		pacer_rate(&g->pacer, OWN_RATE, OWN_BURST);
}

uint32_t
link_rtt(const struct link *l)
{
	if (l->rtt_ms > 0)
		return l->rtt_ms / 8;
	return l->s->rtt_us > 0 ? l->s->rtt_us / 1000 : RTT_FIRST_MS;
}

/* What is past is forgiven, a point a minute, in both directions. */
int
link_score(const struct gossip *g, const struct link *l)
{
	uint64_t n = (g->now.mono - l->score_at) / SCORE_DECAY_MS;

	if (n > 4)
		return 0;
	if (l->score < 0)
		return l->score + (int)n < 0 ? l->score + (int)n : 0;
	return l->score - (int)n > 0 ? l->score - (int)n : 0;
}

void
link_judge(struct gossip *g, struct link *l, int points)
{
	int score = link_score(g, l) + points;

	l->score = score < SCORE_MIN ? SCORE_MIN :
	    score > SCORE_MAX ? SCORE_MAX : score;
	l->score_at = g->now.mono;
}

/*
 * Noise says who sent it, so it has neither ids nor a signature: with any of
 * them it is what a v1 relay passed on for a stranger.
 */
void
link_frame(struct gossip *g, struct session *s, const struct envelope *e)
{
	struct link *l = s->link;
	struct m2_ctrl c;

	if (l == NULL || !m2_frame_bare(e) ||
	    (s->caps & M2_CAP_TREES) == 0 ||
	    (l->kind != LINK_M2 && e->msg_type != MSG_LINK_CTRL)) {
		drop_count(g, s, DROP_LINK);
		return;
	}
	if (e->msg_type != MSG_LINK_CTRL) {
		if (e->payload.n > M2_LINK_MAX)
			drop_count(g, s, DROP_LINK);
		else if (e->msg_type == MSG_PEER_RECORDS)
			record_in(g, l, e->payload);
		else if (e->msg_type == MSG_RECONCILE)
			maplink_frame_in(g, l, e->payload.p, e->payload.n);
		return;
	}
	if (!m2_ctrl_read(&c, e->payload.p, e->payload.n) ||
	    c.has_setup == (l->kind == LINK_M2)) {
		drop_count(g, s, DROP_LINK);
		return;
	}
	ctrl_in(g, l, &c);
}

static void
ihave_in(struct gossip *g, struct link *l, uint64_t sid)
{
	repair_ihave(g, l, sid, 0, false);
}

static void
ihave_new_in(struct gossip *g, struct link *l, uint64_t sid)
{
	repair_ihave(g, l, sid, 0, true);
}

static void
ihave_big_in(struct gossip *g, struct link *l, struct slice big, bool is_new)
{
	size_t i;

	for (i = 0; i < big.n; i += M2_BIG)
		repair_ihave(g, l, m2_load64(big.p + i),
		    m2_load32(big.p + i + M2_SID), is_new);
}

/* In field order; the session may end in between. */
static void
ctrl_in(struct gossip *g, struct link *l, const struct m2_ctrl *c)
{
	struct session *s = l->s;

	if (c->has_setup)
		setup_in(g, l, &c->setup);
	if (l->kind != LINK_M2)
		return;
	names_in(g, l, c->ihave, ihave_in);
	ihave_big_in(g, l, c->ihave_big, false);
	names_in(g, l, c->graft, serve_graft);
	if (s->state != PEER_READY)
		return;
	names_in(g, l, c->graft_link, tree_graft_link_in);
	names_in(g, l, c->prune, tree_prune_in);
	names_in(g, l, c->nohave, repair_nohave);
	/* Each has us go through all the log, and one is what a link needs. */
	if (c->window.n > 0 && !l->windowed) {
		l->windowed = true;
		window_in(g, l, c->window);
	}
	if (c->gap > 0) {
		g->bcast.count.gap_in += c->gap;
		gossip_log(g, EV_MESSAGES_LOST, id_limit(&s->id, 1),
		    LF_ID("id", &s->id), LF_NUM("count", c->gap));
	}
	if (c->has_ping)
		beat_ping_in(g, l, &c->ping);
	if (c->has_root)
		maplink_root_in(g, l, &c->root);
	names_in(g, l, c->ihave_new, ihave_new_in);
	if (s->state == PEER_READY)
		ihave_big_in(g, l, c->ihave_big_new, true);
}

static void
names_in(struct gossip *g, struct link *l, struct slice names,
    void (*each)(struct gossip *, struct link *, uint64_t))
{
	struct session *s = l->s;
	size_t i;

	for (i = 0; i < names.n && s->state == PEER_READY; i += M2_SID)
		each(g, l, m2_load64(names.p + i));
}

static void
setup_in(struct gossip *g, struct link *l, const struct m2_setup *setup)
{
	struct bcast *b = &g->bcast;

	if (setup->version == 0 || (setup->caps & M2_CAP_TREES) == 0)
		return;
	if (l->kind == LINK_WAIT)
		b->nwait--;
	l->kind = LINK_M2;
	l->setup = *setup;
	if (b->nm2++ == 0)
		own_rate(g);
	b->live |= l->bit;
	l->say_window = true;
	l->fresh_at = l->forgiven_at = g->now.mono;
	record_link_up(g, l);
	suspect_link_up(g, l);
	maplink_up(g, l);
	beat_ping(g, l);
	if (b->beat_at == NEVER)
		b->beat_at = g->now.mono + BEAT_MS;
}

void
bcast_tick(struct gossip *g)
{
	beat_tick(g);
	repair_tick(g);
	parked_tick(g);
	relay_tick(g);
	tree_trim(g, NULL);
	maplink_tick(g);
	control_tick(g);
}

uint64_t
bcast_next(const struct gossip *g)
{
	const struct bcast *b = &g->bcast;
	const struct heap_node *due = heap_first(&b->due);
	uint64_t t = b->flush_at;

	if (b->beat_at < t)
		t = b->beat_at;
	if (b->v1_at < t)
		t = b->v1_at;
	if (g->map.delta_at < t)
		t = g->map.delta_at;
	if (b->parked_at < t)
		t = b->parked_at;
	if (due != NULL && due->at < t)
		t = due->at;
	return t;
}

/* SPDX-License-Identifier: MIT */
/*
 * The map between nodes, as far as gossipd is concerned: it carries roots,
 * frames of reconciliation and deltas between stated and the links, and never
 * looks into them.
 *
 * Frames wait here behind what people say, little of them lies in transportd,
 * and stated is told of each that went: so it never has more than a window of
 * them under way.  In the other direction a link whose frames stated has not
 * dealt with is read no further.
 */
#include <stdlib.h>
#include <string.h>

#include "bcast.h"
#include "budget.h"
#include "common/cursor.h"
#include "common/imsg_types.h"
#include "common/log.h"
#include "common/ratelimit.h"
#include "control.h"
#include "core.h"
#include "drop.h"
#include "envelope_out.h"
#include "gossip.h"
#include "gtime.h"
#include "jobs.h"
#include "link.h"
#include "maplink.h"
#include "peers.h"
#include "proto/m2.h"
#include "session.h"
#include "tree.h"

static void	delta_sign(struct gossip *);

void
maplink_init(struct gossip *g)
{
	memset(&g->map, 0, sizeof(g->map));
	g->map.delta_at = NEVER;
	wbuf_init(&g->map.delta, MAP_DELTA_MAX);
	bucket_init(&g->map.deltas, MAP_DELTA_BURST, g->now.mono);
}

void
maplink_free(struct gossip *g)
{
	wbuf_free(&g->map.delta);
}

void
gossip_map_start(struct gossip *g, const struct gossip_map_ops *ops)
{
	g->map.ops = ops;
}

uint64_t
maplink_caps(const struct gossip *g)
{
	return M2_CAPS | (g->map.ops != NULL ? M2_CAP_STATE : 0);
}

/* Until stated said what the map is, no SETUP can. */
bool
maplink_ready(const struct gossip *g)
{
	return g->map.ops == NULL || g->map.known;
}

void
gossip_map_profile(struct gossip *g, struct gtime now,
    const uint8_t mesh[16], const uint8_t profile[16])
{
	bool known = g->map.known;
	struct session *s, *next;

	g->now = now;
	if (known && memcmp(g->map.mesh, mesh, 16) == 0 &&
	    memcmp(g->map.profile, profile, 16) == 0)
		return;
	memcpy(g->map.mesh, mesh, 16);
	memcpy(g->map.profile, profile, 16);
	g->map.known = true;
	for (s = TAILQ_FIRST(&g->ready); s != NULL; s = next) {
		next = TAILQ_NEXT(s, ready_entry);
		if (s->link == NULL)
			continue;
		if (s->link->say_setup) {
			control_flush(g, s->link);
			continue;
		}
		if (s->link->kind == LINK_V1)
			continue;
		/* What a SETUP said holds as long as its link. */
		peers_close(g, s, DOWN_REPLACED);
		if (next != NULL && next->state != PEER_READY)
			next = NULL;
	}
}

/* The link is of our kind now. */
void
maplink_up(struct gossip *g, struct link *l)
{
	if (g->map.ops == NULL)
		return;
	if ((l->setup.caps & M2_CAP_STATE) != 0) {
		l->map_up = true;
		g->map.nlinks++;
		g->map.ops->up(g->arg, l->s->sid, &l->s->id, &l->setup);
	}
	maplink_alone(g);
}

void
maplink_down(struct gossip *g, struct link *l)
{
	struct mapframe *f;

	while ((f = STAILQ_FIRST(&l->mapq)) != NULL) {
		STAILQ_REMOVE_HEAD(&l->mapq, entry);
		free(f);
	}
	if (l->map_up) {
		l->map_up = false;
		g->map.nlinks--;
		g->map.ops->down(g->arg, l->s->sid);
	}
	maplink_alone(g);
}

/* Only v1 nodes are linked: nobody repairs what a delta misses. */
void
maplink_alone(struct gossip *g)
{
	bool alone = g->map.ops != NULL && g->npeers > 0 && g->map.nlinks == 0 &&
	    g->bcast.nwait == 0;

	if (alone == g->map.alone)
		return;
	g->map.alone = alone;
	g->map.ops->alone(g->arg, alone);
}

void
gossip_map_root(struct gossip *g, struct gtime now, uint32_t sid,
    const struct m2_root *r)
{
	struct session *s = peers_session(g, sid);

	g->now = now;
	if (s == NULL || s->link == NULL || !s->link->map_up)
		return;
	s->link->root = *r;
	s->link->say_root = true;
	control_due(g, s->link, BATCH_MS);
}

bool
maplink_root_out(struct link *l, struct m2_root *r)
{
	if (!l->say_root)
		return false;
	l->say_root = false;
	*r = l->root;
	return true;
}

void
maplink_root_in(struct gossip *g, struct link *l, const struct m2_root *r)
{
	if (l->map_up && bucket_take(&l->roots, ROOT_RATE, ROOT_BURST, 1,
	    g->now.mono))
		g->map.ops->root(g->arg, l->s->sid, r);
}

void
maplink_frame_in(struct gossip *g, struct link *l, const void *p, size_t n)
{
	if (!l->map_up) {
		drop_count(g, l->s, DROP_LINK);
		return;
	}
	l->map_in += n;
	g->map.ops->frame(g->arg, l->s->sid, p, n);
}

/* May the connection be read on? */
bool
maplink_handled(struct link *l, size_t len)
{
	if (l == NULL || l->map_in <= MAP_IN_MAX)
		return true;
	l->late_frames++;
	l->late_bytes += (uint32_t)len;
	return false;
}

void
gossip_map_taken(struct gossip *g, uint32_t sid, uint32_t bytes)
{
	struct session *s = peers_session(g, sid);
	struct link *l = s != NULL ? s->link : NULL;

	if (l == NULL || s->state != PEER_READY)
		return;
	l->map_in -= bytes < l->map_in ? bytes : l->map_in;
	if (l->map_in > MAP_IN_MAX || l->late_frames == 0)
		return;
	g->ops->credit(g->arg, sid, l->late_frames, l->late_bytes);
	l->late_frames = l->late_bytes = 0;
}

/* After the payloads of people: see payload_pump(). */
void
maplink_pump(struct gossip *g, struct link *l)
{
	struct mapframe *f;

	while ((f = STAILQ_FIRST(&l->mapq)) != NULL) {
		if (!payload_room(l, f->len))
			return;
		if (l->flush_at <= g->now.mono)
			control_flush(g, l);
		if (!peers_send(g, l->s, f->data, f->len))
			return;
		STAILQ_REMOVE_HEAD(&l->mapq, entry);
		g->map.ops->sent(g->arg, l->s->sid, f->cost);
		free(f);
	}
}

void
gossip_map_send(struct gossip *g, struct gtime now, uint32_t sid,
    const void *p, size_t n)
{
	struct session *s = peers_session(g, sid);
	struct link *l = s != NULL ? s->link : NULL;
	struct bcast *b = &g->bcast;
	struct mapframe *f;

	g->now = now;
	if (l == NULL || !l->map_up || n > M2_LINK_MAX)
		return;
	wbuf_reset(&b->frame);
	m2_frame_write(&b->frame, MSG_RECONCILE, p, n);
	f = xcalloc(1, sizeof(*f) + b->frame.len);
	f->cost = (uint32_t)n;
	f->len = b->frame.len;
	memcpy(f->data, b->frame.p, f->len);
	STAILQ_INSERT_TAIL(&l->mapq, f, entry);
	payload_pump(g, l);
}

/*
 * Deltas: one waits here for its turn, the next is not made before it went.
 */

void
gossip_map_delta(struct gossip *g, struct gtime now, const void *p, size_t n)
{
	g->now = now;
	if (n > MAP_DELTA_MAX || g->map.delta_state != DELTA_NONE)
		return;
	wbuf_reset(&g->map.delta);
	wbuf_bytes(&g->map.delta, p, n);
	g->map.delta_state = DELTA_WAITS;
	maplink_tick(g);
}

void
maplink_tick(struct gossip *g)
{
	if (g->map.delta_state != DELTA_WAITS)
		return;
	if (g->npeers == 0) {
		/* Whoever comes later compares roots. */
		g->map.delta_state = DELTA_NONE;
		g->map.delta_at = NEVER;
		g->map.ops->delta_sent(g->arg);
		return;
	}
	g->map.delta_at = g->now.mono + bucket_wait(&g->map.deltas,
	    MAP_DELTA_RATE, MAP_DELTA_BURST, 1, g->now.mono);
	if (g->map.delta_at <= g->now.mono)
		delta_sign(g);
}

static void
delta_sign(struct gossip *g)
{
	g->map.delta_at = NEVER;
	if (!bucket_take(&g->map.deltas, MAP_DELTA_RATE, MAP_DELTA_BURST, 1,
	    g->now.mono))
		return;
	if (envelope_sign(g, SIGN_DELTA, 0, false, MSG_STATE_DELTA,
	    g->map.delta.p, g->map.delta.len)) {
		g->map.delta_state = DELTA_SIGNING;
		return;
	}
	g->map.delta_at = g->now.mono + SIGN_RETRY_MS;
}

void
maplink_signed(struct gossip *g, enum key_status status, const void *frame,
    size_t len)
{
	if (g->map.delta_state != DELTA_SIGNING)
		return;
	if (status == KEY_SLOWED) {
		g->map.delta_state = DELTA_WAITS;
		g->map.delta_at = g->now.mono + SIGN_RETRY_MS;
		return;
	}
	g->map.delta_state = DELTA_NONE;
	if (status == KEY_OK) {
		g->map.deltas_out++;
		(void)tree_broadcast(g, frame, len);
	}
	g->map.ops->delta_sent(g->arg);
}

void
maplink_delta_in(struct gossip *g, const struct job *job)
{
	if (g->map.ops == NULL || job->env.payload.n > MAP_DELTA_MAX)
		return;
	g->map.deltas_in++;
	g->map.ops->delta(g->arg, job->pubkey, job->env.payload.p,
	    job->env.payload.n);
}

void
gossip_map_charge(struct gossip *g, struct gtime now, uint32_t sid)
{
	struct session *s = peers_session(g, sid);

	g->now = now;
	if (s != NULL && s->state == PEER_READY)
		drop_count(g, s, DROP_LINK);
}

/* The guest had what we lacked: it is worth a place. */
void
gossip_map_gained(struct gossip *g, uint32_t sid)
{
	struct session *s = peers_session(g, sid);

	if (s != NULL && s->guest)
		s->missed = true;
}

/* For people: does the map of this node and of that one become the same? */
const char *
maplink_text(const struct gossip *g, const struct link *l)
{
	if (l->kind != LINK_M2 || (l->setup.caps & M2_CAP_STATE) == 0)
		return "none";
	if (g->map.ops == NULL || !g->map.known)
		return "unknown";
	if (memcmp(l->setup.mesh_id, g->map.mesh, 16) != 0)
		return "other-mesh";
	if (memcmp(l->setup.profile, g->map.profile, 16) != 0)
		return "other-profile";
	return "shared";
}

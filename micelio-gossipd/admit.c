/* SPDX-License-Identifier: MIT */
/*
 * Who is taken as a peer, and how many links we ask for ourselves.
 *
 * Of max_peers about half are for our own dials, so that nobody can fill a
 * node from outside (wire-v1 8, W22): inbound links leave free what we could
 * still dial.  While all nodes known fit into max_peers, everybody links with
 * everybody and none of this matters.
 *
 * Beside max_peers there is room for guests: probes of ours, and nodes of our
 * kind that come when we are full.  They stay for a moment; when there are
 * more, one is told whom we know and sent on.
 */
#include <stdlib.h>
#include <string.h>

#include "admit.h"
#include "common/conf.h"
#include "common/imsg_types.h"
#include "common/log.h"
#include "common/nodeid.h"
#include "core.h"
#include "discovery.h"
#include "lru.h"
#include "orders.h"
#include "peers.h"
#include "session.h"

struct offender {
	struct lru_node	 node;
	struct nodeid	 id;
	uint64_t	 until;
	uint64_t	 struck;	/* mono ms; 0: never */
	enum down_reason why;
};

static enum down_reason admit_second(struct gossip *, struct session *,
		    const struct session *);
static enum down_reason admit_place(struct gossip *, struct session *);
static void	links(const struct gossip *, size_t *out, size_t *in);
static size_t	reserved(const struct gossip *, size_t known);
static size_t	slots_out(const struct gossip *, size_t known);

void
offenders_init(struct gossip *g, uint64_t seed)
{
	lru_init(&g->offenders, OFFENDERS_MAX, offsetof(struct offender, id),
	    NODEID_LEN, seed);
}

void
offenders_free(struct gossip *g)
{
	lru_free(&g->offenders, NULL);
}

enum down_reason
peers_admit(struct gossip *g, struct session *s)
{
	const struct session *old;
	enum down_reason why;

	if (nodeid_equal(&s->id, &g->id))
		return DOWN_SELF;
	if (s->expects && !nodeid_equal(&s->id, &s->expect))
		return DOWN_WRONG_PEER;
	if (!peers_allowed(g, &s->id))
		return DOWN_NOT_ALLOWED;
	if (s->outbound && orders_has(g, s->dial))
		offender_pardon(g, &s->id);
	if ((why = offender_reason(g, &s->id, NULL)) != DOWN_NONE)
		return why;
	if ((old = peers_by_id(g, &s->id)) != NULL)
		return admit_second(g, s, old);
	return admit_place(g, s);
}

static enum down_reason
admit_second(struct gossip *g, struct session *s, const struct session *old)
{
	if (admit_replaces(g, s, old))
		return DOWN_NONE;
	if (old->outbound != s->outbound && old->twin == NULL &&
	    g->now.mono - old->ready_at < CROSSED_MS)
		return DOWN_NONE;
	return DOWN_DUPLICATE;
}

/*
 * The old one is dead when it fell silent.  A node of our kind does not dial
 * who it is connected to, so when it comes again long after dials could have
 * crossed, it has lost the old one (8, W24).
 */
bool
admit_replaces(const struct gossip *g, const struct session *s,
    const struct session *old)
{
	if (g->now.mono - old->rx_at > SILENT_MS)
		return true;
	return !s->outbound && s->capable &&
	    g->now.mono - old->ready_at >= CROSSED_MS;
}

static enum down_reason
admit_place(struct gossip *g, struct session *s)
{
	size_t max = g->conf->network_max_peers, out, in, known;
	bool room = !peers_full(g);

	s->guest = s->brief = false;
	links(g, &out, &in);
	if (s->outbound) {
		known = s->probe ? discovery_known(g) : 0;
		if (s->probe && (!room || out >= slots_out(g, known))) {
			s->guest = true;
			return DOWN_NONE;
		}
		return room ? DOWN_NONE : DOWN_FULL;
	}
	if (room && max > 0 && in >= max - slots_own(max)) {
		known = discovery_known(g);
		if (g->npeers + known > max)
			room = reserved(g, known) <
			    max - (g->npeers - g->nguests);
	}
	if (room)
		return DOWN_NONE;
	if (!s->capable || g->nguests >= BRIEF_MAX)
		return DOWN_FULL;
	s->guest = true;
	s->brief = g->nguests >= GUESTS_MAX;
	return DOWN_NONE;
}

/* Nodes connected, by who dialled; without guests. */
static void
links(const struct gossip *g, size_t *out, size_t *in)
{
	const struct session *s;

	*out = *in = 0;
	TAILQ_FOREACH(s, &g->ready, ready_entry) {
		if (!s->primary || s->guest)
			continue;
		if (s->outbound)
			(*out)++;
		else
			(*in)++;
	}
}

/* 7 of 15 (inbound and outbound links of all nodes must match). */
size_t
slots_own(size_t max)
{
	return (max * 7 + 14) / 15;
}

/* Links of our own dialling: all of them while everybody fits. */
static size_t
slots_out(const struct gossip *g, size_t known)
{
	size_t max = g->conf->network_max_peers;

	if (max == 0)
		return PEERS_MAX;
	if (g->npeers + known <= max)
		return max;
	return slots_own(max);
}

size_t
slots_to_dial(const struct gossip *g, size_t known)
{
	size_t max = g->conf->network_max_peers, out, in, limit, room, want;

	if (max == 0 || max > PEERS_MAX)
		max = PEERS_MAX;
	links(g, &out, &in);
	limit = slots_out(g, known);
	/* Too few come to us: two thirds of the places by all means. */
	if (limit + in < max * 2 / 3 && g->conf->network_max_peers > 0)
		limit = max * 2 / 3 - in;
	room = out + in < max ? max - out - in : 0;
	want = out < limit ? limit - out : 0;
	return want < room ? want : room;
}

/* Places that inbound links leave to our own dials. */
static size_t
reserved(const struct gossip *g, size_t known)
{
	size_t want = slots_to_dial(g, known);

	return want < known ? want : known;
}

bool
peers_full(const struct gossip *g)
{
	uint32_t max = g->conf->network_max_peers;

	return g->npeers >= PEERS_MAX ||
	    (max > 0 && g->npeers - g->nguests >= max);
}

bool
peers_allowed(const struct gossip *g, const struct nodeid *id)
{
	const struct strlist *l = &g->conf->network_allow;
	char hex[NODEID_HEX + 1];
	size_t i;

	if (l->n == 0)
		return true;
	nodeid_hex(id, hex);
	for (i = 0; i < l->n; i++)
		if (strcmp(l->v[i], hex) == 0)
			return true;
	return false;
}

enum down_reason
offender_reason(const struct gossip *g, const struct nodeid *id,
    uint64_t *until)
{
	const struct offender *o =
	    (const struct offender *)lru_get(&g->offenders, id);

	if (o == NULL || g->now.mono >= o->until)
		return DOWN_NONE;
	if (until != NULL)
		*until = o->until;
	return o->why;
}

void
offender_pardon(struct gossip *g, const struct nodeid *id)
{
	struct offender *o = (struct offender *)lru_get(&g->offenders, id);

	if (o == NULL)
		return;
	lru_remove(&g->offenders, &o->node);
	free(o);
}

void
offender_add(struct gossip *g, const struct nodeid *id, enum down_reason why,
    uint64_t ms)
{
	struct offender *o = (struct offender *)lru_get(&g->offenders, id);

	if (o == NULL) {
		if (lru_full(&g->offenders)) {
			o = (struct offender *)lru_oldest(&g->offenders);
			lru_remove(&g->offenders, &o->node);
		} else
			o = xcalloc(1, sizeof(*o));
		o->id = *id;
		o->struck = 0;
		lru_put(&g->offenders, &o->node);
	}
	o->until = g->now.mono + ms;
	o->why = why;
}

void
offender_strike(struct gossip *g, const struct nodeid *id)
{
	struct offender *o = (struct offender *)lru_get(&g->offenders, id);
	uint64_t now = g->now.mono;

	if (o != NULL && now < o->until)
		return;
	if (o != NULL && o->struck != 0 && now - o->struck < OFFENDER_MS) {
		offender_add(g, id, DOWN_ABUSE, OFFENDER_MS);
		return;
	}
	offender_add(g, id, DOWN_ABUSE, 0);
	o = (struct offender *)lru_get(&g->offenders, id);
	o->struck = now;
}

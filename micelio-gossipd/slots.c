/* SPDX-License-Identifier: MIT */
/*
 * Of the links of our own dialling four in seven are to be short ways, the
 * others stay as chance made them: near links make what is said arrive early,
 * far ones hold the mesh together.
 *
 * How long the way to a node is, is known of those that were linked, probes
 * among them.  A place that becomes free goes to the nearest of them while
 * near ones are missing.  When all places are taken, a probe that turns out to
 * be at most half as far as the farthest near link takes its place: one in
 * SWAP_MS at most, after it was a guest for so long that the other side must
 * have had a place for it, and only for a link that stood for SWAP_MS.  Each
 * such step halves a round trip, so they end.  Links of network.bootstrap and
 * those people asked for are never given up.
 */
#include "admit.h"
#include "bootstrap.h"
#include "common/imsg_types.h"
#include "common/log.h"
#include "core.h"
#include "discovery.h"
#include "peers.h"
#include "reach.h"
#include "session.h"
#include "slots.h"

static bool	own(const struct gossip *, const struct session *);
static void	relabel(struct gossip *, size_t own_max);
static struct session *farthest(const struct gossip *);

/* 4 of 7. */
static size_t
near_max(size_t own_max)
{
	return (own_max * 4 + 3) / 7;
}

/* A link we chose and may give up again. */
static bool
own(const struct gossip *g, const struct session *s)
{
	return s->outbound && s->primary && s->twin == NULL && !s->guest &&
	    !s->ordered && !bootstrap_dialled(g, s->dial);
}

static void
count(const struct gossip *g, size_t *near, size_t *chance)
{
	const struct session *s;
	const struct quest *q;

	*near = *chance = 0;
	TAILQ_FOREACH(s, &g->ready, ready_entry) {
		if (!own(g, s))
			continue;
		if (s->near)
			(*near)++;
		else
			(*chance)++;
	}
	TAILQ_FOREACH(q, &g->quests, entry)
		*near += q->near;
}

bool
slots_want_near(const struct gossip *g, size_t known)
{
	size_t max = g->conf->network_max_peers, near, chance;

	/* While everybody fits nobody is chosen. */
	if (max == 0 || g->npeers - g->nguests + known <= max)
		return false;
	count(g, &near, &chance);
	return near < near_max(slots_own(max));
}

/* Links made by chance that are near already count as such. */
static void
relabel(struct gossip *g, size_t own_max)
{
	size_t near, chance, want = near_max(own_max);
	struct session *s, *best;

	for (count(g, &near, &chance); near < want &&
	    chance > own_max - want; near++, chance--) {
		best = NULL;
		TAILQ_FOREACH(s, &g->ready, ready_entry)
			if (own(g, s) && !s->near && s->rtt_us > 0 &&
			    (best == NULL || s->rtt_us < best->rtt_us))
				best = s;
		if (best == NULL)
			return;
		best->near = true;
	}
}

static struct session *
farthest(const struct gossip *g)
{
	struct session *s, *far = NULL;

	TAILQ_FOREACH(s, &g->ready, ready_entry)
		if (own(g, s) && s->near && s->rtt_us > 0 &&
		    g->now.mono - s->ready_at >= SWAP_MS &&
		    (far == NULL || s->rtt_us > far->rtt_us))
			far = s;
	return far;
}

/* Would it be the only link of ours into its network? */
static bool
alone(const struct gossip *g, const struct session *s,
    const struct session *but)
{
	uint64_t net = reach_network(s->addr);
	const struct session *o;

	TAILQ_FOREACH(o, &g->ready, ready_entry)
		if (net != 0 && o != s && o != but && !o->guest &&
		    o->outbound && reach_network(o->addr) == net)
			return false;
	return true;
}

/* Who goes for a guest that is kept: of the same side's dialling. */
static struct session *
worst(const struct gossip *g, const struct session *guest)
{
	struct session *s, *bad = NULL;

	TAILQ_FOREACH(s, &g->ready, ready_entry) {
		if (s->guest || s->kept || s->near || s->ordered ||
		    !s->primary || s->twin != NULL ||
		    s->outbound != guest->outbound ||
		    bootstrap_dialled(g, s->dial) ||
		    g->now.mono - s->ready_at < GUEST_MS)
			continue;
		if (bad == NULL || s->rtt_us > bad->rtt_us)
			bad = s;
	}
	return bad;
}

/*
 * Halves of a mesh that find each other again must not lose each other with
 * the guest that was between them.  Anybody can have what we lack, by making
 * it; so no more than a few places are had in this way.
 */
void
slots_keep(struct gossip *g)
{
	struct session *s, *guest = NULL, *bad;
	size_t kept = 0;

	TAILQ_FOREACH(s, &g->ready, ready_entry) {
		kept += s->kept;
		if (s->guest && !s->brief && s->missed)
			guest = s;
	}
	if (guest == NULL || kept >= GUESTS_KEPT_MAX)
		return;
	bad = peers_full(g) ? worst(g, guest) : NULL;
	if (bad == NULL && peers_full(g))
		return;
	guest->kept = true;
	g->count.kept++;
	peers_settle(g, guest);
	gossip_log(g, EV_GUEST_KEPT, id_limit(&guest->id, 1),
	    LF_ID("id", &guest->id), LF_STR("addr", guest->addr));
	if (bad != NULL)
		peers_close(g, bad, DOWN_FULL);
}

bool
slots_swap(struct gossip *g, struct session *guest)
{
	size_t max = g->conf->network_max_peers;
	struct session *far;

	if (max == 0 || guest->rtt_us == 0 || g->now.mono < g->swap_at ||
	    g->now.mono - guest->ready_at <= GUEST_MS || !peers_full(g))
		return false;
	relabel(g, slots_own(max));
	if ((far = farthest(g)) == NULL || guest->rtt_us > far->rtt_us / 2 ||
	    far->rtt_us - guest->rtt_us < SWAP_GAIN_US ||
	    !alone(g, guest, far))
		return false;
	g->swap_at = g->now.mono + SWAP_MS + gossip_random(g, SWAP_MS / 2);
	g->count.swaps++;
	guest->near = true;
	peers_settle(g, guest);
	peers_close(g, far, DOWN_NEARER);
	return true;
}

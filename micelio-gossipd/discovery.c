/* SPDX-License-Identifier: MIT */
/*
 * Finding peers among the nodes we know (wire-v1 5.4): who is dialled, when,
 * and at which of its addresses.
 *
 * A look is taken soon after anything changed that matters: somebody new was
 * heard of, a link was lost, a dial failed.  It fills the free slots with
 * quests; each waits its jitter, dials, and ends with the link or without.
 * Nodes and addresses that failed are left alone for growing times, so that
 * nobody can make us knock at one door under many names.
 *
 * Beside this one known node without a link to us, whatever its past, is
 * probed every 15 to 30 s: so halves of a mesh find each other again.
 */
#include <stdlib.h>
#include <string.h>

#include "admit.h"
#include "backoff.h"
#include "bad_addr.h"
#include "book.h"
#include "bootstrap.h"
#include "common/imsg_types.h"
#include "common/log.h"
#include "common/nodeid.h"
#include "common/text.h"
#include "core.h"
#include "discovery.h"
#include "gossip.h"
#include "lru.h"
#include "peers.h"
#include "reach.h"
#include "session.h"
#include "slots.h"

#define LOOK_PAUSE_MS	50u	/* between two looks */

static void	look(struct gossip *);
static void	promote(struct gossip *);
static void	probe(struct gossip *);
static struct book_peer *choose(struct gossip *, bool any, bool near,
		    uint64_t *next);
static bool	names(const struct gossip *, const struct book_peer *,
		    const char *addr);
static bool	possible(const struct gossip *, const struct book_peer *);
static const char *address(struct gossip *, const struct book_peer *,
		    bool probe);
static void	quest_begin(struct gossip *, struct book_peer *, bool probe,
		    bool near);
static void	quest_end(struct gossip *, struct quest *);
static void	quests_run(struct gossip *);
static struct quest *quest_by_dial(const struct gossip *, uint32_t);

void
discovery_init(struct gossip *g, uint64_t seed)
{
	TAILQ_INIT(&g->quests);
	bad_addr_init(g, seed);
	g->look_at = g->probe_at = UINT64_MAX;
}

void
discovery_free(struct gossip *g)
{
	struct quest *q;

	while ((q = TAILQ_FIRST(&g->quests)) != NULL) {
		TAILQ_REMOVE(&g->quests, q, entry);
		free(q);
	}
	bad_addr_free(g);
}

void
discovery_kick(struct gossip *g)
{
	uint64_t at;

	if (g->book[0].n + g->book[1].n == 0)
		return;
	at = g->now.mono + gossip_random(g, LOOK_JITTER_MS);
	if (at < g->look_at)
		g->look_at = at;
}

void
discovery_tick(struct gossip *g)
{
	if (g->now.mono >= g->look_at)
		look(g);
	if (g->now.mono >= g->probe_at)
		probe(g);
	quests_run(g);
}

uint64_t
discovery_next(const struct gossip *g)
{
	uint64_t t = g->look_at < g->probe_at ? g->look_at : g->probe_at;
	const struct quest *q;

	TAILQ_FOREACH(q, &g->quests, entry)
		if (q->dial == 0 && q->at < t)
			t = q->at;
	return t;
}

static uint64_t
interval(const struct gossip *g)
{
	uint64_t ms = g->conf->network_discovery_interval;

	return ms > 0 ? ms : DISCOVERY_DEFAULT_MS;
}

static void
look(struct gossip *g)
{
	size_t known = discovery_known(g), want, i;
	struct book_peer *p;
	uint64_t next;
	bool near;

	g->look_at = UINT64_MAX;
	promote(g);
	want = slots_to_dial(g, known + g->nquests);
	next = UINT64_MAX;
	for (i = g->nquests; i < want && i < QUESTS_MAX; i++) {
		near = slots_want_near(g, known);
		if ((p = choose(g, false, near, &next)) == NULL)
			break;
		quest_begin(g, p, false, near && p->rtt_us > 0);
	}
	(void)choose(g, false, false, &next);
	/* The end of a quest brings us back too. */
	if (next != UINT64_MAX && g->nquests < want) {
		if (next < g->now.mono + LOOK_PAUSE_MS)
			next = g->now.mono + LOOK_PAUSE_MS;
		if (next > g->now.mono + interval(g))
			next = g->now.mono + interval(g);
		g->look_at = next;
	}
	if (next != UINT64_MAX && g->probe_at == UINT64_MAX)
		g->probe_at = g->now.mono + PROBE_MIN_MS +
		    gossip_random(g, PROBE_MIN_MS);
}

/* A guest takes the place that became free. */
static void
promote(struct gossip *g)
{
	struct session *s;

	TAILQ_FOREACH(s, &g->ready, ready_entry) {
		if (g->nguests == 0 || peers_full(g))
			return;
		if (s->guest && !s->brief)
			peers_settle(g, s);
	}
}

static void
probe(struct gossip *g)
{
	struct book_peer *p;
	uint64_t next;

	g->probe_at = UINT64_MAX;
	if (g->nquests >= QUESTS_MAX ||
	    (p = choose(g, true, false, &next)) == NULL)
		return;
	g->count.probes++;
	quest_begin(g, p, true, false);
	g->probe_at = g->now.mono + PROBE_MIN_MS +
	    gossip_random(g, PROBE_MIN_MS);
}

size_t
discovery_known(const struct gossip *g)
{
	const struct lru_node *n;
	const struct book_peer *p;
	size_t known = 0;
	int b;

	for (b = 0; b < 2; b++)
		for (n = lru_oldest(&g->book[b]); n != NULL;
		    n = lru_younger(n)) {
			p = (const struct book_peer *)n;
			known += p->fail_count < FAILS_DOUBTFUL &&
			    p->shy < FAILS_DOUBTFUL && !p->sought &&
			    possible(g, p);
		}
	return known;
}

/* Is it a name, said by the node itself? */
static bool
names(const struct gossip *g, const struct book_peer *p, const char *addr)
{
	return p->verified && addr == p->addr && reach_name(g, addr);
}

/* A node we might dial some time. */
static bool
possible(const struct gossip *g, const struct book_peer *p)
{
	size_t i;

	if (p->linked || !p->reachable || nodeid_equal(&p->id, &g->id) ||
	    !peers_allowed(g, &p->id))
		return false;
	if (reach_allowed(g, p->addr) || names(g, p, p->addr))
		return true;
	for (i = 0; i < BOOK_HEARD; i++)
		if (reach_allowed(g, p->heard[i]))
			return true;
	return false;
}

static bool
network_is_new(const struct gossip *g, const char *addr)
{
	uint64_t net = reach_network(addr);
	const struct session *s;
	const struct quest *q;

	if (net == 0)
		return true;
	TAILQ_FOREACH(s, &g->ready, ready_entry)
		if (s->outbound && reach_network(s->addr) == net)
			return false;
	TAILQ_FOREACH(q, &g->quests, entry)
		if (reach_network(q->addr) == net)
			return false;
	return true;
}

/* Is the way to it known to be the shorter one? */
static bool
closer(const struct book_peer *p, const struct book_peer *than)
{
	return p->rtt_us > 0 &&
	    (than->rtt_us == 0 || p->rtt_us < than->rtt_us);
}

/*
 * By chance among the best: those that did not fail, then those of networks
 * we have no link to, then, if asked for, the nearest.  *next: when one more will be due.
 */
static struct book_peer *
choose(struct gossip *g, bool any, bool near, uint64_t *next)
{
	struct book_peer *p, *best = NULL;
	unsigned int rank, best_rank = 0;
	struct lru_node *n;
	const char *addr;
	uint32_t equals = 0;
	bool nearer;
	int b;

	*next = UINT64_MAX;
	for (b = 0; b < 2; b++)
		for (n = lru_oldest(&g->book[b]); n != NULL;
		    n = lru_younger(n)) {
			p = (struct book_peer *)n;
			if (p->sought || !possible(g, p))
				continue;
			if (!any && p->next_at > g->now.mono) {
				if (p->next_at < *next)
					*next = p->next_at;
				continue;
			}
			if ((addr = address(g, p, any)) == NULL ||
			    offender_reason(g, &p->id, NULL) != DOWN_NONE) {
				if (g->now.mono + interval(g) < *next)
					*next = g->now.mono + interval(g);
				continue;
			}
			rank = any ? 1 : 1 + 2u * (p->fail_count + p->shy ==
			    0) + network_is_new(g, addr);
			if (rank < best_rank)
				continue;
			nearer = near && best != NULL && closer(p, best);
			if (rank > best_rank || nearer) {
				best_rank = rank;
				equals = 0;
			} else if (near && closer(best, p))
				continue;
			if (gossip_random(g, ++equals) == 0)
				best = p;
		}
	if (best != NULL)
		*next = g->now.mono;
	return best;
}

/* The first of its addresses that we may dial and that has not failed. */
static const char *
address(struct gossip *g, const struct book_peer *p, bool any)
{
	const struct bad_addr *bad;
	const char *addr;
	size_t i;

	for (i = 0; i <= BOOK_HEARD; i++) {
		addr = i == 0 ? p->addr : p->heard[i - 1];
		if (bootstrap_has(g, addr) ||
		    (!reach_allowed(g, addr) && !names(g, p, addr)))
			continue;
		bad = bad_addr_get(g, addr);
		if (bad == NULL || g->now.mono >= bad->until || any ||
		    (bad->has_owner && nodeid_equal(&bad->owner, &p->id)))
			return addr;
	}
	return NULL;
}

static void
quest_begin(struct gossip *g, struct book_peer *p, bool is_probe, bool near)
{
	struct quest *q = xcalloc(1, sizeof(*q));
	uint32_t jitter = p->fail_count + p->shy > 0 ? DIAL_JITTER_MS :
	    LOOK_JITTER_MS;
	const char *addr;

	q->id = p->id;
	q->probe = is_probe;
	q->near = near;
	q->at = g->now.mono + gossip_random(g, jitter);
	addr = address(g, p, is_probe);
	q->name = names(g, p, addr);
	text_copy(q->addr, addr, sizeof(q->addr));
	p->sought = true;
	TAILQ_INSERT_TAIL(&g->quests, q, entry);
	g->nquests++;
}

static void
quest_end(struct gossip *g, struct quest *q)
{
	struct book_peer *p = book_get(g, &q->id);

	if (p != NULL)
		p->sought = false;
	TAILQ_REMOVE(&g->quests, q, entry);
	g->nquests--;
	free(q);
}

static void
quests_run(struct gossip *g)
{
	struct quest *q, *next;
	struct book_peer *p;

	for (q = TAILQ_FIRST(&g->quests); q != NULL; q = next) {
		next = TAILQ_NEXT(q, entry);
		if (q->dial != 0 || g->now.mono < q->at)
			continue;
		/* It may have come to us, or the last slot may be taken. */
		p = book_get(g, &q->id);
		if (p == NULL || p->linked || (!q->probe && peers_full(g))) {
			quest_end(g, q);
			discovery_kick(g);
			continue;
		}
		if ((q->dial = ++g->last_dial) == 0)
			q->dial = ++g->last_dial;
		g->count.sought++;
		g->ops->dial(g->arg, q->dial, &q->id, q->addr,
		    reach_flags(g) | (q->name ? DIAL_NAME_OK : 0));
	}
}

static struct quest *
quest_by_dial(const struct gossip *g, uint32_t dial)
{
	struct quest *q;

	if (dial == 0)
		return NULL;
	TAILQ_FOREACH(q, &g->quests, entry)
		if (q->dial == dial)
			return q;
	return NULL;
}

const struct quest *
discovery_expects(const struct gossip *g, uint32_t dial)
{
	return quest_by_dial(g, dial);
}

void
discovery_up(struct gossip *g, uint32_t dial)
{
	struct quest *q = quest_by_dial(g, dial);

	if (q == NULL)
		return;
	bad_addr_forget(g, q->addr);
	quest_end(g, q);
}

void
discovery_down(struct gossip *g, uint32_t dial, enum down_reason reason,
    const struct nodeid *who)
{
	struct quest *q = quest_by_dial(g, dial);
	struct book_peer *p;

	if (q == NULL)
		return;
	p = book_get(g, &q->id);
	if (p != NULL && !p->linked) {
		if (p->fail_count < UINT32_MAX)
			p->fail_count++;
		p->last_fail = g->now.wall / 1000;
		p->next_at = g->now.mono + backoff_ms(g, p->fail_count);
	}
	if (reason != DOWN_FULL && reason != DOWN_DUPLICATE &&
	    reason != DOWN_RESOURCE && reason != DOWN_SHUTDOWN)
		bad_addr_add(g, q->addr, reason == DOWN_WRONG_PEER ? who :
		    NULL);
	quest_end(g, q);
	discovery_kick(g);
}

void
discovery_gone(struct gossip *g, const struct nodeid *id, uint64_t lived_ms)
{
	struct book_peer *p = book_get(g, id);

	if (p != NULL) {
		if (lived_ms >= BOOT_LIFE_MS)
			p->shy = 0;
		else if (p->shy < UINT32_MAX)
			p->shy++;
		p->next_at = g->now.mono + backoff_ms(g, p->shy > 0 ? p->shy :
		    1);
	}
	discovery_kick(g);
}

/*
 * After a cut all of the other half failed for long: the first link across
 * brings word that they are there.
 */
void
discovery_seen(struct gossip *g, struct book_peer *p, uint64_t when_s)
{
	struct bad_addr *bad;

	if (p->linked || p->sought || when_s <= p->last_fail ||
	    (bad = bad_addr_get(g, p->addr)) == NULL ||
	    g->now.mono < bad->seen_at)
		return;
	bad->seen_at = g->now.mono + SEEN_AGAIN_MS;
	bad->until = p->next_at = g->now.mono;
	discovery_kick(g);
}

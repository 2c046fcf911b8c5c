/* SPDX-License-Identifier: MIT */
/* What must hold in every core at any time, seen from inside. */
#include "micelio-gossipd/bcast.h"
#include "micelio-gossipd/control.h"
#include "micelio-gossipd/core.h"
#include "micelio-gossipd/envelope_out.h"
#include "micelio-gossipd/link.h"
#include "micelio-gossipd/lru.h"
#include "micelio-gossipd/origin.h"
#include "micelio-gossipd/parked.h"
#include "micelio-gossipd/repair.h"
#include "micelio-gossipd/session.h"
#include "micelio-gossipd/tree.h"
#include "proto/envelope.h"
#include "sim.h"

static void
bounds(struct world *w, const struct node *n)
{
	const struct gossip *g = n->core;
	const struct bcast *b = &g->bcast;
	const struct session *s;

	if (g->sessions.n > SESSIONS_MAX || g->nsignings > SIGNINGS_MAX ||
	    b->origins.n > ORIGINS_MAX || b->wants.n > WANTS_MAX ||
	    b->nparked > PARKED_MAX || b->parked_bytes > PARKED_BYTES ||
	    g->suspect.health.nodes.n > HEALTH_MAX ||
	    g->suspect.ndoubts > DOUBTS_MAX)
		world_broken(w, "bounds", "node %u: a table is over its "
		    "limit", n->i);
	TAILQ_FOREACH(s, &g->ready, ready_entry)
		if (s->link != NULL && (s->link->nqueue > LINK_QUEUE_MAX ||
		    s->link->queue_bytes > LINK_QUEUE_BYTES +
		    ENVELOPE_PAYLOAD_MAX + ENVELOPE_BESIDE_MAX ||
		    s->link->open > LINK_WANTS_MAX))
			world_broken(w, "bounds", "node %u: the queue to %u "
			    "is over its limit", n->i, s->sid);
}

/* An eager link that is none takes payloads nobody gets. */
static void
ghosts(struct world *w, const struct node *n)
{
	const struct bcast *b = &n->core->bcast;
	const struct lru_node *o;
	uint64_t live = 0;
	uint32_t i;

	for (i = 0; i < SLOTS_MAX; i++)
		if (b->slot[i] != NULL && b->slot[i]->kind == LINK_M2 &&
		    b->slot[i]->s->state == PEER_READY)
			live |= UINT64_C(1) << i;
	if ((b->live & ~live) != 0)
		world_broken(w, "ghost", "node %u: links %llx, live %llx",
		    n->i, (unsigned long long)b->live,
		    (unsigned long long)live);
	for (o = lru_oldest(&b->origins); o != NULL; o = lru_younger(o))
		if ((((const struct origin *)o)->eager & ~live) != 0)
			world_broken(w, "ghost", "node %u: an origin's eager "
			    "links are %llx, live %llx", n->i,
			    (unsigned long long)((const struct origin *)
			    o)->eager, (unsigned long long)live);
}

void
check_nodes(struct world *w)
{
	uint32_t i;

	for (i = 0; i < w->n; i++)
		if (w->node[i].core != NULL) {
			bounds(w, &w->node[i]);
			ghosts(w, &w->node[i]);
		}
}

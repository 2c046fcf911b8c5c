/* SPDX-License-Identifier: MIT */
/*
 * Who is said to be gone, and is.  Besides the honest there may be accusers:
 * their cores say once a second that they have lost each node they are linked
 * with, of whatever incarnation it is by then.
 */
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "micelio-gossipd/core.h"
#include "micelio-gossipd/session.h"
#include "micelio-gossipd/suspect.h"
#include "sim.h"

#define ACCUSE_US	US_PER_S
#define SETTLED_US	(10 * US_PER_S)	/* the mesh has its links */
#define ENOUGH_US	(20 * US_PER_S)	/* to say that a node is down */

void
suspects_begin(struct world *w)
{
	struct rng r = rng_stream(w->seed, RNG_PERSONA, 1);
	uint32_t *v, i;

	if (w->sc->accuse == 0)
		return;
	v = world_order(w, &r);
	for (i = 0; i < world_share(w->n, w->sc->accuse); i++) {
		w->node[v[i]].accuser = true;
		queue_add(&w->queue, w->sc->start + SETTLED_US +
		    rng_below(&r, ACCUSE_US), DO_ACCUSE, v[i], 0, NULL);
	}
	free(v);
}

static bool
is_doubted(const struct suspect *s, const struct nodeid *id)
{
	const struct doubt *d;

	TAILQ_FOREACH(d, &s->doubts, entry)
		if (nodeid_equal(&d->id, id))
			return true;
	return false;
}

/* A claimed link would belie it, so none is claimed. */
static void
accuse(struct gossip *g, const struct session *p)
{
	struct suspect *s = &g->suspect;
	struct doubt *d;

	if (is_doubted(s, &p->id) || s->ndoubts >= DOUBTS_MAX)
		return;
	if (s->nliars < LIARS_MAX)
		s->liar[s->nliars++] = (struct liar){ p->id, UINT64_MAX };
	d = xcalloc(1, sizeof(*d));
	d->id = p->id;
	d->state = DOUBT_DUE;
	d->lost_at = g->now.mono;
	TAILQ_INSERT_TAIL(&s->doubts, d, entry);
	s->ndoubts++;
	s->say_at = g->now.mono;
}

void
suspects_accuse(struct world *w, struct node *n)
{
	const struct session *p;

	if (n->core == NULL)
		return;
	TAILQ_FOREACH(p, &n->core->ready, ready_entry)
		accuse(n->core, p);
	queue_add(&w->queue, w->now + ACCUSE_US, DO_ACCUSE, n->i, 0, NULL);
}

static struct node *
node_of(struct world *w, const struct nodeid *id)
{
	uint32_t i;

	for (i = 0; i < w->n; i++)
		if (nodeid_equal(&w->node[i].id, id))
			return &w->node[i];
	return NULL;
}

void
suspects_said(struct world *w, const struct node *n, const struct nodeid *id)
{
	const struct node *of = node_of(w, id);
	struct told *t = &w->told;

	if (of == NULL)
		return;
	if (!of->alive) {
		if (of->silent && w->now - of->died > t->late_max)
			t->late_max = w->now - of->died;
	} else if (w->now >= of->paused_until &&
	    !fault_parted(w, n->i, of->i))
		t->wrong++;
}

/* Before the parts are one again. */
void
suspects_parted(struct world *w)
{
	const struct health_node *x;
	uint32_t i, k;

	for (i = 0; i < w->n; i++)
		for (k = 0; k < w->n && w->sc->suspects &&
		    w->node[i].core != NULL; k++)
			if (fault_parted(w, i, k) &&
			    w->node[k].core != NULL && ((x = health_get(
			    &w->node[i].core->suspect.health,
			    w->node[k].id.b)) == NULL ||
			    x->shown == HEALTH_UP))
				w->told.unparted++;
}

static void
judge(struct world *w, const struct node *n, const struct node *of)
{
	const struct health_node *x = health_get(&n->core->suspect.health,
	    of->id.b);
	struct told *t = &w->told;

	if (of->alive) {
		t->after += x != NULL && x->shown != HEALTH_UP;
		return;
	}
	if (!of->silent || of->died + ENOUGH_US > w->now ||
	    n->born > of->died)
		return;
	t->pairs++;
	t->down += x != NULL && x->shown == HEALTH_DOWN;
	t->unsaid += x == NULL || x->shown == HEALTH_UP;
}

void
suspects_judge(struct world *w)
{
	uint32_t i, k;

	if (!w->sc->suspects)
		return;
	w->told.pairs = w->told.down = w->told.unsaid = w->told.after = 0;
	for (i = 0; i < w->n; i++)
		for (k = 0; k < w->n && w->node[i].core != NULL; k++)
			if (k != i && w->node[k].persona == IS_CORE)
				judge(w, &w->node[i], &w->node[k]);
}

/* SPDX-License-Identifier: MIT */
#include "bcast.h"
#include "common/log.h"
#include "core.h"
#include "gossip.h"
#include "health.h"
#include "link.h"
#include "mesh_judge.h"
#include "session.h"
#include "suspect.h"

static void
changed(void *arg, const struct health_node *x)
{
	struct gossip *g = arg;
	struct suspect *s = &g->suspect;
	enum log_ev ev = x->shown == HEALTH_DOWN ? EV_NODE_DOWN :
	    x->shown == HEALTH_UP ? EV_NODE_BACK : EV_NODE_UNREACHABLE;
	const struct doubt *d;

	/* They have not heard whom we miss. */
	TAILQ_FOREACH(d, &s->doubts, entry)
		if (x->shown == HEALTH_UP && d->state == DOUBT_SAID &&
		    s->refresh_at > g->now.mono + RETELL_MS &&
		    s->refresh_at != NEVER)
			s->refresh_at = g->now.mono +
			    gossip_random(g, RETELL_MS);
	if (++s->news > MESH_NEWS_MAX)
		return;
	gossip_log(g, ev, 0, LF_ID("id", &x->id),
	    LF_NUM("observers", x->observers), LF_NUM("missing", x->missing));
}

/* Whoever is new has not heard what we claim. */
static void
greet(struct gossip *g)
{
	struct suspect *s = &g->suspect;
	uint32_t wait = GREET_MS +
	    (uint32_t)s->health.nodes.n * GREET_NODE_MS;

	s->health.newcomers = 0;
	if (s->refresh_at != NEVER && s->refresh_at > g->now.mono + wait)
		s->refresh_at = g->now.mono + wait / 2 +
		    gossip_random(g, wait / 2);
}

void
mesh_judge(struct gossip *g)
{
	struct suspect *s = &g->suspect;
	const struct session *p;
	struct health_node *x;
	struct lru_node *n;

	for (n = lru_oldest(&s->health.nodes); n != NULL; n = lru_younger(n))
		((struct health_node *)n)->linked = false;
	TAILQ_FOREACH(p, &g->ready, ready_entry)
		if (p->link != NULL && p->link->kind == LINK_M2 &&
		    (x = health_get(&s->health, p->id.b)) != NULL)
			x->linked = true;
	s->news = 0;
	health_judge(&s->health, g->now.mono, changed, g);
	if (s->health.newcomers > 0)
		greet(g);
	if (s->news > MESH_NEWS_MAX)
		gossip_log(g, EV_MESH_CHANGED, 0,
		    LF_NUM("changed", s->news),
		    LF_NUM("up", s->health.count[HEALTH_UP]),
		    LF_NUM("unreachable",
		    s->health.count[HEALTH_UNREACHABLE]),
		    LF_NUM("down", s->health.count[HEALTH_DOWN]));
}

const char *
mesh_text(const struct gossip *g, const struct nodeid *id)
{
	const struct health_node *x = health_get(&g->suspect.health, id->b);

	return x != NULL && nodeid_equal(&x->id, id) ?
	    health_text(x->shown) : NULL;
}

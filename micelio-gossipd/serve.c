/* SPDX-License-Identifier: MIT */
/*
 * What neighbours ask for: found by the names they know, given within bounds.
 */
#include "bcast.h"
#include "budget.h"
#include "common/ratelimit.h"
#include "control.h"
#include "core.h"
#include "gossip.h"
#include "gtime.h"
#include "link.h"
#include "msglog.h"
#include "origin.h"
#include "proto/m2.h"
#include "serve.h"
#include "session.h"
#include "slots.h"
#include "window.h"

static bool
is_named(const struct link *l, const struct logmsg *m, uint64_t sid)
{
	return m2_sid(l->setup.salt, m->mid) == sid;
}

/*
 * Names on this link are under their salt.  What is asked for is young, or
 * comes behind what was asked for before.  Looking costs time, found or not,
 * and is paid from the budget: names made up would have us look through all
 * the log.
 */
static struct logmsg *
find_theirs(const struct gossip *g, struct link *l, uint64_t sid)
{
	struct logmsg *down = msglog_youngest(&g->bcast.log), *up = l->found;
	uint32_t n;

	for (n = 0; down != NULL; n++) {
		if (n % LOOK_STEPS == 0 && !bucket_take(&l->serve, SERVE_RATE,
		    SERVE_BURST, 1, g->now.mono))
			return NULL;
		if (up != NULL && is_named(l, up, sid)) {
			l->found = up;
			return up;
		}
		if (is_named(l, down, sid)) {
			l->found = down;
			return down;
		}
		up = up != NULL ? msglog_younger(up) : NULL;
		down = msglog_older(down);
	}
	return NULL;
}

/* Only what was told or given on this link, twice at most, in its budget. */
static bool
may_serve(struct gossip *g, struct link *l, struct logmsg *m)
{
	if (l->bit != 0 && (((m->told | m->pushed) & l->bit) == 0 ||
	    (m->served[1] & l->bit) != 0))
		return false;
	return bucket_take(&l->serve, SERVE_RATE, SERVE_BURST,
	    m->len / 1024, g->now.mono);
}

void
serve_graft(struct gossip *g, struct link *l, uint64_t sid)
{
	struct origin *o;
	struct logmsg *m;

	m = find_theirs(g, l, sid);
	l->count.graft_in++;
	g->bcast.count.graft_in++;
	if (m != NULL && (o = origin_of(m)) != NULL)
		o->eager |= l->bit;
	if (m != NULL && ((m->told | m->pushed) & l->bit) == 0 && l->bit != 0) {
		g->bcast.count.unannounced++;
		if (!peers_bad(g, l->s, 1))
			return;
	}
	/* Then it lacks the others too; it will say so as well. */
	if (m != NULL && l->s->guest && m->at + GUEST_LACK_MS <= g->now.mono)
		l->s->missed = true;
	if (m == NULL || !may_serve(g, l, m) || !payload_give(g, l, m)) {
		control_name(&l->nohave, sid);
		g->bcast.count.nohave++;
		control_due(g, l, 0);
		return;
	}
	m->served[1] |= m->served[0] & l->bit;
	m->served[0] |= l->bit;
	m->have |= l->bit;
}

/* SPDX-License-Identifier: MIT */
#include "common/log.h"
#include "core.h"
#include "liars.h"
#include "peers.h"
#include "session.h"
#include "suspect.h"

bool
liar_is(const struct gossip *g, const struct nodeid *id)
{
	const struct suspect *s = &g->suspect;
	size_t i;

	for (i = 0; i < s->nliars; i++)
		if (nodeid_equal(&s->liar[i].id, id) &&
		    g->now.mono < s->liar[i].until)
			return true;
	return false;
}

/* Over a link that lives nobody can have lost us. */
void
liar_add(struct gossip *g, const struct nodeid *id)
{
	const struct session *p = peers_by_id(g, id);
	struct suspect *s = &g->suspect;
	size_t i, at = 0;

	if (p == NULL || !suspect_claimed(p) ||
	    g->now.mono < p->ready_at + LIAR_LINK_MS || liar_is(g, id))
		return;
	for (i = 0; i < s->nliars; i++)
		if (s->liar[i].until < s->liar[at].until)
			at = i;
	if (s->nliars < LIARS_MAX)
		at = s->nliars++;
	s->liar[at] = (struct liar){ *id, g->now.mono + LIAR_MS };
	gossip_log(g, EV_SUSPECTED, id_limit(id, 3), LF_ID("id", id),
	    LF_STR("addr", p->addr));
}

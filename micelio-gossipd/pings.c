/* SPDX-License-Identifier: MIT */
/*
 * Signs of life that people of this node ask for: the ping of the link, at
 * once instead of with the next beat.  One that is out already is waited for
 * with those who asked before.
 */
#include <stdlib.h>

#include "beat.h"
#include "common/imsg_types.h"
#include "common/log.h"
#include "core.h"
#include "gossip.h"
#include "gtime.h"
#include "link.h"
#include "peers.h"
#include "pings.h"
#include "session.h"

struct ping {
	TAILQ_ENTRY(ping) entry;
	uint32_t	 req;
	uint32_t	 sid;
};

static void
ping_tell(struct gossip *g, uint32_t req, enum ping_status status,
    uint32_t ms, const struct session *s)
{
	if (g->ops->ping_done != NULL)
		g->ops->ping_done(g->arg, req, status, ms,
		    s != NULL ? s->rtt_us : 0, s != NULL ? s->addr : "");
}

void
gossip_ping(struct gossip *g, struct gtime now, uint32_t req,
    const struct nodeid *id)
{
	struct session *s;
	struct ping *p;

	g->now = now;
	if ((s = peers_by_id(g, id)) == NULL || s->link == NULL)
		ping_tell(g, req, PING_NO_LINK, 0, NULL);
	else if (s->link->kind != LINK_M2)
		ping_tell(g, req, PING_V1, 0, s);
	else if (g->npings >= PINGS_MAX)
		ping_tell(g, req, PING_BUSY, 0, s);
	else {
		p = xcalloc(1, sizeof(*p));
		p->req = req;
		p->sid = s->sid;
		TAILQ_INSERT_TAIL(&g->pings, p, entry);
		g->npings++;
		if (s->link->ping_at == 0)
			beat_ping(g, s->link);
	}
}

/* Those who wait for that session; NULL: for any. */
static void
pings_end(struct gossip *g, const struct session *s, bool tell,
    enum ping_status status, uint32_t ms)
{
	struct ping *p, *next;

	for (p = TAILQ_FIRST(&g->pings); p != NULL; p = next) {
		next = TAILQ_NEXT(p, entry);
		if (s != NULL && p->sid != s->sid)
			continue;
		TAILQ_REMOVE(&g->pings, p, entry);
		g->npings--;
		if (tell)
			ping_tell(g, p->req, status, ms, s);
		free(p);
	}
}

void
pings_answered(struct gossip *g, const struct session *s, uint32_t ms)
{
	pings_end(g, s, true, PING_ANSWERED, ms);
}

void
pings_lost(struct gossip *g, const struct session *s)
{
	pings_end(g, s, true, PING_LOST, 0);
}

void
pings_forget(struct gossip *g)
{
	pings_end(g, NULL, false, PING_LOST, 0);
}

/* SPDX-License-Identifier: MIT */
/*
 * What a message's way is compared with: flooding, where every node sends
 * what it gets to all its neighbours at once.  Then it comes by the shortest
 * path over the links there are; nothing is simulated for it.
 */
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "sim.h"

#define EVERY_NODES	1000u	/* of larger meshes not every message */

static bool
passes(const struct world *w, const struct end *e)
{
	const struct conn *c = conn_get(w, e->number);

	return e->ready && !e->closing &&
	    c->pipe[e->number & 1].stalls == 0 &&
	    w->node[end_other(w, e)->node].alive;
}

static void
count(struct world *w, uint64_t us)
{
	uint64_t ms = us / US_PER_MS;
	uint32_t i;

	for (i = 0; i < w->sc->nspan; i++)
		if (w->now >= w->sc->span[i].from &&
		    w->now < w->sc->span[i].to)
			w->phase[i].flood[ms < LATENCY_SLOTS ? ms :
			    LATENCY_SLOTS - 1]++;
}

void
flood_measure(struct world *w, uint32_t msg)
{
	struct queue q = { .n = 0 };
	struct event ev;
	struct end *e;
	bool *has;

	if (msg % (w->n / EVERY_NODES + 1) != 0)
		return;
	has = xcalloc(w->n, sizeof(*has));
	queue_add(&q, 0, DO_ARRIVE, w->msg[msg].author, 0, NULL);
	while (queue_next(&q, &ev)) {
		if (has[ev.n])
			continue;
		has[ev.n] = true;
		if (ev.n != w->msg[msg].author && w->node[ev.n].byz == NULL)
			count(w, ev.at);
		TAILQ_FOREACH(e, &w->node[ev.n].ends, entry)
			if (!has[end_other(w, e)->node] && passes(w, e))
				queue_add(&q, ev.at + conn_get(w,
				    e->number)->latency, DO_ARRIVE,
				    end_other(w, e)->node, 0, NULL);
	}
	queue_free(&q);
	free(has);
}

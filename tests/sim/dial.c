/* SPDX-License-Identifier: MIT */
/*
 * How a link comes about: TCP and Noise take two round trips of the dialler,
 * and half of one more until the other side has the last message.
 */
#include <stdlib.h>
#include <string.h>

#include "common/addr.h"
#include "common/imsg_types.h"
#include "common/log.h"
#include "common/nodeid.h"
#include "sim.h"

#define TIMEOUT_US	(10 * US_PER_S)
#define OVERLAY_DIAL	UINT32_MAX	/* the core asked for none */

static void
dial_add(struct world *w, struct node *n, struct dial *d, uint64_t at)
{
	queue_add(&w->queue, at, DO_CONNECT, n->i, 0, d);
}

/* Links of the overlay begin at once: both ends hear of it. */
void
dial_to(struct world *w, struct node *n, uint32_t to, uint32_t edge)
{
	struct conn *c = conn_open(w, n->i, to, OVERLAY_DIAL);

	c->edge = edge + 1;
	end_tell(w, &c->end[0], w->now + 4 * (uint64_t)c->latency, DO_UP);
	end_tell(w, &c->end[1], w->now + 5 * (uint64_t)c->latency, DO_UP);
}

void
dial_start(struct world *w, struct node *n, uint32_t number,
    const struct nodeid *expect, const char *hostport)
{
	struct dial *d = xcalloc(1, sizeof(*d));
	const struct node *to;

	d->number = number;
	d->life = n->life;
	d->to = node_by_addr(w, hostport);
	if (expect != NULL) {
		d->expects = true;
		d->expect = *expect;
	}
	to = d->to < w->n ? &w->node[d->to] : NULL;
	if (to == NULL || (!to->alive && to->silent))
		d->why = DOWN_TIMEOUT;
	else if (!to->alive)
		d->why = DOWN_REFUSED;
	else if (fault_parted(w, n->i, d->to))
		d->why = DOWN_TIMEOUT;
	dial_add(w, n, d, w->now + (d->why == DOWN_TIMEOUT ? TIMEOUT_US :
	    w->sc->lat_min + w->sc->lat_max));
}

/* Noise showed who is there. */
static bool
is_expected(const struct world *w, const struct dial *d)
{
	return !d->expects || nodeid_equal(&d->expect, &w->node[d->to].id);
}

void
dial_event(struct world *w, const struct event *ev)
{
	struct node *n = &w->node[ev->n];
	struct dial *d = ev->p;
	struct conn *c;

	if (n->alive && n->life == d->life) {
		if (d->why == DOWN_NONE && (!w->node[d->to].alive ||
		    fault_parted(w, n->i, d->to)))
			d->why = DOWN_RESET;
		if (d->why == DOWN_NONE && !is_expected(w, d))
			d->why = DOWN_WRONG_PEER;
		if (d->why != DOWN_NONE)
			node_dial_failed(w, n, d->number, d->why);
		else {
			c = conn_open(w, n->i, d->to, d->number);
			end_tell(w, &c->end[0],
			    w->now + 2 * (uint64_t)c->latency, DO_UP);
			end_tell(w, &c->end[1],
			    w->now + 3 * (uint64_t)c->latency, DO_UP);
		}
	}
	free(d);
}

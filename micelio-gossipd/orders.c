/* SPDX-License-Identifier: MIT */
/*
 * Links that people of this node ask for or end by hand.
 *
 * An order is one dial, at once, whatever its node or address did before; it
 * ends with the first answer and leaves nothing behind: what comes of the link
 * later is the matter of the configuration and of discovery.  Of an address
 * that is configured it is the dial of that entry, which need not wait.
 *
 * A node that was unlinked is neither dialled nor let in for UNLINK_MS.  An
 * order for it ends that time.
 */
#include <stdlib.h>
#include <string.h>

#include "admit.h"
#include "bootstrap.h"
#include "common/conf.h"
#include "common/imsg_types.h"
#include "common/log.h"
#include "common/nodeid.h"
#include "core.h"
#include "gossip.h"
#include "gtime.h"
#include "orders.h"
#include "peers.h"
#include "reach.h"
#include "session.h"

struct order {
	TAILQ_ENTRY(order) entry;
	uint32_t	 req;		/* 0: nobody waits any more */
	uint32_t	 dial;
	bool		 pinned;
	struct nodeid	 pin;
	uint64_t	 began;		/* mono ms */
};

static struct order	*order_by_dial(const struct gossip *, uint32_t);
static bool		 order_needed(struct gossip *, uint32_t req,
			    const struct order *, const char *hostport);
static void		 order_end(struct gossip *, struct order *,
			    enum link_status, enum down_reason,
			    const struct nodeid *);

void
orders_free(struct gossip *g)
{
	struct order *o;

	while ((o = TAILQ_FIRST(&g->orders)) != NULL) {
		TAILQ_REMOVE(&g->orders, o, entry);
		free(o);
	}
}

void
orders_forget(struct gossip *g)
{
	struct order *o;

	TAILQ_FOREACH(o, &g->orders, entry)
		o->req = 0;
}

void
gossip_link(struct gossip *g, struct gtime now, uint32_t req,
    const char *where)
{
	struct order *o, new = { .req = req, .began = now.mono };
	const char *hostport;
	bool own;

	g->now = now;
	if (conf_check_peer(where, true) != NULL ||
	    !conf_peer_split(where, &new.pin, &new.pinned, &hostport)) {
		g->ops->link_done(g->arg, req, LINK_BAD, DOWN_NONE, NULL, 0);
		return;
	}
	if (!order_needed(g, req, &new, hostport))
		return;
	if (new.pinned)
		offender_pardon(g, &new.pin);
	new.dial = bootstrap_dial(g, hostport, &new.pinned, &new.pin);
	own = new.dial == 0;
	if (own && (new.dial = ++g->last_dial) == 0)
		new.dial = ++g->last_dial;
	o = xcalloc(1, sizeof(*o));
	*o = new;
	TAILQ_INSERT_TAIL(&g->orders, o, entry);
	g->norders++;
	if (own)
		g->ops->dial(g->arg, o->dial, o->pinned ? &o->pin : NULL,
		    hostport, DIAL_NAME_OK);
}

/* The session our own dial made to that address, or to that node. */
static const struct session *
linked_to(const struct gossip *g, const struct order *o,
    const char *hostport)
{
	const struct session *s;

	if (o->pinned)
		return peers_by_id(g, &o->pin);
	TAILQ_FOREACH(s, &g->ready, ready_entry)
		if (s->outbound && strcmp(s->addr, hostport) == 0)
			return s;
	return NULL;
}

static bool
order_needed(struct gossip *g, uint32_t req, const struct order *o,
    const char *hostport)
{
	const struct session *s;

	if ((o->pinned && nodeid_equal(&o->pin, &g->id)) ||
	    reach_own(g, hostport))
		g->ops->link_done(g->arg, req, LINK_SELF, DOWN_SELF, &g->id,
		    0);
	else if ((s = linked_to(g, o, hostport)) != NULL)
		g->ops->link_done(g->arg, req, LINK_THERE, DOWN_NONE, &s->id,
		    g->now.mono - s->ready_at);
	else if (o->pinned && !peers_allowed(g, &o->pin))
		g->ops->link_done(g->arg, req, LINK_FAILED, DOWN_NOT_ALLOWED,
		    &o->pin, 0);
	else if (peers_full(g))
		g->ops->link_done(g->arg, req, LINK_FULL, DOWN_FULL, NULL, 0);
	else if (g->norders >= ORDERS_MAX)
		g->ops->link_done(g->arg, req, LINK_BUSY, DOWN_NONE, NULL, 0);
	else
		return true;
	return false;
}

static struct order *
order_by_dial(const struct gossip *g, uint32_t dial)
{
	struct order *o;

	if (dial == 0)
		return NULL;
	TAILQ_FOREACH(o, &g->orders, entry)
		if (o->dial == dial)
			return o;
	return NULL;
}

bool
orders_has(const struct gossip *g, uint32_t dial)
{
	return order_by_dial(g, dial) != NULL;
}

const struct nodeid *
orders_expects(const struct gossip *g, uint32_t dial)
{
	const struct order *o = order_by_dial(g, dial);

	return o != NULL && o->pinned ? &o->pin : NULL;
}

static void
order_end(struct gossip *g, struct order *o, enum link_status status,
    enum down_reason why, const struct nodeid *id)
{
	TAILQ_REMOVE(&g->orders, o, entry);
	g->norders--;
	if (o->req != 0)
		g->ops->link_done(g->arg, o->req, status, why, id,
		    g->now.mono - o->began);
	free(o);
}

void
orders_up(struct gossip *g, uint32_t dial, const struct nodeid *id)
{
	struct order *o = order_by_dial(g, dial);

	if (o != NULL)
		order_end(g, o, LINK_UP, DOWN_NONE, id);
}

void
orders_down(struct gossip *g, uint32_t dial, enum down_reason why,
    const struct nodeid *id)
{
	struct order *o = order_by_dial(g, dial);

	if (o == NULL)
		return;
	/* What answered is us, or a node we had before. */
	if (why == DOWN_SELF)
		order_end(g, o, LINK_SELF, DOWN_SELF, &g->id);
	else if (id != NULL && why != DOWN_WRONG_PEER &&
	    peers_by_id(g, id) != NULL)
		order_end(g, o, LINK_THERE, why, id);
	else
		order_end(g, o, why == DOWN_FULL ? LINK_REFUSED : LINK_FAILED,
		    why, id);
}

bool
gossip_unlink(struct gossip *g, struct gtime now, const struct nodeid *id)
{
	struct session *s;

	g->now = now;
	if (peers_by_id(g, id) == NULL)
		return false;
	offender_add(g, id, DOWN_UNLINKED, UNLINK_MS);
	while ((s = peers_by_id(g, id)) != NULL)
		peers_close(g, s, DOWN_UNLINKED);
	return true;
}

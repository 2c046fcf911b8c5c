/* SPDX-License-Identifier: MIT */
/*
 * What may be dialled on somebody else's word (wire-v1 8, W11).  Without
 * this, any node could make all others knock at any host and port.  Loopback
 * and private networks count as reachable when we are in one ourselves.
 *
 * A name can be looked up by transportd only, which gets the same rules along
 * with it and holds them against what the name stands for.
 */
#include <string.h>

#include "common/addr.h"
#include "common/imsg_types.h"
#include "common/reach.h"
#include "core.h"
#include "hello.h"
#include "reach.h"
#include "session.h"

#define NAME_CHARS	"abcdefghijklmnopqrstuvwxyz" \
			"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."

static bool	among_us(const struct gossip *, enum reach);
static bool	linked_inside(const struct gossip *);
static bool	is_own(const struct gossip *, const struct addr *);

bool
reach_allowed(const struct gossip *g, const char *text)
{
	struct addr a;

	if (text[0] == '\0' || !addr_parse(text, &a) ||
	    addr_port(&a) < REACH_PORT_MIN)
		return false;
	switch (addr_reach(&a)) {
	case REACH_NEVER:
		return false;
	case REACH_LOOPBACK:
		if (!among_us(g, REACH_LOOPBACK))
			return false;
		break;
	case REACH_INNER:
		if (!among_us(g, REACH_INNER))
			return false;
		break;
	case REACH_OPEN:
		break;
	}
	return !is_own(g, &a);
}

bool
reach_name(const struct gossip *g, const char *text)
{
	struct hostport hp;
	const char *why;
	struct addr a;

	return hostport_split(text, &hp, &why) &&
	    port_parse(hp.port, false) >= REACH_PORT_MIN &&
	    hp.host[0] != '\0' &&
	    strspn(hp.host, NAME_CHARS) == strlen(hp.host) &&
	    !addr_from_host(hp.host, 0, &a) &&
	    strcmp(text, hello_advertise(g)) != 0;
}

uint8_t
reach_flags(const struct gossip *g)
{
	uint8_t flags = DIAL_ON_WORD;

	if (among_us(g, REACH_LOOPBACK))
		flags |= DIAL_LOOPBACK_OK;
	if (among_us(g, REACH_INNER))
		flags |= DIAL_INNER_OK;
	return flags;
}

/* Do we listen on such an address, or, inside, have a link there? */
static bool
among_us(const struct gossip *g, enum reach like)
{
	struct addr a;
	size_t i;

	for (i = 0; i < g->nlistening; i++)
		if (addr_parse(g->listening[i], &a) && addr_reach(&a) == like)
			return true;
	return like == REACH_INNER && linked_inside(g);
}

static bool
linked_inside(const struct gossip *g)
{
	const struct session *s;

	TAILQ_FOREACH(s, &g->ready, ready_entry)
		if (s->inner || reach_is_inner(s->addr))
			return true;
	return false;
}

bool
reach_is_inner(const char *text)
{
	struct addr a;

	return addr_parse(text, &a) && addr_reach(&a) == REACH_INNER;
}

static bool
is_own(const struct gossip *g, const struct addr *a)
{
	struct addr own;
	size_t i;

	for (i = 0; i < g->nlistening; i++)
		if (addr_parse(g->listening[i], &own) && addr_equal(a, &own))
			return true;
	return addr_parse(hello_advertise(g), &own) && addr_equal(a, &own);
}

bool
reach_own(const struct gossip *g, const char *text)
{
	struct addr a;

	return addr_parse(text, &a) && is_own(g, &a);
}

/* Nodes in one private network or on one host are not less diverse. */
uint64_t
reach_network(const char *text)
{
	struct addr a;

	if (!addr_parse(text, &a) || addr_reach(&a) != REACH_OPEN)
		return 0;
	return addr_net_key(&a);
}

/* SPDX-License-Identifier: MIT */
/*
 * What may be dialled on somebody else's word (wire-v1 8, W11).  Without
 * this, any node could make all others knock at any host and port.  Names are
 * for the configuration only; loopback and private networks count as reachable
 * when we are in one ourselves.
 */
#include "gossip.h"

#define PORT_MIN	1024

/*
 * Nobody's, but used in closed networks like private ones (RFC 6890), and
 * what providers share among their customers (RFC 6598).
 */
static const char	*const examples[] = { "192.0.2.0/24",
	"198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32",
	"100.64.0.0/10", NULL };
/* The last two hold an IPv4 address that may be anything. */
static const char	*const unusable[] = { "0.0.0.0/8", "240.0.0.0/4",
	"2002::/16", "64:ff9b::/96", NULL };

static bool	is_in(const struct addr *, const char *const *);
static bool	is_inner(const struct addr *);
static bool	listens_like(const struct gossip *,
		    bool (*)(const struct addr *));
static bool	linked_inside(const struct gossip *);
static bool	is_own(const struct gossip *, const struct addr *);

bool
reach_allowed(const struct gossip *g, const char *text)
{
	struct addr a;

	if (text[0] == '\0' || !addr_parse(text, &a) ||
	    addr_port(&a) < PORT_MIN)
		return false;
	/* Broadcast counts as multicast there. */
	if (addr_is_unspecified(&a) || addr_is_multicast(&a) ||
	    addr_is_linklocal(&a) || is_in(&a, unusable))
		return false;
	if (addr_is_loopback(&a) && !listens_like(g, addr_is_loopback))
		return false;
	if (is_inner(&a) && !listens_like(g, is_inner) && !linked_inside(g))
		return false;
	return !is_own(g, &a);
}

static bool
is_in(const struct addr *a, const char *const *nets)
{
	bool malformed;

	for (; *nets != NULL; nets++)
		if (addr_in_net(a, *nets, &malformed))
			return true;
	return false;
}

static bool
is_inner(const struct addr *a)
{
	return addr_is_private(a) || is_in(a, examples);
}

static bool
listens_like(const struct gossip *g, bool (*like)(const struct addr *))
{
	struct addr a;
	size_t i;

	for (i = 0; i < g->nlistening; i++)
		if (addr_parse(g->listening[i], &a) && like(&a))
			return true;
	return false;
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

	return addr_parse(text, &a) && is_inner(&a);
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

/* Nodes in one private network or on one host are not less diverse. */
uint64_t
reach_network(const char *text)
{
	struct addr a;

	if (!addr_parse(text, &a) || addr_is_loopback(&a) || is_inner(&a))
		return 0;
	return addr_net_key(&a);
}

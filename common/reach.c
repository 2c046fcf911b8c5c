/* SPDX-License-Identifier: MIT */
#include "reach.h"

/*
 * Nobody's, but used in closed networks like private ones (RFC 6890), and
 * what providers share among their customers (RFC 6598).
 */
static const char	*const examples[] = { "192.0.2.0/24",
	"198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32",
	"100.64.0.0/10" };
/* The last two hold an IPv4 address that may be anything. */
static const char	*const unusable[] = { "0.0.0.0/8", "240.0.0.0/4",
	"2002::/16", "64:ff9b::/96" };

static bool
is_in(const struct addr *a, const char *const *nets, size_t n)
{
	bool malformed;

	for (size_t i = 0; i < n; i++)
		if (addr_in_net(a, nets[i], &malformed))
			return true;
	return false;
}

enum reach
addr_reach(const struct addr *a)
{
	/* Broadcast counts as multicast there. */
	if (addr_is_unspecified(a) || addr_is_multicast(a) ||
	    addr_is_linklocal(a) ||
	    is_in(a, unusable, sizeof(unusable) / sizeof(unusable[0])))
		return REACH_NEVER;
	if (addr_is_loopback(a))
		return REACH_LOOPBACK;
	if (addr_is_private(a) ||
	    is_in(a, examples, sizeof(examples) / sizeof(examples[0])))
		return REACH_INNER;
	return REACH_OPEN;
}

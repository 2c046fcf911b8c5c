/* SPDX-License-Identifier: MIT */
/*
 * What an address is to a node that is told of it by others (wire-v1 8, W11):
 * whoever could make all nodes knock at any door could use them for attacks.
 */
#ifndef MICELIO_REACH_H
#define MICELIO_REACH_H

#include "addr.h"

#define REACH_PORT_MIN	1024

enum reach {
	REACH_NEVER,	/* unspecified, multicast, broadcast, link-local, or
			   an IPv4 address within IPv6 */
	REACH_LOOPBACK,
	REACH_INNER,	/* private, shared, or for documentation (RFC 1918,
			   4193, 6598, 5737, 3849) */
	REACH_OPEN,
};

/* Of the host; ports below REACH_PORT_MIN are out of reach everywhere. */
enum reach	 addr_reach(const struct addr *);

#endif

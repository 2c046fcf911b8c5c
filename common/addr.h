/* SPDX-License-Identifier: MIT */
/* Addresses: host:port texts and socket addresses. */
#ifndef MICELIO_ADDR_H
#define MICELIO_ADDR_H

#include <sys/socket.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HOST_MAX	255
#define HOSTPORT_MAX	(HOST_MAX + 2 + 1 + 5)	/* [host]:port */

struct addr {
	struct sockaddr_storage	 ss;
	socklen_t		 len;
};

/*
 * Cut host:port by the rules of Go's net.SplitHostPort (wire-v1 5.5, 7.1).
 * host and port point into copies held in the struct.  On failure *why is one
 * of "missing port in address", "too many colons in address",
 * "missing ']' in address", "unexpected '[' in address",
 * "unexpected ']' in address", "address too long".
 */
struct hostport {
	char	 host[HOST_MAX + 1];
	char	 port[32];
};
bool	 hostport_split(const char *, struct hostport *, const char **why);
/* 1..65535 (0 too when zero_ok), decimal digits only; -1 otherwise. */
int	 port_parse(const char *, bool zero_ok);

/* Numeric host and port to a socket address; no look-up.  False if a name. */
bool	 addr_parse(const char *hostport, struct addr *);
bool	 addr_from_host(const char *host, uint16_t port, struct addr *);
/* "192.0.2.1:4000", "[2001:db8::1]:4000"; v4-mapped v6 shown as v4. */
char	*addr_text(const struct addr *, char out[HOSTPORT_MAX + 1]);
/* The same without the port. */
char	*addr_host_text(const struct addr *, char out[HOST_MAX + 1]);
uint16_t addr_port(const struct addr *);
bool	 addr_equal(const struct addr *, const struct addr *);
bool	 addr_is_loopback(const struct addr *);
bool	 addr_is_unspecified(const struct addr *);
bool	 addr_is_multicast(const struct addr *);
bool	 addr_is_linklocal(const struct addr *);
bool	 addr_is_private(const struct addr *);	/* RFC 1918, fc00::/7 */
/*
 * A key for counting by network: the /24 of an IPv4 address, the /48 of an
 * IPv6 one; by host: the address, or its /64.
 */
uint64_t addr_net_key(const struct addr *);
uint64_t addr_host_key(const struct addr *);
/* Does the address lie in "10.0.0.0/8", "2001:db8::/32" or equal one? */
bool	 addr_in_net(const struct addr *, const char *cidr, bool *malformed);

#endif

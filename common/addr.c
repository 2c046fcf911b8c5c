/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <netinet/in.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"
#include "text.h"

/*
 * The order of the checks is the one of Go's net.SplitHostPort, so that the
 * reasons agree with what a v1 node says.
 */
bool
hostport_split(const char *s, struct hostport *hp, const char **why)
{
	const char *colon = strrchr(s, ':'), *host = s;
	size_t host_len, open_from = 0, close_from = 0;

	*why = NULL;
	if (colon == NULL) {
		*why = "missing port in address";
		return false;
	}
	if (*s == '[') {
		const char *end = strchr(s, ']');

		if (end == NULL)
			*why = "missing ']' in address";
		else if (end[1] == '\0')
			*why = "missing port in address";
		else if (end + 1 != colon)
			*why = end[1] == ':' ? "too many colons in address" :
			    "missing port in address";
		if (*why != NULL)
			return false;
		host = s + 1;
		host_len = (size_t)(end - host);
		open_from = 1;
		close_from = (size_t)(end - s) + 1;
	} else {
		host_len = (size_t)(colon - s);
		if (memchr(s, ':', host_len) != NULL) {
			*why = "too many colons in address";
			return false;
		}
	}
	if (strchr(s + open_from, '[') != NULL)
		*why = "unexpected '[' in address";
	else if (strchr(s + close_from, ']') != NULL)
		*why = "unexpected ']' in address";
	else if (host_len > HOST_MAX ||
	    strlen(colon + 1) >= sizeof(hp->port))
		*why = "address too long";
	if (*why != NULL)
		return false;
	memcpy(hp->host, host, host_len);
	hp->host[host_len] = '\0';
	text_copy(hp->port, colon + 1, sizeof(hp->port));
	return true;
}

int
port_parse(const char *s, bool zero_ok)
{
	unsigned int v = 0;
	size_t n = strlen(s);

	if (n == 0 || n > 5)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return -1;
		v = v * 10 + (unsigned int)(s[i] - '0');
	}
	if (v > 65535 || (v == 0 && !zero_ok))
		return -1;
	return (int)v;
}

bool
addr_from_host(const char *host, uint16_t port, struct addr *a)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&a->ss;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&a->ss;

	memset(a, 0, sizeof(*a));
	if (inet_pton(AF_INET, host, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		a->len = sizeof(*in);
		return true;
	}
	if (inet_pton(AF_INET6, host, &in6->sin6_addr) == 1) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(port);
		a->len = sizeof(*in6);
		return true;
	}
	return false;
}

bool
addr_parse(const char *s, struct addr *a)
{
	struct hostport hp;
	const char *why;
	int port;

	if (!hostport_split(s, &hp, &why) ||
	    (port = port_parse(hp.port, true)) == -1)
		return false;
	return addr_from_host(hp.host, (uint16_t)port, a);
}

/* The IPv4 address of a plain or v4-mapped one, in host order. */
static bool
addr_v4(const struct addr *a, uint32_t *v4)
{
	if (a->ss.ss_family == AF_INET) {
		const struct sockaddr_in *in =
		    (const struct sockaddr_in *)&a->ss;

		*v4 = ntohl(in->sin_addr.s_addr);
		return true;
	}
	if (a->ss.ss_family == AF_INET6) {
		const struct sockaddr_in6 *in6 =
		    (const struct sockaddr_in6 *)&a->ss;
		const uint8_t *b = in6->sin6_addr.s6_addr;

		if (!IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
			return false;
		*v4 = (uint32_t)b[12] << 24 | (uint32_t)b[13] << 16 |
		    (uint32_t)b[14] << 8 | b[15];
		return true;
	}
	return false;
}

static const uint8_t *
addr_v6(const struct addr *a)
{
	if (a->ss.ss_family != AF_INET6)
		return NULL;
	return ((const struct sockaddr_in6 *)&a->ss)->sin6_addr.s6_addr;
}

char *
addr_host_text(const struct addr *a, char out[HOST_MAX + 1])
{
	uint32_t v4;
	char buf[INET6_ADDRSTRLEN];
	const uint8_t *v6;

	if (addr_v4(a, &v4))
		snprintf(out, HOST_MAX + 1, "%u.%u.%u.%u", v4 >> 24,
		    v4 >> 16 & 255, v4 >> 8 & 255, v4 & 255);
	else if ((v6 = addr_v6(a)) != NULL &&
	    inet_ntop(AF_INET6, v6, buf, sizeof(buf)) != NULL)
		snprintf(out, HOST_MAX + 1, "%s", buf);
	else
		snprintf(out, HOST_MAX + 1, "?");
	return out;
}

uint16_t
addr_port(const struct addr *a)
{
	if (a->ss.ss_family == AF_INET)
		return ntohs(((const struct sockaddr_in *)&a->ss)->sin_port);
	if (a->ss.ss_family == AF_INET6)
		return ntohs(((const struct sockaddr_in6 *)&a->ss)->sin6_port);
	return 0;
}

char *
addr_text(const struct addr *a, char out[HOSTPORT_MAX + 1])
{
	char host[HOST_MAX + 1];
	uint32_t v4;

	addr_host_text(a, host);
	if (addr_v4(a, &v4) || addr_v6(a) == NULL)
		snprintf(out, HOSTPORT_MAX + 1, "%s:%u", host, addr_port(a));
	else
		snprintf(out, HOSTPORT_MAX + 1, "[%s]:%u", host, addr_port(a));
	return out;
}

bool
addr_equal(const struct addr *a, const struct addr *b)
{
	uint32_t x, y;
	const uint8_t *p, *q;

	if (addr_port(a) != addr_port(b))
		return false;
	if (addr_v4(a, &x) && addr_v4(b, &y))
		return x == y;
	if ((p = addr_v6(a)) == NULL || (q = addr_v6(b)) == NULL)
		return false;
	return memcmp(p, q, 16) == 0;
}

bool
addr_is_loopback(const struct addr *a)
{
	static const uint8_t one[16] = { [15] = 1 };
	uint32_t v4;

	if (addr_v4(a, &v4))
		return v4 >> 24 == 127;
	return addr_v6(a) != NULL && memcmp(addr_v6(a), one, 16) == 0;
}

bool
addr_is_unspecified(const struct addr *a)
{
	static const uint8_t zero[16];
	uint32_t v4;

	if (addr_v4(a, &v4))
		return v4 == 0;
	return addr_v6(a) != NULL && memcmp(addr_v6(a), zero, 16) == 0;
}

bool
addr_is_multicast(const struct addr *a)
{
	uint32_t v4;

	if (addr_v4(a, &v4))
		return v4 >> 28 == 14 || v4 == UINT32_MAX;
	return addr_v6(a) != NULL && addr_v6(a)[0] == 0xff;
}

bool
addr_is_linklocal(const struct addr *a)
{
	uint32_t v4;
	const uint8_t *v6;

	if (addr_v4(a, &v4))
		return v4 >> 16 == 0xa9fe;
	v6 = addr_v6(a);
	return v6 != NULL && v6[0] == 0xfe && (v6[1] & 0xc0) == 0x80;
}

bool
addr_is_private(const struct addr *a)
{
	uint32_t v4;
	const uint8_t *v6;

	if (addr_v4(a, &v4))
		return v4 >> 24 == 10 || v4 >> 20 == 0xac1 ||
		    v4 >> 16 == 0xc0a8;
	v6 = addr_v6(a);
	return v6 != NULL && (v6[0] & 0xfe) == 0xfc;
}

static uint64_t
v6_prefix(const uint8_t *v6, size_t bytes)
{
	uint64_t k = 0;

	for (size_t i = 0; i < bytes; i++)
		k = k << 8 | v6[i];
	return k;
}

uint64_t
addr_net_key(const struct addr *a)
{
	uint32_t v4;

	if (addr_v4(a, &v4))
		return UINT64_C(4) << 56 | v4 >> 8;
	return addr_v6(a) != NULL ?
	    UINT64_C(6) << 56 | v6_prefix(addr_v6(a), 6) : 0;
}

uint64_t
addr_host_key(const struct addr *a)
{
	uint32_t v4;

	if (addr_v4(a, &v4))
		return UINT64_C(4) << 56 | v4;
	return addr_v6(a) != NULL ? v6_prefix(addr_v6(a), 8) : 0;
}

static bool
bits_equal(const uint8_t *a, const uint8_t *b, unsigned int bits)
{
	unsigned int rest = bits % 8;

	if (memcmp(a, b, bits / 8) != 0)
		return false;
	return rest == 0 || (a[bits / 8] ^ b[bits / 8]) >> (8 - rest) == 0;
}

bool
addr_in_net(const struct addr *a, const char *cidr, bool *malformed)
{
	char host[HOST_MAX + 1];
	const char *slash = strchr(cidr, '/');
	struct addr net;
	uint32_t x, y;
	uint8_t p[4], q[4];
	unsigned int max, bits;
	size_t n = slash != NULL ? (size_t)(slash - cidr) : strlen(cidr);
	bool net4;

	*malformed = true;
	if (n > HOST_MAX)
		return false;
	memcpy(host, cidr, n);
	host[n] = '\0';
	if (!addr_from_host(host, 0, &net))
		return false;
	net4 = net.ss.ss_family == AF_INET;
	bits = max = net4 ? 32 : 128;
	if (slash != NULL) {
		int v = port_parse(slash + 1, true);

		if (v < 0 || (unsigned int)v > max)
			return false;
		bits = (unsigned int)v;
	}
	*malformed = false;
	if (net4) {
		if (!addr_v4(a, &x) || !addr_v4(&net, &y))
			return false;
		x = htonl(x);
		y = htonl(y);
		memcpy(p, &x, 4);
		memcpy(q, &y, 4);
		return bits_equal(p, q, bits);
	}
	if (addr_v6(a) == NULL || addr_v6(&net) == NULL)
		return false;
	return bits_equal(addr_v6(a), addr_v6(&net), bits);
}

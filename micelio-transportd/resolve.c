/* SPDX-License-Identifier: MIT */
/*
 * Names to addresses without leaving the process or reading a file: the
 * nameservers and the hosts list come with the configuration.
 */
#include <sys/socket.h>

#include <event2/dns.h>
#include <event2/event.h>

#include <netinet/in.h>

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/log.h"
#include "common/text.h"
#include "transportd.h"

#define REFRESH_S	1800	/* well under the 3600 below */
#define NAME_MAX_LEN	253u	/* RFC 1035 in text form */

enum { ASK_AAAA, ASK_A, ASK_N };

struct question {
	struct resolve		*r;
	struct evdns_request	*req;		/* NULL once answered */
};

/*
 * Two questions, A and AAAA.  A cancelled question still calls back once, so
 * the memory goes when the last one has.
 */
struct resolve {
	resolve_cb		 cb;		/* NULL: cancelled */
	void			*arg;
	struct evdns_base	*dns;
	struct question		 q[ASK_N];
	unsigned int		 pending;
};

static void	refresh_cb(evutil_socket_t, short, void *);
static bool	hosts_answer(struct transport *, const char *, resolve_cb,
		    void *);
static void	answer_cb(int, char, int, int, void *, void *);

void
resolver_init(struct transport *t)
{
	/*
	 * 2 s a try and 3 tries fit into a dial.  A silent or refusing
	 * nameserver is asked on: probing it would mean asking for a name
	 * nobody wanted.  libevent probes one that refuses all the same, but
	 * no sooner than the time given here, its longest; by then
	 * refresh_cb() has declared it good.
	 */
	static const struct timeval refresh = { REFRESH_S, 0 };
	static const char *const options[][2] = {
		{ "timeout:", "2" }, { "attempts:", "3" },
		{ "max-timeouts:", "255" },
		{ "initial-probe-timeout:", "3600" },
	};

	t->dns = evdns_base_new(t->base, 0);
	if (t->dns == NULL)
		fatalx("no resolver");
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (evdns_base_set_option(t->dns, options[i][0],
		    options[i][1]) != 0)
			fatalx("resolver option %s", options[i][0]);
	t->ev_refresh = event_new(t->base, -1, EV_PERSIST, refresh_cb, t);
	if (t->ev_refresh == NULL || event_add(t->ev_refresh, &refresh) == -1)
		fatalx("no timer");
}

static void
refresh_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	resolver_configure(arg);
}

void
resolver_free(struct transport *t)
{
	/* Questions still open call back with an error, and free theirs. */
	event_free(t->ev_refresh);
	evdns_base_free(t->dns, 1);
	t->dns = NULL;
}

void
resolver_configure(struct transport *t)
{
	struct addr a;

	(void)evdns_base_clear_nameservers_and_suspend(t->dns);
	t->nameservers_n = 0;
	for (size_t i = 0; i < t->conf->nameservers.n; i++) {
		if (!addr_parse(t->conf->nameservers.v[i], &a))
			continue;
		if (evdns_base_nameserver_sockaddr_add(t->dns,
		    (const struct sockaddr *)&a.ss, a.len, 0) == 0)
			t->nameservers_n++;
	}
	(void)evdns_base_resume(t->dns);
}

static bool
name_valid(const char *name)
{
	size_t n = strlen(name);

	if (n == 0 || n > NAME_MAX_LEN)
		return false;
	return strspn(name, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == n;
}

struct resolve *
resolve_start(struct transport *t, const char *name, resolve_cb cb, void *arg)
{
	struct resolve *r;

	if (hosts_answer(t, name, cb, arg))
		return NULL;
	if (!name_valid(name) || t->nameservers_n == 0 ||
	    (r = calloc(1, sizeof(*r))) == NULL) {
		cb(arg, NULL, 0, true);
		return NULL;
	}
	r->cb = cb;
	r->arg = arg;
	r->dns = t->dns;
	/* Answers come later, never from within these calls. */
	r->q[ASK_AAAA].req = evdns_base_resolve_ipv6(t->dns, name,
	    DNS_QUERY_NO_SEARCH, answer_cb, &r->q[ASK_AAAA]);
	r->q[ASK_A].req = evdns_base_resolve_ipv4(t->dns, name,
	    DNS_QUERY_NO_SEARCH, answer_cb, &r->q[ASK_A]);
	for (int i = 0; i < ASK_N; i++) {
		r->q[i].r = r;
		r->pending += r->q[i].req != NULL;
	}
	if (r->pending > 0)
		return r;
	free(r);
	cb(arg, NULL, 0, true);
	return NULL;
}

void
resolve_cancel(struct resolve *r)
{
	if (r == NULL)
		return;
	r->cb = NULL;
	for (int i = 0; i < ASK_N; i++)
		if (r->q[i].req != NULL)
			evdns_cancel_request(r->dns, r->q[i].req);
}

static size_t
answer_addrs(char type, int count, const void *data,
    struct addr out[DIAL_ADDRS_MAX])
{
	const uint8_t *p = data;
	size_t n = 0;

	if (data == NULL || count <= 0)
		return 0;
	for (; n < (size_t)count && n < DIAL_ADDRS_MAX; n++) {
		struct sockaddr_in *in = (struct sockaddr_in *)&out[n].ss;
		struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&out[n].ss;

		memset(&out[n], 0, sizeof(out[n]));
		if (type == DNS_IPv4_A) {
			in->sin_family = AF_INET;
			memcpy(&in->sin_addr, p + 4 * n, 4);
			out[n].len = sizeof(*in);
		} else {
			in6->sin6_family = AF_INET6;
			memcpy(&in6->sin6_addr, p + 16 * n, 16);
			out[n].len = sizeof(*in6);
		}
	}
	return n;
}

/* Once for each question, also when it failed or was cancelled. */
static void
answer_cb(int result, char type, int count, int ttl, void *addresses,
    void *arg)
{
	struct question *q = arg;
	struct resolve *r = q->r;
	struct addr addrs[DIAL_ADDRS_MAX];
	size_t n = 0;
	bool done;

	(void)ttl;
	q->req = NULL;
	if (result == DNS_ERR_NONE &&
	    (type == DNS_IPv4_A || type == DNS_IPv6_AAAA))
		n = answer_addrs(type, count, addresses, addrs);
	done = --r->pending == 0;
	if (r->cb != NULL && (n > 0 || done))
		r->cb(r->arg, addrs, n, done);
	if (done)
		free(r);
}

static bool
is_localhost(const char *name)
{
	size_t n = strlen(name), m = sizeof(".localhost") - 1;

	return strcasecmp(name, "localhost") == 0 ||
	    (n > m && strcasecmp(name + n - m, ".localhost") == 0);
}

/* The hosts list ("name address"), then localhost (RFC 6761). */
static bool
hosts_answer(struct transport *t, const char *name, resolve_cb cb, void *arg)
{
	struct addr addrs[DIAL_ADDRS_MAX];
	size_t n = 0, len = strlen(name);

	for (size_t i = 0; i < t->conf->hosts.n && n < DIAL_ADDRS_MAX; i++) {
		const char *entry = t->conf->hosts.v[i];

		if (strncasecmp(entry, name, len) == 0 && entry[len] == ' ' &&
		    addr_from_host(entry + len + 1, 0, &addrs[n]))
			n++;
	}
	if (n == 0 && is_localhost(name)) {
		(void)addr_from_host("127.0.0.1", 0, &addrs[n++]);
		(void)addr_from_host("::1", 0, &addrs[n++]);
	}
	if (n == 0)
		return false;
	cb(arg, addrs, n, true);
	return true;
}

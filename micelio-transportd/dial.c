/* SPDX-License-Identifier: MIT */
#include <sys/socket.h>

#include <netinet/in.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cursor.h"
#include "common/log.h"
#include "common/mtime.h"
#include "common/reach.h"
#include "common/text.h"
#include "transportd.h"

#define FAILED_TEXT_MAX	256u

struct dial;

/* One connect(2) under way. */
struct dial_try {
	struct dial	*dial;
	int		 fd;		/* -1: free */
	struct addr	 addr;
	struct event	 ev;
};

/*
 * A dial: addresses of one name are tried in the order they come, the next
 * one when the last failed or has not answered for a moment; the first to
 * connect wins.  All within one deadline, which the session inherits.
 */
struct dial {
	TAILQ_ENTRY(dial)	 entry;
	struct transport	*t;
	uint32_t		 id;
	char			 hostport[HOSTPORT_MAX + 1];
	uint16_t		 port;
	uint8_t			 flags;
	uint64_t		 since;
	uint64_t		 cause;		/* event that led to it; 0: none */
	struct addr		 addrs[DIAL_ADDRS_MAX];
	size_t			 addrs_n, next;
	struct dial_try		 tries[DIAL_TRIES_MAX];
	struct resolve		*resolve;
	bool			 resolved;	/* no more addresses come */
	bool			 starting;
	struct event		 ev_stagger, ev_deadline;
	enum down_reason	 reason;	/* of the last failure */
	char			 text[128];
};

static void	dial_advance(struct dial *);
static void	dial_free(struct dial *);
static void	dial_end(struct dial *, enum down_reason, const char *);
static void	resolved_cb(void *, const struct addr *, size_t, bool);
static void	connected_cb(evutil_socket_t, short, void *);
static void	stagger_cb(evutil_socket_t, short, void *);
static void	deadline_cb(evutil_socket_t, short, void *);

void
dial_failed_send(struct transport *t, uint32_t id, const char *addr,
    enum down_reason reason, const char *text)
{
	struct log_scope before = log_cause_begin(log_cause());
	struct wbuf w;

	t->stats.dial_failed++;
	log_event(EV_DIAL_FAILED, LF_STR("addr", addr),
	    LF_STR("cause", down_reason_text(reason)), LF_STR("text", text));
	wbuf_init(&w, 512);
	wbuf_u8(&w, (uint8_t)reason);
	wbuf_strn(&w, text, text == NULL ? 0 : strnlen(text, FAILED_TEXT_MAX));
	imsg_send_wbuf(t->gossipd, IMSG_DIAL_FAILED, id, 0, &w);
	log_cause_end(before);
	wbuf_free(&w);
}

static struct dial *
dial_find(struct transport *t, uint32_t id)
{
	struct dial *d;

	TAILQ_FOREACH(d, &t->dials, entry)
		if (d->id == id)
			return d;
	return NULL;
}

/* Those that have connected and not finished count until they have. */
static bool
dials_full(const struct transport *t)
{
	return t->dials_n + t->sessions_n - t->ready_n - t->admit->count >=
	    DIALS_MAX;
}

static struct dial *
dial_new(struct transport *t, uint32_t id, const char *hostport, uint16_t port,
    uint8_t flags)
{
	static const struct timeval deadline = { OPENING_MS / 1000, 0 };
	struct dial *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	d->t = t;
	d->id = id;
	text_copy(d->hostport, hostport, sizeof(d->hostport));
	d->port = port;
	d->flags = flags;
	d->since = mono_ms();
	d->cause = log_cause();
	d->reason = DOWN_RESOLVE;
	for (size_t i = 0; i < DIAL_TRIES_MAX; i++) {
		d->tries[i].dial = d;
		d->tries[i].fd = -1;
	}
	event_assign(&d->ev_stagger, t->base, -1, 0, stagger_cb, d);
	event_assign(&d->ev_deadline, t->base, -1, 0, deadline_cb, d);
	(void)event_add(&d->ev_deadline, &deadline);
	TAILQ_INSERT_TAIL(&t->dials, d, entry);
	t->dials_n++;
	return d;
}

void
dial_start(struct transport *t, uint32_t id, const char *hostport,
    uint8_t flags)
{
	struct hostport hp;
	struct addr numeric;
	const char *why = NULL;
	struct dial *d;
	bool is_numeric;
	int port = -1;

	if (hostport_split(hostport, &hp, &why) &&
	    (port = port_parse(hp.port, false)) == -1)
		why = "the port is not a number from 1 to 65535";
	if (why != NULL) {
		dial_failed_send(t, id, hostport, DOWN_RESOLVE, why);
		return;
	}
	is_numeric = addr_from_host(hp.host, (uint16_t)port, &numeric);
	if (!is_numeric && !(flags & DIAL_NAME_OK)) {
		dial_failed_send(t, id, hostport, DOWN_RESOLVE,
		    "names are not looked up for this dial");
		return;
	}
	if (dials_full(t) || dial_find(t, id) != NULL ||
	    (d = dial_new(t, id, hostport, (uint16_t)port, flags)) ==
	    NULL) {
		dial_failed_send(t, id, hostport, DOWN_RESOURCE,
		    "too many dials");
		return;
	}
	t->stats.dialed++;
	d->starting = true;
	if (is_numeric)
		resolved_cb(d, &numeric, 1, true);
	else
		d->resolve = resolve_start(t, hp.host, resolved_cb, d);
	d->starting = false;
	dial_advance(d);
}

void
dial_cancel(struct transport *t, uint32_t id)
{
	struct dial *d = dial_find(t, id);
	struct session *s;

	if (d != NULL) {
		dial_free(d);
		return;
	}
	RB_FOREACH(s, session_tree, &t->sessions) {
		if (s->outbound && !s->up && s->dial_id == id) {
			s->cancelled = true;
			session_end(s, DOWN_NONE, NULL);
			return;
		}
	}
}

void
dials_end(struct transport *t)
{
	struct dial *d;

	while ((d = TAILQ_FIRST(&t->dials)) != NULL)
		dial_end(d, DOWN_SHUTDOWN, NULL);
}

static void
try_stop(struct dial_try *try)
{
	if (try->fd == -1)
		return;
	event_del(&try->ev);
	close(try->fd);
	try->fd = -1;
}

static void
dial_free(struct dial *d)
{
	for (size_t i = 0; i < DIAL_TRIES_MAX; i++)
		try_stop(&d->tries[i]);
	resolve_cancel(d->resolve);
	event_del(&d->ev_stagger);
	event_del(&d->ev_deadline);
	TAILQ_REMOVE(&d->t->dials, d, entry);
	d->t->dials_n--;
	free(d);
}

static void
dial_end(struct dial *d, enum down_reason reason, const char *text)
{
	struct log_scope before = log_cause_begin(d->cause);

	dial_failed_send(d->t, d->id, d->hostport, reason, text);
	log_cause_end(before);
	dial_free(d);
}

/*
 * What another's word may make us dial, by the rules that came with it: a
 * name could stand for anything.
 */
static bool
in_reach(const struct dial *d, const struct addr *a)
{
	const struct transport *t = d->t;
	struct addr own;

	for (size_t i = 0; i < t->listeners_n; i++)
		if (addr_parse(t->listeners[i].addr, &own) &&
		    addr_equal(a, &own))
			return false;
	switch (addr_reach(a)) {
	case REACH_NEVER:
		return false;
	case REACH_LOOPBACK:
		return (d->flags & DIAL_LOOPBACK_OK) != 0;
	case REACH_INNER:
		return (d->flags & DIAL_INNER_OK) != 0;
	case REACH_OPEN:
		break;
	}
	return true;
}

/* The last thing its caller does with d: it may be gone. */
static void
resolved_cb(void *arg, const struct addr *addrs, size_t n, bool done)
{
	struct dial *d = arg;

	for (size_t i = 0; i < n && d->addrs_n < DIAL_ADDRS_MAX; i++) {
		struct addr *a = &d->addrs[d->addrs_n];

		/* "Nowhere" would mean this host, "everyone" nobody. */
		if (addr_is_unspecified(&addrs[i]) ||
		    addr_is_multicast(&addrs[i])) {
			d->reason = DOWN_UNREACHABLE;
			continue;
		}
		*a = addrs[i];
		if (a->ss.ss_family == AF_INET)
			((struct sockaddr_in *)&a->ss)->sin_port =
			    htons(d->port);
		else
			((struct sockaddr_in6 *)&a->ss)->sin6_port =
			    htons(d->port);
		if ((d->flags & DIAL_ON_WORD) && !in_reach(d, a)) {
			d->reason = DOWN_UNREACHABLE;
			text_copy(d->text, "not an address to dial on "
			    "another's word", sizeof(d->text));
			continue;
		}
		d->addrs_n++;
	}
	if (done) {
		d->resolved = true;
		d->resolve = NULL;
	}
	if (!d->starting)
		dial_advance(d);
}

static enum down_reason
reason_of(int error)
{
	switch (error) {
	case ECONNREFUSED:
		return DOWN_REFUSED;
	case ETIMEDOUT:
		return DOWN_TIMEOUT;
	case ECONNRESET:
		return DOWN_RESET;
	case EMFILE:
	case ENFILE:
	case ENOMEM:
	case ENOBUFS:
		return DOWN_RESOURCE;
	default:
		return DOWN_UNREACHABLE;
	}
}

static void
try_failed(struct dial_try *try, int error)
{
	struct dial *d = try->dial;
	char addr[HOSTPORT_MAX + 1];

	d->reason = reason_of(error);
	snprintf(d->text, sizeof(d->text), "%.60s: %.50s",
	    addr_text(&try->addr, addr), strerror(error));
	try_stop(try);
}

static bool
try_start(struct dial_try *try, const struct addr *a)
{
	struct dial *d = try->dial;

	try->addr = *a;
	try->fd = socket(a->ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, 0);
	if (try->fd == -1) {
		try_failed(try, errno);
		return false;
	}
	event_assign(&try->ev, d->t->base, try->fd, EV_WRITE, connected_cb,
	    try);
	if ((connect(try->fd, (const struct sockaddr *)&a->ss, a->len) == -1 &&
	    errno != EINPROGRESS) || event_add(&try->ev, NULL) == -1) {
		try_failed(try, errno);
		return false;
	}
	return true;
}

static struct dial_try *
try_free(struct dial *d, size_t *active)
{
	struct dial_try *found = NULL;

	*active = 0;
	for (size_t i = 0; i < DIAL_TRIES_MAX; i++) {
		if (d->tries[i].fd != -1)
			(*active)++;
		else
			found = &d->tries[i];
	}
	return found;
}

/* Begin a connect if none runs; fail if nothing is left.  d may be gone. */
static void
dial_advance(struct dial *d)
{
	static const struct timeval stagger = { 0, DIAL_STAGGER_MS * 1000 };
	struct dial_try *try;
	size_t active;

	try = try_free(d, &active);
	while (active == 0 && d->next < d->addrs_n)
		if (try_start(try, &d->addrs[d->next++]))
			active++;
	if (active == 0 && d->resolved) {
		dial_end(d, d->reason, d->text[0] != '\0' ? d->text :
		    d->reason != DOWN_RESOLVE ? "not an address to dial" :
		    d->t->nameservers_n > 0 ? "no address for this name" :
		    "no name server is configured");
		return;
	}
	if (d->next < d->addrs_n && active < DIAL_TRIES_MAX)
		(void)event_add(&d->ev_stagger, &stagger);
}

/* The running connect is slow: one more beside it. */
static void
stagger_cb(evutil_socket_t fd, short what, void *arg)
{
	struct dial *d = arg;
	struct dial_try *try;
	size_t active;

	(void)fd;
	(void)what;
	try = try_free(d, &active);
	if (try != NULL && d->next < d->addrs_n)
		(void)try_start(try, &d->addrs[d->next++]);
	dial_advance(d);
}

static void
deadline_cb(evutil_socket_t fd, short what, void *arg)
{
	struct dial *d = arg;

	(void)fd;
	(void)what;
	dial_end(d, DOWN_TIMEOUT, d->addrs_n == 0 ?
	    "the name server does not answer" : "no answer within 10 s");
}

/* TCP can connect a socket to itself when it dials a free local port. */
static bool
connected_to_self(int fd)
{
	struct addr a = { .len = sizeof(a.ss) }, b = { .len = sizeof(b.ss) };

	return getsockname(fd, (struct sockaddr *)&a.ss, &a.len) == 0 &&
	    getpeername(fd, (struct sockaddr *)&b.ss, &b.len) == 0 &&
	    addr_equal(&a, &b);
}

static void
connected_cb(evutil_socket_t fd, short what, void *arg)
{
	struct dial_try *try = arg;
	struct dial *d = try->dial;
	struct transport *t = d->t;
	struct addr peer = try->addr;
	char addr[HOSTPORT_MAX + 1];
	uint64_t since = d->since;
	uint32_t id = d->id;
	socklen_t len = sizeof(int);
	struct log_scope before;
	int error = 0;

	(void)what;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1)
		error = errno;
	if (error == 0 && connected_to_self(fd))
		error = ECONNREFUSED;
	if (error != 0) {
		try_failed(try, error);
		dial_advance(d);
		return;
	}
	try->fd = -1;	/* the session's now */
	before = log_cause_begin(d->cause);
	dial_free(d);
	if (session_new(t, fd, &peer, true, id, since) == NULL)
		dial_failed_send(t, id, addr_text(&peer, addr), DOWN_RESOURCE,
		    "no memory");
	log_cause_end(before);
}

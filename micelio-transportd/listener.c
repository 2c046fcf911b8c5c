/* SPDX-License-Identifier: MIT */
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/cursor.h"
#include "common/log.h"
#include "common/mtime.h"
#include "common/text.h"
#include "transportd.h"

static void	accept_cb(evutil_socket_t, short, void *);
static void	accept_resume_cb(evutil_socket_t, short, void *);
static bool	accept_one(struct listener *);
static void	accept_exhausted(struct listener *, int error);
static bool	guest_makes_way(struct transport *);
static void	accept_admit(struct transport *, int, const struct addr *);

void
listeners_init(struct transport *t)
{
	event_assign(&t->ev_accept, t->base, -1, 0, accept_resume_cb, t);
}

void
listener_add(struct transport *t, int fd, const char *addr)
{
	struct listener *l;

	if (t->listeners_n == CONF_LISTEN_MAX || t->stopping) {
		close(fd);
		return;
	}
	(void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	l = &t->listeners[t->listeners_n++];
	l->t = t;
	l->fd = fd;
	text_copy(l->addr, addr, sizeof(l->addr));
	event_assign(&l->ev, t->base, fd, EV_READ | EV_PERSIST, accept_cb, l);
	if (t->listening)
		listeners_start(t);
}

/* gossipd learns of them first, so that it can say where it is reached. */
void
listeners_start(struct transport *t)
{
	struct listener *l;
	struct wbuf w;

	t->listening = true;
	for (size_t i = 0; i < t->listeners_n; i++) {
		l = &t->listeners[i];
		if (event_pending(&l->ev, EV_READ, NULL))
			continue;
		wbuf_init(&w, 512);
		wbuf_str(&w, l->addr);
		imsg_send_wbuf(t->gossipd, IMSG_LISTENING, 0, 0, &w);
		wbuf_free(&w);
		if (!t->accept_paused)
			(void)event_add(&l->ev, NULL);
	}
	if (t->reserve_fd == -1 && t->listeners_n > 0)
		t->reserve_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

void
listeners_stop(struct transport *t)
{
	for (size_t i = 0; i < t->listeners_n; i++) {
		event_del(&t->listeners[i].ev);
		close(t->listeners[i].fd);
	}
	t->listeners_n = 0;
	event_del(&t->ev_accept);
	if (t->reserve_fd != -1)
		close(t->reserve_fd);
	t->reserve_fd = -1;
}

static void
accept_cb(evutil_socket_t fd, short what, void *arg)
{
	struct listener *l = arg;

	(void)fd;
	(void)what;
	/* A few at a time: those already here have their turn between. */
	for (unsigned int i = 0; i < ACCEPTS_PER_TURN; i++)
		if (!accept_one(l))
			break;
}

/* False: enough for this turn. */
static bool
accept_one(struct listener *l)
{
	struct addr peer = { .len = sizeof(peer.ss) };
	int fd = accept4(l->fd, (struct sockaddr *)&peer.ss, &peer.len,
	    SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd != -1) {
		accept_admit(l->t, fd, &peer);
		return true;
	}
	switch (errno) {
	case EMFILE:
	case ENFILE:
	case ENOMEM:
	case ENOBUFS:
		accept_exhausted(l, errno);
		return false;
	case EAGAIN:
		return false;
	default:
		/* Trouble of one connection (accept(2)): the next, please. */
		return true;
	}
}

/*
 * No descriptor left: without this the loop would spin on a connection it
 * cannot take.  The reserve is used to turn one away, then we wait.
 */
static void
accept_exhausted(struct listener *l, int error)
{
	static const struct timeval pause = { ACCEPT_PAUSE_MS / 1000,
	    ACCEPT_PAUSE_MS % 1000 * 1000 };
	struct transport *t = l->t;
	uint32_t held;
	int fd;

	if (t->reserve_fd != -1) {
		close(t->reserve_fd);
		if ((fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC)) != -1)
			close(fd);
		t->reserve_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	}
	t->accept_paused = true;
	t->stats.accept_pauses++;
	for (size_t i = 0; i < t->listeners_n; i++)
		event_del(&t->listeners[i].ev);
	(void)event_add(&t->ev_accept, &pause);
	if (log_allowed(0, EV_ACCEPT_PAUSED, mono_ms(), &held))
		log_event(EV_ACCEPT_PAUSED, LF_STR("listen", l->addr),
		    LF_STR("text", strerror(error)));
}

static void
accept_resume_cb(evutil_socket_t fd, short what, void *arg)
{
	struct transport *t = arg;

	(void)fd;
	(void)what;
	t->accept_paused = false;
	if (t->reserve_fd == -1)
		t->reserve_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	for (size_t i = 0; i < t->listeners_n; i++)
		(void)event_add(&t->listeners[i].ev, NULL);
}

/*
 * Full: turned away before a byte is read (wire-v1 3.6).  A few are let in
 * all the same: a peer whose link died unnoticed can come back and take its
 * own place only if it may say who it is.
 */
static bool
transport_full(struct transport *t)
{
	uint32_t max = t->conf->network_max_peers;

	if (max == 0 || max > SESSIONS_READY_MAX)
		max = SESSIONS_READY_MAX;
	return t->ready_n >= max && t->admit->count >= GUESTS_MAX &&
	    !guest_makes_way(t);
}

/*
 * Who comes has said its first word when it is accepted, as it speaks first,
 * and the hello takes three ways more: nobody can keep the places of guests
 * by being slow.
 */
static bool
guest_makes_way(struct transport *t)
{
	struct session *s, *victim = NULL;
	uint64_t now = mono_ms(), since, oldest = 0;

	RB_FOREACH(s, session_tree, &t->sessions) {
		if (s->place.net == NULL)
			continue;
		since = now + OPENING_MS - s->watch.deadline;
		if (since >= (s->place.spoke ? GUEST_MS : GUEST_SILENT_MS) &&
		    since > oldest) {
			victim = s;
			oldest = since;
		}
	}
	if (victim == NULL)
		return false;
	session_end(victim, DOWN_CROWDED, "made room for a newer connection");
	return true;
}

static void
accept_admit(struct transport *t, int fd, const struct addr *peer)
{
	if (transport_full(t)) {
		t->stats.refused_full++;
		conn_refused_log(peer, addr_net_key(peer), DOWN_FULL,
		    "at capacity");
		close(fd);
		return;
	}
	t->stats.accepted++;
	(void)session_new(t, fd, peer, false, 0, mono_ms());
}

void
conn_refused_log(const struct addr *peer, uint64_t source,
    enum down_reason reason, const char *text)
{
	uint32_t held;

	if (!log_allowed(source, EV_CONN_REFUSED, mono_ms(), &held))
		return;
	if (held > 0)
		log_event(EV_CONN_REFUSED, LF_ADDR("addr", peer),
		    LF_STR("cause", down_reason_text(reason)),
		    LF_STR("text", text), LF_NUM("more", held));
	else
		log_event(EV_CONN_REFUSED, LF_ADDR("addr", peer),
		    LF_STR("cause", down_reason_text(reason)),
		    LF_STR("text", text));
}

/* SPDX-License-Identifier: MIT */
/*
 * SSH listeners: accept and hand on.  Not a byte of a client is read here.
 */
#include <sys/socket.h>

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "addr.h"
#include "conn.h"
#include "listener.h"
#include "log.h"
#include "mtime.h"
#include "proc.h"
#include "sshd.h"
#include "text.h"

#define PAUSE_S		1	/* when descriptors run out */
#define ACCEPT_BATCH	16

struct sshlisten {
	TAILQ_ENTRY(sshlisten)	 entry;
	struct hub		*hub;
	int			 fd;
	struct event		*ev, *resume;
	char			 text[HOSTPORT_MAX + 1];
};

static void	accept_cb(evutil_socket_t, short, void *);
static void	resume_cb(evutil_socket_t, short, void *);

void
listener_add(struct hub *hub, int fd, const char *text)
{
	struct sshlisten *l = xcalloc(1, sizeof(*l));

	l->hub = hub;
	l->fd = fd;
	text_copy(l->text, text, sizeof(l->text));
	if (evutil_make_socket_nonblocking(fd) == -1)
		fatal("listener %s", text);
	l->ev = event_new(hub->proc->base, fd, EV_READ | EV_PERSIST,
	    accept_cb, l);
	l->resume = event_new(hub->proc->base, -1, 0, resume_cb, l);
	if (l->ev == NULL || l->resume == NULL)
		fatalx("no memory for a listener");
	TAILQ_INSERT_TAIL(&hub->listens, l, entry);
	if (hub->proc->running && !hub->stopping)
		event_add(l->ev, NULL);
}

void
listener_start(struct hub *hub)
{
	struct sshlisten *l;

	TAILQ_FOREACH(l, &hub->listens, entry)
		event_add(l->ev, NULL);
}

void
listener_stop(struct hub *hub)
{
	struct sshlisten *l;

	while ((l = TAILQ_FIRST(&hub->listens)) != NULL) {
		TAILQ_REMOVE(&hub->listens, l, entry);
		event_free(l->ev);
		event_free(l->resume);
		(void)close(l->fd);
		free(l);
	}
}

size_t
listener_list(const struct hub *hub, const char **out, size_t max)
{
	const struct sshlisten *l;
	size_t n = 0;

	TAILQ_FOREACH(l, &hub->listens, entry)
		if (n < max)
			out[n++] = l->text;
	return n;
}

static void
resume_cb(evutil_socket_t fd, short what, void *arg)
{
	struct sshlisten *l = arg;

	(void)fd;
	(void)what;
	event_add(l->ev, NULL);
}

/* No descriptors or memory: busy looping would not bring any. */
static void
pause_accepting(struct sshlisten *l, int err)
{
	struct timeval tv = { PAUSE_S, 0 };
	uint32_t held;

	event_del(l->ev);
	event_add(l->resume, &tv);
	if (log_allowed((uint64_t)l->fd, EV_ACCEPT_PAUSED, mono_ms(), &held))
		log_event(EV_ACCEPT_PAUSED, LF_STR("listen", l->text),
		    LF_STR("text", strerror(err)));
}

static void
accept_cb(evutil_socket_t fd, short what, void *arg)
{
	struct sshlisten *l = arg;
	struct addr a;
	int s;

	(void)what;
	for (int i = 0; i < ACCEPT_BATCH; i++) {
		memset(&a, 0, sizeof(a));
		a.len = sizeof(a.ss);
		s = accept4(fd, (struct sockaddr *)&a.ss, &a.len,
		    SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (s != -1) {
			conn_accept(l->hub, s, &a);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
		    errno == ENOMEM)
			pause_accepting(l, errno);
		if (errno != EINTR && errno != ECONNABORTED)
			return;
	}
}

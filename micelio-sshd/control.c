/* SPDX-License-Identifier: MIT */
/*
 * The control socket.  Who may connect is the socket file's mode; who is
 * connected the kernel tells (SO_PEERCRED).  Format: micelioctl/
 */
#include <sys/socket.h>

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "caller.h"
#include "cmdline.h"
#include "control.h"
#include "control_client.h"
#include "cursor.h"
#include "imsg.h"
#include "log.h"
#include "outlet.h"
#include "proc.h"
#include "role.h"
#include "run.h"
#include "sshd.h"

#define CLIENTS_MAX	16
#define LISTEN_MAX	4
#define REQUEST_S	10	/* to say what one wants in */
#define FLUSH_S		300	/* for somebody who reads with a pager */
#define CHUNK_MAX	32768u
#define QUEUE_MAX	(16u * 1024 * 1024)	/* far over OUTLET_WINDOW */

struct control {
	struct hub		*hub;
	int			 fd[LISTEN_MAX];
	struct event		*ev[LISTEN_MAX];
	unsigned int		 nlisten;
	struct client_list	 clients;
	unsigned int		 nclients;
};

static void	accept_cb(evutil_socket_t, short, void *);
static void	read_cb(evutil_socket_t, short, void *);
static void	write_cb(evutil_socket_t, short, void *);
static void	timer_cb(evutil_socket_t, short, void *);
static void	client_out(struct caller *, int, const char *, size_t);
static void	client_page(struct caller *, const char *, size_t);
static void	client_exit(struct caller *, int);

static struct client *
client_of(struct caller *caller)
{
	return (struct client *)(void *)((char *)caller -
	    offsetof(struct client, caller));
}

void
control_add(struct hub *hub, int fd)
{
	struct control *ctl = hub->control;

	if (ctl == NULL) {
		ctl = hub->control = xcalloc(1, sizeof(*ctl));
		ctl->hub = hub;
		TAILQ_INIT(&ctl->clients);
	}
	if (ctl->nlisten == LISTEN_MAX)
		fatalx("more than %d control sockets", LISTEN_MAX);
	if (evutil_make_socket_nonblocking(fd) == -1)
		fatal("control socket");
	ctl->fd[ctl->nlisten] = fd;
	ctl->ev[ctl->nlisten] = event_new(hub->proc->base, fd,
	    EV_READ | EV_PERSIST, accept_cb, ctl);
	if (ctl->ev[ctl->nlisten] == NULL)
		fatalx("no memory for the control socket");
	if (hub->proc->running)
		event_add(ctl->ev[ctl->nlisten], NULL);
	ctl->nlisten++;
}

void
control_start(struct hub *hub)
{
	struct control *ctl = hub->control;

	for (unsigned int i = 0; ctl != NULL && i < ctl->nlisten; i++)
		event_add(ctl->ev[i], NULL);
}

static void
client_free(struct client *c)
{
	caller_gone(&c->caller, "closed");
	event_free(c->ev_read);
	event_free(c->ev_write);
	event_free(c->timer);
	(void)close(c->fd);
	free(c->in);
	wbuf_free(&c->out);
	TAILQ_REMOVE(&c->control->clients, c, entry);
	c->control->nclients--;
	free(c);
}

/* Freed from its own timer: its callers may still be using it. */
static void
client_drop(struct client *c)
{
	struct timeval now = { 0, 0 };

	if (c->dead)
		return;
	c->dead = true;
	c->state = CLIENT_ENDING;
	event_del(c->ev_read);
	event_del(c->ev_write);
	event_add(c->timer, &now);
}

/*
 * Output.
 */

void
client_flush(struct client *c)
{
	ssize_t n;

	while (!c->dead && c->out_done < c->out.len) {
		n = send(c->fd, c->out.p + c->out_done,
		    c->out.len - c->out_done, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
			event_add(c->ev_write, NULL);
			return;
		}
		if (n == -1) {
			client_drop(c);
			return;
		}
		c->out_done += (size_t)n;
		outlet_ack(&c->outlet, (size_t)n);
	}
	wbuf_reset(&c->out);
	c->out_done = 0;
	c->outlet.inflight = 0;
}

void
client_frame_put(struct client *c, enum ctl_type type, const void *a,
    size_t a_len, const void *b, size_t b_len)
{
	if (c->dead)
		return;
	if (c->out_done > 0) {		/* what is written makes room */
		memmove(c->out.p, c->out.p + c->out_done,
		    c->out.len - c->out_done);
		c->out.len -= c->out_done;
		c->out_done = 0;
	}
	if (c->out.len + a_len + b_len + CTL_HEADER > QUEUE_MAX) {
		client_drop(c);
		return;
	}
	wbuf_u32be(&c->out, (uint32_t)(1 + a_len + b_len));
	wbuf_u8(&c->out, (uint8_t)type);
	wbuf_bytes(&c->out, a, a_len);
	wbuf_bytes(&c->out, b, b_len);
}

static void
output_put(struct client *c, int stream, const char *s, size_t n)
{
	uint8_t kind = stream == OUT_STDERR ? 2 : 1;
	size_t k;

	for (; n > 0; s += k, n -= k) {
		k = n < CHUNK_MAX ? n : CHUNK_MAX;
		client_frame_put(c, CTL_OUTPUT, &kind, 1, s, k);
	}
}

static unsigned int
count_lines(const char *s, size_t n)
{
	unsigned int lines = 0;

	for (size_t i = 0; i < n; i++)
		lines += s[i] == '\n';
	return lines == 0 ? 1 : lines;
}

static void
client_out(struct caller *caller, int stream, const char *s, size_t n)
{
	struct client *c = client_of(caller);

	if (c->dead || c->state == CLIENT_ENDING || n == 0 ||
	    (stream != OUT_WHOLE &&
	    !outlet_take(&c->outlet, n, count_lines(s, n))))
		return;
	if (stream == OUT_WHOLE)
		outlet_add(&c->outlet, n);
	output_put(c, stream, s, n);
	client_flush(c);
}

static void
client_page(struct caller *caller, const char *s, size_t n)
{
	struct client *c = client_of(caller);

	if (c->dead || c->state == CLIENT_ENDING)
		return;
	outlet_add(&c->outlet, n);
	client_frame_put(c, CTL_PAGE, s, n, NULL, 0);
	client_flush(c);
}

static void
client_exit(struct caller *caller, int status)
{
	struct client *c = client_of(caller);
	uint8_t st = (uint8_t)status;
	struct timeval tv = { FLUSH_S, 0 };

	if (c->state == CLIENT_ENDING)
		return;
	client_frame_put(c, CTL_EXIT, &st, 1, NULL, 0);
	c->state = CLIENT_ENDING;
	client_flush(c);
	if (!c->dead)
		event_add(c->timer, &tv);
}

static size_t
client_untaken(const struct caller *caller)
{
	const struct client *c = (const struct client *)(const void *)
	    ((const char *)caller - offsetof(struct client, caller));

	return c->outlet.inflight;
}

/* While it is held nothing of it is read. */
static void
client_hold(struct caller *caller, bool hold)
{
	struct client *c = client_of(caller);

	if (c->dead || c->state != CLIENT_RUNNING)
		return;
	if (hold)
		event_del(c->ev_read);
	else
		event_add(c->ev_read, NULL);
}

void
client_refuse(struct client *c, int status, const char *why)
{
	char text[256];
	int n = snprintf(text, sizeof(text), "micelio: %s\n", why);

	c->state = CLIENT_RUNNING;
	output_put(c, OUT_STDERR, text, (size_t)n);
	client_exit(&c->caller, status);
}

static void
write_cb(evutil_socket_t fd, short what, void *arg)
{
	struct client *c = arg;
	uint64_t missed;

	(void)fd;
	(void)what;
	client_flush(c);
	missed = outlet_missed(&c->outlet);
	if (missed > 0 && !c->dead && c->state == CLIENT_RUNNING)
		caller_text(&c->caller, OUT_STDERR, "-- %llu line%s skipped: "
		    "you were not reading\n", (unsigned long long)missed,
		    missed == 1 ? "" : "s");
	if (!c->dead && c->state == CLIENT_RUNNING)
		run_taken(&c->caller);
}

static void
read_cb(evutil_socket_t fd, short what, void *arg)
{
	struct client *c = arg;
	struct iovec iov = { c->in + c->in_len,
	    CTL_FRAME_MAX + CTL_HEADER - c->in_len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	(void)what;
	n = recvmsg(fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	/* No room was given for descriptors, so the kernel closed them. */
	if (n <= 0 || (msg.msg_flags & MSG_CTRUNC) != 0) {
		client_drop(c);
		return;
	}
	/* Nothing more is taken of it, but its end has to be noticed. */
	if (c->state != CLIENT_ENDING) {
		c->in_len += (size_t)n;
		client_frames_cut(c);
	}
}

static void
timer_cb(evutil_socket_t fd, short what, void *arg)
{
	struct client *c = arg;

	(void)fd;
	(void)what;
	client_free(c);
}

/*
 * Who it is.  In personal mode the socket is the owner's and only root can
 * open it besides; as a service, whoever is in the socket's group.
 */
static enum role
role_of(struct hub *hub, int fd)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == -1 ||
	    len != sizeof(cred))
		return 0;
	if (cred.uid == 0 || (hub->proc->mode == MODE_PERSONAL &&
	    cred.uid == geteuid()))
		return ROLE_ADMIN;
	return hub->proc->mode == MODE_SERVICE ? ROLE_OP : 0;
}

static void
client_new(struct control *ctl, int fd)
{
	struct client *c = xcalloc(1, sizeof(*c));
	struct timeval tv = { REQUEST_S, 0 };
	struct event_base *base = ctl->hub->proc->base;
	enum role role = role_of(ctl->hub, fd);

	caller_init(&c->caller, ctl->hub);
	c->caller.door = DOOR_CONTROL;
	c->caller.role = role;
	c->caller.out = client_out;
	c->caller.page = client_page;
	c->caller.exit = client_exit;
	c->caller.hold = client_hold;
	c->caller.untaken = client_untaken;
	c->control = ctl;
	c->fd = fd;
	c->in = xreallocarray(NULL, 1, CTL_FRAME_MAX + CTL_HEADER);
	wbuf_init(&c->out, QUEUE_MAX);
	c->ev_read = event_new(base, fd, EV_READ | EV_PERSIST, read_cb, c);
	c->ev_write = event_new(base, fd, EV_WRITE, write_cb, c);
	c->timer = evtimer_new(base, timer_cb, c);
	if (c->ev_read == NULL || c->ev_write == NULL || c->timer == NULL)
		fatalx("no memory for a control client");
	TAILQ_INSERT_TAIL(&ctl->clients, c, entry);
	ctl->nclients++;
	event_add(c->ev_read, NULL);
	event_add(c->timer, &tv);
	if (role == 0)
		client_refuse(c, EX_NOPERM, "this node belongs to another "
		    "user; ask as that one or as root, or log in by ssh");
	else if (ctl->nclients > CLIENTS_MAX)
		client_refuse(c, EX_TEMPFAIL, "16 control clients are "
		    "connected, the limit; end one and try again");
}

static void
accept_cb(evutil_socket_t fd, short what, void *arg)
{
	struct control *ctl = arg;
	int s = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)what;
	if (s == -1)
		return;
	/* A few over the limit are told so; more are not even that. */
	if (ctl->nclients >= 2 * CLIENTS_MAX) {
		(void)close(s);
		return;
	}
	client_new(ctl, s);
}

void
control_stop(struct hub *hub, const char *text)
{
	struct control *ctl = hub->control;
	struct client *c, *next;

	if (ctl == NULL)
		return;
	for (unsigned int i = 0; i < ctl->nlisten; i++) {
		event_free(ctl->ev[i]);
		(void)close(ctl->fd[i]);
	}
	ctl->nlisten = 0;
	TAILQ_FOREACH_SAFE(c, &ctl->clients, entry, next) {
		bool tailing = c->caller.in_room;

		if (c->state == CLIENT_ENDING)
			continue;
		caller_text(&c->caller, OUT_STDERR, "-- %s\n", text);
		client_exit(&c->caller, tailing ? EX_OK : EX_UNAVAILABLE);
	}
}

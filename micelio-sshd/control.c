/* SPDX-License-Identifier: MIT */
/*
 * The control socket.  Who may connect is the socket file's mode; who is
 * connected the kernel tells (SO_PEERCRED).  Format: micelioctl/
 * control_proto.h.
 */
#include <sys/socket.h>

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "../micelioctl/control_proto.h"
#include "caller.h"
#include "cmdline.h"
#include "commands.h"
#include "commands_map.h"
#include "config.h"
#include "control.h"
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

enum client_state { CLIENT_HELLO, CLIENT_RUN, CLIENT_RUNNING, CLIENT_ENDING };

struct client {
	TAILQ_ENTRY(client)	 entry;
	struct caller		 caller;
	struct control		*control;
	enum client_state	 state;
	int			 fd;
	struct event		*ev_read, *ev_write, *timer;
	uint8_t			*in;
	size_t			 in_len;
	struct wbuf		 out;
	size_t			 out_done;	/* of out, written */
	struct outlet		 outlet;
	bool			 dead;		/* freed when control returns */
};
TAILQ_HEAD(client_list, client);

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

static void
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

static void
frame_put(struct client *c, enum ctl_type type, const void *a, size_t a_len,
    const void *b, size_t b_len)
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
		frame_put(c, CTL_OUTPUT, &kind, 1, s, k);
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
	    !outlet_take(&c->outlet, n, count_lines(s, n)))
		return;
	output_put(c, stream, s, n);
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
	frame_put(c, CTL_EXIT, &st, 1, NULL, 0);
	c->state = CLIENT_ENDING;
	client_flush(c);
	if (!c->dead)
		event_add(c->timer, &tv);
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

/* Refused by the door, not by a command. */
static void
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
}

/*
 * Input.
 */

static const char *
str_get(struct rcur *r, size_t max, size_t *n)
{
	*n = rcur_u16be(r);
	if (*n > max)
		r->bad = true;
	return (const char *)rcur_bytes(r, *n);
}

static void
hello(struct client *c, struct rcur *r)
{
	unsigned int version = rcur_u16be(r);
	const char *user;
	struct wbuf w;
	size_t n;

	if (!r->bad && version != CTL_VERSION) {
		client_refuse(c, EX_UNAVAILABLE, "this micelioctl is of "
		    "another release than the node (" MICELIO_VERSION ")");
		return;
	}
	user = str_get(r, 256, &n);
	if (!rcur_done(r)) {
		client_refuse(c, EX_USAGE, "malformed hello");
		return;
	}
	if (n <= CHAT_NICK_MAX && memchr(user, '\0', n) == NULL)
		(void)snprintf(c->caller.nick, sizeof(c->caller.nick), "%.*s",
		    (int)n, user);
	wbuf_init(&w, 256);
	wbuf_u16be(&w, CTL_VERSION);
	wbuf_u16be(&w, (uint16_t)strlen(MICELIO_VERSION));
	wbuf_bytes(&w, MICELIO_VERSION, strlen(MICELIO_VERSION));
	frame_put(c, CTL_WELCOME, w.p, w.len, NULL, 0);
	wbuf_free(&w);
	c->state = CLIENT_RUN;
}

/* What the command is, before it begins: the client's timeout needs it. */
static void
accepted(struct client *c, const char *const *words, size_t n)
{
	const struct command *cmd;
	char why[256];
	uint8_t bits = 0;

	if (n == 0 || (cmd = command_find(commands, words[0],
	    strlen(words[0]), why, sizeof(why))) == NULL)
		return;
	if (cmd->changes)
		bits |= CTL_CHANGES;
	if (cmd->streams)
		bits |= CTL_STREAMS;
	if (cmd->talk ? strcmp(words[n - 1], "-") == 0 :
	    cmd->start == cmd_import || (cmd->start == cmd_put &&
	    put_reads(words + 1, n - 1)))
		bits |= CTL_INPUTS;
	frame_put(c, CTL_ACCEPTED, &bits, 1, NULL, 0);
}

static void
run_request(struct client *c, struct rcur *r)
{
	const char *words[CTL_WORDS_MAX], *s;
	char *copy[CTL_WORDS_MAX];
	size_t n = rcur_u16be(r), len, k = 0;

	for (; k < n && k < CTL_WORDS_MAX; k++) {
		s = str_get(r, 65535, &len);
		if (r->bad || memchr(s, '\0', len) != NULL)
			break;
		copy[k] = xcalloc(1, len + 1);
		memcpy(copy[k], s, len);
		words[k] = copy[k];
	}
	if (k < n || !rcur_done(r))
		client_refuse(c, EX_USAGE, n > CTL_WORDS_MAX ?
		    "too many words; quote the text" :
		    "malformed request");
	else {
		c->state = CLIENT_RUNNING;
		event_del(c->timer);
		accepted(c, words, n);
		command_words(&c->caller, words, n);
	}
	while (k > 0)
		free(copy[--k]);
}

static void
frame_handle(struct client *c, uint8_t type, const uint8_t *p, size_t n)
{
	struct rcur r;
	struct run *run;

	rcur_init(&r, p, n);
	if (type == CTL_HELLO && c->state == CLIENT_HELLO)
		hello(c, &r);
	else if (type == CTL_RUN && c->state == CLIENT_RUN)
		run_request(c, &r);
	else if (type == CTL_INPUT && c->state == CLIENT_RUNNING) {
		run = TAILQ_FIRST(&c->caller.runs);
		if (run != NULL)
			run_input(run, p, n);
	} else if (c->state != CLIENT_ENDING)
		client_refuse(c, EX_USAGE, "malformed request");
}

/* Complete frames of what was read. */
static void
frames_cut(struct client *c)
{
	size_t used = 0, len;
	struct rcur r;

	while (!c->dead && c->state != CLIENT_ENDING &&
	    c->in_len - used >= CTL_HEADER) {
		rcur_init(&r, c->in + used, c->in_len - used);
		len = rcur_u32be(&r);
		if (len == 0 || len > CTL_FRAME_MAX) {
			client_refuse(c, EX_DATAERR,
			    "the request is too large");
			break;
		}
		if (c->in_len - used < 4 + len)
			break;
		frame_handle(c, c->in[used + 4], c->in + used + 5, len - 1);
		used += 4 + len;
	}
	memmove(c->in, c->in + used, c->in_len - used);
	c->in_len -= used;
	if (c->state == CLIENT_ENDING)
		c->in_len = 0;
	client_flush(c);
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
		frames_cut(c);
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
	c->caller.exit = client_exit;
	c->caller.hold = client_hold;
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
		    "user");
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

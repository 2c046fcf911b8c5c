/* SPDX-License-Identifier: MIT */
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "cursor.h"
#include "imsg.h"
#include "log.h"
#include "mtime.h"

#define IN_SIZE		65536u		/* drained per read */
#define OUT_KEEP	65536u		/* kept when the queue is empty */
#define FDS_MAX		16u		/* received, not yet claimed */
#define SOCKBUF		(1024 * 1024)

const struct imsg_rule imsg_rules[IMSG_MAX] = {
	[IMSG_NONE] = { "NONE", 0, 0, 0, 0, 0, false },
#define X(name, from, to, phase, min, max, fd)				\
	[IMSG_##name] = { #name, (from), (to), (phase), (min), (max), (fd) },
	IMSG_TABLE(X)
#undef X
};

/* An fd leaves with the byte of the stream at which its header begins. */
struct out_fd {
	size_t	pos;
	int	fd;
};

struct imsgchan {
	struct event_base	*base;
	struct event		*ev_read, *ev_write, *ev_flush;
	int			 fd;
	enum proc_role		 self, peer;
	unsigned int		 phase;
	imsg_dispatch_cb	 dispatch;
	imsg_closed_cb		 closed;
	void			*arg;

	uint8_t			*in;
	size_t			 in_len, in_cap;
	uint32_t		 in_seq;
	int			 fds[FDS_MAX];
	size_t			 nfds;

	uint8_t			*out;
	size_t			 out_off, out_len, out_cap;
	uint32_t		 out_seq;
	struct out_fd		*out_fds;
	size_t			 nout_fds, out_fds_cap;

	size_t			 low;
	void			(*drained)(struct imsgchan *, void *);
	unsigned int		 paused;
	unsigned int		 busy;		/* nested calls into us */
	bool			 ended, freed, write_waits, violated;
	char			 why[256];
};

const char *
proc_role_title(enum proc_role role)
{
	static const char *const titles[PROC_MAX] = {
		"nobody", "micelio", "micelio-transportd", "micelio-gossipd",
		"micelio-stated", "micelio-sshd", "micelio-sshd-session",
		"micelio-config",
	};

	return (unsigned int)role < PROC_MAX ? titles[role] : "?";
}

const char *
proc_role_name(enum proc_role role)
{
	const char *title = proc_role_title(role);
	const char *dash = strchr(title, '-');

	return dash != NULL ? dash + 1 : title;
}

const char *
imsg_type_name(unsigned int type)
{
	return type < IMSG_MAX ? imsg_rules[type].name : "?";
}

const char *
down_reason_text(unsigned int reason)
{
	static const char *const texts[DOWN_MAX] = {
#define X(name, text) [DOWN_##name] = text,
		DOWN_TABLE(X)
#undef X
	};

	return reason < DOWN_MAX ? texts[reason] : "unknown";
}

int
imsg_socketpair(int fds[2])
{
	int size = SOCKBUF;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
	    fds) == -1)
		return -1;
	/* Clipped where the system allows less; coalescing suffices then. */
	for (int i = 0; i < 2; i++) {
		(void)setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &size,
		    sizeof(size));
		(void)setsockopt(fds[i], SOL_SOCKET, SO_RCVBUF, &size,
		    sizeof(size));
	}
	return 0;
}

static void chan_read_cb(evutil_socket_t, short, void *);
static void chan_write_cb(evutil_socket_t, short, void *);
static void chan_flush_cb(evutil_socket_t, short, void *);

struct imsgchan *
imsgchan_new(struct event_base *base, int fd, enum proc_role self,
    enum proc_role peer, imsg_dispatch_cb dispatch, imsg_closed_cb closed,
    void *arg)
{
	struct imsgchan *c = xcalloc(1, sizeof(*c));

	c->base = base;
	c->fd = fd;
	c->self = self;
	c->peer = peer;
	c->phase = IMSG_PHASE_SETUP;
	c->dispatch = dispatch;
	c->closed = closed;
	c->arg = arg;
	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	(void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	if (base == NULL)
		return c;
	c->ev_read = event_new(base, fd, EV_READ | EV_PERSIST, chan_read_cb, c);
	c->ev_write = event_new(base, fd, EV_WRITE, chan_write_cb, c);
	c->ev_flush = event_new(base, -1, 0, chan_flush_cb, c);
	if (c->ev_read == NULL || c->ev_write == NULL || c->ev_flush == NULL ||
	    event_add(c->ev_read, NULL) == -1)
		fatalx("channel to %s: no event", proc_role_title(peer));
	return c;
}

static void
chan_release(struct imsgchan *c)
{
	for (size_t i = 0; i < c->nfds; i++)
		close(c->fds[i]);
	for (size_t i = 0; i < c->nout_fds; i++)
		close(c->out_fds[i].fd);
	free(c->out_fds);
	free(c->in);
	free(c->out);
	free(c);
}

/* Stop all traffic; the memory stays until nobody is inside. */
static void
chan_silence(struct imsgchan *c)
{
	if (c->ev_read != NULL)
		event_free(c->ev_read);
	if (c->ev_write != NULL)
		event_free(c->ev_write);
	if (c->ev_flush != NULL)
		event_free(c->ev_flush);
	c->ev_read = c->ev_write = c->ev_flush = NULL;
	if (c->fd != -1)
		close(c->fd);
	c->fd = -1;
	c->ended = true;
}

void
imsgchan_free(struct imsgchan *c)
{
	if (c == NULL)
		return;
	c->closed = NULL;
	c->drained = NULL;
	/* Last words: what the socket takes at once still leaves. */
	if (!c->ended && c->busy == 0)
		(void)imsgchan_flush(c);
	if (!c->ended)
		chan_silence(c);
	c->freed = true;
	if (c->busy == 0)
		chan_release(c);
}

/* Leave a section in which callbacks may have freed the channel. */
static bool
chan_leave(struct imsgchan *c)
{
	bool alive = !c->ended;

	if (--c->busy == 0 && c->freed)
		chan_release(c);
	return alive;
}

static void
chan_end(struct imsgchan *c, enum imsgchan_end how, const char *why)
{
	if (c->ended)
		return;
	if (why != c->why)
		snprintf(c->why, sizeof(c->why), "%s", why);
	chan_silence(c);
	if (c->closed != NULL && !c->freed) {
		c->busy++;
		c->closed(c, how, c->why, c->arg);
		(void)chan_leave(c);
	}
}

void
imsgchan_set_phase(struct imsgchan *c, unsigned int phase)
{
	c->phase = phase;
}

enum proc_role
imsgchan_peer(const struct imsgchan *c)
{
	return c->peer;
}

int
imsgchan_fd(const struct imsgchan *c)
{
	return c->fd;
}

void *
imsgchan_arg(const struct imsgchan *c)
{
	return c->arg;
}

size_t
imsgchan_queued(const struct imsgchan *c)
{
	return c->out_len - c->out_off;
}

void
imsgchan_set_drained(struct imsgchan *c, size_t low,
    void (*cb)(struct imsgchan *, void *))
{
	c->low = low;
	c->drained = cb;
}

void
imsgchan_pause(struct imsgchan *c, unsigned int reason)
{
	if (c->paused == 0 && c->ev_read != NULL)
		event_del(c->ev_read);
	c->paused |= reason;
}

void
imsgchan_resume(struct imsgchan *c, unsigned int reason)
{
	unsigned int before = c->paused;

	c->paused &= ~reason;
	if (before == 0 || c->paused != 0 || c->ev_read == NULL)
		return;
	event_add(c->ev_read, NULL);
	/* Complete messages may already wait in our buffer. */
	if (c->in_len >= sizeof(struct imsg_hdr))
		event_active(c->ev_read, EV_READ, 0);
}

/*
 * Sending.
 */

static uint8_t *
out_reserve(struct imsgchan *c, size_t n)
{
	uint8_t *p;
	size_t cap;

	if (c->out_off > 0 && c->out_off == c->out_len)
		c->out_off = c->out_len = 0;
	if (n > c->out_cap - c->out_len && c->out_off > c->out_len / 2) {
		memmove(c->out, c->out + c->out_off, c->out_len - c->out_off);
		for (size_t i = 0; i < c->nout_fds; i++)
			c->out_fds[i].pos -= c->out_off;
		c->out_len -= c->out_off;
		c->out_off = 0;
	}
	if (n > c->out_cap - c->out_len) {
		for (cap = c->out_cap > 0 ? c->out_cap : 4096;
		    cap < c->out_len + n; cap *= 2)
			;
		c->out = xreallocarray(c->out, cap, 1);
		c->out_cap = cap;
	}
	p = c->out + c->out_len;
	c->out_len += n;
	return p;
}

static void
out_push_fd(struct imsgchan *c, size_t pos, int fd)
{
	if (c->nout_fds == c->out_fds_cap) {
		c->out_fds_cap = c->out_fds_cap * 2 + 4;
		c->out_fds = xreallocarray(c->out_fds, c->out_fds_cap,
		    sizeof(*c->out_fds));
	}
	c->out_fds[c->nout_fds].pos = pos;
	c->out_fds[c->nout_fds++].fd = fd;
}

static void
check_send(const struct imsgchan *c, enum imsg_type type, size_t len,
    bool has_fd)
{
	const struct imsg_rule *r;

	if (type <= IMSG_NONE || type >= IMSG_MAX)
		fatalx("sending message %d, which does not exist", (int)type);
	r = &imsg_rules[type];
	if ((r->from & 1u << c->self) == 0 || (r->to & 1u << c->peer) == 0 ||
	    (r->phase & c->phase) == 0 || len < r->min || len > r->max ||
	    r->fd != has_fd)
		fatalx("%s may not send %s of %zu bytes%s to %s now",
		    proc_role_title(c->self), r->name, len,
		    has_fd ? " with a descriptor" : "",
		    proc_role_title(c->peer));
}

static void
send_message(struct imsgchan *c, enum imsg_type type, uint32_t id,
    uint64_t cause, int fd, const struct iovec *iov, int n)
{
	struct imsg_hdr h = { .type = (uint16_t)type, .id = id,
	    .cause = cause };
	size_t len = 0;
	uint8_t *p;

	for (int i = 0; i < n; i++)
		len += iov[i].iov_len;
	check_send(c, type, len, fd != -1);
	if (c->ended) {
		if (fd != -1)
			close(fd);
		return;
	}
	h.len = (uint32_t)len;
	h.seq = c->out_seq++;
	h.flags = fd != -1 ? IMSG_HAS_FD : 0;
	p = out_reserve(c, sizeof(h) + len);
	if (fd != -1)
		out_push_fd(c, (size_t)(p - c->out), fd);
	memcpy(p, &h, sizeof(h));
	p += sizeof(h);
	for (int i = 0; i < n; i++) {
		if (iov[i].iov_len > 0)
			memcpy(p, iov[i].iov_base, iov[i].iov_len);
		p += iov[i].iov_len;
	}
	/* Runs after the callbacks of this turn: one write for all. */
	if (c->ev_flush != NULL && !c->write_waits)
		event_active(c->ev_flush, EV_TIMEOUT, 0);
}

void
imsg_send(struct imsgchan *c, enum imsg_type type, uint32_t id, uint64_t cause,
    const void *body, size_t len)
{
	union {
		const void *in;
		void *out;
	} u = { body };
	struct iovec iov = { u.out, len };

	send_message(c, type, id, cause, -1, &iov, 1);
}

void
imsg_sendv(struct imsgchan *c, enum imsg_type type, uint32_t id, uint64_t cause,
    const struct iovec *iov, int n)
{
	send_message(c, type, id, cause, -1, iov, n);
}

void
imsg_send_wbuf(struct imsgchan *c, enum imsg_type type, uint32_t id,
    uint64_t cause, const struct wbuf *w)
{
	imsg_send(c, type, id, cause, w->p, w->len);
}

void
imsg_send_fd(struct imsgchan *c, enum imsg_type type, uint32_t id,
    uint64_t cause, int fd, const void *body, size_t len)
{
	union {
		const void *in;
		void *out;
	} u = { body };
	struct iovec iov = { u.out, len };

	send_message(c, type, id, cause, fd, &iov, 1);
}

/* One sendmsg: up to the next descriptor, or with it as first byte. */
static ssize_t
out_write_once(struct imsgchan *c)
{
	union {
		struct cmsghdr hdr;
		char buf[CMSG_SPACE(sizeof(int))];
	} u;
	struct iovec iov = { c->out + c->out_off, c->out_len - c->out_off };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	bool with_fd = c->nout_fds > 0 && c->out_fds[0].pos == c->out_off;
	size_t next = with_fd ? 1 : 0;
	ssize_t n;

	if (c->nout_fds > next)
		iov.iov_len = c->out_fds[next].pos - c->out_off;
	if (with_fd) {
		memset(&u, 0, sizeof(u));
		m.msg_control = u.buf;
		m.msg_controllen = sizeof(u.buf);
		u.hdr.cmsg_len = CMSG_LEN(sizeof(int));
		u.hdr.cmsg_level = SOL_SOCKET;
		u.hdr.cmsg_type = SCM_RIGHTS;
		memcpy(CMSG_DATA(&u.hdr), &c->out_fds[0].fd, sizeof(int));
	}
	n = sendmsg(c->fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n > 0 && with_fd) {
		close(c->out_fds[0].fd);
		c->nout_fds--;
		memmove(c->out_fds, c->out_fds + 1,
		    c->nout_fds * sizeof(*c->out_fds));
	}
	return n;
}

static void
out_drained(struct imsgchan *c)
{
	if (imsgchan_queued(c) == 0) {
		c->out_off = c->out_len = 0;
		if (c->out_cap > OUT_KEEP) {
			free(c->out);
			c->out = NULL;
			c->out_cap = 0;
		}
	}
	if (c->drained != NULL && imsgchan_queued(c) <= c->low) {
		c->busy++;
		c->drained(c, c->arg);
		(void)chan_leave(c);
	}
}

bool
imsgchan_flush(struct imsgchan *c)
{
	ssize_t n = 0;

	if (c->ended)
		return false;
	if (imsgchan_queued(c) == 0)
		return true;
	c->busy++;
	while (!c->ended && imsgchan_queued(c) > 0) {
		n = out_write_once(c);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		c->out_off += (size_t)n;
	}
	if (n == -1 && errno != EAGAIN && errno != EWOULDBLOCK &&
	    errno != ENOBUFS) {
		if (errno == EPIPE || errno == ECONNRESET) {
			/*
			 * Gone, but its last words may still be readable: let
			 * the reader find the end.
			 */
			c->out_off = c->out_len = 0;
		} else
			chan_end(c, IMSGCHAN_ERROR, strerror(errno));
	} else {
		c->write_waits = imsgchan_queued(c) > 0;
		if (c->write_waits && c->ev_write != NULL)
			event_add(c->ev_write, NULL);
		out_drained(c);
	}
	return chan_leave(c);
}

static void
chan_flush_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)imsgchan_flush(arg);
}

static void
chan_write_cb(evutil_socket_t fd, short what, void *arg)
{
	struct imsgchan *c = arg;

	(void)fd;
	(void)what;
	c->write_waits = false;
	(void)imsgchan_flush(c);
}

/*
 * Receiving.
 */

static void
violate(struct imsgchan *c, const struct imsg_hdr *h, const char *what)
{
	char why[sizeof(c->why)];

	snprintf(why, sizeof(why), "%s sent %s %s (%u): %s",
	    proc_role_title(c->peer), proc_role_title(c->self),
	    imsg_type_name(h->type), h->type, what);
	chan_end(c, IMSGCHAN_VIOLATION, why);
}

void
imsgchan_violation(struct imsgchan *c, const struct imsg *m, const char *what)
{
	if (c->violated)
		return;
	c->violated = true;
	snprintf(c->why, sizeof(c->why), "%s sent %s %s: %s",
	    proc_role_title(c->peer), proc_role_title(c->self),
	    imsg_type_name(m->type), what);
}

/* Judge a header as soon as it is there, before room is made for a body. */
static const char *
hdr_check(const struct imsgchan *c, const struct imsg_hdr *h)
{
	const struct imsg_rule *r;

	if (h->type == IMSG_NONE || h->type >= IMSG_MAX)
		return "no such message";
	r = &imsg_rules[h->type];
	if ((r->from & 1u << c->peer) == 0 || (r->to & 1u << c->self) == 0)
		return "not between these two";
	if ((r->phase & c->phase) == 0)
		return "not in this phase";
	if (h->len < r->min || h->len > r->max)
		return "body of a wrong size";
	if (r->fd != ((h->flags & IMSG_HAS_FD) != 0))
		return "descriptor missing or not wanted";
	if (h->seq != c->in_seq)
		return "out of sequence";
	return NULL;
}

/* Returns bytes used, 0 if the message is not complete or c has ended. */
static size_t
in_dispatch_one(struct imsgchan *c, const uint8_t *p, size_t left)
{
	struct imsg_hdr h;
	struct imsg m;
	const char *bad;

	if (left < sizeof(h))
		return 0;
	memcpy(&h, p, sizeof(h));
	if ((bad = hdr_check(c, &h)) != NULL) {
		violate(c, &h, bad);
		return 0;
	}
	if (left < sizeof(h) + h.len)
		return 0;
	c->in_seq++;
	m = (struct imsg){ .type = h.type, .id = h.id, .cause = h.cause,
	    .data = p + sizeof(h), .len = h.len, .fd = -1 };
	if (h.flags & IMSG_HAS_FD) {
		if (c->nfds == 0) {
			violate(c, &h, "its descriptor was lost");
			return 0;
		}
		m.fd = c->fds[0];
		c->nfds--;
		memmove(c->fds, c->fds + 1, c->nfds * sizeof(c->fds[0]));
	}
	c->dispatch(c, &m, c->arg);
	if (m.fd != -1)
		close(m.fd);
	if (c->violated)
		chan_end(c, IMSGCHAN_VIOLATION, c->why);
	return sizeof(h) + h.len;
}

int
imsg_take_fd(struct imsg *m)
{
	int fd = m->fd;

	m->fd = -1;
	return fd;
}

static void
in_dispatch_all(struct imsgchan *c)
{
	size_t off = 0, n;

	while (!c->ended && c->paused == 0 &&
	    (n = in_dispatch_one(c, c->in + off, c->in_len - off)) > 0)
		off += n;
	if (off > 0) {
		memmove(c->in, c->in + off, c->in_len - off);
		c->in_len -= off;
	}
}

/* Room for one read, or for the rest of a body whose header was judged. */
static void
in_make_room(struct imsgchan *c)
{
	struct imsg_hdr h;
	size_t want = IN_SIZE;

	if (c->in_len >= sizeof(h)) {
		memcpy(&h, c->in, sizeof(h));
		if (sizeof(h) + h.len > want)
			want = sizeof(h) + h.len;
	}
	if (c->in_len == 0 && c->in_cap > IN_SIZE) {
		free(c->in);
		c->in = NULL;
		c->in_cap = 0;
	}
	if (c->in_cap < want) {
		c->in = xreallocarray(c->in, want, 1);
		c->in_cap = want;
	}
}

static bool
in_take_fds(struct imsgchan *c, struct msghdr *m)
{
	struct cmsghdr *h;
	bool ok = (m->msg_flags & MSG_CTRUNC) == 0;

	for (h = CMSG_FIRSTHDR(m); h != NULL; h = CMSG_NXTHDR(m, h)) {
		size_t n;
		int fd;

		if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS)
			continue;
		n = (h->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++) {
			memcpy(&fd, CMSG_DATA(h) + i * sizeof(int),
			    sizeof(fd));
			if (c->nfds == FDS_MAX) {
				close(fd);
				ok = false;
			} else
				c->fds[c->nfds++] = fd;
		}
	}
	return ok;
}

/* 1: something came; 0: nothing now; -1: ended. */
static int
in_read_once(struct imsgchan *c)
{
	union {
		struct cmsghdr hdr;
		char buf[CMSG_SPACE(FDS_MAX * sizeof(int))];
	} u;
	struct iovec iov;
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1,
	    .msg_control = u.buf, .msg_controllen = sizeof(u.buf) };
	ssize_t n;

	in_make_room(c);
	iov.iov_base = c->in + c->in_len;
	iov.iov_len = c->in_cap - c->in_len;
	if (iov.iov_len == 0)
		return 1;	/* full of what a paused owner has not taken */
	do
		n = recvmsg(c->fd, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (n == -1 && errno == EINTR);
	if (n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return 0;
	/* A peer that dies with unread data resets instead of closing. */
	if (n == 0 || (n == -1 && errno == ECONNRESET)) {
		chan_end(c, IMSGCHAN_EOF, "the other process has ended");
		return -1;
	}
	if (n == -1) {
		chan_end(c, IMSGCHAN_ERROR, strerror(errno));
		return -1;
	}
	if (!in_take_fds(c, &m)) {
		chan_end(c, IMSGCHAN_ERROR,
		    "descriptors lost: too many open files");
		return -1;
	}
	c->in_len += (size_t)n;
	return 1;
}

bool
imsgchan_readable(struct imsgchan *c)
{
	if (c->ended)
		return false;
	c->busy++;
	/* What is already here goes first: it may fill the buffer. */
	if (c->in_len >= sizeof(struct imsg_hdr))
		in_dispatch_all(c);
	if (!c->ended && c->paused == 0 && in_read_once(c) == 1)
		in_dispatch_all(c);
	return chan_leave(c);
}

static void
chan_read_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)imsgchan_readable(arg);
}

/*
 * Without a loop.
 */

static bool
chan_poll(struct imsgchan *c, short events, uint64_t deadline, bool forever)
{
	struct pollfd p = { .fd = c->fd, .events = events };
	uint64_t now = mono_ms();
	int left = -1;

	if (!forever) {
		if (now >= deadline)
			return false;
		left = deadline - now > 60000 ? 60000 : (int)(deadline - now);
	}
	return poll(&p, 1, left) >= 0 || errno == EINTR;
}

bool
imsgchan_flush_wait(struct imsgchan *c, int timeout_ms)
{
	uint64_t deadline = mono_ms() + (uint64_t)(timeout_ms < 0 ? 0 :
	    timeout_ms);

	for (;;) {
		if (!imsgchan_flush(c))
			return false;
		if (imsgchan_queued(c) == 0)
			return true;
		if (!chan_poll(c, POLLOUT, deadline, timeout_ms < 0))
			return false;
	}
}

bool
imsgchan_wait(struct imsgchan *c, const bool *done, int timeout_ms)
{
	uint64_t deadline = mono_ms() + (uint64_t)(timeout_ms < 0 ? 0 :
	    timeout_ms);
	bool alive = true;

	c->busy++;
	while (alive && !*done) {
		short events = POLLIN;

		if (imsgchan_queued(c) > 0 && imsgchan_flush(c) &&
		    imsgchan_queued(c) > 0)
			events |= POLLOUT;
		if (c->ended || !chan_poll(c, events, deadline,
		    timeout_ms < 0))
			break;
		alive = imsgchan_readable(c);
	}
	(void)chan_leave(c);
	return *done;
}

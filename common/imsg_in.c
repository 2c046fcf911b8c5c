/* SPDX-License-Identifier: MIT */
/* The receiving half: drained in large reads, dispatched in place. */
#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "imsg_chan.h"
#include "log.h"
#include "mtime.h"

#define IN_SIZE		65536u		/* drained per read */

static void
violate(struct imsgchan *c, const struct imsg_hdr *h, const char *what)
{
	char why[sizeof(c->why)];

	snprintf(why, sizeof(why), "%s sent %s %s (%u): %s",
	    proc_role_title(c->peer), proc_role_title(c->self),
	    imsg_type_name(h->type), h->type, what);
	imsgchan_end(c, IMSGCHAN_VIOLATION, why);
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
	struct log_scope before;
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
	before = log_cause_begin(h.cause);
	c->dispatch(c, &m, c->arg);
	log_cause_end(before);
	if (m.fd != -1)
		close(m.fd);
	if (c->violated)
		imsgchan_end(c, IMSGCHAN_VIOLATION, c->why);
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
			if (c->nfds == IMSG_FDS_MAX) {
				close(fd);
				ok = false;
			} else
				c->fds[c->nfds++] = fd;
		}
	}
	return ok;
}

/* Kept until it is claimed, each of them would cost us one of our own. */
static void
unwanted_fd(struct imsgchan *c)
{
	char why[sizeof(c->why)];

	snprintf(why, sizeof(why), "%s sent %s a descriptor, and no message "
	    "that has one", proc_role_title(c->peer),
	    proc_role_title(c->self));
	imsgchan_end(c, IMSGCHAN_VIOLATION, why);
}

/* 1: something came; 0: nothing now; -1: ended. */
static int
in_read_once(struct imsgchan *c)
{
	union {
		struct cmsghdr hdr;
		char buf[CMSG_SPACE(IMSG_FDS_MAX * sizeof(int))];
	} u;
	struct iovec iov;
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1,
	    .msg_control = u.buf, .msg_controllen = sizeof(u.buf) };
	bool whole;
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
		imsgchan_end(c, IMSGCHAN_EOF, "the other process has ended");
		return -1;
	}
	if (n == -1) {
		imsgchan_end(c, IMSGCHAN_ERROR, strerror(errno));
		return -1;
	}
	whole = in_take_fds(c, &m);
	if (c->nfds > 0 && !c->takes_fds) {
		unwanted_fd(c);
		return -1;
	}
	if (!whole) {
		imsgchan_end(c, IMSGCHAN_ERROR,
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
	return imsgchan_leave(c);
}

void
imsgchan_read_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)imsgchan_readable(arg);
}

/* For owners without a loop. */
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
	(void)imsgchan_leave(c);
	return *done;
}

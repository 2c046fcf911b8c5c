/* SPDX-License-Identifier: MIT */
/* The sending half of a channel: queued by callbacks, written once a turn. */
#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cursor.h"
#include "imsg_chan.h"
#include "log.h"

#define OUT_KEEP	65536u		/* kept when the queue is empty */

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
	    .cause = cause != 0 ? cause : log_cause() };
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
		(void)imsgchan_leave(c);
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
			imsgchan_end(c, IMSGCHAN_ERROR, strerror(errno));
	} else {
		c->write_waits = imsgchan_queued(c) > 0;
		if (c->write_waits && c->ev_write != NULL)
			event_add(c->ev_write, NULL);
		out_drained(c);
	}
	return imsgchan_leave(c);
}

void
imsgchan_flush_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)imsgchan_flush(arg);
}

void
imsgchan_write_cb(evutil_socket_t fd, short what, void *arg)
{
	struct imsgchan *c = arg;

	(void)fd;
	(void)what;
	c->write_waits = false;
	(void)imsgchan_flush(c);
}

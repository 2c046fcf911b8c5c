/* SPDX-License-Identifier: MIT */
#include <sys/uio.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "common/mtime.h"
#include "transportd.h"

#define CHUNK_SIZE	16384u	/* small frames share one */
#define IOV_N		16

static void	out_written(struct session *, size_t);
static void	credit_send(struct session *);

/* Where size bytes may be put at the end of the queue, or NULL. */
static uint8_t *
out_reserve(struct session *s, size_t size)
{
	struct buf *b = STAILQ_LAST(&s->out, buf, next);
	uint8_t *p;

	if (s->items_n == OUT_ITEMS)
		return NULL;
	if (b == NULL || b->cap - b->end < size) {
		b = buf_get(&s->t->pool, size > CHUNK_SIZE ? size :
		    CHUNK_SIZE);
		if (b == NULL)
			return NULL;
		STAILQ_INSERT_TAIL(&s->out, b, next);
	}
	p = b->data + b->end;
	b->end += size;
	return p;
}

static void
out_commit(struct session *s, size_t wire, size_t payload, bool credit)
{
	struct out_item *it = &s->items[(s->items_first + s->items_n) %
	    OUT_ITEMS];

	it->wire = (uint32_t)wire;
	it->payload = (uint32_t)payload;
	it->credit = credit;
	s->items_n++;
	session_mark_dirty(s);
}

static void
put_be(uint8_t *p, size_t n, size_t value)
{
	while (n-- > 0) {
		p[n] = (uint8_t)value;
		value >>= 8;
	}
}

/* One frame is one Noise message (wire-v1 2.4): sealed where it will lie. */
void
session_send_frame(struct session *s, const uint8_t *payload, size_t len,
    bool credit)
{
	size_t plain = FRAME_HEADER + len, wire = 4 + plain + NOISE_TAG;
	uint8_t *p = out_reserve(s, wire);

	if (p == NULL) {
		session_end(s, DOWN_RESOURCE, "no memory to send");
		return;
	}
	put_be(p, 4, plain + NOISE_TAG);
	frame_header(p + 4, len);
	if (len > 0)
		memcpy(p + 4 + FRAME_HEADER, payload, len);
	if (!noise_seal(&s->tx, p + 4, plain)) {
		session_end(s, DOWN_NOISE, "nonces used up");
		return;
	}
	s->t->stats.frames_out++;
	out_commit(s, wire, len, credit);
}

void
session_send_handshake(struct session *s)
{
	uint8_t *p = out_reserve(s, 2 + NOISE_MSG2_LEN);
	struct buf *b = STAILQ_LAST(&s->out, buf, next);
	size_t len;

	if (p == NULL) {
		session_end(s, DOWN_RESOURCE, "no memory to send");
		return;
	}
	len = noise_write(&s->noise, NULL, 0, p + 2, NOISE_MSG2_LEN);
	if (len == 0) {
		session_end(s, DOWN_NOISE, s->noise.why);
		return;
	}
	b->end -= NOISE_MSG2_LEN - len;
	put_be(p, 2, len);
	out_commit(s, 2 + len, 0, false);
}

bool
session_out_empty(const struct session *s)
{
	return s->items_n == 0;
}

void
session_out_clear(struct session *s)
{
	struct buf *b;

	while ((b = STAILQ_FIRST(&s->out)) != NULL) {
		STAILQ_REMOVE_HEAD(&s->out, next);
		buf_put(&s->t->pool, b);
	}
	s->items_n = 0;
}

static int
out_iov(const struct session *s, struct iovec iov[IOV_N], size_t *total)
{
	struct buf *b;
	int n = 0;

	*total = 0;
	STAILQ_FOREACH(b, &s->out, next) {
		if (n == IOV_N)
			break;
		iov[n].iov_base = b->data + b->off;
		iov[n].iov_len = buf_len(b);
		*total += buf_len(b);
		n++;
	}
	return n;
}

void
session_flush(struct session *s)
{
	struct iovec iov[IOV_N];
	size_t total;
	ssize_t n;
	int iovcnt;

	while (s->items_n > 0) {
		iovcnt = out_iov(s, iov, &total);
		n = writev(s->fd, iov, iovcnt);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && errno != EAGAIN) {
			session_end(s, errno == ETIMEDOUT ? DOWN_TIMEOUT :
			    DOWN_RESET, strerror(errno));
			return;
		}
		if (n > 0)
			out_written(s, (size_t)n);
		if (n < (ssize_t)total) {
			/* Only a blocked write needs the clock. */
			watch_out_queued(&s->watch, mono_ms());
			(void)event_add(&s->ev_write, NULL);
			session_timer_set(s);
			return;
		}
	}
	if (s->state == SESSION_CLOSING)
		session_end(s, s->close_reason, NULL);
}

static void
buffers_consume(struct session *s, size_t n)
{
	struct buf *b;
	size_t len;

	while (n > 0 && (b = STAILQ_FIRST(&s->out)) != NULL) {
		len = buf_len(b);
		if (n < len) {
			b->off += n;
			return;
		}
		n -= len;
		STAILQ_REMOVE_HEAD(&s->out, next);
		buf_put(&s->t->pool, b);
	}
}

static void
out_written(struct session *s, size_t n)
{
	struct out_item *it;

	s->bytes_out += n;
	s->t->stats.bytes_out += n;
	buffers_consume(s, n);
	while (n > 0 && s->items_n > 0) {
		it = &s->items[s->items_first];
		if (n < it->wire) {
			it->wire -= (uint32_t)n;
			break;
		}
		n -= it->wire;
		if (it->credit) {
			s->kept_frames++;
			s->kept_bytes += it->payload;
		}
		s->items_first = (s->items_first + 1) % OUT_ITEMS;
		s->items_n--;
		watch_out_done(&s->watch, s->items_n > 0, mono_ms());
	}
	if (s->kept_frames >= CREDIT_KEPT_FRAMES ||
	    s->kept_bytes >= CREDIT_KEPT_BYTES)
		credit_send(s);
}

/* In lumps: each would wake gossipd. */
static void
credit_send(struct session *s)
{
	const uint32_t body[2] = { s->kept_frames, s->kept_bytes };

	s->out_frames -= s->kept_frames;
	s->out_bytes -= s->kept_bytes;
	s->kept_frames = s->kept_bytes = 0;
	imsg_send(s->t->gossipd, IMSG_CREDIT, s->id, 0, body, sizeof(body));
}

void
session_write_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	session_flush(arg);
}

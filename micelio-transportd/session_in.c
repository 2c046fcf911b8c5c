/* SPDX-License-Identifier: MIT */
#include <sys/socket.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/cursor.h"
#include "common/log.h"
#include "common/mtime.h"
#include "transportd.h"

#define READ_UNREADY	BUF_MIN		/* nobody we know yet */
#define READ_READY	65536u
#define READ_MAX	262144u		/* in one turn: others wait too */

static void	handshake_process(struct session *);
static void	handshake_done(struct session *);
static void	frames_process(struct session *);
static bool	message_open(struct session *);
static void	frame_deliver(struct session *, const uint8_t *, size_t);

/*
 * The buffer grows with what has come, never with what a length promises.
 */
static bool
input_room(struct session *s)
{
	size_t base = s->state == SESSION_ESTABLISHED ? READ_READY :
	    READ_UNREADY;
	size_t have = buf_len(s->in), want = 2 * have > base ? 2 * have : base;

	return buf_room(&s->t->pool, &s->in, want < BUF_MAX ? want : BUF_MAX);
}

void
session_read_cb(evutil_socket_t fd, short what, void *arg)
{
	struct session *s = arg;
	size_t room;
	ssize_t n;

	(void)what;
	if (!input_room(s)) {
		session_end(s, DOWN_RESOURCE, "no memory to receive");
		return;
	}
	room = s->in->cap - s->in->end;
	n = read(fd, s->in->data + s->in->end,
	    room < READ_MAX ? room : READ_MAX);
	if (n == -1 && (errno == EAGAIN || errno == EINTR)) {
		buf_trim(&s->t->pool, &s->in);
		return;
	}
	if (n <= 0) {
		session_end(s, n == 0 ? DOWN_EOF : errno == ETIMEDOUT ?
		    DOWN_TIMEOUT : DOWN_RESET, n == 0 ? NULL :
		    strerror(errno));
		return;
	}
	s->in->end += (size_t)n;
	if (s->bytes_in == 0)
		admit_spoke(s->t->admit, &s->place);
	s->bytes_in += (size_t)n;
	s->t->stats.bytes_in += (size_t)n;
	session_process(s);
	if (s->state <= SESSION_HELLO && !s->hello_given &&
	    s->bytes_in > UNREADY_MAX)
		session_end(s, DOWN_FRAME, "too much before the hello");
}

/* Could another frame be passed on, whatever its length? */
static bool
window_open(const struct session *s)
{
	if (s->t->link_full)
		return false;
	if (s->state == SESSION_HELLO)
		return !s->hello_given;
	return s->state == SESSION_ESTABLISHED &&
	    s->in_frames < SESSION_WINDOW_FRAMES &&
	    s->in_bytes <= SESSION_WINDOW_BYTES - FRAME_MAX;
}

void
session_read_update(struct session *s)
{
	bool want = !s->t->link_full && (s->state == SESSION_HANDSHAKE ?
	    s->noise.want == NOISE_WANT_READ : window_open(s));

	if (s->state == SESSION_DEAD || want == s->reading)
		return;
	s->reading = want;
	if (want)
		(void)event_add(&s->ev_read, NULL);
	else
		(void)event_del(&s->ev_read);
	watch_pause(&s->watch, !want, mono_ms());
}

void
session_process(struct session *s)
{
	if (s->state == SESSION_HANDSHAKE)
		handshake_process(s);
	if (s->state == SESSION_HELLO || s->state == SESSION_ESTABLISHED)
		frames_process(s);
	if (s->state == SESSION_DEAD)
		return;
	buf_trim(&s->t->pool, &s->in);
	session_read_update(s);
}

static void
handshake_process(struct session *s)
{
	struct rcur c;
	size_t len;

	while (s->noise.want == NOISE_WANT_READ && buf_len(s->in) >= 2) {
		rcur_init(&c, s->in->data + s->in->off, 2);
		len = rcur_u16be(&c);
		if (buf_len(s->in) - 2 < len)
			return;
		s->in->off += 2;
		(void)noise_read(&s->noise, s->in->data + s->in->off, len);
		s->in->off += len;
	}
	switch (s->noise.want) {
	case NOISE_FAILED:
		session_end(s, DOWN_NOISE, s->noise.why);
		break;
	case NOISE_WANT_DH:
		if (s->dh_asked)
			break;
		if (!s->outbound && !admit_handshake(s->t->admit,
		    addr_host_key(&s->peer), mono_ms())) {
			s->t->stats.handshakes_slowed++;
			session_end(s, DOWN_CROWDED,
			    "too many handshakes at a time");
			break;
		}
		s->dh_asked = true;
		imsg_send(s->t->parent, IMSG_KEY_DH, s->id, 0, s->noise.re,
		    sizeof(s->noise.re));
		break;
	case NOISE_READY:
		handshake_done(s);
		break;
	case NOISE_WANT_READ:
	case NOISE_WANT_WRITE:
		break;
	}
}

static void
handshake_done(struct session *s)
{
	struct addr own = { .len = sizeof(own.ss) };
	char text[HOSTPORT_MAX + 1];
	struct wbuf w;

	if (!noise_split(&s->noise, &s->tx, &s->rx)) {
		session_end(s, DOWN_RESOURCE, "no cipher");
		return;
	}
	s->state = SESSION_HELLO;
	s->up = true;
	s->t->stats.handshakes_ok++;
	wbuf_init(&w, 512);
	wbuf_u8(&w, s->outbound);
	wbuf_u32(&w, s->dial_id);
	wbuf_bytes(&w, s->noise.h, NOISE_KEY);
	wbuf_bytes(&w, s->noise.rs, NOISE_KEY);
	wbuf_str(&w, addr_text(&s->peer, text));
	if (getsockname(s->fd, (struct sockaddr *)&own.ss, &own.len) == -1)
		own = (struct addr){ .len = 0 };
	wbuf_str(&w, addr_text(&own, text));
	imsg_send_wbuf(s->t->gossipd, IMSG_SESSION_UP, s->id,
	    s->cause, &w);
	wbuf_free(&w);
	noise_clear(&s->noise);
}

static void
frames_process(struct session *s)
{
	const uint8_t *payload;
	enum frame_status st;
	size_t len;

	while (window_open(s)) {
		st = frame_next(&s->cutter, &payload, &len);
		if (st == FRAME_OK) {
			frame_deliver(s, payload, len);
		} else if (st == FRAME_MORE) {
			if (!message_open(s))
				break;
		} else {
			session_end(s, st == FRAME_NO_MEMORY ? DOWN_RESOURCE :
			    DOWN_FRAME, frame_status_text(st));
			return;
		}
	}
	if (s->state != SESSION_DEAD && !frame_keep(&s->cutter))
		session_end(s, DOWN_RESOURCE, "no memory for a frame");
}

/*
 * Open the next Noise message in place and hand it to the cutter; false if
 * it is not here yet, or the session has ended.
 */
static bool
message_open(struct session *s)
{
	size_t have = buf_len(s->in), len;
	struct rcur c;

	if (have < 4)
		return false;
	rcur_init(&c, s->in->data + s->in->off, 4);
	len = rcur_u32be(&c);
	if (len > NOISE_MESSAGE_MAX ||
	    (s->state == SESSION_HELLO && len > UNREADY_MAX)) {
		session_end(s, DOWN_FRAME, "noise message too long");
		return false;
	}
	if (len < NOISE_TAG) {
		session_end(s, DOWN_NOISE, "noise message too short");
		return false;
	}
	if (have - 4 < len)
		return false;
	s->in->off += 4;
	if (!noise_open(&s->rx, s->in->data + s->in->off, len)) {
		session_end(s, DOWN_NOISE, "a message does not authenticate");
		return false;
	}
	frame_feed(&s->cutter, s->in->data + s->in->off, len - NOISE_TAG);
	s->in->off += len;
	return true;
}

static void
frame_deliver(struct session *s, const uint8_t *payload, size_t len)
{
	struct transport *t = s->t;

	/* The dial was for the hello; what is said later is not its doing. */
	imsg_send(t->gossipd, IMSG_FRAME_IN, s->id, s->was_ready ? 0 :
	    s->cause, payload, len);
	s->hello_given = true;
	s->in_frames++;
	s->in_bytes += (uint32_t)len;
	t->stats.frames_in++;
	watch_in(&s->watch, mono_ms());
	if (!t->link_full && imsgchan_queued(t->gossipd) > LINK_HIGH)
		transport_link_full(t);
}

bool
session_credit(struct session *s, uint32_t frames, uint32_t bytes)
{
	if (frames > s->in_frames || bytes > s->in_bytes)
		return false;
	s->in_frames -= frames;
	s->in_bytes -= bytes;
	if (!s->t->link_full)
		session_process(s);
	return true;
}

/* SPDX-License-Identifier: MIT */
#include <sys/socket.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cursor.h"
#include "common/log.h"
#include "common/mtime.h"
#include "common/row.h"
#include "transportd.h"

#define FILES_SLACK	64u	/* channels, resolver, loop, reserve */
#define MULTI_MAX	1024u	/* sessions of one FRAME_MULTI */

static void
flush_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	sessions_flush(arg);
}

static void
random_bytes(void *p, size_t n)
{
	arc4random_buf(p, n);
}

unsigned int
transport_files(const struct conf *conf)
{
	uint32_t ready = conf->network_max_peers > 0 ?
	    conf->network_max_peers : SESSIONS_READY_MAX;

	if (ready < SESSIONS_READY_MAX)
		ready = SESSIONS_READY_MAX;	/* it may be raised */
	return conf->network_max_unfinished + ready +
	    DIALS_MAX * DIAL_TRIES_MAX + FILES_SLACK;
}

struct transport *
transport_new(struct event_base *base, const struct conf *conf,
    const uint8_t x25519_pub[32])
{
	struct transport *t = xcalloc(1, sizeof(*t));

	t->base = base;
	t->conf = conf;
	memcpy(t->x25519_pub, x25519_pub, sizeof(t->x25519_pub));
	t->random = random_bytes;
	if (!noise_crypto_init(&t->crypto) || !noise_selftest(&t->crypto))
		fatalx("libcrypto: X25519, ChaCha20-Poly1305 or BLAKE2s is "
		    "missing or wrong");
	bufpool_init(&t->pool, POOL_LIVE_MAX, POOL_HELD_MAX);
	t->admit = xcalloc(1, sizeof(*t->admit));
	t->unfinished_room = conf->network_max_unfinished;
	admit_init(t->admit, conf->network_max_unfinished,
	    conf->network_max_per_address);
	RB_INIT(&t->sessions);
	TAILQ_INIT(&t->dirty);
	TAILQ_INIT(&t->dials);
	event_assign(&t->ev_flush, base, -1, 0, flush_cb, t);
	t->reserve_fd = -1;
	listeners_init(t);
	resolver_init(t);
	return t;
}

void
transport_free(struct transport *t)
{
	struct session *s, *next;

	t->stopping = true;
	t->stopped = NULL;
	listeners_stop(t);
	dials_end(t);
	RB_FOREACH_SAFE(s, session_tree, &t->sessions, next)
		session_end(s, DOWN_SHUTDOWN, NULL);
	sessions_flush(t);
	resolver_free(t);
	event_del(&t->ev_flush);
	bufpool_free(&t->pool);
	noise_crypto_free(&t->crypto);
	free(t->admit);
	free(t);
}

void
transport_start(struct transport *t)
{
	resolver_configure(t);
	listeners_start(t);
}

void
transport_apply(struct transport *t)
{
	uint32_t max = t->conf->network_max_unfinished;

	admit_limits(t->admit, max < t->unfinished_room ? max :
	    t->unfinished_room, t->conf->network_max_per_address);
	resolver_configure(t);
}

void
transport_stop(struct transport *t,
    void (*stopped)(struct transport *, void *), void *arg)
{
	struct session *s, *next;

	t->stopping = true;
	t->stopped = stopped;
	t->stopped_arg = arg;
	listeners_stop(t);
	dials_end(t);
	RB_FOREACH_SAFE(s, session_tree, &t->sessions, next)
		session_close(s, DOWN_SHUTDOWN);
	event_active(&t->ev_flush, 0, 0);
}

/*
 * gossipd is behind as a whole.  Sockets are left to the kernel until it has
 * caught up, so that what it has not taken is bounded here too.
 */
void
transport_link_full(struct transport *t)
{
	struct session *s;

	t->link_full = true;
	t->stats.link_stalls++;
	RB_FOREACH(s, session_tree, &t->sessions)
		session_read_update(s);
}

void
transport_link_drained(struct transport *t)
{
	struct session *s, *next;

	if (!t->link_full)
		return;
	t->link_full = false;
	RB_FOREACH_SAFE(s, session_tree, &t->sessions, next)
		session_process(s);
}

/*
 * gossipd's messages.
 */

static void
dial_read(struct transport *t, struct imsg *m)
{
	char hostport[HOSTPORT_MAX + 1];
	struct rcur c;
	uint8_t flags;

	rcur_init(&c, m->data, m->len);
	(void)rcur_u8(&c);
	/* The expected id is gossipd's to compare: it sees the hello. */
	(void)rcur_bytes(&c, NODEID_LEN);
	flags = rcur_u8(&c);
	rcur_cstr(&c, hostport, sizeof(hostport));
	if (!rcur_done(&c)) {
		imsgchan_violation(t->gossipd, m, "malformed");
		return;
	}
	if (t->stopping)
		dial_failed_send(t, m->id, hostport, DOWN_SHUTDOWN, NULL);
	else
		dial_start(t, m->id, hostport, flags);
}

/*
 * One frame of gossipd to one session.  Frames to a session that ended or
 * ends cross its SESSION_DOWN on the way: not an error.
 */
static bool
frame_out(struct session *s, const uint8_t *payload, size_t len)
{
	if (s == NULL ||
	    (s->state != SESSION_HELLO && s->state != SESSION_ESTABLISHED))
		return true;
	if (s->out_frames >= SESSION_WINDOW_FRAMES ||
	    s->out_bytes >= SESSION_WINDOW_BYTES)
		return false;
	s->out_frames++;
	s->out_bytes += (uint32_t)len;
	session_send_frame(s, payload, len, true);
	return true;
}

static void
frame_multi(struct transport *t, struct imsg *m)
{
	uint32_t ids[MULTI_MAX];
	const uint8_t *payload;
	struct rcur c;
	size_t n, len;

	rcur_init(&c, m->data, m->len);
	n = rcur_u16(&c);
	if (n > MULTI_MAX)
		c.bad = true;
	for (size_t i = 0; i < n && !c.bad; i++)
		ids[i] = rcur_u32(&c);
	payload = rcur_rest(&c, &len);
	if (!rcur_done(&c) || len > FRAME_MAX) {
		imsgchan_violation(t->gossipd, m, "malformed");
		return;
	}
	for (size_t i = 0; i < n; i++)
		if (!frame_out(session_find(t, ids[i]), payload, len))
			imsgchan_violation(t->gossipd, m, "window overrun");
}

static void
session_message(struct transport *t, struct imsg *m)
{
	struct session *s = session_find(t, m->id);
	struct rcur c;
	uint32_t frames, bytes;

	if (s == NULL)
		return;
	rcur_init(&c, m->data, m->len);
	switch (m->type) {
	case IMSG_SESSION_READY:
		if (s->state == SESSION_HELLO)
			session_ready(s);
		else if (s->state != SESSION_CLOSING)
			imsgchan_violation(t->gossipd, m, "out of turn");
		break;
	case IMSG_SESSION_CLOSE:
		session_close(s, m->data[0] < DOWN_MAX ? m->data[0] :
		    DOWN_NONE);
		break;
	case IMSG_FRAME_OUT:
		if (!frame_out(s, m->data, m->len))
			imsgchan_violation(t->gossipd, m, "window overrun");
		break;
	case IMSG_CREDIT:
		frames = rcur_u32(&c);
		bytes = rcur_u32(&c);
		if (!session_credit(s, frames, bytes))
			imsgchan_violation(t->gossipd, m, "too much credit");
		break;
	default:
		break;
	}
}

void
transport_dispatch_gossipd(struct transport *t, struct imsg *m)
{
	switch (m->type) {
	case IMSG_DIAL:
		dial_read(t, m);
		break;
	case IMSG_DIAL_CANCEL:
		dial_cancel(t, m->id);
		break;
	case IMSG_FRAME_MULTI:
		frame_multi(t, m);
		break;
	case IMSG_SESSION_READY:
	case IMSG_SESSION_CLOSE:
	case IMSG_FRAME_OUT:
	case IMSG_CREDIT:
		session_message(t, m);
		break;
	default:
		imsgchan_violation(t->gossipd, m, "not handled here");
	}
}

void
transport_dispatch_parent(struct transport *t, struct imsg *m)
{
	uint8_t secret[32];
	struct session *s;
	struct rcur c;
	uint8_t status;

	if (m->type != IMSG_KEY_DH_DONE) {
		imsgchan_violation(t->parent, m, "not handled here");
		return;
	}
	rcur_init(&c, m->data, m->len);
	status = rcur_u8(&c);
	rcur_copy(&c, secret, sizeof(secret));
	s = session_find(t, m->id);
	if (s != NULL)
		session_dh_done(s, status, secret);
	explicit_bzero(secret, sizeof(secret));
}

void
transport_status_row(const struct transport *t, struct wbuf *w)
{
	const struct transport_stats *st = &t->stats;
	const struct {
		const char	*name;
		enum row_type	 type;
		uint64_t	 value;
	} rows[] = {
		{ "listeners", ROW_U64, t->listeners_n },
		{ "sessions", ROW_U64, t->ready_n },
		{ "unfinished", ROW_U64, t->sessions_n - t->ready_n },
		{ "dials", ROW_U64, t->dials_n },
		{ "accepted", ROW_U64, st->accepted },
		{ "refused_full", ROW_U64, st->refused_full },
		{ "refused_address", ROW_U64, st->refused_address },
		{ "crowded_out", ROW_U64, st->crowded_out },
		{ "accept_pauses", ROW_U64, st->accept_pauses },
		{ "dialed", ROW_U64, st->dialed },
		{ "dial_failed", ROW_U64, st->dial_failed },
		{ "handshakes_ok", ROW_U64, st->handshakes_ok },
		{ "handshakes_failed", ROW_U64, st->handshakes_failed },
		{ "handshakes_slowed", ROW_U64, st->handshakes_slowed },
		{ "hello_failed", ROW_U64, st->hello_failed },
		{ "hello_deadline", ROW_U64, st->deadline },
		{ "idle_timeout", ROW_U64, st->idle },
		{ "write_timeout", ROW_U64, st->write_timeout },
		{ "bad_frame", ROW_U64, st->bad_frame },
		{ "frames_in", ROW_U64, st->frames_in },
		{ "frames_out", ROW_U64, st->frames_out },
		{ "bytes_in", ROW_BYTES, st->bytes_in },
		{ "bytes_out", ROW_BYTES, st->bytes_out },
		{ "buffers", ROW_BYTES, t->pool.live + t->pool.held },
		{ "link_stalls", ROW_U64, st->link_stalls },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		row_num(w, rows[i].name, rows[i].type, rows[i].value);
}

void
transport_drop_rows(const struct transport *t,
    void (*emit)(const struct wbuf *, void *), void *arg)
{
	const struct transport_stats *st = &t->stats;
	const struct {
		const char	*what;
		uint64_t	 count;
		const char	*why;
	} rows[] = {
		{ "full", st->refused_full, "inbound: every place is taken" },
		{ "address", st->refused_address,
		    "inbound: too many unfinished from one address" },
		{ "crowded", st->crowded_out,
		    "unfinished, and made room for a newer one" },
		{ "slowed", st->handshakes_slowed,
		    "too many handshakes at a time" },
		{ "handshake", st->handshakes_failed,
		    "not Noise, or not for this node" },
		{ "hello", st->hello_failed, "gossipd refused its hello" },
		{ "deadline", st->deadline, "not ready within 10 s" },
		{ "idle", st->idle, "no frame for 60 s" },
		{ "write", st->write_timeout, "took no frame for 10 s" },
		{ "frame", st->bad_frame, "a frame that is none" },
		{ "dial", st->dial_failed, "a dial that did not come up" },
	};
	struct wbuf w;

	wbuf_init(&w, 1024);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		wbuf_reset(&w);
		row_str(&w, "what", rows[i].what);
		row_num(&w, "count", ROW_U64, rows[i].count);
		row_str(&w, "why", rows[i].why);
		emit(&w, arg);
	}
	wbuf_free(&w);
}

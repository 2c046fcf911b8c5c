/* SPDX-License-Identifier: MIT */
/*
 * Sessions over real sockets.
 * vector group noise (normal_session, steps, must_reject, must_accept): equal
 * parity rows of wire-v1 9.3: NoiseConnReadWrite, NoiseConnClose,
 * HandshakeAndPeerStatic, FrameMaxPayloadExact
 */
#include "rig.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/mtime.h"

#define BIG	(FRAME_MAX + FRAME_HEADER + NOISE_TAG)

static const struct json *
noise_vectors(void)
{
	return json_get(rig_vectors, "noise");
}

static void
vector32(const char *side, const char *key, uint8_t out[32])
{
	assert_int_equal(json_hex(json_get(json_get(noise_vectors(), side),
	    key), out, 32), 32);
}

/* Payload of a step that is one frame. */
static size_t
step_payload(size_t i, uint8_t *out, size_t size)
{
	const struct json *s = json_at(json_get(noise_vectors(), "steps"), i);
	static uint8_t plain[4096];
	size_t n = json_hex(json_get(s, "plaintext_hex"), plain,
	    sizeof(plain));

	assert_true(n >= FRAME_HEADER && n - FRAME_HEADER <= size);
	memcpy(out, plain + FRAME_HEADER, n - FRAME_HEADER);
	return n - FRAME_HEADER;
}

static void
step_send(struct rig *r, struct rig_session *s, size_t i)
{
	uint8_t p[4096];

	rig_send(r, IMSG_FRAME_OUT, s->id, p, step_payload(i, p, sizeof(p)));
}

static void
frame_check(const struct rig_session *s, size_t k, size_t step)
{
	uint8_t p[4096];
	size_t n = step_payload(step, p, sizeof(p));

	assert_true(s->frames > k);
	assert_int_equal(s->frame_len[k], n);
	assert_memory_equal(s->frame[k], p, n);
}

/* The whole session of the vectors, byte for byte, we are the responder. */
static void
test_vectors_responder(void **state)
{
	struct rig *r = *state;
	const struct json *n = json_get(noise_vectors(), "normal_session");
	static uint8_t in[4096], want[4096], got[4096];
	size_t in_len, want_len;
	struct rig_session *s;
	struct rig_peer p;
	uint8_t k[32];

	vector32("responder", "ephemeral_priv_hex", k);
	rig_ephemeral(k);
	in_len = json_hex(json_get(n, "i2r_stream_hex"), in, sizeof(in));
	want_len = json_hex(json_get(n, "r2i_stream_hex"), want, sizeof(want));
	peer_init(&p, r, rig_connect(r, "127.0.0.1"), NULL);
	/* message 1, then all the rest in one write */
	peer_write(&p, in, 34);
	peer_read(&p, got, 98);
	assert_memory_equal(got, want, 98);
	peer_write(&p, in + 34, in_len - 34);
	RIG_UNTIL(r, r->sessions == 1);
	s = rig_last(r);
	assert_int_equal(json_hex(json_get(noise_vectors(),
	    "handshake_hash_hex"), k, 32), 32);
	assert_memory_equal(s->hash, k, 32);
	assert_false(s->outbound);
	assert_int_equal(strncmp(s->addr, "127.0.0.1:", 10), 0);
	assert_int_equal(strncmp(s->own, "127.0.0.1:", 10), 0);
	assert_string_not_equal(s->own, s->addr);
	/* one frame only, until the hello is done */
	RIG_UNTIL(r, s->frames == 1);
	rig_settle(r);
	assert_int_equal(s->frames, 1);
	frame_check(s, 0, 0);
	step_send(r, s, 1);
	rig_ready(r, s);
	step_send(r, s, 2);
	RIG_UNTIL(r, s->frames == 4);
	frame_check(s, 1, 3);
	frame_check(s, 2, 4);
	frame_check(s, 3, 6);
	step_send(r, s, 5);
	peer_read(&p, got, want_len - 98);
	assert_memory_equal(got, want + 98, want_len - 98);
	peer_free(&p);
	RIG_UNTIL(r, s->down);
	assert_int_equal(s->reason, DOWN_EOF);
	assert_int_equal(s->bytes_in, in_len);
	assert_int_equal(s->bytes_out, want_len);
}

/* The same with us dialing. */
static void
test_vectors_initiator(void **state)
{
	struct rig *r = *state;
	const struct json *n = json_get(noise_vectors(), "normal_session");
	static uint8_t in[4096], want[4096], got[4096];
	size_t in_len, want_len;
	char to[HOSTPORT_MAX + 1];
	struct rig_session *s;
	struct rig_peer p;
	uint8_t k[32];
	uint16_t port;
	int fd = rig_listen(&port);

	/* this node is A now */
	vector32("initiator", "static_priv_hex", k);
	EVP_PKEY_free(r->key);
	peer_init(&p, r, -1, k);
	r->key = p.key;
	memcpy(r->t->x25519_pub, p.pub, 32);
	vector32("initiator", "ephemeral_priv_hex", k);
	rig_ephemeral(k);
	in_len = json_hex(json_get(n, "r2i_stream_hex"), in, sizeof(in));
	want_len = json_hex(json_get(n, "i2r_stream_hex"), want, sizeof(want));
	snprintf(to, sizeof(to), "127.0.0.1:%u", port);
	rig_dial(r, 7, to, false);
	p.fd = rig_accept(r, fd);
	peer_read(&p, got, 34);
	peer_write(&p, in, 98);
	peer_read(&p, got + 34, 66);
	assert_memory_equal(got, want, 100);
	RIG_UNTIL(r, r->sessions == 1);
	s = rig_last(r);
	assert_true(s->outbound);
	assert_int_equal(s->dial, 7);
	assert_string_equal(s->addr, to);
	step_send(r, s, 0);
	peer_write(&p, in + 98, in_len - 98);
	RIG_UNTIL(r, s->frames == 1);
	frame_check(s, 0, 1);
	rig_ready(r, s);
	RIG_UNTIL(r, s->frames == 3);
	frame_check(s, 1, 2);
	frame_check(s, 2, 5);
	step_send(r, s, 3);
	step_send(r, s, 4);
	step_send(r, s, 6);
	peer_read(&p, got + 100, want_len - 100);
	assert_memory_equal(got, want, want_len);
	p.key = NULL;
	peer_free(&p);
	close(fd);
}

/* must_accept: split, packed, empty, large, one byte at a time. */
static void
test_alignments(void **state)
{
	struct rig *r = *state;
	static uint8_t buf[BIG];
	struct rig_peer p;
	struct rig_session *s = peer_join(&p, r);
	size_t n;

	frame_header(buf, 300);
	memset(buf + 8, 'a', 300);
	peer_seal(&p, buf, 5);
	peer_seal(&p, NULL, 0);
	peer_seal(&p, buf + 5, 100);
	peer_seal(&p, buf + 105, 203);
	RIG_UNTIL(r, s->frames == 2);
	assert_int_equal(s->frame_len[1], 300);
	assert_memory_equal(s->frame[1], buf + 8, 300);

	n = 0;
	for (size_t k = 0; k < 10; k++) {
		frame_header(buf + n, k);
		memset(buf + n + 8, (int)k, k);
		n += 8 + k;
	}
	peer_seal(&p, buf, n);
	RIG_UNTIL(r, s->frames == 12);
	for (size_t k = 0; k < 10; k++)
		assert_int_equal(s->frame_len[2 + k], k);

	for (size_t i = 0; i < FRAME_MAX; i++)
		buf[i] = (uint8_t)(31 * i + (i >> 8));
	peer_frame(&p, buf, FRAME_MAX);
	RIG_UNTIL(r, s->frames == 13);
	assert_int_equal(s->frame_len[12], FRAME_MAX);
	assert_memory_equal(s->frame[12], buf, FRAME_MAX);
	/* and nothing of it stays */
	assert_int_equal(r->t->pool.live, 0);
	peer_free(&p);
}

/* FrameMaxPayloadExact, the other way; many frames in order. */
static void
test_send(void **state)
{
	struct rig *r = *state;
	static uint8_t buf[BIG], got[BIG];
	struct rig_peer p;
	struct rig_session *s = peer_join(&p, r);
	uint8_t ids[10];

	for (size_t i = 0; i < FRAME_MAX; i++)
		buf[i] = (uint8_t)(31 * i + (i >> 8));
	rig_send(r, IMSG_FRAME_OUT, s->id, buf, FRAME_MAX);
	rig_send(r, IMSG_FRAME_OUT, s->id, NULL, 0);
	assert_int_equal(peer_open(&p, got, sizeof(got)), FRAME_MAX + 8);
	assert_memory_equal(got + 8, buf, FRAME_MAX);
	assert_int_equal(peer_open(&p, got, sizeof(got)), 8);
	RIG_UNTIL(r, s->credit_frames == 2);
	assert_int_equal(s->credit_bytes, FRAME_MAX);
	/* one body to several; unknown sessions are left out */
	ids[0] = 2;
	ids[1] = 0;
	memcpy(ids + 2, &s->id, 4);
	memset(ids + 6, 0xff, 4);
	memcpy(buf, ids, 10);
	memcpy(buf + 10, "many", 4);
	rig_send(r, IMSG_FRAME_MULTI, 0, buf, 14);
	assert_int_equal(peer_open(&p, got, sizeof(got)), 12);
	assert_memory_equal(got + 8, "many", 4);
	/* small ones are given back in lumps */
	for (size_t i = 2; i < CREDIT_KEPT_FRAMES; i++) {
		rig_settle(r);
		assert_int_equal(s->credit_frames, 2);
		rig_send(r, IMSG_FRAME_OUT, s->id, "x", 1);
		assert_int_equal(peer_open(&p, got, sizeof(got)), 9);
	}
	rig_settle(r);
	assert_int_equal(s->credit_frames, 2);
	rig_send(r, IMSG_FRAME_OUT, s->id, "x", 1);
	RIG_UNTIL(r, s->credit_frames == 2 + CREDIT_KEPT_FRAMES);
	assert_int_equal(s->credit_bytes, FRAME_MAX + 3 + CREDIT_KEPT_FRAMES);
	assert_false(r->violated);
	peer_free(&p);
}

enum bad {
	BAD_MAGIC, BAD_VERSION, BAD_LENGTH, BAD_NOISE_LENGTH, BAD_SHORT,
	BAD_BIT, BAD_MAX
};

static void
bad_send(struct rig_peer *p, enum bad which)
{
	static const uint8_t frames[][9] = {
		{ 0xff, 0xff, 0, 1, 0, 0, 0, 1, 'A' },
		{ 0x4d, 0x49, 0x99, 0x99, 0, 0, 0, 1, 'A' },
		{ 0x4d, 0x49, 0, 1, 0, 0x10, 0, 1, 'A' },
	};
	uint8_t wire[64] = { 0x00, 0x10, 0x00, 0x19 };

	switch (which) {
	case BAD_MAGIC:
	case BAD_VERSION:
	case BAD_LENGTH:
		peer_seal(p, frames[which], 9);
		return;
	case BAD_NOISE_LENGTH:	/* 1048601 */
		peer_write(p, wire, 4);
		return;
	case BAD_SHORT:
		wire[1] = 0;
		wire[3] = 15;
		peer_write(p, wire, 19);
		return;
	default:
		wire[1] = 0;
		wire[3] = 24;
		frame_header(wire + 4, 0);
		assert_true(noise_seal(&p->tx, wire + 4, 8));
		wire[10] ^= 0x40;
		peer_write(p, wire, 28);
	}
}

/* Each ends that session, in hello and after it, and no other. */
static void
test_bad_input(void **state)
{
	struct rig *r = *state;
	struct rig_peer p, other;
	struct rig_session *good = peer_join(&other, r), *s;

	for (int i = 0; i < BAD_MAX * 2; i++) {
		enum bad which = (enum bad)(i % BAD_MAX);
		size_t had = r->sessions;

		if (i < BAD_MAX) {
			(void)peer_join(&p, r);
		} else {
			peer_init(&p, r, rig_connect(r, "127.0.0.1"), NULL);
			peer_initiate(&p, NULL);
			RIG_UNTIL(r, r->sessions == had + 1);
		}
		s = rig_last(r);
		bad_send(&p, which);
		RIG_UNTIL(r, s->down);
		assert_int_equal(s->reason, which <= BAD_NOISE_LENGTH ?
		    DOWN_FRAME : DOWN_NOISE);
		assert_int_equal(s->frames, i < BAD_MAX ? 1 : 0);
		peer_expect_eof(&p);
		peer_free(&p);
	}
	peer_frame(&other, "still here", 10);
	RIG_UNTIL(r, good->frames == 2);
	peer_free(&other);
	assert_int_equal(r->t->pool.live, 0);
}

static void
raw_expect_eof(struct rig *r, const void *bytes, size_t n)
{
	struct rig_peer p;

	peer_init(&p, r, rig_connect(r, "127.0.0.1"), NULL);
	peer_write(&p, bytes, n);
	peer_expect_eof(&p);
	peer_free(&p);
	rig_settle(r);
	assert_int_equal(r->sessions, 0);
	assert_int_equal(r->t->sessions_n, 0);
	assert_int_equal(r->t->admit->count, 0);
}

static void
test_bad_handshake(void **state)
{
	struct rig *r = *state;
	static uint8_t big[70000];
	uint8_t msg[34] = { 0, 31 };

	raw_expect_eof(r, msg, 33);		/* too short for e */
	msg[1] = 32;
	msg[2] = 1;				/* low order */
	raw_expect_eof(r, msg, 34);
	memset(msg + 2, 9, 32);
	r->dh_status = KEY_REFUSED;
	raw_expect_eof(r, msg, 34);
	r->dh_status = KEY_SLOWED;
	raw_expect_eof(r, msg, 34);
	r->dh_status = KEY_OK;
	assert_int_equal(r->t->stats.handshakes_slowed, 1);
	/* endless handshake bytes: the cap, not memory, ends it */
	memset(big, 9, sizeof(big));
	big[0] = big[1] = 0xff;
	r->dh_hold = false;
	raw_expect_eof(r, big, sizeof(big));
	assert_true(r->t->stats.bytes_in < 2 * UNREADY_MAX);
}

/* A payload in message 1 is accepted and thrown away. */
static void
test_handshake_payload(void **state)
{
	struct rig *r = *state;
	uint8_t msg[2 + 96] = { 0, 52 }, eph[32] = { 5 };
	struct rig_peer p;

	peer_init(&p, r, rig_connect(r, "127.0.0.1"), NULL);
	assert_true(noise_init(&p.noise, &r->t->crypto, NOISE_INITIATOR,
	    p.pub, eph, NULL, 0));
	assert_int_equal(noise_write(&p.noise, "twenty bytes of text", 20,
	    msg + 2, 96), 52);
	peer_write(&p, msg, 54);
	peer_read(&p, msg, 98);
	assert_int_equal(noise_read(&p.noise, msg + 2, 96), NOISE_WANT_DH);
	peer_free(&p);
}

/* The parent takes its time: parked, nothing read, then it goes on. */
static void
test_parked(void **state)
{
	struct rig *r = *state;
	uint8_t msg[34] = { 0, 32, 9 };
	struct rig_peer p;
	struct session *s;

	r->dh_hold = true;
	peer_init(&p, r, rig_connect(r, "127.0.0.1"), NULL);
	peer_write(&p, msg, 34);
	RIG_UNTIL(r, (s = RB_MIN(session_tree, &r->t->sessions)) != NULL &&
	    s->dh_asked);
	assert_false(s->reading);
	assert_int_equal(r->t->pool.live, 0);
	/* the answer to a session that is gone is nothing */
	session_end(s, DOWN_RESET, NULL);
	imsg_send(r->parent, IMSG_KEY_DH_DONE, 1, 0,
	    (const uint8_t[33]){ 0 }, 33);
	rig_settle(r);
	assert_false(r->violated);
	peer_free(&p);
}

/* More than a frame, more than 64 KiB: not before the hello is done. */
static void
test_unready_limits(void **state)
{
	struct rig *r = *state;
	static uint8_t big[UNREADY_MAX + 64];
	struct rig_session *s;
	struct rig_peer p;

	peer_init(&p, r, rig_connect(r, "127.0.0.1"), NULL);
	peer_initiate(&p, NULL);
	RIG_UNTIL(r, r->sessions == 1);
	s = rig_last(r);
	peer_frame(&p, big, UNREADY_MAX + 1);
	RIG_UNTIL(r, s->down);
	assert_int_equal(s->reason, DOWN_FRAME);
	peer_free(&p);

	/* nor the word that so much is to come */
	peer_init(&p, r, rig_connect(r, "127.0.0.1"), NULL);
	peer_initiate(&p, NULL);
	RIG_UNTIL(r, r->sessions == 2);
	s = rig_last(r);
	peer_write(&p, "\0\1\0\1", 4);
	RIG_UNTIL(r, s->down);
	assert_int_equal(s->reason, DOWN_FRAME);
	peer_free(&p);

	/* nor endless messages of nothing */
	peer_init(&p, r, rig_connect(r, "127.0.0.1"), NULL);
	peer_initiate(&p, NULL);
	RIG_UNTIL(r, r->sessions == 3);
	s = rig_last(r);
	for (int i = 0; i < 5000 && !s->down; i++)
		peer_seal(&p, NULL, 0);
	RIG_UNTIL(r, s->down);
	assert_int_equal(s->reason, DOWN_FRAME);
	assert_true(s->bytes_in <= UNREADY_MAX + BUF_MIN);
	peer_free(&p);

	/* a large frame behind the hello is no offence: it waits */
	peer_init(&p, r, rig_connect(r, "127.0.0.1"), NULL);
	peer_initiate(&p, NULL);
	RIG_UNTIL(r, r->sessions == 4);
	s = rig_last(r);
	peer_frame(&p, "hello", 5);
	peer_frame(&p, big, sizeof(big));
	rig_settle(r);
	assert_int_equal(s->frames, 1);
	assert_false(s->down);
	assert_true(r->t->pool.live <= BUF_MIN);
	rig_ready(r, s);
	RIG_UNTIL(r, s->frames == 2);
	assert_int_equal(s->frame_len[1], sizeof(big));
	peer_free(&p);
}

/* Windows in: one session at its limit does not touch another. */
static void
test_window_in(void **state)
{
	struct rig *r = *state;
	static uint8_t big[900000];
	struct rig_peer p, q;
	struct rig_session *s = peer_join(&p, r), *o = peer_join(&q, r);

	for (int i = 0; i < 100; i++)
		peer_frame(&p, &i, sizeof(i));
	RIG_UNTIL(r, s->frames == 1 + SESSION_WINDOW_FRAMES);
	rig_settle(r);
	assert_int_equal(s->frames, 1 + SESSION_WINDOW_FRAMES);
	peer_frame(&q, "quick", 5);
	RIG_UNTIL(r, o->frames == 2);
	rig_credit(r, s, SESSION_WINDOW_FRAMES, 4 * SESSION_WINDOW_FRAMES);
	RIG_UNTIL(r, s->frames == 101);
	for (int i = 0; i < 100; i++)
		assert_memory_equal(s->frame[i + 1], &i, sizeof(i));
	/* bytes: never more than the window, and never stuck */
	rig_credit(r, s, 36, 4 * 36);
	peer_frame(&q, "a", 1);
	for (int i = 0; i < 3; i++)
		peer_frame(&p, big, sizeof(big));
	RIG_UNTIL(r, s->frames == 103);
	rig_settle(r);
	assert_int_equal(s->frames, 103);
	assert_int_equal(o->frames, 3);
	rig_credit(r, s, 1, sizeof(big));
	RIG_UNTIL(r, s->frames == 104);
	peer_free(&p);
	peer_free(&q);
}

/* gossipd as a whole is behind: nothing is read, then all of it. */
static void
test_link_full(void **state)
{
	struct rig *r = *state;
	struct rig_peer p;
	struct rig_session *s = peer_join(&p, r);

	transport_link_full(r->t);
	peer_frame(&p, "later", 5);
	rig_settle(r);
	assert_int_equal(s->frames, 1);
	transport_link_drained(r->t);
	RIG_UNTIL(r, s->frames == 2);
	assert_int_equal(r->t->stats.link_stalls, 1);
	peer_free(&p);
}

/* What is queued when gossipd closes still arrives, then the end. */
static void
test_close_flushes(void **state)
{
	struct rig *r = *state;
	static uint8_t big[FRAME_MAX], got[BIG];
	struct rig_peer p;
	struct rig_session *s = peer_join(&p, r);

	/* unread bytes of the peer must not become a reset */
	peer_frame(&p, "unread", 6);
	rig_send(r, IMSG_FRAME_OUT, s->id, big, sizeof(big));
	rig_send(r, IMSG_FRAME_OUT, s->id, "bye", 3);
	rig_close(r, s, DOWN_DUPLICATE);
	/* after the close: dropped */
	rig_send(r, IMSG_FRAME_OUT, s->id, "late", 4);
	rig_ready(r, s);
	assert_int_equal(peer_open(&p, got, sizeof(got)), FRAME_MAX + 8);
	assert_int_equal(peer_open(&p, got, sizeof(got)), 11);
	assert_memory_equal(got + 8, "bye", 3);
	peer_expect_eof(&p);
	RIG_UNTIL(r, s->down);
	assert_int_equal(s->reason, DOWN_DUPLICATE);
	assert_false(r->violated);
	peer_free(&p);
}

/* What the peer sent and nobody read must not become a reset. */
static void
test_close_unread(void **state)
{
	struct rig *r = *state;
	static uint8_t text[2000], got[64];
	struct rig_peer p;
	struct rig_session *s = peer_join(&p, r);
	ssize_t n;

	for (int i = 0; i < 100; i++)
		peer_frame(&p, text, sizeof(text));
	RIG_UNTIL(r, s->frames == 1 + SESSION_WINDOW_FRAMES);
	rig_send(r, IMSG_FRAME_OUT, s->id, "bye", 3);
	rig_close(r, s, DOWN_FULL);
	RIG_UNTIL(r, s->down);
	assert_int_equal(peer_open(&p, got, sizeof(got)), 11);
	RIG_UNTIL(r, (n = read(p.fd, got, 1)) != -1 || errno != EAGAIN);
	assert_int_equal(n, 0);
	peer_free(&p);
}

/* A peer that does not read is given a second, not more. */
static void
test_close_blocked(void **state)
{
	struct rig *r = *state;
	static uint8_t big[FRAME_MAX];
	struct rig_peer p;
	struct rig_session *s = peer_join(&p, r);
	struct session *own = session_find(r->t, s->id);

	/* more than loopback buffers hold, inside the window */
	for (size_t sent = 0; own->items_n == 0 || sent < 2; sent++) {
		if (s->credit_frames == sent || sent == 0)
			rig_send(r, IMSG_FRAME_OUT, s->id, big, sizeof(big));
		rig_settle(r);
		if (own->items_n > 0)
			break;
		assert_true(sent < 40);
	}
	assert_true(own->items_n > 0);
	assert_true(own->watch.writing);
	rig_close(r, s, DOWN_UNLINKED);
	RIG_UNTIL(r, own->state == SESSION_CLOSING);
	own->watch.deadline = mono_ms();
	session_timer_set(own);
	RIG_UNTIL(r, s->down);
	assert_int_equal(s->reason, DOWN_UNLINKED);
	peer_free(&p);
}

/* Timers of a session, moved instead of waited for. */
static void
test_timers(void **state)
{
	struct rig *r = *state;
	struct rig_peer p;
	struct rig_session *s = peer_join(&p, r);
	struct session *own = session_find(r->t, s->id);
	uint8_t got[64];

	own->watch.last_out = mono_ms() - KEEPALIVE_MS;
	session_timer_set(own);
	assert_int_equal(peer_open(&p, got, sizeof(got)), 10);
	assert_memory_equal(got, "\x4d\x49\0\1\0\0\0\2\x28\x05", 10);
	rig_settle(r);
	/* any write of ours counts as one */
	own->watch.last_out = mono_ms() - KEEPALIVE_MS;
	rig_send(r, IMSG_FRAME_OUT, s->id, "x", 1);
	RIG_UNTIL(r, r->t->stats.frames_out == 2);
	session_timer_set(own);
	assert_int_equal(peer_open(&p, got, sizeof(got)), 9);
	rig_settle(r);
	assert_int_equal(read(p.fd, got, 1), -1);
	s->credit_frames = 0;
	/* it costs gossipd no credit, and is sent once */
	assert_int_equal(s->credit_frames, 0);
	assert_int_equal(read(p.fd, got, 1), -1);
	own->watch.last_in = mono_ms() - IDLE_MS;
	session_timer_set(own);
	RIG_UNTIL(r, s->down);
	assert_int_equal(s->reason, DOWN_IDLE);
	peer_expect_eof(&p);
	peer_free(&p);

	/* neither Noise nor the hello may take longer than the deadline */
	for (int hello = 0; hello < 2; hello++) {
		size_t had = r->sessions;

		peer_init(&p, r, rig_connect(r, "127.0.0.1"), NULL);
		if (hello) {
			peer_initiate(&p, NULL);
			RIG_UNTIL(r, r->sessions == had + 1);
		}
		RIG_UNTIL(r, r->t->sessions_n == 1);
		own = RB_MIN(session_tree, &r->t->sessions);
		own->watch.deadline = mono_ms();
		session_timer_set(own);
		peer_expect_eof(&p);
		RIG_UNTIL(r, r->t->sessions_n == 0);
		if (hello)
			RIG_UNTIL(r, rig_last(r)->down);
		peer_free(&p);
	}
	assert_int_equal(rig_last(r)->reason, DOWN_DEADLINE);
	assert_int_equal(r->t->stats.deadline, 2);
}

/* WriteTimeout: the peer takes nothing for 10 s. */
static void
test_write_timeout(void **state)
{
	struct rig *r = *state;
	static uint8_t big[FRAME_MAX], buf[BIG];
	struct rig_peer p;
	struct rig_session *s = peer_join(&p, r);
	struct session *own = session_find(r->t, s->id);

	for (int i = 0; i < 40 && own->items_n == 0; i++) {
		rig_send(r, IMSG_FRAME_OUT, s->id, big, sizeof(big));
		rig_settle(r);
	}
	assert_true(own->watch.writing);
	/* it takes some: another 10 s for the next frame */
	own->watch.write_since = 0;
	(void)peer_open(&p, buf, sizeof(buf));
	RIG_UNTIL(r, own->watch.write_since != 0 || !own->watch.writing);
	while (own->items_n == 0) {
		rig_send(r, IMSG_FRAME_OUT, s->id, big, sizeof(big));
		rig_settle(r);
	}
	own->watch.write_since = mono_ms() - WRITE_MS;
	session_timer_set(own);
	RIG_UNTIL(r, s->down);
	assert_int_equal(s->reason, DOWN_WRITE);
	peer_free(&p);
}

/* gossipd breaking the contract is noticed. */
static void
test_contract(void **state)
{
	struct rig *r = *state;
	struct rig_peer p;
	struct rig_session *s = peer_join(&p, r);

	rig_credit(r, s, 1, 0);
	RIG_UNTIL(r, r->violated);
	peer_free(&p);
}

static void
test_contract_window(void **state)
{
	struct rig *r = *state;
	struct rig_peer p;
	struct rig_session *s = peer_join(&p, r);

	/* in one batch: none of them is written before the last is seen */
	for (unsigned int i = 0; i <= SESSION_WINDOW_FRAMES; i++)
		rig_send(r, IMSG_FRAME_OUT, s->id, "x", 1);
	RIG_UNTIL(r, r->violated);
	peer_free(&p);
}

/* Steady state: frames come and go, and no buffer is made. */
static void
test_no_allocation(void **state)
{
	struct rig *r = *state;
	struct rig_peer p;
	struct rig_session *s = peer_join(&p, r);
	uint8_t text[200] = { 0 }, got[256];
	uint64_t made = 0;

	for (int i = 0; i < 150; i++) {
		peer_frame(&p, text, sizeof(text));
		RIG_UNTIL(r, s->frames == (size_t)i + 2);
		rig_credit(r, s, 1, sizeof(text));
		rig_send(r, IMSG_FRAME_OUT, s->id, text, sizeof(text));
		(void)peer_open(&p, got, sizeof(got));
		if (i == 5)
			made = r->t->pool.made;
	}
	assert_int_equal(r->t->pool.made, made);
	assert_int_equal(r->t->pool.live, 0);
	peer_free(&p);
}

static void
stopped_cb(struct transport *t, void *arg)
{
	(void)t;
	((struct rig *)arg)->stopped = true;
}

static void
test_stop(void **state)
{
	struct rig *r = *state;
	struct rig_peer p, q;
	struct rig_session *s = peer_join(&p, r);
	uint8_t got[64];

	peer_init(&q, r, rig_connect(r, "127.0.0.1"), NULL);
	RIG_UNTIL(r, r->t->sessions_n == 2);
	rig_send(r, IMSG_FRAME_OUT, s->id, "last", 4);
	rig_settle(r);
	transport_stop(r->t, stopped_cb, r);
	RIG_UNTIL(r, r->stopped && s->down);
	assert_int_equal(s->reason, DOWN_SHUTDOWN);
	assert_int_equal(peer_open(&p, got, sizeof(got)), 12);
	peer_expect_eof(&p);
	peer_expect_eof(&q);
	peer_free(&p);
	peer_free(&q);
}

#define T(f)	cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_vectors_responder),
		T(test_vectors_initiator),
		T(test_alignments),
		T(test_send),
		T(test_bad_input),
		T(test_bad_handshake),
		T(test_handshake_payload),
		T(test_parked),
		T(test_unready_limits),
		T(test_window_in),
		T(test_link_full),
		T(test_close_flushes),
		T(test_close_unread),
		T(test_close_blocked),
		T(test_timers),
		T(test_write_timeout),
		T(test_contract),
		T(test_contract_window),
		T(test_no_allocation),
		T(test_stop),
	};

	return cmocka_run_group_tests_name("session", tests, rig_group_setup,
	    rig_group_teardown);
}

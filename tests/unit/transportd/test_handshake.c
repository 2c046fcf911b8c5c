/* SPDX-License-Identifier: MIT */
/*
 * A session to the end of its hello, over real sockets.
 * vector group noise (normal_session, steps): equal
 * parity rows of wire-v1 9.3: NoiseConnReadWrite, HandshakeAndPeerStatic
 */
#include "peer.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/mtime.h"

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

#define T(f)	cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_vectors_responder),
		T(test_vectors_initiator),
		T(test_bad_handshake),
		T(test_handshake_payload),
		T(test_parked),
		T(test_unready_limits),
	};

	return cmocka_run_group_tests_name("handshake", tests, rig_group_setup,
	    rig_group_teardown);
}

/* SPDX-License-Identifier: MIT */
/*
 * The frames of a session and their windows, over real sockets: must_accept
 * and must_reject of the noise vectors among them.
 * parity rows of wire-v1 9.3: NoiseConnPartialRead, FrameMaxPayloadExact
 */
#include "peer.h"

#include <string.h>

#include "common/mtime.h"

/* must_accept: split, packed, empty, large, one byte at a time. */
static void
test_alignments(void **state)
{
	struct rig *r = *state;
	static uint8_t buf[PEER_SEALED_MAX];
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
	static uint8_t buf[PEER_SEALED_MAX], got[PEER_SEALED_MAX];
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

#define T(f)	cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_alignments),
		T(test_send),
		T(test_bad_input),
		T(test_window_in),
		T(test_link_full),
		T(test_contract),
		T(test_contract_window),
		T(test_no_allocation),
	};

	return cmocka_run_group_tests_name("session", tests, rig_group_setup,
	    rig_group_teardown);
}

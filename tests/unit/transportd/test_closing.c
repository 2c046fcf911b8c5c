/* SPDX-License-Identifier: MIT */
/*
 * How sessions end, and their timers, over real sockets.
 * parity row of wire-v1 9.3: NoiseConnClose
 */
#include "peer.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/mtime.h"

/* What is queued when gossipd closes still arrives, then the end. */
static void
test_close_flushes(void **state)
{
	struct rig *r = *state;
	static uint8_t big[FRAME_MAX], got[PEER_SEALED_MAX];
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
	static uint8_t big[FRAME_MAX], buf[PEER_SEALED_MAX];
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
		T(test_close_flushes),
		T(test_close_unread),
		T(test_close_blocked),
		T(test_timers),
		T(test_write_timeout),
		T(test_stop),
	};

	return cmocka_run_group_tests_name("closing", tests, rig_group_setup,
	    rig_group_teardown);
}

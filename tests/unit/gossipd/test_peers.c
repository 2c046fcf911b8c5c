/* SPDX-License-Identifier: MIT */
#include "common/log.h"
#include "common/nodeid.h"
#include "common/row.h"
#include "fake.h"
#include "micelio-gossipd/admit.h"
#include "micelio-gossipd/budget.h"
#include "micelio-gossipd/core.h"
#include "micelio-gossipd/drop.h"
#include "micelio-gossipd/peers.h"
#include "micelio-gossipd/session.h"

static const uint8_t	hash[32];

static void
test_duplicate(void **state)
{
	struct fake *f = fake_new(0);
	struct ident b;

	(void)state;
	ident_make(&b, 1);
	fake_connect(f, 1, &b);
	assert_int_equal(f->nsent, 1);
	/* same direction, older one alive: the newer loses, unanswered */
	fake_connect(f, 2, &b);
	assert_int_equal(fake_close_reason(f, 2), DOWN_DUPLICATE);
	assert_true(fake_event(f, EV_PEER_REFUSED, "connected already"));
	assert_int_equal(f->nsent, 1);
	assert_int_equal(f->g->npeers, 1);
	gossip_session_down(f->g, f->now, 2, DOWN_DUPLICATE);
	assert_int_equal(f->g->npeers, 1);
	fake_free(f);
}

/* W24: a successor takes the place of a connection that fell silent. */
static void
test_silent_replaced(void **state)
{
	struct fake *f = fake_new(0);
	struct ident b;

	(void)state;
	ident_make(&b, 1);
	fake_connect(f, 1, &b);
	fake_pass(f, 20000);
	gossip_frame(f->g, f->now, 1, "\x28\x05", 2);
	fake_pass(f, SILENT_MS);
	fake_connect(f, 2, &b);
	assert_int_equal(fake_close_reason(f, 2), DOWN_DUPLICATE);
	gossip_session_down(f->g, f->now, 2, DOWN_DUPLICATE);
	fake_pass(f, 1);
	fake_connect(f, 3, &b);
	assert_int_equal(fake_close_reason(f, 1), DOWN_REPLACED);
	assert_int_equal(fake_close_reason(f, 3), DOWN_NONE);
	assert_int_equal(f->g->npeers, 1);
	assert_int_equal(peers_by_id(f->g, &b.id)->sid, 3);
	fake_free(f);
}

/*
 * W23: dials that cross.  Both stay for a while, counted as one; if both
 * still stand, the one dialled by the smaller id stays.
 */
static void
crossed(unsigned int me, unsigned int other)
{
	struct fake *f = fake_new(me);
	struct ident b;
	uint32_t keep;

	ident_make(&b, other);
	keep = nodeid_cmp(&f->me.id, &b.id) < 0 ? 2 : 1;
	fake_connect(f, 1, &b);
	fake_dialled(f, 2, 0, &b);
	assert_int_equal(f->nclosed, 0);
	assert_int_equal(f->nready, 2);
	assert_int_equal(f->g->npeers, 1);
	assert_true(gossip_next(f->g) <= f->now.mono + TWIN_MS);
	fake_pass(f, TWIN_MS - 1);
	assert_int_equal(f->nclosed, 0);
	fake_pass(f, 1);
	assert_int_equal(f->nclosed, 1);
	assert_int_equal(fake_close_reason(f, 3 - keep), DOWN_DUPLICATE);
	assert_int_equal(peers_by_id(f->g, &b.id)->sid, keep);
	assert_int_equal(f->g->npeers, 1);
	assert_false(fake_event(f, EV_PEER_DOWN, ""));
	fake_free(f);
}

static void
test_crossed(void **state)
{
	(void)state;
	crossed(0, 1);
	crossed(1, 0);
}

/* A v1 peer drops the one it does not want; the other lives on. */
static void
test_crossed_v1(void **state)
{
	struct fake *f = fake_new(0);
	uint32_t sid;
	struct ident b;

	(void)state;
	ident_make(&b, 1);
	for (sid = 1; sid <= 2; sid++) {
		fake_connect(f, 1, &b);
		fake_dialled(f, 2, 0, &b);
		gossip_session_down(f->g, f->now, sid, DOWN_EOF);
		assert_int_equal(f->g->npeers, 1);
		assert_int_equal(peers_by_id(f->g, &b.id)->sid, 3 - sid);
		fake_pass(f, 2 * TWIN_MS);
		assert_int_equal(f->nclosed, 0);
		assert_false(fake_event(f, EV_PEER_DOWN, ""));
		gossip_session_down(f->g, f->now, 3 - sid, DOWN_EOF);
		assert_int_equal(f->g->npeers, 0);
		assert_true(fake_event(f, EV_PEER_DOWN, "closed-by-peer"));
		fake_forget(f);
	}
	fake_free(f);
}

/* Not crossed, but much later: an ordinary duplicate. */
static void
test_late_second(void **state)
{
	struct fake *f = fake_new(0);
	struct ident b;

	(void)state;
	ident_make(&b, 1);
	fake_connect(f, 1, &b);
	fake_pass(f, CROSSED_MS);
	fake_dialled(f, 2, 0, &b);
	assert_int_equal(fake_close_reason(f, 2), DOWN_DUPLICATE);
	fake_free(f);
}

/* Since when there are some, or none: not when one more came or went. */
static void
test_peers_since(void **state)
{
	struct fake *f = fake_new(0);
	uint64_t since = f->now.wall;
	struct ident b, c;

	(void)state;
	ident_make(&b, 1);
	ident_make(&c, 2);
	fake_pass(f, 10000);
	assert_int_equal(f->g->peers_since, since);
	since = f->now.wall;
	fake_connect(f, 1, &b);
	assert_int_equal(f->g->peers_since, since);
	fake_pass(f, 10000);
	fake_connect(f, 2, &c);
	gossip_session_down(f->g, f->now, 1, DOWN_EOF);
	assert_int_equal(f->g->peers_since, since);
	fake_pass(f, 10000);
	since = f->now.wall;
	gossip_session_down(f->g, f->now, 2, DOWN_EOF);
	assert_int_equal(f->g->peers_since, since);
	fake_free(f);
}

/* wire-v1 9.5 MaxPeersEnforcement, in its part for the hello. */
static void
test_max_peers(void **state)
{
	struct fake *f = fake_new(0);
	struct ident b, c;

	(void)state;
	ident_make(&b, 1);
	ident_make(&c, 2);
	f->conf.network_max_peers = 1;
	fake_connect(f, 1, &b);
	fake_connect(f, 2, &c);
	assert_int_equal(fake_close_reason(f, 2), DOWN_FULL);
	assert_true(fake_event(f, EV_PEER_REFUSED, "max peers reached"));
	gossip_session_down(f->g, f->now, 2, DOWN_FULL);
	gossip_session_down(f->g, f->now, 1, DOWN_EOF);
	fake_connect(f, 3, &c);
	assert_int_equal(f->g->npeers, 1);
	fake_free(f);
}

static void
test_table_full(void **state)
{
	struct fake *f = fake_new(0);
	struct ident b;
	uint32_t i;

	(void)state;
	ident_make(&b, 1);
	for (i = 1; i <= SESSIONS_MAX; i++)
		gossip_session_up(f->g, f->now, i, false, 0, hash, b.noise,
		    "127.0.0.1:1");
	assert_int_equal(f->nclosed, 0);
	gossip_session_up(f->g, f->now, i, false, 0, hash, b.noise,
	    "127.0.0.1:1");
	assert_int_equal(fake_close_reason(f, i), DOWN_FULL);
	for (i = 1; i <= SESSIONS_MAX; i++)
		gossip_session_down(f->g, f->now, i, DOWN_DEADLINE);
	assert_int_equal(f->g->sessions.n, 0);
	fake_free(f);
}

/* Each side gets its window back, in lumps, whatever the frames were. */
static void
test_credit_back(void **state)
{
	struct fake *f = fake_new(0);
	struct ident b;
	unsigned int i;

	(void)state;
	ident_make(&b, 1);
	fake_connect(f, 1, &b);
	for (i = 0; i < 15; i++)
		gossip_frame(f->g, f->now, 1, "\x28\x05", 2);
	assert_int_equal(f->credit_frames, 16);
	for (i = 0; i < 64; i++)
		gossip_frame(f->g, f->now, 1, "\xff", i % 4 == 0);
	assert_int_equal(f->credit_frames, 80);
	fake_free(f);
}

static void
test_credit_out(void **state)
{
	struct fake *f = fake_new(0);
	char mid[32];
	struct ident b, c;
	unsigned int i;

	(void)state;
	ident_make(&b, 1);
	ident_make(&c, 2);
	fake_connect(f, 1, &b);
	fake_connect(f, 2, &c);
	fake_forget(f);
	/* the answer of the hello used one frame of the window */
	for (i = 0; i < SESSION_WINDOW_FRAMES + 5; i++) {
		snprintf(mid, sizeof(mid), "m%u", i);
		fake_frame(f, 1, chat_env(&b, mid, 10));
		fake_pass(f, 200);
	}
	assert_int_equal(f->nsent, SESSION_WINDOW_FRAMES - 1);
	assert_int_equal(f->g->count.forwarded, SESSION_WINDOW_FRAMES - 1);
	assert_int_equal(f->g->count.dropped, 6);
	gossip_credit(f->g, 2, 2, 100000);
	for (; i < SESSION_WINDOW_FRAMES + 8; i++) {
		snprintf(mid, sizeof(mid), "m%u", i);
		fake_frame(f, 1, chat_env(&b, mid, 10));
		fake_pass(f, 200);
	}
	assert_int_equal(f->nsent, SESSION_WINDOW_FRAMES + 1);
	/* more than the window is never there */
	gossip_credit(f->g, 2, UINT32_MAX, UINT32_MAX);
	assert_int_equal(peers_session(f->g, 2)->win_frames,
	    SESSION_WINDOW_FRAMES);
	assert_int_equal(peers_session(f->g, 2)->win_bytes,
	    SESSION_WINDOW_BYTES);
	fake_free(f);
}

/* W7: who sends nothing but rubbish goes, and stays away for a minute. */
static void
test_abuse(void **state)
{
	struct fake *f = fake_new(0);
	struct ident b;
	unsigned int i;

	(void)state;
	ident_make(&b, 1);
	fake_connect(f, 1, &b);
	for (i = 0; i < 25; i++)
		gossip_frame(f->g, f->now, 1, "\xff", 1);
	assert_int_equal(f->nclosed, 0);
	gossip_frame(f->g, f->now, 1, "\xff", 1);
	assert_int_equal(fake_close_reason(f, 1), DOWN_ABUSE);
	gossip_session_down(f->g, f->now, 1, DOWN_ABUSE);
	fake_connect(f, 2, &b);
	assert_int_equal(fake_close_reason(f, 2), DOWN_ABUSE);
	gossip_session_down(f->g, f->now, 2, DOWN_ABUSE);
	fake_pass(f, OFFENDER_MS);
	fake_connect(f, 3, &b);
	assert_int_equal(fake_close_reason(f, 3), DOWN_NONE);
	/* a frame a second that cannot be read is borne */
	for (i = 0; i < 200; i++) {
		gossip_frame(f->g, f->now, 3, "\xff", 1);
		fake_pass(f, 1000);
	}
	assert_int_equal(fake_close_reason(f, 3), DOWN_NONE);
	fake_free(f);
}

/* Broken frames: once may be an accident, again within a minute is none. */
static void
test_strikes(void **state)
{
	struct fake *f = fake_new(0);
	struct ident b;

	(void)state;
	ident_make(&b, 1);
	fake_connect(f, 1, &b);
	gossip_session_down(f->g, f->now, 1, DOWN_FRAME);
	fake_pass(f, OFFENDER_MS);
	fake_connect(f, 2, &b);
	assert_int_equal(f->g->npeers, 1);
	gossip_session_down(f->g, f->now, 2, DOWN_NOISE);
	fake_pass(f, OFFENDER_MS - 1);
	fake_connect(f, 3, &b);
	assert_int_equal(f->g->npeers, 1);
	gossip_session_down(f->g, f->now, 3, DOWN_FRAME);
	fake_connect(f, 4, &b);
	assert_int_equal(fake_close_reason(f, 4), DOWN_ABUSE);
	gossip_session_down(f->g, f->now, 4, DOWN_ABUSE);
	fake_pass(f, OFFENDER_MS);
	/* other ends are no strikes */
	fake_connect(f, 5, &b);
	gossip_session_down(f->g, f->now, 5, DOWN_RESET);
	fake_connect(f, 6, &b);
	gossip_session_down(f->g, f->now, 6, DOWN_EOF);
	fake_connect(f, 7, &b);
	assert_int_equal(f->g->npeers, 1);
	fake_free(f);
}

/* W7: what costs us little each is still not free without end. */
static void
test_idle_frames(void **state)
{
	static const uint32_t units = 1 + FRAME_MAX / NEIGHBOUR_UNIT;
	/* a keepalive with a field of nearly 1 MiB that nobody knows */
	static uint8_t big[FRAME_MAX] = { 0x28, 5, 0x7a, 0xfa, 0xff, 0x3f };
	struct fake *f = fake_new(0);
	struct slice copy;
	struct ident b;
	unsigned int i, left;

	(void)state;
	ident_make(&b, 1);
	fake_connect(f, 1, &b);
	copy = chat_env(&b, "once", 1);
	fake_frame(f, 1, copy);
	for (left = IDLE_BURST; left >= units; left -= units)
		gossip_frame(f->g, f->now, 1, big, sizeof(big));
	assert_int_equal(f->g->count.drops[DROP_MALFORMED], 0);
	for (; left > 0; left--)
		gossip_frame(f->g, f->now, 1, copy.p, copy.n);
	assert_true(peers_session(f->g, 1)->idle.millis < 1000);
	/* the rate is borne for ever */
	for (i = 0; i < 10; i++) {
		fake_pass(f, 1000);
		for (left = IDLE_RATE; left >= units; left -= units)
			gossip_frame(f->g, f->now, 1, big, sizeof(big));
		for (; left > 0; left--)
			gossip_frame(f->g, f->now, 1, copy.p, copy.n);
	}
	assert_true(peers_session(f->g, 1)->bad.millis >= BAD_BURST * 1000);
	assert_int_equal(f->nclosed, 0);
	/* more is not */
	for (i = 0; i < BAD_BURST; i++)
		gossip_frame(f->g, f->now, 1, copy.p, copy.n);
	assert_int_equal(f->nclosed, 0);
	gossip_frame(f->g, f->now, 1, copy.p, copy.n);
	assert_int_equal(fake_close_reason(f, 1), DOWN_ABUSE);
	assert_int_equal(f->nchats, 1);
	assert_int_equal(f->g->count.received, 1);
	fake_free(f);
}

static void
count_cb(const struct wbuf *row, void *arg)
{
	unsigned int *n = arg, fields = 0;
	struct row_field f;
	struct rcur c;

	rcur_init(&c, row->p, row->len);
	while (row_next(&c, &f))
		fields++;
	assert_false(c.bad);
	assert_int_equal(fields, 23);
	(*n)++;
}

static void
test_rows(void **state)
{
	struct fake *f = fake_new(0);
	unsigned int n = 0;
	struct row_field rf;
	struct wbuf b;
	struct rcur c;
	struct ident i;

	(void)state;
	strlist_add(&f->conf.network_bootstrap, "127.0.0.1:1");
	gossip_configured(f->g, f->now);
	ident_make(&i, 1);
	fake_connect(f, 1, &i);
	gossip_peer_rows(f->g, f->now, count_cb, &n);
	assert_int_equal(n, 2);
	wbuf_init(&b, 8192);
	gossip_status_row(f->g, &b);
	rcur_init(&c, b.p, b.len);
	assert_true(row_next(&c, &rf));
	assert_int_equal(rf.name_len, 5);
	assert_memory_equal(rf.name, "peers", 5);
	assert_true(rf.num == 1);
	while (row_next(&c, &rf))
		continue;
	assert_false(c.bad);
	wbuf_free(&b);
	fake_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_duplicate),
		cmocka_unit_test(test_silent_replaced),
		cmocka_unit_test(test_crossed),
		cmocka_unit_test(test_crossed_v1),
		cmocka_unit_test(test_late_second),
		cmocka_unit_test(test_peers_since),
		cmocka_unit_test(test_max_peers),
		cmocka_unit_test(test_table_full),
		cmocka_unit_test(test_credit_back),
		cmocka_unit_test(test_credit_out),
		cmocka_unit_test(test_abuse),
		cmocka_unit_test(test_idle_frames),
		cmocka_unit_test(test_strikes),
		cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

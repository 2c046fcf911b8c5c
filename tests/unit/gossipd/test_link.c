/* SPDX-License-Identifier: MIT */
/* SETUP, windows, pings and clocks of links of our kind; guests. */
#include "kin.h"
#include "micelio-gossipd/beat.h"
#include "micelio-gossipd/core.h"
#include "micelio-gossipd/link.h"
#include "micelio-gossipd/peers.h"
#include "micelio-gossipd/slots.h"
#include "walk.h"

/* Tag and SETUP, in both directions; without it the link is v1. */
static void
test_setup(void **state)
{
	struct m2_ctrl c, empty = { .gap = 0 };
	struct ident b, d;
	struct kin k = { .f = fake_new(0) };

	(void)state;
	ident_make(&b, 1);
	ident_make(&d, 3);
	fake_connect_kin(k.f, 1, &b, "");
	assert_true(ctrl_out(k.f, 1, &c));
	assert_true(c.has_setup);
	assert_int_equal(peers_session(k.f->g, 1)->link->kind, LINK_WAIT);
	/* nothing else before it, and not without the tag */
	ctrl_in(&k, 1, &empty);
	assert_int_equal(k.f->g->count.drops[DROP_LINK], 1);
	fake_connect(k.f, 2, &d);
	setup_in(&k, 2);
	assert_int_equal(k.f->g->count.drops[DROP_LINK], 2);
	assert_int_equal(peers_session(k.f->g, 2)->link->kind, LINK_V1);
	fake_pass(k.f, SETUP_MS);
	assert_int_equal(peers_session(k.f->g, 1)->link->kind, LINK_V1);
	fake_forget(k.f);
	/* late, but welcome: a window, a ping */
	setup_in(&k, 1);
	fake_pass(k.f, 10);
	assert_int_equal(peers_session(k.f->g, 1)->link->kind, LINK_M2);
	assert_true(ctrl_out(k.f, 1, &c));
	assert_false(c.has_setup);
	assert_true(c.window.n == M2_SECOND && c.has_ping);
	/* once */
	setup_in(&k, 1);
	assert_int_equal(k.f->g->count.drops[DROP_LINK], 3);
	fake_free(k.f);
}

/* A line said before the SETUP of the only link came is on its way. */
static void
test_said_before_setup(void **state)
{
	struct ident b;
	struct kin k = { .f = fake_new(0) };

	(void)state;
	ident_make(&b, 1);
	fake_connect_kin(k.f, 1, &b, "");
	assert_int_equal(peers_session(k.f->g, 1)->link->kind, LINK_WAIT);
	fake_chat(k.f, 1, "alice", 5, "early", 5);
	fake_pump(k.f);
	assert_int_equal(k.f->nresults, 1);
	assert_int_equal(k.f->results[0].status, CHAT_SENT);
	assert_int_equal(k.f->results[0].given, 1);
	assert_int_equal(k.f->results[0].of, 1);
	fake_free(k.f);
}

/* With a sender it is no link frame: dropped, charged, not passed on. */
static void
test_injected(void **state)
{
	struct kin k;

	(void)state;
	kin_open(&k);
	fake_frame(k.f, 1, env_make(&k.author, U1, MSG_LINK_CTRL, 10,
	    (struct slice){ NULL, 0 }, true));
	fake_frame(k.f, 1, env_make(&k.author, U1, MSG_PEER_RECORDS, 10,
	    (struct slice){ NULL, 0 }, true));
	assert_int_equal(k.f->g->count.drops[DROP_LINK], 2);
	/* gossip of our types needs ids of our form */
	fake_frame(k.f, 1, env_make(&k.author, "x", 38, 10,
	    (struct slice){ NULL, 0 }, true));
	assert_int_equal(k.f->g->count.drops[DROP_IDS], 1);
	fake_pass(k.f, 300);
	assert_int_equal(k.f->nsent, 0);
	assert_int_equal(k.f->nverifies, 0);
	fake_free(k.f);
}

/* A new link: only what differs is told. */
static void
test_window(void **state)
{
	struct m2_ctrl c = { .gap = 0 }, out;
	uint8_t w[M2_SECOND] = { 0 };
	struct slice m;
	struct kin k;
	uint64_t sid;
	uint32_t s;
	int i;

	(void)state;
	kin_open(&k);
	m = chat_env(&k.author, U1, 7);
	sid = sid_of(&k, m, false);
	fake_frame(k.f, 1, m);
	s = (uint32_t)(k.f->now.wall / 1000);
	fake_pass(k.f, 200);
	gossip_session_down(k.f->g, k.f->now, 3, DOWN_RESET);
	for (i = 0; i < 2; i++) {
		fake_connect_kin(k.f, 4 + (uint32_t)i, &k.d, "");
		setup_in(&k, 4 + (uint32_t)i);
		fake_pass(k.f, 10);
		assert_true(ctrl_out(k.f, 4 + (uint32_t)i, &out));
		assert_int_equal(out.window.n, M2_SECOND);
		assert_int_equal(m2_load32(out.window.p), s);
		assert_true(m2_load64(out.window.p + 4) ==
		    sid_of(&k, m, true));
		fake_forget(k.f);
		memcpy(w, (uint8_t[4]){ (uint8_t)(s >> 24),
		    (uint8_t)(s >> 16), (uint8_t)(s >> 8), (uint8_t)s }, 4);
		memcpy(w + 4, kin_name(i == 0 ? sid : 0).p, 8);
		c.window = (struct slice){ w, sizeof(w) };
		ctrl_in(&k, 4 + (uint32_t)i, &c);
		fake_pass(k.f, 10);
		assert_int_equal(ctrl_out(k.f, 4 + (uint32_t)i, &out) &&
		    out.ihave.n == 8, i == 1);
		/* one is enough */
		ctrl_in(&k, 4 + (uint32_t)i, &c);
		assert_null(peers_session(k.f->g,
		    4 + (uint32_t)i)->link->window);
		gossip_session_down(k.f->g, k.f->now, 4 + (uint32_t)i,
		    DOWN_RESET);
		fake_forget(k.f);
	}
	fake_free(k.f);
}

/* A silent link is asked, then ended; not after a stall of our own. */
static void
test_ping(void **state)
{
	struct m2_ctrl c, echo = { .has_ping = true };
	struct kin k;
	int i;

	(void)state;
	kin_open(&k);
	/* to the one of the beginning, which has just gone out */
	fake_pass(k.f, 100);
	echo.ping.echo = 1;
	echo.ping.wall_ms = k.f->now.wall + 5000;
	ctrl_in(&k, 1, &echo);
	assert_in_range(link_rtt(peers_session(k.f->g, 1)->link), 90, 110);
	assert_in_range(peers_session(k.f->g, 1)->link->clock_ms, 4900,
	    5200);
	for (i = 0; i < 25; i++)
		fake_pass(k.f, 100);
	assert_true(ctrl_out(k.f, 1, &c));
	assert_true(c.has_ping && c.ping.seq == 2);
	/* stopped for a minute, nobody is blamed */
	fake_pass(k.f, 60000);
	assert_int_equal(k.f->nclosed, 0);
	for (i = 0; i < 20; i++)
		fake_pass(k.f, 1000);
	assert_int_equal(k.f->nclosed, 3);
	assert_int_equal(fake_close_reason(k.f, 1), DOWN_TIMEOUT);
	fake_free(k.f);
}

/* People may ask for a ping; one that is out serves all who do. */
static void
test_asked(void **state)
{
	struct m2_ctrl c, echo = { .has_ping = true };
	struct ident stranger;
	struct fake *f;
	struct kin k;

	(void)state;
	kin_open(&k);
	f = k.f;
	/* the ping of the beginning is still out */
	gossip_ping(f->g, f->now, 7, &k.b.id);
	fake_pass(f, 40);
	assert_int_equal(f->npings, 0);
	echo.ping.echo = 1;
	ctrl_in(&k, 1, &echo);
	assert_int_equal(f->npings, 1);
	assert_int_equal(f->pings[0].req, 7);
	assert_int_equal(f->pings[0].status, PING_ANSWERED);
	assert_in_range(f->pings[0].ms, 40, 60);
	fake_forget_sent(f);
	gossip_ping(f->g, f->now, 8, &k.b.id);
	gossip_ping(f->g, f->now, 9, &k.b.id);
	fake_pass(f, 0);
	assert_true(ctrl_out(f, 1, &c) && c.has_ping);
	assert_int_equal(c.ping.seq, 2);
	gossip_session_down(f->g, f->now, 1, DOWN_RESET);
	assert_int_equal(f->npings, 3);
	assert_int_equal(f->pings[2].req, 9);
	assert_int_equal(f->pings[2].status, PING_LOST);
	ident_make(&stranger, 9);
	gossip_ping(f->g, f->now, 10, &stranger.id);
	assert_int_equal(f->pings[3].status, PING_NO_LINK);
	fake_connect(f, 9, &stranger);
	gossip_ping(f->g, f->now, 11, &stranger.id);
	assert_int_equal(f->pings[4].status, PING_V1);
	/* bounded, and forgotten with who asked */
	for (uint32_t i = 0; i <= 16; i++)
		gossip_ping(f->g, f->now, 20 + i, &k.c.id);
	assert_int_equal(f->npings, 6);
	assert_int_equal(f->pings[5].status, PING_BUSY);
	gossip_hub_gone(f->g);
	gossip_session_down(f->g, f->now, 2, DOWN_RESET);
	assert_int_equal(f->npings, 6);
	fake_free(f);
}

/* Two thirds of five links or more show another time: it is we who err. */
static void
test_clock(void **state)
{
	static const struct { int64_t ahead, corrected; } t[] = {
		{ 60000, 0 }, { 60000, 0 }, { 60000, 0 },
		{ 0, 0 },			/* 3 of 4 */
		{ 0, 0 },			/* 3 of 5 */
		{ 60000, 60000 },		/* 4 of 6 */
	};
	struct m2_ctrl echo = { .has_ping = true };
	struct ident more[2];
	struct kin k;
	uint32_t i;

	(void)state;
	kin_open(&k);
	for (i = 0; i < 3; i++) {
		if (i < 2)
			ident_make(&more[i], 5 + i);
		fake_connect_kin(k.f, 4 + i, i < 2 ? &more[i] : &k.author, "");
		setup_in(&k, 4 + i);
	}
	fake_pass(k.f, 100);
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		echo.ping.echo = 1;
		echo.ping.wall_ms = (uint64_t)((int64_t)k.f->now.wall +
		    t[i].ahead);
		ctrl_in(&k, 1 + i, &echo);
		assert_in_range(beat_clock(k.f->g) - t[i].corrected + 200, 0,
		    400);
	}
	fake_free(k.f);
}

/*
 * A guest that lacks what has been here for long is of another part of the
 * mesh: it gets the place of a link; more than two do not.
 */
static void
test_guest_kept(void **state)
{
	struct m2_ctrl window = { .window = { NULL, 0 } }, graft = { .gap = 0 };
	uint8_t second[M2_SECOND] = { 0 };
	struct m2_ctrl out;
	struct ident late;
	struct slice frame;
	uint32_t sid;
	struct kin k;

	(void)state;
	kin_open(&k);
	k.f->conf.network_max_peers = 3;
	frame = chat_env(&k.author, U1, 5);
	fake_frame(k.f, 1, frame);
	graft.graft = kin_name(sid_of(&k, frame, true));
	fake_awake(k.f, GUEST_MS + 1000);
	for (sid = 4; sid < 7; sid++) {
		ident_make(&late, 10 + sid);
		fake_connect_kin(k.f, sid, &late, "");
		assert_true(peers_session(k.f->g, sid)->guest);
		setup_in(&k, sid);
		window.window = (struct slice){ second, sizeof(second) };
		ctrl_in(&k, sid, &window);
		fake_pass(k.f, 100);
		assert_true(ctrl_out(k.f, sid, &out));
		assert_int_equal(out.ihave.n, M2_SID);
		ctrl_in(&k, sid, &graft);
		assert_true(payload_went(k.f, sid));
		fake_awake(k.f, 1500);
		assert_int_equal(peers_session(k.f->g, sid)->guest,
		    sid == 6);
		fake_forget(k.f);
	}
	assert_int_equal(k.f->g->count.kept, GUESTS_KEPT_MAX);
	assert_int_equal(k.f->g->npeers - k.f->g->nguests, 3);
	fake_free(k.f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_setup),
		cmocka_unit_test(test_said_before_setup),
		cmocka_unit_test(test_injected),
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_ping),
		cmocka_unit_test(test_asked),
		cmocka_unit_test(test_clock),
		cmocka_unit_test(test_guest_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

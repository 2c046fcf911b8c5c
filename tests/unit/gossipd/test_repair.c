/* SPDX-License-Identifier: MIT */
/* What was announced and did not come, and what others ask of us. */
#include "kin.h"
#include "micelio-gossipd/budget.h"
#include "micelio-gossipd/core.h"
#include "micelio-gossipd/limiter.h"
#include "micelio-gossipd/link.h"
#include "micelio-gossipd/peers.h"
#include "micelio-gossipd/repair.h"
#include "walk.h"

/* Announced and not coming: one after the other is asked, who has it first. */
static void
test_repair(void **state)
{
	struct m2_ctrl c, no = { .gap = 0 };
	struct slice m;
	uint64_t sid;
	struct kin k;

	(void)state;
	kin_open(&k);
	m = chat_env(&k.author, U1, 7);
	sid = sid_of(&k, m, false);
	ihave_in(&k, 3, sid);
	ihave_in(&k, 2, sid);
	fake_pass(k.f, T1_MIN_MS - 1);
	assert_int_equal(k.f->g->bcast.count.graft, 0);
	fake_pass(k.f, T1_MAX_MS);
	assert_true(ctrl_out(k.f, 3, &c));
	assert_int_equal(c.graft.n, 8);
	assert_true(m2_load64(c.graft.p) == sid);
	assert_false(ctrl_out(k.f, 2, &c) && c.graft.n > 0);
	/* it has it not: the other one, at once */
	no.nohave = kin_name(sid);
	ctrl_in(&k, 3, &no);
	fake_pass(k.f, 1);
	assert_true(ctrl_out(k.f, 2, &c));
	assert_int_equal(c.graft.n, 8);
	assert_int_equal(link_score(k.f->g,
	    peers_session(k.f->g, 3)->link), 0);
	/* it comes, and that is that */
	fake_frame(k.f, 2, m);
	assert_int_equal(k.f->nchats, 1);
	assert_int_equal(k.f->g->bcast.count.repairs, 1);
	assert_int_equal(k.f->g->bcast.wants.n, 0);
	assert_int_equal(k.f->g->bcast.due.n, 0);
	assert_int_equal(link_score(k.f->g,
	    peers_session(k.f->g, 2)->link), 1);
	/* what is known is not asked for */
	ihave_in(&k, 1, sid);
	assert_int_equal(k.f->g->bcast.wants.n, 0);
	fake_free(k.f);
}

/*
 * What a neighbour brings again of the time before the start is marked; a
 * clock of seconds is not taken for finer than it is.
 */
static void
test_earlier(void **state)
{
	static const char *const ids[] = { U1, U2, U3 };
	static const uint64_t boot[] = { 999, 1000, 1000 };
	struct slice m;
	struct kin k;

	(void)state;
	kin_open(&k);
	for (unsigned int i = 0; i < 3; i++) {
		k.f->g->bcast.boot_ms = START_WALL + boot[i];
		m = chat_env(&k.author, ids[i], 7);
		if (i < 2)
			ihave_in(&k, 3, sid_of(&k, m, false));
		fake_frame(k.f, 3, m);
		assert_int_equal(k.f->nchats, i + 1);
		assert_true(k.f->chats[i].earlier == (i == 1));
	}
	fake_free(k.f);
}

/* Its link ends, it is given up, and another one brings what it was to. */
static void
test_given_up(void **state)
{
	struct slice m;
	struct kin k;
	unsigned int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		kin_open(&k);
		k.f->g->bcast.boot_ms = START_WALL + 1000;
		m = chat_env(&k.author, U1, 7);
		ihave_in(&k, 3, sid_of(&k, m, false));
		fake_pass(k.f, T1_MAX_MS);
		gossip_session_down(k.f->g, k.f->now, 3, DOWN_RESET);
		assert_int_equal(k.f->g->bcast.wants.n, 0);
		fake_pass(k.f, i == 0 ? MSGLOG_MS - 1 : MSGLOG_MS);
		fake_frame(k.f, 2, m);
		assert_int_equal(k.f->nchats, 1);
		assert_true(k.f->chats[0].earlier == (i == 0));
		fake_free(k.f);
	}
}

/*
 * Its link ends while its signature is checked: it is still what was asked
 * for, and came by a link of our kind, whose rates are others.
 */
static void
test_verified_after_link(void **state)
{
	struct slice m;
	struct kin k;
	char id[8];
	size_t i, n = 2 * GOSSIP_BURST;

	(void)state;
	kin_open(&k);
	k.f->g->bcast.boot_ms = START_WALL + 1000;
	k.f->conf.network_author_rate = (uint32_t)n;
	k.f->defer = true;
	for (i = 0; i < n; i++) {
		(void)snprintf(id, sizeof(id), "%zu", i);
		m = chat_env(&k.author, id, 7);
		ihave_in(&k, 3, sid_of(&k, m, false));
		fake_frame(k.f, 3, m);
	}
	gossip_session_down(k.f->g, k.f->now, 3, DOWN_RESET);
	assert_int_equal(k.f->g->bcast.wants.n, 0);
	while (fake_verify_next(k.f))
		;
	assert_int_equal(k.f->nchats, n);
	for (i = 0; i < n; i++)
		assert_true(k.f->chats[i].earlier);
	fake_free(k.f);
}

/* Nobody serves: all are asked, again and again, and are the worse for it. */
static void
test_withheld(void **state)
{
	struct kin k;
	uint64_t sid = 12345;
	unsigned int i;

	(void)state;
	kin_open(&k);
	ihave_in(&k, 1, sid);
	ihave_in(&k, 2, sid);
	for (i = 0; i < 250; i++)
		fake_pass(k.f, 10);
	assert_true(k.f->g->bcast.count.graft >= 4);
	assert_true(link_score(k.f->g, peers_session(k.f->g, 1)->link) < 0);
	assert_true(link_score(k.f->g, peers_session(k.f->g, 2)->link) < 0);
	fake_free(k.f);
}

/* 256 requests in vain end a link; one is forgiven each minute. */
static void
test_unanswered(void **state)
{
	struct link *l;
	uint32_t left;
	struct kin k;

	(void)state;
	kin_open(&k);
	l = peers_session(k.f->g, 1)->link;
	for (unsigned int i = 1; i < 256; i++)
		repair_owed(k.f->g, kin_bit(&k, 1) | kin_bit(&k, 2));
	repair_owed(k.f->g, kin_bit(&k, 2));
	fake_awake(k.f, 2000);
	assert_int_equal(fake_close_reason(k.f, 2), DOWN_ABUSE);
	left = l->unserved;
	for (uint32_t minute = 0; minute < 3; minute++) {
		fake_awake(k.f, 57000);
		assert_int_equal(l->unserved, left - minute);
		fake_awake(k.f, 3000);
		assert_int_equal(l->unserved, left - minute - 1);
	}
	assert_int_equal(k.f->nclosed, 1);
	fake_free(k.f);
}

/* The link that is asked ends: no waiting for it. */
static void
test_link_lost(void **state)
{
	struct m2_ctrl c;
	struct slice m;
	struct kin k;

	(void)state;
	kin_open(&k);
	m = chat_env(&k.author, U1, 7);
	ihave_in(&k, 3, sid_of(&k, m, false));
	ihave_in(&k, 2, sid_of(&k, m, false));
	fake_pass(k.f, T1_MAX_MS);
	fake_forget(k.f);
	gossip_session_down(k.f->g, k.f->now, 3, DOWN_RESET);
	fake_pass(k.f, 1);
	assert_true(ctrl_out(k.f, 2, &c));
	assert_int_equal(c.graft.n, 8);
	fake_frame(k.f, 2, m);
	/* the parent of the origin ends: no trace of it stays */
	gossip_session_down(k.f->g, k.f->now, 2, DOWN_RESET);
	gossip_session_down(k.f->g, k.f->now, 1, DOWN_RESET);
	assert_int_equal(kin_origin(&k)->eager, 0);
	assert_int_equal(k.f->g->bcast.live, 0);
	fake_free(k.f);
}

/* Asked for what was told: served twice, and eager; else not. */
static void
test_serve(void **state)
{
	struct m2_ctrl c = { .gap = 0 }, out;
	struct slice m;
	struct kin k;
	int i;

	(void)state;
	kin_open(&k);
	m = chat_env(&k.author, U1, 7);
	fake_frame(k.f, 1, m);
	fake_pass(k.f, BEHIND_MS);
	c.graft = kin_name(sid_of(&k, m, true));
	for (i = 0; i < 3; i++) {
		fake_forget(k.f);
		ctrl_in(&k, 3, &c);
		fake_pass(k.f, 1);
		assert_int_equal(payload_went(k.f, 3), i < 2);
		assert_int_equal(ctrl_out(k.f, 3, &out) && out.nohave.n == 8,
		    i == 2);
	}
	assert_true((kin_origin(&k)->eager & kin_bit(&k, 3)) != 0);
	/* never told of, or unknown */
	fake_forget(k.f);
	ctrl_in(&k, 1, &c);
	c.graft = kin_name(4711);
	ctrl_in(&k, 2, &c);
	fake_pass(k.f, 1);
	assert_false(payload_went(k.f, 1));
	assert_true(ctrl_out(k.f, 1, &out) && out.nohave.n == 8);
	assert_true(ctrl_out(k.f, 2, &out) && out.nohave.n == 8);
	assert_int_equal(k.f->g->bcast.count.unannounced, 1);
	/* to guess at what is here costs a point; to be late does not */
	assert_int_equal(peers_session(k.f->g, 1)->bad.millis,
	    (BAD_BURST - 1) * 1000);
	assert_int_equal(peers_session(k.f->g, 2)->bad.millis,
	    BAD_BURST * 1000);
	fake_free(k.f);
}

/* What was given unasked may have found no room: so is asked for again. */
static void
test_serve_again(void **state)
{
	struct m2_ctrl c = { .gap = 0 };
	struct slice m;
	struct kin k;
	int i;

	(void)state;
	kin_open(&k);
	fake_frame(k.f, 2, chat_env(&k.author, U1, 7));
	graft_link_in(&k, 1);
	m = chat_env(&k.author, U2, 7);
	fake_frame(k.f, 2, m);
	assert_true(payload_went(k.f, 1));
	c.graft = kin_name(sid_of(&k, m, true));
	for (i = 0; i < 3; i++) {
		fake_forget(k.f);
		ctrl_in(&k, 1, &c);
		fake_pass(k.f, 1);
		assert_int_equal(payload_went(k.f, 1), i < 2);
	}
	assert_int_equal(k.f->g->bcast.count.unannounced, 0);
	fake_free(k.f);
}

/* Looking for what nobody has is paid for; to ask in order is cheap. */
static void
test_looks(void **state)
{
	struct m2_ctrl c = { .gap = 0 };
	struct link *l;
	uint64_t names[800], left;
	struct slice m;
	struct kin k;
	char mid[40];
	uint32_t i;

	(void)state;
	kin_open(&k);
	for (i = 0; i < 800; i++) {
		(void)snprintf(mid, sizeof(mid),
		    "00000000-0000-4000-8000-%012u", i);
		m = chat_env(&k.author, mid, 7);
		names[i] = sid_of(&k, m, true);
		fake_frame(k.f, 1, m);
		fake_pass(k.f, 100);
		gossip_frame(k.f->g, k.f->now, 2, "\x28\x05", 2);
		gossip_frame(k.f->g, k.f->now, 3, "\x28\x05", 2);
		gossip_credit(k.f->g, 2, 64, 1 << 20);
		gossip_credit(k.f->g, 3, 64, 1 << 20);
		fake_forget(k.f);
	}
	assert_true(k.f->g->bcast.log.map.n == 800);
	l = peers_session(k.f->g, 3)->link;
	left = l->serve.millis;
	for (i = 100; i < 800; i++) {
		c.graft = kin_name(names[i]);
		ctrl_in(&k, 3, &c);
	}
	/* twice the steps of one walk through all of them */
	assert_in_range(left - l->serve.millis, 700 * 1000, 800 * 1000);
	for (i = 0; i < 2000; i++) {
		c.graft = kin_name(i);
		ctrl_in(&k, 3, &c);
		fake_forget(k.f);
	}
	assert_true(l->serve.millis < 1000);
	fake_free(k.f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_repair),
		cmocka_unit_test(test_earlier),
		cmocka_unit_test(test_given_up),
		cmocka_unit_test(test_verified_after_link),
		cmocka_unit_test(test_withheld),
		cmocka_unit_test(test_unanswered),
		cmocka_unit_test(test_link_lost),
		cmocka_unit_test(test_serve),
		cmocka_unit_test(test_serve_again),
		cmocka_unit_test(test_looks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* How a message goes along trees of our kind, and to v1 neighbours. */
#include "kin.h"
#include "micelio-gossipd/control.h"
#include "micelio-gossipd/core.h"
#include "micelio-gossipd/link.h"
#include "micelio-gossipd/pacer.h"
#include "micelio-gossipd/peers.h"
#include "micelio-gossipd/repair.h"
#include "micelio-gossipd/session.h"

/* Payload on eager links, notes on the others, never back. */
static void
test_spread(void **state)
{
	struct slice m;
	struct m2_ctrl c;
	struct kin k;

	(void)state;
	kin_open(&k);
	fake_frame(k.f, 2, chat_env(&k.author, U1, 7));
	graft_link_in(&k, 1);
	fake_pass(k.f, BEHIND_MS);
	fake_forget(k.f);
	m = chat_env(&k.author, U2, 7);
	fake_frame(k.f, 2, m);
	assert_int_equal(k.f->nchats, 1);
	assert_true(payload_went(k.f, 1));
	assert_false(payload_went(k.f, 2));
	assert_false(payload_went(k.f, 3));
	/* what it goes on with has its hops unchanged */
	assert_int_equal(k.f->sent[0].len, m.n);
	assert_memory_equal(k.f->sent[0].data, m.p, m.n);
	fake_pass(k.f, BEHIND_MS);
	assert_true(ctrl_out(k.f, 3, &c));
	assert_int_equal(c.ihave.n, 8);
	assert_int_equal(c.ihave_new.n, 0);
	assert_true(m2_load64(c.ihave.p) == sid_of(&k, m, true));
	assert_false(ctrl_out(k.f, 1, &c) && c.ihave.n > 0);
	assert_false(ctrl_out(k.f, 2, &c) && c.ihave.n > 0);
	/* the link of the first copy is eager from now on */
	assert_true((kin_origin(&k)->eager & kin_bit(&k, 2)) != 0);
	fake_free(k.f);
}

/* A large payload of somebody new is only told of; the next one is sent. */
static void
test_large(void **state)
{
	char text[M2_SMALL_MAX + 1];
	struct slice m;
	struct m2_ctrl c;
	struct kin k;
	int i;

	(void)state;
	kin_open(&k);
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (i = 0; i < 2; i++) {
		m = env_make(&k.author, i == 0 ? U1 : U2, MSG_CHAT, 7,
		    chat_make("nick", text, START_WALL / 1000), true);
		fake_forget(k.f);
		fake_frame(k.f, 2, m);
		fake_pass(k.f, BEHIND_MS);
		assert_int_equal(payload_went(k.f, 1), i == 1);
		assert_false(payload_went(k.f, 3));
		assert_true(ctrl_out(k.f, 3, &c));
		if (i == 0)
			c.ihave_big = c.ihave_big_new;
		assert_int_equal(c.ihave_big.n, M2_BIG);
		assert_true(m2_load64(c.ihave_big.p) == sid_of(&k, m, true));
		assert_true(m2_load32(c.ihave_big.p + M2_SID) >
		    M2_SMALL_MAX);
		if (i == 0)
			graft_link_in(&k, 1);
	}
	fake_free(k.f);
}

/* No tree yet: a note, at once, and to be acted upon at once. */
static void
test_new(void **state)
{
	struct m2_ctrl c, graft = { .gap = 0 };
	struct slice m;
	struct kin k;
	uint64_t sid;

	(void)state;
	kin_open(&k);
	m = chat_env(&k.author, U1, 7);
	sid = sid_of(&k, m, false);
	ihave_new_in(&k, 2, sid);
	ihave_new_in(&k, 3, sid);
	fake_pass(k.f, 1);
	assert_true(ctrl_out(k.f, 2, &c));
	assert_int_equal(c.graft.n, 8);
	assert_true(m2_load64(c.graft.p) == sid);
	assert_false(ctrl_out(k.f, 3, &c) && c.graft.n > 0);
	fake_forget(k.f);
	fake_frame(k.f, 2, m);
	/* nobody had to be asked because something went wrong */
	assert_int_equal(k.f->g->bcast.count.repairs, 0);
	fake_pass(k.f, 1);
	assert_false(payload_went(k.f, 1));
	assert_true(ctrl_out(k.f, 1, &c));
	assert_int_equal(c.ihave_new.n, 8);
	assert_int_equal(c.ihave.n, 0);
	assert_true(m2_load64(c.ihave_new.p) == sid_of(&k, m, true));
	/* who told has it */
	assert_false(ctrl_out(k.f, 3, &c) && c.ihave_new.n > 0);
	assert_int_equal(kin_origin(&k)->eager, kin_bit(&k, 2));
	/* who asks is a branch of the tree */
	graft.graft = kin_name(sid_of(&k, m, true));
	ctrl_in(&k, 1, &graft);
	assert_true(payload_went(k.f, 1));
	assert_int_equal(kin_origin(&k)->eager,
	    kin_bit(&k, 1) | kin_bit(&k, 2));
	fake_free(k.f);
}

/* Who did not serve the last time has nobody in a hurry. */
static void
test_new_doubted(void **state)
{
	struct kin k;

	(void)state;
	kin_open(&k);
	link_judge(k.f->g, peers_session(k.f->g, 2)->link, -1);
	ihave_new_in(&k, 2, 4711);
	fake_pass(k.f, T1_MIN_MS - 1);
	assert_int_equal(k.f->g->bcast.count.graft, 0);
	/* another one is believed, though it comes later */
	ihave_new_in(&k, 3, 4711);
	fake_pass(k.f, 1);
	assert_int_equal(k.f->g->bcast.count.graft, 1);
	assert_int_equal(peers_session(k.f->g, 3)->link->asked, 1);
	/* one request is enough */
	ihave_new_in(&k, 1, 4711);
	fake_pass(k.f, 1);
	assert_int_equal(k.f->g->bcast.count.graft, 1);
	fake_free(k.f);
}

/*
 * What came on request and is old, or of before our start, is given on in the
 * same way only: one who has started again since knows by having asked.
 */
static void
test_late(void **state)
{
	static const struct {
		uint64_t	 boot, pass;	/* ms after START_WALL */
		bool		 asked, late;
	} rows[] = {
		{ 0, 0, true, false },
		{ 1, 0, true, true },
		{ 1, 0, false, false },
		{ 0, LATE_MS - 1, true, false },
		{ 0, LATE_MS, true, true },
		{ 0, LATE_MS, false, false },
	};
	struct m2_ctrl c;
	struct slice m;
	struct kin k;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		kin_open(&k);
		fake_frame(k.f, 2, clocked_env(&k.author, U2, START_WALL));
		graft_link_in(&k, 1);
		k.f->g->bcast.boot_ms = START_WALL + rows[i].boot;
		k.f->now.wall = START_WALL + rows[i].pass;
		fake_pass(k.f, 0);
		m = clocked_env(&k.author, U1, START_WALL);
		if (rows[i].asked)
			ihave_in(&k, 2, sid_of(&k, m, false));
		fake_forget(k.f);
		fake_frame(k.f, 2, m);
		assert_int_equal(k.f->nchats, 1);
		assert_true(payload_went(k.f, 1) == !rows[i].late);
		fake_pass(k.f, 1);
		assert_true((ctrl_out(k.f, 1, &c) && c.ihave_new.n == 8) ==
		    rows[i].late);
		fake_free(k.f);
	}
}

/* What we say goes to all at first; a big one is told of. */
static void
test_new_own(void **state)
{
	static const uint8_t big[M2_SMALL_MAX + 1];
	struct m2_ctrl c;
	struct slice m;
	struct ident me;
	struct kin k;

	(void)state;
	kin_open(&k);
	me = k.author;
	me.id = k.f->g->id;
	m = chat_env(&me, U1, 7);
	assert_int_equal(tree_broadcast(k.f->g, m.p, m.n), 3);
	assert_true(payload_went(k.f, 1));
	assert_true(payload_went(k.f, 2));
	assert_true(payload_went(k.f, 3));
	fake_pass(k.f, BEHIND_MS);
	assert_false(ctrl_out(k.f, 1, &c) && c.ihave_new.n + c.ihave.n > 0);
	fake_free(k.f);
	kin_open(&k);
	me.id = k.f->g->id;
	m = env_make(&me, U2, 1000, 10, (struct slice){ big, sizeof(big) },
	    true);
	assert_true(tree_broadcast(k.f->g, m.p, m.n) > 0);
	assert_int_equal(k.f->nsent, 0);
	fake_pass(k.f, BEHIND_MS);
	assert_true(ctrl_out(k.f, 1, &c));
	assert_int_equal(c.ihave_big_new.n, M2_BIG);
	assert_true(m2_load32(c.ihave_big_new.p + M2_SID) == sizeof(big));
	fake_free(k.f);
}

/* A further copy: its link is pruned, for this origin. */
static void
test_prune(void **state)
{
	struct m2_ctrl c, p = { .gap = 0 };
	struct kin k;

	(void)state;
	kin_open(&k);
	fake_frame(k.f, 2, chat_env(&k.author, U1, 7));
	fake_frame(k.f, 1, chat_env(&k.author, U1, 7));
	assert_int_equal(kin_origin(&k)->eager, kin_bit(&k, 2));
	fake_pass(k.f, BATCH_MS);
	assert_true(ctrl_out(k.f, 1, &c));
	assert_true(c.prune.n >= 8);
	assert_true(m2_load64(c.prune.p) == m2_oid(k.salt, k.author.id.b));
	assert_int_equal(k.f->g->bcast.count.duplicates, 1);
	/* the other way round */
	p.prune = kin_name(m2_oid(k.f->g->bcast.salt, k.author.id.b));
	ctrl_in(&k, 2, &p);
	assert_int_equal(kin_origin(&k)->eager, 0);
	p.prune = (struct slice){ NULL, 0 };
	p.graft_link = kin_name(m2_oid(k.f->g->bcast.salt, k.author.id.b));
	ctrl_in(&k, 3, &p);
	assert_int_equal(kin_origin(&k)->eager, kin_bit(&k, 3));
	fake_free(k.f);
}

/* What we say goes out as fast as our kind, of whom one is linked, takes it. */
static void
test_own_rate(void **state)
{
	static const struct { uint32_t conf, rate, burst; } t[] = {
		{ 0, OWN_RATE, OWN_BURST }, { 100, OWN_RATE, OWN_BURST },
		{ 5, 5, 10 },
	};
	struct ident b;
	struct kin k;
	size_t i;

	(void)state;
	memset(&k, 0, sizeof(k));
	ident_make(&b, 1);
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		k.f = fake_new(0);
		k.f->conf.network_author_rate = t[i].conf;
		fake_connect_kin(k.f, 1, &b, "");
		assert_int_equal(k.f->g->pacer.rate, PACER_RATE);
		assert_int_equal(k.f->g->pacer.burst, PACER_BURST);
		setup_in(&k, 1);
		assert_int_equal(k.f->g->pacer.rate, t[i].rate);
		assert_int_equal(k.f->g->pacer.burst, t[i].burst);
		fake_free(k.f);
	}
}

/* No credit: what cannot be sent is queued, control goes first after. */
static void
test_queue(void **state)
{
	struct session *s;
	struct envelope e;
	struct kin k;
	size_t i, first = SIZE_MAX;
	char mid[64];

	(void)state;
	kin_open(&k);
	fake_frame(k.f, 2, chat_env(&k.author, "m", 7));
	graft_link_in(&k, 1);
	fake_pass(k.f, BEHIND_MS);
	fake_forget(k.f);
	s = peers_session(k.f->g, 1);
	s->win_frames = LINK_CTRL_FRAMES;
	for (i = 0; i < 5; i++) {
		snprintf(mid, sizeof(mid), "m%zu", i);
		fake_frame(k.f, 2, chat_env(&k.author, mid, 7));
	}
	assert_false(payload_went(k.f, 1));
	assert_int_equal(s->link->nqueue, 5);
	fake_forget(k.f);
	control_name(&s->link->nohave, 1);
	s->link->flush_at = k.f->now.mono + 5;
	gossip_credit(k.f->g, 1, 3, 0);
	for (i = 0; i < k.f->nsent; i++) {
		assert_true(envelope_read(&e, k.f->sent[i].data,
		    k.f->sent[i].len));
		if (e.msg_type == MSG_LINK_CTRL && first == SIZE_MAX)
			first = i;
	}
	assert_int_equal(first, 0);
	assert_int_equal(s->link->nqueue, 3);
	gossip_credit(k.f->g, 1, 10, 0);
	assert_int_equal(s->link->nqueue, 0);
	fake_free(k.f);
}

/* A v1 neighbour shows that it has it: no copy for it; and no prune. */
static void
test_v1(void **state)
{
	struct slice m;
	struct m2_ctrl c;
	struct ident v;
	struct kin k;

	(void)state;
	kin_open(&k);
	ident_make(&v, 6);
	fake_connect(k.f, 9, &v);
	fake_forget(k.f);
	m = chat_env(&k.author, U1, 7);
	fake_frame(k.f, 1, m);
	fake_frame(k.f, 9, m);
	fake_jitter(k.f);
	assert_false(payload_went(k.f, 9));
	fake_forget(k.f);
	m = chat_env(&k.author, "second", 7);
	fake_frame(k.f, 1, m);
	fake_jitter(k.f);
	assert_true(payload_went(k.f, 9));
	/* by a v1 relay first: the tree is not blamed */
	m = chat_env(&k.author, "third", 7);
	fake_frame(k.f, 9, m);
	fake_forget(k.f);
	fake_frame(k.f, 1, m);
	fake_pass(k.f, BATCH_MS);
	assert_false(ctrl_out(k.f, 1, &c) && c.prune.n > 0);
	assert_true((kin_origin(&k)->eager & kin_bit(&k, 1)) != 0);
	fake_free(k.f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spread),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_new),
		cmocka_unit_test(test_new_doubted),
		cmocka_unit_test(test_late),
		cmocka_unit_test(test_new_own),
		cmocka_unit_test(test_prune),
		cmocka_unit_test(test_own_rate),
		cmocka_unit_test(test_queue),
		cmocka_unit_test(test_v1),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

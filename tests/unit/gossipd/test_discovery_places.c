/* SPDX-License-Identifier: MIT */
/* For whom there is a place (wire-v1 5.4; 8 W22). */
#include "common/nodeid.h"
#include "fake.h"
#include "micelio-gossipd/admit.h"
#include "micelio-gossipd/book.h"
#include "micelio-gossipd/core.h"
#include "micelio-gossipd/discovery.h"
#include "micelio-gossipd/peers.h"
#include "micelio-gossipd/reach.h"
#include "micelio-gossipd/slots.h"
#include "walk.h"

/* Half of the slots are for our own dials; a lost link is replaced. */
static void
test_slots(void **state)
{
	struct fake *f = fake_new(0);
	struct ident id[100];
	uint32_t sid = 100;
	unsigned int i, in = 0;
	size_t k, before;

	(void)state;
	f->conf.network_max_peers = 15;
	for (i = 1; i <= 40; i++)
		id[i] = fake_know(f, i, START_WALL / 1000);
	gossip_peer_end(f->g, f->now);
	/* as nobody came yet, some more than seven */
	fake_walk(f, 200);
	assert_int_equal(f->ndials, 10);
	for (k = 0; k < 3; k++) {
		ident_make(&id[60 + k], 60 + (unsigned int)k);
		fake_connect(f, 60 + (uint32_t)k, &id[60 + k]);
	}
	for (k = 7; k < 10; k++)
		gossip_dial_failed(f->g, f->now, f->dials[k].num,
		    DOWN_REFUSED, "");
	for (k = 0; k < 7; k++) {
		for (i = 1; i <= 40; i++)
			if (nodeid_equal(&id[i].id, &f->dials[k].expect))
				break;
		fake_dialled(f, ++sid, f->dials[k].num, &id[i]);
	}
	assert_int_equal(f->g->npeers, 10);
	f->g->probe_at = UINT64_MAX;
	fake_walk(f, 1000);
	assert_int_equal(f->ndials, 10);
	/* v1 nodes come: eight find a place */
	for (i = 50; i < 60; i++) {
		ident_make(&id[i], i);
		fake_connect(f, i, &id[i]);
		in += fake_close_reason(f, i) == DOWN_NONE;
	}
	assert_int_equal(in, 5);
	assert_true(peers_full(f->g));
	/* one of ours goes: another is dialled at once */
	before = f->ndials;
	gossip_session_down(f->g, f->now, 101, DOWN_RESET);
	fake_walk(f, 2 * LOOK_JITTER_MS);
	assert_int_equal(f->ndials, before + 1);
	assert_false(nodeid_equal(&f->dials[before].expect,
	    &f->dials[0].expect));
	/* and its place is kept meanwhile */
	ident_make(&id[70], 70);
	fake_connect(f, 70, &id[70]);
	assert_int_equal(fake_close_reason(f, 70), DOWN_FULL);
	fake_free(f);
}

/* W22: of networks we have no link to first. */
static void
test_networks(void **state)
{
	struct fake *f = fake_new(0);
	unsigned int i, k, nets = 0;
	struct ident c;
	char addr[32];

	(void)state;
	f->conf.network_max_peers = 6;
	for (i = 0; i < 40; i++) {
		ident_make(&c, 2 + i);
		snprintf(addr, sizeof(addr), i < 36 ? "8.8.4.%u:4000" :
		    "8.8.%u.1:4000", i + 10);
		fake_hear(f, &c, addr, START_WALL / 1000);
	}
	fake_walk(f, 100);
	assert_int_equal(f->ndials, 4);
	for (i = 0; i < f->ndials; i++) {
		for (k = 0; k < i; k++)
			if (reach_network(f->dials[i].to) ==
			    reach_network(f->dials[k].to))
				break;
		nets += k == i;
	}
	assert_int_equal(nets, f->ndials);
	fake_free(f);
}

/* While all fit, everybody links with everybody, whoever dials. */
static void
test_small(void **state)
{
	struct fake *f = fake_new(0);
	unsigned int i;

	(void)state;
	f->conf.network_max_peers = 15;
	for (i = 1; i <= 14; i++)
		fake_know(f, i, START_WALL / 1000);
	gossip_peer_end(f->g, f->now);
	fake_walk(f, 200);
	assert_int_equal(f->ndials, 14);
	fake_free(f);
}

/* Nobody known to dial: all places are for who comes. */
static void
test_star(void **state)
{
	struct fake *f = fake_new(0);
	struct ident b;
	unsigned int i;

	(void)state;
	f->conf.network_max_peers = 15;
	for (i = 1; i <= 15; i++) {
		ident_make(&b, i);
		fake_connect(f, i, &b);
		assert_int_equal(fake_close_reason(f, i), DOWN_NONE);
	}
	ident_make(&b, i);
	fake_connect(f, i, &b);
	assert_int_equal(fake_close_reason(f, i), DOWN_FULL);
	fake_free(f);
}

/* Full: nodes of our kind are guests, or told whom we know and sent on. */
static void
test_guests(void **state)
{
	struct fake *f = fake_new(0);
	struct ident b[8];
	struct envelope e;
	unsigned int i;

	(void)state;
	f->conf.network_max_peers = 2;
	for (i = 0; i < 8; i++)
		ident_make(&b[i], i + 1);
	fake_connect_kin(f, 1, &b[0], "8.8.4.1:4000");
	fake_connect_kin(f, 2, &b[1], "8.8.4.2:4000");
	assert_true(peers_full(f->g));
	fake_connect(f, 3, &b[2]);
	assert_int_equal(fake_close_reason(f, 3), DOWN_FULL);
	fake_connect_kin(f, 4, &b[3], "8.8.4.4:4000");
	fake_connect_kin(f, 5, &b[4], "8.8.4.5:4000");
	assert_int_equal(f->g->nguests, 2);
	assert_int_equal(fake_close_reason(f, 5), DOWN_NONE);
	/* one more: it hears of the others and goes */
	fake_forget(f);
	fake_connect_kin(f, 6, &b[5], "8.8.4.6:4000");
	assert_int_equal(fake_close_reason(f, 6), DOWN_FULL);
	assert_true(frame_went_to(fake_last(f, &e), 6));
	assert_int_equal(e.msg_type, MSG_PEER_EXCHANGE);
	assert_true(e.payload.n > 4 * 64);
	assert_int_equal(f->g->nguests, 2);
	assert_int_equal(f->g->npeers, 4);
	/* a place becomes free: a guest takes it */
	gossip_session_down(f->g, f->now, 1, DOWN_EOF);
	fake_walk(f, 100);
	assert_int_equal(f->g->nguests, 1);
	/* the other one's time is over */
	fake_walk(f, GUEST_MS);
	assert_int_equal(f->g->nguests, 0);
	assert_int_equal(f->g->npeers, 2);
	assert_int_equal(fake_close_reason(f, 5), DOWN_FULL);
	fake_free(f);
}

/* Full or failing: one known node is probed every 15 to 30 s. */
static void
test_probe(void **state)
{
	struct fake *f = fake_new(0);
	struct ident b, c;
	unsigned int i;

	(void)state;
	f->conf.network_max_peers = 1;
	gossip_listening(f->g, "127.0.0.9:4000");
	ident_make(&b, 1);
	fake_connect_kin(f, 1, &b, "");
	c = fake_know(f, 2, START_WALL / 1000);
	gossip_peer_end(f->g, f->now);
	for (i = 0; i < 149; i++)
		fake_pass(f, 100);
	assert_int_equal(f->ndials, 0);
	for (; i < 310; i++)
		fake_pass(f, 100);
	assert_int_equal(f->ndials, 1);
	gossip_frame(f->g, f->now, 1, "\x28\x05", 2);
	fake_dialled(f, 2, f->dials[0].num, &c);
	assert_int_equal(f->g->npeers, 2);
	assert_int_equal(f->g->nguests, 1);
	/* what is said goes to guests too */
	fake_forget(f);
	fake_chat(f, 1, "n", 1, "t", 1);
	fake_pump(f);
	assert_int_equal(f->results[0].given, 2);
	/* failing ones are probed whatever their back-off */
	gossip_session_down(f->g, f->now, 2, DOWN_EOF);
	assert_int_equal(f->g->nguests, 0);
	book_get(f->g, &c.id)->next_at = f->now.mono + 3600000;
	for (i = 0; i < 310; i++)
		fake_pass(f, 100);
	assert_int_equal(f->ndials, 1);
	fake_free(f);
}

/* A node of our kind that comes again has lost its old connection. */
static void
test_comes_again(void **state)
{
	struct fake *f = fake_new(0);
	struct ident b;

	(void)state;
	ident_make(&b, 1);
	fake_connect_kin(f, 1, &b, "");
	fake_connect_kin(f, 2, &b, "");
	assert_int_equal(fake_close_reason(f, 2), DOWN_DUPLICATE);
	gossip_session_down(f->g, f->now, 2, DOWN_DUPLICATE);
	fake_pass(f, CROSSED_MS);
	fake_connect_kin(f, 3, &b, "");
	assert_int_equal(fake_close_reason(f, 1), DOWN_REPLACED);
	assert_int_equal(f->g->npeers, 1);
	assert_int_equal(peers_by_id(f->g, &b.id)->sid, 3);
	fake_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slots),
		cmocka_unit_test(test_networks),
		cmocka_unit_test(test_small),
		cmocka_unit_test(test_star),
		cmocka_unit_test(test_guests),
		cmocka_unit_test(test_probe),
		cmocka_unit_test(test_comes_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* What another's word may make us dial (wire-v1 8, W11). */
#include "common/nodeid.h"
#include "fake.h"
#include "micelio-gossipd/book.h"
#include "micelio-gossipd/core.h"
#include "micelio-gossipd/peers.h"
#include "micelio-gossipd/reach.h"
#include "walk.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

static void
test_reach(void **state)
{
	static const char *const never[] = { "", "x:1", "node.example:4000",
	    "0.0.0.0:4000", "[::]:4000", "255.255.255.255:4000",
	    "224.0.0.1:4000", "[ff02::1]:4000", "169.254.1.1:4000",
	    "[fe80::1]:4000", "8.8.4.4:22", "8.8.4.4:1023", "8.8.4.4:0",
	    "8.8.4.4:65536", "8.8.4.4", "0.1.2.3:4000", "240.0.0.1:4000",
	    "[::ffff:0.0.0.0]:4000", "[::ffff:224.0.0.1]:4000",
	    "8.8.4.4:4000 ", "[fe80::1%eth0]:4000", "[2002:7f00:1::]:4000",
	    "[64:ff9b::7f00:1]:4000" };
	static const char *const local[] = { "127.0.0.1:4000",
	    "127.9.9.9:4000", "[::1]:4000", "[::ffff:127.0.0.1]:4000" };
	static const char *const inner[] = { "10.1.2.3:4000",
	    "172.16.0.1:4000", "192.168.1.1:4000", "[fd00::1]:4000",
	    "192.0.2.1:4000", "203.0.113.9:4000", "[2001:db8::1]:4000",
	    "100.64.0.1:4000" };
	static const char *const open[] = { "8.8.4.4:1024", "8.8.4.4:65535",
	    "[2600::1]:4000", "172.32.0.1:4000" };
	struct fake *f = fake_new(0);
	struct ident b;
	size_t i;

	(void)state;
	for (i = 0; i < N(never); i++)
		assert_false(reach_allowed(f->g, never[i]));
	for (i = 0; i < N(open); i++)
		assert_true(reach_allowed(f->g, open[i]));
	for (i = 0; i < N(local); i++)
		assert_false(reach_allowed(f->g, local[i]));
	for (i = 0; i < N(inner); i++)
		assert_false(reach_allowed(f->g, inner[i]));
	/* a peer on this host is not enough, a listener is */
	ident_make(&b, 1);
	fake_connect(f, 1, &b);
	assert_false(reach_allowed(f->g, local[0]));
	gossip_listening(f->g, "127.0.0.5:4000");
	for (i = 0; i < N(local); i++)
		assert_true(reach_allowed(f->g, local[i]));
	assert_false(reach_allowed(f->g, "127.0.0.1:22"));
	for (i = 0; i < N(inner); i++)
		assert_false(reach_allowed(f->g, inner[i]));
	/* not ourselves */
	assert_false(reach_allowed(f->g, "127.0.0.5:4000"));
	/* a link in a private network */
	strcpy(peers_session(f->g, 1)->addr, "192.168.7.7:50000");
	for (i = 0; i < N(inner); i++)
		assert_true(reach_allowed(f->g, inner[i]));
	for (i = 0; i < N(never); i++)
		assert_false(reach_allowed(f->g, never[i]));
	gossip_session_down(f->g, f->now, 1, DOWN_EOF);
	assert_false(reach_allowed(f->g, inner[0]));
	/* our own end in one, whoever is at the other */
	fake_connect(f, 2, &b);
	gossip_session_local(f->g, 2, "8.8.8.8:4000");
	assert_false(reach_allowed(f->g, inner[0]));
	gossip_session_local(f->g, 2, "192.168.7.7:4000");
	assert_true(reach_allowed(f->g, inner[0]));
	assert_false(reach_allowed(f->g, "10.1.2.3:22"));
	gossip_session_down(f->g, f->now, 2, DOWN_EOF);
	gossip_session_local(f->g, 2, "192.168.7.7:4000");
	assert_false(reach_allowed(f->g, inner[0]));
	gossip_listening(f->g, "10.0.0.1:4000");
	assert_true(reach_allowed(f->g, inner[0]));
	fake_free(f);
}

/*
 * A name is dialled when the node said it itself in its hello, not when
 * others do; what it may stand for goes along.
 */
static void
test_names(void **state)
{
	static const char *const useless[] = { "evil.example:22",
	    "evil.example:http", "evil example:4000", "\x1b[2J.example:4000",
	    "evil.example" };
	struct fake *f = fake_new(0);
	struct ident b, c;
	size_t i;

	(void)state;
	gossip_listening(f->g, "127.0.0.1:4000");
	ident_make(&b, 1);
	ident_make(&c, 2);
	fake_hear(f, &c, "node.example:4000", START_WALL / 1000);
	fake_walk(f, 500);
	assert_int_equal(f->ndials, 0);
	fake_connect_kin(f, 1, &b, "node.example:4000");
	assert_int_equal(f->g->npeers, 1);
	gossip_session_down(f->g, f->now, 1, DOWN_EOF);
	fake_walk(f, 2500);
	assert_int_equal(f->ndials, 1);
	assert_string_equal(f->dials[0].to, "node.example:4000");
	assert_true(nodeid_equal(&f->dials[0].expect, &b.id));
	assert_int_equal(f->dials[0].flags, DIAL_NAME_OK | DIAL_ON_WORD |
	    DIAL_LOOPBACK_OK);
	/* what fails is left alone for longer and longer, like an address */
	fake_dials_fail(f, 0);
	fake_walk(f, 900);
	assert_int_equal(f->ndials, 1);
	fake_walk(f, 13000);
	assert_int_equal(f->ndials, 2);
	for (i = 0; i < N(useless); i++)
		assert_false(reach_name(f->g, useless[i]));
	assert_true(reach_name(f->g, "node.example:1024"));
	assert_false(reach_name(f->g, "8.8.4.4:4000"));
	assert_false(reach_name(f->g, "[::1]:4000"));
	strcpy(f->conf.network_advertise_addr, "node.example:4000");
	assert_false(reach_name(f->g, "node.example:4000"));
	fake_free(f);
}

/* An address of hearsay is no name to look up. */
static void
test_flags(void **state)
{
	struct fake *f = fake_new(0);
	struct ident c;

	(void)state;
	ident_make(&c, 2);
	fake_hear(f, &c, "8.8.4.4:4000", START_WALL / 1000);
	fake_walk(f, 500);
	assert_int_equal(f->ndials, 1);
	assert_int_equal(f->dials[0].flags, DIAL_ON_WORD);
	gossip_listening(f->g, "10.1.1.1:4000");
	assert_int_equal(reach_flags(f->g), DIAL_ON_WORD | DIAL_INNER_OK);
	fake_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reach),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_flags),
	};

	return cmocka_run_group_tests_name("reach", tests, NULL, NULL);
}

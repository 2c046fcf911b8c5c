/* SPDX-License-Identifier: MIT */
/* Whom we dial, and when (wire-v1 5.4; 8 W3, W10, W11, W22, W40). */
#include "fake.h"
#include "json.h"

#define HERE	"127.0.0.1:4000"

/* What a record of stated says: node n at 8.8.x.y:4000. */
static struct ident
know(struct fake *f, unsigned int n, uint64_t last_seen)
{
	struct book_peer r = { .has_key = true, .reachable = true };
	struct ident i;

	ident_make(&i, n);
	r.id = i.id;
	memcpy(r.pubkey, i.pub, 32);
	r.last_seen = last_seen;
	snprintf(r.addr, sizeof(r.addr), "8.%u.%u.1:4000", n / 200 + 1,
	    n % 200 + 1);
	gossip_peer_record(f->g, &r);
	return i;
}

static void
hear(struct fake *f, const struct ident *i, const char *addr, uint64_t seen)
{
	struct book_peer r = { .has_key = true, .reachable = true };

	r.id = i->id;
	memcpy(r.pubkey, i->pub, 32);
	strcpy(r.addr, addr);
	r.last_seen = seen;
	book_hearsay(f->g, &r);
}

/* Lets time pass in small steps. */
static void
pass(struct fake *f, uint64_t ms)
{
	for (; ms >= 10; ms -= 10)
		fake_pass(f, 10);
}

static void
all_dials_fail(struct fake *f, size_t from)
{
	size_t i;

	for (i = from; i < f->ndials; i++)
		gossip_dial_failed(f->g, f->now, f->dials[i].num,
		    DOWN_REFUSED, "");
}

/* Somebody heard of is dialled within moments, and must be who answers. */
static void
test_heard_of(void **state)
{
	struct fake *f = fake_new(0);
	struct ident c, d;

	(void)state;
	ident_make(&c, 2);
	ident_make(&d, 3);
	hear(f, &c, "8.8.4.4:4000", 1000);
	assert_int_equal(f->ndials, 0);
	pass(f, 2 * LOOK_JITTER_MS);
	assert_int_equal(f->ndials, 1);
	assert_string_equal(f->dials[0].to, "8.8.4.4:4000");
	assert_true(f->dials[0].pinned);
	assert_true(nodeid_equal(&f->dials[0].expect, &c.id));
	/* not twice at once */
	pass(f, 5000);
	assert_int_equal(f->ndials, 1);
	/* another node there: no peer, and the address is bad */
	fake_dialled(f, 1, f->dials[0].num, &d);
	assert_int_equal(fake_close_reason(f, 1), DOWN_WRONG_PEER);
	assert_int_equal(f->g->npeers, 0);
	gossip_session_down(f->g, f->now, 1, DOWN_WRONG_PEER);
	assert_int_equal(book_get(f->g, &c.id)->fail_count, 1);
	pass(f, 4000);
	assert_int_equal(f->ndials, 2);
	fake_dialled(f, 2, f->dials[1].num, &c);
	assert_int_equal(f->g->npeers, 1);
	assert_int_equal(f->g->nquests, 0);
	assert_int_equal(book_get(f->g, &c.id)->fail_count, 0);
	fake_free(f);
}

/* The pauses of wire-v1 4.1 at least, and longer when it never works. */
static void
test_backoff(void **state)
{
	static const unsigned int base[] = { 1, 2, 4, 8, 16, 30, 30, 30, 60,
	    120, 240, 480, 480 };
	struct fake *f = fake_new(0);
	struct ident c;
	uint64_t pause;
	unsigned int i;

	(void)state;
	ident_make(&c, 2);
	hear(f, &c, "8.8.4.4:4000", START_WALL / 1000);
	pass(f, 100);
	assert_int_equal(f->ndials, 1);
	for (i = 0; i < 13; i++) {
		fake_forget(f);
		gossip_dial_failed(f->g, f->now, f->g->last_dial,
		    DOWN_REFUSED, "");
		pause = book_get(f->g, &c.id)->next_at - f->now.mono;
		assert_in_range(pause, base[i] * 1000, base[i] * 1500);
		f->g->probe_at = UINT64_MAX;
		while (f->ndials == 0) {
			fake_pass(f, 100);
			f->g->probe_at = UINT64_MAX;
			assert_true(f->now.mono < 10000000);
		}
	}
	fake_free(f);
}

/* Many made-up nodes at one address are not many knocks there. */
static void
test_one_address(void **state)
{
	struct fake *f = fake_new(0);
	unsigned int i;
	struct ident c;

	(void)state;
	for (i = 2; i < 60; i++) {
		ident_make(&c, i);
		hear(f, &c, i % 2 ? "8.8.4.4:4000" : "[::ffff:8.8.4.4]:4000",
		    START_WALL / 1000);
	}
	pass(f, 100);
	all_dials_fail(f, 0);
	for (i = 0; i < 100; i++) {
		fake_pass(f, 100);
		all_dials_fail(f, f->ndials > 0 ? f->ndials - 1 : 0);
	}
	/* the first round, then after 1, 2, 4 s: not 58 */
	assert_in_range(f->ndials, 1, 25);
	fake_free(f);
}

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
#define N(a) (sizeof(a) / sizeof((a)[0]))
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

/* Its own word wins; what others say is tried when that fails. */
static void
test_addresses(void **state)
{
	struct fake *f = fake_new(0);
	struct ident c;

	(void)state;
	c = know(f, 2, START_WALL / 1000 - 9000);
	hear(f, &c, "8.8.4.4:4000", START_WALL / 1000 - 9001);
	hear(f, &c, "8.8.4.5:4000", START_WALL / 1000 - 800);
	hear(f, &c, "8.8.4.6:4000", START_WALL / 1000 - 700);
	hear(f, &c, "8.8.4.7:4000", START_WALL / 1000 - 600);
	hear(f, &c, "127.0.0.1:22", START_WALL / 1000 - 500);
	gossip_peer_end(f->g, f->now);
	pass(f, 100);
	assert_int_equal(f->ndials, 1);
	assert_string_equal(f->dials[0].to, "8.1.3.1:4000");
	all_dials_fail(f, 0);
	pass(f, 3500);
	assert_int_equal(f->ndials, 2);
	assert_string_equal(f->dials[1].to, "8.8.4.7:4000");
	fake_dialled(f, 1, f->dials[1].num, &c);
	assert_int_equal(f->g->npeers, 1);
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
	hear(f, &c, "node.example:4000", START_WALL / 1000);
	pass(f, 500);
	assert_int_equal(f->ndials, 0);
	fake_connect_kin(f, 1, &b, "node.example:4000");
	assert_int_equal(f->g->npeers, 1);
	gossip_session_down(f->g, f->now, 1, DOWN_EOF);
	pass(f, 2500);
	assert_int_equal(f->ndials, 1);
	assert_string_equal(f->dials[0].to, "node.example:4000");
	assert_true(nodeid_equal(&f->dials[0].expect, &b.id));
	assert_int_equal(f->dials[0].flags, DIAL_NAME_OK | DIAL_ON_WORD |
	    DIAL_LOOPBACK_OK);
	/* what fails is left alone for longer and longer, like an address */
	all_dials_fail(f, 0);
	pass(f, 900);
	assert_int_equal(f->ndials, 1);
	pass(f, 2600);
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
	hear(f, &c, "8.8.4.4:4000", START_WALL / 1000);
	pass(f, 500);
	assert_int_equal(f->ndials, 1);
	assert_int_equal(f->dials[0].flags, DIAL_ON_WORD);
	gossip_listening(f->g, "10.1.1.1:4000");
	assert_int_equal(reach_flags(f->g), DIAL_ON_WORD | DIAL_INNER_OK);
	fake_free(f);
}

/* At a start nobody configured anything: old peers are dialled at once. */
static void
test_restart(void **state)
{
	struct fake *f = fake_new(0);
	unsigned int i;

	(void)state;
	f->conf.network_max_peers = 15;
	for (i = 1; i <= 5; i++)
		know(f, i, START_WALL / 1000 - i);
	know(f, 6, START_WALL / 1000 - BOOK_LIFE_S - 1);
	gossip_peer_end(f->g, f->now);
	/* gone for a month: forgotten, by stated too */
	assert_int_equal(f->ndels, 1);
	assert_int_equal(f->g->book[0].n, 5);
	pass(f, 2 * LOOK_JITTER_MS);
	assert_int_equal(f->ndials, 5);
	fake_free(f);
}

/* A connected node is seen now, however long ago its hello was. */
static void
test_month(void **state)
{
	struct fake *f = fake_new(0);
	struct ident b;
	unsigned int day;

	(void)state;
	ident_make(&b, 1);
	fake_connect_kin(f, 1, &b, HERE);
	for (day = 0; day < 40; day++) {
		gossip_frame(f->g, f->now, 1, "\x28\x05", 2);
		fake_pass(f, 24 * 3600 * 1000);
		fake_pump(f);
		gossip_credit(f->g, 1, 64, 1 << 20);
	}
	assert_int_equal(f->ndels, 0);
	assert_true(f->puts[f->nputs - 1].last_seen + 48 * 3600 >
	    f->now.wall / 1000);
	gossip_session_down(f->g, f->now, 1, DOWN_IDLE);
	fake_pass(f, (uint64_t)29 * 24 * 3600 * 1000);
	assert_int_equal(f->ndels, 0);
	fake_pass(f, (uint64_t)2 * 24 * 3600 * 1000);
	assert_int_equal(f->ndels, 1);
	assert_null(book_get(f->g, &b.id));
	fake_free(f);
}

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
		id[i] = know(f, i, START_WALL / 1000);
	gossip_peer_end(f->g, f->now);
	/* as nobody came yet, some more than seven */
	pass(f, 200);
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
	pass(f, 1000);
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
	pass(f, 2 * LOOK_JITTER_MS);
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
		hear(f, &c, addr, START_WALL / 1000);
	}
	pass(f, 100);
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
		know(f, i, START_WALL / 1000);
	gossip_peer_end(f->g, f->now);
	pass(f, 200);
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
	pass(f, 100);
	assert_int_equal(f->g->nguests, 1);
	/* the other one's time is over */
	pass(f, GUEST_MS);
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
	c = know(f, 2, START_WALL / 1000);
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
	gossip_chat_out(f->g, f->now, 1, "n", 1, "t", 1);
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
		cmocka_unit_test(test_heard_of),
		cmocka_unit_test(test_backoff),
		cmocka_unit_test(test_one_address),
		cmocka_unit_test(test_reach),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_restart),
		cmocka_unit_test(test_month),
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

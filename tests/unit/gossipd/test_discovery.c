/* SPDX-License-Identifier: MIT */
/* Whom we dial, and when (wire-v1 5.4; 8 W3, W10, W11, W40). */
#include "common/nodeid.h"
#include "fake.h"
#include "micelio-gossipd/book.h"
#include "micelio-gossipd/core.h"
#include "micelio-gossipd/discovery.h"
#include "walk.h"

#define HERE	"127.0.0.1:4000"

/* Somebody heard of is dialled within moments, and must be who answers. */
static void
test_heard_of(void **state)
{
	struct fake *f = fake_new(0);
	struct ident c, d;

	(void)state;
	ident_make(&c, 2);
	ident_make(&d, 3);
	fake_hear(f, &c, "8.8.4.4:4000", 1000);
	assert_int_equal(f->ndials, 0);
	fake_walk(f, 2 * LOOK_JITTER_MS);
	assert_int_equal(f->ndials, 1);
	assert_string_equal(f->dials[0].to, "8.8.4.4:4000");
	assert_true(f->dials[0].pinned);
	assert_true(nodeid_equal(&f->dials[0].expect, &c.id));
	/* not twice at once */
	fake_walk(f, 5000);
	assert_int_equal(f->ndials, 1);
	/* another node there: no peer, and the address is bad */
	fake_dialled(f, 1, f->dials[0].num, &d);
	assert_int_equal(fake_close_reason(f, 1), DOWN_WRONG_PEER);
	assert_int_equal(f->g->npeers, 0);
	gossip_session_down(f->g, f->now, 1, DOWN_WRONG_PEER);
	assert_int_equal(book_get(f->g, &c.id)->fail_count, 1);
	fake_walk(f, 13000);
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
	fake_hear(f, &c, "8.8.4.4:4000", START_WALL / 1000);
	fake_walk(f, 100);
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
		fake_hear(f, &c, i % 2 ? "8.8.4.4:4000" : "[::ffff:8.8.4.4]:4000",
		    START_WALL / 1000);
	}
	fake_walk(f, 100);
	fake_dials_fail(f, 0);
	for (i = 0; i < 100; i++) {
		fake_pass(f, 100);
		fake_dials_fail(f, f->ndials > 0 ? f->ndials - 1 : 0);
	}
	/* the first round, then after 1, 2, 4 s: not 58 */
	assert_in_range(f->ndials, 1, 25);
	fake_free(f);
}

/* Its own word wins; what others say is tried when that fails. */
static void
test_addresses(void **state)
{
	struct fake *f = fake_new(0);
	struct ident c;

	(void)state;
	c = fake_know(f, 2, START_WALL / 1000 - 9000);
	fake_hear(f, &c, "8.8.4.4:4000", START_WALL / 1000 - 9001);
	fake_hear(f, &c, "8.8.4.5:4000", START_WALL / 1000 - 800);
	fake_hear(f, &c, "8.8.4.6:4000", START_WALL / 1000 - 700);
	fake_hear(f, &c, "8.8.4.7:4000", START_WALL / 1000 - 600);
	fake_hear(f, &c, "127.0.0.1:22", START_WALL / 1000 - 500);
	gossip_peer_end(f->g, f->now);
	fake_walk(f, 100);
	assert_int_equal(f->ndials, 1);
	assert_string_equal(f->dials[0].to, "8.1.3.1:4000");
	fake_dials_fail(f, 0);
	fake_walk(f, 3500);
	assert_int_equal(f->ndials, 2);
	assert_string_equal(f->dials[1].to, "8.8.4.7:4000");
	fake_dialled(f, 1, f->dials[1].num, &c);
	assert_int_equal(f->g->npeers, 1);
	fake_free(f);
}

/* How often is it dialled in that time, without probes, and in vain? */
static size_t
failing(struct fake *f, uint64_t ms)
{
	size_t had = f->ndials, n = had;

	for (; ms >= 100; ms -= 100) {
		f->g->probe_at = UINT64_MAX;
		fake_pass(f, 100);
		for (; n < f->ndials; n++)
			gossip_dial_failed(f->g, f->now, f->dials[n].num,
			    DOWN_TIMEOUT, "");
	}
	return n - had;
}

/* Word that it is there again cuts a long pause short, once a minute. */
static void
test_seen_again(void **state)
{
	struct fake *f = fake_new(0);
	struct book_peer *p;
	struct ident c;
	uint64_t since;

	(void)state;
	c = fake_know(f, 2, START_WALL / 1000 - 9000);
	gossip_peer_end(f->g, f->now);
	assert_in_range(failing(f, 90000), 5, 8);
	p = book_get(f->g, &c.id);
	while (p->next_at < f->now.mono + 10000)
		failing(f, 1000);
	/* what was seen before it failed is no news */
	fake_hear(f, &c, p->addr, p->last_fail);
	assert_int_equal(failing(f, 3000), 0);
	fake_hear(f, &c, p->addr, f->now.wall / 1000);
	assert_int_equal(failing(f, 3000), 1);
	while (p->next_at < f->now.mono + 10000)
		failing(f, 1000);
	fake_hear(f, &c, p->addr, f->now.wall / 1000);
	assert_int_equal(failing(f, 3000), 0);
	since = f->now.mono;
	while (p->next_at < f->now.mono + 10000 ||
	    f->now.mono < since + SEEN_AGAIN_MS)
		failing(f, 1000);
	fake_hear(f, &c, p->addr, f->now.wall / 1000);
	assert_int_equal(failing(f, 3000), 1);
	fake_free(f);
}

/*
 * Made-up nodes at the address of another: that it answers there is nothing
 * against it.
 */
static void
test_squatters(void **state)
{
	struct fake *f = fake_new(0);
	struct ident c, liar;
	uint32_t sid = 10;
	unsigned int i;
	size_t n = 0;

	(void)state;
	ident_make(&c, 2);
	fake_connect_kin(f, 1, &c, "8.1.3.1:4000");
	assert_int_equal(f->g->npeers, 1);
	for (i = 20; i < 28; i++) {
		ident_make(&liar, i);
		fake_hear(f, &liar, "8.1.3.1:4000", START_WALL / 1000);
	}
	for (i = 0; i < 600; i++) {
		f->g->probe_at = UINT64_MAX;
		gossip_frame(f->g, f->now, 1, "\x28\x05", 2);
		fake_pass(f, 100);
		for (; n < f->ndials; n++) {
			fake_dialled(f, ++sid, f->dials[n].num, &c);
			assert_int_equal(fake_close_reason(f, sid),
			    DOWN_WRONG_PEER);
			gossip_session_down(f->g, f->now, sid,
			    DOWN_WRONG_PEER);
		}
	}
	/* the liars are left alone, the node itself is not */
	assert_in_range(n, 8, 40);
	gossip_session_down(f->g, f->now, 1, DOWN_RESET);
	for (i = 0; i < 30; i++) {
		f->g->probe_at = UINT64_MAX;
		fake_pass(f, 100);
	}
	for (; n < f->ndials; n++)
		if (nodeid_equal(&f->dials[n].expect, &c.id))
			break;
	assert_true(n < f->ndials);
	/* when it does not answer itself, the address is as bad as any */
	fake_dials_fail(f, n);
	n = f->ndials;
	assert_int_equal(failing(f, 700), 0);
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
		fake_know(f, i, START_WALL / 1000 - i);
	fake_know(f, 6, START_WALL / 1000 - BOOK_LIFE_S - 1);
	gossip_peer_end(f->g, f->now);
	/* gone for a month: forgotten, by stated too */
	assert_int_equal(f->ndels, 1);
	assert_int_equal(f->g->book[0].n, 5);
	fake_walk(f, 2 * LOOK_JITTER_MS);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_heard_of),
		cmocka_unit_test(test_backoff),
		cmocka_unit_test(test_one_address),
		cmocka_unit_test(test_seen_again),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_squatters),
		cmocka_unit_test(test_restart),
		cmocka_unit_test(test_month),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

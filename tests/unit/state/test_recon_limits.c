/* SPDX-License-Identifier: MIT */
/* What a neighbour may have of us, how often and for how long. */
#include "common/cursor.h"
#include "proto/rmsg.h"
#include "recon_net.h"

static struct net net;

/* To node 0, in a session that the other opened; the body is empty then. */
static void
tell(unsigned int from, uint32_t session, enum rmsg_op op, struct wbuf *body)
{
	struct wbuf out;

	wbuf_init(&out, RMSG_MAX);
	rmsg_write(&out, session, true, op, body->p, body->len);
	net_inject(&net, from, 0, out.p, out.len);
	wbuf_free(&out);
	wbuf_reset(body);
}

static void
tell_open(unsigned int from, uint32_t session, enum rmsg_mode mode,
    uint64_t count)
{
	struct rmsg_open o = { .mode = mode,
	    .root = { .hour = HOUR0, .count = count } };
	struct wbuf b;

	wbuf_init(&b, RMSG_BODY_MAX);
	rmsg_put_open(&b, &o);
	tell(from, session, RMSG_OPEN, &b);
	wbuf_free(&b);
}

static void
tell_more(uint32_t session, const struct rmsg_more *m)
{
	struct wbuf b;

	wbuf_init(&b, 64);
	rmsg_put_more(&b, m);
	tell(1, session, RMSG_MORE, &b);
	wbuf_free(&b);
}

/* For seconds, a second before each. */
static void
go_on(uint32_t session, unsigned int seconds, uint32_t credit)
{
	struct rmsg_more m = { .estimate = 1, .credit = credit };

	while (seconds-- > 0) {
		net_run(&net, 1000);
		tell_more(session, &m);
	}
}

/*
 * Signs of life alone keep none for more than 30 seconds, and progress only a
 * first copy.
 */
static void
test_time_of_a_session(void **state)
{
	const unsigned int n = net_common();
	const struct {
		uint64_t count; uint32_t credit; bool ends;
	} t[] = {
		{ n, 0, true }, { n, 1, true }, { 1, 0, true },
		{ 1, 1, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		net_init(&net, 2, NULL);
		net_fill(&net.node[0], 0, n + 50);
		net.filter = net_silent;
		net_loaded(&net);
		net_link(&net, 0, 1);
		tell_open(1, 99, RMSG_BY_RANGES, t[i].count);
		go_on(99, 29, t[i].credit);
		assert_int_equal(net.node[0].served, 0);
		go_on(99, 3, t[i].credit);
		assert_int_equal(net.node[0].served, t[i].ends);
		if (t[i].ends)
			assert_int_equal(net.node[0].served_end,
			    RECON_TIMEOUT);
		net_free(&net);
	}
}

/* One session after the other keeps us from others only for a while. */
static void
test_opened_again_and_again(void **state)
{
	(void)state;
	net_three(&net, 50, net_silent);
	for (uint32_t i = 0; i < 24; i++) {
		tell_open(1, 99 + i, RMSG_BY_RANGES, net_common());
		net_run(&net, 500);
	}
	assert_true(net.node[0].served > 20);
	assert_true(maps_equal(&net.node[0].map, &net.node[2].map));
	net_free(&net);
}

/* Who sends more than he was granted is told so, and pays. */
static void
test_beyond_the_credit(void **state)
{
	struct rmsg_range r = { .kind = 1, .count = 1 };
	uint8_t print[16] = { 1 };
	struct wbuf b;

	(void)state;
	net_init(&net, 2, NULL);
	net_fill(&net.node[0], 0, 2050);
	net.job_ms = 5000;
	net.filter = net_silent;
	net_loaded(&net);
	net_run(&net, 5000);
	net_link(&net, 0, 1);
	tell_open(1, 99, RMSG_BY_RANGES, 2000);
	wbuf_init(&b, RMSG_BODY_MAX);
	r.data = (struct slice){ print, sizeof(print) };
	for (unsigned int k = 0; k < 5; k++) {
		for (uint16_t i = 1; b.len + RMSG_RANGE_MAX < RMSG_BODY_MAX;
		    i++) {
			r.upper.b[0] = (uint8_t)(i >> 8);
			r.upper.b[1] = (uint8_t)i;
			rmsg_put_range(&b, &r);
		}
		tell(1, 99, RMSG_RANGES, &b);
	}
	net_run(&net, 100);
	assert_int_equal(net.node[0].charges, 1);
	assert_int_equal(net.node[0].served, 1);
	assert_int_equal(net.node[0].served_end, RECON_BROKEN);
	wbuf_free(&b);
	net_free(&net);
}

/* Symbols of one node, as they pass. */
static uint8_t		 seen_salt[RMSG_SALT];
static unsigned int	 salts;
static size_t		 symbol_bytes;

static bool
watching(struct net *w, unsigned int from, unsigned int to, uint8_t *p,
    size_t *n)
{
	struct rmsg m;

	(void)w;
	(void)to;
	if (from != 0 || !rmsg_read(&m, p, *n) || m.op != RMSG_SYMBOLS)
		return true;
	symbol_bytes += *n;
	if (memcmp(seen_salt, m.u.symbols.salt, RMSG_SALT) != 0)
		salts++;
	memcpy(seen_salt, m.u.symbols.salt, RMSG_SALT);
	return true;
}

/* Each hour, though sweeps are all that happens. */
static void
test_salts_change(void **state)
{
	(void)state;
	net_init(&net, 2, NULL);
	for (unsigned int i = 0; i < 2; i++)
		net_fill(&net.node[i], 0, 300);
	net.filter = watching;
	salts = 0;
	net_loaded(&net);
	net_link(&net, 0, 1);
	net_run(&net, 3500000);
	assert_int_equal(salts, 1);
	net_run(&net, 3600000);
	assert_int_equal(salts, 2);
	net_free(&net);
}

/* Node 0 alone; 1 says that it is loading, and so is not opened to. */
static void
alone(unsigned int entries)
{
	net_init(&net, 2, NULL);
	net_fill(&net.node[0], 0, entries);
	net.filter = watching;
	salts = 0;
	symbol_bytes = 0;
	recon_loaded(net.node[0].r, 0);
	net_run(&net, 50);
	net_link(&net, 0, 1);
}

/* Asked for, and called too few. */
static void
take_symbols(uint32_t session, uint32_t upto)
{
	struct rmsg_more more = { .upto = upto, .credit = RECON_CREDIT };
	struct rmsg_done done = { .reason = RECON_STALLED };
	struct wbuf b;

	tell_open(1, session, RMSG_BY_SYMBOLS, 4000);
	tell_more(session, &more);
	net_run(&net, 150);
	wbuf_init(&b, 64);
	rmsg_put_done(&b, &done);
	tell(1, session, RMSG_DONE, &b);
	wbuf_free(&b);
	net_run(&net, 50);
}

/* By those who say that the symbols were no good: once a minute. */
static void
test_salt_forced(void **state)
{
	uint32_t session = 0;

	(void)state;
	alone(300);
	for (unsigned int minute = 1; minute <= 3; minute++) {
		while (net.now < minute * 60000 - 500) {
			take_symbols(session++, 128);
			net_run(&net, 2000);
			if (net.now < minute * 60000 - 500)
				assert_int_equal(salts, minute);
		}
		net_run(&net, minute * 60000 + 500 - net.now);
	}
	net_free(&net);
}

/* Whoever asks for symbols again and again gets 2 MiB in a minute. */
static void
test_symbols_of_a_minute(void **state)
{
	(void)state;
	alone(4000);
	for (uint32_t i = 0; i < 200; i++)
		take_symbols(i, 4000);
	assert_true(net.now < 60000);
	assert_true(symbol_bytes > (2u << 20));
	assert_true(symbol_bytes < (2u << 20) + 2 * RECON_FRAME_MAX);
	net_run(&net, 30000);
	take_symbols(1000, 4000);
	assert_true(symbol_bytes > (2u << 20) + 3 * RECON_FRAME_MAX);
	net_free(&net);
}

/* Six who all open to one: some are told to come again, all are served. */
static void
test_more_than_are_served(void **state)
{
	const unsigned int n = net_common();
	unsigned int busy = 0;

	(void)state;
	net_init(&net, 7, NULL);
	for (unsigned int i = 0; i < 7; i++) {
		net_fill(&net.node[i], 0, n);
		net_fill(&net.node[i], n + i * 10, n + 10 + i * 10);
	}
	net.delay = 60;
	net_loaded(&net);
	for (unsigned int i = 1; i < 7; i++)
		net_link(&net, 0, i);
	assert_true(net_settle(&net, 10000));
	for (unsigned int i = 1; i < 7; i++)
		busy += net_ended(&net.node[i], RECON_BUSY);
	assert_true(busy >= 1);
	net_free(&net);
}

static unsigned int turned_away;

/* Node 0's answers are counted, and lost. */
static bool
count_refusals(struct net *w, unsigned int from, unsigned int to, uint8_t *p,
    size_t *n)
{
	struct rmsg m;

	(void)w;
	(void)to;
	if (from != 0 || !rmsg_read(&m, p, *n))
		return true;
	turned_away += m.op == RMSG_DONE && m.u.done.reason == RECON_BUSY;
	return false;
}

/* Seven that have nothing ask at once: four are served, two of them by ranges. */
static void
test_places(void **state)
{
	static const struct { enum rmsg_mode mode; unsigned int away; } t[] = {
		{ RMSG_BY_SYMBOLS, 3 }, { RMSG_BY_RANGES, 5 },
	};

	(void)state;
	for (size_t k = 0; k < sizeof(t) / sizeof(t[0]); k++) {
		net_init(&net, 8, NULL);
		net_fill(&net.node[0], 0, net_common());
		net_loaded(&net);
		for (unsigned int i = 1; i < 8; i++)
			net_link(&net, 0, i);
		net_run(&net, 500);
		net.filter = count_refusals;
		turned_away = 0;
		for (unsigned int i = 1; i < 8; i++)
			tell_open(i, 4711, t[k].mode, 0);
		net_run(&net, 300);
		assert_int_equal(turned_away, t[k].away);
		net_free(&net);
	}
}

static void
write_one(struct net *n)
{
	static unsigned int i;

	net_fill(&n->node[0], 300 + i, 301 + i);
	i++;
}

/* However often the map changes. */
static void
test_roots_of_a_second(void **state)
{
	uint64_t before;

	(void)state;
	net_init(&net, 2, NULL);
	net_loaded(&net);
	net_link(&net, 0, 1);
	net.each_tick = write_one;
	net_run(&net, 1000);
	before = net.node[0].roots;
	net_run(&net, 10000);
	assert_in_range(net.node[0].roots - before, 39, 40);
	net_free(&net);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_time_of_a_session),
		cmocka_unit_test(test_opened_again_and_again),
		cmocka_unit_test(test_beyond_the_credit),
		cmocka_unit_test(test_salts_change),
		cmocka_unit_test(test_salt_forced),
		cmocka_unit_test(test_symbols_of_a_minute),
		cmocka_unit_test(test_more_than_are_served),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_roots_of_a_second),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

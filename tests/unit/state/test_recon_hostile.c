/* SPDX-License-Identifier: MIT */
/* Neighbours that lie, stall or lose, and what becomes of the others. */
#include "common/cursor.h"
#include "proto/rmsg.h"
#include "recon_net.h"
#include "state/symbols.h"

static struct net net;

/* Three nodes, 0 between 1 and 2, that differ by a few or by many. */
static void
three(unsigned int each)
{
	net_init(&net, 3, NULL);
	for (unsigned int i = 0; i < 3; i++) {
		net_fill(&net.node[i], 0, 2000);
		net_fill(&net.node[i], 2000 + i * each, 2000 + (i + 1) * each);
	}
}

static unsigned int
ended(unsigned int node, enum recon_end end)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < net.node[node].nreports; i++)
		n += net.node[node].reports[i].end == end;
	return n;
}

static bool
between_0_and_1(unsigned int from, unsigned int to)
{
	return from + to == 1;
}

/* Write symbols anew, with other cells and counts. */
static void
rewrite(uint8_t *p, size_t *n, const struct rmsg *m, const uint8_t *cells,
    const int64_t *counts)
{
	struct rmsg_symbols s = m->u.symbols;
	struct wbuf body, c, out;

	wbuf_init(&body, RMSG_BODY_MAX);
	wbuf_init(&c, RMSG_BODY_MAX);
	wbuf_init(&out, RMSG_MAX);
	for (size_t i = 0; i < s.k; i++)
		rmsg_put_count(&c, counts[i]);
	s.cells = cells;
	s.counts = (struct slice){ c.p, c.len };
	rmsg_put_symbols(&body, &s);
	rmsg_write(&out, m->session, m->from_opener, RMSG_SYMBOLS, body.p,
	    body.len);
	memcpy(p, out.p, out.len);
	*n = out.len;
	wbuf_free(&body);
	wbuf_free(&c);
	wbuf_free(&out);
}

static bool
garbage(struct net *w, unsigned int from, unsigned int to, uint8_t *p,
    size_t *n)
{
	static uint8_t cells[2048 * RMSG_CELL];
	static int64_t counts[2048];
	struct rmsg m;

	if (!between_0_and_1(from, to) || !rmsg_read(&m, p, *n) ||
	    m.op != RMSG_SYMBOLS)
		return true;
	for (size_t i = 0; i < m.u.symbols.k; i++)
		counts[i] = 300 + (int64_t)rng_below(&w->rng, 2);
	for (size_t i = 0; i < m.u.symbols.k * RMSG_CELL; i++)
		cells[i] = (uint8_t)rng_next(&w->rng);
	rewrite(p, n, &m, cells, counts);
	return true;
}

static bool
overflow(struct net *w, unsigned int from, unsigned int to, uint8_t *p,
    size_t *n)
{
	static int64_t counts[2048];
	struct rmsg m;

	(void)w;
	if (!between_0_and_1(from, to) || !rmsg_read(&m, p, *n) ||
	    m.op != RMSG_SYMBOLS)
		return true;
	for (size_t i = 0; i < m.u.symbols.k; i++)
		counts[i] = -RMSG_COUNT_MAX;
	rewrite(p, n, &m, m.u.symbols.cells, counts);
	return true;
}

/* An id that is in a cell. */
static struct entry_id
mined(struct net *w, const uint8_t *salt, size_t cell)
{
	struct entry_id id;
	struct mapping at;

	do {
		for (unsigned int i = 0; i < sizeof(id.b); i++)
			id.b[i] = (uint8_t)rng_next(&w->rng);
		mapping_init(&at, salt, &id);
		while (at.index < cell)
			mapping_next(&at);
	} while (at.index != cell);
	return id;
}

/* As if each cell held an id alone that is in no other: more and more. */
static bool
endless(struct net *w, unsigned int from, unsigned int to, uint8_t *p,
    size_t *n)
{
	static uint8_t cells[2048 * RMSG_CELL];
	static int64_t counts[2048];
	struct symbol *c, *one;
	const struct ment *e = NULL;
	struct entry_id id;
	struct rmsg m;
	size_t first, k;

	if (!between_0_and_1(from, to) || !rmsg_read(&m, p, *n) ||
	    m.op != RMSG_SYMBOLS || m.u.symbols.k == 0)
		return true;
	first = m.u.symbols.first;
	k = m.u.symbols.k;
	c = calloc(k, sizeof(*c));
	one = calloc(first + k, sizeof(*one));
	while ((e = map_next_id(&w->node[to].map, e)) != NULL)
		symbols_add(c, first, first + k, m.u.symbols.salt, &e->id, 1);
	for (size_t i = 0; i < k; i++) {
		id = mined(w, m.u.symbols.salt, first + i);
		memset(one, 0, (first + k) * sizeof(*one));
		symbols_add(one, 0, first + i + 1, m.u.symbols.salt, &id, 1);
		for (unsigned int b = 0; b < ENTRY_ID_LEN; b++)
			cells[i * RMSG_CELL + b] = c[i].id[b] ^ id.b[b];
		c[i].check ^= one[first + i].check;
		for (unsigned int b = 0; b < 8; b++)
			cells[i * RMSG_CELL + ENTRY_ID_LEN + b] =
			    (uint8_t)(c[i].check >> (56 - 8 * b));
		counts[i] = c[i].count + 1;
	}
	free(c);
	free(one);
	rewrite(p, n, &m, cells, counts);
	return true;
}

/* Symbols are poisoned between 0 and 1: ranges repair it, 2 is all right. */
static void
poisoned(bool (*filter)(struct net *, unsigned int, unsigned int, uint8_t *,
    size_t *))
{
	unsigned int bad;

	three(50);
	net.filter = filter;
	net_loaded(&net);
	net_link(&net, 0, 1);
	net_link(&net, 0, 2);
	assert_true(net_settle(&net, 8000));
	bad = ended(0, RECON_POISON) + ended(1, RECON_POISON) +
	    ended(0, RECON_STALLED) + ended(1, RECON_STALLED);
	assert_true(bad >= 1 && bad <= 8);
	assert_int_equal(ended(2, RECON_POISON) + ended(2, RECON_BROKEN), 0);
	net_free(&net);
}

static void
test_poisoned_symbols(void **state)
{
	(void)state;
	poisoned(garbage);
	poisoned(overflow);
	poisoned(endless);
}

/* That one range is sent, and not what m says. */
static void
range_instead(const struct rmsg *m, const struct rmsg_range *r, uint8_t *p,
    size_t *n)
{
	struct wbuf body, out;

	wbuf_init(&body, RMSG_BODY_MAX);
	wbuf_init(&out, RMSG_MAX);
	rmsg_put_range(&body, r);
	rmsg_write(&out, m->session, m->from_opener, RMSG_RANGES, body.p,
	    body.len);
	memcpy(p, out.p, out.len);
	*n = out.len;
	wbuf_free(&body);
	wbuf_free(&out);
}

/* Ids out of order. */
static bool
ranges_lie(struct net *w, unsigned int from, unsigned int to, uint8_t *p,
    size_t *n)
{
	struct rmsg_range r = { .last = true, .kind = 2, .count = 2 };
	uint8_t ids[32];
	struct rmsg m;

	(void)w;
	if (!between_0_and_1(from, to) || from != 1 ||
	    !rmsg_read(&m, p, *n) || m.op != RMSG_RANGES)
		return true;
	memset(ids, 2, 16);
	memset(ids + 16, 1, 16);
	r.data = (struct slice){ ids, sizeof(ids) };
	range_instead(&m, &r, p, n);
	return true;
}

static void
test_ranges_that_are_none(void **state)
{
	(void)state;
	three(2000);
	net.filter = ranges_lie;
	net_loaded(&net);
	net_link(&net, 0, 1);
	net_link(&net, 0, 2);
	net_run(&net, 10000);
	assert_true(net.node[0].charges >= 1);
	/* Each side tries at 0, 2 and 6 seconds. */
	assert_true(net.node[0].charges <= 6);
	assert_false(net_equal(&net));
	/* 2 got what 0 has, and by an honest way all becomes well. */
	assert_true(maps_equal(&net.node[0].map, &net.node[2].map));
	net_link(&net, 1, 2);
	assert_true(net_settle(&net, 10000));
	net_free(&net);
}

/* "All is equal": whoever claims that of ranges keeps nobody else. */
static bool
ranges_skip(struct net *w, unsigned int from, unsigned int to, uint8_t *p,
    size_t *n)
{
	struct rmsg_range r = { .last = true };
	struct rmsg m;

	(void)w;
	if (!between_0_and_1(from, to) || !rmsg_read(&m, p, *n) ||
	    m.op != RMSG_RANGES)
		return true;
	range_instead(&m, &r, p, n);
	return true;
}

static void
test_equal_sums(void **state)
{
	(void)state;
	three(2000);
	net.filter = ranges_skip;
	net_loaded(&net);
	net_link(&net, 0, 1);
	net_link(&net, 0, 2);
	net_run(&net, 30000);
	assert_true(maps_equal(&net.node[0].map, &net.node[2].map));
	assert_false(net_equal(&net));
	assert_int_equal(net.node[0].charges + net.node[1].charges, 0);
	/* In ever longer intervals: settled. */
	assert_true(ended(0, RECON_OK) + ended(1, RECON_OK) <= 8);
	net_link(&net, 1, 2);
	assert_true(net_settle(&net, 10000));
	net_free(&net);
}

static bool
silent(struct net *w, unsigned int from, unsigned int to, uint8_t *p,
    size_t *n)
{
	(void)w;
	(void)p;
	(void)n;
	return !between_0_and_1(from, to) || from != 1;
}

static void
test_silence(void **state)
{
	(void)state;
	three(50);
	net.filter = silent;
	net_loaded(&net);
	net_link(&net, 0, 1);
	net_link(&net, 0, 2);
	net_run(&net, 8000);
	assert_true(maps_equal(&net.node[0].map, &net.node[2].map));
	assert_true(ended(0, RECON_TIMEOUT) >= 1);
	assert_true(ended(0, RECON_TIMEOUT) <= 3);
	for (unsigned int i = 0; i < net.node[0].nreports; i++)
		if (net.node[0].reports[i].end == RECON_TIMEOUT)
			assert_true(net.node[0].reports[i].ms < 2200);
	net_free(&net);
}

static unsigned int	dropped;

static bool
lossy(struct net *w, unsigned int from, unsigned int to, uint8_t *p,
    size_t *n)
{
	(void)from;
	(void)to;
	(void)p;
	(void)n;
	if (w->now > 20000 || rng_below(&w->rng, 4) != 0)
		return true;
	dropped++;
	return false;
}

/*
 * Messages that are lost and entries that could not be written leave no
 * gap: the next session finds them.
 */
static void
test_no_gap_stays(void **state)
{
	(void)state;
	three(300);
	net.filter = lossy;
	dropped = 0;
	net.node[1].fail_writes = true;
	net_loaded(&net);
	net_link(&net, 0, 1);
	net_link(&net, 0, 2);
	net_run(&net, 20000);
	assert_true(dropped > 3);
	assert_false(net_equal(&net));
	assert_int_equal(net.node[1].map.live, 2300);
	net.node[1].fail_writes = false;
	/* Failures have made 0 and 1 wait for each other, not for good. */
	assert_true(net_settle(&net, 300000));
	net_free(&net);
}

static void
big_profile(struct profile *p)
{
	static const uint8_t mesh[MESH_ID_LEN];
	uint8_t pub[ENTRY_AUTHOR_LEN];
	struct nodeid id;

	author_bytes(1, pub);
	nodeid_from_pubkey(&id, pub);
	profile_init(p, mesh, &id, 1);
}

static void
put_big(struct net_node *n, unsigned int i)
{
	static uint8_t value[ENTRY_VALUE_MAX];
	static const uint8_t sig[ENTRY_SIG_LEN];
	uint8_t author[ENTRY_AUTHOR_LEN];
	struct entry e = { .hlc = HLC_OF_MS(NOW0) + i,
	    .expires_ms = NOW0 + 20 * DAY_MS };
	char key[32];

	author_bytes(1, author);
	snprintf(key, sizeof(key), "o/big/%u", i);
	memset(value, (int)i, sizeof(value));
	e.key = (struct slice){ (uint8_t *)key, strlen(key) };
	e.value = (struct slice){ value, sizeof(value) - i % 3 };
	e.author = (struct slice){ author, sizeof(author) };
	e.sig = (struct slice){ sig, sizeof(sig) };
	net_put_entry(n, &e);
}

/* 600 entries of 16 KiB each in answer to one question. */
static void
test_large_answers(void **state)
{
	struct profile p;

	(void)state;
	big_profile(&p);
	net_init(&net, 2, &p);
	for (unsigned int i = 0; i < 900; i++) {
		if (i >= 150)
			put_big(&net.node[0], i);
		if (i < 750)
			put_big(&net.node[1], i);
	}
	net_loaded(&net);
	net_link(&net, 0, 1);
	assert_true(net_settle(&net, 20000));
	for (unsigned int i = 0; i < 2; i++) {
		assert_true(net.node[i].frame_max <= RECON_FRAME_MAX);
		assert_true(net.node[i].frame_max > 16384);
	}
	net_free(&net);
}

static void
open_ranges(struct wbuf *out, uint32_t session)
{
	struct rmsg_open o = { .mode = RMSG_BY_RANGES,
	    .root = { .hour = HOUR0, .count = 2000 } };
	struct wbuf b;

	wbuf_init(&b, 256);
	wbuf_init(out, RMSG_MAX);
	rmsg_put_open(&b, &o);
	rmsg_write(out, session, true, RMSG_OPEN, b.p, b.len);
	wbuf_free(&b);
}

/* Signs of life alone keep no session for ever. */
static void
test_life_without_progress(void **state)
{
	struct rmsg_more more = { .estimate = 1 };
	struct wbuf open, b, out;

	(void)state;
	three(50);
	net.filter = silent;
	net_loaded(&net);
	net_link(&net, 0, 1);
	wbuf_init(&b, 64);
	wbuf_init(&out, RMSG_MAX);
	rmsg_put_more(&b, &more);
	rmsg_write(&out, 99, true, RMSG_MORE, b.p, b.len);
	open_ranges(&open, 99);
	net_inject(&net, 1, 0, open.p, open.len);
	for (unsigned int i = 0; i < 29; i++) {
		net_run(&net, 1000);
		net_inject(&net, 1, 0, out.p, out.len);
	}
	assert_int_equal(net.node[0].served, 0);
	net_inject(&net, 1, 0, out.p, out.len);
	net_run(&net, 2000);
	assert_int_equal(net.node[0].served, 1);
	assert_int_equal(net.node[0].served_end, RECON_TIMEOUT);
	wbuf_free(&b);
	wbuf_free(&out);
	wbuf_free(&open);
	net_free(&net);
}

/* One session after the other keeps us from others only for a while. */
static void
test_opened_again_and_again(void **state)
{
	struct wbuf open;

	(void)state;
	three(50);
	net.filter = silent;
	net_loaded(&net);
	net_link(&net, 0, 1);
	net_link(&net, 0, 2);
	for (uint32_t i = 0; i < 24; i++) {
		open_ranges(&open, 99 + i);
		net_inject(&net, 1, 0, open.p, open.len);
		wbuf_free(&open);
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
	struct wbuf open, b, out;
	uint8_t print[16] = { 1 };

	(void)state;
	three(50);
	net.job_ms = 5000;
	net.filter = silent;
	net_loaded(&net);
	net_run(&net, 5000);
	net_link(&net, 0, 1);
	open_ranges(&open, 99);
	wbuf_init(&b, RMSG_BODY_MAX);
	wbuf_init(&out, RMSG_MAX);
	r.data = (struct slice){ print, sizeof(print) };
	for (uint16_t i = 1; b.len + RMSG_RANGE_MAX < RMSG_BODY_MAX; i++) {
		r.upper.b[0] = (uint8_t)(i >> 8);
		r.upper.b[1] = (uint8_t)i;
		rmsg_put_range(&b, &r);
	}
	rmsg_write(&out, 99, true, RMSG_RANGES, b.p, b.len);
	net_inject(&net, 1, 0, open.p, open.len);
	for (unsigned int i = 0; i < 5; i++)
		net_inject(&net, 1, 0, out.p, out.len);
	net_run(&net, 100);
	assert_int_equal(net.node[0].charges, 1);
	assert_int_equal(net.node[0].served, 1);
	assert_int_equal(net.node[0].served_end, RECON_BROKEN);
	wbuf_free(&b);
	wbuf_free(&out);
	wbuf_free(&open);
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

static void
take_symbols(uint32_t session, uint32_t upto)
{
	struct rmsg_open o = { .mode = RMSG_BY_SYMBOLS,
	    .root = { .hour = HOUR0, .count = 4000 } };
	struct rmsg_more more = { .upto = upto, .credit = RECON_CREDIT };
	struct rmsg_done done = { .reason = RECON_STALLED };
	struct wbuf b, out;

	wbuf_init(&b, 256);
	wbuf_init(&out, RMSG_MAX);
	rmsg_put_open(&b, &o);
	rmsg_write(&out, session, true, RMSG_OPEN, b.p, b.len);
	net_inject(&net, 1, 0, out.p, out.len);
	wbuf_reset(&b);
	wbuf_reset(&out);
	rmsg_put_more(&b, &more);
	rmsg_write(&out, session, true, RMSG_MORE, b.p, b.len);
	net_inject(&net, 1, 0, out.p, out.len);
	net_run(&net, 150);
	wbuf_reset(&b);
	wbuf_reset(&out);
	rmsg_put_done(&b, &done);
	rmsg_write(&out, session, true, RMSG_DONE, b.p, b.len);
	net_inject(&net, 1, 0, out.p, out.len);
	net_run(&net, 50);
	wbuf_free(&b);
	wbuf_free(&out);
}

/* Whoever asks for symbols again and again gets 2 MiB in a minute. */
static void
test_symbols_of_a_minute(void **state)
{
	(void)state;
	net_init(&net, 2, NULL);
	net_fill(&net.node[0], 0, 4000);
	net.filter = watching;
	symbol_bytes = 0;
	/* 1 says that it is loading, and so is not opened to. */
	recon_loaded(net.node[0].r, 0);
	net_run(&net, 50);
	net_link(&net, 0, 1);
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

/* Everything that passes between 0 and 1 comes again, with bits turned. */
static bool
mutating(struct net *w, unsigned int from, unsigned int to, uint8_t *p,
    size_t *n)
{
	uint8_t copy[RECON_FRAME_MAX];

	if (!between_0_and_1(from, to) || w->now > 30000)
		return true;
	memcpy(copy, p, *n);
	for (unsigned int i = 0; i < 3; i++) {
		copy[rng_below(&w->rng, *n < 40 ? *n : 40)] ^=
		    (uint8_t)(1 << rng_below(&w->rng, 8));
		net_inject(w, from, to, copy, *n - rng_below(&w->rng, 2));
	}
	return true;
}

static void
write_some(struct net *w)
{
	static unsigned int i;

	if (w->now < 30000 && ++i % 10 == 0)
		for (unsigned int k = 0; k < 3; k++)
			net_fill(&w->node[k], 4000 + i * 3 + k * 10,
			    4003 + i * 3 + k * 10);
}

static void
test_mutations(void **state)
{
	(void)state;
	three(50);
	net.filter = mutating;
	net.each_tick = write_some;
	net_loaded(&net);
	net_link(&net, 0, 1);
	net_link(&net, 0, 2);
	net_run(&net, 30000);
	assert_true(net.node[0].charges + net.node[1].charges > 10);
	assert_int_equal(net.node[2].charges, 0);
	net_unlink(&net, 0, 1);
	net_link(&net, 0, 1);
	assert_true(net_settle(&net, 20000));
	for (unsigned int i = 0; i < 3; i++)
		map_check(&net.node[i].map);
	net_free(&net);
}

/* Six who all open to one: some are told to come again, all are served. */
static void
test_more_than_are_served(void **state)
{
	unsigned int busy = 0;

	(void)state;
	net_init(&net, 7, NULL);
	for (unsigned int i = 0; i < 7; i++) {
		net_fill(&net.node[i], 0, 2000);
		net_fill(&net.node[i], 2000 + i * 10, 2010 + i * 10);
	}
	net.delay = 60;
	net_loaded(&net);
	for (unsigned int i = 1; i < 7; i++)
		net_link(&net, 0, i);
	assert_true(net_settle(&net, 10000));
	for (unsigned int i = 1; i < 7; i++)
		busy += ended(i, RECON_BUSY);
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
	struct wbuf body, out;

	(void)state;
	wbuf_init(&body, RMSG_BODY_MAX);
	wbuf_init(&out, RMSG_MAX);
	for (size_t k = 0; k < sizeof(t) / sizeof(t[0]); k++) {
		struct rmsg_open o = { .mode = t[k].mode };

		net_init(&net, 8, NULL);
		net_fill(&net.node[0], 0, 2000);
		net_loaded(&net);
		for (unsigned int i = 1; i < 8; i++)
			net_link(&net, 0, i);
		net_run(&net, 500);
		net.filter = count_refusals;
		turned_away = 0;
		o.root.hour = (uint32_t)(net_wall(&net.node[0]) / HOUR_MS);
		memset(o.range_salt, 1, sizeof(o.range_salt));
		wbuf_reset(&body);
		wbuf_reset(&out);
		rmsg_put_open(&body, &o);
		rmsg_write(&out, 4711, true, RMSG_OPEN, body.p, body.len);
		for (unsigned int i = 1; i < 8; i++)
			net_inject(&net, i, 0, out.p, out.len);
		net_run(&net, 300);
		assert_int_equal(turned_away, t[k].away);
		net_free(&net);
	}
	wbuf_free(&body);
	wbuf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_poisoned_symbols),
		cmocka_unit_test(test_ranges_that_are_none),
		cmocka_unit_test(test_equal_sums),
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_no_gap_stays),
		cmocka_unit_test(test_large_answers),
		cmocka_unit_test(test_life_without_progress),
		cmocka_unit_test(test_opened_again_and_again),
		cmocka_unit_test(test_beyond_the_credit),
		cmocka_unit_test(test_salts_change),
		cmocka_unit_test(test_symbols_of_a_minute),
		cmocka_unit_test(test_mutations),
		cmocka_unit_test(test_more_than_are_served),
		cmocka_unit_test(test_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

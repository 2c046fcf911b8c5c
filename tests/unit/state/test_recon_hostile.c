/* SPDX-License-Identifier: MIT */
/* Neighbours that lie, stall or lose, and what becomes of the others. */
#include "common/cursor.h"
#include "proto/rmsg.h"
#include "recon_net.h"
#include "state/symbols.h"

static struct net net;

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

	if (!net_between(from, to) || !rmsg_read(&m, p, *n) ||
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
	if (!net_between(from, to) || !rmsg_read(&m, p, *n) ||
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

	if (!net_between(from, to) || !rmsg_read(&m, p, *n) ||
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

	net_three(&net, 50, filter);
	assert_true(net_settle(&net, 8000));
	bad = net_ended(&net.node[0], RECON_POISON) + net_ended(&net.node[1], RECON_POISON) +
	    net_ended(&net.node[0], RECON_STALLED) + net_ended(&net.node[1], RECON_STALLED);
	assert_true(bad >= 1 && bad <= 8);
	assert_int_equal(net_ended(&net.node[2], RECON_POISON) + net_ended(&net.node[2], RECON_BROKEN), 0);
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
	if (!net_between(from, to) || from != 1 ||
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
	net_three(&net, net_common(), ranges_lie);
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
	if (!net_between(from, to) || !rmsg_read(&m, p, *n) ||
	    m.op != RMSG_RANGES)
		return true;
	range_instead(&m, &r, p, n);
	return true;
}

static void
test_equal_sums(void **state)
{
	(void)state;
	net_three(&net, net_common(), ranges_skip);
	net_run(&net, 30000);
	assert_true(maps_equal(&net.node[0].map, &net.node[2].map));
	assert_false(net_equal(&net));
	assert_int_equal(net.node[0].charges + net.node[1].charges, 0);
	/* In ever longer intervals: settled. */
	assert_true(net_ended(&net.node[0], RECON_OK) + net_ended(&net.node[1], RECON_OK) <= 8);
	net_link(&net, 1, 2);
	assert_true(net_settle(&net, 10000));
	net_free(&net);
}

static void
test_silence(void **state)
{
	(void)state;
	net_three(&net, 50, net_silent);
	net_run(&net, 8000);
	assert_true(maps_equal(&net.node[0].map, &net.node[2].map));
	assert_true(net_ended(&net.node[0], RECON_TIMEOUT) >= 1);
	assert_true(net_ended(&net.node[0], RECON_TIMEOUT) <= 3);
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
	const unsigned int each = (unsigned int)how_many(300, 300, 90);

	(void)state;
	dropped = 0;
	net_three(&net, each, lossy);
	net.node[1].fail_writes = true;
	net_run(&net, 20000);
	assert_true(dropped > 3);
	assert_false(net_equal(&net));
	assert_int_equal(net.node[1].map.live, net_common() + each);
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
	const unsigned int n = (unsigned int)how_many(900, 900, 240);
	struct profile p;

	(void)state;
	big_profile(&p);
	net_init(&net, 2, &p);
	for (unsigned int i = 0; i < n; i++) {
		if (i >= n / 6)
			put_big(&net.node[0], i);
		if (i < n - n / 6)
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

/* Everything that passes between 0 and 1 comes again, with bits turned. */
static bool
mutating(struct net *w, unsigned int from, unsigned int to, uint8_t *p,
    size_t *n)
{
	uint8_t copy[RECON_FRAME_MAX];

	if (!net_between(from, to) || w->now > 30000)
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
	net_three(&net, 50, mutating);
	net.each_tick = write_some;
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
		cmocka_unit_test(test_mutations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

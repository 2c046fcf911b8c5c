/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/cursor.h"
#include "proto/delta.h"
#include "proto/rmsg.h"
#include "state.pb-c.h"

static uint8_t	id_a[16] = "aaaaaaaaaaaaaaa", id_b[16] = "bbbbbbbbbbbbbbb";
static uint8_t	author[32] = "author", sig[64] = "sig", hash[32] = "hash";

/* What the generated code makes of a message is what ours wrote. */
static void
assert_encoded(const struct wbuf *b, const Micelio__Reconcile *want)
{
	size_t n = micelio__reconcile__get_packed_size(want);
	uint8_t *p = malloc(n);

	micelio__reconcile__pack(want, p);
	assert_int_equal(b->len, n);
	assert_memory_equal(b->p, p, n);
	free(p);
}

static void
wrap(struct wbuf *out, enum rmsg_op op, const struct wbuf *body)
{
	wbuf_init(out, RMSG_MAX);
	rmsg_write(out, 77, true, op, body->p, body->len);
}

static struct entry
sample(void)
{
	struct entry e = { .hlc = UINT64_C(0x0102030405060708),
	    .expires_ms = UINT64_C(1767225600000) };

	e.key = (struct slice){ (const uint8_t *)"o/motd", 6 };
	e.value = (struct slice){ (const uint8_t *)"hello", 5 };
	e.author = (struct slice){ author, sizeof(author) };
	e.sig = (struct slice){ sig, sizeof(sig) };
	return e;
}

static void
test_open(void **state)
{
	struct rmsg_open o = { .mode = RMSG_BY_RANGES, .has_from = true,
	    .root = { .hour = 493500, .count = 1000000, .flags = 2 } };
	Micelio__Reconcile m = MICELIO__RECONCILE__INIT;
	Micelio__Open po = MICELIO__OPEN__INIT;
	Micelio__Root pr = MICELIO__ROOT__INIT;
	struct wbuf b, out;
	struct rmsg r;

	(void)state;
	memcpy(o.range_salt, id_a, 16);
	memcpy(o.from.b, id_b, 16);
	memcpy(o.root.hash, hash, 32);
	wbuf_init(&b, RMSG_BODY_MAX);
	rmsg_put_open(&b, &o);
	wrap(&out, RMSG_OPEN, &b);
	pr.hour = 493500;
	pr.count = 1000000;
	pr.flags = 2;
	pr.hash = (ProtobufCBinaryData){ 32, hash };
	po.mode = 2;
	po.root = &pr;
	po.range_salt = (ProtobufCBinaryData){ 16, id_a };
	po.from_id = (ProtobufCBinaryData){ 16, id_b };
	m.session = 77;
	m.from_opener = 1;
	m.op_case = MICELIO__RECONCILE__OP_OPEN;
	m.open = &po;
	assert_encoded(&out, &m);
	assert_true(rmsg_read(&r, out.p, out.len));
	assert_int_equal(r.session, 77);
	assert_true(r.from_opener);
	assert_int_equal(r.op, RMSG_OPEN);
	assert_memory_equal(&r.u.open, &o, sizeof(o));
	wbuf_free(&b);
	wbuf_free(&out);
}

static void
test_symbols(void **state)
{
	static const int64_t counts[] = { 0, -1, 1, 1000000, -RMSG_COUNT_MAX,
	    RMSG_COUNT_MAX };
	Micelio__Reconcile m = MICELIO__RECONCILE__INIT;
	Micelio__Symbols ps = MICELIO__SYMBOLS__INIT;
	uint8_t cells[6 * RMSG_CELL];
	int64_t pc[6];
	struct rmsg_symbols s = { .first = 128, .salt = id_a, .k = 6,
	    .cells = cells, .end = true };
	struct wbuf b, c, out;
	struct rmsg r;

	(void)state;
	memset(cells, 0x5a, sizeof(cells));
	memcpy(pc, counts, sizeof(pc));
	wbuf_init(&b, RMSG_BODY_MAX);
	wbuf_init(&c, RMSG_BODY_MAX);
	for (unsigned int i = 0; i < 6; i++)
		rmsg_put_count(&c, counts[i]);
	s.counts = (struct slice){ c.p, c.len };
	rmsg_put_symbols(&b, &s);
	wrap(&out, RMSG_SYMBOLS, &b);
	ps.first = 128;
	ps.map_salt = (ProtobufCBinaryData){ 16, id_a };
	ps.cells = (ProtobufCBinaryData){ sizeof(cells), cells };
	ps.n_counts = 6;
	ps.counts = pc;
	ps.end = 1;
	m.session = 77;
	m.from_opener = 1;
	m.op_case = MICELIO__RECONCILE__OP_SYMBOLS;
	m.symbols = &ps;
	assert_encoded(&out, &m);
	assert_true(rmsg_read(&r, out.p, out.len));
	assert_int_equal(r.u.symbols.k, 6);
	for (unsigned int i = 0; i < 6; i++)
		assert_true(rmsg_next_count(&r.u.symbols.counts) ==
		    counts[i]);
	/* One count more than there are cells; one beyond the bound. */
	rmsg_put_count(&c, 1);
	s.counts.p = c.p;
	s.counts.n++;
	wbuf_reset(&b);
	wbuf_reset(&out);
	rmsg_put_symbols(&b, &s);
	rmsg_write(&out, 77, true, RMSG_SYMBOLS, b.p, b.len);
	assert_false(rmsg_read(&r, out.p, out.len));
	wbuf_reset(&c);
	rmsg_put_count(&c, RMSG_COUNT_MAX + 1);
	s.k = 1;
	s.counts = (struct slice){ c.p, c.len };
	wbuf_reset(&b);
	wbuf_reset(&out);
	rmsg_put_symbols(&b, &s);
	rmsg_write(&out, 77, true, RMSG_SYMBOLS, b.p, b.len);
	assert_false(rmsg_read(&r, out.p, out.len));
	wbuf_free(&b);
	wbuf_free(&c);
	wbuf_free(&out);
}

static void
test_ranges(void **state)
{
	Micelio__Reconcile m = MICELIO__RECONCILE__INIT;
	Micelio__Range pr[2] = { MICELIO__RANGE__INIT, MICELIO__RANGE__INIT };
	Micelio__Range *list[2] = { &pr[0], &pr[1] };
	Micelio__Ranges ps = MICELIO__RANGES__INIT;
	struct rmsg_range r = { .kind = 1, .data = { id_b, 16 }, .count = 9 };
	struct rmsg_range got;
	struct wbuf b, out;
	struct rmsg msg;
	struct wire w;

	(void)state;
	memcpy(r.upper.b, id_a, 16);
	wbuf_init(&b, RMSG_BODY_MAX);
	rmsg_put_range(&b, &r);
	r = (struct rmsg_range){ .last = true, .kind = 2,
	    .data = { id_b, 16 }, .count = 1 };
	rmsg_put_range(&b, &r);
	wrap(&out, RMSG_RANGES, &b);
	pr[0].upper = (ProtobufCBinaryData){ 16, id_a };
	pr[0].kind = 1;
	pr[0].data = (ProtobufCBinaryData){ 16, id_b };
	pr[0].count = 9;
	pr[1].kind = 2;
	pr[1].data = (ProtobufCBinaryData){ 16, id_b };
	pr[1].count = 1;
	ps.n_r = 2;
	ps.r = list;
	m.session = 77;
	m.from_opener = 1;
	m.op_case = MICELIO__RECONCILE__OP_RANGES;
	m.ranges = &ps;
	assert_encoded(&out, &m);
	assert_true(rmsg_read(&msg, out.p, out.len));
	rmsg_parts(&msg, &w);
	assert_true(rmsg_next_range(&w, &got));
	assert_false(got.last);
	assert_int_equal(got.count, 9);
	assert_true(rmsg_next_range(&w, &got));
	assert_true(got.last);
	assert_int_equal(got.data.n, 16);
	assert_false(rmsg_next_range(&w, &got));
	/* Something after the end. */
	rmsg_put_range(&b, &r);
	wbuf_reset(&out);
	rmsg_write(&out, 77, true, RMSG_RANGES, b.p, b.len);
	assert_false(rmsg_read(&msg, out.p, out.len));
	wbuf_free(&b);
	wbuf_free(&out);
}

static void
test_entries_need_more_done(void **state)
{
	struct rmsg_more more = { 1814, 1000, 65536 };
	struct rmsg_done done = { 1, 2, 3, 4, 55 };
	struct entry e = sample(), got;
	struct wbuf b, out;
	struct rmsg m;
	struct wire w;

	(void)state;
	wbuf_init(&b, RMSG_BODY_MAX);
	rmsg_put_entry(&b, &e);
	rmsg_put_entry(&b, &e);
	rmsg_put_prefixes(&b, true, id_a, 16);
	wrap(&out, RMSG_ENTRIES, &b);
	assert_true(rmsg_read(&m, out.p, out.len));
	assert_int_equal(m.ids.n, 16);
	rmsg_parts(&m, &w);
	for (unsigned int i = 0; i < 2; i++) {
		assert_true(rmsg_next_entry(&w, &got));
		assert_int_equal(got.hlc, e.hlc);
	}
	assert_false(rmsg_next_entry(&w, &got));
	wbuf_reset(&b);
	wbuf_free(&out);
	rmsg_put_prefixes(&b, false, id_a, 16);
	wrap(&out, RMSG_NEED, &b);
	assert_true(rmsg_read(&m, out.p, out.len));
	assert_int_equal(m.ids.n, 16);
	wbuf_reset(&b);
	wbuf_free(&out);
	rmsg_put_more(&b, &more);
	wrap(&out, RMSG_MORE, &b);
	assert_true(rmsg_read(&m, out.p, out.len));
	assert_memory_equal(&m.u.more, &more, sizeof(more));
	wbuf_reset(&b);
	wbuf_free(&out);
	rmsg_put_done(&b, &done);
	wrap(&out, RMSG_DONE, &b);
	assert_true(rmsg_read(&m, out.p, out.len));
	assert_memory_equal(&m.u.done, &done, sizeof(done));
	wbuf_free(&b);
	wbuf_free(&out);
}

#define BYTES(...)	{ { __VA_ARGS__ }, \
			    sizeof((const uint8_t[]){ __VA_ARGS__ }) }

static void
test_hostile(void **state)
{
	static const struct {
		uint8_t	p[12];
		size_t	n;
	} bad[] = {
		BYTES(0x08, 0x01),			/* no op */
		BYTES(0x4a, 0x00, 0x4a, 0x00),		/* two */
		BYTES(0x48, 0x01),			/* an op as a number */
		BYTES(0x0a, 0x00, 0x4a, 0x00),		/* session: bytes */
		BYTES(0x10, 0x02, 0x4a, 0x00),		/* opener: 2 */
		BYTES(0x4a, 0x05),			/* cut off */
		BYTES(0x1a, 0x02, 0x08, 0x01),		/* open: no root */
		BYTES(0x2a, 0x04, 0x08, 0x81, 0x80, 0x04), /* > 65,536 */
		BYTES(0x22, 0x02, 0x08, 0x00),		/* no salt */
		BYTES(0x32, 0x00),			/* no range */
		BYTES(0x32, 0x04, 0x0a, 0x02, 0x10, 0x03), /* a kind of 3 */
		BYTES(0x32, 0x05, 0x0a, 0x03, 0x0a, 0x01, 0), /* upper: 1 */
		BYTES(0x3a, 0x03, 0x0a, 0x01, 0x00),	/* need of 1 byte */
		BYTES(0x42, 0x03, 0x12, 0x01, 0x00),	/* gone of 1 byte */
		BYTES(0x42, 0x02, 0x0a, 0x00),		/* an empty entry */
		BYTES(0x4a, 0x06, 0x08, 0xff, 0xff, 0xff, 0xff, 0x10),
	};
	struct rmsg m;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (rmsg_read(&m, bad[i].p, bad[i].n))
			fail_msg("%zu was taken", i);
	/* What is not known is passed over. */
	assert_true(rmsg_read(&m, "\x4a\x02\x30\x01\x50\x01", 6));
	assert_int_equal(m.op, RMSG_DONE);
}

static void
test_delta(void **state)
{
	struct entry e = sample(), got;
	unsigned int n = 0;
	struct wbuf b;
	struct delta d;

	(void)state;
	wbuf_init(&b, DELTA_MAX);
	delta_begin(&b, id_a, id_b);
	while (delta_add(&b, &e))
		n++;
	assert_true(n > 300 && b.len <= DELTA_MAX && b.len > DELTA_MAX - 200);
	assert_true(delta_read(&d, b.p, b.len));
	assert_memory_equal(d.mesh, id_a, 16);
	assert_memory_equal(d.profile, id_b, 16);
	for (; delta_next(&d, author, &got); n--)
		assert_memory_equal(got.author.p, author, 32);
	assert_int_equal(n, 0);
	assert_false(d.bad);
	delta_begin(&b, id_a, id_b);
	assert_true(delta_read(&d, b.p, b.len));
	assert_false(delta_next(&d, author, &got));
	assert_false(delta_read(&d, b.p, b.len - 1));
	assert_true(delta_add(&b, &e));
	wbuf_bytes(&b, "\x22\x01\x00", 3);
	assert_true(delta_read(&d, b.p, b.len));
	assert_true(delta_next(&d, author, &got));
	assert_false(delta_next(&d, author, &got));
	assert_true(d.bad);
	b.p[1] = 2;	/* another version */
	assert_false(delta_read(&d, b.p, b.len));
	wbuf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_symbols),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_entries_need_more_done),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_delta),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "stated_test.h"

#include "peerbook.h"

#define NOW	1000000u

static struct peerrec
rec(unsigned int n, uint64_t last_seen)
{
	struct peerrec r = { .reachable = true, .last_seen = last_seen };

	memcpy(r.id.b, &n, sizeof(n));
	snprintf(r.addr, sizeof(r.addr), "host%u:4000", n);
	return r;
}

static enum peerbook_put
put(struct peerbook *b, unsigned int n, uint64_t last_seen)
{
	struct peerrec r = rec(n, last_seen);

	return peerbook_put(b, &r, NOW);
}

static void
load(struct peerbook *b, unsigned int n, uint64_t last_seen)
{
	struct peerrec r = rec(n, last_seen);

	peerbook_load(b, &r, NOW);
}

static bool
has(struct peerbook *b, unsigned int n)
{
	struct peerrec r = rec(n, 0), got;

	return peerbook_get(b, &r.id, &got);
}

/* What a flush hands out, as text: "+3@20 -1 ". */
struct ops {
	char	text[512];
};

static void
op_cb(const struct nodeid *id, const struct peerrec *r, void *arg)
{
	struct ops *o = arg;
	size_t n = strlen(o->text);
	unsigned int k;

	memcpy(&k, id->b, sizeof(k));
	if (r != NULL)
		snprintf(o->text + n, sizeof(o->text) - n, "+%u@%llu ", k,
		    (unsigned long long)r->last_seen);
	else
		snprintf(o->text + n, sizeof(o->text) - n, "-%u ", k);
}

static void
expect_ops(struct peerbook *b, size_t max, const char *want)
{
	struct ops o = { "" };

	(void)peerbook_flush_begin(b, max, op_cb, &o);
	assert_string_equal(o.text, want);
}

static struct peerbook *
book(size_t max, bool loaded)
{
	struct peerbook *b = peerbook_new(max);

	assert_non_null(b);
	if (loaded)
		peerbook_loaded(b);
	return b;
}

/* What the node signed is kept with it, and a change of it is one. */
static void
test_signed(void **state)
{
	struct peerbook *b = book(4, true);
	struct peerrec r = rec(1, 10), got;

	(void)state;
	r.signed_len = 3;
	memcpy(r.signed_by, "abc", 3);
	assert_int_equal(peerbook_put(b, &r, NOW), PEERBOOK_CHANGED);
	assert_int_equal(peerbook_put(b, &r, NOW), PEERBOOK_SAME);
	r.signed_by[2] = 'd';
	assert_int_equal(peerbook_put(b, &r, NOW), PEERBOOK_CHANGED);
	assert_true(peerbook_get(b, &r.id, &got));
	assert_int_equal(got.signed_len, 3);
	assert_memory_equal(got.signed_by, "abd", 3);
	r.signed_len = 0;
	assert_int_equal(peerbook_put(b, &r, NOW), PEERBOOK_CHANGED);
	assert_true(peerbook_get(b, &r.id, &got));
	assert_int_equal(got.signed_len, 0);
	peerbook_free(b);
}

/* Only changes are written, and each once. */
static void
test_only_changes(void **state)
{
	struct peerbook *b = book(4, true);
	struct peerrec r = rec(1, 10);

	(void)state;
	assert_false(peerbook_dirty(b));
	assert_int_equal(put(b, 1, 10), PEERBOOK_CHANGED);
	assert_int_equal(put(b, 1, 10), PEERBOOK_SAME);
	assert_true(peerbook_dirty(b));
	expect_ops(b, 9, "+1@10 ");
	peerbook_flush_end(b, true);
	assert_false(peerbook_dirty(b));
	assert_int_equal(put(b, 1, 10), PEERBOOK_SAME);
	assert_false(peerbook_dirty(b));
	r.fail_count = 1;
	assert_int_equal(peerbook_put(b, &r, NOW), PEERBOOK_CHANGED);
	r.addr[0] = 'H';
	assert_int_equal(peerbook_put(b, &r, NOW), PEERBOOK_CHANGED);
	r.reachable = false;
	assert_int_equal(peerbook_put(b, &r, NOW), PEERBOOK_CHANGED);
	r.last_fail = 3;
	assert_int_equal(peerbook_put(b, &r, NOW), PEERBOOK_CHANGED);
	r.has_key = true;
	assert_int_equal(peerbook_put(b, &r, NOW), PEERBOOK_CHANGED);
	expect_ops(b, 9, "+1@10 ");
	peerbook_flush_end(b, true);
	peerbook_free(b);
}

static void
test_failed_write_stays_dirty(void **state)
{
	struct peerbook *b = book(4, true);
	struct peerrec r = rec(1, 0);

	(void)state;
	(void)put(b, 1, 10);
	(void)put(b, 2, 20);
	expect_ops(b, 1, "+1@10 ");
	(void)put(b, 1, 11);		/* changed while it is written */
	peerbook_flush_end(b, true);
	expect_ops(b, 9, "+2@20 +1@11 ");
	peerbook_flush_end(b, false);
	assert_true(peerbook_dirty(b));
	expect_ops(b, 9, "+2@20 +1@11 ");
	(void)peerbook_del(b, &r.id);	/* deleted while it is written */
	peerbook_flush_end(b, true);
	expect_ops(b, 9, "-1 ");
	peerbook_flush_end(b, false);
	expect_ops(b, 9, "-1 ");
	(void)put(b, 1, 12);		/* and back */
	peerbook_flush_end(b, true);
	expect_ops(b, 9, "+1@12 ");
	peerbook_flush_end(b, true);
	assert_false(peerbook_dirty(b));
	assert_int_equal(peerbook_count(b), 2);
	peerbook_free(b);
}

static void
test_delete(void **state)
{
	struct peerbook *b = book(4, true);
	struct peerrec r = rec(1, 0);

	(void)state;
	assert_false(peerbook_del(b, &r.id));
	assert_false(peerbook_dirty(b));
	(void)put(b, 1, 10);
	assert_true(peerbook_del(b, &r.id));	/* was never on the disk */
	assert_false(peerbook_dirty(b));
	(void)put(b, 1, 10);
	expect_ops(b, 9, "+1@10 ");
	peerbook_flush_end(b, true);
	assert_true(peerbook_del(b, &r.id));
	assert_false(has(b, 1));
	assert_false(peerbook_del(b, &r.id));
	expect_ops(b, 9, "-1 ");
	peerbook_flush_end(b, true);
	assert_false(peerbook_dirty(b));
	peerbook_free(b);
}

static void
test_eviction(void **state)
{
	struct peerbook *b = book(3, true);

	(void)state;
	(void)put(b, 1, 30);
	(void)put(b, 2, 10);
	(void)put(b, 3, 20);
	expect_ops(b, 9, "+1@30 +2@10 +3@20 ");
	peerbook_flush_end(b, true);
	assert_int_equal(put(b, 4, 5), PEERBOOK_OLDEST);
	assert_false(has(b, 4));
	assert_int_equal(put(b, 5, 15), PEERBOOK_CHANGED);
	assert_false(has(b, 2));	/* the least recently seen */
	assert_true(has(b, 1) && has(b, 3) && has(b, 5));
	assert_int_equal(peerbook_count(b), 3);
	assert_int_equal(peerbook_evicted(b), 2);
	expect_ops(b, 9, "-2 +5@15 ");
	peerbook_flush_end(b, true);
	/* Seen again it counts as seen. */
	(void)put(b, 5, 40);
	(void)put(b, 6, 50);
	assert_true(has(b, 5));
	assert_false(has(b, 3));
	peerbook_free(b);
}

/* A last_seen from the future does not outlive what was really seen. */
static void
test_future(void **state)
{
	struct peerbook *b = book(3, true);

	(void)state;
	(void)put(b, 1, UINT64_MAX);
	(void)put(b, 2, UINT64_MAX);
	(void)put(b, 3, UINT64_MAX);
	for (unsigned int n = 10; n < 13; n++) {
		struct peerrec r = rec(n, NOW + 5);

		assert_int_equal(peerbook_put(b, &r, NOW + 5),
		    PEERBOOK_CHANGED);
	}
	assert_true(has(b, 10) && has(b, 11) && has(b, 12));
	peerbook_free(b);
}

struct order {
	char	text[256];
};

static void
order_cb(const struct peerrec *r, void *arg)
{
	struct order *o = arg;
	size_t n = strlen(o->text);
	unsigned int k;

	memcpy(&k, r->id.b, sizeof(k));
	snprintf(o->text + n, sizeof(o->text) - n, "%u ", k);
}

static void
test_recent_first(void **state)
{
	struct peerbook *b = book(9, true);
	struct order o = { "" };

	(void)state;
	(void)put(b, 1, 30);
	(void)put(b, 2, 10);
	(void)put(b, 3, 20);
	(void)put(b, 4, 40);
	(void)put(b, 2, 35);
	peerbook_recent(b, 3, order_cb, &o);
	assert_string_equal(o.text, "4 2 1 ");
	peerbook_free(b);
}

/* What came before the disk was read is newer than the disk. */
static void
test_load(void **state)
{
	struct peerbook *b = book(4, false);
	struct peerrec r = rec(2, 0), got;

	(void)state;
	(void)put(b, 1, 90);
	assert_false(peerbook_del(b, &r.id));
	load(b, 1, 10);
	load(b, 2, 20);
	load(b, 3, 30);
	peerbook_loaded(b);
	assert_int_equal(peerbook_count(b), 2);
	r = rec(1, 0);
	assert_true(peerbook_get(b, &r.id, &got));
	assert_true(got.last_seen == 90);
	assert_string_equal(got.addr, "host1:4000");
	assert_false(has(b, 2));
	assert_true(has(b, 3));
	expect_ops(b, 9, "+1@90 -2 ");
	peerbook_flush_end(b, true);
	assert_int_equal(put(b, 3, 30), PEERBOOK_SAME);
	peerbook_free(b);
}

/* More on the disk than we keep: the surplus is deleted there. */
static void
test_load_too_many(void **state)
{
	struct peerbook *b = book(2, false);

	(void)state;
	load(b, 1, 20);
	load(b, 2, 10);
	load(b, 3, 30);		/* 2 goes */
	load(b, 4, 5);		/* 4 goes */
	peerbook_loaded(b);
	assert_true(has(b, 1) && has(b, 3));
	expect_ops(b, 9, "-2 -4 ");
	peerbook_flush_end(b, true);
	assert_int_equal(peerbook_count(b), 2);
	peerbook_free(b);
}

/* The disk lost all: everything known is written again, nothing deleted. */
static void
test_rewrite(void **state)
{
	struct peerbook *b = book(4, true);
	struct peerrec r = rec(2, 0);

	(void)state;
	(void)put(b, 1, 10);
	(void)put(b, 2, 20);
	(void)put(b, 3, 30);
	expect_ops(b, 9, "+1@10 +2@20 +3@30 ");
	peerbook_flush_end(b, true);
	(void)peerbook_del(b, &r.id);
	peerbook_rewrite(b);
	expect_ops(b, 9, "+1@10 +3@30 ");
	peerbook_rewrite(b);	/* and again while it is on its way */
	peerbook_flush_end(b, true);
	expect_ops(b, 9, "+1@10 +3@30 ");
	peerbook_flush_end(b, true);
	assert_false(peerbook_dirty(b));
	peerbook_free(b);
}

static void
count_cb(const struct nodeid *id, const struct peerrec *r, void *arg)
{
	(void)id;
	(void)r;
	(void)arg;
}

/* However long the disk fails and whatever comes, memory is bounded. */
static void
test_bounded(void **state)
{
	struct peerbook *b = book(50, true);
	unsigned int seed = 3;
	size_t n;

	(void)state;
	for (unsigned int i = 0; i < 20000; i++) {
		unsigned int k = (unsigned int)rand_r(&seed) % 2000;
		struct peerrec r = rec(k, 0);

		(void)put(b, k, i);
		if (i % 7 == 0)
			(void)peerbook_del(b, &r.id);
		if (i % 11 == 0) {
			n = peerbook_flush_begin(b, 20, count_cb, NULL);
			assert_true(n <= 20);
			peerbook_flush_end(b, i < 1000);
		}
		assert_true(peerbook_count(b) <= 50);
	}
	n = peerbook_flush_begin(b, SIZE_MAX, count_cb, NULL);
	assert_true(n <= 2 * 50 + 20);
	peerbook_flush_end(b, true);
	assert_false(peerbook_dirty(b));
	peerbook_free(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_changes),
		cmocka_unit_test(test_signed),
		cmocka_unit_test(test_failed_write_stays_dirty),
		cmocka_unit_test(test_delete),
		cmocka_unit_test(test_eviction),
		cmocka_unit_test(test_future),
		cmocka_unit_test(test_recent_first),
		cmocka_unit_test(test_load),
		cmocka_unit_test(test_load_too_many),
		cmocka_unit_test(test_rewrite),
		cmocka_unit_test(test_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

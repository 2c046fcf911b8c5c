/* SPDX-License-Identifier: MIT */
/* Tables of the hub: what is kept, given back, refused. */
#include "stated_test.h"

#include "fake.h"
#include "stated.h"

struct rig {
	struct proc	 proc;
	struct store	*store;
};

static int
setup(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	fake_init(&r->proc);
	r->store = mem_open();
	*state = r;
	return 0;
}

static int
teardown(void **state)
{
	struct rig *r = *state;

	store_free(r->store);
	fake_free();
	free(r);
	return 0;
}

static void
keep(struct rig *r, uint8_t table, const char *key, const void *value,
    size_t n)
{
	struct imsg m = { .type = IMSG_KEEP_PUT, .fd = -1 };
	struct wbuf w;

	wbuf_init(&w, KEEP_VALUE_MAX + 1024);
	wbuf_u8(&w, table);
	wbuf_str(&w, key);
	wbuf_bytes(&w, value, n);
	m.data = w.p;
	m.len = w.len;
	keep_put(&r->proc, NULL, &m);
	wbuf_free(&w);
}

/* Rows of the answer; and whether it ends well. */
static size_t
ask(struct rig *r, uint8_t table, enum store_err err, bool *good)
{
	struct imsg m = { .type = IMSG_KEEP_ASK, .id = 9, .data = &table,
	    .len = 1, .fd = -1 };
	size_t n;

	fake_read();
	keep_ask(&r->proc, NULL, &m);
	assert_true(fake_job(r->store, err));
	*good = fake_last(IMSG_KEEP_END)->data[0] == 1;
	assert_int_equal(fake_last(IMSG_KEEP_END)->id, 9);
	n = fake_count(IMSG_KEEP_ROW);
	assert_int_equal(fake_msgs, n + 1);
	return n;
}

static void
assert_row(size_t at, const char *key, const char *value)
{
	struct rcur c;
	const char *k;
	const uint8_t *v;
	size_t klen, n;

	rcur_init(&c, fake_msg[at].data, fake_msg[at].len);
	k = rcur_str(&c, KEEP_KEY_MAX, &klen);
	v = rcur_rest(&c, &n);
	assert_false(c.bad);
	assert_int_equal(klen, strlen(key));
	assert_memory_equal(k, key, klen);
	assert_int_equal(n, strlen(value));
	assert_memory_equal(v, value, n);
}

static void
test_kept(void **state)
{
	struct rig *r = *state;
	bool good;

	keep(r, KEEP_NOTES, "b", "two", 3);
	keep(r, KEEP_NOTES, "a", "one", 3);
	keep(r, KEEP_BANS, "c", "three", 5);
	(void)fake_work(r->store);
	assert_int_equal(ask(r, KEEP_NOTES, STORE_OK, &good), 2);
	assert_true(good);
	assert_row(0, "a", "one");
	assert_row(1, "b", "two");
	assert_int_equal(ask(r, KEEP_BANS, STORE_OK, &good), 1);
	assert_int_equal(ask(r, KEEP_PEOPLE, STORE_OK, &good), 0);
	assert_true(good);
	keep(r, KEEP_NOTES, "a", "anew", 4);
	keep(r, KEEP_NOTES, "b", NULL, 0);
	keep(r, KEEP_NOTES, "never was", NULL, 0);
	(void)fake_work(r->store);
	assert_int_equal(ask(r, KEEP_NOTES, STORE_OK, &good), 1);
	assert_row(0, "a", "anew");
}

/* An answer that could not be read says so, and is not half of one. */
static void
test_not_read(void **state)
{
	struct rig *r = *state;
	bool good;

	keep(r, KEEP_NOTES, "a", "one", 3);
	(void)fake_work(r->store);
	assert_int_equal(ask(r, KEEP_NOTES, STORE_FAILED, &good), 0);
	assert_false(good);
	/* The worker takes no job: the same, at once. */
	fake_read();
	fake_no_jobs = true;
	keep_ask(&r->proc, NULL, &(struct imsg){ .type = IMSG_KEEP_ASK,
	    .id = 9, .data = (const uint8_t *)"\2", .len = 1, .fd = -1 });
	assert_int_equal(fake_last(IMSG_KEEP_END)->data[0], 0);
	keep(r, KEEP_NOTES, "b", "lost", 4);
	fake_no_jobs = false;
	assert_int_equal(ask(r, KEEP_NOTES, STORE_OK, &good), 1);
}

/* A full table takes nothing new, but what is there may change and go. */
static void
test_full(void **state)
{
	struct rig *r = *state;
	char key[32];

	for (unsigned int i = 0; i < KEEP_ROWS_MAX + 3; i++) {
		snprintf(key, sizeof(key), "%u", i);
		keep(r, KEEP_PEOPLE, key, "x", 1);
		(void)fake_work(r->store);
	}
	keep(r, KEEP_PEOPLE, "7", "changed", 7);
	keep(r, KEEP_PEOPLE, "8", NULL, 0);
	keep(r, KEEP_PEOPLE, "new", "y", 1);
	keep(r, KEEP_PEOPLE, "newer", "y", 1);
	(void)fake_work(r->store);
	assert_value(r->store, "people", "7", "changed");
	assert_value(r->store, "people", "new", "y");
	assert_int_equal(store_get(r->store, "people", "newer", 5, key, 1,
	    &(size_t){ 0 }), STORE_NOTFOUND);
}

static void
test_bounds(void **state)
{
	struct rig *r = *state;
	char key[KEEP_KEY_MAX + 2];
	uint8_t *big = calloc(1, KEEP_VALUE_MAX + 1);
	bool good;

	assert_non_null(big);
	memset(key, 'k', sizeof(key) - 1);
	key[sizeof(key) - 1] = '\0';
	keep(r, KEEP_NOTES, key, "v", 1);
	keep(r, KEEP_NOTES, "", "v", 1);
	keep(r, KEEP_NOTES, "big", big, KEEP_VALUE_MAX + 1);
	key[KEEP_KEY_MAX] = '\0';
	keep(r, KEEP_NOTES, key, big, KEEP_VALUE_MAX);
	free(big);
	(void)fake_work(r->store);
	assert_int_equal(ask(r, KEEP_NOTES, STORE_OK, &good), 1);
	assert_int_equal(store_get(r->store, "notes", "big", 3, key, 0,
	    &(size_t){ 0 }), STORE_NOTFOUND);
	assert_int_equal(fake_violations, 0);
	for (uint8_t t = 0; t < 2; t++)
		keep(r, t * 200, "a", "v", 1);
	assert_int_equal(fake_violations, 2);
	assert_int_equal(fake_jobs, 0);
}

int
main(void)
{
#define T(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_kept),
		T(test_not_read),
		T(test_full),
		T(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

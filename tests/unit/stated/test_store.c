/* SPDX-License-Identifier: MIT */
/* The promises of store.h, each asked of both kinds of store. */
#include "stated_test.h"

struct fixture {
	struct scratch	 where;
	struct store	*s;
};

static int
setup(void **state, struct store *(*make)(const struct store_config *))
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct store_config c;

	assert_non_null(f);
	scratch_make(&f->where);
	c = (struct store_config)STORE_CONFIG_SMALL(f->where.db);
	f->s = make(&c);
	assert_non_null(f->s);
	assert_int_equal(store_open(f->s), STORE_OK);
	*state = f;
	return 0;
}

static int
setup_bdb(void **state)
{
	return setup(state, store_bdb_new);
}

static int
setup_mem(void **state)
{
	return setup(state, store_mem_new);
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	store_free(f->s);
	scratch_remove(&f->where);
	free(f);
	return 0;
}

static void
reopen(struct store *s)
{
	store_close(s);
	assert_int_equal(store_open(s), STORE_OK);
}

static enum store_err
get_err(struct store *s, const char *table, const char *key)
{
	char buf[8];
	size_t n;

	return store_get(s, table, key, strlen(key), buf, sizeof(buf), &n);
}

/* SetAndGet, SetOverwrite; and it is there after a restart. */
static void
test_put_get(void **state)
{
	struct store *s = ((struct fixture *)*state)->s;

	assert_int_equal(put_one(s, "t", "k", "one"), STORE_OK);
	assert_value(s, "t", "k", "one");
	assert_int_equal(put_one(s, "t", "k", "two"), STORE_OK);
	assert_value(s, "t", "k", "two");
	reopen(s);
	assert_value(s, "t", "k", "two");
	assert_false(s->recovered);
}

/* GetNonexistentBucket, GetNonexistentKey, DeleteNonexistentBucket. */
static void
test_absent(void **state)
{
	struct store *s = ((struct fixture *)*state)->s;

	assert_int_equal(get_err(s, "nowhere", "k"), STORE_NOTFOUND);
	assert_int_equal(put_one(s, "t", "k", "v"), STORE_OK);
	assert_int_equal(get_err(s, "t", "other"), STORE_NOTFOUND);
	assert_int_equal(store_begin(s), STORE_OK);
	assert_int_equal(store_del(s, "nowhere", "k", 1), STORE_OK);
	assert_int_equal(store_del(s, "t", "other", 5), STORE_OK);
	assert_int_equal(store_commit(s), STORE_OK);
	assert_value(s, "t", "k", "v");
}

/* Delete. */
static void
test_delete(void **state)
{
	struct store *s = ((struct fixture *)*state)->s;

	assert_int_equal(put_one(s, "t", "a", "1"), STORE_OK);
	assert_int_equal(put_one(s, "t", "b", "2"), STORE_OK);
	assert_int_equal(store_begin(s), STORE_OK);
	assert_int_equal(store_del(s, "t", "a", 1), STORE_OK);
	assert_int_equal(get_err(s, "t", "a"), STORE_NOTFOUND);
	assert_int_equal(store_commit(s), STORE_OK);
	reopen(s);
	assert_int_equal(get_err(s, "t", "a"), STORE_NOTFOUND);
	assert_value(s, "t", "b", "2");
}

/* MultipleBuckets. */
static void
test_tables_apart(void **state)
{
	struct store *s = ((struct fixture *)*state)->s;

	assert_int_equal(put_one(s, "a", "k", "1"), STORE_OK);
	assert_int_equal(put_one(s, "b", "k", "2"), STORE_OK);
	assert_value(s, "a", "k", "1");
	assert_value(s, "b", "k", "2");
}

static void
test_abort(void **state)
{
	struct store *s = ((struct fixture *)*state)->s;

	assert_int_equal(put_one(s, "t", "keep", "old"), STORE_OK);
	assert_int_equal(put_one(s, "t", "gone", "here"), STORE_OK);
	assert_int_equal(store_begin(s), STORE_OK);
	assert_int_equal(store_put(s, "t", "keep", 4, "new", 3), STORE_OK);
	assert_int_equal(store_put(s, "t", "keep", 4, "newer", 5), STORE_OK);
	assert_int_equal(store_put(s, "t", "more", 4, "x", 1), STORE_OK);
	assert_int_equal(store_put(s, "made", "k", 1, "x", 1), STORE_OK);
	assert_int_equal(store_del(s, "t", "gone", 4), STORE_OK);
	assert_value(s, "t", "keep", "newer");
	store_abort(s);
	assert_value(s, "t", "keep", "old");
	assert_value(s, "t", "gone", "here");
	assert_int_equal(get_err(s, "t", "more"), STORE_NOTFOUND);
	assert_int_equal(get_err(s, "made", "k"), STORE_NOTFOUND);
	/* The table a batch made can be used after it was undone. */
	assert_int_equal(put_one(s, "made", "k", "y"), STORE_OK);
	reopen(s);
	assert_value(s, "made", "k", "y");
	assert_value(s, "t", "keep", "old");
}

/* Closing with a batch open undoes it. */
static void
test_close_aborts(void **state)
{
	struct store *s = ((struct fixture *)*state)->s;

	assert_int_equal(store_begin(s), STORE_OK);
	assert_int_equal(store_put(s, "t", "k", 1, "v", 1), STORE_OK);
	reopen(s);
	assert_int_equal(get_err(s, "t", "k"), STORE_NOTFOUND);
}

struct walk {
	char	 text[256];
	size_t	 n, stop;
};

static bool
walk_cb(const void *key, size_t klen, const void *value, size_t vlen,
    void *arg)
{
	struct walk *w = arg;
	size_t len = strlen(w->text);

	snprintf(w->text + len, sizeof(w->text) - len, "%.*s=%.*s ",
	    (int)klen, (const char *)key, (int)vlen, (const char *)value);
	return ++w->n != w->stop;
}

/* ForEach, ForEachNonexistentBucket, Snapshot*. */
static void
test_iterate(void **state)
{
	struct store *s = ((struct fixture *)*state)->s;
	struct walk w = { .text = "" };

	assert_int_equal(store_iterate(s, "t", NULL, 0, walk_cb, &w),
	    STORE_OK);
	assert_int_equal(w.n, 0);
	assert_int_equal(put_one(s, "t", "b", "2"), STORE_OK);
	assert_int_equal(put_one(s, "t", "ab", "1b"), STORE_OK);
	assert_int_equal(put_one(s, "t", "a", "1"), STORE_OK);
	assert_int_equal(put_one(s, "t", "\xff", "3"), STORE_OK);
	assert_int_equal(store_iterate(s, "t", NULL, 0, walk_cb, &w),
	    STORE_OK);
	assert_string_equal(w.text, "a=1 ab=1b b=2 \xff=3 ");

	w = (struct walk){ .stop = 2 };
	assert_int_equal(store_iterate(s, "t", "aa", 2, walk_cb, &w),
	    STORE_OK);
	assert_string_equal(w.text, "ab=1b b=2 ");
	w = (struct walk){ .stop = 9 };
	assert_int_equal(store_iterate(s, "t", "b", 1, walk_cb, &w),
	    STORE_OK);
	assert_string_equal(w.text, "b=2 \xff=3 ");
	w = (struct walk){ .stop = 9 };
	assert_int_equal(store_iterate(s, "t", "\xff\xff", 2, walk_cb, &w),
	    STORE_OK);
	assert_int_equal(w.n, 0);
}

static uint64_t
count(struct store *s, uint64_t most)
{
	uint64_t n = 99;

	assert_int_equal(store_count(s, "t", most, &n), STORE_OK);
	return n;
}

static void
test_count(void **state)
{
	struct store *s = ((struct fixture *)*state)->s;
	uint64_t n = 99;

	assert_int_equal(count(s, UINT64_MAX), 0);
	assert_int_equal(put_one(s, "t", "a", "1"), STORE_OK);
	assert_int_equal(put_one(s, "t", "b", "2"), STORE_OK);
	assert_int_equal(put_one(s, "other", "c", "3"), STORE_OK);
	assert_int_equal(count(s, UINT64_MAX), 2);
	assert_int_equal(count(s, 3), 2);
	assert_int_equal(count(s, 2), 2);
	assert_int_equal(count(s, 1), 1);
	store_close(s);
	assert_int_equal(store_count(s, "t", 1, &n), STORE_INVAL);
	assert_int_equal(n, 0);
}

static void
test_bounds(void **state)
{
	struct store *s = ((struct fixture *)*state)->s;
	uint8_t *big = calloc(1, STORE_VALUE_MAX + 1), *back;
	char name[STORE_NAME_MAX + 2];
	size_t n;

	back = malloc(STORE_VALUE_MAX);
	assert_true(big != NULL && back != NULL);
	memset(big, 'x', STORE_VALUE_MAX + 1);
	memset(name, 'n', sizeof(name));
	name[STORE_NAME_MAX + 1] = '\0';

	assert_int_equal(store_begin(s), STORE_OK);
	assert_int_equal(store_put(s, "t", big, STORE_KEY_MAX, big,
	    STORE_VALUE_MAX), STORE_OK);
	assert_int_equal(store_put(s, "t", "empty", 5, "", 0), STORE_OK);
	assert_int_equal(store_put(s, "t", big, STORE_KEY_MAX + 1, "v", 1),
	    STORE_INVAL);
	assert_int_equal(store_put(s, "t", "k", 1, big, STORE_VALUE_MAX + 1),
	    STORE_INVAL);
	assert_int_equal(store_put(s, "t", "", 0, "v", 1), STORE_INVAL);
	assert_int_equal(store_put(s, name, "k", 1, "v", 1), STORE_INVAL);
	assert_int_equal(store_put(s, "", "k", 1, "v", 1), STORE_INVAL);
	assert_int_equal(store_put(s, "../t", "k", 1, "v", 1), STORE_INVAL);
	assert_int_equal(store_commit(s), STORE_OK);

	assert_int_equal(store_get(s, "t", big, STORE_KEY_MAX, back,
	    STORE_VALUE_MAX, &n), STORE_OK);
	assert_int_equal(n, STORE_VALUE_MAX);
	assert_memory_equal(back, big, n);
	assert_int_equal(store_get(s, "t", big, STORE_KEY_MAX, back, 10, &n),
	    STORE_INVAL);
	assert_int_equal(n, STORE_VALUE_MAX);
	assert_int_equal(store_get(s, "t", "empty", 5, back, 10, &n),
	    STORE_OK);
	assert_int_equal(n, 0);
	free(big);
	free(back);
}

static void
test_tables_max(void **state)
{
	struct store *s = ((struct fixture *)*state)->s;
	char name[8];

	/* The schema's table is one of them. */
	for (unsigned int i = 1; i < STORE_TABLES_MAX; i++) {
		snprintf(name, sizeof(name), "t%u", i);
		assert_int_equal(put_one(s, name, "k", "v"), STORE_OK);
	}
	assert_int_equal(put_one(s, "more", "k", "v"), STORE_INVAL);
	assert_value(s, "t1", "k", "v");
}

static void
test_misuse(void **state)
{
	struct store *s = ((struct fixture *)*state)->s;
	bool done;

	assert_int_equal(store_put(s, "t", "k", 1, "v", 1), STORE_INVAL);
	assert_int_equal(store_del(s, "t", "k", 1), STORE_INVAL);
	assert_int_equal(store_commit(s), STORE_INVAL);
	assert_int_equal(store_begin(s), STORE_OK);
	assert_int_equal(store_begin(s), STORE_INVAL);
	assert_int_equal(store_checkpoint(s, true, &done), STORE_INVAL);
	assert_int_equal(store_commit(s), STORE_OK);
	assert_int_equal(store_set_aside(s, "aside"), STORE_INVAL);
	store_close(s);
	assert_false(store_usable(s));
	assert_int_equal(get_err(s, "t", "k"), STORE_INVAL);
	assert_int_equal(store_begin(s), STORE_INVAL);
	assert_int_equal(store_verify(s), STORE_INVAL);
	assert_int_equal(store_open(s), STORE_OK);
	assert_int_equal(store_open(s), STORE_OK);
}

static void
test_set_aside(void **state)
{
	struct store *s = ((struct fixture *)*state)->s;

	assert_int_equal(put_one(s, "t", "k", "v"), STORE_OK);
	store_close(s);
	assert_int_equal(store_set_aside(s, "aside"), STORE_OK);
	assert_int_equal(store_open(s), STORE_OK);
	assert_int_equal(get_err(s, "t", "k"), STORE_NOTFOUND);
	assert_int_equal(put_one(s, "t", "k", "new"), STORE_OK);
	assert_int_equal(store_verify(s), STORE_OK);
}

static void
schema_set(struct store *s, const void *value, size_t n)
{
	assert_int_equal(store_begin(s), STORE_OK);
	assert_int_equal(store_put(s, STORE_META_TABLE, STORE_SCHEMA_KEY,
	    strlen(STORE_SCHEMA_KEY), value, n), STORE_OK);
	assert_int_equal(store_commit(s), STORE_OK);
	store_close(s);
}

/* Where something lies in our memory is nothing for a log. */
static void
test_why(void **state)
{
	struct store *s = ((struct fixture *)*state)->s;

	store_set_why(s, "write: %s: %d", "0x7f3a5c0012a8, 4096", 5);
	assert_string_equal(store_why(s), "write: 0x..., 4096: 5");
	store_set_why(s, "0x55d0c0ffee and 0x7f00DEADBEEF, code 0x1f");
	assert_string_equal(store_why(s), "0x... and 0x..., code 0x1f");
}

static void
test_schema(void **state)
{
	struct store *s = ((struct fixture *)*state)->s;
	const uint8_t newer[4] = { 0, 0, 0, STORE_SCHEMA + 1 };
	char want[64];

	assert_int_equal(put_one(s, "t", "k", "v"), STORE_OK);
	schema_set(s, newer, 4);
	assert_int_equal(store_open(s), STORE_NEWER);
	snprintf(want, sizeof(want), "schema %u", STORE_SCHEMA + 1);
	assert_non_null(strstr(store_why(s), want));
	assert_false(store_usable(s));
	/* Nothing was touched: it is refused again. */
	assert_int_equal(store_open(s), STORE_NEWER);
}

static void
test_schema_unreadable(void **state)
{
	struct store *s = ((struct fixture *)*state)->s;

	schema_set(s, "12345", 5);
	assert_int_equal(store_open(s), STORE_DAMAGED);
}

/* Random batches, aborts and restarts against a plain array. */
static void
test_model(void **state)
{
	struct store *s = ((struct fixture *)*state)->s;
	unsigned int model[64] = { 0 }, next[64], seed = 7;
	char key[16], value[16];

	for (unsigned int round = 1; round <= 120; round++) {
		memcpy(next, model, sizeof(next));
		assert_int_equal(store_begin(s), STORE_OK);
		for (unsigned int i = 0; i < 8; i++) {
			unsigned int k = (unsigned int)rand_r(&seed) % 64;
			bool put = rand_r(&seed) % 3 != 0;

			snprintf(key, sizeof(key), "k%u", k);
			snprintf(value, sizeof(value), "v%u", round);
			next[k] = put ? round : 0;
			assert_int_equal(put ?
			    store_put(s, "m", key, strlen(key), value,
			    strlen(value)) :
			    store_del(s, "m", key, strlen(key)), STORE_OK);
		}
		if (rand_r(&seed) % 4 == 0) {
			store_abort(s);
		} else {
			assert_int_equal(store_commit(s), STORE_OK);
			memcpy(model, next, sizeof(model));
		}
		if (round % 40 == 0)
			reopen(s);
	}
	for (unsigned int k = 0; k < 64; k++) {
		snprintf(key, sizeof(key), "k%u", k);
		snprintf(value, sizeof(value), "v%u", model[k]);
		if (model[k] == 0)
			assert_int_equal(get_err(s, "m", key), STORE_NOTFOUND);
		else
			assert_value(s, "m", key, value);
	}
}

/* The twin can be told to fail; what it promises then is the same. */
static void
test_mem_fails(void **state)
{
	struct store *s = ((struct fixture *)*state)->s;

	assert_int_equal(put_one(s, "t", "k", "old"), STORE_OK);
	store_mem_fail(s, 2, STORE_FULL);	/* begin, put, then commit */
	assert_int_equal(put_one(s, "t", "k", "new"), STORE_FULL);
	assert_true(store_usable(s));
	assert_value(s, "t", "k", "old");
	store_mem_fail(s, 1, STORE_DAMAGED);
	assert_int_equal(put_one(s, "t", "k", "new"), STORE_DAMAGED);
	assert_false(store_usable(s));
	assert_int_equal(get_err(s, "t", "k"), STORE_DAMAGED);
	store_close(s);
	store_mem_fail_open(s, 1, STORE_FULL);
	assert_int_equal(store_open(s), STORE_FULL);
	assert_int_equal(store_open(s), STORE_OK);
	assert_value(s, "t", "k", "old");
}

#define BOTH(f)								\
	{ "bdb: " #f, f, setup_bdb, teardown, NULL },			\
	{ "mem: " #f, f, setup_mem, teardown, NULL }

int
main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(test_put_get),
		BOTH(test_absent),
		BOTH(test_delete),
		BOTH(test_tables_apart),
		BOTH(test_abort),
		BOTH(test_close_aborts),
		BOTH(test_iterate),
		BOTH(test_count),
		BOTH(test_bounds),
		BOTH(test_tables_max),
		BOTH(test_misuse),
		BOTH(test_set_aside),
		BOTH(test_why),
		BOTH(test_schema),
		BOTH(test_schema_unreadable),
		BOTH(test_model),
		cmocka_unit_test_setup_teardown(test_mem_fails, setup_mem,
		    teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

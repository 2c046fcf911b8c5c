/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "micelio-transportd/buf.h"

static struct bufpool pool;

static int
begin(void **state)
{
	(void)state;
	bufpool_init(&pool, 3u << 20, 1u << 20);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	bufpool_free(&pool);
	return pool.live == 0 ? 0 : -1;
}

static void
test_classes(void **state)
{
	static const size_t want[][2] = { { 0, 4096 }, { 4096, 4096 },
	    { 4097, 8192 }, { 65536, 65536 }, { 1048576, 1048576 },
	    { 1048577, BUF_MAX }, { BUF_MAX, BUF_MAX } };
	struct buf *b;

	(void)state;
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		b = buf_get(&pool, want[i][0]);
		assert_non_null(b);
		assert_int_equal(b->cap, want[i][1]);
		assert_int_equal(pool.live, want[i][1]);
		buf_put(&pool, b);
	}
	assert_null(buf_get(&pool, BUF_MAX + 1));
	buf_put(&pool, NULL);
}

/* The same memory again, and never more kept than allowed. */
static void
test_reuse(void **state)
{
	struct buf *b[40], *again;

	(void)state;
	b[0] = buf_get(&pool, 100);
	buf_put(&pool, b[0]);
	again = buf_get(&pool, 200);
	assert_ptr_equal(again, b[0]);
	buf_put(&pool, again);
	for (size_t i = 0; i < 40; i++)
		b[i] = buf_get(&pool, 65536);
	for (size_t i = 0; i < 40; i++)
		buf_put(&pool, b[i]);
	assert_true(pool.held <= pool.held_max);
	assert_true(pool.held > pool.held_max - 65536);
}

static void
test_bound(void **state)
{
	struct buf *b[3], *small;

	(void)state;
	b[0] = buf_get(&pool, 1u << 20);
	b[1] = buf_get(&pool, 1u << 20);
	assert_null(buf_get(&pool, BUF_MAX));
	b[2] = buf_get(&pool, 1u << 20);
	assert_non_null(b[2]);
	assert_null(buf_get(&pool, 1));
	buf_put(&pool, b[1]);
	small = buf_get(&pool, 1);
	assert_non_null(small);
	buf_put(&pool, small);
	buf_put(&pool, b[0]);
	buf_put(&pool, b[2]);
}

static void
test_room_and_trim(void **state)
{
	struct buf *b = NULL;

	(void)state;
	assert_true(buf_room(&pool, &b, 10));
	memcpy(b->data, "abcdef", 6);
	b->end = 4096;
	b->off = 4090;
	memcpy(b->data + 4090, "uvwxyz", 6);
	/* moved to the front of the same one */
	assert_true(buf_room(&pool, &b, 4096));
	assert_int_equal(b->off, 0);
	assert_int_equal(buf_len(b), 6);
	assert_memory_equal(b->data, "uvwxyz", 6);
	/* moved to a larger one */
	assert_true(buf_room(&pool, &b, 100000));
	assert_int_equal(b->cap, 131072);
	assert_memory_equal(b->data, "uvwxyz", 6);
	/* back to a small one */
	b->off = 2;
	buf_trim(&pool, &b);
	assert_int_equal(b->cap, BUF_MIN);
	assert_memory_equal(b->data + b->off, "wxyz", 4);
	assert_false(buf_room(&pool, &b, BUF_MAX + 1));
	assert_memory_equal(b->data + b->off, "wxyz", 4);
	b->off = b->end;
	buf_trim(&pool, &b);
	assert_null(b);
	buf_trim(&pool, &b);
	assert_int_equal(buf_len(NULL), 0);
}

#define T(f)	cmocka_unit_test_setup_teardown(f, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_classes),
		T(test_reuse),
		T(test_bound),
		T(test_room_and_trim),
	};

	return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}

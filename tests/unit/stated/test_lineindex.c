/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lineindex.h"

static struct lineindex x;
static const uint8_t line[LINES_BYTES_MAX];

static uint64_t
add(struct lineindex *i, uint64_t ms, size_t len)
{
	return lineindex_add(i, ms, line, len);
}

static bool
load(struct lineindex *i, uint64_t number, uint64_t ms, size_t len)
{
	return lineindex_load(i, number, ms, line, len);
}

static int
setup(void **state)
{
	(void)state;
	lineindex_init(&x);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	lineindex_free(&x);
	return 0;
}

static void
test_numbers(void **state)
{
	(void)state;
	assert_int_equal(lineindex_end(&x), 1);
	for (uint64_t i = 1; i <= 1000; i++)
		assert_int_equal(add(&x, i * 10, 5), i);
	assert_int_equal(x.bytes, 1000 * (LINE_COST + 5));
	assert_int_equal(lineindex_over(&x), 0);
	assert_int_equal(lineindex_since(&x, 0), 1);
	assert_int_equal(lineindex_since(&x, 5000), 500);
	assert_int_equal(lineindex_since(&x, 5001), 501);
	assert_int_equal(lineindex_since(&x, 99999), 1001);
}

/* A clock set back: all after that number came at or after it. */
static void
test_clock_back(void **state)
{
	(void)state;
	add(&x, 100, 1);
	add(&x, 900, 1);
	add(&x, 200, 1);
	add(&x, 300, 1);
	assert_int_equal(lineindex_since(&x, 250), 4);
	assert_int_equal(lineindex_since(&x, 100), 1);
}

/* The same bytes, read back or new, are found until they are too old. */
static void
test_has(void **state)
{
	(void)state;
	assert_false(lineindex_has(&x, 0, "one", 3));
	assert_true(lineindex_load(&x, 7, 100, "one", 3));
	assert_int_equal(lineindex_add(&x, 200, "two", 3), 8);
	assert_true(lineindex_has(&x, 100, "one", 3));
	assert_true(lineindex_has(&x, 0, "two", 3));
	assert_false(lineindex_has(&x, 101, "one", 3));
	assert_false(lineindex_has(&x, 0, "on", 2));
	assert_false(lineindex_has(&x, 0, "onf", 3));
}

static void
test_limits(void **state)
{
	size_t dropped = 0;

	(void)state;
	for (uint64_t i = 1; i <= LINES_KEPT_MAX + 7; i++)
		add(&x, i, 1);
	for (uint64_t i = 1; i <= 7; i++)
		assert_int_equal(lineindex_over(&x), i);
	assert_int_equal(lineindex_over(&x), 0);
	assert_int_equal(x.n, LINES_KEPT_MAX);
	add(&x, 1, LINES_BYTES_MAX - LINE_COST);
	while (lineindex_over(&x) != 0)
		dropped++;
	assert_int_equal(dropped, LINES_KEPT_MAX);
	assert_int_equal(x.n, 1);
	assert_true(x.bytes <= LINES_BYTES_MAX);
}

/* Read back, with a gap, and one far away. */
static void
test_load(void **state)
{
	(void)state;
	assert_true(load(&x, 41, 100, 5));
	assert_true(load(&x, 42, 101, 5));
	assert_true(load(&x, 45, 104, 5));
	assert_true(load(&x, 45, 104, 5));	/* again: nothing */
	assert_true(load(&x, 0, 0, 5));
	assert_int_equal(x.first, 41);
	assert_int_equal(lineindex_end(&x), 46);
	assert_int_equal(lineindex_since(&x, 104), 43);
	assert_int_equal(add(&x, 200, 5), 46);
	assert_true(load(&x, UINT64_C(1) << 60, 300, 5));
	assert_int_equal(x.n, 1);
	assert_int_equal(x.bytes, LINE_COST + 5);
	assert_int_equal(lineindex_since(&x, 0), UINT64_C(1) << 60);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_numbers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_clock_back, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_has, setup, teardown),
		cmocka_unit_test_setup_teardown(test_limits, setup, teardown),
		cmocka_unit_test_setup_teardown(test_load, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

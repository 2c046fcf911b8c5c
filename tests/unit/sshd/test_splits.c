/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include "splits.h"

static void
test_splits(void **state)
{
	struct splits s = { .n = 0 };
	struct split was;
	char id[16];

	(void)state;
	assert_true(splits_lose(&s, "e00000000000", "eu-3", 1000));
	assert_false(splits_lose(&s, "e00000000000", "eu-3", 2000));
	assert_true(splits_heal(&s, "e00000000000", true, &was));
	assert_string_equal(was.name, "eu-3");
	assert_int_equal(was.since, 1000);
	assert_false(splits_heal(&s, "e00000000000", true, &was));
	/* Others say so first: then the link is no news. */
	assert_true(splits_lose(&s, "e00000000000", "eu-3", 1000));
	assert_true(splits_heal(&s, "e00000000000", false, &was));
	assert_false(was.back);
	assert_true(splits_heal(&s, "e00000000000", true, &was));
	assert_true(was.back);
	assert_false(splits_heal(&s, "e00000000000", true, &was));
	/* Lost again before it was linked. */
	assert_true(splits_lose(&s, "e00000000000", "eu-3", 1000));
	assert_true(splits_heal(&s, "e00000000000", false, &was));
	assert_true(splits_lose(&s, "e00000000000", "eu-3", 2000));
	assert_true(splits_heal(&s, "e00000000000", true, &was));
	assert_true(!was.back && was.since == 2000);
	for (unsigned int i = 0; i < 2 * SPLITS_MAX; i++) {
		snprintf(id, sizeof(id), "%012u", i);
		assert_true(splits_lose(&s, id, NULL, i));
	}
	assert_int_equal(s.n, SPLITS_MAX);
	assert_false(splits_heal(&s, "000000000000", true, &was));
	assert_true(splits_heal(&s, id, true, &was));
	assert_string_equal(was.name, id);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_splits) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}

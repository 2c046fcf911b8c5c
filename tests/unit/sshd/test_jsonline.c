/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "jsonline.h"

static struct jsonline	j;

static const char *
take(const char *s)
{
	return jsonline_read(&j, s, strlen(s));
}

static void
test_lines_of_export(void **state)
{
	(void)state;
	assert_null(take("{\"v\":1,\"key\":\"o/motd\",\"author\":\"5647\","
	    "\"written\":1767225600000,\"expires\":null,\"size\":-1.5e3,"
	    "\"shown\":true,\"value\":\"good\\nmorning\"}"));
	assert_int_equal(j.key_len, 6);
	assert_memory_equal(j.key, "o/motd", 7);
	assert_int_equal(j.value_len, 12);
	assert_memory_equal(j.value, "good\nmorning", 12);
	assert_null(take(" { \"value\" : \"\" , \"key\" : \"k\" } \r"));
	assert_int_equal(j.value_len, 0);
	assert_null(take("{\"key\":\"k\",\"value_hex\":\"00ff7A\"}"));
	assert_int_equal(j.value_len, 3);
	assert_memory_equal(j.value, "\0\xffz", 3);
}

static void
test_escapes(void **state)
{
	(void)state;
	assert_null(take("{\"key\":\"\\u00e4\\ud83d\\ude00\\\\\\\"\\/\","
	    "\"value\":\"\\u0000\\b\\f\\r\\t\"}"));
	assert_int_equal(j.key_len, 9);
	assert_memory_equal(j.key, "\xc3\xa4\xf0\x9f\x98\x80\\\"/", 9);
	assert_int_equal(j.value_len, 5);
	assert_memory_equal(j.value, "\0\b\f\r\t", 5);
}

static void
test_refused(void **state)
{
	static const char *const bad[] = {
		"", "x", "[]", "{}", "{\"key\":\"k\"}", "{\"value\":\"v\"}",
		"{\"key\":\"k\",\"value\":\"v\"", "{\"key\":\"k\",}",
		"{\"key\":\"k\",\"value\":\"v\"} x",
		"{\"key\":\"k\" \"value\":\"v\"}",
		"{\"key\":1,\"value\":\"v\"}", "{\"key\":\"k\",\"value\":{}}",
		"{\"key\":\"k\",\"value\":\"v\",\"x\":[1]}",
		"{\"key\":\"k\\u0000\",\"value\":\"v\"}",
		"{\"key\":\"k\",\"value\":\"\\ud83d\"}",
		"{\"key\":\"k\",\"value\":\"\\ude00\"}",
		"{\"key\":\"k\",\"value\":\"\\ud83dx\"}",
		"{\"key\":\"k\",\"value\":\"\\x\"}",
		"{\"key\":\"k\",\"value\":\"\\u12g4\"}",
		"{\"key\":\"k\",\"value\":\"\\u12",
		"{\"key\":\"k\",\"value\":\"a\nb\"}",
		"{\"key\":\"k\",\"value\":\"\xff\"}",
		"{\"key\":\"k\",\"value_hex\":\"0\"}",
		"{\"key\":\"k\",\"value_hex\":\"0g\"}", NULL };

	(void)state;
	for (size_t i = 0; bad[i] != NULL; i++)
		if (take(bad[i]) == NULL)
			fail_msg("taken: %s", bad[i]);
	assert_non_null(jsonline_read(&j, "{\"key\":\"k\",\"value\":\"\\\0\"}",
	    24));
}

static void
test_lengths(void **state)
{
	char *s = malloc(2 * JSONLINE_VALUE_MAX + 64);
	size_t n;

	(void)state;
	for (size_t more = 0; more < 2; more++) {
		strcpy(s, "{\"key\":\"k\",\"value\":\"");
		n = strlen(s);
		memset(s + n, 'x', JSONLINE_VALUE_MAX + more);
		strcpy(s + n + JSONLINE_VALUE_MAX + more, "\"}");
		assert_true((take(s) == NULL) == (more == 0));
	}
	free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines_of_export),
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

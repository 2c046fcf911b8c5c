/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "json.h"

static const char text[] =
    "{ \"s\": \"a\\n\\u00e9\\ud83c\\udf44\\u0000z\", \"n\": -12,"
    " \"big\": \"18446744073709551615\", \"t\": true, \"f\": false,"
    " \"z\": null, \"hex\": \"00fF\", \"a\": [1, [], {}, \"x\"] }\n";

static void
test_values(void **state)
{
	struct json *j = json_parse(text, sizeof(text) - 1);
	uint8_t buf[2];

	(void)state;
	assert_int_equal(json_len(j), 8);
	assert_string_equal(json_key(j, 1), "n");
	assert_int_equal(json_len(json_get(j, "s")), 10);
	assert_memory_equal(json_str(json_get(j, "s")),
	    "a\n\xc3\xa9\xf0\x9f\x8d\x84\0z", 10);
	assert_int_equal(json_int(json_get(j, "n")), -12);
	assert_true(json_u64(json_get(j, "big")) == UINT64_MAX);
	assert_true(json_bool(json_get(j, "t")));
	assert_false(json_bool(json_get(j, "f")));
	assert_int_equal(json_type(json_get(j, "z")), JSON_NULL);
	assert_true(json_has(j, "z"));
	assert_null(json_str(json_get(j, "z")));
	assert_int_equal(json_hex(json_get(j, "hex"), buf, 2), 2);
	assert_int_equal(buf[0] << 8 | buf[1], 0x00ff);
	json_free(j);
}

static void
test_absent(void **state)
{
	struct json *j = json_parse(text, sizeof(text) - 1);
	const struct json *a = json_get(j, "a");

	(void)state;
	assert_int_equal(json_len(a), 4);
	assert_int_equal(json_int(json_at(a, 0)), 1);
	assert_null(json_at(a, 4));
	assert_null(json_get(a, "x"));
	assert_null(json_get(json_at(json_get(j, "none"), 3), "x"));
	assert_false(json_has(j, "none"));
	assert_int_equal(json_len(NULL), 0);
	json_free(j);
}

static void
test_vector_file(void **state)
{
	struct json *v = json_vectors();

	(void)state;
	assert_string_equal(json_str(json_get(json_get(v, "meta"), "what")),
	    "micelio v1 protocol test vectors");
	assert_string_equal(json_str(json_get(json_at(json_get(v,
	    "identities"), 0), "name")), "A");
	json_free(v);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_absent),
		cmocka_unit_test(test_vector_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

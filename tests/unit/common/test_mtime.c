/* SPDX-License-Identifier: MIT */
#include "t.h"

#include "json.h"
#include "mtime.h"

/* vector group durations: equal */
static void
vectors(void **state)
{
	struct json *doc = json_load(getenv("MICELIO_VECTORS"));
	const struct json *list = json_get(doc, "durations");

	(void)state;
	assert_true(json_len(list) > 5);
	for (size_t i = 0; i < json_len(list); i++) {
		const struct json *row = json_at(list, i);
		int64_t ms = -12345;
		bool ok = duration_parse(json_str(json_get(row, "in")), &ms);

		if (!json_has(row, "ms")) {
			assert_false(ok);
			continue;
		}
		assert_true(ok);
		assert_int_equal(ms, json_int(json_get(row, "ms")));
	}
	json_free(doc);
}

static void
durations_read_back(void **state)
{
	static const uint64_t t[] = { 0, 1, 999, 1000, 30000, 60000, 90000,
	    3600000, 5400000, 86400000, 1234567 };
	char text[TIME_TEXT_MAX];
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		assert_true(duration_parse(duration_text(t[i], text), &ms));
		assert_int_equal(ms, t[i]);
	}
}

static void
texts(void **state)
{
	char t[TIME_TEXT_MAX];

	(void)state;
	assert_string_equal(time_text(1795245631100, t),
	    "2026-11-21T07:20:31.100Z");
	assert_string_equal(time_text(UINT64_MAX, t), "-");
	assert_string_equal(span_text(20100, t), "20.1s");
	assert_string_equal(span_text(192000, t), "3m12s");
	assert_string_equal(span_text(7500000, t), "2h05m");
	assert_string_equal(span_text(356400000, t), "4d3h");
	assert_string_equal(latency_text(0, t), "0us");
	assert_string_equal(latency_text(999, t), "999us");
	assert_string_equal(latency_text(1250, t), "1.2ms");
	assert_string_equal(latency_text(140900, t), "140ms");
	assert_string_equal(latency_text(3100000, t), "3.1s");
	assert_string_equal(size_text(312, t), "312");
	assert_string_equal(size_text(1258291, t), "1.2M");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors),
		cmocka_unit_test(durations_read_back),
		cmocka_unit_test(texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

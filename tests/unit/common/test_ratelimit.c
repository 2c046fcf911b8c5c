/* SPDX-License-Identifier: MIT */
#include "t.h"

#include "json.h"
#include "ratelimit.h"

/* vector group rate_limiter_10_per_s_burst_20: equal */
static void
vectors(void **state)
{
	struct json *doc = json_load(getenv("MICELIO_VECTORS"));
	const struct json *list = json_get(doc,
	    "rate_limiter_10_per_s_burst_20");
	struct bucket b;

	(void)state;
	assert_true(json_len(list) > 20);
	for (size_t i = 0; i < json_len(list); i++) {
		const struct json *row = json_at(list, i);
		uint64_t ms = json_u64(json_get(row, "ms"));

		if (i == 0)
			bucket_init(&b, 20, ms);
		assert_int_equal(bucket_take(&b, 10, 20, 1, ms),
		    json_bool(json_get(row, "allow")));
	}
	json_free(doc);
}

static void
waits(void **state)
{
	struct bucket b;

	(void)state;
	bucket_init(&b, 2, 1000);
	assert_true(bucket_take(&b, 8, 2, 2, 1000));
	assert_int_equal(bucket_wait(&b, 8, 2, 1, 1000), 125);
	assert_false(bucket_take(&b, 8, 2, 1, 1124));
	assert_true(bucket_take(&b, 8, 2, 1, 1125));
	assert_true(bucket_wait(&b, 8, 2, 3, 1125) == UINT64_MAX);
	assert_true(bucket_wait(&b, 0, 2, 1, 1125) == UINT64_MAX);
}

/* A clock that stands or jumps gives no tokens and takes none. */
static void
odd_clocks(void **state)
{
	struct bucket b;

	(void)state;
	bucket_init(&b, 1, 5000);
	assert_true(bucket_take(&b, 10, 1, 1, 5000));
	assert_false(bucket_take(&b, 10, 1, 1, 4000));
	assert_false(bucket_take(&b, 10, 1, 1, 5050));
	assert_true(bucket_take(&b, 10, 1, 1, UINT64_MAX / 2));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors),
		cmocka_unit_test(waits),
		cmocka_unit_test(odd_clocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

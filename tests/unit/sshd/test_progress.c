/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "outlet.h"
#include "progress.h"

static void
test_words(void **state)
{
	char t[PROGRESS_TEXT_MAX];

	(void)state;
	progress_text(1200, 3 << 20, 12 << 20, 2000, t);
	assert_string_equal(t,
	    "1200 entries, 3.0M of 12.0M, 600 entries/s, 6.0s left");
	progress_text(0, 1 << 20, 4 << 20, 1000, t);
	assert_string_equal(t, "1.0M of 4.0M, 1.0M/s, 3.0s left");
	/* Nobody knows how much it is, or nothing came, or all did. */
	progress_text(7, 512, 0, 1000, t);
	assert_string_equal(t, "7 entries, 512, 7 entries/s");
	progress_text(0, 0, 4096, 0, t);
	assert_string_equal(t, "0 of 4.0K, 0/s");
	progress_text(0, 4096, 4096, 500, t);
	assert_string_equal(t, "4.0K of 4.0K, 8.0K/s");
	progress_text(UINT64_MAX, UINT64_MAX, UINT64_MAX, 1, t);
	assert_true(t[0] != '\0');
}

/* What waits for its reader is counted, and what does not is skipped. */
static void
test_outlet(void **state)
{
	struct outlet o = { 0 };

	(void)state;
	outlet_add(&o, OUTLET_WINDOW + 10);
	assert_int_equal(o.inflight, OUTLET_WINDOW + 10);
	assert_int_equal(o.skipped, 0);
	assert_false(outlet_take(&o, 1, 2));
	outlet_ack(&o, OUTLET_WINDOW);
	assert_int_equal(o.inflight, 10);
	/* More is given out whatever was skipped. */
	outlet_add(&o, 5);
	assert_int_equal(o.inflight, 15);
	assert_int_equal(outlet_missed(&o), 2);
	assert_int_equal(outlet_missed(&o), 0);
	assert_true(outlet_take(&o, 1, 1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_outlet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

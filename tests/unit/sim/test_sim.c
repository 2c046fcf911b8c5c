/* SPDX-License-Identifier: MIT */
/* The parts of the simulator that everything in it stands on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/queue.h"
#include "tests/sim/rng.h"
#include "tests/sim/scenario.h"

static void
events_come_in_order_of_time_then_of_asking(void **state)
{
	static const uint64_t within[] = { 100, 5000, 40000, 10000000 };
	struct queue q = { .n = 0 };
	struct rng r = rng_stream(1, RNG_FAULT, 0);
	struct event e, last = { .at = 0 };
	uint32_t i, n = 5000;

	(void)state;
	for (i = 0; i < n; i++)
		queue_add(&q, rng_below(&r, within[i % 4]), DO_TIMER, i, 0,
		    NULL);
	for (i = 0; i < n; i++) {
		assert_int_equal(q.n, n - i);
		e.at = queue_when(&q);
		/* Some are added meanwhile: now, soon and later. */
		if (i % 2 == 0 && n < 20000) {
			queue_add(&q, e.at + rng_below(&r, within[n % 4]),
			    DO_TIMER, n, 0, NULL);
			n++;
		}
		assert_true(queue_next(&q, &e));
		assert_true(e.at >= last.at);
		if (i > 0 && e.at == last.at)
			assert_true(e.n > last.n);
		last = e;
	}
	assert_int_equal(n, 10000);
	assert_true(queue_when(&q) == UINT64_MAX);
	assert_false(queue_next(&q, &e));
	queue_free(&q);
}

static void
streams_do_not_touch_each_other(void **state)
{
	struct rng a = rng_stream(7, RNG_CORE, 3), b = a, c;
	uint64_t first = rng_next(&a);

	(void)state;
	c = rng_stream(7, RNG_PIPE, 3);
	(void)rng_next(&c);
	assert_int_equal(rng_next(&b), first);
	assert_true(rng_next(&c) != rng_next(&b));
	c = rng_stream(8, RNG_CORE, 3);
	assert_true(rng_next(&c) != first);
	/* The figures themselves are part of every hash. */
	c = rng_stream(1, RNG_IDENT, 0);
	assert_int_equal(rng_next(&c), UINT64_C(0x978ae9fd46065b8a));
}

static const char *
line(struct scenario *s, const char *text)
{
	char copy[256];

	snprintf(copy, sizeof(copy), "%s", text);
	return scenario_line(s, copy);
}

static void
lines_are_read_exactly(void **state)
{
	static struct scenario s;

	(void)state;
	scenario_init(&s);
	assert_null(line(&s, "at 10.5s crash 12.5% for 250ms  # why"));
	assert_int_equal(s.fault[0].at, 10500000);
	assert_int_equal(s.fault[0].share, 125000);
	assert_int_equal(s.fault[0].lasts, 250000);
	assert_null(line(&s, "bandwidth 10Mb"));
	assert_int_equal(s.rate, 1250000);
	assert_null(line(&s, "publish 2.5/s from 1s to 2min size 9 by v1"));
	assert_int_equal(s.publish[0].gap, 400000);
	assert_int_equal(s.publish[0].to, 120000000);
	assert_int_equal(s.publish[0].among, 0);
	assert_null(line(&s, "publish 1/s from 1s to 2s size 65536 among 5"));
	assert_int_equal(s.publish[1].size, 65536);
	assert_int_equal(s.publish[1].among, 5);
	assert_non_null(line(&s, "publish 1/s from 1s to 2s size 65537"));
	assert_null(line(&s, "expect warm.copies <= 1.05"));
	assert_int_equal(s.expect[0].milli, 1050);
	assert_null(line(&s, ""));
	assert_non_null(line(&s, "crash 30%"));
	assert_non_null(line(&s, "at 10 crash 30%"));
	assert_non_null(line(&s, "at 10s crash 130%"));
	assert_non_null(line(&s, "nodes 1"));
	assert_non_null(line(&s, "without mercy"));
}

static void
leaving_a_class_out_changes_no_other(void **state)
{
	static struct scenario all, less;
	uint32_t crash, class, had = 0;
	uint64_t seed;

	(void)state;
	assert_true(torture_find("crash", &crash));
	for (seed = 0; seed < 200; seed++) {
		scenario_init(&all);
		all.torture = true;
		less = all;
		less.without = UINT64_C(1) << crash;
		torture_plan(&all, seed);
		torture_plan(&less, seed);
		had += torture_has(&all, crash);
		assert_false(torture_has(&less, crash));
		for (class = 0; class < TORTURE_CLASSES; class++)
			if (class != crash)
				assert_int_equal(torture_has(&all, class),
				    torture_has(&less, class));
		assert_int_equal(all.loss, less.loss);
		assert_int_equal(all.v1, less.v1);
	}
	assert_in_range(had, 20, 100);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_come_in_order_of_time_then_of_asking),
		cmocka_unit_test(streams_do_not_touch_each_other),
		cmocka_unit_test(lines_are_read_exactly),
		cmocka_unit_test(leaving_a_class_out_changes_no_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/*
 * Times of a session.  Parity rows of wire-v1 9.5: KeepalivePreventTimeout,
 * IdleTimeout, WriteTimeout (the deadlines; the sockets are in test_session).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "micelio-transportd/watch.h"

#define T0	5000u

static struct watch w;

static int
begin(void **state)
{
	(void)state;
	watch_init(&w, T0);
	return 0;
}

static int
begin_ready(void **state)
{
	(void)begin(state);
	watch_ready(&w, T0);
	return 0;
}

static void
test_opening(void **state)
{
	(void)state;
	watch_out_queued(&w, T0);
	watch_in(&w, T0 + 9000);
	watch_out_done(&w, false, T0 + 9000);
	assert_int_equal(watch_next(&w), T0 + 10000);
	assert_int_equal(watch_due(&w, T0 + 9999), WATCH_NOTHING);
	assert_int_equal(watch_due(&w, T0 + 10000), WATCH_DEADLINE);
	watch_ready(&w, T0 + 9999);
	assert_int_equal(watch_due(&w, T0 + 10000), WATCH_NOTHING);
}

static void
test_keepalive(void **state)
{
	(void)state;
	assert_int_equal(watch_next(&w), T0 + 20000);
	assert_int_equal(watch_due(&w, T0 + 19999), WATCH_NOTHING);
	assert_int_equal(watch_due(&w, T0 + 20000), WATCH_KEEPALIVE);
	watch_out_done(&w, false, T0 + 15000);
	assert_int_equal(watch_due(&w, T0 + 20000), WATCH_NOTHING);
	assert_int_equal(watch_due(&w, T0 + 35000), WATCH_KEEPALIVE);
}

/* An idle link lives as long as keepalives come. */
static void
test_keepalives_prevent_idle(void **state)
{
	uint64_t now = T0;

	(void)state;
	for (int i = 0; i < 12; i++) {
		now += 20000;
		watch_in(&w, now);
		watch_out_done(&w, false, now);
		assert_int_equal(watch_due(&w, now + 19999), WATCH_NOTHING);
	}
}

static void
test_idle(void **state)
{
	(void)state;
	watch_in(&w, T0 + 1000);
	for (uint64_t ms = 20000; ms <= 60000; ms += 20000)
		watch_out_done(&w, false, T0 + ms);
	assert_int_equal(watch_due(&w, T0 + 60999), WATCH_NOTHING);
	assert_int_equal(watch_next(&w), T0 + 61000);
	assert_int_equal(watch_due(&w, T0 + 61000), WATCH_IDLE);
}

/* While we do not read, the peer cannot be blamed for silence. */
static void
test_paused(void **state)
{
	(void)state;
	watch_pause(&w, true, T0 + 1000);
	for (uint64_t ms = 20000; ms <= 100000; ms += 20000)
		watch_out_done(&w, false, T0 + ms);
	assert_int_equal(watch_due(&w, T0 + 110000), WATCH_NOTHING);
	watch_pause(&w, false, T0 + 110000);
	watch_out_done(&w, false, T0 + 165000);
	assert_int_equal(watch_due(&w, T0 + 169999), WATCH_NOTHING);
	assert_int_equal(watch_due(&w, T0 + 170000), WATCH_IDLE);
	/* still not paused: no new start */
	watch_pause(&w, false, T0 + 169000);
	assert_int_equal(watch_due(&w, T0 + 170000), WATCH_IDLE);
}

/* Ten seconds for each frame, and no keepalive behind a blocked one. */
static void
test_write(void **state)
{
	(void)state;
	watch_out_queued(&w, T0 + 100);
	watch_out_queued(&w, T0 + 9000);
	watch_in(&w, T0 + 9000);
	assert_int_equal(watch_due(&w, T0 + 10099), WATCH_NOTHING);
	assert_int_equal(watch_due(&w, T0 + 10100), WATCH_WRITE);
	watch_out_done(&w, true, T0 + 10000);
	assert_int_equal(watch_due(&w, T0 + 19999), WATCH_NOTHING);
	assert_int_equal(watch_due(&w, T0 + 20000), WATCH_WRITE);
	watch_out_done(&w, false, T0 + 19000);
	assert_int_equal(watch_due(&w, T0 + 38999), WATCH_NOTHING);
	assert_int_equal(watch_due(&w, T0 + 39000), WATCH_KEEPALIVE);
}

static void
test_closing(void **state)
{
	(void)state;
	watch_out_queued(&w, T0);
	watch_closing(&w, T0 + 500);
	assert_int_equal(watch_due(&w, T0 + 1499), WATCH_NOTHING);
	assert_int_equal(watch_due(&w, T0 + 1500), WATCH_DEADLINE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_opening, begin),
		cmocka_unit_test_setup(test_keepalive, begin_ready),
		cmocka_unit_test_setup(test_keepalives_prevent_idle,
		    begin_ready),
		cmocka_unit_test_setup(test_idle, begin_ready),
		cmocka_unit_test_setup(test_paused, begin_ready),
		cmocka_unit_test_setup(test_write, begin_ready),
		cmocka_unit_test_setup(test_closing, begin_ready),
	};

	return cmocka_run_group_tests_name("watch", tests, NULL, NULL);
}

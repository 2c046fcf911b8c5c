/* SPDX-License-Identifier: MIT */
#include "state_test.h"

static void
test_follows_wall_clock(void **state)
{
	struct hlc c;
	uint64_t h;

	(void)state;
	hlc_init(&c, 0);
	hlc_reserved(&c, HLC_OF_MS(NOW0 + 10000));
	assert_int_equal(hlc_next(&c, NOW0, 0, &h), HLC_OK);
	assert_int_equal(h, HLC_OF_MS(NOW0));
	assert_int_equal(hlc_next(&c, NOW0, 0, &h), HLC_OK);
	assert_int_equal(h, HLC_OF_MS(NOW0) + 1);
	/* The wall clock goes back, this does not. */
	assert_int_equal(hlc_next(&c, NOW0 - 5000, 0, &h), HLC_OK);
	assert_int_equal(h, HLC_OF_MS(NOW0) + 2);
	assert_int_equal(hlc_next(&c, NOW0 + 5, 0, &h), HLC_OK);
	assert_int_equal(h, HLC_OF_MS(NOW0 + 5));
}

static void
test_beats_what_is_on_the_key(void **state)
{
	struct hlc c;
	uint64_t h, key = HLC_OF_MS(NOW0 + 50000) + 7;

	(void)state;
	hlc_init(&c, 0);
	hlc_reserved(&c, HLC_OF_MS(NOW0 + 99000));
	assert_int_equal(hlc_next(&c, NOW0, key, &h), HLC_OK);
	assert_int_equal(h, key + 1);
	assert_int_equal(hlc_next(&c, NOW0, 0, &h), HLC_OK);
	assert_int_equal(h, key + 2);
}

/* An entry at the limit must not mute whoever meets it. */
static void
test_one_far_entry_mutes_nobody(void **state)
{
	uint64_t h, far = HLC_OF_MS(NOW0 + HLC_AHEAD_MS) | 0xffff;
	struct hlc c;

	(void)state;
	hlc_init(&c, 0);
	hlc_reserved(&c, UINT64_MAX);
	/* That key has to wait for a moment, the others have not. */
	assert_int_equal(hlc_next(&c, NOW0, far, &h), HLC_AHEAD);
	assert_int_equal(hlc_next(&c, NOW0, 0, &h), HLC_OK);
	assert_int_equal(h, HLC_OF_MS(NOW0));
	assert_int_equal(hlc_next(&c, NOW0 + 1, far, &h), HLC_OK);
}

static void
test_refuses_to_run_ahead(void **state)
{
	struct hlc c;
	uint64_t h;

	(void)state;
	hlc_init(&c, HLC_OF_MS(NOW0 + HLC_AHEAD_MS + 1));
	hlc_reserved(&c, UINT64_MAX);
	assert_int_equal(hlc_next(&c, NOW0, 0, &h), HLC_AHEAD);
	assert_int_equal(hlc_next(&c, NOW0 + 1, 0, &h), HLC_OK);
	assert_int_equal(hlc_next(&c, 0, 0, &h), HLC_UNSET);
	assert_int_equal(hlc_next(&c, HLC_FIRST_MS - 1, 0, &h), HLC_UNSET);
}

/* No time is given out twice, whatever becomes of the process. */
static void
test_reserves_before_use(void **state)
{
	uint64_t h, before, disk = 0, now = NOW0;
	struct hlc c;

	(void)state;
	hlc_init(&c, disk);
	before = 0;
	for (unsigned int life = 0; life < 50; life++) {
		for (unsigned int i = 0; i < 40; i++) {
			enum hlc_result r = hlc_next(&c, now, 0, &h);

			if (r == HLC_RESERVE) {
				disk = h;
				hlc_reserved(&c, disk);
				r = hlc_next(&c, now, 0, &h);
			}
			assert_int_equal(r, HLC_OK);
			assert_true(h > before && h < disk);
			before = h;
			now += life % 3 == 0 ? 40 : 0;
		}
		/* Killed, started anew with a clock that went back. */
		now -= life % 5 == 0 ? 100 : 0;
		hlc_init(&c, disk);
	}
}

/* Killed over and over, after a write each: not ahead for it. */
static void
test_many_short_lives(void **state)
{
	uint64_t h, before = 0, disk = 0, now = NOW0;
	struct hlc c;

	(void)state;
	for (unsigned int life = 0; life < 1000; life++, now += 100) {
		hlc_init(&c, 0);
		hlc_seen(&c, disk);
		assert_int_equal(hlc_next(&c, now, 0, &h), HLC_RESERVE);
		disk = h;
		hlc_reserved(&c, disk);
		assert_int_equal(hlc_next(&c, now, 0, &h), HLC_OK);
		assert_true(h > before);
		before = h;
		assert_true(HLC_MS(h) <= now + HLC_RESERVE_MS);
	}
}

/* Longer on its way than a reservation lasts: the next one lasts longer. */
static void
test_slow_disk(void **state)
{
	uint64_t h, now = NOW0, began;
	struct hlc c;

	(void)state;
	hlc_init(&c, 0);
	for (unsigned int i = 0; i < 3; i++) {
		began = now;
		while (hlc_next(&c, now, 0, &h) == HLC_RESERVE) {
			now += 5000;
			hlc_reserved(&c, h);
			assert_true(now <= began + 25000);
		}
		assert_true(HLC_MS(h) <= now);
		/* However often, never so far that it could not go on. */
		now += 60000;
		for (unsigned int k = 0; k < 50; k++) {
			assert_int_equal(hlc_next(&c, now, 0, &h),
			    HLC_RESERVE);
			assert_true(HLC_MS(h) < now + HLC_AHEAD_MS);
		}
	}
}

/* The high-water mark is lost with the disk; our own entries come back. */
static void
test_own_entries_tell_the_time(void **state)
{
	uint64_t h, own = HLC_OF_MS(NOW0 + 30000) + 9;
	struct hlc c;

	(void)state;
	hlc_init(&c, 0);
	hlc_seen(&c, own);
	hlc_reserved(&c, UINT64_MAX);
	assert_int_equal(hlc_next(&c, NOW0, 0, &h), HLC_OK);
	assert_true(h > own);
	hlc_seen(&c, 5);
	assert_int_equal(hlc_next(&c, NOW0, 0, &h), HLC_OK);
	assert_true(h > own);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_follows_wall_clock),
		cmocka_unit_test(test_beats_what_is_on_the_key),
		cmocka_unit_test(test_one_far_entry_mutes_nobody),
		cmocka_unit_test(test_refuses_to_run_ahead),
		cmocka_unit_test(test_reserves_before_use),
		cmocka_unit_test(test_many_short_lives),
		cmocka_unit_test(test_slow_disk),
		cmocka_unit_test(test_own_entries_tell_the_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "micelio-transportd/admit.h"

static struct admit *a;
static struct admit_conn conn[64];

static int
begin(void **state)
{
	(void)state;
	a = calloc(1, sizeof(*a));
	if (a == NULL)
		return -1;
	memset(conn, 0, sizeof(conn));
	admit_init(a, 8, 4);
	return 0;
}

static int
end(void **state)
{
	int rc;

	(void)state;
	for (size_t i = 0; i < 64; i++)
		admit_remove(a, &conn[i]);
	rc = a->count == 0 && a->busiest == 0 && RB_EMPTY(&a->nets) &&
	    RB_EMPTY(&a->hosts) ? 0 : -1;
	free(a);
	return rc;
}

/* Network 1 has hosts 10, 11 ..., network 2 has 20, 21 ... */
static struct admit_conn *
add(size_t i, uint64_t host)
{
	struct admit_conn *victim;

	assert_int_equal(admit_add(a, &conn[i], host / 10, host, &victim),
	    ADMIT_OK);
	return victim;
}

static void
test_host_limit(void **state)
{
	struct admit_conn *victim;

	(void)state;
	for (size_t i = 0; i < 4; i++)
		assert_null(add(i, 10));
	assert_int_equal(admit_add(a, &conn[4], 1, 10, &victim),
	    ADMIT_HOST_FULL);
	assert_null(conn[4].net);
	assert_null(victim);
	assert_null(add(4, 11));
	admit_remove(a, &conn[0]);
	assert_null(add(0, 10));
}

/* Full: the oldest of the network with the most of them goes. */
static void
test_busiest(void **state)
{
	(void)state;
	assert_null(add(0, 20));
	for (size_t i = 1; i < 8; i++)
		assert_null(add(i, 10 + i));
	assert_ptr_equal(add(8, 30), &conn[1]);
	assert_ptr_equal(add(9, 31), &conn[2]);
	assert_ptr_equal(add(10, 32), &conn[3]);
	assert_int_equal(a->count, 8);
	/* 1 x net 2, 4 x net 1, 3 x net 3: a flood pushes out its own */
	assert_ptr_equal(add(11, 18), &conn[4]);
	assert_non_null(conn[0].net);
}

/* Who has spoken stays longer than who is silent. */
static void
test_silent_first(void **state)
{
	(void)state;
	for (size_t i = 0; i < 8; i++)
		assert_null(add(i, 10 + i % 4));
	for (size_t i = 0; i < 7; i++)
		admit_spoke(a, &conn[i]);
	admit_spoke(a, &conn[0]);
	admit_remove(a, &conn[0]);
	assert_null(add(8, 20));
	assert_ptr_equal(add(9, 21), &conn[7]);
	/* all of the busiest have spoken: the oldest */
	assert_ptr_equal(add(10, 22), &conn[1]);
}

/* Networks of one each: never the newcomer itself, always somebody. */
static void
test_all_single(void **state)
{
	(void)state;
	for (size_t i = 0; i < 8; i++)
		assert_null(add(i, 10 * (i + 1)));
	for (size_t i = 8; i < 30; i++) {
		struct admit_conn *victim = add(i, 10 * (i + 1));

		assert_non_null(victim);
		assert_ptr_not_equal(victim, &conn[i]);
		assert_null(victim->net);
		assert_int_equal(a->count, 8);
	}
}

static void
test_one_place(void **state)
{
	(void)state;
	admit_limits(a, 1, 1);
	assert_null(add(0, 10));
	assert_ptr_equal(add(1, 11), &conn[0]);
	assert_ptr_equal(add(2, 20), &conn[1]);
	assert_int_equal(a->count, 1);
}

/* Lower limits put nobody out by themselves. */
static void
test_limits_change(void **state)
{
	(void)state;
	for (size_t i = 0; i < 8; i++)
		assert_null(add(i, 10 + i % 4));
	admit_limits(a, 4, 2);
	assert_int_equal(a->count, 8);
	assert_non_null(add(8, 20));
	assert_int_equal(a->count, 8);
	admit_limits(a, 0, 0);
	assert_int_equal(a->max, 1);
	admit_limits(a, UINT32_MAX, 1);
	assert_int_equal(a->max, ADMIT_MAX);
}

/* Ten thousand from one network against one that is quick. */
static void
test_flood(void **state)
{
	static struct admit_conn flood[256];
	struct admit_conn *victim;

	(void)state;
	admit_limits(a, 256, 32);
	assert_null(add(0, 20));
	for (size_t i = 0; i < 10000; i++) {
		struct admit_conn *c = &flood[i % 256];

		assert_null(c->net);
		assert_int_equal(admit_add(a, c, 1, 1000 + i % 254, &victim),
		    ADMIT_OK);
		assert_ptr_equal(victim, i < 255 ? NULL :
		    &flood[(i + 1) % 256]);
	}
	assert_non_null(conn[0].net);
	for (size_t i = 0; i < 256; i++)
		admit_remove(a, &flood[i]);
}

static void
test_handshakes(void **state)
{
	unsigned int ok = 0;

	(void)state;
	for (unsigned int i = 0; i < 1000; i++)
		ok += admit_handshake(a, 77, 1000);
	assert_int_equal(ok, ADMIT_DH_BURST);
	assert_true(admit_handshake(a, 78, 1000));
	assert_false(admit_handshake(a, 77, 1000));
	ok = 0;
	for (unsigned int i = 0; i < 1000; i++)
		ok += admit_handshake(a, 77, 2000);
	assert_int_equal(ok, ADMIT_DH_RATE);
	/* more addresses than it remembers: bounded, and still working */
	for (uint64_t k = 100; k < 100 + 4 * ADMIT_DH_SLOTS; k++)
		assert_true(admit_handshake(a, k, 3000 + 2 * k));
	/* and all of them together */
	ok = 0;
	for (uint64_t k = 1; k < 10000; k++)
		ok += admit_handshake(a, k << 20, 1000000);
	assert_int_equal(ok, ADMIT_DH_ALL_BURST);
}

#define T(f)	cmocka_unit_test_setup_teardown(f, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_host_limit),
		T(test_busiest),
		T(test_silent_first),
		T(test_all_single),
		T(test_one_place),
		T(test_limits_change),
		T(test_flood),
		T(test_handshakes),
	};

	return cmocka_run_group_tests_name("admit", tests, NULL, NULL);
}

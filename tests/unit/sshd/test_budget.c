/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"
#include "budget.h"
#include "outlet.h"

static struct budget b;
static struct budget_entry e[256];

static struct addr
at(unsigned int net, unsigned int host)
{
	char text[32];
	struct addr a;

	snprintf(text, sizeof(text), "10.0.%u.%u", net, host);
	assert_true(addr_from_host(text, 1, &a));
	return a;
}

static void
test_per_address(void **state)
{
	struct addr a = at(1, 1), other = at(1, 2);
	uint32_t victim;

	(void)state;
	budget_init(&b);
	for (uint32_t i = 0; i < 3; i++) {
		assert_null(budget_admit(&b, &a, 64, 3, &victim));
		budget_add(&b, &e[i], i + 1, &a);
	}
	/* The oldest that has not logged in makes way. */
	assert_null(budget_admit(&b, &a, 64, 3, &victim));
	assert_int_equal(victim, 1);
	assert_null(budget_admit(&b, &other, 64, 3, &victim));
	assert_int_equal(victim, 0);
	assert_null(budget_finish(&b, &e[0], 64));	/* still counts */
	assert_null(budget_admit(&b, &a, 64, 3, &victim));
	assert_int_equal(victim, 2);
	assert_null(budget_finish(&b, &e[1], 64));
	assert_null(budget_finish(&b, &e[2], 64));
	assert_string_equal(budget_admit(&b, &a, 64, 3, &victim),
	    "max-per-address");
	budget_remove(&b, &e[0]);
	assert_null(budget_admit(&b, &a, 64, 3, &victim));
	assert_int_equal(b.finished, 2);
	assert_int_equal(b.unfinished, 0);
}

static void
test_sessions(void **state)
{
	struct addr a = at(2, 1), z = at(3, 1);
	uint32_t victim;

	(void)state;
	budget_init(&b);
	for (uint32_t i = 0; i < 3; i++)
		budget_add(&b, &e[i], i + 1, &a);
	assert_null(budget_finish(&b, &e[0], 2));
	assert_null(budget_finish(&b, &e[1], 2));
	assert_string_equal(budget_finish(&b, &e[2], 2), "max-sessions");
	assert_string_equal(budget_admit(&b, &z, 2, 8, &victim),
	    "max-sessions");
	budget_remove(&b, &e[1]);
	assert_null(budget_finish(&b, &e[2], 2));
}

/* Silence from one network does not keep others out. */
static void
test_crowd(void **state)
{
	struct addr a;
	uint32_t victim, id = 0;

	(void)state;
	budget_init(&b);
	a = at(9, 9);
	budget_add(&b, &e[id], id + 1, &a);	/* the oldest, alone */
	id++;
	for (; id < SSH_UNFINISHED_MAX; id++) {
		a = at(5, id);
		assert_null(budget_admit(&b, &a, 64, 8, &victim));
		assert_int_equal(victim, 0);
		budget_add(&b, &e[id], id + 1, &a);
	}
	a = at(7, 7);
	assert_null(budget_admit(&b, &a, 64, 8, &victim));
	assert_int_equal(victim, 2);	/* the oldest of 10.0.5.0/24 */
	budget_drop(&b, &e[1]);
	assert_int_equal(b.unfinished, SSH_UNFINISHED_MAX - 1);
	assert_null(budget_admit(&b, &a, 64, 8, &victim));
	assert_int_equal(victim, 0);
	budget_remove(&b, &e[1]);	/* counted once only */
	assert_int_equal(b.unfinished, SSH_UNFINISHED_MAX - 1);
}

/* Who has logged out may come again before the process has ended. */
static void
test_leaving(void **state)
{
	struct addr a = at(4, 1);
	uint32_t victim;

	(void)state;
	budget_init(&b);
	budget_add(&b, &e[0], 1, &a);
	budget_leave(&b, &e[0]);	/* never logged in */
	assert_int_equal(b.unfinished, 1);
	assert_null(budget_finish(&b, &e[0], 1));
	assert_string_equal(budget_admit(&b, &a, 1, 1, &victim),
	    "max-sessions");
	assert_string_equal(budget_admit(&b, &a, 64, 1, &victim),
	    "max-per-address");
	budget_leave(&b, &e[0]);
	assert_null(budget_admit(&b, &a, 1, 1, &victim));
	assert_int_equal(victim, 0);
	/* Clients that do not take their end are not many at a time. */
	for (uint32_t i = 1; i <= SSH_LEAVING_MAX; i++) {
		budget_add(&b, &e[i], i + 1, &a);
		assert_null(budget_finish(&b, &e[i], 1));
		budget_leave(&b, &e[i]);
	}
	assert_int_equal(b.finished, 1);
	assert_string_equal(budget_admit(&b, &a, 64, 1, &victim),
	    "max-per-address");
	budget_remove(&b, &e[SSH_LEAVING_MAX]);
	assert_null(budget_admit(&b, &a, 64, 1, &victim));
	for (uint32_t i = 0; i < SSH_LEAVING_MAX; i++)
		budget_remove(&b, &e[i]);
	assert_int_equal(b.leaving + b.finished + b.unfinished, 0);
}

static void
test_outlet(void **state)
{
	struct outlet o = { 0, 0 };

	(void)state;
	assert_true(outlet_take(&o, OUTLET_WINDOW - 1, 1));
	assert_true(outlet_take(&o, 1000, 1));	/* the last that fits */
	assert_false(outlet_take(&o, 1, 3));
	assert_int_equal(outlet_missed(&o), 0);	/* not yet: no room */
	outlet_ack(&o, 1000);
	assert_false(outlet_take(&o, 1, 1));	/* said first, then go on */
	outlet_ack(&o, OUTLET_WINDOW / 2 + 1);
	assert_int_equal(outlet_missed(&o), 4);
	assert_int_equal(outlet_missed(&o), 0);
	assert_true(outlet_take(&o, 1, 1));
	outlet_ack(&o, SIZE_MAX);
	assert_int_equal(o.inflight, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_per_address),
		cmocka_unit_test(test_sessions),
		cmocka_unit_test(test_leaving),
		cmocka_unit_test(test_crowd),
		cmocka_unit_test(test_outlet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

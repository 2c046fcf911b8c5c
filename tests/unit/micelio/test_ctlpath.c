/* SPDX-License-Identifier: MIT */
/* Where the control socket is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "config.h"
#include "ctlpath.h"

static char out[CTLPATH_MAX + 1];

static void
test_places(void **state)
{
	(void)state;
	assert_true(ctlpath("/home/a/.micelio", NULL, out));
	assert_string_equal(out, "/home/a/.micelio/control.sock");
	assert_true(ctlpath("/home/a/.micelio//", "/run/user/1", out));
	assert_string_equal(out, "/home/a/.micelio/control.sock");
	assert_true(ctlpath(MICELIO_STATEDIR, NULL, out));
	assert_string_equal(out, MICELIO_RUNDIR "/control.sock");
	assert_true(ctlpath(MICELIO_STATEDIR "/eu-1", NULL, out));
	assert_string_equal(out, MICELIO_RUNDIR "-eu-1/control.sock");
	assert_true(ctlpath(MICELIO_STATEDIR "x", NULL, out));
	assert_string_equal(out, MICELIO_STATEDIR "x/control.sock");
}

static void
test_long(void **state)
{
	char dir[200], other[CTLPATH_MAX + 1];

	(void)state;
	memset(dir, 'd', sizeof(dir));
	dir[0] = '/';
	/* As long as fits, and one more. */
	dir[CTLPATH_MAX - strlen("/control.sock")] = '\0';
	assert_true(ctlpath(dir, "/run/user/1", out));
	assert_int_equal(strlen(out), CTLPATH_MAX);
	dir[CTLPATH_MAX - strlen("/control.sock")] = 'd';
	dir[sizeof(dir) - 1] = '\0';
	assert_false(ctlpath(dir, NULL, out));
	assert_false(ctlpath(dir, "relative", out));
	assert_true(ctlpath(dir, "/run/user/1", out));
	assert_memory_equal(out, "/run/user/1/micelio-", 20);
	assert_int_equal(strlen(out), 20 + 12 + 5);
	/* Another directory, another socket. */
	dir[100] = 'e';
	assert_true(ctlpath(dir, "/run/user/1", other));
	assert_string_not_equal(out, other);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

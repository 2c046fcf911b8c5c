/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "micelioctl.h"

static struct options o;
static char why[256];

static int
parse(int n, const char **words)
{
	char *argv[16];

	for (int i = 0; i < n; i++)
		argv[i] = (char *)(uintptr_t)words[i];
	return options_parse(&o, n, argv, why, sizeof(why));
}
#define PARSE(...)	parse((int)(sizeof((const char *[]){ __VA_ARGS__ }) / \
	    sizeof(char *)), (const char *[]){ __VA_ARGS__ })

static void
test_options(void **state)
{
	(void)state;
	assert_int_equal(PARSE("m", "-s", "/x", "--timeout", "2s", "--json",
	    "who", "-s", "--timeout"), EX_OK);
	assert_string_equal(o.socket, "/x");
	assert_int_equal(o.timeout_ms, 2000);
	assert_int_equal(o.n, 4);	/* who --json -s --timeout */
	assert_string_equal(o.words[0], "who");
	assert_string_equal(o.words[1], "--json");
	assert_string_equal(o.words[2], "-s");
	assert_int_equal(PARSE("m", "--data-dir=/d", "--", "who"), EX_OK);
	assert_string_equal(o.data_dir, "/d");
	assert_int_equal(o.timeout_ms, 5000);
	assert_int_equal(PARSE("m", "--version"), EX_OK);
	assert_true(o.version);
}

static void
test_wrong(void **state)
{
	(void)state;
	assert_int_equal(PARSE("m"), EX_USAGE);
	assert_int_equal(PARSE("m", "--nosuch", "who"), EX_USAGE);
	assert_int_equal(PARSE("m", "-s"), EX_USAGE);
	assert_int_equal(PARSE("m", "--timeout", "soon", "who"), EX_USAGE);
	assert_non_null(strstr(why, "\"soon\""));
	assert_int_equal(PARSE("m", "--data-dir"), EX_USAGE);
}

static void
test_timeout(void **state)
{
	uint64_t ms;

	(void)state;
	assert_true(timeout_parse("5", &ms) && ms == 5000);
	assert_true(timeout_parse("0.5", &ms) && ms == 500);
	assert_true(timeout_parse("250ms", &ms) && ms == 250);
	assert_true(timeout_parse("1m", &ms) && ms == 60000);
	assert_false(timeout_parse("0", &ms));
	assert_false(timeout_parse("-1", &ms));
	assert_false(timeout_parse("", &ms));
	assert_false(timeout_parse("nan", &ms));
	assert_false(timeout_parse("1e99", &ms));
	assert_false(timeout_parse("5x", &ms));
}

static void
test_path(void **state)
{
	char out[CTLPATH_MAX + 1], big[300];

	(void)state;
	unsetenv("MICELIO_SOCKET");
	memset(&o, 0, sizeof(o));
	o.socket = "/a/b";
	o.data_dir = "/ignored";
	assert_true(socket_path(&o, out, why, sizeof(why)));
	assert_string_equal(out, "/a/b");
	o.socket = NULL;
	o.data_dir = "/nonexistent-dir";
	setenv("MICELIO_SOCKET", "/env", 1);	/* what is said wins */
	assert_true(socket_path(&o, out, why, sizeof(why)));
	assert_string_equal(out, "/nonexistent-dir/control.sock");
	o.data_dir = NULL;
	assert_true(socket_path(&o, out, why, sizeof(why)));
	assert_string_equal(out, "/env");
	memset(big, 'x', sizeof(big));
	big[sizeof(big) - 1] = '\0';
	o.socket = big;
	assert_false(socket_path(&o, out, why, sizeof(why)));
	assert_non_null(strstr(why, "299 bytes, want 107 at most"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_timeout),
		cmocka_unit_test(test_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* A5: without a terminal LF, CR and CR LF end a line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "plainline.h"

static char seen[1024];

static void
on_line(void *arg, const char *text, size_t len)
{
	size_t n = strlen(seen);

	(void)arg;
	snprintf(seen + n, sizeof(seen) - n, "(%.*s)", (int)len, text);
}

static void
on_too_long(void *arg, size_t bytes)
{
	size_t n = strlen(seen);

	(void)arg;
	snprintf(seen + n, sizeof(seen) - n, "<%zu>", bytes);
}

static const struct plainline_ops ops = { on_line, on_too_long };

static void
test_line_ends(void **state)
{
	static const char in[] = "a\nb\r\nc\rd\r\r\n\nlast";
	struct plainline p = { .len = 0 };
	size_t i;

	(void)state;
	seen[0] = '\0';
	plainline_feed(&p, in, sizeof(in) - 1, &ops, NULL);
	plainline_eof(&p, &ops, NULL);
	assert_string_equal(seen, "(a)(b)(c)(d)()()(last)");
	seen[0] = '\0';
	memset(&p, 0, sizeof(p));
	for (i = 0; i < sizeof(in) - 1; i++)
		plainline_feed(&p, in + i, 1, &ops, NULL);
	assert_string_equal(seen, "(a)(b)(c)(d)()()");
	plainline_eof(&p, &ops, NULL);
	plainline_eof(&p, &ops, NULL);
	assert_string_equal(seen, "(a)(b)(c)(d)()()(last)");
}

static void
test_too_long(void **state)
{
	struct plainline p = { .len = 0 };
	char x[1000];
	int i;

	(void)state;
	seen[0] = '\0';
	memset(x, 'x', sizeof(x));
	for (i = 0; i < 17; i++)
		plainline_feed(&p, x, sizeof(x), &ops, NULL);
	plainline_feed(&p, "\nok\n", 4, &ops, NULL);
	assert_string_equal(seen, "<17000>(ok)");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_line_ends),
		cmocka_unit_test(test_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

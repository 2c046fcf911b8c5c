/* SPDX-License-Identifier: MIT */
/* Clusters and their columns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "glyph.h"

#define FAMILY	"\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7"	/* ZWJ */
#define FLAG	"\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa"
#define E_ACUTE	"e\xcc\x81"
#define HEART16	"\xe2\x9d\xa4\xef\xb8\x8f"
#define THUMB	"\xf0\x9f\x91\x8d\xf0\x9f\x8f\xbd"	/* with skin tone */

static const struct {
	const char	*text;
	size_t		 clusters, columns;
} table[] = {
	{ "", 0, 0 }, { "abc", 3, 3 },
	{ "\xe6\x97\xa5\xe6\x9c\xac", 2, 4 },
	{ E_ACUTE, 1, 1 }, { "x" E_ACUTE "y", 3, 3 },
	{ FAMILY, 1, 2 }, { FLAG FLAG, 2, 4 }, { HEART16, 1, 2 },
	{ THUMB "a", 2, 3 },
	{ "\xea\xb0\x80", 1, 2 },			/* Hangul */
	{ "\xe1\x84\x80\xe1\x85\xa1", 1, 2 },		/* its parts */
	{ "\xcc\x81", 1, 1 },				/* a lone mark */
	{ "a\xe2\x80\xae" "b", 3, 10 },			/* <U+202E> */
	{ "\xe2\x80\x8b", 1, 8 },			/* zero width: visible */
};

static void
test_clusters(void **state)
{
	size_t i, n, pos, len, ends[16];

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		len = strlen(table[i].text);
		for (n = 0, pos = 0; pos < len; n++) {
			assert_true(n < 16);
			ends[n] = pos;
			pos = glyph_next(table[i].text, len, pos);
		}
		assert_int_equal(pos, len);
		assert_int_equal(n, table[i].clusters);
		for (pos = len; pos > 0;) {
			pos = glyph_prev(table[i].text, len, pos);
			assert_int_equal(pos, ends[--n]);
		}
		assert_int_equal(n, 0);
	}
}

static void
test_columns(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		assert_int_equal(glyph_columns(table[i].text,
		    strlen(table[i].text)), table[i].columns);
}

static void
test_show(void **state)
{
	char out[GLYPH_TEXT_MAX], stack[400] = "a";
	unsigned int w;
	size_t n, i;

	(void)state;
	n = glyph_show("\xe2\x80\xae", 3, out, &w);
	assert_int_equal(n, 8);
	assert_memory_equal(out, "<U+202E>", 8);
	assert_int_equal(w, 8);
	n = glyph_show("\xcc\x81", 2, out, &w);
	assert_memory_equal(out, "\xe2\x97\x8c\xcc\x81", n);
	assert_int_equal(w, 1);
	n = glyph_show("\x1b", 1, out, &w);
	assert_memory_equal(out, "<U+001B>", n);
	/* A tower of marks does not overflow. */
	for (i = 0; i < 150; i++)
		memcpy(stack + 1 + i * 2, "\xcc\x81", 2);
	n = glyph_show(stack, 301, out, &w);
	assert_true(n <= GLYPH_TEXT_MAX);
	assert_int_equal(w, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clusters),
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_show),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* Lines that come into authorized_keys, and go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <string.h>

#include "authkeys_lines.h"
#include "cursor.h"

static struct wbuf out;

static const char *
result(void)
{
	wbuf_u8(&out, '\0');
	return (const char *)out.p;
}

static void
test_lines(void **state)
{
	static const char *const bad[] = { "", "# a comment", "a\nb", "a\rb",
	    "a\x1b[m", "a\x7f" };
	static uint8_t longest[AUTHKEYS_LINE_MAX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(authkeys_line_good((const uint8_t *)bad[i],
		    strlen(bad[i])));
	assert_false(authkeys_line_good((const uint8_t *)"a\0b", 3));
	memset(longest, 'x', sizeof(longest));
	assert_false(authkeys_line_good(longest, sizeof(longest)));
	assert_true(authkeys_line_good(longest, sizeof(longest) - 1));
	assert_true(authkeys_line_good((const uint8_t *)"name=\"\xc3\xa9\"\tx",
	    11));
}

static const char *
with(const char *file)
{
	wbuf_reset(&out);
	authkeys_with((const uint8_t *)file, strlen(file),
	    (const uint8_t *)"new", 3, &out);
	return result();
}

static void
test_with(void **state)
{
	(void)state;
	assert_string_equal(with(""), "new\n");
	assert_string_equal(with("one\n"), "one\nnew\n");
	assert_string_equal(with("one"), "one\nnew\n");
}

static const char *
without(const char *file, uint32_t line, const char *was)
{
	uint8_t digest[32];

	crypto_hash_sha256(digest, (const uint8_t *)was, strlen(was));
	wbuf_reset(&out);
	return authkeys_without((const uint8_t *)file, strlen(file), line,
	    digest, &out) ? result() : NULL;
}

static void
test_without(void **state)
{
	(void)state;
	assert_string_equal(without("a\nb\nc\n", 1, "a"), "b\nc\n");
	assert_string_equal(without("a\nb\r\nc\n", 2, "b\r"), "a\nc\n");
	assert_string_equal(without("a\n\nc", 3, "c"), "a\n\n");
	assert_string_equal(without("a", 1, "a"), "");
	/* Another line by now, or none. */
	assert_null(without("a\nb\n", 1, "b"));
	assert_null(without("a\nb\n", 0, "a"));
	assert_null(without("a\nb\n", 3, ""));
	assert_null(without("", 1, ""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines), cmocka_unit_test(test_with),
		cmocka_unit_test(test_without),
	};
	int failed;

	wbuf_init(&out, 4096);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	wbuf_free(&out);
	return failed;
}

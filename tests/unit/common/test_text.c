/* SPDX-License-Identifier: MIT */
#include "t.h"

#include "text.h"

static void
utf8(void **state)
{
	static const struct {
		const char *s;
		size_t n;
		bool ok;
	} t[] = {
		{ "abc", 3, true }, { "\xc3\xa8", 2, true },
		{ "\xe2\x80\x94", 3, true }, { "\xf0\x9f\x8d\x84", 4, true },
		{ "a\0b", 3, true }, { "", 0, true },
		{ "\xff", 1, false }, { "\xc0\x80", 2, false },
		{ "\xc3", 1, false }, { "\xed\xa0\x80", 3, false },
		{ "\xf4\x90\x80\x80", 4, false }, { "\xe0\x80\x80", 3, false },
		{ "\x80", 1, false }, { "\xf0\x9f\x8d", 3, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		assert_int_equal(utf8_valid(t[i].s, t[i].n), t[i].ok);
}

static void
shows(const char *in, size_t n, const char *out, bool one_line)
{
	char buf[128];

	assert_int_equal(text_safe(in, n, buf, sizeof(buf), one_line),
	    strlen(out));
	assert_string_equal(buf, out);
}

static void
makes_control_characters_visible(void **state)
{
	(void)state;
	assert_true(text_tame("caf\xc3\xa9 \"", 7));
	assert_false(text_tame("a\nb", 3));
	assert_false(text_tame("a\0b", 3));
	assert_false(text_tame("\xe2\x80\xae" "x", 4));
	assert_false(text_tame("ok\xc3", 3));
	shows("a\x1b[31mb", 7, "a\\x1b[31mb", true);
	shows("a\nb\tc", 5, "a b c", true);
	shows("a\nb", 3, "a\nb", false);
	shows("a\0b", 3, "a\\x00b", true);
	shows("\xc2\x9b" "31m", 5, "\\x9b31m", true);
	shows("\xe2\x80\xae" "x", 4, "<U+202E>x", true);
	shows("\xe2\x80\xa8", 3, "<U+2028>", true);
	shows("\xff\xfe", 2, "\\xff\\xfe", true);
	shows("caf\xc3\xa9 \xf0\x9f\x8d\x84", 10, "caf\xc3\xa9 \xf0\x9f\x8d\x84",
	    true);
}

static void
never_cuts_a_character(void **state)
{
	char buf[5];

	(void)state;
	assert_int_equal(text_safe("abc\xc3\xa9", 5, buf, sizeof(buf), true),
	    3);
	assert_string_equal(buf, "abc");
	assert_int_equal(text_safe("ab\x1b", 3, buf, sizeof(buf), true), 2);
}

/* Whatever comes in, no control byte goes out. */
static void
random_bytes_stay_tame(void **state)
{
	char in[64], out[1024], json[1024];
	uint32_t x = 12345;
	size_t n, len;

	(void)state;
	for (int round = 0; round < 10000; round++) {
		n = (x >> 8) % sizeof(in);
		for (size_t i = 0; i < n; i++) {
			x = x * 1664525 + 1013904223;
			in[i] = (char)(x >> 24);
		}
		len = text_safe(in, n, out, sizeof(out), true);
		assert_true(utf8_valid(out, len));
		for (size_t i = 0; i < len; i++)
			assert_true((uint8_t)out[i] >= 0x20 &&
			    out[i] != 0x7f);
		len = text_json(in, n, json, sizeof(json));
		assert_true(utf8_valid(json, len));
		for (size_t i = 0; i < len; i++)
			assert_true((uint8_t)json[i] >= 0x20);
		len = text_log_value(in, n, out, sizeof(out));
		for (size_t i = 0; i < len; i++)
			assert_true((uint8_t)out[i] >= 0x20);
	}
}

static void
log_values(void **state)
{
	char b[64];
	size_t n;

	(void)state;
	text_log_value("plain", 5, b, sizeof(b));
	assert_string_equal(b, "plain");
	text_log_value("", 0, b, sizeof(b));
	assert_string_equal(b, "\"\"");
	text_log_value("a b", 3, b, sizeof(b));
	assert_string_equal(b, "\"a b\"");
	text_log_value("a=\"b\"", 5, b, sizeof(b));
	assert_string_equal(b, "\"a=\\\"b\\\"\"");
	text_log_value("a\nlevel=error", 13, b, sizeof(b));
	assert_string_equal(b, "\"a level=error\"");
	/* Cut, it still holds whole characters. */
	for (size_t size = 3; size < 12; size++) {
		n = text_log_value("\xc3\xbc\xe2\x82\xac\xc3\xbc", 7, b, size);
		assert_true(n < size && utf8_valid(b, n));
		n = text_log_value("\xc3\xbc \xe2\x82\xac\xc3\xbc", 8, b, size);
		assert_true(n < size && utf8_valid(b, n));
		assert_true(b[0] == '"' && b[n - 1] == '"');
	}
}

static void
nearest(void **state)
{
	static const char *const words[] = { "network.listen", "network.allow",
	    "ssh.listen", "who", NULL };
	static const char *const swapped[] = { "status", "stats", NULL };

	(void)state;
	assert_string_equal(text_nearest("network.lisen", words),
	    "network.listen");
	assert_string_equal(text_nearest("woh", words), "who");
	assert_string_equal(text_nearest("stauts", swapped), "status");
	assert_null(text_nearest("zebra", words));
	assert_null(text_nearest("", words));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(utf8),
		cmocka_unit_test(makes_control_characters_visible),
		cmocka_unit_test(never_cuts_a_character),
		cmocka_unit_test(random_bytes_stay_tame),
		cmocka_unit_test(log_values),
		cmocka_unit_test(nearest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

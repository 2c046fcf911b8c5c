/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nick.h"

static void
test_check(void **state)
{
	static const char *const good[] = { "a", "alice", "Alice_2",
	    "x.y[z]`^{}|-", "\xc3\x89lodie", "e\xcc\x81", "\xe6\x9d\x8e",
	    "12345678901234567890123456789012" };
	static const char *const bad[] = { "", "-a", "a b", "a@b", "#a",
	    "a:b", "a~2", "a\tb", "a\x1b[31m", "\x7f", "\xc2\x85",
	    "\xe2\x80\xaex", "a\xe2\x80\x8b", "\xcc\x81", "\xff",
	    "e\xcc\x81\xcc\x81\xcc\x81", "\xe3\x85\xa4", "a/b", "<a>",
	    "\xf0\x9f\x98\x80", "micelio", "System", "EVERYONE",
	    "\xef\xbd\x81ll",
	    "123456789012345678901234567890123" };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (nick_check(good[i], strlen(good[i])) != NULL)
			fail_msg("%s: %s", good[i], nick_check(good[i],
			    strlen(good[i])));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (nick_check(bad[i], strlen(bad[i])) == NULL)
			fail_msg("accepted: %s", bad[i]);
	assert_non_null(nick_check("a\0b", 3));
}

/* One foreign letter among Latin ones is a disguise; a name of its own not. */
static void
test_mixed(void **state)
{
	static const char *const bad[] = {
		"\xd0\xb0licea",			/* Cyrillic a */
		"b\xce\xbf" "b",			/* Greek o */
		"b\xd6\x85" "b",			/* Armenian o */
		"\xe1\x8e\xaalice",			/* Cherokee A */
		"\xef\xbd\x81licf",			/* full width a */
		"\xf0\x9d\x90\x9alicf",		/* mathematical a */
		"\xc9\x91licf",			/* phonetic alpha */
		"\xc3\xa9lodi\xd0\xb5",		/* Latin e acute */
	};
	static const char *const good[] = { "\xd0\x90\xd0\xbd\xd0\xbd\xd0\xb0",
	    "\xd0\x90\xd0\xbd\xd0\xbd\xd0\xb0_2", "\xce\x9d\xce\xaf\xce\xba",
	    "\xe6\x9d\x8ewei", "Zo\xc3\xab" };
	char out[128];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *why = nick_check(bad[i], strlen(bad[i]));

		if (why == NULL || strstr(why, "mixes") == NULL)
			fail_msg("%s: %s", bad[i], why);
		nick_show(bad[i], strlen(bad[i]), out, sizeof(out));
		assert_non_null(strstr(out, "\\u"));
	}
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (nick_check(good[i], strlen(good[i])) != NULL)
			fail_msg("refused: %s", good[i]);
		nick_show(good[i], strlen(good[i]), out, sizeof(out));
		assert_string_equal(out, good[i]);
	}
	nick_show(bad[0], strlen(bad[0]), out, sizeof(out));
	assert_string_equal(out, "\\u0430licea");
}

static void
test_same(void **state)
{
	(void)state;
	assert_true(nick_same("alice", "ALICE"));
	assert_true(nick_same("\xc3\xa9", "e\xcc\x81"));
	assert_true(nick_same("alice", "\xef\xbd\x81lice"));	/* wide a */
	assert_true(nick_same("stra\xc3\x9f" "e", "STRASSE"));
	/* All in another script, and yet the same to the eye. */
	assert_true(nick_same("cocoa",
	    "\xd1\x81\xd0\xbe\xd1\x81\xd0\xbe\xd0\xb0"));
	assert_true(nick_same("PAX", "\xd0\xa0\xd0\x90\xd0\xa5"));
	assert_true(nick_same("ovo", "\xce\xbf\xce\xbd\xce\xbf"));
	assert_false(nick_same("maria",
	    "\xd0\xbc\xd0\xb0\xd1\x80\xd0\xb8\xd1\x8f"));
	assert_false(nick_same("alice", "alicf"));
	assert_false(nick_same("alice", "alice~2"));
}

static void
test_show(void **state)
{
	char out[128];

	(void)state;
	nick_show("bob", 3, out, sizeof(out));
	assert_string_equal(out, "bob");
	nick_show("a@b <c>\xc2\xa0", 9, out, sizeof(out));
	assert_string_equal(out, "a?b??c??");
	nick_show("\x1b[2J", 4, out, sizeof(out));
	assert_string_equal(out, "\\x1b[2J");
	nick_show("a\nb", 3, out, sizeof(out));
	assert_string_equal(out, "a?b");
	nick_show("", 0, out, sizeof(out));
	assert_string_equal(out, "?");
	for (size_t n = 3; n < 10; n++) {	/* never half a character */
		nick_show("\xc3\xa9\xc3\xa9\xc3\xa9", 6, out, n);
		assert_int_equal(strlen(out) % 2, 0);
		assert_true(strlen(out) < n);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_mixed),
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_show),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

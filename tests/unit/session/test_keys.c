/* SPDX-License-Identifier: MIT */
/* Bytes to keys: every sequence we know, and the ones nobody should know. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "keys.h"

struct seen {
	char	text[4096];
	size_t	len, keys;
};

static const char *const names[] = {
	[KEY_ENTER] = "Enter", [KEY_TAB] = "Tab", [KEY_BACKTAB] = "S-Tab",
	[KEY_ESC] = "Esc", [KEY_LEFT] = "Left", [KEY_RIGHT] = "Right",
	[KEY_UP] = "Up", [KEY_DOWN] = "Down", [KEY_WORD_LEFT] = "M-Left",
	[KEY_WORD_RIGHT] = "M-Right", [KEY_HOME] = "Home",
	[KEY_END] = "End", [KEY_PGUP] = "PgUp", [KEY_PGDN] = "PgDn",
	[KEY_BACKSPACE] = "BS", [KEY_DELETE] = "Del",
	[KEY_DELETE_OR_EOF] = "C-d", [KEY_KILL_WORD_SPACE] = "C-w",
	[KEY_KILL_WORD_BACK] = "M-BS", [KEY_KILL_WORD] = "M-d",
	[KEY_KILL_END] = "C-k", [KEY_KILL_START] = "C-u",
	[KEY_YANK] = "C-y", [KEY_TRANSPOSE] = "C-t", [KEY_UNDO] = "C-_",
	[KEY_SEARCH] = "C-r", [KEY_CLEAR] = "C-l", [KEY_INTERRUPT] = "C-c",
	[KEY_CANCEL] = "C-g", [KEY_PASTE_BEGIN] = "Paste(",
	[KEY_PASTE_END] = ")Paste", [KEY_BAD] = "Bad",
};

static void
key_seen(void *arg, enum key key, const char *utf8, size_t len)
{
	struct seen *s = arg;
	int n;

	s->keys++;
	if (key == KEY_CHAR)
		n = snprintf(s->text + s->len, sizeof(s->text) - s->len,
		    "%.*s ", (int)len, utf8);
	else
		n = snprintf(s->text + s->len, sizeof(s->text) - s->len,
		    "%s ", names[key]);
	if (n > 0 && s->len + (size_t)n < sizeof(s->text))
		s->len += (size_t)n;
}

static void
feed(const char *bytes, size_t len, const char *want)
{
	struct seen s = { .len = 0 };
	struct keys k;
	size_t i;

	/* All at once, and byte by byte: the same keys. */
	keys_init(&k);
	keys_feed(&k, bytes, len, 1000, key_seen, &s);
	keys_tick(&k, 2000, key_seen, &s);
	assert_string_equal(s.text, want);
	memset(&s, 0, sizeof(s));
	keys_init(&k);
	for (i = 0; i < len; i++)
		keys_feed(&k, bytes + i, 1, 1000 + i, key_seen, &s);
	keys_tick(&k, 3000, key_seen, &s);
	assert_string_equal(s.text, want);
}

static void
test_table(void **state)
{
	static const struct {
		const char	*bytes, *keys;
	} t[] = {
		{ "ab", "a b " },
		{ "\r", "Enter " }, { "\n", "Enter " },
		{ "\r\n", "Enter " }, { "\r\r\n\n", "Enter Enter Enter " },
		{ "\001\005\002\006", "Home End Left Right " },
		{ "\177\010\004", "BS BS C-d " },
		{ "\013\025\027\031\024\037", "C-k C-u C-w C-y C-t C-_ " },
		{ "\020\016\022\014\003\007", "Up Down C-r C-l C-c C-g " },
		{ "\t\033[Z", "Tab S-Tab " },
		{ "\033[A\033[B\033[C\033[D", "Up Down Right Left " },
		{ "\033OA\033OB\033OC\033OD", "Up Down Right Left " },
		{ "\033[H\033[F\033OH\033OF", "Home End Home End " },
		{ "\033[1~\033[4~\033[7~\033[8~", "Home End Home End " },
		{ "\033[3~\033[5~\033[6~", "Del PgUp PgDn " },
		{ "\033[1;5C\033[1;5D\033[1;3C\033[1;3D",
		    "M-Right M-Left M-Right M-Left " },
		{ "\033[1;2C", "Right " },
		{ "\033Oc\033Od\033\033[C", "M-Right M-Left M-Right " },
		{ "\033b\033f\033d\033\177", "M-Left M-Right M-d M-BS " },
		{ "\033[3;5~", "M-d " },
		{ "\033[200~x\033[201~", "Paste( x )Paste " },
		/* unknown ones go whole */
		{ "\033[15~a", "a " }, { "\033[99;99;99~a", "a " },
		{ "\033[?1;2ca", "a " }, { "\033[>0;276;0ca", "a " },
		{ "\033[[Aa", "a " }, { "\033OPa", "a " },
		{ "\033[97;5ua", "a " }, { "\033za", "a " },
		{ "\033]0;title\007a", "a " },
		{ "\033]0;title\033\\a", "a " },
		{ "\033P1$r0m\033\\a", "a " },
		{ "\033]broken\033[201~a", ")Paste a " },
		{ "\033[1\rb", "Enter b " },
		/* UTF-8 */
		{ "\xc3\xa9\xe6\x97\xa5\xf0\x9f\x98\x80",
		    "\xc3\xa9 \xe6\x97\xa5 \xf0\x9f\x98\x80 " },
		{ "\xc3z", "Bad z " }, { "\x80\xff", "Bad Bad " },
		{ "\xc0\xaf", "Bad Bad " }, { "\xed\xa0\x80", "Bad " },
		{ "\xe6\x97", "Bad " },
		{ "\x9b" "A", "Bad A " },	/* no 8-bit CSI */
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		feed(t[i].bytes, strlen(t[i].bytes), t[i].keys);
}

static void
test_lone_esc(void **state)
{
	struct seen s = { .len = 0 };
	struct keys k;

	(void)state;
	keys_init(&k);
	keys_feed(&k, "\033", 1, 100, key_seen, &s);
	assert_int_equal(k.deadline_ms, 100 + KEYS_ESC_MS);
	keys_tick(&k, 149, key_seen, &s);
	assert_int_equal(s.keys, 0);
	keys_tick(&k, 150, key_seen, &s);
	assert_string_equal(s.text, "Esc ");
	assert_int_equal(k.deadline_ms, 0);
	/* A later letter is a letter, not Alt. */
	keys_feed(&k, "b", 1, 151, key_seen, &s);
	assert_string_equal(s.text, "Esc b ");
}

/* W15: 256 ESC without an end must neither hang nor fill anything. */
static void
test_many_esc(void **state)
{
	struct seen s = { .len = 0 };
	struct keys k;
	char esc[256];

	(void)state;
	keys_init(&k);
	memset(esc, '\033', sizeof(esc));
	keys_feed(&k, esc, sizeof(esc), 100, key_seen, &s);
	keys_feed(&k, "\033[", 2, 101, key_seen, &s);
	keys_tick(&k, 101 + KEYS_SEQ_MS, key_seen, &s);
	keys_feed(&k, "ok", 2, 1000, key_seen, &s);
	assert_string_equal(s.text, "o k ");
}

/* A sequence that never ends is given up after so many bytes. */
static void
test_endless(void **state)
{
	static const char *const starts[] = { "\033[", "\033]", "\033P" };
	struct seen s;
	struct keys k;
	size_t i, j;

	(void)state;
	for (i = 0; i < 3; i++) {
		memset(&s, 0, sizeof(s));
		keys_init(&k);
		keys_feed(&k, starts[i], 2, 1, key_seen, &s);
		for (j = 0; j < KEYS_SWALLOW_MAX + KEYS_SEQ_MAX + 2; j++)
			keys_feed(&k, "1", 1, 2, key_seen, &s);
		assert_int_equal(k.state, KS_GROUND);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_lone_esc),
		cmocka_unit_test(test_many_esc),
		cmocka_unit_test(test_endless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

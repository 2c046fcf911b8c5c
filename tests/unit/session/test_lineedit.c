/* SPDX-License-Identifier: MIT */
/* Keys to line and cursor. */
#include "editrig.h"
#include "text.h"

static void
test_keys(void **state)
{
	static const struct {
		const char	*keys, *line;
	} t[] = {
		{ "abc", "abc|" }, { "abc\001", "|abc" },
		{ "abc\001\005", "abc|" }, { "abc\033[D\033[D", "a|bc" },
		{ "abc\002\002\006", "ab|c" }, { "abc\033[H\033[C", "a|bc" },
		{ "one two three\033b", "one two |three" },
		{ "one two three\033b\033b", "one |two three" },
		{ "one two\001\033f", "one| two" },
		{ "one two\001\033[1;5C\033[1;5C", "one two|" },
		{ "one, two\033[1;5D", "one, |two" },
		{ "abc\177", "ab|" }, { "abc\010\010\010\010", "|" },
		{ "abc\001\033[3~", "|bc" }, { "abc\001\004", "|bc" },
		{ "a/b c-d\027", "a/b |" }, { "a/b c-d  \027", "a/b |" },
		{ "a/b c-d\033\177", "a/b c-|" },
		{ "one two\001\033d", "| two" },
		{ "one two\033b\013", "one |" },
		{ "one two\033b\025", "|two" },
		{ "one two\027\001\031", "two|one " },
		{ "ab\024", "ba|" }, { "abc\002\024", "acb|" },
		{ "abc\001\024", "|abc" },
		{ "abc\027\037", "abc|" }, { "abc def\037", "abc|" },
		{ "abc\001x\037", "|abc" },
		{ "abc\033[5~\033[6~\033", "abc|" },
		/* wide, combining, emoji */
		{ "\xe6\x97\xa5\xe6\x9c\xac\177", "\xe6\x97\xa5|" },
		{ "e\xcc\x81x\002\002", "|e\xcc\x81x" },
		{ "e\xcc\x81\177", "|" },
		{ "a\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7\177", "a|" },
		{ "a\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa\002",
		    "a|\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa" },
		{ "\xff" "a", "a|" },
	};
	struct lineedit le;
	struct seen s;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		edit_start(&le, &s);
		edit_type(&le, t[i].keys, 100);
		assert_line(&le, t[i].line);
		assert_true(le.buf.cursor <= le.buf.len);
		lineedit_free(&le);
	}
}

static void
test_enter(void **state)
{
	struct lineedit le;
	struct seen s;

	(void)state;
	edit_start(&le, &s);
	edit_type(&le, "hello\r", 100);
	assert_string_equal(s.log, "");		/* may be part of a burst */
	assert_int_equal(lineedit_deadline(&le), 105);
	lineedit_tick(&le, 105);
	assert_string_equal(s.log, "line(hello) ");
	edit_type(&le, "/who\r", 200);		/* a command never waits */
	assert_string_equal(s.log, "line(hello) line(/who) ");
	edit_type(&le, "\r", 300);
	lineedit_tick(&le, 400);
	assert_string_equal(s.log, "line(hello) line(/who) line() ");
	assert_int_equal(lineedit_deadline(&le), 0);
	lineedit_free(&le);
}

/* What does not fit is not cut off: the line is not said at all. */
static void
test_line_too_long(void **state)
{
	struct lineedit le;
	struct seen s;
	char *big = calloc(1, LINEBUF_MAX + 101);

	(void)state;
	assert_non_null(big);
	memset(big, 'x', LINEBUF_MAX + 100);
	edit_start(&le, &s);
	edit_type(&le, big, 100);
	assert_string_equal(s.log, "bell() ");
	edit_type(&le, "\r", 300);
	assert_string_equal(s.log, "bell() too_long(16484) ");
	lineedit_tick(&le, 1000);
	assert_string_equal(s.log, "bell() too_long(16484) ");
	assert_line(&le, "|");
	/* The next one is a line as any; so is one after ^C or ^U. */
	edit_forget(&s);
	edit_type(&le, "a\r", 2000);
	lineedit_tick(&le, 3000);
	assert_string_equal(s.log, "line(a) ");
	for (const char *key = "\003\025"; *key != '\0'; key++) {
		edit_type(&le, big, 4000);
		edit_type(&le, (char[]){ *key, '\0' }, 4001);
		edit_forget(&s);
		edit_type(&le, "b\r", 5000);
		lineedit_tick(&le, 6000);
		assert_string_equal(s.log, "line(b) ");
	}
	/* Exactly as long as it may be is said. */
	big[LINEBUF_MAX] = '\0';
	edit_type(&le, big, 7000);
	edit_forget(&s);
	s.biggest = 0;
	edit_type(&le, "\r", 7001);
	lineedit_tick(&le, 8000);
	assert_int_equal(s.biggest, LINEBUF_MAX);
	free(big);
	lineedit_free(&le);
}

static void
test_full_line(void **state)
{
	struct lineedit le;
	struct seen s;
	size_t i;

	(void)state;
	edit_start(&le, &s);
	for (i = 0; i < LINE_MAX_BYTES; i++)
		edit_type(&le, "x", 100);
	assert_string_equal(s.log, "");
	edit_type(&le, "x", 100);
	assert_string_equal(s.log, "bell() ");
	assert_int_equal(le.buf.len, LINE_MAX_BYTES);
	lineedit_free(&le);
}

static void
test_history(void **state)
{
	struct lineedit le;
	struct seen s;
	char line[32];
	int i;

	(void)state;
	edit_start(&le, &s);
	edit_type(&le, "one\r", 100);
	edit_type(&le, "two\r", 200);
	edit_type(&le, "two\r", 300);		/* not twice */
	edit_type(&le, "draft", 400);
	edit_type(&le, "\033[A", 500);
	assert_line(&le, "two|");
	edit_type(&le, "\033[A", 500);
	assert_line(&le, "one|");
	edit_type(&le, "\033[A", 500);
	assert_line(&le, "one|");
	edit_type(&le, "\033[B\033[B", 500);
	assert_line(&le, "draft|");
	edit_type(&le, "\020X\r", 600);	/* edit an old one and send it */
	lineedit_tick(&le, 700);
	assert_non_null(strstr(s.log, "line(twoX) "));
	edit_type(&le, "\020\020", 800);
	assert_line(&le, "two|");
	edit_type(&le, "\025", 900);
	for (i = 0; i < 150; i++) {
		snprintf(line, sizeof(line), "n%d\r", i);
		edit_type(&le, line, 1000 + (uint64_t)i * 100);
	}
	assert_int_equal(le.history.n, HISTORY_MAX);
	for (i = 0; i < 120; i++)
		edit_type(&le, "\020", 30000);
	assert_line(&le, "n50|");
	lineedit_free(&le);
}

static void
test_interrupt_eof(void **state)
{
	struct lineedit le;
	struct seen s;

	(void)state;
	edit_start(&le, &s);
	edit_type(&le, "draft\003", 100);
	assert_string_equal(s.log, "interrupt() ");
	assert_line(&le, "|");
	edit_type(&le, "\003", 200);
	assert_string_equal(s.log, "interrupt() interrupt(empty) ");
	edit_type(&le, "a\177\003", 300);	/* a key between: not twice */
	edit_forget(&s);
	edit_type(&le, "\003", 400);
	assert_string_equal(s.log, "eof() ");
	edit_forget(&s);
	edit_type(&le, "ab\001\004\004", 500);
	assert_string_equal(s.log, "");
	edit_type(&le, "\004", 600);
	assert_string_equal(s.log, "eof() ");
	edit_forget(&s);
	edit_type(&le, "last\r\004", 700);		/* in order */
	assert_string_equal(s.log, "line(last) eof() ");
	lineedit_free(&le);
}

/* W15, and whatever else: never out of bounds, never invalid UTF-8. */
static void
test_random(void **state)
{
	uint32_t seed = 12345, r;
	struct lineedit le;
	struct seen s;
	uint64_t now = 1000;
	uint8_t buf[64];
	size_t i, j, n;

	(void)state;
	edit_start(&le, &s);
	memset(buf, 0x1b, sizeof(buf));
	for (i = 0; i < 4; i++)
		lineedit_feed(&le, buf, 64, now);
	edit_type(&le, "z", now + 1000);
	assert_line(&le, "z|");
	now += 2000;
	for (i = 0; i < 100000; i += n) {
		n = 0;
		for (j = 0; j < sizeof(buf); j++) {
			r = seed = seed * 1664525u + 1013904223u;
			buf[j] = (uint8_t)(r >> 24);
			/* Enough structure to reach the corners. */
			if ((r >> 8 & 7) == 0)
				buf[j] = (uint8_t)"\033[200~1;5\r\t\022\003"
				    [(r >> 12) % 13];
			n++;
		}
		lineedit_feed(&le, buf, n, now);
		now += seed >> 30 == 0 ? 100 : 3;
		assert_true(le.buf.len <= LINE_MAX_BYTES);
		assert_true(le.buf.cursor <= le.buf.len);
		assert_true(utf8_valid(le.buf.text, le.buf.len));
		assert_true(le.pasted.len <= LINEEDIT_PASTE_MAX);
		assert_true(le.burst.len <= LINEEDIT_PASTE_MAX);
		assert_true(le.buf.undo_bytes <= LINEBUF_UNDO_BYTES);
		if (s.len > sizeof(s.log) / 2)
			edit_forget(&s);
	}
	assert_true(s.valid);
	assert_true(s.biggest <= LINEEDIT_PASTE_MAX);
	lineedit_flush(&le);
	lineedit_free(&le);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_enter),
		cmocka_unit_test(test_line_too_long),
		cmocka_unit_test(test_full_line),
		cmocka_unit_test(test_history),
		cmocka_unit_test(test_interrupt_eof),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

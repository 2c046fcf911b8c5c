/* SPDX-License-Identifier: MIT */
/* Keys to line and cursor. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lineedit.h"
#include "text.h"

#define PASTE(text)	"\033[200~" text "\033[201~"

struct seen {
	char	 log[8192];	/* what the editor called, in order */
	size_t	 len;
	size_t	 biggest;
	uint32_t complete_id;
	bool	 valid;
};

static void
note(struct seen *s, const char *what, const char *text, size_t len)
{
	int n;

	if (len > s->biggest)
		s->biggest = len;
	if (!utf8_valid(text, len))
		s->valid = false;
	n = snprintf(s->log + s->len, sizeof(s->log) - s->len, "%s(%.*s) ",
	    what, len > 200 ? 200 : (int)len, text);
	if (n > 0 && s->len + (size_t)n < sizeof(s->log))
		s->len += (size_t)n;
}

static void
forget(struct seen *s)
{
	s->len = 0;
	s->log[0] = '\0';
}

static void
on_entered(void *arg)
{
	(void)arg;
}

static void
on_line(void *arg, const char *text, size_t len)
{
	note(arg, "line", text, len);
}

static void
on_paste(void *arg, const char *text, size_t len)
{
	note(arg, "paste", text, len);
}

static void
on_pasted(void *arg, size_t lines)
{
	char n[24];

	snprintf(n, sizeof(n), "%zu", lines);
	note(arg, "pasted", n, strlen(n));
}

static void
on_too_big(void *arg, size_t bytes, size_t limit)
{
	char n[48];

	snprintf(n, sizeof(n), "%zu>%zu", bytes, limit);
	note(arg, "too_big", n, strlen(n));
}

static void
on_too_long(void *arg, size_t bytes)
{
	char n[24];

	snprintf(n, sizeof(n), "%zu", bytes);
	note(arg, "too_long", n, strlen(n));
}

static void
on_complete(void *arg, uint32_t id, const char *text, size_t len,
    size_t cursor)
{
	struct seen *s = arg;

	s->complete_id = id;
	note(s, "complete", text, cursor < len ? cursor : len);
}

static void
on_list(void *arg)
{
	note(arg, "list", "", 0);
}

static void
on_interrupt(void *arg, bool was_empty)
{
	note(arg, "interrupt", was_empty ? "empty" : "", was_empty ? 5 : 0);
}

static void
on_eof(void *arg)
{
	note(arg, "eof", "", 0);
}

static void
on_clear(void *arg)
{
	note(arg, "clear", "", 0);
}

static void
on_bell(void *arg)
{
	note(arg, "bell", "", 0);
}

static const struct lineedit_ops ops = {
	on_entered, on_line, on_paste, on_pasted, on_too_big, on_too_long,
	on_complete, on_list, on_interrupt, on_eof, on_clear, on_bell,
};

static void
start(struct lineedit *le, struct seen *s)
{
	memset(s, 0, sizeof(*s));
	s->valid = true;
	lineedit_init(le, &ops, s);
}

static void
type(struct lineedit *le, const char *keys, uint64_t now)
{
	lineedit_feed(le, keys, strlen(keys), now);
}

/* The line with '|' where the cursor is. */
static void
assert_line(const struct lineedit *le, const char *want)
{
	char got[1024], prompt[256];
	const char *text;
	size_t len, cursor;
	bool own;

	lineedit_view(le, prompt, sizeof(prompt), &own, &text, &len, &cursor);
	snprintf(got, sizeof(got), "%s%.*s|%.*s", own ? prompt : "",
	    (int)cursor, text, (int)(len - cursor), text + cursor);
	assert_string_equal(got, want);
}

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
		start(&le, &s);
		type(&le, t[i].keys, 100);
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
	start(&le, &s);
	type(&le, "hello\r", 100);
	assert_string_equal(s.log, "");		/* may be part of a burst */
	assert_int_equal(lineedit_deadline(&le), 105);
	lineedit_tick(&le, 105);
	assert_string_equal(s.log, "line(hello) ");
	type(&le, "/who\r", 200);		/* a command never waits */
	assert_string_equal(s.log, "line(hello) line(/who) ");
	type(&le, "\r", 300);
	lineedit_tick(&le, 400);
	assert_string_equal(s.log, "line(hello) line(/who) line() ");
	assert_int_equal(lineedit_deadline(&le), 0);
	lineedit_free(&le);
}

/* A10: without brackets, lines closer than 5 ms are one message. */
static void
test_burst(void **state)
{
	struct lineedit le;
	struct seen s;

	(void)state;
	start(&le, &s);
	type(&le, "a\rb\r", 100);
	type(&le, "c\rd", 104);
	lineedit_tick(&le, 108);
	assert_string_equal(s.log, "");
	lineedit_tick(&le, 109);
	assert_string_equal(s.log, "paste(a\nb\nc) ");
	assert_line(&le, "d|");
	type(&le, "\r", 200);
	type(&le, "e\r", 206);			/* slow enough: two lines */
	lineedit_tick(&le, 300);
	assert_string_equal(s.log, "paste(a\nb\nc) line(d) line(e) ");
	/* Commands stay their own, in order. */
	forget(&s);
	type(&le, "x\r/who\ry\r//z\r", 400);
	lineedit_tick(&le, 500);
	assert_string_equal(s.log, "line(x) line(/who) paste(y\n//z) ");
	lineedit_free(&le);
}

/* A person's Enter is not kept waiting; a slow paste's is. */
static void
test_enter_alone(void **state)
{
	struct lineedit le;
	struct seen s;

	(void)state;
	start(&le, &s);
	type(&le, "hi", 100);
	type(&le, "\r", 105);
	assert_string_equal(s.log, "line(hi) ");
	assert_int_equal(lineedit_deadline(&le), 0);
	/* Byte by byte, but faster than fingers. */
	forget(&s);
	type(&le, "a", 200);
	type(&le, "\r", 201);
	type(&le, "b", 202);
	type(&le, "\r", 206);
	assert_string_equal(s.log, "");
	/* Behind lines that wait, in order. */
	type(&le, "\r", 210);
	lineedit_tick(&le, 300);
	assert_string_equal(s.log, "paste(a\nb\n) ");
	lineedit_free(&le);
}

static void
test_paste(void **state)
{
	struct lineedit le;
	struct seen s;

	(void)state;
	start(&le, &s);
	type(&le, "a b\002" PASTE("word"), 100);
	assert_line(&le, "a word|b");
	type(&le, PASTE("x\ty\n"), 200);	/* one line waits for Enter */
	assert_line(&le, "a wordx y|b");
	assert_string_equal(s.log, "");
	type(&le, "\025\013" PASTE("1\r2\r\n3\n"), 300);
	assert_string_equal(s.log, "pasted(3) paste(1\n2\n3) ");
	assert_line(&le, "|");
	/* What stood before is part of the message; keys in it are text. */
	forget(&s);
	type(&le, "see: " PASTE("1\001\003\n\033[A2"), 400);
	assert_string_equal(s.log, "pasted(2) paste(see: 1\n2) ");
	lineedit_free(&le);
}

static void
test_paste_100(void **state)
{
	char text[4096] = "\033[200~";
	struct lineedit le;
	struct seen s;
	size_t i;

	(void)state;
	start(&le, &s);
	for (i = 0; i < 100; i++)
		strncat(text, "line\r", sizeof(text) - strlen(text) - 1);
	strncat(text, "\033[201~", sizeof(text) - strlen(text) - 1);
	type(&le, text, 100);
	assert_memory_equal(s.log, "pasted(100) paste(line\nline", 26);
	assert_int_equal(s.biggest, 100 * 5 - 1);
	lineedit_free(&le);
}

/* A11: a paste whose end never comes ends by itself. */
static void
test_paste_jam(void **state)
{
	struct lineedit le;
	struct seen s;
	uint64_t now;

	(void)state;
	start(&le, &s);
	type(&le, "\033[200~abc", 1000);
	assert_int_equal(lineedit_deadline(&le), 3000);
	/* Hitting keys does not prolong it. */
	for (now = 1100; now < 3000; now += 100)
		type(&le, "k", now);
	assert_line(&le, "|");
	lineedit_tick(&le, 3000);
	assert_false(le.pasting);
	type(&le, "!", 3001);
	assert_line(&le, "abckkkkkkkkkkkkkkkkkkk!|");
	/* A big one that keeps coming is not cut. */
	type(&le, "\025\033[200~", 4000);
	for (now = 4100; now < 9000; now += 100)
		type(&le, "twenty bytes of text", now);
	assert_true(le.pasting);
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
	start(&le, &s);
	type(&le, big, 100);
	assert_string_equal(s.log, "bell() ");
	type(&le, "\r", 300);
	assert_string_equal(s.log, "bell() too_long(16484) ");
	lineedit_tick(&le, 1000);
	assert_string_equal(s.log, "bell() too_long(16484) ");
	assert_line(&le, "|");
	/* The next one is a line as any; so is one after ^C or ^U. */
	forget(&s);
	type(&le, "a\r", 2000);
	lineedit_tick(&le, 3000);
	assert_string_equal(s.log, "line(a) ");
	for (const char *key = "\003\025"; *key != '\0'; key++) {
		type(&le, big, 4000);
		type(&le, (char[]){ *key, '\0' }, 4001);
		forget(&s);
		type(&le, "b\r", 5000);
		lineedit_tick(&le, 6000);
		assert_string_equal(s.log, "line(b) ");
	}
	/* Exactly as long as it may be is said. */
	big[LINEBUF_MAX] = '\0';
	type(&le, big, 7000);
	forget(&s);
	s.biggest = 0;
	type(&le, "\r", 7001);
	lineedit_tick(&le, 8000);
	assert_int_equal(s.biggest, LINEBUF_MAX);
	free(big);
	lineedit_free(&le);
}

static void
test_paste_too_big(void **state)
{
	struct lineedit le;
	struct seen s;
	char *big = calloc(1, 70001);

	(void)state;
	assert_non_null(big);
	memset(big, 'x', 70000);
	big[500] = '\n';
	start(&le, &s);
	type(&le, "\033[200~", 100);
	type(&le, big, 101);
	type(&le, "\033[201~", 102);
	assert_string_equal(s.log, "too_big(70000>60000) ");
	assert_line(&le, "|");
	/* One line bigger than a line may be. */
	forget(&s);
	big[500] = 'x';
	big[20000] = '\0';
	type(&le, "\033[200~", 200);
	type(&le, big, 201);
	type(&le, "\033[201~", 202);
	assert_string_equal(s.log, "too_big(20000>16384) ");
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
	start(&le, &s);
	for (i = 0; i < LINE_MAX_BYTES; i++)
		type(&le, "x", 100);
	assert_string_equal(s.log, "");
	type(&le, "x", 100);
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
	start(&le, &s);
	type(&le, "one\r", 100);
	type(&le, "two\r", 200);
	type(&le, "two\r", 300);		/* not twice */
	type(&le, "draft", 400);
	type(&le, "\033[A", 500);
	assert_line(&le, "two|");
	type(&le, "\033[A", 500);
	assert_line(&le, "one|");
	type(&le, "\033[A", 500);
	assert_line(&le, "one|");
	type(&le, "\033[B\033[B", 500);
	assert_line(&le, "draft|");
	type(&le, "\020X\r", 600);		/* edit an old one and send it */
	lineedit_tick(&le, 700);
	assert_non_null(strstr(s.log, "line(twoX) "));
	type(&le, "\020\020", 800);
	assert_line(&le, "two|");
	type(&le, "\025", 900);
	for (i = 0; i < 150; i++) {
		snprintf(line, sizeof(line), "n%d\r", i);
		type(&le, line, 1000 + (uint64_t)i * 100);
	}
	assert_int_equal(le.history.n, HISTORY_MAX);
	for (i = 0; i < 120; i++)
		type(&le, "\020", 30000);
	assert_line(&le, "n50|");
	lineedit_free(&le);
}

static void
test_search(void **state)
{
	struct lineedit le;
	struct seen s;

	(void)state;
	start(&le, &s);
	type(&le, "make test\r", 100);
	type(&le, "say make\r", 200);
	type(&le, "other\r", 300);
	type(&le, "draft\022ma", 400);
	assert_line(&le, "(search 'ma'): say |make");
	type(&le, "\022", 400);
	assert_line(&le, "(search 'ma'): |make test");
	type(&le, "zz", 400);
	assert_line(&le, "(not found 'mazz'): |make test");
	type(&le, "\177\177", 400);
	assert_line(&le, "(search 'ma'): say |make");
	type(&le, "\007", 400);			/* cancel: the draft is back */
	assert_line(&le, "draft|");
	forget(&s);
	type(&le, "\022tes\r", 500);
	lineedit_tick(&le, 600);
	assert_string_equal(s.log, "line(make test) ");
	type(&le, "\022oth\005!", 700);
	assert_line(&le, "other!|");
	lineedit_free(&le);
}

static void
answer(struct lineedit *le, uint32_t id, size_t at, const char *const *words)
{
	size_t len[8], n;

	for (n = 0; words[n] != NULL; n++)
		len[n] = strlen(words[n]);
	lineedit_completed(le, id, at, words, len, n);
}

static void
test_complete(void **state)
{
	static const char *const one[] = { "/who", NULL };
	static const char *const two[] = { "/history", "/hide", NULL };
	static const char *const none[] = { NULL };
	struct lineedit le;
	struct seen s;

	(void)state;
	start(&le, &s);
	type(&le, "/w\t", 100);
	assert_string_equal(s.log, "complete(/w) ");
	answer(&le, s.complete_id, 0, one);
	assert_line(&le, "/who |");
	/* Several: the common part, then the list, then one after another. */
	type(&le, "\025/h\t", 200);
	answer(&le, s.complete_id, 0, two);
	assert_line(&le, "/hi|");
	forget(&s);
	type(&le, "\t", 300);
	assert_string_equal(s.log, "list() ");
	type(&le, "\t", 300);
	assert_line(&le, "/history|");
	type(&le, "\t", 300);
	assert_line(&le, "/hide|");
	type(&le, "\033[Z", 300);
	assert_line(&le, "/history|");
	/* An answer to a line that has changed is not used. */
	type(&le, "\025/w\t", 400);
	type(&le, "x", 401);
	answer(&le, s.complete_id, 0, one);
	assert_line(&le, "/wx|");
	forget(&s);
	type(&le, "\025zz\t", 500);
	answer(&le, s.complete_id, 0, none);
	assert_string_equal(s.log, "complete(zz) bell() ");
	/* Nonsense from the other side is not used either. */
	type(&le, "\t", 500);
	answer(&le, s.complete_id, 99, one);
	assert_line(&le, "zz|");
	lineedit_free(&le);
}

/* Tab twice, quicker than the answer comes. */
static void
test_complete_hasty(void **state)
{
	static const char *const two[] = { "/history", "/hide", NULL };
	static const char *const one[] = { "/who", NULL };
	struct lineedit le;
	struct seen s;

	(void)state;
	start(&le, &s);
	type(&le, "/h\t\t", 100);
	assert_string_equal(s.log, "complete(/h) ");
	answer(&le, s.complete_id, 0, two);
	assert_line(&le, "/hi|");
	assert_string_equal(s.log, "complete(/h) list() ");
	type(&le, "\025/h\t\t\t", 200);
	answer(&le, s.complete_id, 0, two);
	assert_line(&le, "/history|");
	/* One answer is not the beginning of another question. */
	forget(&s);
	type(&le, "\025/w\t\t", 300);
	answer(&le, s.complete_id, 0, one);
	assert_line(&le, "/who |");
	assert_string_equal(s.log, "complete(/w) ");
	lineedit_free(&le);
}

static void
test_interrupt_eof(void **state)
{
	struct lineedit le;
	struct seen s;

	(void)state;
	start(&le, &s);
	type(&le, "draft\003", 100);
	assert_string_equal(s.log, "interrupt() ");
	assert_line(&le, "|");
	type(&le, "\003", 200);
	assert_string_equal(s.log, "interrupt() interrupt(empty) ");
	type(&le, "a\177\003", 300);		/* a key between: not twice */
	forget(&s);
	type(&le, "\003", 400);
	assert_string_equal(s.log, "eof() ");
	forget(&s);
	type(&le, "ab\001\004\004", 500);
	assert_string_equal(s.log, "");
	type(&le, "\004", 600);
	assert_string_equal(s.log, "eof() ");
	forget(&s);
	type(&le, "last\r\004", 700);		/* in order */
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
	start(&le, &s);
	memset(buf, 0x1b, sizeof(buf));
	for (i = 0; i < 4; i++)
		lineedit_feed(&le, buf, 64, now);
	type(&le, "z", now + 1000);
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
			forget(&s);
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
		cmocka_unit_test(test_burst),
		cmocka_unit_test(test_enter_alone),
		cmocka_unit_test(test_paste),
		cmocka_unit_test(test_paste_100),
		cmocka_unit_test(test_paste_jam),
		cmocka_unit_test(test_line_too_long),
		cmocka_unit_test(test_paste_too_big),
		cmocka_unit_test(test_full_line),
		cmocka_unit_test(test_history),
		cmocka_unit_test(test_search),
		cmocka_unit_test(test_complete),
		cmocka_unit_test(test_complete_hasty),
		cmocka_unit_test(test_interrupt_eof),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

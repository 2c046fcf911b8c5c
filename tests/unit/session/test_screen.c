/* SPDX-License-Identifier: MIT */
/* What a terminal shows when people type and others speak. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "glyph.h"
#include "screen.h"
#include "vt.h"

#define PROMPT	"[al]> "
#define WIDE	"\xe6\x97\xa5"

struct term {
	struct screen	 screen;
	struct wbuf	 out;
	struct vt	 vt;
	uint64_t	 now;
};

static struct term T;	/* the terminal's cells are too many for a stack */

static void
term_start(struct term *t, const char *name, unsigned int cols,
    unsigned int rows)
{
	memset(t, 0, sizeof(*t));
	wbuf_init(&t->out, 8 * 1024 * 1024);
	screen_init(&t->screen, &t->out, name, cols, rows);
	screen_start(&t->screen);
	vt_init(&t->vt, cols == 0 ? SCREEN_COLS : cols,
	    rows == 0 ? SCREEN_ROWS : rows);
	t->now = 1000;
}

static void
term_end(struct term *t)
{
	screen_free(&t->screen);
	wbuf_free(&t->out);
}

static size_t
flush(struct term *t)
{
	size_t n = t->out.len;

	vt_feed(&t->vt, t->out.p, t->out.len);
	wbuf_reset(&t->out);
	assert_false(t->vt.odd);
	return n;
}

static size_t
show(struct term *t, const char *line, size_t cursor)
{
	screen_refresh(&t->screen, PROMPT, line, strlen(line), cursor, t->now);
	return flush(t);
}

static void
hear(struct term *t, const char *text)
{
	screen_print(&t->screen, text, strlen(text));
}

static void
assert_rows(struct term *t, const char *const *rows, unsigned int x,
    unsigned int y)
{
	unsigned int i;

	for (i = 0; rows[i] != NULL; i++)
		assert_string_equal(vt_row(&t->vt, i), rows[i]);
	for (; i < t->vt.rows; i++)
		assert_string_equal(vt_row(&t->vt, i), "");
	assert_int_equal(t->vt.x, x);
	assert_int_equal(t->vt.y, y);
}
#define ROWS(...)	((const char *const[]){ __VA_ARGS__, NULL })

static void
test_prompt_stays(void **state)
{
	(void)state;
	term_start(&T, "xterm", 20, 6);
	hear(&T, "Welcome!\n");
	show(&T, "", 0);
	assert_rows(&T, ROWS("Welcome!", "[al]>"), 6, 1);
	show(&T, "half ty", 7);
	hear(&T, "[bob] hi\n");
	hear(&T, "[bob] you\n");
	show(&T, "half ty", 4);
	assert_rows(&T, ROWS("Welcome!", "[bob] hi", "[bob] you",
	    "[al]> half ty"), 10, 3);
	hear(&T, "1\n2\n3\n4\n");	/* scrolls */
	show(&T, "half typed", 10);
	assert_rows(&T, ROWS("[bob] you", "1", "2", "3", "4",
	    "[al]> half typed"), 16, 5);
	term_end(&T);
}

static void
test_wrapped_line(void **state)
{
	(void)state;
	term_start(&T, "xterm", 10, 6);
	show(&T, "abcdefghijklmnopq", 17);
	assert_rows(&T, ROWS("[al]> abcd", "efghijklmn", "opq"), 3, 2);
	hear(&T, "x\n");
	show(&T, "abcdefghijklmnopq", 5);
	assert_rows(&T, ROWS("x", "[al]> abcd", "efghijklmn", "opq"), 1, 2);
	hear(&T, "y\n");
	show(&T, "abcdefghijklmnopq", 0);
	assert_rows(&T, ROWS("x", "y", "[al]> abcd", "efghijklmn", "opq"), 6,
	    2);
	show(&T, "abcd", 4);		/* the cursor needs a cell */
	assert_rows(&T, ROWS("x", "y", "[al]> abcd"), 0, 3);
	show(&T, "abc", 3);
	assert_rows(&T, ROWS("x", "y", "[al]> abc"), 9, 2);
	/* A wide character does not straddle the edge. */
	show(&T, "abc" WIDE "d", 7);
	assert_rows(&T, ROWS("x", "y", "[al]> abc", WIDE "d"), 3, 3);
	show(&T, "abe\xcc\x81" WIDE "d", 5);
	assert_rows(&T, ROWS("x", "y", "[al]> abe\xcc\x81", WIDE "d"), 0, 3);
	term_end(&T);
}

static void
test_longer_than_screen(void **state)
{
	char line[201];

	(void)state;
	memset(line, 'a', 200);
	line[200] = '\0';
	line[199] = 'z';
	line[0] = 'A';
	term_start(&T, "xterm", 20, 5);
	hear(&T, "heard\n");
	show(&T, line, 200);
	/* Four rows of it around the cursor; the top row is for others. */
	assert_string_equal(vt_row(&T.vt, 0), "heard");
	assert_string_equal(vt_row(&T.vt, 4), "aaaaaz");
	hear(&T, "more\n");
	show(&T, line, 0);
	assert_string_equal(vt_row(&T.vt, 0), "more");
	assert_memory_equal(vt_row(&T.vt, 1), "[al]> Aaa", 9);
	show(&T, "", 0);
	assert_rows(&T, ROWS("more", "[al]>"), 6, 1);
	term_end(&T);
}

static void
test_small_writes(void **state)
{
	char line[41] = "";
	size_t i;

	(void)state;
	term_start(&T, "xterm", 20, 5);
	show(&T, "", 0);
	for (i = 0; i < 12; i++) {
		line[i] = 'k';
		assert_int_equal(show(&T, line, i + 1), 1);
	}
	assert_int_equal(show(&T, line, 12), 0);
	line[5] = 'X';			/* from there on only */
	assert_true(show(&T, line, 6) < 20);
	assert_string_equal(vt_row(&T.vt, 0), "[al]> kkkkkXkkkkkk");
	term_end(&T);
}

static void
test_commit(void **state)
{
	(void)state;
	term_start(&T, "xterm", 20, 6);
	show(&T, "hell", 2);
	screen_commit(&T.screen, PROMPT, "hello", 5, "");
	screen_commit(&T.screen, PROMPT, "second", 6, "^C");
	hear(&T, "answer\n");
	show(&T, "", 0);
	assert_rows(&T, ROWS("[al]> hello", "[al]> second^C", "answer",
	    "[al]>"), 6, 3);
	screen_clear(&T.screen);
	show(&T, "x", 1);
	assert_rows(&T, ROWS("[al]> x"), 7, 0);
	/* A line without its end does not swallow the prompt. */
	hear(&T, "no newline");
	show(&T, "x", 1);
	assert_rows(&T, ROWS("no newline", "[al]> x"), 7, 1);
	term_end(&T);
}

static void
test_resize_quiet(void **state)
{
	size_t i;

	(void)state;
	term_start(&T, "xterm", 40, 10);
	hear(&T, "one\n");
	show(&T, "short", 5);
	/* One short row: nothing to do, nothing sent. */
	screen_resize(&T.screen, 30, 8, T.now);
	vt_resize(&T.vt, 30, 8);
	assert_int_equal(screen_deadline(&T.screen), 0);
	assert_int_equal(show(&T, "short", 5), 0);
	for (i = 0; i < 3; i++)
		hear(&T, "more\n");
	show(&T, "short", 5);
	assert_rows(&T, ROWS("one", "more", "more", "more", "[al]> short"),
	    11, 4);
	term_end(&T);
}

/* A26: a storm of sizes leaves one draft. */
static void
test_resize_storm(void **state)
{
	static const char draft[] = "UNIQUE draft that is longer than a row";
	unsigned int i, y, drafts = 0, seed = 7, cols = 20, rows = 5;

	(void)state;
	term_start(&T, "xterm", 80, 24);
	for (i = 0; i < 30; i++)
		hear(&T, "somebody said something\n");
	show(&T, draft, sizeof(draft) - 1);
	for (i = 0; i < 200; i++) {
		seed = seed * 1103515245u + 12345;
		cols = 20 + (seed >> 16) % 100;
		rows = 5 + (seed >> 8) % 30;
		if (i == 199) {
			cols = 20;
			rows = 5;
		}
		/* The terminal is ahead of what we have heard of it. */
		vt_resize(&T.vt, cols, rows);
		screen_resize(&T.screen, cols, rows, T.now);
		T.now += 3;
		if (i % 20 == 0)
			hear(&T, "in between\n");
		show(&T, draft, sizeof(draft) - 1);
	}
	assert_true(screen_deadline(&T.screen) > T.now);
	T.now = screen_deadline(&T.screen);
	show(&T, draft, sizeof(draft) - 1);
	for (y = 0; y < rows; y++)
		drafts += strstr(vt_row(&T.vt, y), "UNIQUE") != NULL;
	assert_int_equal(drafts, 1);
	assert_rows(&T, ROWS("in between", "in between",
	    "[al]> UNIQUE draft t", "hat is longer than a", " row"), 4, 4);
	/* It goes on as always. */
	hear(&T, "next\n");
	show(&T, "ok", 2);
	assert_rows(&T, ROWS("in between", "in between", "next", "[al]> ok"),
	    8, 3);
	term_end(&T);
}

/* Under something else it stands still, and then shows what it missed. */
static void
test_cover(void **state)
{
	(void)state;
	term_start(&T, "xterm", 20, 5);
	hear(&T, "before\n");
	show(&T, "draft", 5);
	screen_cover(&T.screen, true);
	screen_print(&T.screen, "meanwhile\n", 10);
	screen_resize(&T.screen, 30, 5, T.now);
	screen_refresh(&T.screen, PROMPT, "draft", 5, 5, T.now);
	assert_int_equal(T.out.len, 0);
	assert_int_equal(screen_deadline(&T.screen), 0);
	/* What was drawn over it meanwhile. */
	vt_resize(&T.vt, 30, 5);
	vt_feed(&T.vt, "\033[Hsomething", 12);
	screen_cover(&T.screen, false);
	show(&T, "draft", 5);
	assert_rows(&T, ROWS("before", "meanwhile", "[al]> draft"), 11, 2);
	hear(&T, "next\n");
	show(&T, "draft", 5);
	assert_rows(&T, ROWS("before", "meanwhile", "next", "[al]> draft"),
	    11, 3);
	term_end(&T);
}

static void
test_zero_size(void **state)
{
	(void)state;
	term_start(&T, "xterm", 0, 0);
	assert_int_equal(T.screen.cols, 80);
	assert_int_equal(T.screen.rows, 24);
	screen_resize(&T.screen, 1, 1, 0);
	assert_int_equal(T.screen.cols, SCREEN_COLS_MIN);
	screen_resize(&T.screen, 65535, 65535, 0);
	assert_int_equal(T.screen.cols, SCREEN_COLS_MAX);
	assert_int_equal(T.screen.rows, SCREEN_ROWS_MAX);
	term_end(&T);
}

/* A12: whatever happens, the terminal is given back. */
static void
test_end(void **state)
{
	(void)state;
	term_start(&T, "xterm", 20, 6);
	flush(&T);
	assert_true(T.vt.bracketed);
	show(&T, "", 0);
	hear(&T, "Goodbye.\n");
	screen_end(&T.screen, false);
	flush(&T);
	assert_false(T.vt.bracketed);
	assert_false(T.vt.hidden);
	assert_rows(&T, ROWS("Goodbye."), 0, 1);
	/* With a draft: it stays readable. */
	show(&T, "draft", 2);
	screen_end(&T.screen, true);
	flush(&T);
	assert_rows(&T, ROWS("Goodbye.", "[al]> draft"), 0, 2);
	term_end(&T);
}

/* A24: TERM=dumb gets no escape byte, and still a usable line. */
static void
test_dumb(void **state)
{
	(void)state;
	term_start(&T, "dumb", 20, 6);
	hear(&T, "hi\n");
	show(&T, "abc", 3);
	assert_rows(&T, ROWS("hi", "[al]> abc"), 9, 1);
	show(&T, "abXc", 3);
	assert_rows(&T, ROWS("hi", "[al]> abXc"), 9, 1);
	show(&T, "c", 0);
	assert_rows(&T, ROWS("hi", "[al]> c"), 6, 1);
	hear(&T, "bob speaks\n");
	show(&T, "c", 1);
	assert_rows(&T, ROWS("hi", "bob speaks", "[al]> c"), 7, 2);
	/* A long line scrolls sideways, the cursor in sight. */
	show(&T, "0123456789abcdefghijklmnopqrstuvwxyz", 36);
	assert_rows(&T, ROWS("hi", "bob speaks", "[al]> opqrstuvwxyz"), 18, 2);
	show(&T, "0123456789abcdefghijklmnopqrstuvwxyz", 0);
	assert_rows(&T, ROWS("hi", "bob speaks", "[al]> 0123456789abc"), 6, 2);
	screen_resize(&T.screen, 30, 6, 0);
	screen_commit(&T.screen, PROMPT, "sent", 4, "");
	screen_clear(&T.screen);
	screen_end(&T.screen, false);
	flush(&T);
	assert_string_equal(vt_row(&T.vt, 2), "[al]> sent");
	assert_int_equal(T.vt.escapes, 0);
	term_end(&T);
}

/* Against a fresh drawing: small steps end where a big one does. */
static void
test_random_edits(void **state)
{
	static const char *const bits[] = { "a", "b ", WIDE, "e\xcc\x81",
	    "\xf0\x9f\x98\x80", "\xe2\x80\xae", "zz" };
	static struct term fresh;
	char line[600], plain[600];
	unsigned int seed = 99, i, y;
	size_t len = 0, cursor, n;

	(void)state;
	term_start(&T, "xterm", 17, 9);
	for (i = 0; i < 1500; i++) {
		seed = seed * 1103515245u + 12345;
		if ((seed >> 16) % 5 == 0)
			len = len > 3 ? len / 2 : 0;
		while (len > 0 && ((unsigned char)line[len] & 0xc0) == 0x80)
			len--;
		n = strlen(bits[(seed >> 20) % 7]);
		if (len + n < 300) {
			memcpy(line + len, bits[(seed >> 20) % 7], n);
			len += n;
		}
		line[len] = '\0';
		for (cursor = 0; cursor < len && (seed >> 24) % 3 == 0 &&
		    cursor < len / 2;)
			cursor = glyph_next(line, len, cursor);
		if ((seed >> 24) % 3 != 0)
			cursor = len;
		show(&T, line, cursor);
		memcpy(plain, line, len + 1);
		term_start(&fresh, "xterm", 17, 9);
		show(&fresh, plain, cursor);
		/* Ours may sit lower: compare upwards from the cursor. */
		assert_int_equal(T.vt.x, fresh.vt.x);
		assert_true(T.vt.y >= fresh.vt.y);
		for (y = 0; y <= fresh.vt.y; y++) {
			char *want = strdup(vt_row(&fresh.vt, fresh.vt.y - y));

			assert_string_equal(vt_row(&T.vt, T.vt.y - y), want);
			free(want);
		}
		term_end(&fresh);
	}
	term_end(&T);
}

/* What is said comes back with its time: the draft, wrapped or not, goes. */
static void
test_retract(void **state)
{
	(void)state;
	term_start(&T, "xterm", 20, 6);
	hear(&T, "before\n");
	show(&T, "a draft that takes two rows", 27);
	screen_retract(&T.screen);
	hear(&T, "<al> a draft\n");
	show(&T, "", 0);
	assert_rows(&T, ROWS("before", "<al> a draft", "[al]>"), 6, 2);
	term_end(&T);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_retract),
		cmocka_unit_test(test_prompt_stays),
		cmocka_unit_test(test_wrapped_line),
		cmocka_unit_test(test_longer_than_screen),
		cmocka_unit_test(test_small_writes),
		cmocka_unit_test(test_commit),
		cmocka_unit_test(test_resize_quiet),
		cmocka_unit_test(test_resize_storm),
		cmocka_unit_test(test_cover),
		cmocka_unit_test(test_zero_size),
		cmocka_unit_test(test_end),
		cmocka_unit_test(test_dumb),
		cmocka_unit_test(test_random_edits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

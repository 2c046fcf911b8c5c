/* SPDX-License-Identifier: MIT */
/* Several lines at once: with brackets, and by their haste without. */
#include "editrig.h"

#define PASTE(text)	"\033[200~" text "\033[201~"

/* A10: without brackets, lines closer than 5 ms are one message. */
static void
test_burst(void **state)
{
	struct lineedit le;
	struct seen s;

	(void)state;
	edit_start(&le, &s);
	edit_type(&le, "a\rb\r", 100);
	edit_type(&le, "c\rd", 104);
	lineedit_tick(&le, 108);
	assert_string_equal(s.log, "");
	lineedit_tick(&le, 109);
	assert_string_equal(s.log, "paste(a\nb\nc) ");
	assert_line(&le, "d|");
	edit_type(&le, "\r", 200);
	edit_type(&le, "e\r", 206);		/* slow enough: two lines */
	lineedit_tick(&le, 300);
	assert_string_equal(s.log, "paste(a\nb\nc) line(d) line(e) ");
	/* Commands stay their own, in order. */
	edit_forget(&s);
	edit_type(&le, "x\r/who\ry\r//z\r", 400);
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
	edit_start(&le, &s);
	edit_type(&le, "hi", 100);
	edit_type(&le, "\r", 105);
	assert_string_equal(s.log, "line(hi) ");
	assert_int_equal(lineedit_deadline(&le), 0);
	/* Byte by byte, but faster than fingers. */
	edit_forget(&s);
	edit_type(&le, "a", 200);
	edit_type(&le, "\r", 201);
	edit_type(&le, "b", 202);
	edit_type(&le, "\r", 206);
	assert_string_equal(s.log, "");
	/* Behind lines that wait, in order. */
	edit_type(&le, "\r", 210);
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
	edit_start(&le, &s);
	edit_type(&le, "a b\002" PASTE("word"), 100);
	assert_line(&le, "a word|b");
	edit_type(&le, PASTE("x\ty\n"), 200);	/* one line waits for Enter */
	assert_line(&le, "a wordx y|b");
	assert_string_equal(s.log, "");
	edit_type(&le, "\025\013" PASTE("1\r2\r\n3\n"), 300);
	assert_string_equal(s.log, "pasted(3) paste(1\n2\n3) ");
	assert_line(&le, "|");
	/* What stood before is part of the message; keys in it are text. */
	edit_forget(&s);
	edit_type(&le, "see: " PASTE("1\001\003\n\033[A2"), 400);
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
	edit_start(&le, &s);
	for (i = 0; i < 100; i++)
		strncat(text, "line\r", sizeof(text) - strlen(text) - 1);
	strncat(text, "\033[201~", sizeof(text) - strlen(text) - 1);
	edit_type(&le, text, 100);
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
	edit_start(&le, &s);
	edit_type(&le, "\033[200~abc", 1000);
	assert_int_equal(lineedit_deadline(&le), 3000);
	/* Hitting keys does not prolong it. */
	for (now = 1100; now < 3000; now += 100)
		edit_type(&le, "k", now);
	assert_line(&le, "|");
	lineedit_tick(&le, 3000);
	assert_false(le.pasting);
	edit_type(&le, "!", 3001);
	assert_line(&le, "abckkkkkkkkkkkkkkkkkkk!|");
	/* A big one that keeps coming is not cut. */
	edit_type(&le, "\025\033[200~", 4000);
	for (now = 4100; now < 9000; now += 100)
		edit_type(&le, "twenty bytes of text", now);
	assert_true(le.pasting);
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
	edit_start(&le, &s);
	edit_type(&le, "\033[200~", 100);
	edit_type(&le, big, 101);
	edit_type(&le, "\033[201~", 102);
	assert_string_equal(s.log, "too_big(70000>60000) ");
	assert_line(&le, "|");
	/* One line bigger than a line may be. */
	edit_forget(&s);
	big[500] = 'x';
	big[20000] = '\0';
	edit_type(&le, "\033[200~", 200);
	edit_type(&le, big, 201);
	edit_type(&le, "\033[201~", 202);
	assert_string_equal(s.log, "too_big(20000>16384) ");
	free(big);
	lineedit_free(&le);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_burst),
		cmocka_unit_test(test_enter_alone),
		cmocka_unit_test(test_paste),
		cmocka_unit_test(test_paste_100),
		cmocka_unit_test(test_paste_jam),
		cmocka_unit_test(test_paste_too_big),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

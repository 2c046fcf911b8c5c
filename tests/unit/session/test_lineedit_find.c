/* SPDX-License-Identifier: MIT */
/* C-r through the history, and Tab. */
#include "editrig.h"

static void
test_search(void **state)
{
	struct lineedit le;
	struct seen s;

	(void)state;
	edit_start(&le, &s);
	edit_type(&le, "make test\r", 100);
	edit_type(&le, "say make\r", 200);
	edit_type(&le, "other\r", 300);
	edit_type(&le, "draft\022ma", 400);
	assert_line(&le, "(search 'ma'): say |make");
	edit_type(&le, "\022", 400);
	assert_line(&le, "(search 'ma'): |make test");
	edit_type(&le, "zz", 400);
	assert_line(&le, "(not found 'mazz'): |make test");
	edit_type(&le, "\177\177", 400);
	assert_line(&le, "(search 'ma'): say |make");
	edit_type(&le, "\007", 400);		/* cancel: the draft is back */
	assert_line(&le, "draft|");
	edit_forget(&s);
	edit_type(&le, "\022tes\r", 500);
	lineedit_tick(&le, 600);
	assert_string_equal(s.log, "line(make test) ");
	edit_type(&le, "\022oth\005!", 700);
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
	edit_start(&le, &s);
	edit_type(&le, "/w\t", 100);
	assert_string_equal(s.log, "complete(/w) ");
	answer(&le, s.complete_id, 0, one);
	assert_line(&le, "/who |");
	/* Several: the common part, then the list, then one after another. */
	edit_type(&le, "\025/h\t", 200);
	answer(&le, s.complete_id, 0, two);
	assert_line(&le, "/hi|");
	edit_forget(&s);
	edit_type(&le, "\t", 300);
	assert_string_equal(s.log, "list() ");
	edit_type(&le, "\t", 300);
	assert_line(&le, "/history|");
	edit_type(&le, "\t", 300);
	assert_line(&le, "/hide|");
	edit_type(&le, "\033[Z", 300);
	assert_line(&le, "/history|");
	/* An answer to a line that has changed is not used. */
	edit_type(&le, "\025/w\t", 400);
	edit_type(&le, "x", 401);
	answer(&le, s.complete_id, 0, one);
	assert_line(&le, "/wx|");
	edit_forget(&s);
	edit_type(&le, "\025zz\t", 500);
	answer(&le, s.complete_id, 0, none);
	assert_string_equal(s.log, "complete(zz) bell() ");
	/* Nonsense from the other side is not used either. */
	edit_type(&le, "\t", 500);
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
	edit_start(&le, &s);
	edit_type(&le, "/h\t\t", 100);
	assert_string_equal(s.log, "complete(/h) ");
	answer(&le, s.complete_id, 0, two);
	assert_line(&le, "/hi|");
	assert_string_equal(s.log, "complete(/h) list() ");
	edit_type(&le, "\025/h\t\t\t", 200);
	answer(&le, s.complete_id, 0, two);
	assert_line(&le, "/history|");
	/* One answer is not the beginning of another question. */
	edit_forget(&s);
	edit_type(&le, "\025/w\t\t", 300);
	answer(&le, s.complete_id, 0, one);
	assert_line(&le, "/who |");
	assert_string_equal(s.log, "complete(/w) ");
	lineedit_free(&le);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_search),
		cmocka_unit_test(test_complete),
		cmocka_unit_test(test_complete_hasty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "t.h"

#include <string.h>

#include "page.h"
#include "written.h"

static const char *
drawn(const char *text, unsigned int rows, bool first)
{
	wbuf_reset(&written);
	page_draw(&written, text, strlen(text), rows, first);
	return written_text();
}

/* The other screen once; each row erased behind its text; how to leave. */
static void
test_draw(void **state)
{
	(void)state;
	assert_string_equal(drawn("a\nbc\n", 24, true),
	    "\033[?1049h\033[?7l\033[?25l\033[2J\033[H"
	    "a\033[K\r\nbc\033[K\r\n\033[J\033[24;1H-- q ends");
	assert_string_equal(drawn("d", 24, false),
	    "\033[Hd\033[K\r\n\033[J\033[24;1H-- q ends");
	wbuf_reset(&written);
	page_end(&written);
	assert_string_equal(written_text(),
	    "\033[?25h\033[?7h\033[?1049l");
}

/* It never scrolls: the last row is not the text's. */
static void
test_cut(void **state)
{
	(void)state;
	assert_string_equal(drawn("1\n2\n3\n4\n", 3, false),
	    "\033[H1\033[K\r\n2\033[K\r\n\033[J\033[3;1H-- q ends");
	assert_string_equal(drawn("1\n", 1, false),
	    "\033[H\033[J\033[1;1H-- q ends");
}

static void
test_keys(void **state)
{
	(void)state;
	assert_true(page_left("q", 1));
	assert_true(page_left("ab\003", 3));
	assert_true(page_left("\004", 1));
	assert_false(page_left("\033[A hello", 9));
	assert_false(page_left("", 0));
	assert_true(page_possible("xterm"));
	assert_false(page_possible("dumb"));
	assert_false(page_possible(""));
	assert_false(page_possible(NULL));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_draw, written_setup,
		    written_teardown),
		cmocka_unit_test_setup_teardown(test_cut, written_setup,
		    written_teardown),
		cmocka_unit_test(test_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

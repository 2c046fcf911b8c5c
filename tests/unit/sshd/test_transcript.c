/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cursor.h"
#include "transcript.h"

static struct wbuf w;

static void
want(const char *text)
{
	assert_int_equal(w.len, strlen(text));
	assert_memory_equal(w.p == NULL ? "" : (const char *)w.p, text, w.len);
	wbuf_reset(&w);
}

static void
typed(const char *s)
{
	transcript_typed("alice", "north", s, strlen(s), &w);
}

static void
test_typed(void **state)
{
	(void)state;
	wbuf_init(&w, TRANSCRIPT_MAX(64));
	typed("good morning");
	want("alice@north> say good morning\n");
	typed("  /who --json");
	want("alice@north> who --json\n");
	typed("//x is a path");
	want("alice@north> say /x is a path\n");
	typed(" \t");
	want("");
	/* It may be looked at with a terminal. */
	typed("a\033[31mb");
	want("alice@north> say a\\x1b[31mb\n");
	/* The most that a byte becomes fits. */
	wbuf_free(&w);
	wbuf_init(&w, TRANSCRIPT_MAX(3));
	typed("\033\033\033");
	want("alice@north> say \\x1b\\x1b\\x1b\n");
	wbuf_free(&w);
}

static void
test_names(void **state)
{
	(void)state;
	wbuf_init(&w, TRANSCRIPT_MAX(64));
	transcript_typed("alice~2", "north.example org", "hi", 2, &w);
	want("alice-2@north-example-org> say hi\n");
	transcript_typed("\xc3\x89lodie", "n_1", "hi", 2, &w);
	want("\xc3\x89lodie@n_1> say hi\n");
	wbuf_free(&w);
}

static void
test_pasted(void **state)
{
	(void)state;
	wbuf_init(&w, TRANSCRIPT_MAX(64));
	transcript_pasted("alice", "north", "/one", 4, &w);
	want("alice@north> say /one\n");
	/* No line would say this: it is kept as a comment. */
	transcript_pasted("alice", "north", "one\ntwo", 7, &w);
	want("# alice@north pasted several lines: one two\n");
	wbuf_free(&w);
}

static void
test_shown(void **state)
{
	static const char text[] = "[14:02] <bob> hi\n\nlast";
	const char *s = text;
	size_t n = strlen(text), done;

	(void)state;
	wbuf_init(&w, TRANSCRIPT_MAX(64));
	done = transcript_shown("alice", "north", s, n, &w);
	assert_int_equal(done, 17);
	want("alice@north< [14:02] <bob> hi\n");
	assert_int_equal(transcript_shown("alice", "north", s + done,
	    n - done, &w), 1);
	want("");
	assert_int_equal(transcript_shown("alice", "north", s + done + 1,
	    n - done - 1, &w), 4);
	want("alice@north< last\n");
	wbuf_free(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_typed),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_pasted),
		cmocka_unit_test(test_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doc.h"
#include "logring.h"
#include "cursor.h"

static struct logring ring;
static char why[400];

static struct logwant
want_log(const char *a, const char *b)
{
	struct logwant w = { .level = LOG_LVL_DEBUG };

	assert_true(logwant_log(&w, a, why, sizeof(why)));
	if (b != NULL)
		assert_true(logwant_log(&w, b, why, sizeof(why)));
	return w;
}

static void
test_want(void **state)
{
	struct logwant w = want_log("warn", "gossipd");
	const struct logline *l;

	(void)state;
	logring_init(&ring);
	l = logring_add(&ring, 1, EV_TABLE_FULL, LOG_LVL_WARN, "gossipd", "");
	assert_true(logwant_meets(&w, l));
	l = logring_add(&ring, 2, EV_PEER_UP, LOG_LVL_INFO, "gossipd", "x=1");
	assert_false(logwant_meets(&w, l));
	w = want_log("micelio-stated", "info");
	assert_false(logwant_meets(&w, l));
	assert_false(logwant_log(&w, "gossipd", why, sizeof(why)));
	assert_non_null(strstr(why, "\"gossipd\""));
	assert_false(logwant_log(&w, "sesame\x1b", why, sizeof(why)));
	assert_null(strchr(why, '\x1b'));
	w = (struct logwant){ .level = LOG_LVL_INFO };
	assert_true(logwant_events(&w, "peer_", why, sizeof(why)));
	assert_true(logwant_meets(&w, l));
	assert_true(logwant_events(&w, "peer_down", why, sizeof(why)));
	assert_false(logwant_meets(&w, l));
	assert_false(logwant_events(&w, "nosuch", why, sizeof(why)));
	logring_free(&ring);
}

static void
test_build(void **state)
{
	struct logwant all = { .level = LOG_LVL_DEBUG };
	struct wbuf w;
	struct doc d;

	(void)state;
	logring_init(&ring);
	for (unsigned int i = 0; i < 5; i++) {
		char text[16];

		(void)snprintf(text, sizeof(text), "id=%u", i);
		logring_add(&ring, 1000 * i, EV_PEER_UP, LOG_LVL_INFO,
		    "gossipd", text);
	}
	doc_init(&d);
	wbuf_init(&w, 65536);
	logring_build(&ring, &all, 2, &d);
	assert_int_equal(d.list[0].n, 2);
	logring_text(&d, &w);
	wbuf_u8(&w, '\0');
	assert_string_equal((const char *)w.p,
	    "1970-01-01T00:00:03.000Z info gossipd peer_up id=3\n"
	    "1970-01-01T00:00:04.000Z info gossipd peer_up id=4\n");
	wbuf_reset(&w);
	logline_text(TAILQ_FIRST(&ring.list), &w);
	wbuf_u8(&w, '\0');
	assert_string_equal((const char *)w.p,
	    "1970-01-01T00:00:00.000Z info gossipd peer_up id=0\n");
	doc_free(&d);
	wbuf_free(&w);
	logring_free(&ring);
}

static void
test_bounds(void **state)
{
	static char long_text[4096];

	(void)state;
	logring_init(&ring);
	for (unsigned int i = 0; i < LOGRING_LINES + 7; i++)
		logring_add(&ring, i, EV_PEER_UP, LOG_LVL_INFO, "gossipd",
		    "");
	assert_int_equal(ring.n, LOGRING_LINES);
	assert_int_equal(ring.gone, 7);
	assert_int_equal(TAILQ_FIRST(&ring.list)->ms, 7);
	memset(long_text, 'x', sizeof(long_text) - 1);
	for (unsigned int i = 0; i < 100; i++)
		logring_add(&ring, i, EV_PEER_UP, LOG_LVL_INFO, "gossipd",
		    long_text);
	assert_true(ring.bytes <= LOGRING_BYTES);
	assert_true(ring.n >= LOGRING_BYTES / sizeof(long_text));
	logring_free(&ring);
	assert_int_equal(ring.bytes, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_want),
		cmocka_unit_test(test_build),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

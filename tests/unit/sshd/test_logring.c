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
#include "why.h"

static struct logring ring;
static char why[400];

static const struct logline *
add(uint64_t ms, enum log_ev ev, enum log_level level, const char *fields)
{
	const struct log_told told = { .ev = ev, .level = level,
	    .unix_ms = ms, .fields = fields };

	return logring_add(&ring, &told, "gossipd");
}

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
	l = add(1, EV_TABLE_FULL, LOG_LVL_WARN, "");
	assert_true(logwant_meets(&w, l));
	l = add(2, EV_PEER_UP, LOG_LVL_INFO, "x=1");
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
		add(1000 * i, EV_PEER_UP, LOG_LVL_INFO, text);
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
		add(i, EV_PEER_UP, LOG_LVL_INFO, "");
	assert_int_equal(ring.n, LOGRING_LINES);
	assert_int_equal(ring.gone, 7);
	assert_int_equal(TAILQ_FIRST(&ring.list)->ms, 7);
	memset(long_text, 'x', sizeof(long_text) - 1);
	for (unsigned int i = 0; i < 100; i++)
		add(i, EV_PEER_UP, LOG_LVL_INFO, long_text);
	assert_true(ring.bytes <= LOGRING_BYTES);
	assert_true(ring.n >= LOGRING_BYTES / sizeof(long_text));
	logring_free(&ring);
	assert_int_equal(ring.bytes, 0);
}

/* An event of a daemon, led to by another. */
static void
happened(uint64_t ms, enum log_ev ev, const char *id, const char *cause,
    const char *fields)
{
	const struct log_told told = { .ev = ev, .level = LOG_LVL_INFO,
	    .unix_ms = ms, .id = log_event_id_parse(id),
	    .cause = cause == NULL ? 0 : log_event_id_parse(cause),
	    .fields = fields };

	assert_int_not_equal(told.id, 0);
	logring_add(&ring, &told, "gossipd");
}

static const char *
chain(const char *word, struct wbuf *w)
{
	struct doc d;

	wbuf_reset(w);
	doc_init(&d);
	if (why_build(&ring, word, &d))
		why_text(&d, w);
	doc_free(&d);
	wbuf_u8(w, '\0');
	return (const char *)w->p;
}

/* From cause to effect over daemons, by node, address and event. */
static void
test_why(void **state)
{
	static const char lost[] =
	    "1970-01-01T00:00:01.000Z              gossipd conn_lost "
	    "addr=[::1]:4 cause=closed-by-peer\n"
	    "1970-01-01T00:00:01.002Z +       2 ms gossipd peer_down "
	    "id=5647aabbccdd addr=[::1]:4\n";
	const char *s;
	struct wbuf w;

	(void)state;
	logring_init(&ring);
	wbuf_init(&w, 65536);
	happened(1000, EV_CONN_LOST, "transportd-7", NULL,
	    "addr=[::1]:4 cause=closed-by-peer");
	happened(1001, EV_LOGIN, "sshd-1", NULL, "user=x");
	happened(1002, EV_PEER_DOWN, "gossipd-3", "transportd-7",
	    "id=5647aabbccdd addr=[::1]:4");
	assert_string_equal(chain("5647", &w), lost);
	assert_string_equal(chain("gossipd-3", &w), lost);
	assert_string_equal(chain("[::1]:4", &w), lost);
	happened(2500, EV_DIAL_FAILED, "transportd-8", "gossipd-3",
	    "addr=[::1]:4 cause=refused");
	s = chain("5647AABBCCDD00", &w);
	assert_memory_equal(s, lost, strlen(lost));
	assert_non_null(strstr(s, "+    1498 ms gossipd dial_failed"));
	assert_string_equal(chain("gossipd-3", &w), lost);
	assert_string_equal(chain("56470", &w), "");
	assert_string_equal(chain("gossipd-4", &w), "");
	assert_string_equal(chain("", &w), "");
	/* the first cause is not kept, or it is a long way */
	happened(3000, EV_PEER_UP, "gossipd-9", "stated-1", "id=77");
	assert_non_null(strstr(chain("77", &w), "(what led to"));
	for (int i = 10; i < 60; i++) {
		char id[32], by[32];

		(void)snprintf(id, sizeof(id), "gossipd-%d", i);
		(void)snprintf(by, sizeof(by), "gossipd-%d", i - 1);
		happened(4000, EV_PEER_UP, id, by, "id=77");
	}
	s = chain("77", &w);
	assert_non_null(strstr(s, "(what led to"));
	wbuf_free(&w);
	logring_free(&ring);
}

/* Ids in the log read back; others are none. */
static void
test_event_id(void **state)
{
	static const char *const bad[] = { "", "gossipd", "gossipd-",
	    "gossipd-0", "gossipd-1x", "gossip-1", "-1", "gossipd-01",
	    "gossipd-99999999999999999999" };
	char text[LOG_EVENT_ID_MAX];

	(void)state;
	assert_string_equal(log_event_id(log_event_id_parse(
	    "transportd-72057594037927935"), text),
	    "transportd-72057594037927935");
	assert_string_equal(log_event_id(log_event_id_parse("micelio-1"),
	    text), "micelio-1");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(log_event_id_parse(bad[i]), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_want),
		cmocka_unit_test(test_build),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_why),
		cmocka_unit_test(test_event_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "answer.h"
#include "cursor.h"
#include "doc.h"
#include "imsg.h"
#include "mesh.h"

#include "log.h"
#include "row.h"
#include "stats.h"
#include "verdict.h"

static int
link_says(enum link_status status, enum down_reason why, const char *id,
    const char *want)
{
	struct link_result r = { "192.0.2.1:4000", status, why, id, 41 };
	int rc;

	doc_free(&d);
	doc_init(&d);
	rc = link_build(&r, &d);
	assert_non_null(strstr(text_of(verdict_text), want));
	return rc;
}

static void
test_link(void **state)
{
	(void)state;
	assert_int_equal(link_says(LINK_UP, DOWN_NONE, ID_A,
	    "192.0.2.1:4000: linked to 56475aa75463 in 41 ms\n"), EX_OK);
	assert_string_equal(text_of(doc_json), "{\"v\":1,\"ok\":true,"
	    "\"outcome\":\"linked\",\"addr\":\"192.0.2.1:4000\",\"id\":\""
	    ID_A "\",\"took_ms\":41,\"cause\":null,\"text\":\"linked to "
	    "56475aa75463 in 41 ms\",\"hint\":null}\n");
	assert_int_equal(link_says(LINK_THERE, DOWN_NONE, ID_A,
	    "already linked to 56475aa75463, for 0.0s"), EX_OK);
	assert_int_equal(link_says(LINK_SELF, DOWN_SELF, ID_A,
	    "this node itself"), 1);
	assert_int_equal(link_says(LINK_FULL, DOWN_FULL, NULL,
	    "raise network.max_peers"), 1);
	assert_int_equal(link_says(LINK_BAD, DOWN_NONE, NULL, "HOST:PORT"),
	    EX_USAGE);
	assert_int_equal(link_says(LINK_BUSY, DOWN_NONE, NULL, "wait"),
	    EX_TEMPFAIL);
	assert_int_equal(link_says(LINK_FAILED, DOWN_NOT_ALLOWED, ID_A,
	    "add it to network.allow"), 1);
}

/* Whatever the reason, there are words for it. */
static void
test_reasons(void **state)
{
	(void)state;
	for (int i = DOWN_NONE; i < DOWN_MAX; i++)
		assert_int_equal(link_says(LINK_FAILED, (enum down_reason)i,
		    NULL, down_reason_text((enum down_reason)i)), 1);
	assert_int_equal(link_says(LINK_FAILED, DOWN_MAX, NULL, "unknown"),
	    1);
}

static void
test_unlink(void **state)
{
	(void)state;
	assert_int_equal(unlink_build(ID_A, true, 600000, &d), EX_OK);
	assert_non_null(strstr(text_of(verdict_text),
	    "unlinked 56475aa75463; no link with it for 10m00s"));
	doc_free(&d);
	doc_init(&d);
	assert_int_equal(unlink_build(ID_A, false, 0, &d), 1);
	assert_string_equal(text_of(verdict_text),
	    "56475aa75463 is not linked any more\n");
}

/* Counters are numbers; what did not happen is not in the text. */
static void
test_stats(void **state)
{
	uint64_t events[EV_MAX] = { [EV_PEER_UP] = 7, [EV_STORE_FAILED] = 2 };
	struct wbuf own, drop, r;
	const char *s;

	(void)state;
	a[0].table = TABLE_STATUS;
	a[1].table = TABLE_DROPS;
	wbuf_init(&r, 1024);
	row_str(&r, "clock", "right");
	row_num(&r, "pid", ROW_U64, 12);
	row_num(&r, "received", ROW_U64, 5);
	answer_add(&a[0], r.p, r.len);
	wbuf_reset(&r);
	row_str(&r, "what", "slowed");
	row_num(&r, "count", ROW_U64, 3);
	row_str(&r, "why", "too many");
	answer_add(&a[1], r.p, r.len);
	wbuf_init(&own, 256);
	row_num(&own, "people", ROW_U64, 2);
	wbuf_init(&drop, 256);
	row_str(&drop, "daemon", "sshd");
	row_str(&drop, "what", "login");
	row_num(&drop, "count", ROW_U64, 0);
	row_str(&drop, "why", "unknown");
	a[2].table = TABLE_KEYSERV;
	stats_build(a, 4, &own, &drop, 1, &d);
	stats_events(events, &d);
	s = text_of(doc_json);
	assert_non_null(strstr(s, "\"complete\":true"));
	assert_non_null(strstr(s, "\"gossipd\":[{\"received\":5}]"));
	assert_non_null(strstr(s, "\"drops\":[{\"daemon\":\"transportd\","
	    "\"what\":\"slowed\",\"count\":3,\"why\":\"too many\"},"
	    "{\"daemon\":\"sshd\""));
	s = text_of(stats_text);
	assert_non_null(strstr(s, "transportd  slowed  3"));
	assert_null(strstr(s, "login"));
	assert_non_null(strstr(s, "store_failed  error  2"));
	assert_null(strstr(s, "peer_up"));
	assert_null(strstr(s, "store_damaged"));
	assert_non_null(strstr(s, "stated     no answer"));
	wbuf_free(&r);
	wbuf_free(&own);
	wbuf_free(&drop);
}

#define T(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_link), T(test_reasons), T(test_unlink),
		T(test_stats),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

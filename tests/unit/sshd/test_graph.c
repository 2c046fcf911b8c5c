/* SPDX-License-Identifier: MIT */
/* graph.c, meshmap.c, metrics.c, ping.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "answer.h"
#include "cursor.h"
#include "doc.h"
#include "graph.h"
#include "imsg.h"
#include "metrics.h"
#include "ping.h"
#include "row.h"
#include "text.h"
#include "verdict.h"

#define REST	"475aa75463474c0285df5dbf2bcab73da651358839e9b77481b2eab1077"
#define ID_A	"aaaaa" REST
#define ID_B	"bbbbb" REST
#define ID_C	"ccccc" REST
#define ID_D	"ddddd" REST
#define HALF_D	"ddddd475aa75463474c0285df5dbf2bc"

static struct answer a[2];
static struct graph g;
static struct wbuf w;

static int
setup(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		memset(&a[i], 0, sizeof(a[i]));
		a[i].from = PROC_GOSSIPD;
		a[i].table = i == 0 ? TABLE_PEERS : TABLE_MESH;
		a[i].state = ANSWER_COMPLETE;
		wbuf_init(&a[i].rows, ANSWER_NODES_MAX);
	}
	wbuf_init(&w, 1024 * 1024);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++)
		wbuf_free(&a[i].rows);
	wbuf_free(&w);
	graph_free(&g);
	return 0;
}

static void
peer(const char *id, const char *name, const char *state)
{
	struct wbuf r;

	wbuf_init(&r, 2048);
	row_str(&r, "id", id);
	row_str(&r, "name", name);
	row_str(&r, "state", state);
	answer_add(&a[0], r.p, r.len);
	wbuf_free(&r);
}

static void
mesh(const char *id, const char *state, const char *links,
    const char *claims)
{
	struct wbuf r;

	wbuf_init(&r, 2048);
	row_str(&r, "id", id);
	row_str(&r, "state", state);
	row_str(&r, "links", links);
	row_str(&r, "claims", claims);
	answer_add(&a[1], r.p, r.len);
	wbuf_free(&r);
}

static const char *
text(void)
{
	wbuf_u8(&w, '\0');
	w.len--;
	return (const char *)w.p;
}

/* B - A - C, C - D as C says; D is known by half of its id first. */
static void
build(void)
{
	peer(ID_C, "", "up");
	peer(ID_B, "be\"e", "up");
	peer(ID_D, "", "down");
	mesh(ID_C, "up", ID_A, HALF_D);
	mesh(ID_D, "unreachable", "", "");
	graph_build(&g, ID_A, "attic", a, 2);
}

static void
test_build(void **state)
{
	(void)state;
	build();
	assert_int_equal(g.n, 4);
	assert_true(g.node[0].self);
	assert_string_equal(g.node[0].id, ID_A);
	assert_string_equal(g.node[1].id, ID_B);
	assert_string_equal(g.node[3].id, ID_D);
	assert_string_equal(g.node[3].state, "unreachable");
	assert_int_equal(g.nlinks, 3);
	assert_true(g.link[0].a == 0 && g.link[0].b == 1);
	assert_true(g.link[1].a == 0 && g.link[1].b == 2);
	assert_true(g.link[2].a == 2 && g.link[2].b == 3);
	assert_true(!g.link[0].claimed && g.link[2].claimed);
}

/* Alone, and with rows that are none. */
static void
test_odd(void **state)
{
	(void)state;
	mesh("short", "up", "x y  z", ID_B " " ID_B "0");
	mesh(ID_A, "up", ID_A, "\033[2J" REST "7");
	mesh("\033[2J" REST "7", "up", "", "");
	peer("\033[2J" REST "7", "", "up");
	graph_build(&g, ID_A, "", a, 2);
	assert_int_equal(g.n, 1);
	assert_int_equal(g.nlinks, 0);
	graph_tree(&g, &w);
	assert_string_equal(text(), "aaaaa475aa75 (aaaaa475aa75), this "
	    "node\n");
	assert_true(meshmap_draw(&g, 1, 1, &w));
}

/* What a gossipd that was taken over may say of a node. */
static void
test_tame(void **state)
{
	(void)state;
	peer(ID_B, "", "up");
	mesh(ID_B, "\033[2J", ID_A, "");
	graph_build(&g, ID_A, "attic", a, 2);
	assert_int_equal(g.n, 2);
	graph_tree(&g, &w);
	assert_null(strchr(text(), '\033'));
}

static void
test_full(void **state)
{
	char id[NODEID_HEX + 1];

	(void)state;
	for (unsigned int i = 0; i < GRAPH_NODES_MAX + 5; i++) {
		(void)snprintf(id, sizeof(id), "%08x%s", i, &ID_A[8]);
		peer(id, "", "up");
	}
	graph_build(&g, ID_A, "", a, 2);
	assert_int_equal(g.n, GRAPH_NODES_MAX);
	assert_true(g.more);
	assert_false(meshmap_draw(&g, 80, 24, &w));
}

static void
test_tree(void **state)
{
	(void)state;
	build();
	graph_tree(&g, &w);
	assert_string_equal(text(), "attic (aaaaa475aa75), this node\n"
	    "\xe2\x94\x9c\xe2\x94\x80 be\"e (bbbbb475aa75)\n"
	    "\xe2\x94\x94\xe2\x94\x80 ccccc475aa75\n"
	    "   \xe2\x94\x94\xe2\x94\x80 ddddd475aa75 unreachable\n");
}

static void
test_dot(void **state)
{
	(void)state;
	build();
	graph_dot(&g, &w);
	assert_string_equal(text(), "graph micelio {\n"
	    "\t\"aaaaa475aa75\" [label=\"attic\" shape=box];\n"
	    "\t\"bbbbb475aa75\" [label=\"be\\\"e\"];\n"
	    "\t\"ccccc475aa75\" [label=\"ccccc475aa75\"];\n"
	    "\t\"ddddd475aa75\" [label=\"ddddd475aa75\" style=dashed];\n"
	    "\t\"aaaaa475aa75\" -- \"bbbbb475aa75\";\n"
	    "\t\"aaaaa475aa75\" -- \"ccccc475aa75\";\n"
	    "\t\"ccccc475aa75\" -- \"ddddd475aa75\" [style=dashed];\n}\n");
}

static void
test_map(void **state)
{
	const char *s;

	(void)state;
	build();
	assert_true(meshmap_draw(&g, 40, 9, &w));
	s = text();
	assert_non_null(strstr(s, "<attic>"));
	assert_non_null(strstr(s, "[be\"e]"));
	assert_non_null(strstr(s, "[cccc]"));
	assert_non_null(strstr(s, "\xe2\xa0"));		/* braille */
	for (size_t lines = 0;; s++) {
		lines += *s == '\n';
		if (*s == '\0') {
			assert_int_equal(lines, 9);
			break;
		}
	}
}

/* By a link, by way of others, or neither. */
static void
test_ping(void **state)
{
	struct ping_result r = { ID_C, PING_ANSWERED, 3, 1078, "[::1]:4000" };
	struct doc d;

	(void)state;
	doc_init(&d);
	assert_int_equal(ping_direct_build(&r, &d), EX_OK);
	verdict_text(&d, &w);
	assert_string_equal(text(), "[::1]:4000: direct: ccccc475aa75 "
	    "answered in 3 ms, the connection alone 1.078 ms\n");
	doc_free(&d);
	r.status = PING_BUSY;
	doc_init(&d);
	assert_int_equal(ping_direct_build(&r, &d), EX_TEMPFAIL);
	doc_free(&d);
	r.status = PING_LOST;
	doc_init(&d);
	assert_int_equal(ping_direct_build(&r, &d), 1);
	doc_free(&d);
	mesh(ID_D, "up", "", "");
	build();
	wbuf_reset(&w);
	doc_init(&d);
	/* what was said of it first is not what is said last */
	assert_int_equal(ping_far_build(&g, ID_D, &d), 1);
	verdict_text(&d, &w);
	assert_non_null(strstr(text(), "as nodes say it is unreachable"));
	doc_free(&d);
	text_copy(g.node[3].state, "up", sizeof(g.node[3].state));
	wbuf_reset(&w);
	doc_init(&d);
	assert_int_equal(ping_far_build(&g, ID_D, &d), EX_OK);
	doc_json(&d, &w);
	assert_non_null(strstr(text(), "\"way\":\"relayed\",\"addr\":null,"
	    "\"took_ms\":null,\"rtt_us\":null,\"links\":2,\"via\":\"" ID_C
	    "\""));
	doc_free(&d);
	wbuf_reset(&w);
	doc_init(&d);
	assert_int_equal(ping_far_build(&g, "eeeee" REST, &d), 1);
	verdict_text(&d, &w);
	assert_non_null(strstr(text(), "no way to it is known"));
	doc_free(&d);
}

static void
test_metrics(void **state)
{
	struct wbuf r;
	struct doc d;
	const char *s;

	(void)state;
	doc_init(&d);
	row_bool(&d.head, "complete", true);
	wbuf_init(&r, 2048);
	row_num(&r, "peers", ROW_U64, 3);
	row_num(&r, "start_ms", ROW_MS, 1234);
	row_num(&r, "rtt", ROW_US, 1500000);
	row_num(&r, "in", ROW_BYTES, 9);
	row_num(&r, "key_count", ROW_U64, 1);
	row_none(&r, "none", ROW_U64);
	row_str(&r, "text", "x");
	(void)doc_row(&d, doc_list(&d, "gossipd"), r.p, r.len);
	wbuf_reset(&r);
	row_str(&r, "daemon", "sshd");
	row_str(&r, "what", "a\"b\\c\nd");
	row_num(&r, "count", ROW_U64, 7);
	(void)doc_row(&d, doc_list(&d, "drops"), r.p, r.len);
	wbuf_reset(&r);
	row_str(&r, "event", "store_failed");
	row_str(&r, "level", "error");
	row_num(&r, "count", ROW_U64, 2);
	(void)doc_row(&d, doc_list(&d, "events"), r.p, r.len);
	(void)doc_list(&d, "stated");		/* it did not answer */
	metrics_text(&d, &w);
	s = text();
	assert_non_null(strstr(s, "\nmicelio_complete 1\n"));
	assert_non_null(strstr(s, "\nmicelio_gossipd_peers 3\n"));
	assert_non_null(strstr(s, "\nmicelio_gossipd_start_seconds 1.234\n"));
	assert_non_null(strstr(s, "\nmicelio_gossipd_rtt_seconds 1.500000"));
	assert_non_null(strstr(s, "\nmicelio_gossipd_in_bytes 9\n"));
	assert_non_null(strstr(s, "\nmicelio_gossipd_key_count_now 1\n"));
	assert_non_null(strstr(s, "\nmicelio_dropped_total{daemon=\"sshd\","
	    "what=\"a\\\"b\\\\c d\"} 7\n"));
	assert_non_null(strstr(s, "\n# TYPE micelio_events_total counter\n"
	    "micelio_events_total{event=\"store_failed\",level=\"error\"} "
	    "2\n"));
	assert_null(strstr(s, "none"));
	assert_null(strstr(s, "text"));
	assert_null(strstr(s, "stated"));
	wbuf_free(&r);
	doc_free(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_build, setup, teardown),
		cmocka_unit_test_setup_teardown(test_odd, setup, teardown),
		cmocka_unit_test_setup_teardown(test_tame, setup, teardown),
		cmocka_unit_test_setup_teardown(test_full, setup, teardown),
		cmocka_unit_test_setup_teardown(test_tree, setup, teardown),
		cmocka_unit_test_setup_teardown(test_dot, setup, teardown),
		cmocka_unit_test_setup_teardown(test_map, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ping, setup, teardown),
		cmocka_unit_test_setup_teardown(test_metrics, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

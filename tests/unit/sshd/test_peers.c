/* SPDX-License-Identifier: MIT */
#include "answer.h"
#include "cursor.h"
#include "doc.h"
#include "mesh.h"
#include "nodeid.h"
#include "peers.h"
#include "row.h"

static void
peer_add(const char *id, const char *name, const char *addr,
    const char *state, uint64_t session)
{
	struct wbuf r;

	wbuf_init(&r, 2048);
	if (id != NULL)
		row_str(&r, "id", id);
	else
		row_null(&r, "id");
	if (name != NULL)
		row_str(&r, "name", name);
	else
		row_null(&r, "name");
	row_str(&r, "addr", addr);
	row_str(&r, "state", state);
	row_none(&r, "rtt", ROW_US);
	row_none(&r, "fails", ROW_U64);
	if (session != 0)
		row_num(&r, "session", ROW_U64, session);
	else
		row_none(&r, "session", ROW_U64);
	answer_add(&a[0], r.p, r.len);
	wbuf_free(&r);
}

static void
link_add(uint64_t session, uint64_t rtt, uint64_t in)
{
	struct wbuf r;

	wbuf_init(&r, 2048);
	row_num(&r, "session", ROW_U64, session);
	row_num(&r, "rtt_kernel", ROW_US, rtt);
	row_num(&r, "rtt_smoothed", ROW_US, rtt + 9);
	row_num(&r, "in", ROW_BYTES, in);
	row_num(&r, "out", ROW_BYTES, 20);
	row_num(&r, "queue", ROW_BYTES, 0);
	answer_add(&a[1], r.p, r.len);
	wbuf_free(&r);
}

/* Each session with its own connection, whatever the order. */
static void
test_list(void **state)
{
	const char *s;

	(void)state;
	peer_add(ID_A, NULL, "127.0.0.1:4000", "up", 7);
	peer_add(NULL, NULL, "127.0.0.1:4001", "down", 0);
	peer_add(ID_C, NULL, "127.0.0.1:4002", "up", 9);
	link_add(9, 2500, 999);
	link_add(7, 40, 111);
	peers_build(a, 4, &d);
	s = text_of(doc_json);
	assert_non_null(strstr(s, "\"session\":7,\"rtt_kernel_us\":40,"
	    "\"rtt_smoothed_us\":49,\"in_bytes\":111,\"out_bytes\":20,"));
	assert_non_null(strstr(s, "\"session\":9,\"rtt_kernel_us\":2500,"));
	assert_non_null(strstr(s, "\"session\":null,\"rtt_kernel_us\":null,"
	    "\"rtt_smoothed_us\":null,\"in_bytes\":null"));
	s = text_of(peers_text);
	assert_non_null(strstr(s, "111"));
	/* no name anywhere, no column */
	assert_null(strstr(s, "name"));
	assert_null(strstr(s, "cause"));
}

static void
test_none(void **state)
{
	(void)state;
	peers_build(a, 4, &d);
	assert_non_null(strstr(text_of(peers_text), "link HOST:PORT"));
	assert_string_equal(text_of(doc_json), "{\"v\":1,\"peers\":[]}\n");
}

static void
test_meant(void **state)
{
	struct meant m;
	char why[512];

	(void)state;
	peer_add(ID_A, "eu.example.org", "127.0.0.1:4000", "up", 7);
	node_add(2, ID_A, "127.0.0.1:4000", "verified", true, 1);
	node_add(2, ID_B, "127.0.0.1:4009", "hearsay", false, 1);
	node_add(3, ID_C, "127.0.0.1:4005", "stored", false, 1);
	node_add(2, "\033[2J" "5647475aa75463474c0285df5dbf2bcab73da65135883"
	    "9e9b77481b2eab1", "127.0.0.1:4010", "hearsay", false, 1);
	meant_find(&m, a, 4, "127.0.0.1:4010", false);
	assert_int_equal(m.n, 0);	/* no id to be shown */
	meant_find(&m, a, 4, "5647", false);
	assert_int_equal(m.n, 1);	/* of two tables, once */
	assert_string_equal(m.id[0], ID_A);
	meant_find(&m, a, 4, "A1B2", false);
	assert_int_equal(m.n, 1);
	assert_string_equal(m.id[0], ID_C);
	meant_find(&m, a, 4, "eu.example.org", false);
	assert_int_equal(m.n, 1);
	meant_find(&m, a, 4, "127.0.0.1:4009", false);
	assert_string_equal(m.id[0], ID_B);
	meant_find(&m, a, 4, "127.0.0.1:400", false);
	assert_int_equal(m.n, 0);
	meant_find(&m, a, 4, "", false);
	assert_int_equal(m.n, 0);
	meant_find(&m, a, 4, "56", false);
	assert_int_equal(m.n, 2);
	meant_text(&m, "56", false, why, sizeof(why));
	assert_string_equal(why, "\"56\" could be: 56475aa75463 "
	    "(127.0.0.1:4000), 56f000000000 (127.0.0.1:4009); write more of "
	    "the id");
	/* of those linked there is one */
	meant_find(&m, a, 4, "56", true);
	assert_int_equal(m.n, 1);
	meant_find(&m, a, 4, "a1", true);
	assert_int_equal(m.n, 0);
	meant_text(&m, "a1\x1b[2J", true, why, sizeof(why));
	assert_null(strchr(why, '\x1b'));
	assert_non_null(strstr(why, "peers lists them"));
}

/* More than anybody wants to read, and addresses of any length. */
static void
test_many_meant(void **state)
{
	char id[NODEID_HEX + 1], why[300];
	struct meant m;

	(void)state;
	for (unsigned int i = 0; i < 40; i++) {
		(void)snprintf(id, sizeof(id), "55%062x", i);
		node_add(2, id, "[2001:db8::1]:4000", "hearsay", false, 1);
	}
	meant_find(&m, a, 4, "55", false);
	assert_int_equal(m.n, MEANT_MAX);
	assert_true(m.more);
	meant_text(&m, "55", false, why, sizeof(why));
	assert_true(strlen(why) < sizeof(why));
}

/* What the session does not know is taken from the book. */
static void
test_one(void **state)
{
	const char *s;

	(void)state;
	peer_add(ID_A, NULL, "127.0.0.1:50000", "connecting", 3);
	peer_add(ID_A, NULL, "127.0.0.1:4000", "up", 7);
	link_add(7, 40, 111);
	node_add(2, ID_A, "192.0.2.1:4000", "verified", true, 1000);
	node_add(3, ID_C, "127.0.0.1:4005", "stored", false, 1000);
	peer_build(a, 4, ID_A, &d);
	s = text_of(doc_json);
	assert_non_null(strstr(s, "\"addr\":\"127.0.0.1:4000\",\"state\":"
	    "\"up\""));
	assert_non_null(strstr(s, "\"fails\":2"));
	assert_non_null(strstr(s, "\"in_bytes\":111"));
	assert_non_null(strstr(s, "\"source\":\"verified\""));
	assert_null(strstr(s, "192.0.2.1"));
	assert_ptr_equal(strstr(strstr(s, "\"id\"") + 1, "\"id\""), NULL);
	doc_free(&d);
	doc_init(&d);
	peer_build(a, 4, ID_C, &d);
	s = text_of(doc_json);
	assert_non_null(strstr(s, "\"source\":\"stored\""));
	assert_null(strstr(s, "in_bytes"));
}

/* Those that are configured and not connected, by address if need be. */
static void
test_down(void **state)
{
	struct meant m;

	(void)state;
	peer_add(ID_A, NULL, "127.0.0.1:4000", "up", 7);
	peer_add(ID_B, "eu.example.org", "eu.example.org:4000", "down", 0);
	peer_add(NULL, NULL, "127.0.0.1:4001", "connecting", 0);
	peer_add(ID_C, NULL, "127.0.0.1:5555", "connecting", 8);
	meant_down(&m, &a[0], "5647");
	assert_int_equal(m.n, 0);
	meant_down(&m, &a[0], "127.0.0.1:5555");
	assert_int_equal(m.n, 0);
	meant_down(&m, &a[0], "eu.example.org");
	assert_int_equal(m.n, 1);
	assert_string_equal(m.id[0], ID_B);
	assert_string_equal(m.addr[0], "eu.example.org:4000");
	meant_down(&m, &a[0], "127.0.0.1:4001");
	assert_int_equal(m.n, 1);
	assert_string_equal(m.id[0], "");
}

#define T(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_list), T(test_none), T(test_meant),
		T(test_many_meant), T(test_one), T(test_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

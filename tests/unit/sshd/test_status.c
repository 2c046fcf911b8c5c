/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "conf.h"
#include "cursor.h"
#include "doc.h"
#include "imsg.h"
#include "row.h"
#include "status.h"

static struct answer a[7];
static struct strlist ssh, boot;
static struct status_facts facts;
static struct doc d;
static struct wbuf w;

static void
answer_set(size_t i, enum proc_role from, enum table t)
{
	a[i].from = from;
	a[i].table = t;
	a[i].state = ANSWER_COMPLETE;
	wbuf_init(&a[i].rows, ANSWER_BYTES_MAX);
}

static void
peer_add(const char *addr, const char *state, const char *cause)
{
	struct wbuf r;

	wbuf_init(&r, 1024);
	row_str(&r, "id", "56475aa75463474c0285df5dbf2bcab73da651358839e9b774"
	    "81b2eab107708c");
	row_str(&r, "addr", addr);
	row_str(&r, "state", state);
	if (cause != NULL) {
		row_str(&r, "cause", cause);
		row_num(&r, "next", ROW_MS, 3000);
	} else
		row_null(&r, "cause");
	answer_add(&a[5], r.p, r.len);
	wbuf_free(&r);
}

static int
setup(void **state)
{
	(void)state;
	memset(a, 0, sizeof(a));
	answer_set(0, PROC_PARENT, TABLE_STATUS);
	answer_set(1, PROC_PARENT, TABLE_PROCS);
	answer_set(2, PROC_PARENT, TABLE_KEYSERV);
	answer_set(3, PROC_TRANSPORTD, TABLE_STATUS);
	answer_set(4, PROC_GOSSIPD, TABLE_STATUS);
	answer_set(5, PROC_GOSSIPD, TABLE_PEERS);
	answer_set(6, PROC_STATED, TABLE_STATUS);
	memset(&facts, 0, sizeof(facts));
	memset(&boot, 0, sizeof(boot));
	memset(&ssh, 0, sizeof(ssh));
	strlist_add(&ssh, "127.0.0.1:2222");
	facts.node_name = "north";
	facts.mode = MODE_PERSONAL;
	facts.people = 1;
	facts.keys = 1;
	facts.ssh_on = true;
	facts.keys_known = true;
	facts.ssh_listen = &ssh;
	facts.bootstrap = &boot;
	facts.sandbox.seccomp = true;
	facts.sandbox.landlock_abi = 4;
	doc_init(&d);
	wbuf_init(&w, 1024 * 1024);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < 7; i++)
		wbuf_free(&a[i].rows);
	strlist_free(&boot);
	strlist_free(&ssh);
	doc_free(&d);
	wbuf_free(&w);
	return 0;
}

static const char *
build(bool healthy)
{
	assert_int_equal(status_build(&facts, a, 7, &d), healthy);
	status_text(&d, &w);
	wbuf_u8(&w, 0);
	return (const char *)w.p;
}

static void
first_line(const char *text, const char *want)
{
	if (strncmp(text, want, strlen(want)) != 0 ||
	    text[strlen(want)] != '\n')
		fail_msg("got: %s", text);
}

static void
test_alone(void **state)
{
	(void)state;
	first_line(build(true), "healthy: 0 peers (none configured), 1 person "
	    "here");
	assert_non_null(strstr((char *)w.p, "only dials out"));
	assert_non_null(strstr((char *)w.p, "personal mode"));
}

/* Not ill, but people should know why nobody answers. */
static void
test_clock(void **state)
{
	static const struct { const char *clock, *said; } t[] = {
		{ "behind", "is behind its neighbours'" },
		{ "ahead", "is ahead of its neighbours'" },
		{ "right", NULL }, { "unknown", NULL },
	};
	const char *text;
	struct wbuf r;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		wbuf_init(&r, 1024);
		row_str(&r, "clock", t[i].clock);
		answer_add(&a[4], r.p, r.len);
		wbuf_free(&r);
		text = build(true);
		if (t[i].said != NULL) {
			assert_non_null(strstr(text, t[i].said));
			assert_non_null(strstr(text, "\nhint      "));
		} else
			assert_null(strstr(text, "clock of this node"));
		wbuf_reset(&w);
		doc_free(&d);
		doc_init(&d);
		wbuf_free(&a[4].rows);
		answer_set(4, PROC_GOSSIPD, TABLE_STATUS);
		a[4].n = 0;
	}
}

/* Each trouble of the store is the first line, with what helps. */
static void
test_store(void **state)
{
	static const char *const bad[][2] = { { "full", "full" },
	    { "failing", "cannot be written" }, { "damaged", "damaged" },
	    { "newer", "newer" }, { "closed", "closed" } };
	static const char *const good[] = { "ok", "recovering" };
	const char *text;
	struct wbuf r;

	for (size_t i = 0; i < 7; i++) {
		wbuf_init(&r, 1024);
		row_str(&r, "state", i < 5 ? bad[i][0] : good[i - 5]);
		answer_add(&a[6], r.p, r.len);
		wbuf_free(&r);
		text = build(i >= 5);
		if (i < 5) {
			assert_ptr_equal(strstr(text, "not healthy: the "
			    "store "), text);
			assert_true(strstr(text, bad[i][1]) <
			    strchr(text, '\n'));
			assert_non_null(strstr(text, "\nhint      "));
		}
		teardown(state);
		setup(state);
	}
}

/* As bound: a setting of port 0 would tell nobody where to dial. */
static void
test_listens(void **state)
{
	const char *text;
	struct wbuf r;

	(void)state;
	wbuf_init(&r, 1024);
	row_str(&r, "network", "127.0.0.1:4001 [::1]:4002");
	answer_add(&a[0], r.p, r.len);
	wbuf_free(&r);
	text = build(true);
	assert_non_null(strstr(text, "network 127.0.0.1:4001"));
	assert_non_null(strstr(text, "network [::1]:4002"));
	assert_null(strstr(text, "only dials out"));
}

static void
test_peers(void **state)
{
	const char *text;

	(void)state;
	strlist_add(&boot, "192.0.2.1:4000");
	peer_add("192.0.2.1:4000", "up", NULL);
	peer_add("192.0.2.2:4000", "up", NULL);
	peer_add("192.0.2.3:4000", "down", "connection-refused");
	text = build(true);
	first_line(text, "healthy: 2 peers, 1 person here");
	assert_non_null(strstr(text, "56475aa75463  192.0.2.1:4000"));
	assert_null(strstr(text, "56475aa754634"));
}

static void
test_own_key(void **state)
{
	const char *text;

	(void)state;
	strlist_add(&boot, "192.0.2.1:4000");
	peer_add("192.0.2.1:4000", "down", "own-key");
	text = build(false);
	assert_non_null(strstr(text, "a copy of its keys: remove"));
	assert_null(strstr(text, "is running"));
}

static void
test_peer_down(void **state)
{
	const char *text;

	(void)state;
	strlist_add(&boot, "192.0.2.1:4000");
	peer_add("192.0.2.1:4000", "down", "connection-refused");
	text = build(false);
	first_line(text, "not healthy: no peer is connected: 192.0.2.1:4000: "
	    "connection-refused; next try in 3.0s");
	assert_non_null(strstr(text, "\nhint      check the address"));
}

static void
told_since(size_t i, const char *name, uint64_t ms)
{
	struct wbuf r;

	wbuf_init(&r, 1024);
	row_num(&r, name, ROW_TIME, ms);
	if (i == 6)
		row_str(&r, "state", facts.people == 7 ? "full" : "ok");
	answer_add(&a[i], r.p, r.len);
	wbuf_free(&r);
}

/* Well since the last of what had to be well; ill since it is so. */
static void
test_since(void **state)
{
	told_since(4, "peers_since", 1763712000000);
	told_since(6, "state_since", 1763708400000);
	first_line(build(true), "healthy: 0 peers (none configured), 1 person "
	    "here; since 2025-11-21T07:00:00.000Z");
	wbuf_reset(&w);
	doc_free(&d);
	doc_init(&d);
	strlist_add(&boot, "192.0.2.1:4000");
	peer_add("192.0.2.1:4000", "up", NULL);
	first_line(build(true), "healthy: 1 peer, 1 person here; since "
	    "2025-11-21T08:00:00.000Z");
	teardown(state);
	setup(state);
	strlist_add(&boot, "192.0.2.1:4000");
	peer_add("192.0.2.1:4000", "down", "connection-refused");
	told_since(4, "peers_since", 1763708400000);
	told_since(6, "state_since", 1763712000000);
	first_line(build(false), "not healthy: no peer is connected: "
	    "192.0.2.1:4000: connection-refused; next try in 3.0s; since "
	    "2025-11-21T07:00:00.000Z");
	teardown(state);
	setup(state);
	facts.people = 7;
	told_since(4, "peers_since", 1763712000000);
	told_since(6, "state_since", 1763708400000);
	first_line(build(false), "not healthy: the store is full: new peers "
	    "are not kept; since 2025-11-21T07:00:00.000Z");
	teardown(state);
	setup(state);
	a[3].state = ANSWER_NONE;
	told_since(4, "peers_since", 1763712000000);
	first_line(build(false), "not healthy: no answer from transportd");
}

static void
test_silent(void **state)
{
	const char *text;

	(void)state;
	a[3].state = ANSWER_NONE;
	a[6].state = ANSWER_NONE;
	text = build(false);
	first_line(text, "not healthy: no answer from transportd, stated");
	assert_non_null(strstr(text, "no answer"));
}

static void
test_no_keys(void **state)
{
	(void)state;
	facts.keys = 0;
	facts.keys_known = false;
	assert_non_null(strstr(build(true), "hint      nobody can log in by "
	    "SSH: authorized_keys is missing"));
}

static void
test_sandbox(void **state)
{
	struct wbuf r;
	const char *text;

	(void)state;
	wbuf_init(&r, 1024);
	row_str(&r, "name", "micelio-gossipd");
	row_num(&r, "pid", ROW_U64, 77);
	row_num(&r, "landlock_abi", ROW_U64, 5);
	row_bool(&r, "seccomp", true);
	row_bool(&r, "own_uid", true);
	answer_add(&a[1], r.p, r.len);
	wbuf_free(&r);
	text = build(true);
	assert_non_null(strstr(text, "gossipd     77   running  seccomp, "
	    "landlock 5, own uid\n"));
	assert_non_null(strstr(text, "sshd        -    running  seccomp, "
	    "landlock 4\n"));
}

static void
test_answers_bounded(void **state)
{
	static uint8_t row[8000];
	size_t n, len;

	(void)state;
	for (int i = 0; i < 100; i++)
		answer_add(&a[0], row, sizeof(row));
	assert_int_equal(a[0].n, ANSWER_BYTES_MAX / 8004);
	assert_non_null(answer_row(&a[0], a[0].n - 1, &len));
	assert_int_equal(len, sizeof(row));
	n = a[0].n;
	assert_null(answer_row(&a[0], n, &len));
}

int
main(void)
{
#define T_(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T_(test_alone), T_(test_clock), T_(test_store), T_(test_listens),
		T_(test_own_key),
		T_(test_peers), T_(test_peer_down), T_(test_since), T_(test_silent),
		T_(test_no_keys), T_(test_sandbox),
		T_(test_answers_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

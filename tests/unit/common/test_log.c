/* SPDX-License-Identifier: MIT */
#include "t.h"

#include <ctype.h>
#include <sys/socket.h>

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "imsg.h"
#include "log.h"

static char out[16384];
static int saved_stderr, pipe_fds[2];

static void
capture(void)
{
	assert_int_equal(pipe(pipe_fds), 0);
	saved_stderr = dup(STDERR_FILENO);
	dup2(pipe_fds[1], STDERR_FILENO);
	close(pipe_fds[1]);
}

static const char *
captured(void)
{
	ssize_t n;

	dup2(saved_stderr, STDERR_FILENO);
	close(saved_stderr);
	n = read(pipe_fds[0], out, sizeof(out) - 1);
	out[n > 0 ? n : 0] = '\0';
	close(pipe_fds[0]);
	return out;
}

static void
text_line(void **state)
{
	struct nodeid id = { { 0x8f, 0x3a, 0x1c, 0x02, 0xa1, 0xb2 } };
	struct addr a;

	(void)state;
	assert_true(addr_parse("10.0.0.2:4000", &a));
	log_init("micelio-gossipd", LOG_TEXT, LOG_LVL_INFO);
	capture();
	log_event(EV_PEER_DOWN, LF_ID("id", &id), LF_ADDR("addr", &a),
	    LF_MS("up", 20100), LF_STR("cause", "idle-timeout"),
	    LF_STR("absent", NULL), LF_HINT("no byte for 60 s"));
	captured();
	assert_true(out[4] == '-' && out[19] == '.' && out[23] == 'Z');
	assert_string_equal(out + 24, " info gossipd peer_down id=8f3a1c02a1b2 "
	    "addr=10.0.0.2:4000 up=20.1s cause=idle-timeout "
	    "hint=\"no byte for 60 s\"\n");
}

/* Blocking for good here would be the failure. */
static void
nobody_reads(void **state)
{
	static char fill[4096];
	ssize_t n;

	(void)state;
	log_init("micelio-gossipd", LOG_TEXT, LOG_LVL_INFO);
	capture();
	fcntl(pipe_fds[1] = dup(STDERR_FILENO), F_SETFL, O_NONBLOCK);
	while (write(pipe_fds[1], fill, sizeof(fill)) > 0)
		;
	fcntl(pipe_fds[1], F_SETFL, 0);
	for (int i = 0; i < 100; i++)
		log_event(EV_NODE_STOPPING, LF_STR("reason", "unread"));
	fcntl(pipe_fds[0], F_SETFL, O_NONBLOCK);
	do
		n = read(pipe_fds[0], out, sizeof(out));
	while (n > 0);
	/* Read again: what was lost is said, and then the line. */
	log_event(EV_NODE_STOPPING, LF_STR("reason", "read"));
	close(pipe_fds[1]);
	captured();
	assert_non_null(strstr(out, " warn gossipd log_lost lines=100 hint="));
	assert_null(strstr(out, "reason=unread"));
	assert_non_null(strstr(out, "\n2"));
	assert_non_null(strstr(out, "reason=read\n"));
}

static void
strangers_cannot_forge_lines(void **state)
{
	(void)state;
	log_init("micelio-gossipd", LOG_TEXT, LOG_LVL_INFO);
	capture();
	log_event(EV_HELLO_REFUSED, LF_STR("text", "x\n2026 error fake\x1b[2J"),
	    LF_HINT("none"));
	captured();
	assert_ptr_equal(strchr(out, '\n'), out + strlen(out) - 1);
	assert_null(strchr(out, '\x1b'));
}

static void
json_line(void **state)
{
	(void)state;
	log_init("micelio", LOG_JSON, LOG_LVL_INFO);
	capture();
	log_event(EV_LISTENING, LF_STR("what", "ssh\"\n"), LF_NUM("n", 5));
	captured();
	assert_non_null(strstr(out, "\"level\":\"info\",\"daemon\":\"micelio\","
	    "\"event\":\"listening\",\"what\":\"ssh\\\"\\n\",\"n\":5}\n"));
}

static void
levels(void **state)
{
	(void)state;
	log_init("micelio", LOG_TEXT, LOG_LVL_WARN);
	capture();
	log_event(EV_LISTENING, LF_STR("what", "x"));
	log_debug("not %s", "shown");
	captured();
	assert_string_equal(out, "");
}

static void
one_line_a_source_and_minute(void **state)
{
	uint32_t held;

	(void)state;
	assert_true(log_allowed(7, EV_CONN_REFUSED, 100000, &held));
	for (int i = 0; i < 99; i++)
		assert_false(log_allowed(7, EV_CONN_REFUSED, 100001, &held));
	assert_true(log_allowed(8, EV_CONN_REFUSED, 100002, &held));
	assert_true(log_allowed(7, EV_CONN_REFUSED, 160001, &held));
	assert_int_equal(held, 99);
}

/* A stranger with as many addresses as he likes does not fill the disk. */
static void
many_sources_share_a_rate(void **state)
{
	uint32_t held, lines = 0;

	(void)state;
	for (uint64_t source = 1; source <= 10000; source++)
		lines += log_allowed(source, EV_SSH_REFUSED, 500000, &held);
	assert_int_equal(lines, 100);
	assert_true(log_allowed(20000, EV_HELLO_REFUSED, 500000, &held));
	assert_true(log_allowed(20000, EV_SSH_REFUSED, 501000, &held));
	assert_int_equal(held, 9900);
}

static void
the_table_is_complete(void **state)
{
	(void)state;
	for (int i = 1; i < EV_MAX; i++) {
		const struct event_info *e = &event_infos[i];

		assert_true(strlen(e->meaning) > 10);
		for (const char *p = e->name; *p != '\0'; p++)
			assert_true(isupper((unsigned char)*p) || *p == '_' ||
			    isdigit((unsigned char)*p));
		/* a warning says what is wrong, and what to do */
		if (e->level >= LOG_LVL_WARN) {
			assert_true(*e->fields != '\0');
			assert_true(strlen(e->remedy) > 5);
		}
	}
}

/* An event is led to by what was logged since the begin, or by that. */
static void
causes(void **state)
{
	struct log_scope outer, inner;
	uint64_t id;

	(void)state;
	log_init("micelio-gossipd", LOG_TEXT, LOG_LVL_INFO);
	log_set_origin(PROC_GOSSIPD);
	capture();
	assert_int_equal(log_cause(), 0);
	(void)log_event(EV_PEER_UP, LF_STR("dir", "in"));
	/* outside of a scope one thing has nothing to do with the next */
	assert_int_equal(log_cause(), 0);
	outer = log_cause_begin(log_event_id_parse("transportd-77"));
	id = log_event(EV_PEER_DOWN, LF_STR("dir", "in"), LF_HINT("go on"));
	assert_int_equal(log_cause(), id);
	(void)log_event(EV_DEBUG, LF_STR("text", "nothing"));
	(void)log_event(EV_DIAL_FAILED, LF_STR("addr", "not logged"));
	assert_int_equal(log_cause(), id);
	inner = log_cause_begin(0);
	(void)log_event(EV_PEER_UP, LF_STR("dir", "out"));
	log_cause_end(inner);
	(void)log_event(EV_BOOTSTRAP_DOWN, LF_STR("addr", "x"), LF_HINT("y"));
	log_cause_end(outer);
	captured();
	log_set_origin(PROC_NONE);
	assert_non_null(strstr(out, "peer_up dir=in event_id=gossipd-1\n"));
	assert_non_null(strstr(out, "peer_down dir=in event_id=gossipd-2 "
	    "cause_id=transportd-77 hint=\"go on\"\n"));
	assert_non_null(strstr(out, "peer_up dir=out event_id=gossipd-3\n"));
	assert_non_null(strstr(out, "addr=x event_id=gossipd-4 "
	    "cause_id=gossipd-2 hint="));
	assert_int_equal(log_cause(), 0);
}

/* By "printf micelio/event/peer_up | sha256sum". */
#define PEER_UP_ID	"26b951f89a934077151947026fe24129"

static void
message_ids(void **state)
{
	char a[LOG_ID_MAX], b[LOG_ID_MAX];

	(void)state;
	assert_string_equal(log_message_id(EV_PEER_UP, a), PEER_UP_ID);
	for (int i = 1; i < EV_MAX; i++)
		for (int k = 1; k < i; k++)
			assert_string_not_equal(log_message_id(i, a),
			    log_message_id(k, b));
}

/* One datagram a record, on the descriptor the journal's socket has. */
static void
journal_record(void **state)
{
	int pair[2];
	ssize_t n;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
	assert_int_equal(dup2(pair[1], LOG_FILENO), LOG_FILENO);
	log_init("micelio-gossipd", LOG_JOURNAL, LOG_LVL_DEBUG);
	log_event(EV_PEER_UP, LF_STR("dir", "in\nMESSAGE_ID=x"));
	n = recv(pair[0], out, sizeof(out) - 1, MSG_DONTWAIT);
	assert_true(n > 0);
	out[n] = '\0';
	assert_non_null(strstr(out, "\nSYSLOG_IDENTIFIER=micelio-gossipd\n"));
	assert_non_null(strstr(out, "\nPRIORITY=6\n"));
	assert_non_null(strstr(out, "\nMICELIO_EVENT=peer_up\n"));
	assert_non_null(strstr(out, "\nMESSAGE_ID=" PEER_UP_ID "\n"));
	assert_non_null(strstr(out, "\nMICELIO_DIR=in"));
	assert_null(strstr(out, "\nMESSAGE_ID=x"));
	/* Detail for developers is no event to explain. */
	log_debug("detail");
	n = recv(pair[0], out, sizeof(out) - 1, MSG_DONTWAIT);
	assert_true(n > 0);
	out[n] = '\0';
	assert_non_null(strstr(out, "detail"));
	assert_null(strstr(out, "MESSAGE_ID"));
	close(LOG_FILENO);
	close(pair[0]);
	close(pair[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_line),
		cmocka_unit_test(nobody_reads),
		cmocka_unit_test(strangers_cannot_forge_lines),
		cmocka_unit_test(json_line),
		cmocka_unit_test(levels),
		cmocka_unit_test(one_line_a_source_and_minute),
		cmocka_unit_test(many_sources_share_a_rate),
		cmocka_unit_test(causes),
		cmocka_unit_test(the_table_is_complete),
		cmocka_unit_test(message_ids),
		cmocka_unit_test(journal_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

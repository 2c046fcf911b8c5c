/* SPDX-License-Identifier: MIT */
/*
 * Accepting, and who may stay.  parity row of wire-v1 9.5:
 * MaxPeersEnforcement
 */
#include "peer.h"

#include <sys/resource.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/mtime.h"

/* Many who say nothing; one who means it comes through. */
static void
test_silent_flood(void **state)
{
	struct rig *r = *state;
	char from[32];
	int fds[120];
	struct rig_peer p;

	for (size_t i = 0; i < 120; i++) {
		snprintf(from, sizeof(from), "127.0.0.%zu", 2 + i);
		fds[i] = rig_connect(r, from);
		/* the backlog of a real flood is much longer */
		if (i % 30 == 29)
			rig_settle(r);
	}
	RIG_UNTIL(r, r->t->stats.accepted == 120);
	assert_int_equal(r->t->sessions_n, 8);
	assert_int_equal(r->t->stats.crowded_out, 112);
	(void)peer_join(&p, r);
	assert_int_equal(r->t->ready_n, 1);
	for (size_t i = 0; i < 120; i++)
		close(fds[i]);
	RIG_UNTIL(r, r->t->sessions_n == 1);
	assert_int_equal(r->t->admit->count, 0);
	peer_free(&p);
}

/* One address has its share, and no more; others are not touched. */
static void
test_per_address(void **state)
{
	struct rig *r = *state;
	struct rig_peer p;
	int fds[10];

	for (size_t i = 0; i < 10; i++)
		fds[i] = rig_connect(r, "127.0.0.5");
	RIG_UNTIL(r, r->t->stats.accepted == 10);
	assert_int_equal(r->t->stats.refused_address, 4);
	assert_int_equal(r->t->sessions_n, 6);
	(void)peer_join(&p, r);
	for (size_t i = 0; i < 10; i++)
		close(fds[i]);
	peer_free(&p);
}

/* A finished hello frees the place. */
static void
test_place_freed(void **state)
{
	struct rig *r = *state;
	struct rig_peer p[12];

	for (size_t i = 0; i < 12; i++) {
		(void)peer_join(&p[i], r);
		assert_int_equal(r->t->admit->count, 0);
	}
	assert_int_equal(r->t->ready_n, 12);
	assert_int_equal(r->t->stats.crowded_out, 0);
	for (size_t i = 0; i < 12; i++)
		peer_free(&p[i]);
	RIG_UNTIL(r, r->t->ready_n == 0);
}

/*
 * Full: closed before a byte is read, but for two at a time who may say that
 * they are the one whose link is dead.
 */
static void
test_at_capacity(void **state)
{
	struct rig *r = *state;
	struct rig_peer p, again, guest, third;

	r->conf.network_max_peers = 1;
	transport_apply(r->t);
	(void)peer_join(&p, r);
	peer_init(&guest, r, rig_connect(r, "127.0.0.2"), NULL);
	RIG_UNTIL(r, r->t->admit->count == 1);
	peer_init(&again, r, rig_connect(r, "127.0.0.1"), NULL);
	peer_initiate(&again, NULL);
	RIG_UNTIL(r, r->sessions == 2);
	peer_init(&third, r, rig_connect(r, "127.0.0.3"), NULL);
	peer_expect_eof(&third);
	assert_int_equal(r->t->stats.refused_full, 1);
	rig_close(r, rig_last(r), DOWN_FULL);
	peer_expect_eof(&again);
	RIG_UNTIL(r, rig_last(r)->down);
	assert_int_equal(rig_last(r)->reason, DOWN_FULL);
	assert_int_equal(r->t->ready_n, 1);
	peer_free(&p);
	peer_free(&again);
	peer_free(&guest);
	peer_free(&third);
}

/*
 * One address may not keep the parent busy with Diffie-Hellman.  Its budget
 * is spent at a time to come, so that none grows back meanwhile.
 */
static void
test_handshake_budget(void **state)
{
	struct rig *r = *state;
	uint8_t msg[34] = { 0, 32, 9 };
	struct rig_peer p;
	struct addr a;

	assert_true(addr_from_host("127.0.0.7", 0, &a));
	while (admit_handshake(r->t->admit, addr_host_key(&a),
	    mono_ms() + 60000))
		;
	peer_init(&p, r, rig_connect(r, "127.0.0.7"), NULL);
	peer_write(&p, msg, sizeof(msg));
	peer_expect_eof(&p);
	peer_free(&p);
	assert_int_equal(r->t->stats.handshakes_slowed, 1);
	(void)peer_join(&p, r);
	peer_free(&p);
}

/* Out of descriptors: a pause, no spinning, and then it goes on. */
static void
test_no_descriptors(void **state)
{
	struct rig *r = *state;
	struct rlimit old, low;
	struct rig_peer p;
	int fds[3];

	for (size_t i = 0; i < 3; i++)
		fds[i] = rig_connect(r, "127.0.0.1");
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	low = old;
	low.rlim_cur = (rlim_t)fds[2] + 1;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	RIG_UNTIL(r, r->t->accept_paused);
	assert_int_equal(r->t->stats.accept_pauses, 1);
	rig_settle(r);
	assert_int_equal(r->t->stats.accept_pauses, 1);
	assert_int_not_equal(r->t->reserve_fd, -1);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	RIG_UNTIL(r, !r->t->accept_paused);
	(void)peer_join(&p, r);
	peer_free(&p);
	for (size_t i = 0; i < 3; i++)
		close(fds[i]);
}

static void
test_ipv6(void **state)
{
	struct rig *r = *state;
	char addr[HOSTPORT_MAX + 1];
	struct rig_peer p;
	uint16_t port;
	int fd = rig_listen_on("::1", &port), out;

	if (fd == -1)
		skip();
	snprintf(addr, sizeof(addr), "[::1]:%u", port);
	listener_add(r->t, fd, addr);
	peer_init(&p, r, rig_connect_to("::1", port, "::1"), NULL);
	peer_initiate(&p, NULL);
	RIG_UNTIL(r, r->sessions == 1);
	assert_int_equal(strncmp(rig_last(r)->addr, "[::1]:", 6), 0);
	peer_free(&p);

	out = rig_listen_on("::1", &port);
	snprintf(addr, sizeof(addr), "[::1]:%u", port);
	rig_dial(r, 4, addr, false);
	peer_init(&p, r, rig_accept(r, out), NULL);
	peer_respond(&p, NULL);
	RIG_UNTIL(r, r->sessions == 2);
	assert_string_equal(rig_last(r)->addr, addr);
	peer_free(&p);
	close(out);
}

/* Another address while running; too many are refused, not kept. */
static void
test_more_listeners(void **state)
{
	struct rig *r = *state;
	struct rig_peer p;
	uint16_t port;

	for (size_t i = 0; i < CONF_LISTEN_MAX + 1; i++)
		listener_add(r->t, rig_listen(&port), "127.0.0.1:1");
	assert_int_equal(r->t->listeners_n, CONF_LISTEN_MAX);
	RIG_UNTIL(r, r->listening == CONF_LISTEN_MAX);
	(void)peer_join(&p, r);
	peer_free(&p);
}

static void
age(struct rig *r, uint64_t ms)
{
	struct session *s;

	RB_FOREACH(s, session_tree, &r->t->sessions)
		s->watch.deadline = mono_ms() + OPENING_MS - ms;
}

/* Full, and strangers hold the places of guests: not for longer than that. */
static void
test_guests_make_way(void **state)
{
	struct rig *r = *state;
	struct rig_peer p, silent, slow, again;
	uint8_t begin[3] = { 0, 32, 9 };

	r->conf.network_max_peers = 1;
	transport_apply(r->t);
	(void)peer_join(&p, r);
	peer_init(&silent, r, rig_connect(r, "127.0.0.2"), NULL);
	RIG_UNTIL(r, r->t->admit->count == 1);
	peer_init(&slow, r, rig_connect(r, "127.0.0.3"), NULL);
	peer_write(&slow, begin, sizeof(begin));
	RIG_UNTIL(r, r->t->admit->count == 2);
	RIG_UNTIL(r, r->t->stats.bytes_in > 0);

	age(r, GUEST_SILENT_MS / 2);
	peer_init(&again, r, rig_connect(r, "127.0.0.1"), NULL);
	peer_expect_eof(&again);
	peer_free(&again);
	assert_int_equal(r->t->stats.refused_full, 1);

	/* one who said nothing, soon; then the one who began */
	age(r, GUEST_SILENT_MS);
	peer_init(&again, r, rig_connect(r, "127.0.0.1"), NULL);
	peer_initiate(&again, NULL);
	RIG_UNTIL(r, r->sessions == 2);
	peer_expect_eof(&silent);
	peer_free(&silent);
	peer_free(&again);
	RIG_UNTIL(r, r->t->admit->count == 1);
	peer_init(&again, r, rig_connect(r, "127.0.0.4"), NULL);
	RIG_UNTIL(r, r->t->admit->count == 2);
	age(r, GUEST_MS);
	peer_free(&again);
	RIG_UNTIL(r, r->t->admit->count == 1);
	peer_init(&again, r, rig_connect(r, "127.0.0.4"), NULL);
	RIG_UNTIL(r, r->t->admit->count == 2);
	peer_init(&silent, r, rig_connect(r, "127.0.0.5"), NULL);
	peer_expect_eof(&slow);
	RIG_UNTIL(r, r->t->admit->count == 2);
	assert_int_equal(r->t->stats.crowded_out, 2);
	assert_int_equal(r->t->ready_n, 1);
	peer_free(&silent);
	peer_free(&slow);
	peer_free(&again);
	peer_free(&p);
}

#define T(f)	cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_silent_flood),
		T(test_per_address),
		T(test_place_freed),
		T(test_at_capacity),
		T(test_guests_make_way),
		T(test_handshake_budget),
		T(test_no_descriptors),
		T(test_more_listeners),
		T(test_ipv6),
	};

	return cmocka_run_group_tests_name("listener", tests,
	    rig_group_setup, rig_group_teardown);
}

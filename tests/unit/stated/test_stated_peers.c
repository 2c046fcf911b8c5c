/* SPDX-License-Identifier: MIT */
/* The peers that the daemon remembers over its ends, and those it refuses. */
#include "node.h"

#include <sys/wait.h>

#include <sysexits.h>

static void
test_kept_over_kill(void **state)
{
	struct node *n = *state;

	node_open(n);
	node_put(n, 1, 100);
	node_put(n, 2, 300);
	node_put(n, 3, 200);
	node_put(n, 4, 50);
	node_put(n, 3, 200);
	node_del(n, 4);
	node_saved(n, 3);
	node_kill(n);
	node_open(n);
	assert_true(node_log_has(n, "recovered=yes"));
	assert_int_equal(n->told, 3);
	assert_int_equal(n->told_seen[0], 300);	/* latest first */
	assert_int_equal(n->told_seen[1], 200);
	assert_int_equal(n->told_seen[2], 100);
	/* What does not change is not written. */
	node_put(n, 1, 100);
	node_put(n, 2, 300);
	node_saved(n, 3);
	/* The opening of an existing database commits nothing. */
	assert_int_equal(n->commits, 0);
	node_stop(n);
}

/* A change of a moment ago is not lost by an orderly end. */
static void
test_kept_over_stop(void **state)
{
	struct node *n = *state;

	node_start(n);
	node_put(n, 1, 100);		/* even before it is open */
	imsgchan_flush_wait(n->chan[1], 1000);
	node_talk(n, &n->ready);
	node_talk(n, &n->end);
	node_put(n, 2, 200);
	node_status(n);
	imsgchan_flush_wait(n->chan[1], 1000);
	while (n->records != 2)
		node_status(n);
	node_stop(n);
	node_open(n);
	assert_int_equal(n->told, 2);
	node_stop(n);
}

static void
test_told_bounded(void **state)
{
	struct node *n = *state;

	node_open(n);
	for (unsigned int k = 1; k <= PEERBOOK_MAX + 100; k++)
		node_put(n, k, k);
	node_saved(n, PEERBOOK_MAX);
	node_kill(n);
	node_open(n);
	assert_int_equal(n->told, PEERBOOK_TELL);
	assert_int_equal(n->told_seen[0], PEERBOOK_MAX + 100);
	node_saved(n, PEERBOOK_MAX);
	node_stop(n);
}

static void
test_refused(void **state)
{
	struct node *n = *state;
	uint8_t bad[90] = { 0 };

	n->ends_badly = true;
	node_open(n);
	bad[33] = 1;		/* a key, and none is said to be there */
	imsg_send(n->chan[1], IMSG_PEER_PUT, 0, 0, bad, sizeof(bad));
	imsgchan_flush_wait(n->chan[1], 1000);
	while (n->refused != 1)
		node_status(n);
	assert_int_equal(n->records, 0);
	bad[32] = 2;		/* neither yes nor no */
	imsg_send(n->chan[1], IMSG_PEER_PUT, 0, 0, bad, sizeof(bad));
	imsgchan_flush_wait(n->chan[1], 1000);
	node_wait_exit(n);
	assert_true(WIFEXITED(n->status));
	assert_int_equal(WEXITSTATUS(n->status), EX_SOFTWARE);
	assert_true(node_log_has(n, "channel_violation"));
}

int
main(int argc, char **argv)
{
#define T(f)	cmocka_unit_test_setup_teardown(f, node_setup, node_teardown)
	const struct CMUnitTest tests[] = {
		T(test_kept_over_kill),
		T(test_kept_over_stop),
		T(test_told_bounded),
		T(test_refused),
	};
	int status = node_args(argc, argv);

	if (status != 0)
		return status;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

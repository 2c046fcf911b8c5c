/* SPDX-License-Identifier: MIT */
/* The daemon on a disk that is damaged, of another version, or full. */
#include "node.h"

#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sysexits.h>

#include "mtime.h"

static void
test_damaged(void **state)
{
	struct node *n = *state;
	char name[64];

	node_open(n);
	for (unsigned int k = 1; k <= 50; k++)
		node_put(n, k, k);
	node_saved(n, 50);
	node_stop(n);
	for (long at = 200; at < file_size(n->where.db, "peers.db");
	    at += 4096)
		file_smash(n->where.db, "peers.db", at, 16);
	node_open(n);
	assert_int_equal(n->told, 0);
	assert_true(node_log_has(n, "store_damaged"));
	assert_true(node_log_has(n, "set_aside=state/state.damaged-2"));
	assert_int_equal(dir_count(n->where.top, "state.damaged-", name,
	    sizeof(name)), 1);
	node_status(n);
	assert_string_equal(n->state, "damaged");
	node_put(n, 7, 70);
	node_saved(n, 1);
	node_stop(n);
	node_open(n);
	assert_int_equal(n->told, 1);
	node_stop(n);
}

static void
test_newer(void **state)
{
	struct node *n = *state;
	const uint8_t newer[4] = { 0, 0, 0, STORE_SCHEMA + 1 };
	struct store *s = bdb_at(&n->where);

	assert_int_equal(store_open(s), STORE_OK);
	assert_int_equal(store_begin(s), STORE_OK);
	assert_int_equal(store_put(s, STORE_META_TABLE, STORE_SCHEMA_KEY,
	    strlen(STORE_SCHEMA_KEY), newer, 4), STORE_OK);
	assert_int_equal(store_commit(s), STORE_OK);
	store_free(s);
	node_start(n);
	node_wait_exit(n);
	assert_true(WIFEXITED(n->status));
	assert_int_equal(WEXITSTATUS(n->status), EX_SOFTWARE);
	assert_true(node_log_has(n, "written by a newer micelio"));
	assert_true(node_log_has(n, "this version knows"));
	assert_int_equal(dir_count(n->where.top, "state.damaged-", NULL, 0),
	    0);
}

static void
state_is(struct node *n, const char *want)
{
	uint64_t end = mono_ms() + NODE_DEADLINE_MS;

	do {
		assert_true(mono_ms() < end);
		node_status(n);
	} while (strcmp(n->state, want) != 0);
}

static void
answers_ping(struct node *n)
{
	uint64_t cookie = 1;

	n->pong = false;
	imsg_send(n->chan[0], IMSG_PING, 0, 0, &cookie, sizeof(cookie));
	node_talk(n, &n->pong);
}

/* No room from the first moment: the node goes on, and says so. */
static void
test_full_at_start(void **state)
{
	struct node *n = *state;

	n->file_limit = 4 * 1024;
	node_open(n);
	assert_int_equal(n->told, 0);
	state_is(n, "full");
	node_put(n, 1, 100);
	imsgchan_flush_wait(n->chan[1], 1000);
	while (n->records != 1)
		node_status(n);
	assert_true(n->unsaved);
	answers_ping(n);
	assert_true(node_log_has(n, "store_failed"));
	assert_false(node_log_has(n, "store_damaged"));
	node_stop(n);
	n->file_limit = 0;
	node_open(n);
	state_is(n, "ok");
	node_stop(n);
}

static void
ballast_fill(const char *path)
{
	static const char zeros[4096];
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	while (write(fd, zeros, sizeof(zeros)) == (ssize_t)sizeof(zeros))
		continue;
	assert_int_equal(errno, ENOSPC);
	close(fd);
}

/*
 * A disk that is full and later is not: nothing is lost, nothing set aside,
 * and what had to wait is written by itself.
 */
static void
test_full_later(void **state)
{
	struct node *n = *state;
	char ballast[128];

	if (geteuid() != 0) {
		print_message("not root: no small file system of our own\n");
		skip();
	}
	assert_int_equal(unshare(CLONE_NEWNS), 0);
	assert_int_equal(mount("none", "/", "none", MS_REC | MS_PRIVATE,
	    NULL), 0);
	assert_int_equal(mount("tmpfs", n->where.top, "tmpfs", 0, "size=4m"),
	    0);
	snprintf(ballast, sizeof(ballast), "%s/ballast", n->where.top);
	node_open(n);
	for (unsigned int k = 1; k <= 10; k++)
		node_put(n, k, k);
	node_saved(n, 10);
	ballast_fill(ballast);
	for (unsigned int k = 1; k <= 1000; k++)
		node_put(n, k, 1000 + k);
	state_is(n, "full");
	answers_ping(n);
	assert_true(n->failures > 0);
	assert_true(n->unsaved);
	assert_int_equal(unlink(ballast), 0);
	node_saved(n, 1000);
	state_is(n, "ok");
	assert_true(node_log_has(n, "store_well"));
	assert_false(node_log_has(n, "store_damaged"));
	node_kill(n);
	node_open(n);
	assert_int_equal(n->told, 1000);
	assert_int_equal(n->told_seen[999], 1001);
	node_stop(n);
	assert_int_equal(umount2(n->where.top, MNT_DETACH), 0);
}

int
main(int argc, char **argv)
{
#define T(f)	cmocka_unit_test_setup_teardown(f, node_setup, node_teardown)
	const struct CMUnitTest tests[] = {
		T(test_damaged),
		T(test_newer),
		T(test_full_at_start),
		T(test_full_later),
	};
	int status = node_args(argc, argv);

	if (status != 0)
		return status;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

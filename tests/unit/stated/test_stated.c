/* SPDX-License-Identifier: MIT */
/* The daemon's life, its neighbours' ends, and what it takes of memory. */
#include "node.h"

#include <sys/wait.h>

#include <sysexits.h>

#include "config.h"

static void
test_life(void **state)
{
	struct node *n = *state;

	node_open(n);
	assert_true(n->ready);
	assert_true(n->sandbox.no_new_privs && n->sandbox.no_caps);
	if (!SANDBOX_OFF && !SANDBOX_LOG) {
		assert_true(n->sandbox.seccomp);
		assert_true(n->sandbox.no_dump);
	}
	assert_int_equal(n->told, 0);
	node_talk(n, &n->progress);
	node_status(n);
	assert_string_equal(n->state, "ok");
	node_stop(n);
	assert_true(node_log_has(n, "store_open"));
	assert_true(node_log_has(n, "recovered=no"));
	node_open(n);
	assert_true(node_log_has(n, "recovered=no"));
	node_stop(n);
}

/* Another process beside it never gets at the database. */
static void
test_alone(void **state)
{
	struct node *n = *state;
	static struct node other;

	node_open(n);
	memset(&other, 0, sizeof(other));
	other.where = n->where;
	snprintf(other.where.db, sizeof(other.where.db), "%s", n->where.db);
	node_start(&other);
	node_wait_exit(&other);
	assert_true(WIFEXITED(other.status));
	assert_int_not_equal(WEXITSTATUS(other.status), 0);
	assert_true(node_log_has(&other, "in use by another process"));
	for (int i = 0; i < 3; i++)
		imsgchan_free(other.chan[i]);
	node_put(n, 1, 1);
	node_saved(n, 1);
	node_stop(n);
}

/* The parent's death is the end, at once. */
static void
test_orphan(void **state)
{
	struct node *n = *state;

	node_open(n);
	imsgchan_free(n->chan[0]);
	n->chan[0] = NULL;
	assert_int_equal(waitpid(n->pid, &n->status, 0), n->pid);
	n->pid = 0;
	assert_true(WIFEXITED(n->status));
	assert_int_equal(WEXITSTATUS(n->status), EX_UNAVAILABLE);
}

static void
show_memory(const struct node *n)
{
	char path[64], line[128];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)n->pid);
	if ((f = fopen(path, "re")) == NULL)
		return;
	while (fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, "Pss:", 4) == 0 ||
		    strncmp(line, "Rss:", 4) == 0 ||
		    strncmp(line, "Private_Dirty:", 14) == 0)
			print_message("%s", line);
	fclose(f);
}

static void
test_memory(void **state)
{
	struct node *n = *state;

	node_open(n);
	print_message("idle, empty:\n");
	show_memory(n);
	for (unsigned int k = 1; k <= 1000; k++)
		node_put(n, k, k);
	node_saved(n, 1000);
	print_message("1,000 peers remembered:\n");
	show_memory(n);
	node_stop(n);
}

int
main(int argc, char **argv)
{
#define T(f)	cmocka_unit_test_setup_teardown(f, node_setup, node_teardown)
	const struct CMUnitTest tests[] = {
		T(test_life),
		T(test_alone),
		T(test_orphan),
		T(test_memory),
	};
	int status = node_args(argc, argv);

	if (status != 0)
		return status;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

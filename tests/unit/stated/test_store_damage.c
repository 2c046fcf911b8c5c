/* SPDX-License-Identifier: MIT */
/* What becomes of Berkeley DB's store when its files are damaged. */
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#include "batchrig.h"

/* A writer killed with n batches in the log and none in the tables. */
static void
leave_log(const struct scratch *w, uint32_t n)
{
	struct store *s;
	int p[2], status;
	char done = 1;
	pid_t pid;

	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	assert_true((pid = fork()) >= 0);
	if (pid == 0) {
		s = bdb_at(w);
		if (store_open(s) != STORE_OK)
			_exit(1);
		for (uint32_t i = 1; i <= n; i++)
			if (batch_write(s, i, 200) != STORE_OK)
				_exit(2);
		if (write(p[1], &done, 1) != 1)
			_exit(3);
		for (;;)
			pause();
	}
	close(p[1]);
	assert_int_equal(read(p[0], &done, 1), 1);
	close(p[0]);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
}

static void
last_log(const struct scratch *w, char name[64])
{
	assert_int_equal(dir_count(w->db, "log.", name, 64), 1);
}

struct progress {
	int	last;
	size_t	calls;
	bool	back;
};

static void
progress_cb(int percent, void *arg)
{
	struct progress *p = arg;

	p->back = p->back || percent < p->last || percent > 100;
	p->last = percent;
	p->calls++;
}

/* Who opens hears how far recovery is. */
static void
test_progress(void **state)
{
	struct scratch *w = *state;
	struct progress p = { 0 };
	struct store_config c = STORE_CONFIG_SMALL(w->db);
	struct store *s;

	leave_log(w, 60);
	c.progress = progress_cb;
	c.arg = &p;
	s = store_bdb_new(&c);
	assert_non_null(s);
	assert_int_equal(store_open(s), STORE_OK);
	assert_true(p.calls > 5);
	assert_false(p.back);
	assert_int_equal(p.last, 100);
	store_free(s);
}

static void
test_torn_tail(void **state)
{
	struct scratch *w = *state;
	char log[64];
	bool recovered;
	uint32_t found;

	leave_log(w, 20);
	last_log(w, log);
	file_cut(w->db, log, file_end(w->db, log) - 300);
	found = batches_found(w, &recovered);
	assert_true(recovered);
	assert_true(found == 20 || found == 19);	/* the last: gone */
}

static void
test_log_bytes_flipped(void **state)
{
	struct scratch *w = *state;
	char log[64];
	bool recovered;
	uint32_t found;

	leave_log(w, 20);
	last_log(w, log);
	file_smash(w->db, log, file_end(w->db, log) - 2000, 16);
	found = batches_found(w, &recovered);	/* whole batches, in order */
	assert_true(found < 21);
}

/* A table much larger than the cache, closed in order. */
static void
leave_table(const struct scratch *w)
{
	struct store *s = bdb_at(w);

	assert_int_equal(store_open(s), STORE_OK);
	for (uint32_t i = 1; i <= 60; i++)
		assert_int_equal(batch_write(s, i, 8000), STORE_OK);
	store_free(s);
}

static void
test_page_damaged(void **state)
{
	struct scratch *w = *state;
	struct store *s;
	struct batches seen = { .next = 1 };
	char why[STORE_WHY_MAX];

	leave_table(w);
	file_smash(w->db, BATCH_TABLE ".db",
	    file_size(w->db, BATCH_TABLE ".db") / 2, 16);
	s = bdb_at(w);
	assert_int_equal(store_open(s), STORE_OK);
	assert_int_equal(batches_read(s, &seen), STORE_DAMAGED);
	assert_false(seen.broken);
	snprintf(why, sizeof(why), "%s", store_why(s));
	assert_non_null(strstr(why, "checksum"));
	assert_false(store_usable(s));
	assert_int_not_equal(batch_write(s, 99, 10), STORE_OK);
	/* Recovery alone does not mend it, and verify says so. */
	store_close(s);
	assert_int_equal(store_open(s), STORE_OK);
	assert_int_equal(store_verify(s), STORE_DAMAGED);
	store_close(s);
	assert_int_equal(store_set_aside(s, "state.damaged-x"), STORE_OK);
	assert_int_equal(store_open(s), STORE_OK);
	assert_int_equal(batch_write(s, 1, 10), STORE_OK);
	assert_int_equal(store_verify(s), STORE_OK);
	assert_int_equal(dir_count(w->top, "state.damaged-x", NULL, 0), 1);
	store_close(s);
	/* A place that is taken is not overwritten. */
	assert_int_equal(store_set_aside(s, "state.damaged-x"), STORE_FAILED);
	assert_int_equal(store_open(s), STORE_OK);
	store_free(s);
}

static void
expect_damaged(const struct scratch *w)
{
	struct store *s = bdb_at(w);
	enum store_err err = store_open(s);

	if (err == STORE_OK)
		err = store_verify(s);
	print_message("%s: %s\n", store_err_text(err), store_why(s));
	assert_int_equal(err, STORE_DAMAGED);
	store_free(s);
}

static void
test_table_cut(void **state)
{
	struct scratch *w = *state;

	leave_table(w);
	file_cut(w->db, BATCH_TABLE ".db", 2000);
	expect_damaged(w);
}

static void
test_logs_deleted(void **state)
{
	struct scratch *w = *state;
	char log[64], path[160];

	leave_table(w);
	while (dir_count(w->db, "log.", log, sizeof(log)) > 0) {
		snprintf(path, sizeof(path), "%s/%s", w->db, log);
		assert_int_equal(unlink(path), 0);
	}
	expect_damaged(w);
}

static void
test_log_header_damaged(void **state)
{
	struct scratch *w = *state;
	char log[64];

	leave_log(w, 20);
	last_log(w, log);
	file_smash(w->db, log, 0, 64);
	expect_damaged(w);
}

/* What only the system refuses is no damage. */
static void
test_not_ours(void **state)
{
	struct scratch *w = *state;
	struct store *s = bdb_at(w);
	int fd = open(w->db, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(store_open(s), STORE_FAILED);
	assert_non_null(strstr(store_why(s), strerror(ENOTDIR)));
	assert_int_equal(unlink(w->db), 0);
	assert_int_equal(store_open(s), STORE_OK);
	store_free(s);
}

/* Old logs go at checkpoints, which come by bytes. */
static void
test_logs_bounded(void **state)
{
	struct scratch *w = *state;
	struct store *s = bdb_at(w);
	unsigned int checkpoints = 0;
	bool done;

	assert_int_equal(store_open(s), STORE_OK);
	for (uint32_t i = 1; i <= 150; i++) {
		assert_int_equal(batch_write(s, 1, 8000), STORE_OK);
		assert_int_equal(store_checkpoint(s, false, &done), STORE_OK);
		checkpoints += done;
	}
	/* 150 batches of 24,000 bytes, old and new: some 7 MB of log. */
	assert_in_range(checkpoints, 3, 20);
	assert_in_range(dir_count(w->db, "log.", NULL, 0), 1, 3);
	assert_true(store_bytes(s) < 5 * 1024 * 1024);
	store_free(s);
}

int
main(void)
{
#define T(f)	cmocka_unit_test_setup_teardown(f, batch_setup, batch_teardown)
	const struct CMUnitTest tests[] = {
		T(test_progress),
		T(test_torn_tail),
		T(test_log_bytes_flipped),
		T(test_page_damaged),
		T(test_table_cut),
		T(test_logs_deleted),
		T(test_log_header_damaged),
		T(test_not_ours),
		T(test_logs_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/*
 * What Berkeley DB's store keeps when the writer is killed, the disk is full
 * or the files are damaged.  MICELIO_KILL_ROUNDS asks for more rounds of the
 * first.
 */
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>

#include "stated_test.h"

#define ROUNDS_DEFAULT	20
#define TABLE		"t"

/*
 * Berkeley DB loses some memory when it refuses to open damaged files.  What
 * we lose ourselves the other tests of the store would show.
 */
const char *__lsan_default_suppressions(void);

const char *
__lsan_default_suppressions(void)
{
	return "leak:libdb";
}

static int
setup(void **state)
{
	struct scratch *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	scratch_make(w);
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	scratch_remove(*state);
	free(*state);
	return 0;
}

static enum store_err
write_batch(struct store *s, uint32_t n, size_t vlen)
{
	static char value[STORE_VALUE_MAX];
	char key[32];
	enum store_err err = store_begin(s);

	memset(value, 'v', sizeof(value));
	for (unsigned int i = 0; i < BATCH_PAIRS && err == STORE_OK; i++) {
		snprintf(key, sizeof(key), "%08x.%u", n, i);
		err = store_put(s, TABLE, key, strlen(key), value, vlen);
	}
	if (err != STORE_OK) {
		store_abort(s);
		return err;
	}
	return store_commit(s);
}

/* The writer: batches from first on, each acknowledged once it is durable. */
static void __attribute__((noreturn))
writer(const struct scratch *w, uint32_t first, int ack, bool too_early)
{
	struct store *s = bdb_at(w);
	bool done;

	if (store_open(s) != STORE_OK)
		_exit(1);
	for (uint32_t n = first;; n++) {
		if (too_early) {
			if (write(ack, &n, sizeof(n)) != sizeof(n))
				_exit(2);
			pause();
		}
		if (write_batch(s, n, 100) != STORE_OK)
			_exit(3);
		if (write(ack, &n, sizeof(n)) != sizeof(n))
			_exit(4);
		if (n % 16 == 0 && store_checkpoint(s, true, &done) !=
		    STORE_OK)
			_exit(5);
	}
}

/* Last batch acknowledged before the writer died, or first - 1. */
static uint32_t
run_writer(const struct scratch *w, uint32_t first, unsigned int acks,
    bool too_early)
{
	uint32_t n, last = first - 1;
	int p[2], status;
	pid_t pid;

	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	assert_true((pid = fork()) >= 0);
	if (pid == 0)
		writer(w, first, p[1], too_early);
	close(p[1]);
	for (unsigned int i = 0; i < acks; i++) {
		assert_int_equal(read(p[0], &n, sizeof(n)), sizeof(n));
		last = n;
	}
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	/* What was still in the pipe had been acknowledged too. */
	while (read(p[0], &n, sizeof(n)) == sizeof(n))
		last = n;
	close(p[0]);
	return last;
}

/* One more than the last batch in the store; all before it must be there. */
static uint32_t
batches_found(const struct scratch *w, bool *recovered)
{
	struct store *s = bdb_at(w);
	struct batches seen = { .next = 1 };

	assert_int_equal(store_open(s), STORE_OK);
	*recovered = s->recovered;
	assert_int_equal(store_iterate(s, TABLE, NULL, 0, batches_cb, &seen),
	    STORE_OK);
	assert_false(seen.broken);
	assert_int_equal(seen.part, 0);		/* no batch in part */
	store_free(s);
	return seen.next;
}

static void
test_kill(void **state)
{
	struct scratch *w = *state;
	const char *more = getenv("MICELIO_KILL_ROUNDS");
	long rounds = more != NULL ? strtol(more, NULL, 10) : ROUNDS_DEFAULT;
	uint32_t next = 1, last;
	unsigned int seed = (unsigned int)getpid(), acks;
	bool recovered;

	for (long i = 0; i < rounds; i++) {
		acks = (unsigned int)rand_r(&seed) % 30;
		last = run_writer(w, next, acks, false);
		next = batches_found(w, &recovered);
		assert_true(next > last);	/* none acknowledged is lost */
		/* At most one was durable and not yet acknowledged. */
		assert_true(next <= last + 2);
		assert_true(recovered || acks == 0);
	}
	print_message("%ld kills, %u batches acknowledged, 0 lost\n", rounds,
	    next - 1);
}

/* The same test notices a writer that speaks too early. */
static void
test_kill_control(void **state)
{
	struct scratch *w = *state;
	bool recovered;
	uint32_t last = run_writer(w, 1, 1, true);

	assert_int_equal(last, 1);
	assert_int_equal(batches_found(w, &recovered), 1);	/* lost */
}

/* In a forked process cmocka's assertions would go on in the wrong one. */
#define must(s, cond)	((cond) ? (void)0 : must_fail((s), __LINE__))

static void __attribute__((noreturn))
must_fail(struct store *s, int line)
{
	fprintf(stderr, "%s:%d: %s\n", __FILE__, line,
	    s != NULL ? store_why(s) : strerror(errno));
	_exit(1);
}

/*
 * Fill up (grow until the store says so), find everything acknowledged and
 * nothing else; make room; go on.
 */
static void
fill_and_go_on(const struct scratch *w, void (*make_room)(void *), void *arg)
{
	struct store *s = bdb_at(w);
	uint32_t n = 0;
	enum store_err err;
	struct batches seen = { .next = 1 };

	must(s, store_open(s) == STORE_OK);
	do
		err = write_batch(s, ++n, 8000);
	while (err == STORE_OK && n < 5000);
	print_message("batch %u: %s: %s; usable: %d\n", n,
	    store_err_text(err), store_why(s), store_usable(s));
	must(s, err == STORE_FULL);
	/* It stays so, and says so, when one tries again. */
	if (!store_usable(s)) {
		store_close(s);
		err = store_open(s);
	} else {
		err = write_batch(s, n, 8000);
	}
	must(s, err == STORE_FULL || (err == STORE_OK && store_usable(s) &&
	    write_batch(s, n, 8000) == STORE_FULL));
	make_room(arg);
	if (!store_usable(s)) {
		store_close(s);
		must(s, store_open(s) == STORE_OK);
	}
	must(s, store_iterate(s, TABLE, NULL, 0, batches_cb, &seen) ==
	    STORE_OK);
	must(s, !seen.broken && seen.part == 0);
	must(s, seen.next == n);	/* all but the refused one */
	must(s, write_batch(s, n, 8000) == STORE_OK);
	store_close(s);
	must(s, store_open(s) == STORE_OK);
	must(s, !s->recovered);
	seen = (struct batches){ .next = 1 };
	must(s, store_iterate(s, TABLE, NULL, 0, batches_cb, &seen) ==
	    STORE_OK);
	must(s, !seen.broken && seen.next == n + 1);
	store_free(s);
}

/* Run fn in a process of its own, which may change its limits and mounts. */
static void
in_child(void (*fn)(struct scratch *), struct scratch *w)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		fn(w);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void
room_unlink(void *arg)
{
	must(NULL, unlink(arg) == 0);
}

static void
full_disk(struct scratch *w)
{
	char ballast[128];
	int fd;

	snprintf(ballast, sizeof(ballast), "%s/ballast", w->top);
	must(NULL, unshare(CLONE_NEWNS) == 0);
	must(NULL, mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) == 0);
	must(NULL, mount("tmpfs", w->top, "tmpfs", 0, "size=16m") == 0);
	fd = open(ballast, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	must(NULL, fd >= 0);
	must(NULL, posix_fallocate(fd, 0, 12 * 1024 * 1024) == 0);
	close(fd);
	fill_and_go_on(w, room_unlink, ballast);
}

static void
test_full_disk(void **state)
{
	if (geteuid() != 0) {
		print_message("not root: no tmpfs; the size limit below "
		    "stands for it\n");
		skip();
	}
	in_child(full_disk, *state);
}

static void
room_limit(void *arg)
{
	struct rlimit *l = arg;

	l->rlim_cur = l->rlim_max;
	must(NULL, setrlimit(RLIMIT_FSIZE, l) == 0);
}

static void
full_limit(struct scratch *w)
{
	struct rlimit l;

	signal(SIGXFSZ, SIG_IGN);
	must(NULL, getrlimit(RLIMIT_FSIZE, &l) == 0);
	l.rlim_cur = 700 * 1024;
	must(NULL, setrlimit(RLIMIT_FSIZE, &l) == 0);
	fill_and_go_on(w, room_limit, &l);
}

static void
test_full_limit(void **state)
{
	in_child(full_limit, *state);
}

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
			if (write_batch(s, i, 200) != STORE_OK)
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
		assert_int_equal(write_batch(s, i, 8000), STORE_OK);
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
	file_smash(w->db, TABLE ".db", file_size(w->db, TABLE ".db") / 2, 16);
	s = bdb_at(w);
	assert_int_equal(store_open(s), STORE_OK);
	assert_int_equal(store_iterate(s, TABLE, NULL, 0, batches_cb, &seen),
	    STORE_DAMAGED);
	assert_false(seen.broken);
	snprintf(why, sizeof(why), "%s", store_why(s));
	assert_non_null(strstr(why, "checksum"));
	assert_false(store_usable(s));
	assert_int_not_equal(write_batch(s, 99, 10), STORE_OK);
	/* Recovery alone does not mend it, and verify says so. */
	store_close(s);
	assert_int_equal(store_open(s), STORE_OK);
	assert_int_equal(store_verify(s), STORE_DAMAGED);
	store_close(s);
	assert_int_equal(store_set_aside(s, "state.damaged-x"), STORE_OK);
	assert_int_equal(store_open(s), STORE_OK);
	assert_int_equal(write_batch(s, 1, 10), STORE_OK);
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
	file_cut(w->db, TABLE ".db", 2000);
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
		assert_int_equal(write_batch(s, 1, 8000), STORE_OK);
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
#define T(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_kill),
		T(test_kill_control),
		T(test_full_disk),
		T(test_full_limit),
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

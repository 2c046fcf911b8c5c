/* SPDX-License-Identifier: MIT */
/*
 * What Berkeley DB's store keeps when the writer is killed or the disk is
 * full.  MICELIO_KILL_ROUNDS asks for more rounds of the first.
 */
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>

#include "batchrig.h"

#define ROUNDS_DEFAULT	20

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
		if (batch_write(s, n, 100) != STORE_OK)
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
		err = batch_write(s, ++n, 8000);
	while (err == STORE_OK && n < 5000);
	print_message("batch %u: %s: %s; usable: %d\n", n,
	    store_err_text(err), store_why(s), store_usable(s));
	must(s, err == STORE_FULL);
	/* It stays so, and says so, when one tries again. */
	if (!store_usable(s)) {
		store_close(s);
		err = store_open(s);
	} else {
		err = batch_write(s, n, 8000);
	}
	must(s, err == STORE_FULL || (err == STORE_OK && store_usable(s) &&
	    batch_write(s, n, 8000) == STORE_FULL));
	make_room(arg);
	if (!store_usable(s)) {
		store_close(s);
		must(s, store_open(s) == STORE_OK);
	}
	must(s, batches_read(s, &seen) == STORE_OK);
	must(s, !seen.broken && seen.part == 0);
	must(s, seen.next == n);	/* all but the refused one */
	must(s, batch_write(s, n, 8000) == STORE_OK);
	store_close(s);
	must(s, store_open(s) == STORE_OK);
	must(s, !s->recovered);
	seen = (struct batches){ .next = 1 };
	must(s, batches_read(s, &seen) == STORE_OK);
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

int
main(void)
{
#define T(f)	cmocka_unit_test_setup_teardown(f, batch_setup, batch_teardown)
	const struct CMUnitTest tests[] = {
		T(test_kill),
		T(test_kill_control),
		T(test_full_disk),
		T(test_full_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* The data directory: one instance, a schema, whole files. */
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "datadir.h"
#include "errtext.h"
#include "file.h"
#include "imsg.h"
#include "privs.h"

static char base[64], dir[128], err[ERR_MAX];
static struct datadir d;
static uid_t owner;

static int
setup(void **state)
{
	(void)state;
	snprintf(base, sizeof(base), "/tmp/micelio-test-XXXXXX");
	if (mkdtemp(base) == NULL)
		return -1;
	snprintf(dir, sizeof(dir), "%s/a/b", base);
	return datadir_open(&d, dir, true, &owner, err);
}

static int
teardown(void **state)
{
	char path[160];

	(void)state;
	(void)unlinkat(d.fd, "lock", 0);
	(void)unlinkat(d.fd, "VERSION", 0);
	(void)unlinkat(d.fd, "f", 0);
	(void)unlinkat(d.fd, "state", AT_REMOVEDIR);
	close(d.fd);
	if (d.lock_fd != -1)
		close(d.lock_fd);
	if (d.state_fd != -1)
		close(d.state_fd);
	snprintf(path, sizeof(path), "%s/a", base);
	return rmdir(dir) == 0 && rmdir(path) == 0 && rmdir(base) == 0 ? 0 :
	    -1;
}

static void
test_open(void **state)
{
	struct datadir again;
	struct stat st;

	(void)state;
	assert_int_equal(owner, getuid());
	assert_int_equal(stat(dir, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(chmod(dir, 0770), 0);
	assert_int_equal(datadir_open(&again, dir, true, &owner, err),
	    EX_NOPERM);
	assert_non_null(strstr(err, "chmod go-w "));
	assert_int_equal(chmod(dir, 0700), 0);
	close(again.fd);
	/* --show-id makes nothing. */
	assert_int_equal(datadir_open(&again, "/nonexistent/x", false, &owner,
	    err), EX_CONFIG);
}

static void
test_lock(void **state)
{
	struct datadir second;
	char want[64];
	int survivor;

	(void)state;
	assert_int_equal(datadir_lock(&d, err), 0);
	assert_int_equal(datadir_open(&second, dir, true, &owner, err), 0);
	assert_int_equal(datadir_lock(&second, err), EX_UNAVAILABLE);
	snprintf(want, sizeof(want), "in use by micelio pid %ld",
	    (long)getpid());
	assert_non_null(strstr(err, want));
	/* What stated holds: the parent's end does not free it. */
	survivor = dup(d.lock_fd);
	close(d.lock_fd);
	d.lock_fd = -1;
	assert_int_equal(datadir_lock(&second, err), EX_UNAVAILABLE);
	close(survivor);
	assert_int_equal(datadir_lock(&second, err), 0);
	close(second.lock_fd);
	close(second.fd);
}

/* A pid that is free again: of a child that was waited for. */
static pid_t
gone_pid(void)
{
	const pid_t pid = fork();

	assert_int_not_equal(pid, -1);
	if (pid == 0)
		_exit(0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	return pid;
}

/* Daemons that end a moment after their parent was killed are waited for. */
static void
test_leftover(void **state)
{
	const struct timespec moment = { 0, 50000000 };
	struct datadir next;
	char text[16];
	pid_t pid;
	int n;

	(void)state;
	assert_int_equal(datadir_lock(&d, err), 0);
	n = snprintf(text, sizeof(text), "%ld\n", (long)gone_pid());
	assert_int_equal(ftruncate(d.lock_fd, 0), 0);
	assert_int_equal(pwrite(d.lock_fd, text, (size_t)n, 0), n);
	if ((pid = fork()) == 0) {
		nanosleep(&moment, NULL);
		_exit(0);
	}
	assert_int_not_equal(pid, -1);
	close(d.lock_fd);
	d.lock_fd = -1;
	assert_int_equal(datadir_open(&next, dir, true, &owner, err), 0);
	assert_int_equal(datadir_lock(&next, err), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	close(next.lock_fd);
	close(next.fd);
}

static void
put_version(const char *text)
{
	assert_true(file_write_atomic(d.fd, "VERSION", text, strlen(text),
	    0644));
}

static void
test_version(void **state)
{
	static const char *const bad[] = { "", "0\n", "x\n", "1x\n", "-1\n",
	    "1\n\n", " 1\n", "99999999999999999999999\n" };
	char buf[16];

	(void)state;
	assert_int_equal(datadir_version(&d, err), 0);
	assert_int_equal(file_read(d.fd, "VERSION", buf, sizeof(buf), NULL),
	    2);
	assert_memory_equal(buf, "1\n", 2);
	assert_int_equal(datadir_version(&d, err), 0);
	put_version("1");
	assert_int_equal(datadir_version(&d, err), 0);
	put_version("2\n");
	assert_int_equal(datadir_version(&d, err), EX_DATAERR);
	assert_non_null(strstr(err, "schema 2, this program knows up to 1"));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		put_version(bad[i]);
		assert_int_equal(datadir_version(&d, err), EX_DATAERR);
	}
}

static void
test_state(void **state)
{
	struct privs p = { .mode = MODE_PERSONAL };
	struct stat st;

	(void)state;
	p.self.uid = getuid();
	p.self.gid = getgid();
	assert_int_equal(datadir_state(&d, &p, err), 0);
	assert_int_equal(fstatat(d.fd, "state", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	close(d.state_fd);
	/* One that is another's is refused, with what to type. */
	p.self.uid = getuid() + 1;
	assert_int_equal(datadir_state(&d, &p, err), EX_NOPERM);
	assert_non_null(strstr(err, "chown -R "));
}

static void
test_files(void **state)
{
	char buf[8];
	struct stat st;

	(void)state;
	assert_int_equal(file_read(d.fd, "f", buf, sizeof(buf), NULL), -1);
	assert_int_equal(errno, ENOENT);
	assert_true(file_write_atomic(d.fd, "f", "12345678", 8, 0640));
	assert_int_equal(file_read(d.fd, "f", buf, 8, &st), 8);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(file_read(d.fd, "f", buf, 7, NULL), -1);
	assert_int_equal(errno, EFBIG);
	/* A temporary file of a crash is no obstacle and does not stay. */
	assert_int_equal(symlinkat("/nonexistent", d.fd, "f.tmp"), 0);
	assert_true(file_write_atomic(d.fd, "f", "x", 1, 0600));
	assert_int_equal(fstatat(d.fd, "f.tmp", &st, AT_SYMLINK_NOFOLLOW), -1);
	assert_int_equal(file_read(d.fd, "f", buf, 8, &st), 1);
	assert_int_equal(mkfifoat(d.fd, "state", 0600), 0);
	assert_int_equal(file_read(d.fd, "state", buf, 8, NULL), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(unlinkat(d.fd, "state", 0), 0);
}

/* An errno alone would leave people alone. */
static void
test_file_failed(void **state)
{
	static const struct {
		int		 error, status;
		const char	*want;
	} t[] = {
		{ EROFS, EX_CONFIG, "/d/lock: Read-only file system; mount "
		    "its file system for writing, " },
		{ ENOSPC, EX_IOERR, "/d/lock: No space left on device; make "
		    "room " },
		{ EDQUOT, EX_IOERR, "; make room " },
		{ EACCES, EX_NOPERM, "; run micelio as its owner, " },
		{ EISDIR, EX_CONFIG, "; want a file there; " },
		{ EIO, EX_IOERR, "; the disk fails " },
		{ ENOLCK, EX_CONFIG, "; see its owner, mode and file system" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		assert_int_equal(file_failed(err, "/d", "lock", t[i].error),
		    t[i].status);
		assert_non_null(strstr(err, t[i].want));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_open, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lock, setup, teardown),
		cmocka_unit_test_setup_teardown(test_leftover, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_version, setup, teardown),
		cmocka_unit_test_setup_teardown(test_state, setup, teardown),
		cmocka_unit_test_setup_teardown(test_files, setup, teardown),
		cmocka_unit_test(test_file_failed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/*
 * The data directory: one instance at a time, a schema number, and state/
 * for stated.
 */
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "datadir.h"
#include "errtext.h"
#include "file.h"
#include "imsg.h"
#include "log.h"
#include "privs.h"
#include "text.h"

#define LOCK_FILE	"lock"
#define VERSION_FILE	"VERSION"
#define STATE_DIR	"state"
#define NUMBER_MAX	24	/* bytes of a file that holds one number */
#define LEFTOVER_MS	2000	/* most that a killed suite's end is waited for */
#define LEFTOVER_POLL_MS 10

static bool	make_path(const char *);
static long long read_number(int, const char *);
static bool	holder_gone(long long);
static int	lock_after_leftover(const struct datadir *);
static void	lock_refused(const struct datadir *, int, char *);
static void	state_refused(const struct datadir *, const struct ids *,
    uid_t, char *);
static int	make_state_as(const struct datadir *, const struct ids *);

static void
file_mode_warn(const char *path, mode_t mode)
{
	char shown[16], hint[ERR_MAX];

	snprintf(shown, sizeof(shown), "%04o", (unsigned int)mode & 07777);
	snprintf(hint, sizeof(hint), "chmod go-rw %.300s", path);
	log_event(EV_FILE_MODE, LF_STR("file", path), LF_STR("mode", shown),
	    LF_HINT(hint));
}

int
datadir_open(struct datadir *d, const char *path, bool create, uid_t *owner,
    char err[ERR_MAX])
{
	struct stat st;

	d->fd = d->state_fd = d->lock_fd = -1;
	if (text_copy(d->path, path, sizeof(d->path)) >= sizeof(d->path)) {
		snprintf(err, ERR_MAX, "data directory: path too long");
		return EX_CONFIG;
	}
	d->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (d->fd == -1 && errno == ENOENT && create && make_path(path))
		d->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (d->fd == -1 || fstat(d->fd, &st) == -1) {
		snprintf(err, ERR_MAX, "data directory %.300s: %s; set "
		    "node.data_dir or --data-dir to one you may write to",
		    path, strerror(errno));
		return errno == EACCES || errno == EPERM ? EX_NOPERM :
		    EX_CONFIG;
	}
	if ((st.st_mode & 022) != 0) {
		snprintf(err, ERR_MAX, "data directory %.300s: mode %04o lets "
		    "others write to it; type: chmod go-w %.300s", path,
		    (unsigned int)st.st_mode & 07777, path);
		return EX_NOPERM;
	}
	/* Passing through is what a service's daemons need; looking is not. */
	if (create && (st.st_mode & 044) != 0)
		file_mode_warn(path, st.st_mode);
	*owner = st.st_uid;
	return 0;
}

/* mkdir -p, each new directory for its owner only. */
static bool
make_path(const char *path)
{
	char buf[4096];

	if (text_copy(buf, path, sizeof(buf)) >= sizeof(buf)) {
		errno = ENAMETOOLONG;
		return false;
	}
	for (char *p = buf + 1; *p != '\0'; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(buf, 0700) == -1 && errno != EEXIST)
			return false;
		*p = '/';
	}
	return mkdir(buf, 0700) == 0 || errno == EEXIST;
}

/* The number a file consists of; -1: absent, -2: something else. */
static long long
read_number(int dirfd, const char *name)
{
	char buf[NUMBER_MAX + 1];
	ssize_t n = file_read(dirfd, name, buf, NUMBER_MAX, NULL);
	char *end;
	long long v;

	if (n == -1)
		return errno == ENOENT ? -1 : -2;
	buf[n] = '\0';
	if (buf[0] < '0' || buf[0] > '9')
		return -2;
	errno = 0;
	v = strtoll(buf, &end, 10);
	if (errno != 0 || (*end != '\n' && *end != '\0') ||
	    (size_t)(end - buf) + (*end == '\n') != (size_t)n)
		return -2;
	return v;
}

/*
 * The lock is of the open file, so stated, which is given the descriptor,
 * holds it too: a survivor of a killed parent keeps others out.
 */
int
datadir_lock(struct datadir *d, char err[ERR_MAX])
{
	char text[NUMBER_MAX];
	int error, n;

	d->lock_fd = openat(d->fd, LOCK_FILE,
	    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (d->lock_fd == -1)
		return file_failed(err, d->path, LOCK_FILE, errno);
	if ((error = lock_after_leftover(d)) != 0) {
		lock_refused(d, error, err);
		close(d->lock_fd);
		d->lock_fd = -1;
		return EX_UNAVAILABLE;
	}
	n = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	if (ftruncate(d->lock_fd, 0) == -1 ||
	    pwrite(d->lock_fd, text, (size_t)n, 0) != n)
		return file_failed(err, d->path, LOCK_FILE, errno);
	return 0;
}

/* The parent that wrote its pid there does not run. */
static bool
holder_gone(long long pid)
{
	return pid > 0 && pid <= INT_MAX && kill((pid_t)pid, 0) == -1 &&
	    errno == ESRCH;
}

/*
 * Daemons whose parent was killed end by themselves within moments: who
 * starts again at once need not know.  0, or an errno.
 */
static int
lock_after_leftover(const struct datadir *d)
{
	const struct timespec pause = { 0, LEFTOVER_POLL_MS * 1000000L };
	int error, waited;

	for (waited = 0; ; waited += LEFTOVER_POLL_MS) {
		if (flock(d->lock_fd, LOCK_EX | LOCK_NB) == 0)
			return 0;
		error = errno;
		if (error != EWOULDBLOCK || waited >= LEFTOVER_MS ||
		    !holder_gone(read_number(d->fd, LOCK_FILE)))
			return error;
		nanosleep(&pause, NULL);
	}
}

/* Who has it, and what to do about that. */
static void
lock_refused(const struct datadir *d, int error, char *err)
{
	const long long pid = read_number(d->fd, LOCK_FILE);

	if (error != EWOULDBLOCK)
		snprintf(err, ERR_MAX, "%.300s/" LOCK_FILE ": cannot lock: "
		    "%s; choose a directory on another file system with "
		    "--data-dir", d->path, strerror(error));
	else if (holder_gone(pid))
		snprintf(err, ERR_MAX, "data directory %.300s: in use by a "
		    "daemon left over from micelio pid %lld, which is gone; "
		    "it ends by itself, or: fuser -k %.300s/" LOCK_FILE,
		    d->path, pid, d->path);
	else if (pid > 0)
		snprintf(err, ERR_MAX, "data directory %.300s: in use by "
		    "micelio pid %lld; stop that one, or choose another "
		    "directory with --data-dir", d->path, pid);
	else
		snprintf(err, ERR_MAX, "data directory %.300s: in use by "
		    "another micelio; stop that one, or choose another "
		    "directory with --data-dir", d->path);
}

int
datadir_version(struct datadir *d, char err[ERR_MAX])
{
	long long v = read_number(d->fd, VERSION_FILE);
	char text[NUMBER_MAX];
	int n;

	if (v == -2 || v == 0) {
		snprintf(err, ERR_MAX, "%.300s/" VERSION_FILE ": want a number "
		    "1..%u alone on a line; is this a micelio data directory? "
		    "if it is, write %u there", d->path, DATADIR_SCHEMA,
		    DATADIR_SCHEMA);
		return EX_DATAERR;
	}
	if (v > DATADIR_SCHEMA) {
		snprintf(err, ERR_MAX, "%.300s/" VERSION_FILE ": the data has "
		    "schema %lld, this program knows up to %u; use the newer "
		    "micelio that wrote it", d->path, v, DATADIR_SCHEMA);
		return EX_DATAERR;
	}
	if (v > 0)
		return 0;
	n = snprintf(text, sizeof(text), "%u\n", DATADIR_SCHEMA);
	if (file_write_atomic(d->fd, VERSION_FILE, text, (size_t)n, 0644))
		return 0;
	return file_failed(err, d->path, VERSION_FILE, errno);
}

/*
 * In service mode state/ belongs to stated's user (made so by tmpfiles.d), or
 * to its group: that is what we can make without CAP_CHOWN, as a new
 * directory gets the group of its maker.
 */
int
datadir_state(struct datadir *d, const struct privs *privs, char err[ERR_MAX])
{
	const bool service = privs->mode == MODE_SERVICE;
	const struct ids *want = service ? &privs->role[PROC_STATED] :
	    &privs->self;
	struct stat st;
	int rc = 0;

	if (fstatat(d->fd, STATE_DIR, &st, AT_SYMLINK_NOFOLLOW) == -1)
		rc = service ? make_state_as(d, want) :
		    mkdirat(d->fd, STATE_DIR, 0700);
	if (rc == -1 || (d->state_fd = openat(d->fd, STATE_DIR, O_PATH |
	    O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) == -1 ||
	    fstat(d->state_fd, &st) == -1)
		return file_failed(err, d->path, STATE_DIR, errno);
	if (st.st_uid == want->uid || (service && st.st_gid == want->gid &&
	    (st.st_mode & 070) == 070))
		return 0;
	state_refused(d, want, st.st_uid, err);
	return EX_NOPERM;
}

static void
state_refused(const struct datadir *d, const struct ids *want, uid_t have,
    char *err)
{
	snprintf(err, ERR_MAX, "%.300s/" STATE_DIR ": belongs to uid %u, and "
	    "the database must be uid %u's; type: chown -R %u:%u %.300s/"
	    STATE_DIR, d->path, (unsigned int)have, (unsigned int)want->uid,
	    (unsigned int)want->uid, (unsigned int)want->gid, d->path);
}

/* A helper makes it, ours by user and stated's by group. */
static int
make_state_as(const struct datadir *d, const struct ids *stated)
{
	pid_t pid = fork();
	int status;

	if (pid == -1)
		return -1;
	if (pid == 0) {
		if (setresgid(stated->gid, stated->gid, stated->gid) == -1)
			_exit(errno & 0x7f);
		umask(0);
		if (mkdirat(d->fd, STATE_DIR, 0770) == -1)
			_exit(errno & 0x7f);
		_exit(0);
	}
	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			return -1;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	errno = WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
	return -1;
}

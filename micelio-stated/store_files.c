/* SPDX-License-Identifier: MIT */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <db.h>

#include "store_files.h"

#define MARKER		"clean"
#define PATH_LEN	512u

static __thread int io_errno;

/* Interruptions are no verdict: the library tries again. */
static void
io_note(bool failed)
{
	if (failed && errno != EINTR && errno != EAGAIN)
		io_errno = errno;
}

/*
 * All of it or -1: the library takes a short write for an error and looks for
 * its reason in an errno that nobody set.
 */
static ssize_t
io_write(int fd, const void *data, size_t n)
{
	const char *p = data;
	size_t done = 0;
	ssize_t r;

	while (done < n) {
		r = write(fd, p + done, n - done);
		if (r == -1 && errno == EINTR)
			continue;
		io_note(r == -1);
		if (r == -1)
			return -1;
		done += (size_t)r;
	}
	return (ssize_t)n;
}

static ssize_t
io_pwrite(int fd, const void *data, size_t n, off_t at)
{
	const char *p = data;
	size_t done = 0;
	ssize_t r;

	while (done < n) {
		r = pwrite(fd, p + done, n - done, at + (off_t)done);
		if (r == -1 && errno == EINTR)
			continue;
		io_note(r == -1);
		if (r == -1)
			return -1;
		done += (size_t)r;
	}
	return (ssize_t)n;
}

static int
io_fsync(int fd)
{
	int r = fdatasync(fd);

	io_note(r == -1);
	return r;
}

static int
io_open(const char *path, int flags, ...)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);

	io_note(fd == -1 && errno != ENOENT && errno != EEXIST);
	return fd;
}

void
store_io_watch(void)
{
	(void)db_env_set_func_pwrite(io_pwrite);
	(void)db_env_set_func_write(io_write);
	(void)db_env_set_func_fsync(io_fsync);
	(void)db_env_set_func_open(io_open);
}

int
store_io_errno(void)
{
	return io_errno;
}

void
store_io_forget(void)
{
	io_errno = 0;
}

static bool
path_join(char out[PATH_LEN], const char *dir, const char *name)
{
	int n = snprintf(out, PATH_LEN, "%s/%s", dir, name);

	return n > 0 && (size_t)n < PATH_LEN;
}

int
store_dir_sync(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), error = 0;

	if (fd == -1)
		return errno;
	if (fsync(fd) == -1)
		error = errno;
	close(fd);
	return error;
}

/* The directory that holds it: "." for the daemon. */
static int
parent_sync(const char *dir)
{
	char up[PATH_LEN];
	const char *slash = strrchr(dir, '/');
	size_t n = slash == NULL ? 0 : (size_t)(slash - dir);

	if (n == 0)
		return store_dir_sync(slash == NULL ? "." : "/");
	if (n >= sizeof(up))
		return ENAMETOOLONG;
	memcpy(up, dir, n);
	up[n] = '\0';
	return store_dir_sync(up);
}

int
store_dir_make(const char *dir)
{
	struct stat st;

	if (mkdir(dir, 0700) == 0)
		return parent_sync(dir);
	if (errno != EEXIST)
		return errno;
	if (stat(dir, &st) == -1)
		return errno;
	return S_ISDIR(st.st_mode) ? 0 : ENOTDIR;
}

/* 0, or errno. */
static int
file_copy(const char *from, const char *to)
{
	char block[65536];
	int in = open(from, O_RDONLY | O_CLOEXEC), out, error = 0;
	ssize_t n;

	if (in == -1)
		return errno;
	out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (out == -1)
		error = errno;
	while (error == 0 && (n = read(in, block, sizeof(block))) != 0)
		if ((n == -1 && errno != EINTR) ||
		    (n > 0 && io_write(out, block, (size_t)n) == -1))
			error = errno;
	if (error == 0 && fdatasync(out) == -1)
		error = errno;
	if (out != -1)
		close(out);
	close(in);
	return error;
}

int
store_dir_copy(const char *from, const char *to)
{
	char a[PATH_LEN], b[PATH_LEN];
	DIR *d = opendir(from);
	struct dirent *e;
	int error;

	if (d == NULL)
		return errno;
	error = store_dir_make(to);
	while (error == 0 && (e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		error = path_join(a, from, e->d_name) &&
		    path_join(b, to, e->d_name) ? file_copy(a, b) :
		    ENAMETOOLONG;
	}
	closedir(d);
	return error == 0 ? store_dir_sync(to) : error;
}

int
store_dir_rename(const char *dir, const char *name)
{
	char to[PATH_LEN];
	const char *slash = strrchr(dir, '/');
	int up = slash == NULL ? 0 : (int)(slash - dir) + 1, n;
	struct stat st;

	n = snprintf(to, sizeof(to), "%.*s%s", up, dir, name);
	if (n < 0 || (size_t)n >= sizeof(to))
		return ENAMETOOLONG;
	/* rename(2) would replace an empty directory of that name. */
	if (lstat(to, &st) == 0)
		return EEXIST;
	if (rename(dir, to) == -1)
		return errno;
	return parent_sync(dir);
}

int
store_dir_remove(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	int error = 0;

	if (d == NULL)
		return errno == ENOENT ? 0 : errno;
	while (error == 0 && (e = readdir(d)) != NULL)
		if (strcmp(e->d_name, ".") != 0 &&
		    strcmp(e->d_name, "..") != 0 &&
		    unlinkat(dirfd(d), e->d_name, 0) == -1)
			error = errno;
	closedir(d);
	if (error == 0 && unlinkat(AT_FDCWD, dir, AT_REMOVEDIR) == -1)
		error = errno;
	return error;
}

uint64_t
store_dir_bytes(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	struct stat st;
	uint64_t sum = 0;

	if (d == NULL)
		return 0;
	while ((e = readdir(d)) != NULL)
		if (fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) ==
		    0 && S_ISREG(st.st_mode))
			sum += (uint64_t)st.st_blocks * 512;	/* stat(2) */
	closedir(d);
	return sum;
}

int
store_dir_each(const char *dir, const char *suffix,
    int (*fn)(const char *, void *), void *arg)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	char name[NAME_MAX + 1];
	size_t slen = strlen(suffix), n;
	int rc = 0;

	if (d == NULL)
		return -errno;
	while (rc == 0 && (e = readdir(d)) != NULL) {
		n = strlen(e->d_name);
		if (n <= slen || strcmp(e->d_name + n - slen, suffix) != 0)
			continue;
		memcpy(name, e->d_name, n - slen);
		name[n - slen] = '\0';
		rc = fn(name, arg);
	}
	closedir(d);
	return rc;
}

int
store_marker_set(const char *dir)
{
	char path[PATH_LEN];
	int fd;

	if (!path_join(path, dir, MARKER))
		return ENAMETOOLONG;
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd == -1)
		return errno;
	close(fd);
	return store_dir_sync(dir);
}

int
store_marker_take(const char *dir, bool *clean)
{
	char path[PATH_LEN];

	*clean = false;
	if (!path_join(path, dir, MARKER))
		return ENAMETOOLONG;
	*clean = unlink(path) == 0;
	if (!*clean && errno != ENOENT)
		return errno;
	return *clean ? store_dir_sync(dir) : 0;
}

/* SPDX-License-Identifier: MIT */
/* Small files, whole. */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "errtext.h"
#include "file.h"

bool
file_write_atomic(int dirfd, const char *name, const void *data, size_t n,
    mode_t mode)
{
	const char *p = data;
	char tmp[256];
	int fd, saved;

	if ((size_t)snprintf(tmp, sizeof(tmp), "%s.tmp", name) >= sizeof(tmp)) {
		errno = ENAMETOOLONG;
		return false;
	}
	/* One left by a crash is of no use to anybody. */
	if (unlinkat(dirfd, tmp, 0) == -1 && errno != ENOENT)
		return false;
	fd = openat(dirfd, tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
	    O_CLOEXEC, mode);
	if (fd == -1)
		return false;
	while (n > 0) {
		ssize_t k = write(fd, p, n);

		if (k == -1 && errno == EINTR)
			continue;
		if (k <= 0)
			goto failed;
		p += k;
		n -= (size_t)k;
	}
	if (fchmod(fd, mode) == -1 || fsync(fd) == -1 ||
	    renameat(dirfd, tmp, dirfd, name) == -1)
		goto failed;
	close(fd);
	return fsync(dirfd) == 0;
failed:
	saved = errno;
	close(fd);
	(void)unlinkat(dirfd, tmp, 0);
	errno = saved;
	return false;
}

/* What an error means for whoever runs the node. */
static const char *
remedy(int error)
{
	switch (error) {
	case EACCES:
	case EPERM:
		return "run micelio as its owner, or let this user have it "
		    "(chown, chmod)";
	case EROFS:
		return "mount its file system for writing, or choose another "
		    "directory with --data-dir";
	case ENOSPC:
	case EDQUOT:
		return "make room on its file system, or choose another "
		    "directory with --data-dir";
	case ELOOP:
		return "want the file itself, not a link to it; remove the "
		    "link";
	case EISDIR:
	case EINVAL:
		return "want a file there; move what has its name away";
	case ENOTDIR:
	case EEXIST:
		return "want a directory there; move what has its name away";
	case EIO:
		return "the disk fails (dmesg says more); mend it, or choose "
		    "another directory with --data-dir";
	default:
		return "see its owner, mode and file system, or choose "
		    "another directory with --data-dir";
	}
}

int
file_failed(char err[ERR_MAX], const char *dir, const char *name, int error)
{
	snprintf(err, ERR_MAX, "%.300s/%s: %s; %s", dir, name,
	    error == EINVAL ? "no regular file" :
	    error == EFBIG ? "too long" : strerror(error), remedy(error));
	switch (error) {
	case EACCES:
	case EPERM:
		return EX_NOPERM;
	case EIO:
	case ENOSPC:
	case EDQUOT:
		return EX_IOERR;
	default:
		return EX_CONFIG;
	}
}

ssize_t
file_read(int dirfd, const char *name, void *buf, size_t max, struct stat *st)
{
	struct stat own;
	char *p = buf;
	size_t n = 0;
	ssize_t k = 1;
	int fd, saved;

	if (st == NULL)
		st = &own;
	/* Non-blocking: a FIFO of that name must not hold us. */
	fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd == -1)
		return -1;
	if (fstat(fd, st) == -1)
		goto failed;
	if (!S_ISREG(st->st_mode)) {
		errno = EINVAL;
		goto failed;
	}
	if ((uintmax_t)st->st_size > max) {
		errno = EFBIG;
		goto failed;
	}
	while (n < max && k != 0) {
		k = read(fd, p + n, max - n);
		if (k == -1 && errno == EINTR)
			continue;
		if (k == -1)
			goto failed;
		n += (size_t)k;
	}
	close(fd);
	return (ssize_t)n;
failed:
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

/* SPDX-License-Identifier: MIT */
/* Whole files. */
#ifndef MICELIO_MICELIO_FILE_H
#define MICELIO_MICELIO_FILE_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>

#include "errtext.h"

struct stat;

/*
 * Write a whole file so that either the old or the new one is there whatever
 * happens: temporary file, fsync, rename, fsync of the directory.  False and
 * errno on failure.
 */
bool	 file_write_atomic(int dirfd, const char *name, const void *, size_t,
	    mode_t);
/*
 * Read a file of at most max bytes into buf.  Returns its length, or -1 and
 * errno (EFBIG: longer; EINVAL: not a regular file).  st may be NULL.
 */
ssize_t	 file_read(int dirfd, const char *name, void *buf, size_t max,
	    struct stat *st);
/*
 * Say of dir/name what an errno of these functions means and what mends it;
 * the exit status.
 */
int	 file_failed(char err[ERR_MAX], const char *dir, const char *name,
	    int error);

#endif

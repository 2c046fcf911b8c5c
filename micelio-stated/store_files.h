/* SPDX-License-Identifier: MIT */
/*
 * The files under the store: its directory, the marker of a clean end, and a
 * watch over what the system says to Berkeley DB's writes, since a panic of
 * the library hides the cause (a full disk looks like damage).
 */
#ifndef MICELIO_STATED_STORE_FILES_H
#define MICELIO_STATED_STORE_FILES_H

#include <stdbool.h>
#include <stdint.h>

/* Once per process, before the first environment: watch the writes. */
void	 store_io_watch(void);
/* errno of the last failed write of this thread, or 0; and forget it. */
int	 store_io_errno(void);
void	 store_io_forget(void);

/* All return 0 or an errno value. */
int	 store_dir_make(const char *dir);	/* 0700; existing is fine */
int	 store_dir_sync(const char *dir);
/* With the files in it; not being there is fine. */
int	 store_dir_remove(const char *dir);
/* The files of from, durably, into to, which is made. */
int	 store_dir_copy(const char *from, const char *to);
int	 store_dir_rename(const char *dir, const char *name);
/*
 * Bytes its regular files take on the disk (0 if unreadable): a log has its
 * full length from the start, but is sparse.
 */
uint64_t store_dir_bytes(const char *dir);
/*
 * Call fn with the name, less the suffix, of each file that ends so; stops
 * at the first result that is not 0 and returns it.  -errno if unreadable.
 */
int	 store_dir_each(const char *dir, const char *suffix,
	    int (*fn)(const char *name, void *), void *);

/*
 * The marker: a file that exists while the store is closed in good order.
 * take: remove it; *clean says whether it was there.
 */
int	 store_marker_set(const char *dir);
int	 store_marker_take(const char *dir, bool *clean);

#endif

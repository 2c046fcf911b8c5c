/* SPDX-License-Identifier: MIT */
/* The data directory. */
#ifndef MICELIO_MICELIO_DATADIR_H
#define MICELIO_MICELIO_DATADIR_H

#include <sys/types.h>

#include <stdbool.h>

#include "errtext.h"

struct privs;

#define DATADIR_SCHEMA	1u	/* VERSION: the layout on disk we know */

struct datadir {
	char	path[4096];
	int	fd;		/* the directory */
	int	state_fd;	/* O_PATH of state/ */
	int	lock_fd;	/* holds the flock(2) */
};

/*
 * All return 0 or an exit status of sysexits(3) with a line in err.  open:
 * makes the directory and those above it when create is set; the owner is
 * reported.  lock: fails at once when another suite has it, with its pid; waits
 * up to two seconds for daemons whose parent was killed, as they are ending.
 * version: refuses an on-disk schema newer than ours.  state: state/ exists
 * and stated may write to it.
 */
int	 datadir_open(struct datadir *, const char *path, bool create,
	    uid_t *owner, char err[ERR_MAX]);
int	 datadir_lock(struct datadir *, char err[ERR_MAX]);
int	 datadir_version(struct datadir *, char err[ERR_MAX]);
int	 datadir_state(struct datadir *, const struct privs *,
	    char err[ERR_MAX]);

#endif

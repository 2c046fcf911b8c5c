/* SPDX-License-Identifier: MIT */
/* Starting and killing a process (spawn.c). */
#ifndef MICELIO_MICELIO_CHILD_SPAWN_H
#define MICELIO_MICELIO_CHILD_SPAWN_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>

#include "errtext.h"

struct spawn_fd {
	int	from;		/* ours */
	int	to;		/* the child's; -1 in from: left out */
};
#define SPAWN_FDS_MAX	8

struct spawn {
	int			 exe;	/* O_PATH descriptor of the program */
	char *const		*argv;
	const struct spawn_fd	*fds;	/* all others above 2 are closed */
	size_t			 nfds;
	int			 cwd;	/* directory, or -1: "/" */
	bool			 own_ids;	/* take uid and gid, no groups */
	uid_t			 uid;
	gid_t			 gid;
	bool			 drop_caps;	/* we still have capabilities
						   that root would keep */
};

/*
 * Fork and execveat(2).  stdin and stdout become /dev/null, stderr stays, the
 * environment is empty.  Returns the pid and, when asked, a close-on-exec
 * pidfd; -1 and a line in err when the program could not be started.
 */
pid_t	 spawn(const struct spawn *, int *pidfd, char err[ERR_MAX]);
/*
 * Kill a child.  One of another uid is killed by a helper that takes that
 * uid, as we have no CAP_KILL.
 */
bool	 spawn_kill(int pidfd, bool own_ids, uid_t, gid_t);

#endif

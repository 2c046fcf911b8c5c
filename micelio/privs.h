/* SPDX-License-Identifier: MIT */
/* Which way to run, and as whom. */
#ifndef MICELIO_MICELIO_PRIVS_H
#define MICELIO_MICELIO_PRIVS_H

#include <sys/types.h>

#include <stdbool.h>

#include "errtext.h"
#include "imsg.h"

struct sandbox_report;

struct ids {
	uid_t	uid;
	gid_t	gid;
};

struct privs {
	enum run_mode	mode;
	struct ids	self;			/* what the parent runs as */
	struct ids	role[PROC_MAX];		/* children's, service mode */
};

/* Is uid that of the user "micelio"?  False when there is no such user. */
bool	 privs_is_service_uid(uid_t);
/*
 * Choose the way to run from who we are and whose the data directory is.
 * Returns 0 or an exit status with a line in err.
 */
int	 privs_decide(struct privs *, uid_t dir_owner, const char *dir_path,
	    char err[ERR_MAX]);
/*
 * Become what privs_decide() chose: as root on micelio's directory the user
 * micelio with CAP_SETUID and CAP_SETGID, otherwise without any capability.
 */
int	 privs_become(const struct privs *, char err[ERR_MAX]);
/* The parent's own filter; nothing of the above is possible after it. */
void	 privs_lock(const struct privs *, struct sandbox_report *);
/* Give up every capability, for good, of whatever uid. */
bool	 privs_drop_all(void);

#endif

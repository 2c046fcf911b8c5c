/* SPDX-License-Identifier: MIT */
/* micelioctl: prototypes grouped by file. */
#ifndef MICELIO_MICELIOCTL_H
#define MICELIO_MICELIOCTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctlpath.h"

/* options.c */

#define WORDS_MAX	1000

struct options {
	const char	*socket;	/* -s */
	const char	*data_dir;	/* --data-dir */
	uint64_t	 timeout_ms;
	bool		 json;
	bool		 help, version;
	const char	*words[WORDS_MAX + 2];
	size_t		 n;
};

/* What is before the verb; EX_OK, or EX_USAGE with a line in why. */
int	options_parse(struct options *, int argc, char **argv, char *why,
	    size_t);
/* "5", "5s", "500ms", "1m"; false when it is none or 0. */
bool	timeout_parse(const char *, uint64_t *ms);
void	usage(void);

/* path.c */

/*
 * Where the node's socket is: -s, MICELIO_SOCKET, --data-dir, else the
 * personal one if it is there, else the service's.  False with a line in why.
 */
bool	socket_path(const struct options *, char out[CTLPATH_MAX + 1],
	    char *why, size_t);

/* client.c */

/* Connect and do it; the exit status of the program. */
int	client_run(const struct options *, const char *path);

/* help.c: what the node would say of its commands; the exit status. */
int	 help_print(const struct options *);

#endif

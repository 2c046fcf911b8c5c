/* SPDX-License-Identifier: MIT */
/*
 * What micelioctl does itself, with or without a node: init, lab, diag,
 * completion.  Prototypes grouped by file.
 */
#ifndef MICELIO_MICELIOCTL_LOCAL_H
#define MICELIO_MICELIOCTL_LOCAL_H

#include <sys/types.h>

#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include "micelioctl.h"

struct wbuf;

/* local.c */

struct local {
	const char	*name, *args, *help;
	const char	*examples[2];
	int		(*run)(const struct options *);
};
extern const struct local locals[];	/* ends with a NULL name */

/* The one of that name, or NULL. */
const struct local *local_find(const char *);
/* Run it, or with --help tell about it; the exit status of the program. */
int	 local_run(const struct local *, const struct options *);
/* All about one, as help of a node tells of its commands. */
void	 local_help(const struct local *);
/* A line for each, as help lists commands. */
void	 local_list(void);

/* nodecmds.c: the commands of a node, when there is none to ask. */

struct nodecmd {
	const char	*name, *args, *help;
};
extern const struct nodecmd nodecmds[];	/* ends with a NULL name */

/* programs.c: other programs, found and run. */

#define OUTPUT_MAX	(4u * 1024 * 1024)

/* Where micelio is, beside this program: PATH and, if need be, libexec. */
struct programs {
	char	micelio[PATH_MAX];
	char	libexec[PATH_MAX];	/* "": the one compiled in */
	char	self[PATH_MAX];
};

/* False with a line in why. */
bool	 programs_find(struct programs *, char *why, size_t);
/* Set by a signal handler: what program_run() waits for is ended. */
extern volatile sig_atomic_t programs_stop;
/*
 * Run argv (NULL-terminated) to its end with no input.  out and err take
 * what it prints, at most OUTPUT_MAX each; NULL: that goes nowhere.  Its
 * exit status, 128 + a signal, or -1 when it could not be started.
 */
int	 program_run(const char *const *argv, struct wbuf *out,
	    struct wbuf *err);
/* A command of the node in a data directory; as program_run(). */
int	 node_run(const struct programs *, const char *data_dir,
	    const char *const *words, size_t n, struct wbuf *out,
	    struct wbuf *err);

/* ownkeys.c: the SSH keys of who runs this. */

#define OWNKEYS_MAX	64u

struct ownkeys {
	char	*line[OWNKEYS_MAX];	/* "ssh-ed25519 AAAA... comment" */
	size_t	 n;
};
/* From ~/.ssh/id_*.pub and the agent, each once. */
void	 ownkeys_find(struct ownkeys *);
void	 ownkeys_free(struct ownkeys *);
/*
 * Take the lines of text that are public keys a node understands and are not
 * there yet.
 */
void	 ownkeys_add(struct ownkeys *, const char *text, size_t);

/* The commands: the exit status of the program. */
int	 init_run(const struct options *);		/* init.c */
int	 lab_run(const struct options *);		/* lab.c */
int	 diag_run(const struct options *);		/* diag.c */
int	 completion_run(const struct options *);	/* completion.c */

/* The data directory --data-dir names, or ~/.micelio; false with why. */
bool	 data_dir_of(const struct options *, char out[PATH_MAX], char *why,
	    size_t);

#endif

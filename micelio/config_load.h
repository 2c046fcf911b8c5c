/* SPDX-License-Identifier: MIT */
/*
 * The configuration as the parent sees it.  (Not "config.h": that is the name
 * of the header meson generates, which every file must be able to find.)
 *
 * The parent opens the file and reads none of it: a short-lived child,
 * "micelio -x config", parses it in a sandbox and streams records over a
 * socketpair.  The parent checks each record again (conf_record_read), bounds
 * their number and waits at most CONFIG_DEADLINE_MS.
 *
 * Use, at start and at a reload alike:
 *
 *	struct config_source src = { .path = "/etc/micelio/micelio.conf",
 *	    .home = getenv("HOME"), .exe_fd = -1 };
 *	struct config_problems bad;
 *	struct conf conf;
 *
 *	if (config_load(&src, &conf, &bad) != 0) {
 *		config_problems_print(stderr, &bad);
 *		config_summary(text, sizeof(text), &src, &bad, "...");
 *	}
 *	config_problems_free(&bad);
 */
#ifndef MICELIO_CONFIG_LOAD_H
#define MICELIO_CONFIG_LOAD_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "conf.h"

#define CONFIG_FILE_MAX		(256u * 1024)	/* bytes of a file */
#define CONFIG_DEADLINE_MS	5000		/* for the whole child */
#define CONFIG_PROBLEMS_MAX	200		/* lines kept; more: counted */
#define CONFIG_RECORDS_MAX	2048		/* of one child */
#define CONFIG_LINE_MAX		1000		/* bytes of a line for people */

/* Where a configuration comes from.  Zeroed members mean "not given". */
struct config_source {
	/*
	 * As the user gave it, since messages show it so.  NULL: no file, an
	 * empty configuration.
	 */
	const char	*path;
	/* A missing file is an error (-c was given), not an empty one. */
	bool		 must_exist;
	/* What "~" stands for in node.data_dir; NULL: "~" is refused. */
	const char	*home;
	/*
	 * node.data_dir when neither flag nor file has it: "/var/lib/micelio"
	 * or "~/.micelio" (expanded here too).  NULL: "~/.micelio".
	 */
	const char	*default_data_dir;
	/*
	 * Flags, which win over the file; NULL or "": not given.  They are
	 * checked by the rules of the file; a relative --data-dir is taken
	 * from the working directory.  ssh_listen may hold several addresses
	 * with commas between them.
	 */
	const char	*flag_name;
	const char	*flag_data_dir;
	const char	*flag_ssh_listen;
	const char	*flag_log_level;
	/* MICELIO_LOG_LEVEL: only if neither flag nor file gives a level. */
	const char	*env_log_level;
	/*
	 * O_PATH descriptor of this program's binary, from its start, so that
	 * an upgrade on disk never mixes versions; kept open.  0 or less:
	 * /proc/self/exe.
	 */
	int		 exe_fd;
	/*
	 * The child gives up every capability, and with own_ids takes these
	 * ids, so that a running service does not have it read a file as the
	 * owner of the keys.
	 */
	bool		 own_ids;
	uid_t		 uid;
	gid_t		 gid;
};

/* Lines for people, in the order of the file, each complete but for LF. */
struct config_problems {
	char	**line;
	size_t	  n;
	size_t	  more;		/* not kept: over CONFIG_PROBLEMS_MAX */
};

/*
 * Read the configuration of src into conf, which need not be initialised and
 * is always to be freed by conf_free().  0: it is good.  -1: problems has at
 * least one line, safe to print, and conf is not to be used.  problems is
 * initialised here and freed by the caller in either case.
 *
 * Blocks up to CONFIG_DEADLINE_MS (a few milliseconds as a rule) and reaps
 * its own child, by pid.  Never fatal but for lack of memory.
 */
int	 config_load(const struct config_source *, struct conf *,
	    struct config_problems *);

/* One line each, "... and 12 more problems" last when some were not kept. */
void	 config_problems_print(FILE *, const struct config_problems *);
void	 config_problems_free(struct config_problems *);

/*
 * "micelio: 4 errors in micelio.conf, nothing changed; pid 812 keeps its
 * configuration of 07:02:11": the last line, where tail is what follows the
 * file's name and a comma, or NULL.  Returns out.
 */
char	*config_summary(char *out, size_t size, const struct config_source *,
	    const struct config_problems *, const char *tail);

/*
 * -nv: what is in force, as a configuration file that reads back equal, each
 * setting under a comment that says what it is.  0, or -1 when writing fails.
 */
int	 config_print(FILE *, const struct conf *);

/*
 * Names of the settings that differ: those a reload puts in force to changed,
 * those that wait for a restart to restart, separated by ", " (empty: none).
 */
void	 config_changes(const struct conf *old, const struct conf *next,
	    char *changed, size_t csize, char *restart, size_t rsize);

/*
 * The child.  main() calls this, before anything else and before it opens
 * anything, when argv[1] is "-x" and argv[2] is "config"; returns the exit
 * status.  Its descriptors: 2 standard error, 3 the channel, 4 the file,
 * 5 /etc/resolv.conf, 6 /etc/hosts (/dev/null for one that is not there).
 */
int	 config_child_main(int argc, char **argv);
#define CONFIG_FILE_FILENO	4
#define CONFIG_RESOLV_FILENO	5
#define CONFIG_HOSTS_FILENO	6

/* Of use within these files only (config_flags.c). */
void	 config_problem(struct config_problems *, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));
/* given: bit per key the file has. */
void	 config_apply_flags(const struct config_source *, struct conf *,
	    uint32_t given, struct config_problems *);
/* A path with "~" or "~/" expanded to out; NULL, or why not. */
const char *config_expand_home(const char *path, const char *home, char *out,
	    size_t size);

#endif

/* SPDX-License-Identifier: MIT */
/* The command line. */
#ifndef MICELIO_MICELIO_OPTIONS_H
#define MICELIO_MICELIO_OPTIONS_H

#include <stdbool.h>

#include "errtext.h"

struct options {
	const char	*config_file;	/* NULL: look in the usual place */
	bool		 check;		/* -n */
	unsigned int	 verbose;	/* -v, counted */
	bool		 stderr_log;	/* -d */
	bool		 show_id;
	bool		 init;
	const char	*name;		/* these win over the file */
	const char	*data_dir;
	const char	*ssh_listen;
	const char	*log_level;
	const char	*libexec;
};

enum options_action { OPTIONS_RUN, OPTIONS_HELP, OPTIONS_VERSION, OPTIONS_BAD };

/*
 * Read the command line.  Strings stay those of argv.  OPTIONS_BAD leaves one
 * line for people in err.
 */
enum options_action options_parse(struct options *, int argc, char **argv,
	    char err[ERR_MAX]);
extern const char options_usage[];

#endif

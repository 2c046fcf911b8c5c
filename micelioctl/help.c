/* SPDX-License-Identifier: MIT */
/* The commands of a node, when there is none to ask. */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "local.h"

int
help_print(const struct options *o)
{
	const char *only = o->n > 1 ? o->words[1] : NULL;
	bool found = only == NULL;
	char left[64];

	if (only == NULL)
		(void)puts("commands:");
	for (const struct nodecmd *c = nodecmds; c->name != NULL; c++) {
		if (only != NULL && strcmp(only, c->name) != 0)
			continue;
		found = true;
		(void)snprintf(left, sizeof(left), "%s %s", c->name, c->args);
		(void)printf("  %-22s %s\n", left, c->help);
	}
	if (!found) {
		(void)fprintf(stderr, "micelioctl: help: no command of that "
		    "name, want one of those micelioctl help lists\n");
		return EX_USAGE;
	}
	if (only == NULL)
		local_list();
	(void)puts("micelio is not running; with it help COMMAND tells more");
	return fflush(stdout) == 0 ? EX_OK : EX_IOERR;
}

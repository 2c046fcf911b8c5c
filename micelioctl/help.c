/* SPDX-License-Identifier: MIT */
/* The commands of a node, when there is none to ask. */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "micelioctl.h"

static const struct {
	const char	*name, *args, *help;
} table[] = {
#include "help_table.h"
};

int
help_print(const struct options *o)
{
	const char *only = o->n > 1 ? o->words[1] : NULL;
	bool found = only == NULL;
	char left[64];

	if (only == NULL)
		(void)puts("commands:");
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (only != NULL && strcmp(only, table[i].name) != 0)
			continue;
		found = true;
		(void)snprintf(left, sizeof(left), "%s %s", table[i].name,
		    table[i].args);
		(void)printf("  %-22s %s\n", left, table[i].help);
	}
	if (!found) {
		(void)fprintf(stderr, "micelioctl: help: no command of that "
		    "name, want one of those micelioctl help lists\n");
		return EX_USAGE;
	}
	(void)puts("micelio is not running; with it help COMMAND tells more");
	return fflush(stdout) == 0 ? EX_OK : EX_IOERR;
}

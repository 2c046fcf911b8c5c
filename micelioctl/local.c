/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "local.h"

const struct local locals[] = {
	{ "init", "[--dry-run]", "make a first configuration, keys and login",
	    { "init", "init --dry-run" }, init_run },
	{ "lab", "N [--run COMMAND]", "N linked nodes to try things with",
	    { "lab 3", "lab 3 --run 'say hello'" }, lab_run },
	{ "diag", "[FILE]", "what to attach to a report, no secrets in it",
	    { "diag", "diag report.txt" }, diag_run },
	{ "completion", "bash|zsh|fish", "a script that completes commands",
	    { "completion bash", "completion fish" }, completion_run },
	{ .name = NULL }
};

const struct local *
local_find(const char *name)
{
	for (const struct local *l = locals; l->name != NULL; l++)
		if (strcmp(l->name, name) == 0)
			return l;
	return NULL;
}

void
local_help(const struct local *l)
{
	(void)printf("micelioctl %s %s\n  %s\nexamples:\n", l->name, l->args,
	    l->help);
	for (size_t i = 0; i < 2; i++)
		(void)printf("  micelioctl %s\n", l->examples[i]);
	(void)printf("role: none, it is done here and not by a node\n");
}

void
local_list(void)
{
	char left[64];

	(void)puts("done by micelioctl itself:");
	for (const struct local *l = locals; l->name != NULL; l++) {
		(void)snprintf(left, sizeof(left), "%s %s", l->name, l->args);
		(void)printf("  %-22s %s\n", left, l->help);
	}
}

int
local_run(const struct local *l, const struct options *o)
{
	for (size_t i = 1; i < o->n; i++)
		if (strcmp(o->words[i], "--help") == 0 ||
		    strcmp(o->words[i], "-h") == 0) {
			local_help(l);
			return fflush(stdout) == 0 ? EX_OK : EX_IOERR;
		}
	return l->run(o);
}

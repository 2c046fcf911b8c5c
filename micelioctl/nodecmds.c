/* SPDX-License-Identifier: MIT */
#include "local.h"

const struct nodecmd nodecmds[] = {
#include "help_table.h"
	{ .name = NULL }
};

/* SPDX-License-Identifier: MIT */
/*
 * The configuration's two sides without the rest of micelio: "checkconf -n
 * -c FILE" is what micelio -n says of a file, by way of a real child in its
 * sandbox; -nv prints what is in force.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "config_load.h"

int
main(int argc, char **argv)
{
	struct config_source src = { .home = getenv("HOME"), .exe_fd = -1,
		.must_exist = true };
	struct config_problems ps;
	struct conf conf;
	char line[CONFIG_LINE_MAX];
	int rc = 0;

	if (argc > 2 && strcmp(argv[1], "-x") == 0)
		return config_child_main(argc, argv);
	if (argc != 4 || strcmp(argv[2], "-c") != 0)
		return EX_USAGE;
	src.path = argv[3];
	if (config_load(&src, &conf, &ps) == -1) {
		config_problems_print(stderr, &ps);
		fprintf(stderr, "%s\n", config_summary(line, sizeof(line),
		    &src, &ps, NULL));
		rc = EX_CONFIG;
	} else if (strcmp(argv[1], "-nv") == 0)
		config_print(stdout, &conf);
	config_problems_free(&ps);
	conf_free(&conf);
	return rc;
}

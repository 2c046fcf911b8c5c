/* SPDX-License-Identifier: MIT */
/*
 * micelioctl, a thin client of the control socket: it knows where the socket
 * is and how long to wait; the commands are the node's (micelio-sshd).
 */
#include <stdio.h>
#include <sysexits.h>

#include "config.h"
#include "micelioctl.h"

int
main(int argc, char **argv)
{
	char path[CTLPATH_MAX + 1], why[256];
	struct options o;
	int rc = options_parse(&o, argc, argv, why, sizeof(why));

	if (rc == EX_OK && o.version) {
		(void)puts("micelioctl " MICELIO_VERSION);
		return EX_OK;
	}
	if (rc == EX_OK && o.help) {
		usage();
		return EX_OK;
	}
	if (rc == EX_OK && !socket_path(&o, path, why, sizeof(why)))
		rc = EX_USAGE;
	if (rc != EX_OK) {
		(void)fprintf(stderr, "micelioctl: %s\n", why);
		if (rc == EX_USAGE)
			usage();
		return rc;
	}
	return client_run(&o, path);
}

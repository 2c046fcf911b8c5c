/* SPDX-License-Identifier: MIT */
/*
 * micelioctl, a thin client of the control socket: it knows where the socket
 * is and how long to wait; the commands are the node's (micelio-sshd).
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "config.h"
#include "local.h"
#include "micelioctl.h"

/*
 * A closed standard descriptor would become the socket, and be read or
 * written as one.  A file that cannot be read or written stands there then.
 */
static bool
standard_fds(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) == -1 && open("/dev/null",
		    fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			return false;
	return true;
}

int
main(int argc, char **argv)
{
	char path[CTLPATH_MAX + 1], why[256];
	const struct local *local = NULL;
	struct options o;
	int rc;

	if (!standard_fds())
		return EX_OSERR;
	rc = options_parse(&o, argc, argv, why, sizeof(why));
	if (rc == EX_OK && o.version) {
		(void)puts("micelioctl " MICELIO_VERSION);
		return EX_OK;
	}
	if (rc == EX_OK && o.help) {
		usage();
		return EX_OK;
	}
	if (rc == EX_OK && (local = local_find(o.words[0])) != NULL)
		return local_run(local, &o);
	if (rc == EX_OK && o.n > 1 && strcmp(o.words[0], "help") == 0 &&
	    (local = local_find(o.words[1])) != NULL) {
		local_help(local);
		return fflush(stdout) == 0 ? EX_OK : EX_IOERR;
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

/* SPDX-License-Identifier: MIT */
#include <sys/stat.h>

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "micelioctl.h"
#include "text.h"

/* The name the node knows its directory by: absolute, links resolved. */
static bool
dir_path(const char *dir, char out[CTLPATH_MAX + 1], char *why, size_t size)
{
	char real[PATH_MAX], cwd[PATH_MAX / 2];

	if (realpath(dir, real) == NULL) {
		if (dir[0] == '/')
			text_copy(real, dir, sizeof(real));
		else if (getcwd(cwd, sizeof(cwd)) != NULL)
			(void)snprintf(real, sizeof(real), "%s/%.2000s", cwd,
			    dir);
		else
			real[0] = '\0';
	}
	if (real[0] == '/' && ctlpath(real, getenv("XDG_RUNTIME_DIR"), out))
		return true;
	(void)snprintf(why, size, "no socket path for %s is short enough; "
	    "set XDG_RUNTIME_DIR as for the node, or name it with -s", dir);
	return false;
}

static bool
given(const char *path, char out[CTLPATH_MAX + 1], char *why, size_t size)
{
	if (text_copy(out, path, CTLPATH_MAX + 1) <= CTLPATH_MAX)
		return true;
	(void)snprintf(why, size, "the socket path has %zu bytes, want %d at "
	    "most; name it by a shorter one", strlen(path), CTLPATH_MAX);
	return false;
}

static bool
personal_path(char out[CTLPATH_MAX + 1])
{
	const char *home = getenv("HOME");
	char dir[PATH_MAX], why[256];
	struct passwd *pw;

	if (home == NULL || home[0] != '/') {
		pw = getpwuid(geteuid());
		home = pw == NULL ? NULL : pw->pw_dir;
	}
	if (home == NULL)
		return false;
	(void)snprintf(dir, sizeof(dir), "%s/.micelio", home);
	return dir_path(dir, out, why, sizeof(why));
}

bool
socket_path(const struct options *o, char out[CTLPATH_MAX + 1], char *why,
    size_t size)
{
	static const char service[] = MICELIO_RUNDIR "/control.sock";
	const char *env = getenv("MICELIO_SOCKET");
	struct stat st;

	if (o->socket != NULL)
		return given(o->socket, out, why, size);
	if (o->data_dir != NULL)
		return dir_path(o->data_dir, out, why, size);
	if (env != NULL && env[0] != '\0')
		return given(env, out, why, size);
	if (personal_path(out) && stat(out, &st) == 0)
		return true;
	if (stat(service, &st) == 0 || errno == EACCES || !personal_path(out))
		text_copy(out, service, CTLPATH_MAX + 1);
	return true;
}

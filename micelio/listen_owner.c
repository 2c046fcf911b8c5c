/* SPDX-License-Identifier: MIT */
/* Who has the port we want?  For an error text only: gives up easily. */
#include <sys/stat.h>

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "addr.h"
#include "file.h"
#include "listen.h"
#include "text.h"

#define TCP_LISTEN_STATE	0x0a
#define PIDS_MAX		65536u	/* looked at */

static unsigned long find_inode(const char *, uint16_t);
static bool	has_socket(const char *, unsigned long);

bool
listen_owner(const struct addr *a, char *out, size_t size)
{
	unsigned long ino = find_inode("/proc/net/tcp", addr_port(a));
	struct dirent *e;
	char comm[64], shown[64], path[64];
	DIR *proc;
	ssize_t n;
	bool found = false;

	if (ino == 0)
		ino = find_inode("/proc/net/tcp6", addr_port(a));
	if (ino == 0 || (proc = opendir("/proc")) == NULL)
		return false;
	for (unsigned int i = 0; i < PIDS_MAX && !found &&
	    (e = readdir(proc)) != NULL; i++) {
		if (e->d_name[0] < '1' || e->d_name[0] > '9' ||
		    !has_socket(e->d_name, ino))
			continue;
		snprintf(path, sizeof(path), "/proc/%.20s/comm", e->d_name);
		n = file_read(AT_FDCWD, path, comm, sizeof(comm) - 1, NULL);
		while (n > 0 && comm[n - 1] == '\n')
			n--;
		text_safe(comm, n > 0 ? (size_t)n : 0, shown, sizeof(shown),
		    true);
		snprintf(out, size, "\"%s\" (pid %.20s)", shown, e->d_name);
		found = true;
	}
	closedir(proc);
	return found;
}

/* The inode of a listening socket on this port; 0: none seen. */
static unsigned long
find_inode(const char *file, uint16_t port)
{
	unsigned int local_port, state;
	unsigned long ino, found = 0;
	char line[512];
	FILE *f;

	if ((f = fopen(file, "re")) == NULL)
		return 0;
	while (found == 0 && fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, " %*u: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x "
		    "%x %*s %*s %*s %*u %*u %lu", &local_port, &state,
		    &ino) == 3 && state == TCP_LISTEN_STATE &&
		    local_port == port)
			found = ino;
	fclose(f);
	return found;
}

static bool
has_socket(const char *pid, unsigned long ino)
{
	char path[64], want[64], link[64];
	struct dirent *e;
	ssize_t n;
	DIR *d;
	bool found = false;

	snprintf(want, sizeof(want), "socket:[%lu]", ino);
	snprintf(path, sizeof(path), "/proc/%.20s/fd", pid);
	if ((d = opendir(path)) == NULL)
		return false;	/* another user's */
	while (!found && (e = readdir(d)) != NULL) {
		n = readlinkat(dirfd(d), e->d_name, link, sizeof(link) - 1);
		if (n <= 0)
			continue;
		link[n] = '\0';
		found = strcmp(link, want) == 0;
	}
	closedir(d);
	return found;
}

/* SPDX-License-Identifier: MIT */
/* The sockets outsiders come in by. */
#ifndef MICELIO_MICELIO_LISTEN_H
#define MICELIO_MICELIO_LISTEN_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>

#include "addr.h"
#include "conf.h"
#include "errtext.h"
#include "imsg.h"

struct datadir;
struct notify;
struct privs;

struct listener {
	enum listen_kind kind;
	int		 fd;
	char		 text[HOSTPORT_MAX + 1];	/* as bound */
};
#define LISTENERS_MAX	(2 * CONF_LISTEN_MAX + 1)

struct listeners {
	struct listener	v[LISTENERS_MAX];
	size_t		n;
	char		control[108];	/* path of the control socket */
	dev_t		control_dev;	/* to remove our own only */
	ino_t		control_ino;
};

/* Bind all of conf and the control socket, or take them from systemd. */
int	 listen_open(struct listeners *, const struct conf *,
	    const struct privs *, struct notify *, char err[ERR_MAX]);
void	 listen_close(struct listeners *);

/* Before privileges go: the directory of the control socket in /run. */
int	 listen_prepare(struct listeners *, const struct datadir *,
	    const struct privs *, char err[ERR_MAX]);

/* listen_owner.c: "other" (pid 731) from /proc, or false. */
bool	 listen_owner(const struct addr *, char *out, size_t);

#endif

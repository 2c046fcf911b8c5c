/* SPDX-License-Identifier: MIT */
/*
 * Listening sockets: bound by the parent before anything is started, so that
 * an address in use ends the start at once; or taken over from systemd.  The
 * parent accepts nothing: they are handed to transportd and sshd.
 */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "addr.h"
#include "config.h"
#include "ctlpath.h"
#include "datadir.h"
#include "errtext.h"
#include "imsg.h"
#include "listen.h"
#include "log.h"
#include "notify.h"
#include "privs.h"
#include "text.h"

#define BACKLOG_NETWORK	1024
#define BACKLOG_SSH	128
#define BACKLOG_CONTROL	64

static const char *const kind_names[] = {
	[LISTEN_NETWORK] = "network.listen",
	[LISTEN_SSH] = "ssh.listen",
	[LISTEN_CONTROL] = "control",
};

static int	open_list(struct listeners *, enum listen_kind,
    const struct strlist *, struct notify *, char *);
static int	open_inet(const struct addr *, int);
static int	take_inherited(struct notify *, const struct addr *);
static int	inherited_left(struct notify *, char *);
static int	open_control(struct listeners *, const struct privs *, char *);
static int	bind_failed(enum listen_kind, const char *,
    const struct addr *, char *);
static void	keep(struct listeners *, enum listen_kind, int, const char *);

int
listen_open(struct listeners *ls, const struct conf *conf,
    const struct privs *privs, struct notify *n, char err[ERR_MAX])
{
	int rc;

	if ((rc = open_list(ls, LISTEN_NETWORK, &conf->network_listen, n,
	    err)) == 0 &&
	    (rc = open_list(ls, LISTEN_SSH, &conf->ssh_listen, n, err)) == 0 &&
	    (rc = inherited_left(n, err)) == 0)
		rc = open_control(ls, privs, err);
	if (rc != 0)
		listen_close(ls);
	return rc;
}

static int
open_list(struct listeners *ls, enum listen_kind kind,
    const struct strlist *list, struct notify *n, char *err)
{
	char bound[HOSTPORT_MAX + 1];
	struct addr a;
	size_t opened = 0;
	int fd;

	for (size_t i = 0; i < list->n; i++) {
		const char *text = list->v[i];

		if (!addr_parse(text, &a)) {
			snprintf(err, ERR_MAX, "%s: \"%.200s\": want a numeric "
			    "address such as 0.0.0.0:4000 or [::]:4000",
			    kind_names[kind], text);
			return EX_CONFIG;
		}
		if ((fd = take_inherited(n, &a)) == -1)
			fd = open_inet(&a, kind == LISTEN_SSH ? BACKLOG_SSH :
			    BACKLOG_NETWORK);
		/* A machine without IPv6 lacks [::1], one of the defaults. */
		if (fd == -1 && list->n > 1 && addr_is_loopback(&a) &&
		    a.ss.ss_family == AF_INET6 &&
		    (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL)) {
			log_debug("%s: %s: left out: %s", kind_names[kind],
			    text, strerror(errno));
			continue;
		}
		if (fd == -1)
			return bind_failed(kind, text, &a, err);
		a.len = sizeof(a.ss);
		if (getsockname(fd, (struct sockaddr *)&a.ss, &a.len) == -1)
			fatal("getsockname");
		keep(ls, kind, fd, addr_text(&a, bound));
		opened++;
	}
	if (opened > 0 || list->n == 0)
		return 0;
	snprintf(err, ERR_MAX, "%s: none of its addresses exists here",
	    kind_names[kind]);
	return EX_CONFIG;
}

static void
keep(struct listeners *ls, enum listen_kind kind, int fd, const char *text)
{
	struct listener *l = &ls->v[ls->n++];

	l->kind = kind;
	l->fd = fd;
	text_copy(l->text, text, sizeof(l->text));
	log_event(EV_LISTENING, LF_STR("what", kind == LISTEN_NETWORK ?
	    "network" : kind == LISTEN_SSH ? "ssh" : "control"),
	    LF_STR("addr", text));
}

static int
open_inet(const struct addr *a, int backlog)
{
	int fd, on = 1, saved;

	fd = socket(a->ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC |
	    SOCK_NONBLOCK, 0);
	if (fd == -1)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == -1 ||
	    (a->ss.ss_family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6,
	    IPV6_V6ONLY, &on, sizeof(on)) == -1) ||
	    bind(fd, (const struct sockaddr *)&a->ss, a->len) == -1 ||
	    listen(fd, backlog) == -1) {
		saved = errno;
		close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

static int
bind_failed(enum listen_kind kind, const char *text, const struct addr *a,
    char *err)
{
	char who[128];
	int e = errno;

	if (e == EADDRINUSE && listen_owner(a, who, sizeof(who)))
		snprintf(err, ERR_MAX, "cannot listen on %.200s: address in "
		    "use by %s; set %s or stop it", text, who,
		    kind_names[kind]);
	else if (e == EADDRINUSE)
		snprintf(err, ERR_MAX, "cannot listen on %.200s: address in "
		    "use by another program; set %s or stop it (ss -ltnp "
		    "shows it to root)", text, kind_names[kind]);
	else if (e == EACCES)
		snprintf(err, ERR_MAX, "cannot listen on %.200s: ports below "
		    "1024 are not for us; set %s to a higher one, or hand the "
		    "socket over from systemd", text, kind_names[kind]);
	else if (e == EADDRNOTAVAIL)
		snprintf(err, ERR_MAX, "cannot listen on %.200s: no interface "
		    "here has this address; set %s to one that has (ip "
		    "address)", text, kind_names[kind]);
	else
		snprintf(err, ERR_MAX, "cannot listen on %.200s: %s; set %s",
		    text, strerror(e), kind_names[kind]);
	/* The other program may end and the address come: worth a retry. */
	return e == EACCES ? EX_NOPERM : e == EADDRINUSE ||
	    e == EADDRNOTAVAIL ? EX_UNAVAILABLE : EX_CONFIG;
}

/* One systemd has bound to this very address, or -1. */
static int
take_inherited(struct notify *n, const struct addr *want)
{
	for (size_t i = 0; i < n->nlisten; i++) {
		struct addr a = { .len = sizeof(a.ss) };
		int fd = n->listen_fd[i];

		if (fd == -1 || getsockname(fd, (struct sockaddr *)&a.ss,
		    &a.len) == -1 || !addr_equal(&a, want))
			continue;
		n->listen_fd[i] = -1;
		return fd;
	}
	return -1;
}

/* A socket nobody would serve is a trap for whoever connects to it. */
static int
inherited_left(struct notify *n, char *err)
{
	char text[HOSTPORT_MAX + 1];

	for (size_t i = 0; i < n->nlisten; i++) {
		struct addr a = { .len = sizeof(a.ss) };

		if (n->listen_fd[i] == -1)
			continue;
		if (getsockname(n->listen_fd[i], (struct sockaddr *)&a.ss,
		    &a.len) == -1 || (a.ss.ss_family != AF_INET &&
		    a.ss.ss_family != AF_INET6)) {
			close(n->listen_fd[i]);
			n->listen_fd[i] = -1;
			continue;
		}
		snprintf(err, ERR_MAX, "systemd hands over a socket on %s, "
		    "which no setting names; add it to network.listen or "
		    "ssh.listen", addr_text(&a, text));
		return EX_CONFIG;
	}
	return 0;
}

int
listen_prepare(struct listeners *ls, const struct datadir *dir,
    const struct privs *privs, char err[ERR_MAX])
{
	char parent[CTLPATH_MAX + 1], *slash;

	ls->n = 0;
	if (!ctlpath(dir->path, getenv("XDG_RUNTIME_DIR"), ls->control)) {
		snprintf(err, ERR_MAX, "control socket: %.300s/control.sock is "
		    "longer than the %d bytes of a socket's path, and "
		    "XDG_RUNTIME_DIR is not set; set it, or choose a shorter "
		    "--data-dir", dir->path, CTLPATH_MAX);
		return EX_CONFIG;
	}
	if (strncmp(ls->control, MICELIO_RUNDIR, strlen(MICELIO_RUNDIR)) != 0)
		return 0;
	/* systemd makes it (RuntimeDirectory); without systemd, root does. */
	text_copy(parent, ls->control, sizeof(parent));
	if ((slash = strrchr(parent, '/')) != NULL)
		*slash = '\0';
	if (mkdir(parent, 0755) == 0 && getuid() == 0 &&
	    chown(parent, privs->self.uid, privs->self.gid) == -1) {
		snprintf(err, ERR_MAX, "%s: %s", parent, strerror(errno));
		return EX_OSERR;
	}
	return 0;
}

/* The lock is ours, so a socket that is there belongs to nobody alive. */
static int
open_control(struct listeners *ls, const struct privs *privs, char *err)
{
	const mode_t mode = privs->mode == MODE_SERVICE ? 0660 : 0600;
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	struct stat st;
	mode_t old;
	int fd, rc;

	text_copy(sun.sun_path, ls->control, sizeof(sun.sun_path));
	if (lstat(ls->control, &st) == 0 && S_ISSOCK(st.st_mode))
		(void)unlink(ls->control);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	old = umask(0777 & ~mode);
	rc = fd == -1 ? -1 : bind(fd, (struct sockaddr *)&sun, sizeof(sun));
	umask(old);
	if (rc == -1 || listen(fd, BACKLOG_CONTROL) == -1 ||
	    lstat(ls->control, &st) == -1) {
		snprintf(err, ERR_MAX, "control socket %s: %s", ls->control,
		    errno == EADDRINUSE ? "something else of that name is in "
		    "the way; remove it" : errno == ENOENT ? "its directory "
		    "does not exist (systemd makes it: RuntimeDirectory=)" :
		    errno == EACCES ? "its directory is not this user's to "
		    "write to; give it to him, or unset XDG_RUNTIME_DIR" :
		    strerror(errno));
		if (fd != -1)
			close(fd);
		ls->control[0] = '\0';
		return EX_CANTCREAT;
	}
	ls->control_dev = st.st_dev;
	ls->control_ino = st.st_ino;
	keep(ls, LISTEN_CONTROL, fd, ls->control);
	return 0;
}

void
listen_close(struct listeners *ls)
{
	struct stat st;

	for (size_t i = 0; i < ls->n; i++)
		close(ls->v[i].fd);
	if (ls->n > 0 && ls->control[0] != '\0' &&
	    lstat(ls->control, &st) == 0 && st.st_dev == ls->control_dev &&
	    st.st_ino == ls->control_ino)
		(void)unlink(ls->control);
	ls->n = 0;
}

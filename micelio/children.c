/* SPDX-License-Identifier: MIT */
/*
 * The standing daemons: how they are started and set up, and what follows
 * when one is lost.
 */
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "child_spawn.h"
#include "conf.h"
#include "config.h"
#include "cursor.h"
#include "errtext.h"
#include "imsg.h"
#include "log.h"
#include "micelio.h"
#include "mtime.h"
#include "proc.h"
#include "wiring.h"

static const enum proc_role standing[] = { PROC_STATED, PROC_GOSSIPD,
    PROC_TRANSPORTD, PROC_SSHD };
#define NSTANDING	(sizeof(standing) / sizeof(standing[0]))

/* Pauses before sshd is started again, in seconds; the last one stays. */
static const unsigned int backoff_s[] = { 0, 1, 2, 4, 8, 15, 30 };
#define NBACKOFF	(sizeof(backoff_s) / sizeof(backoff_s[0]))
#define BACKOFF_GOOD_MS	60000u	/* alive so long: start from the first */

static int	exe_open(const char *, enum proc_role);
static bool	child_start(struct child *, char *);
static void	child_begin(struct child *, int);
static bool	child_wire(struct parent *, const struct wire *, char *);
static void	child_finish(struct child *);
static void	child_exit_cb(evutil_socket_t, short, void *);
static void	child_closed(struct imsgchan *, enum imsgchan_end,
    const char *, void *);
static void	child_lost(struct child *, int, int);
static void	child_respawn_later(struct child *);
static void	child_respawn_cb(evutil_socket_t, short, void *);

int
children_open(struct parent *p, const char *libexec, char err[ERR_MAX])
{
	if (libexec == NULL)
		libexec = MICELIO_LIBEXECDIR;
	for (int r = PROC_TRANSPORTD; r <= PROC_SESSION; r++) {
		int fd = exe_open(libexec, r);

		if (fd == -1) {
			snprintf(err, ERR_MAX, "%.300s/%s: %s, want the "
			    "daemon's program; install micelio anew, or say "
			    "with --libexec where its programs are", libexec,
			    proc_role_title(r), strerror(errno));
			return EX_CONFIG;
		}
		if (r == PROC_SESSION) {
			p->session_exe = fd;
			continue;
		}
		p->child[r].parent = p;
		p->child[r].role = r;
		p->child[r].essential = r != PROC_SSHD;
		p->child[r].exe = fd;
		p->child[r].pidfd = -1;
	}
	return 0;
}

/* DIR/name, or of a build tree DIR/folder/name; -1 and errno. */
static int
exe_open(const char *dir, enum proc_role role)
{
	const char *name = proc_role_title(role);
	const char *folder = proc_role_title(role == PROC_SESSION ? PROC_SSHD :
	    role);
	char path[4096];
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_PATH | O_CLOEXEC);
	if (fd == -1 || (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))) {
		if (fd != -1)
			close(fd);
		snprintf(path, sizeof(path), "%s/%s/%s", dir, folder, name);
		fd = open(path, O_PATH | O_CLOEXEC);
	}
	if (fd == -1)
		return -1;
	/* Not what access(2) says: another user is to run it. */
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    (st.st_mode & 0111) != 0)
		return fd;
	close(fd);
	errno = EACCES;
	return -1;
}

int
children_start(struct parent *p, char err[ERR_MAX])
{
	for (size_t i = 0; i < NSTANDING; i++)
		if (!child_start(&p->child[standing[i]], err))
			return EX_OSERR;
	for (size_t i = 0; i < WIRES; i++)
		if (!child_wire(p, &wires[i], err))
			return EX_OSERR;
	for (size_t i = 0; i < NSTANDING; i++)
		child_finish(&p->child[standing[i]]);
	return 0;
}

/* Fork and exec, channel and watch; nothing is sent but the identity. */
static bool
child_start(struct child *c, char *err)
{
	struct parent *p = c->parent;
	const struct ids *ids = &p->privs.role[c->role];
	struct spawn_fd fds[2];
	struct spawn sp = { .exe = c->exe, .fds = fds, .nfds = 2, .cwd = -1 };
	char *argv[CHILD_ARGV_MAX];
	int pair[2];

	if (imsg_socketpair(pair) == -1) {
		snprintf(err, ERR_MAX, "socketpair: %s", strerror(errno));
		return false;
	}
	child_argv(p, c->role, argv);
	fds[0] = (struct spawn_fd){ pair[1], PROC_FILENO };
	fds[1] = (struct spawn_fd){ p->notify.journal ? LOG_FILENO : -1,
	    LOG_FILENO };
	sp.argv = argv;
	if (c->role == PROC_STATED)
		sp.cwd = p->dir.state_fd;
	sp.own_ids = p->privs.mode == MODE_SERVICE;
	sp.uid = ids->uid;
	sp.gid = ids->gid;
	c->pid = spawn(&sp, &c->pidfd, err);
	close(pair[1]);
	if (c->pid == -1) {
		close(pair[0]);
		c->pid = 0;
		return false;
	}
	child_begin(c, pair[0]);
	return true;
}

/* Its process exists: from nothing known of it to its first message. */
static void
child_begin(struct child *c, int fd)
{
	struct parent *p = c->parent;

	c->state = CHILD_SETUP;
	c->started_ms = c->progress_ms = mono_ms();
	c->unanswered = 0;
	c->eof_ms = 0;
	c->killed = NULL;
	c->reload_wait = false;
	memset(&c->sandbox, 0, sizeof(c->sandbox));
	c->chan = imsgchan_new(p->base, fd, PROC_PARENT, c->role,
	    child_dispatch, child_closed, c);
	c->ev_exit = event_new(p->base, c->pidfd, EV_READ, child_exit_cb, c);
	if (c->ev_exit == NULL || event_add(c->ev_exit, NULL) == -1)
		fatalx("no event for %s", proc_role_title(c->role));
	log_debug("%s started, pid %ld", proc_role_title(c->role),
	    (long)c->pid);
	child_send_identity(p, c->chan);
}

void
child_argv(struct parent *p, enum proc_role role, char *argv[CHILD_ARGV_MAX])
{
	static char text[] = "text", json[] = "json", journal[] = "journal";
	static char format_flag[] = "-L", level_flag[] = "-l";
	static char title[32], level[16];

	snprintf(title, sizeof(title), "%s", proc_role_title(role));
	snprintf(level, sizeof(level), "%s", log_level_name(log_level()));
	argv[0] = title;
	argv[1] = format_flag;
	argv[2] = p->log_format == LOG_JOURNAL ? journal :
	    p->log_format == LOG_JSON ? json : text;
	argv[3] = level_flag;
	argv[4] = level;
	argv[5] = NULL;
}

static bool
child_wire(struct parent *p, const struct wire *w, char *err)
{
	struct child *a = &p->child[w->a], *b = &p->child[w->b];
	const uint8_t role_a = w->a, role_b = w->b;
	int pair[2];

	if (imsg_socketpair(pair) == -1) {
		snprintf(err, ERR_MAX, "socketpair: %s", strerror(errno));
		return false;
	}
	imsg_send_fd(a->chan, IMSG_SETUP_LINK, 0, 0, pair[0], &role_b, 1);
	imsg_send_fd(b->chan, IMSG_SETUP_LINK, 0, 0, pair[1], &role_a, 1);
	return true;
}

/* The rest of the set-up; READY comes back. */
static void
child_finish(struct child *c)
{
	struct parent *p = c->parent;
	struct wbuf w;
	int fd;

	wbuf_init(&w, 512);
	for (size_t i = 0; i < p->listeners.n; i++) {
		const struct listener *l = &p->listeners.v[i];

		if (c->role != (l->kind == LISTEN_NETWORK ? PROC_TRANSPORTD :
		    PROC_SSHD))
			continue;
		if ((fd = fcntl(l->fd, F_DUPFD_CLOEXEC, 3)) == -1)
			fatal("dup of a listening socket");
		wbuf_reset(&w);
		wbuf_u8(&w, (uint8_t)l->kind);
		wbuf_str(&w, l->text);
		imsg_send_fd(c->chan, IMSG_SETUP_LISTEN, 0, 0, fd, w.p, w.len);
	}
	wbuf_free(&w);
	if (c->role == PROC_STATED) {
		if ((fd = fcntl(p->dir.lock_fd, F_DUPFD_CLOEXEC, 3)) == -1)
			fatal("dup of the lock");
		imsg_send_fd(c->chan, IMSG_SETUP_LOCK, 0, 0, fd, NULL, 0);
	}
	c->conf = p->reload.applied;
	child_send_config(c->chan, &p->conf, 0);
	imsg_send(c->chan, IMSG_SETUP_DONE, 0, 0, NULL, 0);
}

void
child_send_identity(struct parent *p, struct imsgchan *chan)
{
	struct wbuf w;

	wbuf_init(&w, 129);
	wbuf_bytes(&w, p->identity.id.b, 32);
	wbuf_bytes(&w, p->identity.ed25519_pub, 32);
	wbuf_bytes(&w, p->identity.x25519_pub, 32);
	wbuf_bytes(&w, p->identity.hostkey_pub, 32);
	wbuf_u8(&w, (uint8_t)p->privs.mode);
	imsg_send_wbuf(chan, IMSG_SETUP_IDENTITY, 0, 0, &w);
	wbuf_free(&w);
}

static void
send_record(const struct wbuf *w, void *arg)
{
	imsg_send_wbuf(arg, IMSG_CONF_RECORD, 0, 0, w);
}

void
child_send_config(struct imsgchan *chan, const struct conf *conf, uint32_t id)
{
	imsg_send(chan, IMSG_CONF_BEGIN, 0, 0, NULL, 0);
	conf_write(conf, send_record, chan);
	imsg_send(chan, IMSG_CONF_COMMIT, id, 0, NULL, 0);
}

struct child *
child_running(struct parent *p, enum proc_role role)
{
	struct child *c = &p->child[role];

	/* One told to stop still listens until it has. */
	return (c->state == CHILD_RUNNING || c->state == CHILD_STOPPING) &&
	    c->chan != NULL ? c : NULL;
}

void
child_kill(struct child *c, const char *why)
{
	const struct ids *ids = &c->parent->privs.role[c->role];

	if (c->state == CHILD_GONE)
		return;
	c->killed = why;
	if (!spawn_kill(c->pidfd, c->parent->privs.mode == MODE_SERVICE,
	    ids->uid, ids->gid))
		log_debug("%s: cannot kill pid %ld: %s",
		    proc_role_title(c->role), (long)c->pid, strerror(errno));
}

/* Its process will follow; watch.c sees to it if it does not. */
static void
child_closed(struct imsgchan *chan, enum imsgchan_end how, const char *why,
    void *arg)
{
	struct child *c = arg;

	c->eof_ms = mono_ms();
	c->chan = NULL;
	if (how == IMSGCHAN_VIOLATION) {
		log_event(EV_CHANNEL_VIOLATION,
		    LF_STR("from", proc_role_title(c->role)),
		    LF_STR("text", why));
		child_kill(c, "it broke the rules of its channel");
	}
	imsgchan_free(chan);
}

static void
child_exit_cb(evutil_socket_t fd, short what, void *arg)
{
	struct child *c = arg;
	siginfo_t si;

	(void)what;
	memset(&si, 0, sizeof(si));
	if (waitid(P_PIDFD, (id_t)fd, &si, WEXITED) == -1)
		fatal("waitid %s", proc_role_title(c->role));
	event_free(c->ev_exit);
	c->ev_exit = NULL;
	close(c->pidfd);
	c->pidfd = -1;
	imsgchan_free(c->chan);
	c->chan = NULL;
	child_lost(c, si.si_code, si.si_status);
}

char *
child_status_text(int code, int value, char *out, size_t size)
{
	if (code == CLD_EXITED)
		snprintf(out, size, "exit status %d", value);
	else if (value == SIGSYS)
		snprintf(out, size, "signal %d: its sandbox refused a system "
		    "call (number: kernel log, type=1326)", value);
	else
		snprintf(out, size, "signal %d (%s)", value,
		    strsignal(value));
	return out;
}

static void
child_lost(struct child *c, int code, int value)
{
	struct parent *p = c->parent;
	const enum child_state was = c->state;
	const pid_t pid = c->pid;
	char status[128], reason[256];

	c->state = CHILD_GONE;
	c->pid = 0;
	if (c->role == PROC_SSHD)
		ssh_sessions_end(p);
	if (p->stop_ms != 0) {
		if (was != CHILD_STOPPING)
			log_debug("%s ended: %s", proc_role_title(c->role),
			    child_status_text(code, value, status,
			    sizeof(status)));
		stop_child_ended(p);
		return;
	}
	if (c->killed != NULL)
		snprintf(status, sizeof(status), "killed: %s", c->killed);
	else
		child_status_text(code, value, status, sizeof(status));
	log_event(EV_CHILD_LOST, LF_STR("child", proc_role_title(c->role)),
	    LF_NUM("pid", pid), LF_STR("status", status));
	reload_child_gone(c);
	if (c->essential || p->ready_ms == 0) {
		snprintf(reason, sizeof(reason), "%s ended%s: %s",
		    proc_role_title(c->role), was == CHILD_SETUP ?
		    " before it was ready" : "", status);
		parent_stop(p, EX_SOFTWARE, reason);
		return;
	}
	child_respawn_later(c);
}

static void
child_respawn_later(struct child *c)
{
	struct timeval tv = { 0, 0 };

	if (mono_ms() - c->started_ms >= BACKOFF_GOOD_MS)
		c->backoff = 0;
	tv.tv_sec = backoff_s[c->backoff];
	if (c->backoff + 1 < NBACKOFF)
		c->backoff++;
	if (c->ev_respawn == NULL)
		c->ev_respawn = event_new(c->parent->base, -1, 0,
		    child_respawn_cb, c);
	if (c->ev_respawn == NULL || event_add(c->ev_respawn, &tv) == -1)
		fatalx("no timer for %s", proc_role_title(c->role));
}

/* Its neighbours get new links; they drop the old ones. */
static void
child_respawn_cb(evutil_socket_t fd, short what, void *arg)
{
	struct child *c = arg;
	struct parent *p = c->parent;
	char err[ERR_MAX];

	(void)fd;
	(void)what;
	if (p->stop_ms != 0 || c->state != CHILD_GONE)
		return;
	c->restarts++;
	if (!child_start(c, err)) {
		log_debug("%s", err);
		c->started_ms = mono_ms();
		child_respawn_later(c);
		return;
	}
	for (size_t i = 0; i < WIRES; i++)
		if ((wires[i].a == c->role || wires[i].b == c->role) &&
		    p->child[wires[i].a].chan != NULL &&
		    p->child[wires[i].b].chan != NULL &&
		    !child_wire(p, &wires[i], err))
			log_debug("%s", err);
	child_finish(c);
	log_event(EV_CHILD_RESPAWNED,
	    LF_STR("child", proc_role_title(c->role)), LF_NUM("pid", c->pid));
}

/* SPDX-License-Identifier: MIT */
/*
 * One process per SSH connection.  It gets the accepted socket, a pair to the
 * hub, a pair for signatures and its channel to us; the hub asks for it and
 * is told of its end.  Whatever a session process does wrong ends it alone.
 */
#include <sys/wait.h>

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "child_spawn.h"
#include "cursor.h"
#include "errtext.h"
#include "imsg.h"
#include "keyserv.h"
#include "log.h"
#include "micelio.h"
#include "mtime.h"
#include "proc.h"

/* Beyond ssh.max_sessions: connections that have not logged in yet. */
#define UNFINISHED_MAX	64u
#define ADDRESS_MAX	128u
#define READY_TICKS	5u	/* of 2 s, to become ready */
#define PINGS_OWED	15u	/* of 2 s: it may wait for its own network */
#define SLOWED_MAX	8u	/* a key exchange fails at the first */

enum { EXIT_STATUS = 0, EXIT_SIGNAL = 1 };	/* SSH_EXIT */

/* The three socketpairs of a session: ours is the first end. */
enum { PAIR_PARENT, PAIR_HUB, PAIR_SIGNER, NPAIRS };

static const char *session_start(struct parent *, uint32_t, int, int *, char *);
static pid_t	session_exec(struct parent *, int[NPAIRS][2], int, int *,
    char *);
static struct ssh_session *session_new(struct parent *, uint32_t, pid_t, int,
    int, int);
static struct ssh_session *session_find(struct parent *, uint32_t);
static void	session_kill(struct ssh_session *);
static void	session_free(struct ssh_session *);
static void	session_dispatch(struct imsgchan *, struct imsg *, void *);
static void	session_closed(struct imsgchan *, enum imsgchan_end,
    const char *, void *);
static void	session_exit_cb(evutil_socket_t, short, void *);
static void	signer_dispatch(struct imsgchan *, struct imsg *, void *);
static void	signer_closed(struct imsgchan *, enum imsgchan_end,
    const char *, void *);

void
ssh_spawn(struct parent *p, struct imsg *m)
{
	struct child *hub = &p->child[PROC_SSHD];
	char address[ADDRESS_MAX + 1], err[ERR_MAX];
	const char *why;
	struct wbuf w;
	struct rcur c;
	int tcp = imsg_take_fd(m), hub_end = -1;

	rcur_init(&c, m->data, m->len);
	rcur_cstr(&c, address, sizeof(address));
	if (!rcur_done(&c) || tcp == -1 || session_find(p, m->id) != NULL) {
		imsgchan_violation(hub->chan, m, "malformed, or id in use");
		if (tcp != -1)
			close(tcp);
		return;
	}
	why = session_start(p, m->id, tcp, &hub_end, err);
	close(tcp);
	if (why == NULL) {
		imsg_send_fd(hub->chan, IMSG_SSH_SPAWNED, m->id, m->cause,
		    hub_end, NULL, 0);
		return;
	}
	wbuf_init(&w, 512);
	wbuf_strn(&w, why, strnlen(why, 500));
	imsg_send_wbuf(hub->chan, IMSG_SSH_SPAWN_FAILED, m->id, m->cause, &w);
	wbuf_free(&w);
}

/* NULL and the hub's end of its pair, or why not. */
static const char *
session_start(struct parent *p, uint32_t id, int tcp, int *hub_end, char *err)
{
	int pair[NPAIRS][2], pidfd;
	const char *why = NULL;
	pid_t pid = -1;
	size_t n;

	if (p->stop_ms != 0)
		return "the node stops";
	if (p->nsessions >= p->conf.ssh_max_sessions + UNFINISHED_MAX)
		return "too many session processes";
	for (n = 0; n < NPAIRS; n++)
		if (imsg_socketpair(pair[n]) == -1) {
			why = strerror(errno);
			break;
		}
	if (why == NULL && (pid = session_exec(p, pair, tcp, &pidfd,
	    err)) == -1)
		why = err;
	for (size_t i = 0; i < n; i++) {
		close(pair[i][1]);
		if (why != NULL)
			close(pair[i][0]);
	}
	if (why != NULL)
		return why;
	(void)session_new(p, id, pid, pidfd, pair[PAIR_PARENT][0],
	    pair[PAIR_SIGNER][0]);
	*hub_end = pair[PAIR_HUB][0];
	return NULL;
}

static pid_t
session_exec(struct parent *p, int pair[NPAIRS][2], int tcp, int *pidfd,
    char *err)
{
	const struct ids *ids = &p->privs.role[PROC_SESSION];
	const struct spawn_fd fds[] = {
		{ pair[PAIR_PARENT][1], PROC_FILENO },
		{ pair[PAIR_HUB][1], PROC_HUB_FILENO },
		{ pair[PAIR_SIGNER][1], PROC_SIGNER_FILENO },
		{ tcp, PROC_TCP_FILENO },
		{ p->notify.journal ? LOG_FILENO : -1, LOG_FILENO },
	};
	char *argv[CHILD_ARGV_MAX];
	const struct spawn sp = { .exe = p->session_exe, .argv = argv,
	    .fds = fds, .nfds = sizeof(fds) / sizeof(fds[0]), .cwd = -1,
	    .own_ids = p->privs.mode == MODE_SERVICE, .uid = ids->uid,
	    .gid = ids->gid };

	child_argv(p, PROC_SESSION, argv);
	return spawn(&sp, pidfd, err);
}

static struct ssh_session *
session_new(struct parent *p, uint32_t id, pid_t pid, int pidfd, int own,
    int signer)
{
	struct ssh_session *s = xcalloc(1, sizeof(*s));

	s->parent = p;
	s->id = id;
	s->pid = pid;
	s->pidfd = pidfd;
	s->started_ms = mono_ms();
	hostkey_signer_init(&s->hostkey, s->started_ms);
	s->chan = imsgchan_new(p->base, own, PROC_PARENT, PROC_SESSION,
	    session_dispatch, session_closed, s);
	s->signer = imsgchan_new(p->base, signer, PROC_PARENT, PROC_SESSION,
	    signer_dispatch, signer_closed, s);
	/* Nothing else travels there. */
	imsgchan_set_phase(s->signer, IMSG_PHASE_RUN);
	s->ev_exit = event_new(p->base, pidfd, EV_READ, session_exit_cb, s);
	if (s->ev_exit == NULL || event_add(s->ev_exit, NULL) == -1)
		fatalx("no event for a session");
	LIST_INSERT_HEAD(&p->sessions, s, entry);
	p->nsessions++;
	p->sessions_started++;
	child_send_identity(p, s->chan);
	child_send_config(s->chan, &p->conf, 0);
	imsg_send(s->chan, IMSG_SETUP_DONE, 0, 0, NULL, 0);
	return s;
}

static struct ssh_session *
session_find(struct parent *p, uint32_t id)
{
	struct ssh_session *s;

	LIST_FOREACH(s, &p->sessions, entry)
		if (s->id == id && !s->orphan)
			return s;
	return NULL;
}

void
ssh_kill(struct parent *p, struct imsg *m)
{
	struct ssh_session *s = session_find(p, m->id);

	/* It may have ended by itself while the hub made up its mind. */
	if (s != NULL)
		session_kill(s);
}

static void
session_kill(struct ssh_session *s)
{
	const struct ids *ids = &s->parent->privs.role[PROC_SESSION];

	if (s->killed)
		return;
	s->killed = true;
	(void)spawn_kill(s->pidfd, s->parent->privs.mode == MODE_SERVICE,
	    ids->uid, ids->gid);
}

void
ssh_sessions_end(struct parent *p)
{
	struct ssh_session *s;

	/* They see the hub's end, and can say goodbye; later by force. */
	LIST_FOREACH(s, &p->sessions, entry) {
		s->orphan = true;
		s->ticks = 0;
	}
}

void
ssh_sessions_kill(struct parent *p)
{
	struct ssh_session *s;

	LIST_FOREACH(s, &p->sessions, entry)
		session_kill(s);
}

void
ssh_session_tick(struct parent *p)
{
	struct ssh_session *s;
	uint64_t number = 0;

	LIST_FOREACH(s, &p->sessions, entry) {
		s->ticks++;
		if (s->killed)
			continue;
		if (s->chan == NULL || s->orphan) {
			if (s->ticks > 1)
				session_kill(s);
		} else if (!s->ready) {
			if (s->ticks > READY_TICKS)
				session_kill(s);
		} else if (s->unanswered >= PINGS_OWED) {
			session_kill(s);
		} else {
			s->unanswered++;
			imsg_send(s->chan, IMSG_PING, 0, 0, &number,
			    sizeof(number));
		}
	}
}

static void
session_dispatch(struct imsgchan *chan, struct imsg *m, void *arg)
{
	struct ssh_session *s = arg;
	char why[200];

	switch (m->type) {
	case IMSG_READY:
		if (s->ready || !child_ready_read(m, &s->sandbox, why,
		    sizeof(why))) {
			imsgchan_violation(chan, m, s->ready ? "ready twice" :
			    why);
			return;
		}
		s->ready = true;
		s->ticks = 0;
		imsgchan_set_phase(chan, IMSG_PHASE_RUN);
		break;
	case IMSG_PONG:
		s->unanswered = 0;
		break;
	default:
		imsgchan_violation(chan, m, "not for this channel");
	}
}

static void
session_violation(struct ssh_session *s, enum imsgchan_end how,
    const char *why)
{
	uint32_t held;

	if (how != IMSGCHAN_VIOLATION)
		return;
	if (log_allowed(PROC_SESSION, EV_CHANNEL_VIOLATION, mono_ms(), &held))
		log_event(EV_CHANNEL_VIOLATION,
		    LF_STR("from", proc_role_title(PROC_SESSION)),
		    LF_STR("text", why), LF_NUM("more", held));
	session_kill(s);
}

static void
session_closed(struct imsgchan *chan, enum imsgchan_end how, const char *why,
    void *arg)
{
	struct ssh_session *s = arg;

	s->chan = NULL;
	s->ticks = 0;
	session_violation(s, how, why);
	imsgchan_free(chan);
}

static void
signer_closed(struct imsgchan *chan, enum imsgchan_end how, const char *why,
    void *arg)
{
	struct ssh_session *s = arg;

	s->signer = NULL;
	session_violation(s, how, why);
	imsgchan_free(chan);
}

/*
 * The first hash signed is the session id of the connection: the hub is told
 * before the session can go on, and believes no login over another.
 */
static void
signer_dispatch(struct imsgchan *chan, struct imsg *m, void *arg)
{
	struct ssh_session *s = arg;
	struct child *hub = child_running(s->parent, PROC_SSHD);
	uint8_t answer[65];
	bool first;

	if (m->type != IMSG_SIGN_HOSTKEY) {
		imsgchan_violation(chan, m, "not for this channel");
		return;
	}
	answer[0] = (uint8_t)keyserv_hostkey(&s->parent->keyserv, &s->hostkey,
	    m->data, mono_ms(), answer + 1, &first);
	/* Every answer waits here until it is read: it must not ask for ever. */
	if (answer[0] != KEY_OK && ++s->slowed > SLOWED_MAX) {
		imsgchan_violation(chan, m, "asks for ever more signatures");
		return;
	}
	if (first && hub != NULL && !s->orphan) {
		imsg_send(hub->chan, IMSG_SSH_SID, s->id, m->cause,
		    s->hostkey.sid, sizeof(s->hostkey.sid));
		(void)imsgchan_flush(hub->chan);
	}
	imsg_send(chan, IMSG_HOSTKEY_SIGNED, m->id, m->cause, answer,
	    sizeof(answer));
}

static void
session_exit_cb(evutil_socket_t fd, short what, void *arg)
{
	struct ssh_session *s = arg;
	struct child *hub = child_running(s->parent, PROC_SSHD);
	siginfo_t si;
	char status[128];
	uint8_t body[2];

	(void)what;
	memset(&si, 0, sizeof(si));
	if (waitid(P_PIDFD, (id_t)fd, &si, WEXITED) == -1)
		fatal("waitid of a session");
	body[0] = si.si_code == CLD_EXITED ? EXIT_STATUS : EXIT_SIGNAL;
	body[1] = (uint8_t)si.si_status;
	if (si.si_code != CLD_EXITED && !s->killed)
		log_event(EV_CHILD_LOST,
		    LF_STR("child", proc_role_title(PROC_SESSION)),
		    LF_NUM("pid", s->pid), LF_STR("status",
		    child_status_text(si.si_code, si.si_status, status,
		    sizeof(status))));
	if (hub != NULL && !s->orphan)
		imsg_send(hub->chan, IMSG_SSH_EXIT, s->id, 0, body,
		    sizeof(body));
	session_free(s);
}

static void
session_free(struct ssh_session *s)
{
	LIST_REMOVE(s, entry);
	s->parent->nsessions--;
	event_free(s->ev_exit);
	close(s->pidfd);
	imsgchan_free(s->chan);
	imsgchan_free(s->signer);
	free(s);
}

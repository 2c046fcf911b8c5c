/* SPDX-License-Identifier: MIT */
/*
 * One SSH connection as the hub sees it: a session process at the other end
 * of a channel, what it may have, and its end.
 */
#include <sys/socket.h>

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "addr.h"
#include "auth.h"
#include "budget.h"
#include "caller.h"
#include "commands_record.h"
#include "conf.h"
#include "conn.h"
#include "cursor.h"
#include "imsg.h"
#include "imsg_chan.h"
#include "intake.h"
#include "log.h"
#include "mtime.h"
#include "outlet.h"
#include "proc.h"
#include "sshd.h"

#define BYE_MS		800	/* to say goodbye in */
#define LINGER_MS	3000	/* from its last word to its end */
#define FLUSH_MS	90000	/* for a slow reader to take the rest */
#define CHUNK_MAX	32768u
#define HOLD_INPUT	2u	/* a reason for imsgchan_pause() */
#define QUEUE_MAX	(16u * 1024 * 1024)	/* far over OUTLET_WINDOW */

static void	conn_dispatch(struct imsgchan *, struct imsg *, void *);
static void	conn_closed(struct imsgchan *, enum imsgchan_end,
    const char *, void *);
static void	conn_timer_cb(evutil_socket_t, short, void *);
static void	conn_out(struct caller *, int, const char *, size_t);
static void	conn_page(struct caller *, const char *, size_t);
static void	conn_exit_status(struct caller *, int);
static void	conn_hold(struct caller *, bool);
static size_t	conn_untaken(const struct caller *);

static struct conn *
conn_find(struct hub *hub, uint32_t id)
{
	struct conn *c;

	TAILQ_FOREACH(c, &hub->conns, entry)
		if (c->id == id)
			return c;
	return NULL;
}

static void
conn_arm(struct conn *c, uint64_t ms)
{
	struct timeval tv = { (time_t)(ms / 1000),
	    (suseconds_t)(ms % 1000 * 1000) };

	event_add(c->timer, &tv);
}

static void
conn_free(struct conn *c)
{
	struct hub *hub = c->hub;

	imsgchan_free(c->chan);
	event_free(c->timer);
	free(c->parked);
	intake_clear(&c->intake);
	budget_remove(&hub->budget, &c->budget);
	TAILQ_REMOVE(&hub->conns, c, entry);
	hub->nconns--;
	free(c);
	hub_conn_ended(hub);
}

static void
log_end(const struct conn *c, bool was_in)
{
	uint32_t held;

	if (was_in)
		log_event(EV_LOGOUT, LF_STR("user", c->user),
		    LF_ADDR("addr", &c->addr), LF_STR("cause", c->cause),
		    LF_MS("up", mono_ms() - c->since_ms));
	else if (log_allowed(addr_host_key(&c->addr), EV_SSH_REFUSED,
	    mono_ms(), &held))
		log_event(EV_SSH_REFUSED, LF_ADDR("addr", &c->addr),
		    LF_STR("cause", c->cause));
}

/* It takes part no longer; what is left is waiting for the process's end. */
static void
conn_leave(struct conn *c, const char *cause)
{
	bool was_in = c->state == CONN_IN;

	if (c->state == CONN_ENDING)
		return;
	c->state = CONN_ENDING;
	if (c->cause == NULL)
		c->cause = cause;
	caller_gone(&c->caller, c->cause);
	log_end(c, was_in);
	budget_leave(&c->hub->budget, &c->budget);
	conn_arm(c, LINGER_MS);
}

static void
conn_kill(struct conn *c, const char *cause)
{
	conn_leave(c, cause);
	imsg_send(c->hub->proc->parent, IMSG_SSH_KILL, c->id, 0, NULL, 0);
	imsgchan_free(c->chan);
	c->chan = NULL;
	conn_arm(c, LINGER_MS);
}

/* A line instead of a silent close: ssh(1) shows it with -v. */
static void
refuse(struct hub *hub, int fd, const struct addr *a, const char *cause)
{
	static const char line[] = "micelio: too many connections\r\n";
	uint32_t held;

	hub->count.refused++;
	(void)send(fd, line, sizeof(line) - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	(void)close(fd);
	if (log_allowed(addr_host_key(a), EV_SSH_REFUSED, mono_ms(), &held))
		log_event(EV_SSH_REFUSED, LF_ADDR("addr", a),
		    LF_STR("cause", cause));
}

static struct conn *
conn_new(struct hub *hub, const struct addr *a)
{
	struct conn *c = xcalloc(1, sizeof(*c));

	caller_init(&c->caller, hub);
	c->caller.out = conn_out;
	c->caller.page = conn_page;
	c->caller.exit = conn_exit_status;
	c->caller.hold = conn_hold;
	c->caller.untaken = conn_untaken;
	intake_init(&c->intake);
	c->hub = hub;
	c->addr = *a;
	do
		c->id = ++hub->next_conn;
	while (c->id == 0 || conn_find(hub, c->id) != NULL);
	c->state = CONN_SPAWNING;
	c->since_ms = mono_ms();
	c->timer = evtimer_new(hub->proc->base, conn_timer_cb, c);
	if (c->timer == NULL)
		fatalx("no memory for a connection");
	TAILQ_INSERT_TAIL(&hub->conns, c, entry);
	hub->nconns++;
	hub->count.connections++;
	budget_add(&hub->budget, &c->budget, c->id, a);
	return c;
}

void
conn_accept(struct hub *hub, int fd, const struct addr *a)
{
	const struct conf *conf = &hub->proc->conf;
	char text[HOSTPORT_MAX + 1];
	struct conn *c, *victim;
	const char *cause;
	struct wbuf w;
	uint32_t id;

	cause = budget_admit(&hub->budget, a, conf->ssh_max_sessions,
	    conf->ssh_max_per_address, &id);
	if (hub->stopping)
		cause = "stopping";
	if (cause != NULL) {
		refuse(hub, fd, a, cause);
		return;
	}
	if (id != 0 && (victim = conn_find(hub, id)) != NULL) {
		conn_kill(victim, "crowded-out");
		budget_drop(&hub->budget, &victim->budget);
	}
	c = conn_new(hub, a);
	wbuf_init(&w, 128);
	wbuf_str(&w, addr_text(a, text));
	imsg_send_fd(hub->proc->parent, IMSG_SSH_SPAWN, c->id, 0, fd, w.p,
	    w.len);
	wbuf_free(&w);
	conn_arm(c, conf->ssh_login_grace);
}

void
conn_spawned(struct hub *hub, struct imsg *m)
{
	struct conn *c = conn_find(hub, m->id);
	int fd = imsg_take_fd(m);

	if (c == NULL || c->state != CONN_SPAWNING) {
		if (fd != -1)
			(void)close(fd);
		imsg_send(hub->proc->parent, IMSG_SSH_KILL, m->id, 0, NULL,
		    0);
		return;
	}
	c->state = CONN_LOGIN;
	c->chan = imsgchan_new(hub->proc->base, fd, PROC_SSHD, PROC_SESSION,
	    conn_dispatch, conn_closed, c);
	imsgchan_set_phase(c->chan, IMSG_PHASE_RUN);
}

void
conn_spawn_failed(struct hub *hub, struct imsg *m)
{
	struct conn *c = conn_find(hub, m->id);

	if (c == NULL)
		return;
	conn_leave(c, "spawn-failed");
	conn_free(c);
}

void
conn_sid(struct hub *hub, struct imsg *m)
{
	struct conn *c = conn_find(hub, m->id);

	if (c == NULL || c->has_sid || m->len != sizeof(c->sid))
		return;
	memcpy(c->sid, m->data, sizeof(c->sid));
	c->has_sid = true;
	login_sid(c);
}

void
conn_exited(struct hub *hub, struct imsg *m)
{
	struct conn *c = conn_find(hub, m->id);

	if (c == NULL)
		return;
	if (m->len == 2 && m->data[0] == 1)
		c->cause = c->cause != NULL ? c->cause : "session-killed";
	c->exited = true;
	/* Its last words are in the channel still, or wait for their turn. */
	if (c->state == CONN_IN)
		return;
	conn_leave(c, "closed");
	conn_free(c);
}

static void
conn_timer_cb(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;

	(void)fd;
	(void)what;
	switch (c->state) {
	case CONN_SPAWNING:
	case CONN_LOGIN:
		conn_kill(c, "login-grace");
		return;
	case CONN_IN:
		conn_recheck(c->hub);
		return;
	case CONN_ENDING:
		imsg_send(c->hub->proc->parent, IMSG_SSH_KILL, c->id, 0, NULL,
		    0);
		conn_free(c);
		return;
	}
}

static void
conn_closed(struct imsgchan *chan, enum imsgchan_end how, const char *why,
    void *arg)
{
	struct conn *c = arg;

	if (how == IMSGCHAN_VIOLATION) {
		log_event(EV_SESSION_LIED, LF_ADDR("addr", &c->addr),
		    LF_STR("text", why));
		conn_kill(c, "violation");
		return;
	}
	imsgchan_free(chan);
	c->chan = NULL;
	/* What was said is said, even if its speaker did not wait for it. */
	if (c->state != CONN_IN || c->caller.saying == NULL)
		conn_drained(c);
}

void
conn_drained(struct conn *c)
{
	conn_leave(c, "closed");
	/* When we stop, the parent waits for its process, not we. */
	if (c->hub->stopping || c->exited)
		conn_free(c);
	else
		conn_arm(c, LINGER_MS);
}

static void
conn_dispatch(struct imsgchan *chan, struct imsg *m, void *arg)
{
	struct conn *c = arg;

	(void)chan;
	if (c->state == CONN_ENDING)
		return;
	/* A session that asks, and does not read what it is told. */
	if (imsgchan_queued(c->chan) > QUEUE_MAX) {
		login_lied(c, "not-reading");
		return;
	}
	if (m->type == IMSG_SES_AUTH)
		login_auth(c, m);
	else if (c->state == CONN_IN)
		conn_in_dispatch(c, m);
	else
		login_lied(c, imsg_type_name(m->type));
}

void
login_lied(struct conn *c, const char *what)
{
	log_event(EV_SESSION_LIED, LF_ADDR("addr", &c->addr),
	    LF_STR("text", what));
	conn_kill(c, "session-lied");
}

void
conn_bye(struct conn *c, const char *cause, const char *text)
{
	struct wbuf w;

	if (c->state == CONN_ENDING)
		return;
	if (c->chan == NULL && c->exited) {
		c->cause = cause;
		conn_drained(c);
		return;
	}
	if (c->chan == NULL) {
		conn_kill(c, cause);
		return;
	}
	if (c->intake.n > 0)
		caller_text(&c->caller, OUT_ROOM, "-- %u line%s not said any "
		    "more\n", c->intake.n, c->intake.n == 1 ? "" : "s");
	wbuf_init(&w, 512);
	wbuf_strn(&w, text, strlen(text) < 500 ? strlen(text) : 500);
	imsg_send_wbuf(c->chan, IMSG_SES_BYE, 0, 0, &w);
	wbuf_free(&w);
	conn_leave(c, cause);
	conn_arm(c, BYE_MS);
}

void
conn_bye_all(struct hub *hub, const char *text)
{
	struct conn *c, *next;

	TAILQ_FOREACH_SAFE(c, &hub->conns, entry, next)
		conn_bye(c, "shutdown", text);
}

void
conn_recheck(struct hub *hub)
{
	struct conn *c, *next;
	const struct authkey *k;
	const char *cause;

	TAILQ_FOREACH_SAFE(c, &hub->conns, entry, next) {
		if (c->state != CONN_IN)
			continue;
		k = auth_find(&hub->keys, c->hash, &c->addr,
		    hub_now(hub) / 1000, &cause);
		if (k != NULL) {
			c->caller.role = k->role;
			c->expires = k->expires;
			login_arm_expiry(c);
		} else if (strcmp(cause, "expired-key") == 0)
			conn_bye(c, cause, "your key has expired");
		else
			conn_bye(c, "key-removed", "your key was removed "
			    "from authorized_keys of this node");
	}
}

/*
 * What a command or the room has for it.
 */

static unsigned int
count_lines(const char *s, size_t n)
{
	unsigned int lines = 0;

	for (size_t i = 0; i < n; i++)
		lines += s[i] == '\n';
	return lines == 0 ? 1 : lines;
}

_Static_assert(offsetof(struct conn, caller) == 0,
    "a caller is cast to its conn");

static void
conn_out(struct caller *caller, int stream, const char *s, size_t n)
{
	struct conn *c = (struct conn *)(void *)caller;
	struct iovec iov[2];
	uint8_t kind = (uint8_t)stream;
	size_t k;

	if (c->chan == NULL || c->state != CONN_IN || n == 0 ||
	    (stream != OUT_WHOLE &&
	    !outlet_take(&c->outlet, n, count_lines(s, n)))) {
		c->hub->count.lines_skipped += count_lines(s, n);
		return;
	}
	if (c->shell)
		record_shown(c, s, n);
	if (stream == OUT_WHOLE) {
		outlet_add(&c->outlet, n);
		kind = OUT_STDOUT;
	}
	for (; n > 0; s += k, n -= k) {
		k = n < CHUNK_MAX ? n : CHUNK_MAX;
		iov[0].iov_base = &kind;
		iov[0].iov_len = 1;
		iov[1].iov_base = (void *)(uintptr_t)s;
		iov[1].iov_len = k;
		imsg_sendv(c->chan, IMSG_SES_OUT, 0, 0, iov, 2);
	}
}

static void
conn_page(struct caller *caller, const char *s, size_t n)
{
	struct conn *c = (struct conn *)(void *)caller;

	if (c->chan == NULL || c->state != CONN_IN)
		return;
	outlet_add(&c->outlet, n);
	imsg_send(c->chan, IMSG_SES_PAGE, 0, 0, s, n);
}

static size_t
conn_untaken(const struct caller *caller)
{
	const struct conn *c = (const struct conn *)(const void *)caller;

	return c->outlet.inflight;
}

static void
conn_hold(struct caller *caller, bool hold)
{
	struct conn *c = (struct conn *)(void *)caller;

	if (c->chan == NULL)
		return;
	if (hold)
		imsgchan_pause(c->chan, HOLD_INPUT);
	else
		imsgchan_resume(c->chan, HOLD_INPUT);
}

static void
conn_exit_status(struct caller *caller, int status)
{
	struct conn *c = (struct conn *)(void *)caller;
	uint8_t st = (uint8_t)status;

	if (c->state != CONN_IN)
		return;
	if (c->chan == NULL) {		/* conn_in_next() ends it */
		intake_clear(&c->intake);
		return;
	}
	imsg_send(c->chan, IMSG_SES_EXIT, 0, 0, &st, 1);
	conn_leave(c, c->shell ? "quit" : "command-done");
	conn_arm(c, FLUSH_MS);
}

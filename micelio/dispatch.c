/* SPDX-License-Identifier: MIT */
/* What the standing daemons say to the parent: one line each. */
#include <event2/event.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "authkeys_edit.h"
#include "cursor.h"
#include "imsg.h"
#include "keyserv.h"
#include "log.h"
#include "micelio.h"
#include "mtime.h"
#include "notify.h"
#include "proc.h"
#include "sandbox.h"
#include "text.h"

/*
 * Of answers that a child has not taken: far more than it may be owed, as one
 * that reads waits for what it asked.
 */
#define ANSWERS_MAX	(16u * 1024 * 1024)

static void	child_ready(struct child *, struct imsg *);
static void	child_progress(struct child *, struct imsg *);
static void	log_level_read(struct child *, struct imsg *);
static void	key_sign(struct child *, struct imsg *);
static void	key_entries(struct child *, struct imsg *);
static void	key_dh(struct child *, struct imsg *);
static void	key_open(struct child *, struct imsg *);
static void	key_refused(struct child *, const char *, const char *);

void
child_dispatch(struct imsgchan *chan, struct imsg *m, void *arg)
{
	struct child *c = arg;

	if (imsgchan_queued(chan) > ANSWERS_MAX) {
		imsgchan_violation(chan, m, "asks, and does not read");
		return;
	}
	switch (m->type) {
	case IMSG_READY:	child_ready(c, m); break;
	case IMSG_PROGRESS:	child_progress(c, m); break;
	case IMSG_PONG:		watch_pong(c, m); break;
	case IMSG_CONF_OK:
	case IMSG_CONF_REFUSED:	reload_answer(c, m); break;
	case IMSG_KEY_SIGN:	key_sign(c, m); break;
	case IMSG_KEY_ENTRIES:	key_entries(c, m); break;
	case IMSG_KEY_DH:	key_dh(c, m); break;
	case IMSG_KEY_OPEN:	key_open(c, m); break;
	case IMSG_SSH_SPAWN:	ssh_spawn(c->parent, m); break;
	case IMSG_SSH_KILL:	ssh_kill(c->parent, m); break;
	case IMSG_AUTHKEYS_ADD:
	case IMSG_AUTHKEYS_REMOVE: authkeys_edit(c, m); break;
	case IMSG_RELOAD:	reload_asked(c, m); break;
	case IMSG_TABLE_GET:	tables_answer(c->parent, m); break;
	case IMSG_LOG_LEVEL:	log_level_read(c, m); break;
	default:
		imsgchan_violation(c->chan, m, "not handled here");
	}
}

static void
level_cb(evutil_socket_t fd, short what, void *arg)
{
	struct parent *p = arg;

	(void)fd;
	(void)what;
	log_set_level(p->conf.logging_level);
}

static void
log_level_read(struct child *c, struct imsg *m)
{
	struct timeval tv = { 0, 0 };
	struct parent *p = c->parent;
	struct rcur r;
	uint8_t level;

	rcur_init(&r, m->data, m->len);
	level = rcur_u8(&r);
	tv.tv_sec = rcur_u32(&r);
	if (level > LOG_LVL_ERROR) {
		imsgchan_violation(c->chan, m, "no such level");
		return;
	}
	if (p->ev_level == NULL)
		p->ev_level = evtimer_new(p->base, level_cb, p);
	if (p->ev_level == NULL)
		fatalx("no memory for a timer");
	log_set_level((enum log_level)level);
	event_add(p->ev_level, &tv);
}

bool
child_ready_read(struct imsg *m, struct sandbox_report *rep, char *why,
    size_t size)
{
	char build[128];
	struct rcur r;

	rcur_init(&r, m->data, m->len);
	if (!sandbox_report_read(&r, rep)) {
		snprintf(why, size, "malformed report");
		return false;
	}
	rcur_cstr(&r, build, sizeof(build));
	if (!rcur_done(&r)) {
		snprintf(why, size, "malformed report");
		return false;
	}
	if (strcmp(build, MICELIO_BUILD_ID) != 0) {
		char shown[160];

		text_safe(build, strlen(build), shown, sizeof(shown), true);
		snprintf(why, size, "it is of build %.64s and we are of build "
		    "%s: an upgrade half done; install all of one version",
		    shown, MICELIO_BUILD_ID);
		return false;
	}
	return true;
}

static void
child_ready(struct child *c, struct imsg *m)
{
	struct parent *p = c->parent;
	char why[200], reason[256];

	if (c->state != CHILD_SETUP) {
		imsgchan_violation(c->chan, m, "ready twice");
		return;
	}
	if (!child_ready_read(m, &c->sandbox, why, sizeof(why))) {
		snprintf(reason, sizeof(reason), "%s: %s",
		    proc_role_title(c->role), why);
		child_kill(c, "it is of another build");
		parent_stop(p, EX_SOFTWARE, reason);
		return;
	}
	c->state = CHILD_RUNNING;
	imsgchan_set_phase(c->chan, IMSG_PHASE_RUN);
	log_debug("%s ready in %llu ms", proc_role_title(c->role),
	    (unsigned long long)(mono_ms() - c->started_ms));
	reload_catch_up(c);
	if (c->role == PROC_SSHD)
		authkeys_send(p);
	for (int r = PROC_TRANSPORTD; r <= PROC_SSHD; r++)
		if (p->child[r].state != CHILD_RUNNING)
			return;
	parent_ready(p);
}

static void
child_progress(struct child *c, struct imsg *m)
{
	struct parent *p = c->parent;
	char what[64], shown[100];
	struct rcur r;
	uint8_t percent;

	rcur_init(&r, m->data, m->len);
	rcur_cstr(&r, what, sizeof(what));
	percent = rcur_u8(&r);
	if (!rcur_done(&r)) {
		imsgchan_violation(c->chan, m, "malformed");
		return;
	}
	c->progress_ms = mono_ms();
	text_safe(what, strlen(what), shown, sizeof(shown), true);
	if (p->ready_ms == 0)
		notify_send(&p->notify, "EXTEND_TIMEOUT_USEC=%u\n"
		    "STATUS=%s: %s %u%%\n", PROGRESS_EXTEND_MS * 1000u,
		    proc_role_name(c->role), shown, percent);
	else if (percent < 100)
		notify_send(&p->notify, "STATUS=%s %.12s; %s: %s %u%%\n",
		    p->conf.node_name, p->identity.id_hex,
		    proc_role_name(c->role), shown, percent);
	else
		notify_send(&p->notify, "STATUS=%s %.12s\n",
		    p->conf.node_name, p->identity.id_hex);
	log_debug("%s: %s %u%%", proc_role_title(c->role), shown, percent);
}

static void
key_sign(struct child *c, struct imsg *m)
{
	uint8_t answer[65];
	enum key_status status;
	const char *why;

	if (!keyserv_sign(&c->parent->keyserv, c->role, m->data, m->len,
	    mono_ms(), &status, answer + 1, &why)) {
		imsgchan_violation(c->chan, m, "malformed");
		return;
	}
	if (status != KEY_OK)
		key_refused(c, "sign", why);
	answer[0] = (uint8_t)status;
	imsg_send(c->chan, IMSG_KEY_SIGNED, m->id, m->cause, answer,
	    sizeof(answer));
}

static void
key_entries(struct child *c, struct imsg *m)
{
	enum key_status status;
	struct wbuf sigs, answer;
	const char *why;

	wbuf_init(&sigs, KEY_ENTRIES_MAX * 64);
	if (!keyserv_entries(&c->parent->keyserv, c->role, m->data, m->len,
	    mono_ms(), &status, &sigs, &why)) {
		imsgchan_violation(c->chan, m, "malformed");
		wbuf_free(&sigs);
		return;
	}
	if (status == KEY_REFUSED)
		key_refused(c, "entries", why);
	wbuf_init(&answer, 1 + KEY_ENTRIES_MAX * 64);
	wbuf_u8(&answer, (uint8_t)status);
	wbuf_bytes(&answer, sigs.p, sigs.len);
	imsg_send_wbuf(c->chan, IMSG_KEY_ENTRIES_SIGNED, m->id, m->cause,
	    &answer);
	wbuf_free(&answer);
	wbuf_free(&sigs);
}

static void
key_dh(struct child *c, struct imsg *m)
{
	uint8_t answer[33];
	enum key_status status;
	const char *why;

	status = keyserv_dh(&c->parent->keyserv, c->role, m->data, mono_ms(),
	    answer + 1, &why);
	/*
	 * A low-order point is a stranger's doing, and transportd says so of
	 * the connection; the counter is enough here.
	 */
	answer[0] = (uint8_t)status;
	imsg_send(c->chan, IMSG_KEY_DH_DONE, m->id, m->cause, answer,
	    sizeof(answer));
	explicit_bzero(answer, sizeof(answer));
}

/* What was sealed badly is a stranger's doing: counted. */
static void
key_open(struct child *c, struct imsg *m)
{
	uint8_t answer[33];

	answer[0] = (uint8_t)keyserv_open(&c->parent->keyserv, c->role,
	    m->data, mono_ms(), answer + 1);
	imsg_send(c->chan, IMSG_KEY_OPENED, m->id, m->cause, answer,
	    sizeof(answer));
	explicit_bzero(answer, sizeof(answer));
}

static void
key_refused(struct child *c, const char *purpose, const char *why)
{
	uint32_t held;

	if (log_allowed(c->role, EV_KEY_REFUSED, mono_ms(), &held))
		log_event(EV_KEY_REFUSED,
		    LF_STR("child", proc_role_title(c->role)),
		    LF_STR("purpose", purpose),
		    LF_STR("reason", why != NULL ? why : "over the rate"),
		    LF_NUM("more", held));
}

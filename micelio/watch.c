/* SPDX-License-Identifier: MIT */
/*
 * Is everybody alive?  Every child is asked in turn; one that owes too many
 * answers is hung.  Counted in questions, not in time, so that a pause of the
 * whole machine, or of this process, accuses nobody.
 */
#include <event2/event.h>
#include <stdio.h>
#include <sysexits.h>

#include "cursor.h"
#include "imsg.h"
#include "log.h"
#include "micelio.h"
#include "mtime.h"
#include "notify.h"

#define PING_MS		2000u	/* between two questions */
#define PINGS_OWED	5u	/* so many unanswered: hung (10 s) */
#define READY_MS	10000u	/* from the start, or the last progress */
#define EOF_GRACE_MS	1000u	/* from a closed channel to the exit */

static void	tick_cb(evutil_socket_t, short, void *);
static void	check_setup(struct child *, uint64_t);
static void	check_running(struct child *);
static void	child_hung(struct child *, uint64_t, const char *);

void
watch_start(struct parent *p)
{
	struct timeval tv = { PING_MS / 1000, 0 };

	p->ev_tick = event_new(p->base, -1, EV_PERSIST, tick_cb, p);
	if (p->ev_tick == NULL || event_add(p->ev_tick, &tv) == -1)
		fatalx("no timer");
}

static void
tick_cb(evutil_socket_t fd, short what, void *arg)
{
	struct parent *p = arg;
	uint64_t now = mono_ms();
	bool well = p->ready_ms != 0;

	(void)fd;
	(void)what;
	if (p->stop_ms != 0)
		return;
	for (int r = PROC_TRANSPORTD; r <= PROC_SSHD; r++) {
		struct child *c = &p->child[r];

		if (c->essential && c->unanswered > 0)
			well = false;
		if (c->state != CHILD_GONE && c->eof_ms != 0 &&
		    now - c->eof_ms >= EOF_GRACE_MS && c->killed == NULL)
			child_kill(c, "it closed its channel and stayed");
		else if (c->state == CHILD_SETUP)
			check_setup(c, now);
		else if (c->state == CHILD_RUNNING && c->chan != NULL)
			check_running(c);
		if (p->stop_ms != 0)
			return;
	}
	ssh_session_tick(p);
	if (well && p->notify.watchdog_ms > 0)
		notify_send(&p->notify, "WATCHDOG=1\n");
}

static void
check_setup(struct child *c, uint64_t now)
{
	if (c->killed == NULL && now - c->progress_ms >= READY_MS)
		child_hung(c, now - c->progress_ms, "it was not ready in time");
}

static void
check_running(struct child *c)
{
	if (c->killed != NULL)
		return;
	if (c->unanswered >= PINGS_OWED) {
		child_hung(c, (uint64_t)c->unanswered * PING_MS,
		    "it does not answer");
		return;
	}
	c->unanswered++;
	c->ping++;
	imsg_send(c->chan, IMSG_PING, 0, 0, &c->ping, sizeof(c->ping));
}

void
watch_pong(struct child *c, struct imsg *m)
{
	struct rcur r;
	uint64_t n;

	rcur_init(&r, m->data, m->len);
	n = rcur_u64(&r);
	if (n > c->ping || c->ping - n >= c->unanswered) {
		imsgchan_violation(c->chan, m, "an answer to no question");
		return;
	}
	c->unanswered = (unsigned int)(c->ping - n);
}

/* sshd's silence ends sshd, that of another one the node. */
static void
child_hung(struct child *c, uint64_t ms, const char *how)
{
	char reason[256];

	log_event(EV_CHILD_HUNG, LF_STR("child", proc_role_title(c->role)),
	    LF_NUM("pid", c->pid), LF_MS("ms", ms));
	child_kill(c, how);
	if (!c->essential && c->parent->ready_ms != 0)
		return;
	snprintf(reason, sizeof(reason), "%s: %s", proc_role_title(c->role),
	    how);
	parent_stop(c->parent, EX_SOFTWARE, reason);
}

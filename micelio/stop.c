/* SPDX-License-Identifier: MIT */
/*
 * The orderly end.  One daemon after the other, the ones that talk to people
 * and to the network first, the one that writes to disk last; each has its
 * time, and together they stay under five seconds.
 */
#include <event2/event.h>
#include <stdio.h>
#include <string.h>

#include "cursor.h"
#include "imsg.h"
#include "listen.h"
#include "log.h"
#include "micelio.h"
#include "mtime.h"
#include "notify.h"
#include "text.h"

static const struct {
	enum proc_role	 role;
	unsigned int	 ms;	/* then it is killed */
} phases[] = {
	{ PROC_SSHD, 1500 },
	{ PROC_TRANSPORTD, 1000 },
	{ PROC_GOSSIPD, 600 },
	{ PROC_STATED, 1400 },
};
#define NPHASES		(sizeof(phases) / sizeof(phases[0]))
#define KILLED_MS	300u	/* for the kernel to end a killed process */

static void	phase_begin(struct parent *);
static void	phase_deadline_cb(evutil_socket_t, short, void *);
static void	child_shutdown(struct child *, const char *);
static void	timer(struct parent *, unsigned int);

void
parent_stop(struct parent *p, int status, const char *reason)
{
	if (p->stop_ms != 0) {
		if (p->exit_status == 0)
			p->exit_status = status;
		return;
	}
	p->stop_ms = mono_ms();
	p->exit_status = status;
	p->stop_phase = 0;
	text_copy(p->stop_reason, reason, sizeof(p->stop_reason));
	log_event(EV_NODE_STOPPING, LF_STR("reason", reason));
	notify_send(&p->notify, "STOPPING=1\nSTATUS=stopping: %.200s\n",
	    reason);
	p->ev_stop = event_new(p->base, -1, 0, phase_deadline_cb, p);
	if (p->ev_stop == NULL)
		fatalx("no timer");
	/* The ports are free for the next one, whatever follows. */
	listen_close(&p->listeners);
	phase_begin(p);
}

static void
timer(struct parent *p, unsigned int ms)
{
	const struct timeval tv = { ms / 1000, (suseconds_t)(ms % 1000) *
	    1000 };

	if (event_add(p->ev_stop, &tv) == -1)
		fatalx("no timer");
}

/* The next daemon that is still there, or the end. */
static void
phase_begin(struct parent *p)
{
	/* It may be due in this very turn of the loop, for the last one. */
	(void)event_del(p->ev_stop);
	for (; p->stop_phase < NPHASES; p->stop_phase++) {
		struct child *c = &p->child[phases[p->stop_phase].role];

		if (c->state == CHILD_GONE)
			continue;
		child_shutdown(c, p->stop_reason);
		timer(p, c->killed != NULL ? KILLED_MS :
		    phases[p->stop_phase].ms);
		return;
	}
	ssh_sessions_kill(p);
	event_base_loopexit(p->base, NULL);
}

static void
child_shutdown(struct child *c, const char *reason)
{
	struct wbuf w;

	if (c->state == CHILD_RUNNING && c->chan != NULL) {
		wbuf_init(&w, 512);
		wbuf_str(&w, reason);
		imsg_send_wbuf(c->chan, IMSG_SHUTDOWN, 0, 0, &w);
		wbuf_free(&w);
	} else {
		/* Not yet running: end-of-file is what it understands. */
		imsgchan_free(c->chan);
		c->chan = NULL;
	}
	c->state = CHILD_STOPPING;
}

void
stop_child_ended(struct parent *p)
{
	if (p->stop_phase >= NPHASES ||
	    p->child[phases[p->stop_phase].role].state != CHILD_GONE)
		return;
	phase_begin(p);
}

static void
phase_deadline_cb(evutil_socket_t fd, short what, void *arg)
{
	struct parent *p = arg;
	struct child *c = &p->child[phases[p->stop_phase].role];

	(void)fd;
	(void)what;
	if (c->killed == NULL) {
		log_event(EV_CHILD_HUNG,
		    LF_STR("child", proc_role_title(c->role)),
		    LF_NUM("pid", c->pid),
		    LF_MS("ms", phases[p->stop_phase].ms));
		child_kill(c, "it did not end in time");
		timer(p, KILLED_MS);
		return;
	}
	/* Killed and still there: it cannot be waited for. */
	p->stop_phase++;
	phase_begin(p);
}

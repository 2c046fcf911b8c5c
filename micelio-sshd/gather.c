/* SPDX-License-Identifier: MIT */
/*
 * Asking the daemons for their tables.  Who does not answer in time is shown
 * as not answering: nothing here waits for anybody.
 */
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "cursor.h"
#include "gather.h"
#include "imsg.h"
#include "log.h"
#include "proc.h"
#include "run.h"
#include "sshd.h"

#define WANTS_MAX	8

struct gather {
	TAILQ_ENTRY(gather)	 entry;
	struct run		*run;
	gather_cb		 cb;
	struct answer		 answers[WANTS_MAX];
	size_t			 n, waiting;
	struct event		*timer;
};

void
gather_cancel(struct gather *g)
{
	struct hub *hub = g->run->caller->hub;

	g->run->gather = NULL;
	for (size_t i = 0; i < g->n; i++)
		wbuf_free(&g->answers[i].rows);
	event_free(g->timer);
	TAILQ_REMOVE(&hub->gathers, g, entry);
	hub->ngathers--;
	free(g);
}

static void
gather_finish(struct gather *g)
{
	/* The callback ends the run, and that frees this. */
	g->cb(g->run, g->answers, g->n);
}

static void
timeout_cb(evutil_socket_t fd, short what, void *arg)
{
	struct gather *g = arg;

	(void)fd;
	(void)what;
	for (size_t i = 0; i < g->n; i++)
		if (g->answers[i].state == ANSWER_WAITING)
			g->answers[i].state = ANSWER_NONE;
	gather_finish(g);
}

static struct imsgchan *
link_of(struct hub *hub, enum proc_role r)
{
	return r == PROC_PARENT ? hub->proc->parent : hub->proc->link[r];
}

bool
gather_start(struct run *run, const struct gather_want *want, size_t n,
    gather_cb cb)
{
	struct timeval tv = { GATHER_MS / 1000, GATHER_MS % 1000 * 1000 };
	struct hub *hub = run->caller->hub;
	struct gather *g;
	uint8_t table;

	if (hub->ngathers >= GATHER_MAX || n > WANTS_MAX)
		return false;
	g = xcalloc(1, sizeof(*g));
	g->run = run;
	g->cb = cb;
	g->n = g->waiting = n;
	g->timer = evtimer_new(hub->proc->base, timeout_cb, g);
	if (g->timer == NULL)
		fatalx("no memory for a timer");
	event_add(g->timer, &tv);
	run->gather = g;
	TAILQ_INSERT_TAIL(&hub->gathers, g, entry);
	hub->ngathers++;
	for (size_t i = 0; i < n; i++) {
		g->answers[i].from = want[i].from;
		g->answers[i].table = want[i].table;
		g->answers[i].id = ++hub->next_request;
		wbuf_init(&g->answers[i].rows, want[i].table == TABLE_NODES ?
		    ANSWER_NODES_MAX : ANSWER_BYTES_MAX);
		table = (uint8_t)want[i].table;
		imsg_send(link_of(hub, want[i].from), IMSG_TABLE_GET,
		    g->answers[i].id, 0, &table, 1);
	}
	return true;
}

static struct answer *
answer_find(struct hub *hub, enum proc_role from, uint32_t id,
    struct gather **gp)
{
	TAILQ_FOREACH(*gp, &hub->gathers, entry)
		for (size_t i = 0; i < (*gp)->n; i++)
			if ((*gp)->answers[i].id == id &&
			    (*gp)->answers[i].from == from)
				return &(*gp)->answers[i];
	return NULL;
}

/* Of an asker that is gone, or too late: dropped. */
void
gather_row(struct hub *hub, enum proc_role from, struct imsg *m)
{
	struct gather *g;
	struct answer *a = answer_find(hub, from, m->id, &g);

	if (a != NULL && a->state == ANSWER_WAITING)
		answer_add(a, m->data, m->len);
}

void
gather_end(struct hub *hub, enum proc_role from, struct imsg *m)
{
	struct gather *g;
	struct answer *a = answer_find(hub, from, m->id, &g);

	if (a == NULL || a->state != ANSWER_WAITING)
		return;
	a->state = ANSWER_COMPLETE;
	if (--g->waiting == 0)
		gather_finish(g);
}

/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "caller.h"
#include "cmdline.h"
#include "cursor.h"
#include "doc.h"
#include "gather.h"
#include "imsg.h"
#include "live.h"
#include "log.h"
#include "people.h"
#include "proc.h"
#include "run.h"
#include "sshd.h"

#define SOON_MS		50u	/* for the rest of what changes at once */
#define RETRY_MS	1000u
#define BEHIND_MAX	65536u	/* bytes not taken: it would be old news */
#define PAGE_MAX	30000u	/* more is on no screen */
#define SHOWN_MAX	(8u * 1024 * 1024)

struct live {
	void		(*ask)(struct run *);
	struct wbuf	 shown;
	bool		 paged;		/* it is on the screen */
	bool		 mesh;		/* counted in hub->mesh_watchers */
	bool		 stale;		/* changed while it was asked for */
};

static void
mesh_watch(struct hub *hub, bool on)
{
	uint8_t body = on;

	imsg_send(hub->proc->link[PROC_GOSSIPD], IMSG_MESH_WATCH, 0, 0, &body,
	    sizeof(body));
}

void
live_start(struct run *run, void (*ask)(struct run *), bool mesh)
{
	struct caller *caller = run->caller;
	struct hub *hub = caller->hub;
	struct run *r, *next;

	if (caller->door == DOOR_SHELL)
		TAILQ_FOREACH_SAFE(r, &caller->runs, entry, next)
			if (r->live != NULL)
				run_free(r);
	run->live = xcalloc(1, sizeof(*run->live));
	run->live->ask = ask;
	run->live->mesh = mesh;
	wbuf_init(&run->live->shown, SHOWN_MAX);
	/* Before what it asks, so that no change is between the two. */
	if (mesh && hub->mesh_watchers++ == 0)
		mesh_watch(hub, true);
	ask(run);
}

void
live_free(struct run *run)
{
	struct hub *hub = run->caller->hub;
	struct live *l = run->live;

	if (l == NULL)
		return;
	if (l->mesh && --hub->mesh_watchers == 0)
		mesh_watch(hub, false);
	if (l->paged)
		run->caller->page(run->caller, NULL, 0);
	wbuf_free(&l->shown);
	free(l);
	run->live = NULL;
}

static void
again(struct run *run, unsigned int ms)
{
	run_deadline(run, ms, run->live->ask);
}

/* Whole lines of it. */
static size_t
page_length(const struct wbuf *w)
{
	size_t n = w->len;

	if (n <= PAGE_MAX)
		return n;
	for (n = PAGE_MAX; n > 0 && w->p[n - 1] != '\n'; n--)
		;
	return n;
}

static void
show(struct run *run, const struct wbuf *w)
{
	struct live *l = run->live;

	if (run->line.form == DOC_TEXT) {
		l->paged = true;
		run->caller->page(run->caller, (const char *)w->p,
		    page_length(w));
	} else
		run_out(run, OUT_STDOUT, (const char *)w->p, w->len);
	wbuf_reset(&l->shown);
	wbuf_bytes(&l->shown, w->p, w->len);
}

void
live_show(struct run *run, const struct wbuf *w, unsigned int ms)
{
	struct live *l = run->live;
	bool same = w->len == l->shown.len && (w->len == 0 ||
	    memcmp(w->p, l->shown.p, w->len) == 0);

	gather_cancel(run->gather);
	if (!same && run->caller->untaken(run->caller) > BEHIND_MAX) {
		again(run, RETRY_MS);
		return;
	}
	if (!same)
		show(run, w);
	if (l->stale)
		again(run, SOON_MS);
	else if (ms > 0)
		again(run, ms);
	l->stale = false;
}

void
live_failed(struct run *run)
{
	if (run->gather != NULL)
		gather_cancel(run->gather);
	again(run, RETRY_MS);
}

void
live_mesh_changed(struct hub *hub)
{
	struct run *run;

	TAILQ_FOREACH(run, &hub->runs, all) {
		if (run->live == NULL || !run->live->mesh)
			continue;
		if (run->gather != NULL)
			run->live->stale = true;
		else
			again(run, SOON_MS);
	}
}

void
live_resized(struct caller *caller)
{
	struct run *run;

	TAILQ_FOREACH(run, &caller->runs, entry)
		if (run->live != NULL && run->gather == NULL)
			again(run, SOON_MS);
}

bool
live_draws(const struct caller *caller)
{
	return caller->draws && (caller->person == NULL ||
	    caller->person->set.plain == 0);
}

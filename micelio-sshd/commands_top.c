/* SPDX-License-Identifier: MIT */
/* top: two readings of all counters, and then one more each time. */
#include <stdlib.h>
#include <sysexits.h>

#include "answer.h"
#include "asked.h"
#include "caller.h"
#include "cmdline.h"
#include "commands.h"
#include "cursor.h"
#include "doc.h"
#include "gather.h"
#include "imsg.h"
#include "live.h"
#include "log.h"
#include "mtime.h"
#include "proc.h"
#include "row.h"
#include "run.h"
#include "sshd.h"
#include "top.h"
#include "usage.h"

#define FIRST_MS	500u	/* between the first two */
#define EVERY_MS	2000u
#define PAGE_BYTES_MAX	(8u * 1024 * 1024)

struct top {
	struct doc	 before;
	uint64_t	 at_ms;		/* monotonic; 0: no reading yet */
};

static void	top_ask(struct run *);

void
top_free(struct run *run)
{
	if (run->top == NULL)
		return;
	doc_free(&run->top->before);
	free(run->top);
	run->top = NULL;
}

/* The next look is compared with this one. */
static void
reading(struct run *run, const struct answer *a, size_t n, struct doc *d)
{
	struct hub *hub = run->caller->hub;
	struct top *top = run->top;
	uint64_t now = mono_ms();
	struct row_field up;
	struct wbuf own;

	wbuf_init(&own, 1024);
	usage_row(&own);
	top_build(&(struct top_facts){ .node = hub->proc->conf.node_name,
	    .up_ms = answer_status(a, n, PROC_PARENT, "uptime", &up) ?
	    up.num : now - hub->started_ms, .people = hub->room.people,
	    .hub = &own }, a, n, top->at_ms == 0 ? NULL : &top->before,
	    now - top->at_ms, d);
	wbuf_free(&own);
	top->at_ms = now;
}

static void
show(struct run *run, const struct doc *d)
{
	struct wbuf w;

	wbuf_init(&w, PAGE_BYTES_MAX);
	run_render(run, d, top_text, &w);
	live_show(run, &w, EVERY_MS);
	wbuf_free(&w);
}

static void
top_answer(struct run *run, const struct answer *a, size_t n)
{
	bool first = run->top->at_ms == 0, once = run->live == NULL;
	struct doc d;

	doc_init(&d);
	reading(run, a, n, &d);
	if (first) {
		gather_cancel(run->gather);
		run_deadline(run, FIRST_MS, top_ask);
	} else if (once)
		run_doc(run, &d, top_text);
	else
		show(run, &d);
	doc_free(&run->top->before);
	run->top->before = d;
	if (!first && once)
		run_done(run, EX_OK);
}

static void
top_ask(struct run *run)
{
	static const struct gather_want want[] = {
		{ PROC_PARENT, TABLE_STATUS }, { PROC_PARENT, TABLE_PROCS },
		{ PROC_TRANSPORTD, TABLE_STATUS },
		{ PROC_TRANSPORTD, TABLE_LINKS },
		{ PROC_GOSSIPD, TABLE_STATUS }, { PROC_GOSSIPD, TABLE_PEERS },
		{ PROC_STATED, TABLE_STATUS },
	};

	if (!gather_start(run, want, sizeof(want) / sizeof(want[0]),
	    top_answer))
		asked_busy(run);
}

/* Where nothing can be drawn over, one look is enough. */
void
cmd_top(struct run *run)
{
	const struct caller *caller = run->caller;

	run->top = xcalloc(1, sizeof(*run->top));
	doc_init(&run->top->before);
	if (run->line.watch && run->line.form != DOC_PLAIN &&
	    (caller->door != DOOR_SHELL || live_draws(caller)))
		live_start(run, top_ask, false);
	else
		top_ask(run);
}

/* SPDX-License-Identifier: MIT */
/* uptime: since when the node runs, and who it has to do with. */
#include <sysexits.h>

#include "answer.h"
#include "caller.h"
#include "cmdline.h"
#include "commands.h"
#include "cursor.h"
#include "doc.h"
#include "gather.h"
#include "imsg.h"
#include "proc.h"
#include "row.h"
#include "run.h"
#include "sshd.h"

static uint64_t
field(const struct answer *a, size_t n, enum proc_role from, const char *name)
{
	const struct answer *of = answer_of(a, n, from, TABLE_STATUS);
	struct row_field f;
	const void *row;
	size_t len;

	if (of == NULL || (row = answer_row(of, 0, &len)) == NULL ||
	    !row_find(row, len, name, &f))
		return 0;
	return f.num;
}

static void
text_of(const struct doc *d, const char *name, struct wbuf *w)
{
	struct row_field f;

	if (row_find(d->head.p, d->head.len, name, &f))
		field_text(&f, w);
}

/* "north: up 3h12m since 2026-11-21T..., 2 people, 3 links" */
static void
uptime_text(const struct doc *d, struct wbuf *w)
{
	text_of(d, "node", w);
	wbuf_printf(w, ": up ");
	text_of(d, "up", w);
	wbuf_printf(w, " since ");
	text_of(d, "since", w);
	wbuf_printf(w, ", people: ");
	text_of(d, "people", w);
	wbuf_printf(w, ", links: ");
	text_of(d, "links", w);
	wbuf_u8(w, '\n');
}

static void
uptime_answer(struct run *run, const struct answer *a, size_t n)
{
	struct hub *hub = run->caller->hub;
	uint64_t up, now = hub_now(hub);
	struct doc d;

	for (size_t i = 0; i < n; i++)
		if (a[i].state != ANSWER_COMPLETE) {
			run_fail(run, EX_TEMPFAIL, "uptime: no answer in %d "
			    "s; ask again, or see status", GATHER_MS / 1000);
			return;
		}
	up = field(a, n, PROC_PARENT, "uptime");
	doc_init(&d);
	row_str(&d.head, "node", hub->proc->conf.node_name);
	row_num(&d.head, "up", ROW_MS, up);
	row_num(&d.head, "since", ROW_TIME, now > up ? now - up : 0);
	row_num(&d.head, "people", ROW_U64, hub->room.people);
	row_num(&d.head, "links", ROW_U64, field(a, n, PROC_GOSSIPD,
	    "peers"));
	run_doc(run, &d, uptime_text);
	doc_free(&d);
	run_done(run, EX_OK);
}

void
cmd_uptime(struct run *run)
{
	static const struct gather_want want[] = {
		{ PROC_PARENT, TABLE_STATUS }, { PROC_GOSSIPD, TABLE_STATUS },
	};

	if (!gather_start(run, want, 2, uptime_answer))
		run_fail(run, EX_TEMPFAIL, "uptime: too many are asking at "
		    "once; ask again");
}

/* SPDX-License-Identifier: MIT */
/* uptime: since when the node runs, and who it has to do with. */
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
#include "proc.h"
#include "row.h"
#include "run.h"
#include "sshd.h"

static uint64_t
field(const struct answer *a, size_t n, enum proc_role from, const char *name)
{
	struct row_field f;

	return answer_status(a, n, from, name, &f) ? f.num : 0;
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

	if (!asked_told(run, a, n, PROC_PARENT) ||
	    !asked_told(run, a, n, PROC_GOSSIPD))
		return;
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
		asked_busy(run);
}

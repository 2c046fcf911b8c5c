/* SPDX-License-Identifier: MIT */
/* links, trace. */
#include <string.h>
#include <sysexits.h>

#include "answer.h"
#include "asked.h"
#include "commands.h"
#include "cursor.h"
#include "doc.h"
#include "gather.h"
#include "imsg.h"
#include "row.h"
#include "run.h"

#define TRACES_SHOWN	20u

static void
links_text(const struct doc *d, struct wbuf *w)
{
	if (d->list[0].n == 0) {
		wbuf_printf(w, "no links: no node is connected; peers tells "
		    "why, link HOST:PORT makes one\n");
		return;
	}
	doc_table_used(&d->list[0], "id addr kind map eager rtt saved sent brought "
	    "duplicates graft prune queue", w);
}

static void
trace_text(const struct doc *d, struct wbuf *w)
{
	if (d->list[0].n == 0) {
		wbuf_printf(w, "no such message among the last ones; "
		    "trace without a word lists them\n");
		return;
	}
	doc_table_used(&d->list[0], "message type author at by from took "
	    "late announced grafts hops", w);
}

static void
links_answer(struct run *run, const struct answer *a, size_t n)
{
	const struct answer *t = answer_of(a, n, PROC_GOSSIPD, TABLE_TREES);
	const void *row = NULL;
	size_t list, len;
	struct rcur c;
	struct doc d;

	if (!asked_told(run, a, n, PROC_GOSSIPD))
		return;
	doc_init(&d);
	list = doc_list(&d, "links");
	while (answer_next(&c, t, &row, &len))
		(void)doc_row(&d, list, row, len);
	run_doc(run, &d, links_text);
	doc_free(&d);
	run_done(run, EX_OK);
}

/* Those whose id begins so, or the last few. */
static void
trace_pick(const struct answer *t, const char *word, struct doc *d)
{
	size_t list = doc_list(d, "messages"), shown = 0, len;
	const void *row = NULL;
	struct row_field f;
	struct rcur c;

	while (answer_next(&c, t, &row, &len)) {
		if (word == NULL ? shown == TRACES_SHOWN :
		    !row_find(row, len, "message", &f) ||
		    f.str_len < strlen(word) ||
		    memcmp(f.str, word, strlen(word)) != 0)
			continue;
		shown++;
		(void)doc_row(d, list, row, len);
	}
}

static void
trace_answer(struct run *run, const struct answer *a, size_t n)
{
	const struct answer *t = answer_of(a, n, PROC_GOSSIPD, TABLE_TRACES);
	struct doc d;

	if (!asked_told(run, a, n, PROC_GOSSIPD))
		return;
	doc_init(&d);
	trace_pick(t, run->line.argc > 0 ? run->line.argv[0] : NULL, &d);
	run_doc(run, &d, trace_text);
	doc_free(&d);
	run_done(run, EX_OK);
}

static void
ask(struct run *run, enum table table,
    void (*answer)(struct run *, const struct answer *, size_t))
{
	const struct gather_want want[] = { { PROC_GOSSIPD, table } };

	if (!gather_start(run, want, 1, answer))
		asked_busy(run);
}

void
cmd_links(struct run *run)
{
	ask(run, TABLE_TREES, links_answer);
}

void
cmd_trace(struct run *run)
{
	ask(run, TABLE_TRACES, trace_answer);
}

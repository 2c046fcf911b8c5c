/* SPDX-License-Identifier: MIT */
/* config, check, reload: the parent has the file. */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "caller.h"
#include "cmdline.h"
#include "commands.h"
#include "confdoc.h"
#include "cursor.h"
#include "doc.h"
#include "imsg.h"
#include "proc.h"
#include "row.h"
#include "run.h"
#include "sshd.h"

#define RELOAD_MS	30000
#define LINES_MAX	(8u * RELOAD_TEXT_MAX)	/* made safe */

static void
reload_timeout(struct run *run)
{
	run_fail(run, EX_TEMPFAIL, "%s: no answer in %d s%s",
	    run->line.cmd->name, RELOAD_MS / 1000, run->line.cmd->changes ?
	    "; it may still happen" : "; ask again");
}

static void
ask(struct run *run, enum reload_what what)
{
	struct hub *hub = run->caller->hub;
	const uint8_t body = (uint8_t)what;

	run->request = ++hub->next_request;
	run_deadline(run, RELOAD_MS, reload_timeout);
	imsg_send(hub->proc->parent, IMSG_RELOAD, run->request, 0, &body, 1);
}

void
cmd_reload(struct run *run)
{
	ask(run, RELOAD_APPLY);
}

void
cmd_check(struct run *run)
{
	ask(run, RELOAD_CHECK);
}

void
cmd_config(struct run *run)
{
	struct doc d;

	if (run->line.form == DOC_TEXT) {
		ask(run, RELOAD_PRINT);
		return;
	}
	doc_init(&d);
	confdoc_build(&run->caller->hub->proc->conf, &d);
	run_doc(run, &d, doc_text);
	doc_free(&d);
	run_done(run, EX_OK);
}

/* Lines of our own parent; each made safe by itself, but for its indent. */
static void
lines_put(const char *s, size_t n, struct wbuf *w)
{
	struct row_field line = { .type = ROW_STR };
	const char *end = s + n, *nl, *stop;

	for (; s < end; s = nl == NULL ? end : nl + 1) {
		nl = memchr(s, '\n', (size_t)(end - s));
		stop = nl == NULL ? end : nl;
		for (; s < stop && *s == '\t'; s++)
			wbuf_u8(w, '\t');
		line.str = s;
		line.str_len = (size_t)(stop - s);
		if (line.str_len > 0)
			field_text(&line, w);
		wbuf_u8(w, '\n');
	}
}

static void
lines_show(struct run *run, const char *text, size_t n, bool ok)
{
	struct wbuf w;

	wbuf_init(&w, LINES_MAX);
	lines_put(text, n, &w);
	run_out(run, ok || run->caller->door == DOOR_SHELL ? OUT_STDOUT :
	    OUT_STDERR, (const char *)w.p, w.len);
	wbuf_free(&w);
}

/* All of the text: row_strn() would cut what is longer than most fields. */
static void
object_show(struct run *run, const char *text, size_t n, bool ok)
{
	const struct row_field f = { .name = "text", .name_len = 4,
	    .type = ROW_STR, .str = text,
	    .str_len = n < UINT16_MAX ? n : UINT16_MAX };
	struct doc d;

	doc_init(&d);
	row_bool(&d.head, "ok", ok);
	row_field_copy(&d.head, &f);
	run_doc(run, &d, doc_text);
	doc_free(&d);
}

void
cmd_reload_done(struct hub *hub, struct imsg *m)
{
	struct run *run = run_by_request(hub, m->id);
	struct rcur r;
	const void *text;
	uint8_t status;
	size_t n;
	bool ok;

	if (run == NULL || m->id == 0)
		return;
	rcur_init(&r, m->data, m->len);
	status = rcur_u8(&r);
	ok = status == EX_OK;
	text = rcur_blob(&r, RELOAD_TEXT_MAX, &n);
	if (r.bad || text == NULL) {
		text = "";
		n = 0;
	}
	if (run->line.form == DOC_JSON || (ok && run->line.form == DOC_PLAIN))
		object_show(run, text, n, ok);
	else
		lines_show(run, text, n, ok);
	run_done(run, status);
}

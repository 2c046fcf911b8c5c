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
lines_text(const struct doc *d, struct wbuf *w)
{
	struct row_field f;

	(void)row_find(d->head.p, d->head.len, "text", &f);
	for (const char *s = f.str, *end = s + f.str_len; s < end;) {
		const char *nl = memchr(s, '\n', (size_t)(end - s));
		const char *stop = nl == NULL ? end : nl;
		struct row_field line = f;

		for (; s < stop && *s == '\t'; s++)
			wbuf_u8(w, '\t');
		line.str = s;
		line.str_len = (size_t)(stop - s);
		if (line.str_len > 0)
			field_text(&line, w);
		wbuf_u8(w, '\n');
		s = nl == NULL ? end : nl + 1;
	}
}

void
cmd_reload_done(struct hub *hub, struct imsg *m)
{
	struct run *run = run_by_request(hub, m->id);
	struct rcur r;
	const void *text;
	struct wbuf w;
	struct doc d;
	uint8_t status;
	size_t n;
	bool ok;

	if (run == NULL || m->id == 0)
		return;
	rcur_init(&r, m->data, m->len);
	status = rcur_u8(&r);
	ok = status == EX_OK;
	text = rcur_blob(&r, RELOAD_TEXT_MAX, &n);
	if (r.bad)
		n = 0;
	doc_init(&d);
	row_bool(&d.head, "ok", ok);
	row_strn(&d.head, "text", n == 0 ? "" : text, n);
	if (ok || run->line.form == DOC_JSON)
		run_doc(run, &d, lines_text);
	else {
		wbuf_init(&w, LINES_MAX);
		lines_text(&d, &w);
		run_out(run, run->caller->door == DOOR_SHELL ? OUT_STDOUT :
		    OUT_STDERR, (const char *)w.p, w.len);
		wbuf_free(&w);
	}
	doc_free(&d);
	run_done(run, status);
}

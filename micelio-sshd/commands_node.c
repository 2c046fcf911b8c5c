/* SPDX-License-Identifier: MIT */
/* status, version, reload. */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "caller.h"
#include "cmdline.h"
#include "commands.h"
#include "conf.h"
#include "config.h"
#include "cursor.h"
#include "doc.h"
#include "gather.h"
#include "imsg.h"
#include "listener.h"
#include "mtime.h"
#include "proc.h"
#include "row.h"
#include "run.h"
#include "sshd.h"
#include "status.h"

#define RELOAD_MS	30000

/*
 * What one listens on, as it was bound: the numbers may have been the
 * kernel's choice.
 */
static void
ssh_bound(const struct hub *hub, struct strlist *out)
{
	const char *v[CONF_LISTEN_MAX];
	size_t n = listener_list(hub, v, CONF_LISTEN_MAX);

	for (size_t i = 0; i < n; i++)
		strlist_add(out, v[i]);
}

static void
status_answer(struct run *run, const struct answer *a, size_t n)
{
	struct hub *hub = run->caller->hub;
	const struct conf *conf = &hub->proc->conf;
	struct strlist bound = { NULL, 0 };
	struct status_facts s = {
		.node_name = conf->node_name, .id = hub->proc->id,
		.mode = hub->proc->mode,
		.up_ms = mono_ms() - hub->started_ms,
		.people = hub->room.people,
		.keys = (unsigned int)hub->keys.n,
		.ssh_on = conf->ssh_listen.n > 0,
		.keys_known = hub->keys_known, .ssh_listen = &bound,
		.bootstrap = &conf->network_bootstrap,
		.sandbox = hub->proc->sandbox,
	};
	bool healthy, check = run->line.check;
	struct doc d;

	ssh_bound(hub, &bound);
	doc_init(&d);
	healthy = status_build(&s, a, n, &d);
	run_doc(run, &d, run->caller->door == DOOR_SHELL ?
	    status_short_text : status_text);
	doc_free(&d);
	strlist_free(&bound);
	run_done(run, check && !healthy ? 1 : EX_OK);
}

void
cmd_status(struct run *run)
{
	static const struct gather_want want[] = {
		{ PROC_PARENT, TABLE_STATUS }, { PROC_PARENT, TABLE_PROCS },
		{ PROC_PARENT, TABLE_KEYSERV },
		{ PROC_TRANSPORTD, TABLE_STATUS },
		{ PROC_GOSSIPD, TABLE_STATUS }, { PROC_GOSSIPD, TABLE_PEERS },
		{ PROC_STATED, TABLE_STATUS },
	};

	if (!gather_start(run, want, sizeof(want) / sizeof(want[0]),
	    status_answer))
		run_fail(run, EX_TEMPFAIL, "status: too many are asking at "
		    "once; ask again");
}

static void
version_text(const struct doc *d, struct wbuf *w)
{
	struct row_field f;

	(void)row_find(d->head.p, d->head.len, "micelio", &f);
	wbuf_printf(w, "micelio ");
	field_text(&f, w);
	wbuf_u8(w, '\n');
}

void
cmd_version(struct run *run)
{
	struct doc d;

	doc_init(&d);
	row_str(&d.head, "micelio", MICELIO_VERSION);
	run_doc(run, &d, version_text);
	doc_free(&d);
	run_done(run, EX_OK);
}

static void
reload_timeout(struct run *run)
{
	run_fail(run, EX_TEMPFAIL, "reload: no answer in %d s; it may still "
	    "happen", RELOAD_MS / 1000);
}

void
cmd_reload(struct run *run)
{
	struct hub *hub = run->caller->hub;

	run->request = ++hub->next_request;
	run_deadline(run, RELOAD_MS, reload_timeout);
	imsg_send(hub->proc->parent, IMSG_RELOAD, run->request, 0, NULL, 0);
}

static void
reload_text(const struct doc *d, struct wbuf *w)
{
	struct row_field f;

	/* Lines of our own parent; each made safe by itself. */
	(void)row_find(d->head.p, d->head.len, "text", &f);
	for (const char *s = f.str, *end = s + f.str_len; s < end;) {
		const char *nl = memchr(s, '\n', (size_t)(end - s));
		struct row_field line = f;

		line.str = s;
		line.str_len = (size_t)((nl == NULL ? end : nl) - s);
		if (line.str_len > 0) {
			field_text(&line, w);
			wbuf_u8(w, '\n');
		}
		s = nl == NULL ? end : nl + 1;
	}
}

void
cmd_reload_done(struct hub *hub, struct imsg *m)
{
	struct run *run = run_by_request(hub, m->id);
	struct rcur r;
	const char *text;
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
	text = rcur_str(&r, 16384, &n);
	if (r.bad)
		n = 0;
	doc_init(&d);
	row_bool(&d.head, "ok", ok);
	row_strn(&d.head, "text", text == NULL ? "" : text, n);
	if (ok || run->line.form == DOC_JSON)
		run_doc(run, &d, reload_text);
	else {
		wbuf_init(&w, 65536 * 8);
		reload_text(&d, &w);
		run_out(run, run->caller->door == DOOR_SHELL ? OUT_STDOUT :
		    OUT_STDERR, (const char *)w.p, w.len);
		wbuf_free(&w);
	}
	doc_free(&d);
	run_done(run, status);
}

/* SPDX-License-Identifier: MIT */
/* status, health, version. */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "asked.h"
#include "caller.h"
#include "cmdline.h"
#include "commands.h"
#include "conf.h"
#include "config.h"
#include "cursor.h"
#include "doc.h"
#include "gather.h"
#include "health.h"
#include "imsg.h"
#include "listener.h"
#include "mtime.h"
#include "proc.h"
#include "row.h"
#include "run.h"
#include "sshd.h"
#include "status.h"

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
health_show(struct run *run, const struct doc *status)
{
	struct doc d;

	doc_init(&d);
	health_build(status, &d);
	run_doc(run, &d, health_text);
	doc_free(&d);
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
	bool healthy, check = run->line.check ||
	    run->line.cmd->start == cmd_health;
	struct doc d;

	ssh_bound(hub, &bound);
	doc_init(&d);
	healthy = status_build(&s, a, n, &d);
	strlist_free(&bound);
	if (run->line.cmd->start == cmd_health)
		health_show(run, &d);
	else
		run_doc(run, &d, run->caller->door == DOOR_SHELL ?
		    status_short_text : status_text);
	doc_free(&d);
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
		asked_busy(run);
}

/* The same facts, in a word. */
void
cmd_health(struct run *run)
{
	cmd_status(run);
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

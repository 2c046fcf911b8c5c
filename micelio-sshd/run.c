/* SPDX-License-Identifier: MIT */
/* A command at work, from its words to its exit status. */
#include <event2/event.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "caller.h"
#include "cmdline.h"
#include "commands.h"
#include "commands_map.h"
#include "cursor.h"
#include "doc.h"
#include "gather.h"
#include "import.h"
#include "imsg.h"
#include "live.h"
#include "log.h"
#include "private.h"
#include "proc.h"
#include "recall.h"
#include "run.h"
#include "say.h"
#include "sshd.h"
#include "verdict.h"

#define RESULT_MAX	(8u * 1024 * 1024)
#define INPUT_MAX	(CHAT_TEXT_MAX + 1)
#define READER_MS	300000	/* for somebody who reads with a pager */

struct run *
run_new(struct caller *caller, const struct cmdline *line)
{
	struct run *run = xcalloc(1, sizeof(*run));

	run->caller = caller;
	run->line = *line;
	wbuf_init(&run->in, INPUT_MAX);
	TAILQ_INSERT_TAIL(&caller->runs, run, entry);
	TAILQ_INSERT_TAIL(&caller->hub->runs, run, all);
	caller->nruns++;
	return run;
}

void
run_free(struct run *run)
{
	struct caller *caller = run->caller;

	TAILQ_REMOVE(&caller->runs, run, entry);
	TAILQ_REMOVE(&caller->hub->runs, run, all);
	caller->nruns--;
	if (run->gather != NULL)
		gather_cancel(run->gather);
	if (run->recall != NULL)
		recall_cancel(run->recall);
	say_forget(caller->hub, NULL, run);
	private_forget(caller->hub, NULL, run);
	map_run_free(run);
	import_free(run);
	live_free(run);
	top_free(run);
	if (run->deadline != NULL)
		event_free(run->deadline);
	cmdline_free(&run->line);
	wbuf_free(&run->in);
	free(run);
}

struct run *
run_by_request(struct hub *hub, uint32_t id)
{
	struct run *run;

	TAILQ_FOREACH(run, &hub->runs, all)
		if (run->request == id || import_has(run, id))
			return run;
	return NULL;
}

void
run_out(struct run *run, int stream, const char *s, size_t n)
{
	run->caller->out(run->caller, stream, s, n);
}

void
run_render(const struct run *run, const struct doc *d,
    void (*text)(const struct doc *, struct wbuf *), struct wbuf *w)
{
	if (run->line.form == DOC_JSON)
		doc_json(d, w);
	else if (run->line.form == DOC_PLAIN)
		doc_plain(d, w);
	else
		text(d, w);
}

void
run_doc(struct run *run, const struct doc *d,
    void (*text)(const struct doc *, struct wbuf *))
{
	struct wbuf w;

	wbuf_init(&w, RESULT_MAX);
	run_render(run, d, text, &w);
	run_out(run, OUT_STDOUT, (const char *)w.p, w.len);
	wbuf_free(&w);
}

void
run_verdict(struct run *run, const struct doc *d, int status)
{
	struct caller *caller = run->caller;
	struct wbuf w;

	if (status == EX_OK || run->line.form != DOC_TEXT) {
		run_doc(run, d, verdict_text);
		return;
	}
	wbuf_init(&w, RESULT_MAX);
	wbuf_printf(&w, caller->door == DOOR_SHELL ? "-- %s: " :
	    "micelio: %s: ", run->line.cmd->name);
	verdict_text(d, &w);
	run_out(run, caller->door == DOOR_SHELL ? OUT_STDOUT : OUT_STDERR,
	    (const char *)w.p, w.len);
	wbuf_free(&w);
}

void
run_done(struct run *run, int status)
{
	struct caller *caller = run->caller;

	run_free(run);
	if (caller->door != DOOR_SHELL)
		caller->exit(caller, status);
}

void
run_fail(struct run *run, int status, const char *fmt, ...)
{
	struct caller *caller = run->caller;
	char why[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	run_free(run);
	caller_refuse(caller, status, why);
}

void
run_input(struct run *run, const void *p, size_t n)
{
	if (!run->wants_input)
		return;
	if (run->import != NULL) {
		import_input(run, p, n);
		return;
	}
	if (n == 0) {
		run->wants_input = false;
		if (run->line.cmd->start == cmd_put)
			cmd_put_input(run);
		else
			cmd_say_input(run);
		return;
	}
	/* One byte more than is allowed tells that it is too much. */
	if (n > INPUT_MAX - run->in.len) {
		n = INPUT_MAX - run->in.len;
		run->in_over = true;
	}
	wbuf_bytes(&run->in, p, n);
}

static void
deadline_cb(evutil_socket_t fd, short what, void *arg)
{
	struct run *run = arg;

	(void)fd;
	(void)what;
	run->timeout(run);
}

void
run_deadline(struct run *run, unsigned int ms, void (*cb)(struct run *))
{
	struct timeval tv = { ms / 1000, ms % 1000 * 1000 };

	run->timeout = cb;
	if (run->deadline == NULL)
		run->deadline = evtimer_new(run->caller->hub->proc->base,
		    deadline_cb, run);
	if (run->deadline == NULL)
		fatalx("no memory for a timer");
	event_add(run->deadline, &tv);
}

static void
reader_gone(struct run *run)
{
	run_fail(run, EX_TEMPFAIL, "%s: nobody has read any of it for %d "
	    "minutes; it is not whole", run->line.cmd->name,
	    READER_MS / 60000);
}

void
run_when(struct run *run, size_t below, void (*more)(struct run *))
{
	struct caller *caller = run->caller;

	if (caller->untaken(caller) <= below) {
		more(run);
		return;
	}
	run->more = more;
	run->more_below = below;
	run_deadline(run, READER_MS, reader_gone);
}

void
run_taken(struct caller *caller)
{
	size_t n = caller->untaken(caller);
	struct run *run, *next;

	TAILQ_FOREACH_SAFE(run, &caller->runs, entry, next) {
		void (*more)(struct run *) = run->more;

		if (more == NULL)
			continue;
		if (n > run->more_below) {
			run_deadline(run, READER_MS, reader_gone);
			continue;
		}
		event_del(run->deadline);
		run->more = NULL;
		more(run);
	}
}

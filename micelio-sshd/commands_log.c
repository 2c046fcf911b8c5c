/* SPDX-License-Identifier: MIT */
/* log, events, loglevel: what the programs of the node log. */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "caller.h"
#include "cmdline.h"
#include "commands.h"
#include "commands_log.h"
#include "cursor.h"
#include "doc.h"
#include "imsg.h"
#include "log.h"
#include "logring.h"
#include "mtime.h"
#include "proc.h"
#include "row.h"
#include "run.h"
#include "sshd.h"
#include "text.h"

#define LOG_SHOWN	50u		/* of all that is kept */
#define LEVEL_MS	(10u * 60 * 1000)
#define LEVEL_MAX_MS	(24u * 3600 * 1000)

static bool
want_take(struct run *run, struct logwant *want)
{
	bool log = run->line.cmd->start == cmd_log;
	char why[400];

	memset(want, 0, sizeof(*want));
	want->level = log ? LOG_LVL_DEBUG : LOG_LVL_INFO;
	for (size_t i = 0; i < run->line.argc; i++)
		if (!(log ? logwant_log : logwant_events)(want,
		    run->line.argv[i], why, sizeof(why))) {
			run_fail(run, EX_USAGE, "%s: %s",
			    run->line.cmd->name, why);
			return false;
		}
	return true;
}

static void
log_start(struct run *run)
{
	struct hub *hub = run->caller->hub;
	struct logwant want;
	struct doc d;

	if (!want_take(run, &want))
		return;
	if (run->line.watch)
		return;		/* log_seen() goes on */
	doc_init(&d);
	logring_build(&hub->log, &want, LOG_SHOWN, &d);
	run_doc(run, &d, logring_text);
	doc_free(&d);
	run_done(run, EX_OK);
}

void
cmd_log(struct run *run)
{
	log_start(run);
}

void
cmd_events(struct run *run)
{
	log_start(run);
}

static void
line_show(struct run *run, const struct logline *l)
{
	struct wbuf w;
	struct doc d;

	wbuf_init(&w, 65536);
	if (run->line.form == DOC_JSON) {
		doc_init(&d);
		logline_row(l, &d.head);
		doc_json(&d, &w);
		doc_free(&d);
	} else
		logline_text(l, &w);
	run_out(run, OUT_STDOUT, (const char *)w.p, w.len);
	wbuf_free(&w);
}

void
log_seen(struct hub *hub, const struct logline *l)
{
	struct run *run, *next;
	struct logwant want;

	TAILQ_FOREACH_SAFE(run, &hub->runs, all, next) {
		if (!run->line.watch || (run->line.cmd->start != cmd_log &&
		    run->line.cmd->start != cmd_events))
			continue;
		if (want_take(run, &want) && logwant_meets(&want, l))
			line_show(run, l);
	}
}

/*
 * loglevel.
 */

static const struct {
	const char	*name;
	enum proc_role	 role;
} levels[LEVELS_N] = {
	{ "micelio", PROC_PARENT }, { "transportd", PROC_TRANSPORTD },
	{ "gossipd", PROC_GOSSIPD }, { "stated", PROC_STATED },
	{ "sshd", PROC_SSHD },
};

static void
levels_show(struct run *run)
{
	struct hub *hub = run->caller->hub;
	const uint64_t now = mono_ms();
	struct wbuf w;
	struct doc d;
	size_t list;

	doc_init(&d);
	list = doc_list(&d, "levels");
	wbuf_init(&w, 512);
	for (size_t i = 0; i < LEVELS_N; i++) {
		bool own = hub->level[i].until_ms > now;

		wbuf_reset(&w);
		row_str(&w, "daemon", levels[i].name);
		row_str(&w, "level", log_level_name(own ?
		    hub->level[i].level : hub->proc->conf.logging_level));
		if (own)
			row_num(&w, "for", ROW_MS, hub->level[i].until_ms -
			    now);
		else
			row_none(&w, "for", ROW_MS);
		(void)doc_row(&d, list, w.p, w.len);
	}
	wbuf_free(&w);
	run_doc(run, &d, doc_text);
	doc_free(&d);
	run_done(run, EX_OK);
}

static void
level_set(struct hub *hub, size_t i, enum log_level level, uint64_t ms)
{
	struct imsgchan *chan;
	struct wbuf w;

	hub->level[i].level = level;
	hub->level[i].until_ms = mono_ms() + ms;
	if (levels[i].role == PROC_SSHD) {
		proc_log_level(hub->proc, level, (uint32_t)(ms / 1000));
		return;
	}
	chan = levels[i].role == PROC_PARENT ? hub->proc->parent :
	    hub->proc->link[levels[i].role];
	wbuf_init(&w, 8);
	wbuf_u8(&w, (uint8_t)level);
	wbuf_u32(&w, (uint32_t)(ms / 1000));
	imsg_send_wbuf(chan, IMSG_LOG_LEVEL, 0, 0, &w);
	wbuf_free(&w);
}

/* "all", or one. */
static bool
level_words(struct run *run, size_t *first, size_t *last,
    enum log_level *level, uint64_t *ms)
{
	const char *const *v = run->line.argv;
	const char *name = daemon_name(v[0]);
	int64_t span = LEVEL_MS;

	for (*first = 0; *first < LEVELS_N && (name == NULL ||
	    strcmp(levels[*first].name, name) != 0);)
		++*first;
	*last = *first + 1;
	if (strcmp(v[0], "all") == 0) {
		*first = 0;
		*last = LEVELS_N;
	}
	if (*first == LEVELS_N || run->line.argc < 2 ||
	    !log_level_parse(v[1], level) ||
	    (run->line.argc == 3 && (!duration_parse(v[2], &span) ||
	    span < 1000 || span > (int64_t)LEVEL_MAX_MS))) {
		run_fail(run, EX_USAGE, "loglevel: want a program (micelio, "
		    "transportd, gossipd, stated, sshd or all), a level "
		    "(debug, info, warn, error) and for how long, 1s to 24h; "
		    "for example: loglevel gossipd debug 5m");
		return false;
	}
	*ms = (uint64_t)span;
	return true;
}

void
cmd_loglevel(struct run *run)
{
	struct hub *hub = run->caller->hub;
	char span[TIME_TEXT_MAX];
	enum log_level level;
	size_t first, last;
	uint64_t ms;
	struct doc d;

	if (run->line.argc == 0) {
		levels_show(run);
		return;
	}
	if (!level_words(run, &first, &last, &level, &ms))
		return;
	for (size_t i = first; i < last; i++)
		level_set(hub, i, level, ms);
	log_event(EV_LOG_LEVEL, LF_STR("child", run->line.argv[0]),
	    LF_STR("level", log_level_name(level)),
	    LF_STR("for", span_text(ms, span)));
	doc_init(&d);
	row_str(&d.head, "daemon", run->line.argv[0]);
	row_str(&d.head, "level", log_level_name(level));
	row_num(&d.head, "for", ROW_MS, ms);
	run_doc(run, &d, doc_text);
	doc_free(&d);
	run_done(run, EX_OK);
}

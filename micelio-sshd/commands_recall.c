/* SPDX-License-Identifier: MIT */
/* history, search, missed: what was said before. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "asked.h"
#include "caller.h"
#include "cmdline.h"
#include "commands.h"
#include "cursor.h"
#include "doc.h"
#include "imsg.h"
#include "log.h"
#include "people.h"
#include "recall.h"
#include "record.h"
#include "room.h"
#include "row.h"
#include "run.h"
#include "settings.h"
#include "since.h"
#include "sshd.h"

#define SHOWN_USUAL	20u
#define SHOWN_MAX	500u
#define RECALL_MS	20000	/* a disk may be slow */
#define TEXT_SHOWN	4000u	/* bytes of a line, for programs */
#define OUT_MAX		(8u * 1024 * 1024)

static int32_t
offset_of(const struct caller *caller)
{
	return settings_offset(caller->person == NULL ? NULL :
	    &caller->person->set, caller->hub->room.utc_offset_s);
}

/* "-- Fri 20 Nov 2026", where a day begins that is not today. */
static void
day_put(uint64_t ms, int32_t offset, int64_t *day, struct wbuf *w)
{
	time_t t = (time_t)((int64_t)(ms / 1000) + offset);
	char text[64];
	struct tm tm;

	if (t / 86400 == *day || gmtime_r(&t, &tm) == NULL)
		return;
	*day = t / 86400;
	(void)strftime(text, sizeof(text), "-- %a %d %b %Y\n", &tm);
	wbuf_bytes(w, text, strlen(text));
}

static void
lines_text(struct run *run, const struct recall *r)
{
	struct caller *caller = run->caller;
	const struct settings *set = caller->person == NULL ? NULL :
	    &caller->person->set;
	int32_t offset = offset_of(caller);
	int64_t day = ((int64_t)(hub_now(caller->hub) / 1000) + offset) /
	    86400;
	struct room_item item;
	struct record rec;
	struct wbuf w;

	wbuf_init(&w, OUT_MAX);
	for (size_t i = 0; i < r->n && w.len < OUT_MAX / 2; i++) {
		if (!recall_get(r, i, &rec) ||
		    person_ignores(caller->person, rec.key))
			continue;
		record_item(&rec, &item);
		day_put(rec.ms, offset, &day, &w);
		room_render_for(&item, set, caller->hub->room.utc_offset_s,
		    caller->door == DOOR_SHELL, &w);
	}
	run_out(run, OUT_STDOUT, (const char *)w.p, w.len);
	wbuf_free(&w);
}

static void
lines_doc(struct run *run, const struct recall *r)
{
	struct record rec;
	struct doc d;
	struct wbuf w;
	size_t list, n;

	doc_init(&d);
	row_num(&d.head, "found", ROW_U64, r->found);
	row_num(&d.head, "shown", ROW_U64, r->n);
	list = doc_list(&d, "lines");
	wbuf_init(&w, 8192);
	for (size_t i = 0; i < r->n; i++) {
		if (!recall_get(r, i, &rec))
			continue;
		wbuf_reset(&w);
		row_num(&w, "time", ROW_TIME, rec.ms);
		row_str(&w, "kind", rec.action ? "action" : "chat");
		row_str(&w, "nick", rec.nick);
		if (rec.node[0] != '\0')
			row_str(&w, "node", rec.node);
		else
			row_null(&w, "node");
		n = rec.len < TEXT_SHOWN ? rec.len : TEXT_SHOWN;
		while (n > 0 && n < rec.len &&
		    ((unsigned char)rec.text[n] & 0xc0) == 0x80)
			n--;	/* not in the middle of a character */
		row_strn(&w, "text", rec.text, n);
		row_num(&w, "size", ROW_BYTES, rec.len);
		(void)doc_row(&d, list, w.p, w.len);
	}
	wbuf_free(&w);
	run_doc(run, &d, doc_text);
	doc_free(&d);
}

static void
shown(struct recall *r, bool good, void *arg)
{
	struct run *run = arg;
	size_t n = r->n, found = r->found;

	if (!good) {
		run_fail(run, EX_TEMPFAIL, "%s: the history cannot be read "
		    "now; see: micelioctl status", run->line.cmd->name);
		return;
	}
	if (run->line.form != DOC_TEXT)
		lines_doc(run, r);
	else
		lines_text(run, r);
	if (run->line.form == DOC_TEXT && n == 0) {
		run_fail(run, 1, run->line.cmd->start == cmd_search ?
		    "nothing was said with these words" :
		    "nothing was said");
		return;
	}
	if (run->line.form == DOC_TEXT && found > n)
		caller_text(run->caller, run->caller->door == DOOR_SHELL ?
		    OUT_STDOUT : OUT_STDERR, "-- the last %zu of %zu\n", n,
		    found);
	run_done(run, n > 0 ? EX_OK : 1);
}

static void
timed_out(struct run *run)
{
	run_fail(run, EX_TEMPFAIL, "%s: no answer in %d s; see: micelioctl "
	    "status", run->line.cmd->name, RECALL_MS / 1000);
}

/* NULL: the run has ended. */
static struct recall *
recall(struct run *run, enum history_from from, uint64_t which, size_t most)
{
	struct recall *r = recall_start(run->caller->hub, from, which, most,
	    shown, run, &run->recall);

	if (r == NULL)
		asked_busy(run);
	else
		run_deadline(run, RECALL_MS, timed_out);
	return r;
}

void
cmd_history(struct run *run)
{
	struct caller *caller = run->caller;
	struct since since = { true, SHOWN_USUAL };
	char why[256];

	if (run->line.argc == 1 && !since_parse(run->line.argv[0],
	    hub_now(caller->hub), offset_of(caller), &since, why,
	    sizeof(why))) {
		run_fail(run, EX_USAGE, "history: %s", why);
		return;
	}
	if (since.is_count)
		(void)recall(run, HISTORY_LAST, since.n, (size_t)since.n);
	else
		(void)recall(run, HISTORY_SINCE, since.n, SHOWN_MAX);
}

void
cmd_search(struct run *run)
{
	struct recall *r = recall(run, HISTORY_FROM, 1, SHOWN_USUAL * 5);

	if (r == NULL)
		return;
	r->words = xcalloc(1, run->line.text_len + 1);
	memcpy(r->words, run->line.text, run->line.text_len);
}

void
cmd_missed(struct run *run)
{
	struct caller *caller = run->caller;
	const struct person *x = caller->person;
	uint64_t since = caller->missed_ms;
	struct recall *r;

	if (caller->door != DOOR_SHELL) {
		x = people_find(&caller->hub->people, caller->key);
		since = x == NULL || x->here > 0 ? 0 : x->seen_ms;
	}
	if (since == 0) {
		run_fail(run, 1, caller->door != DOOR_SHELL && x != NULL &&
		    x->here > 0 ? "missed: nothing: you are here now" :
		    "missed: you were not here before; history shows what "
		    "was said");
		return;
	}
	r = recall(run, HISTORY_SINCE, since, SHOWN_MAX);
	if (r != NULL && caller->door == DOOR_SHELL)
		r->before_ms = caller->member.joined_ms;
}

static void
counted(struct recall *r, bool good, void *arg)
{
	struct caller *caller = arg;
	time_t t = (time_t)((int64_t)(caller->missed_ms / 1000) +
	    offset_of(caller));
	int64_t today = ((int64_t)(hub_now(caller->hub) / 1000) +
	    offset_of(caller)) / 86400;
	char when[64] = "?", named[64] = "";
	struct tm tm;

	if (gmtime_r(&t, &tm) != NULL)
		(void)strftime(when, sizeof(when), t / 86400 == today ?
		    "%H:%M" : "%d %b %H:%M", &tm);
	if (r->named > 0)
		(void)snprintf(named, sizeof(named), ", %zu mention%s you",
		    r->named, r->named == 1 ? "s" : "");
	if (good && r->found > 0)
		caller_text(caller, OUT_ROOM, "-- %zu line%s since %s%s: "
		    "/missed\n", r->found, r->found == 1 ? "" : "s", when,
		    named);
	recall_cancel(r);
}

void
missed_tell(struct caller *caller)
{
	struct recall *r;

	/* It may have become known only now since when. */
	if (caller->missed_ms == 0 && caller->person->here == 1)
		caller->missed_ms = caller->person->seen_ms;
	if (caller->missed_ms == 0 || caller->recall != NULL)
		return;
	r = recall_start(caller->hub, HISTORY_SINCE, caller->missed_ms, 1,
	    counted, caller, &caller->recall);
	if (r == NULL)
		return;
	r->before_ms = caller->member.joined_ms;
	r->nick = caller->member.nick;
}

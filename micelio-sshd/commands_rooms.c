/* SPDX-License-Identifier: MIT */
/* join, part, rooms, topic. */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "caller.h"
#include "commands.h"
#include "cursor.h"
#include "doc.h"
#include "imsg.h"
#include "rooms.h"
#include "row.h"
#include "run.h"
#include "sshd.h"
#include "text.h"

static bool
name_good(const char *s)
{
	size_t n = strlen(s);

	return n >= 2 && n <= ROOM_NAME_MAX && s[0] == '#' &&
	    strspn(s + 1, "abcdefghijklmnopqrstuvwxyz0123456789-_") == n - 1;
}

void
cmd_join(struct run *run)
{
	struct caller *caller = run->caller;
	const char *name = run->line.argv[0];
	const struct sideroom *x;
	char topic[sizeof(x->topic)] = "";

	if (!name_good(name)) {
		run_fail(run, EX_USAGE, "join: want # and 1 to 31 of a-z, "
		    "0-9, - and _, as #dev");
		return;
	}
	if (strcmp(caller->room, name) == 0) {
		run_fail(run, 1, "join: you are in %s", name);
		return;
	}
	rooms_part(caller);
	if (!rooms_join(caller, name)) {
		run_fail(run, EX_TEMPFAIL, "join: people are in %u rooms, "
		    "which is the limit", ROOMS_MAX);
		return;
	}
	if ((x = rooms_find(caller->hub, name)) != NULL)
		text_copy(topic, x->topic, sizeof(topic));
	caller_text(caller, OUT_STDOUT, "-- you speak in %s now; /part goes "
	    "back to everybody\n", name);
	if (topic[0] != '\0')
		caller_text(caller, OUT_STDOUT, "-- %s: %s\n", name, topic);
	caller_prompt(caller);
	run_done(run, EX_OK);
}

void
cmd_part(struct run *run)
{
	struct caller *caller = run->caller;

	if (caller->room[0] == '\0') {
		run_fail(run, 1, "part: you are in no room");
		return;
	}
	rooms_part(caller);
	caller_text(caller, OUT_STDOUT, "-- you speak to everybody again\n");
	caller_prompt(caller);
	run_done(run, EX_OK);
}

static void
rooms_text(const struct doc *d, struct wbuf *w)
{
	if (d->list[0].n == 0)
		wbuf_printf(w, "no rooms were heard of since this node "
		    "started; in the partyline /join #ROOM begins one\n");
	else
		doc_text(d, w);
}

void
cmd_rooms(struct run *run)
{
	struct hub *hub = run->caller->hub;
	const struct sideroom *x;
	struct doc d;
	struct wbuf w;
	size_t list;

	doc_init(&d);
	list = doc_list(&d, "rooms");
	wbuf_init(&w, 4096);
	TAILQ_FOREACH(x, &hub->siderooms, entry) {
		wbuf_reset(&w);
		row_str(&w, "room", x->name);
		row_num(&w, "here", ROW_U64, rooms_here(hub, x->name));
		row_num(&w, "heard", ROW_TIME, x->heard_ms);
		row_str(&w, "topic", x->topic);
		(void)doc_row(&d, list, w.p, w.len);
	}
	wbuf_free(&w);
	run_doc(run, &d, rooms_text);
	doc_free(&d);
	run_done(run, EX_OK);
}

void
cmd_topic(struct run *run)
{
	struct caller *caller = run->caller;
	const struct sideroom *x;

	if (caller->room[0] == '\0') {
		run_fail(run, 1, "topic: only rooms have one; join #ROOM");
		return;
	}
	if (run->line.text_len > TOPIC_MAX ||
	    !utf8_valid(run->line.text, run->line.text_len)) {
		run_fail(run, EX_DATAERR, "topic: want at most %u bytes of "
		    "UTF-8", TOPIC_MAX);
		return;
	}
	if (run->line.text_len > 0)
		rooms_topic(caller, run->line.text, run->line.text_len);
	else if ((x = rooms_find(caller->hub, caller->room)) != NULL)
		caller_text(caller, OUT_STDOUT, "-- %s: %s\n", x->name,
		    x->topic[0] == '\0' ? "no topic" : x->topic);
	run_done(run, EX_OK);
}

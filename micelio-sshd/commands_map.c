/* SPDX-License-Identifier: MIT */
/*
 * put, get, del, ls, versions, watch, state, export, backup, verify: what
 * people do with the replicated map.  stated knows the rules; here are the
 * words (map_answer.c: how what it answers is shown).
 */
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
#include "imsg.h"
#include "log.h"
#include "proc.h"
#include "run.h"
#include "sshd.h"

#define MAP_MS		20000	/* a disk may be slow */
#define COPY_MS		600000

static void	map_timeout(struct run *);

static void
request_send(struct hub *hub, uint32_t req, enum map_ask what,
    const char *key, const char *after, size_t after_len, const void *value,
    size_t n)
{
	struct wbuf w;

	wbuf_init(&w, 24576);
	wbuf_u8(&w, (uint8_t)what);
	wbuf_str(&w, key);
	wbuf_strn(&w, after, after_len);
	wbuf_blob(&w, value, n);
	imsg_send_wbuf(hub->proc->link[PROC_STATED], IMSG_MAP_ASK, req, 0,
	    &w);
	wbuf_free(&w);
}

static void
map_send(struct run *run, enum map_ask what, const char *key,
    const char *after, size_t after_len, const void *value, size_t n)
{
	request_send(run->caller->hub, run->request, what, key, after,
	    after_len, value, n);
}

void
map_put(struct hub *hub, uint32_t req, const char *key, const void *value,
    size_t n)
{
	request_send(hub, req, MAP_ASK_PUT, key, "", 0, value, n);
}

/* False: the run has ended. */
static bool
map_begin(struct run *run, enum map_ask what)
{
	const char *key = run->line.argc > 0 ? run->line.argv[0] : "";

	if (strlen(key) > 1024) {
		run_fail(run, EX_DATAERR, "%s: a key has at most 256 bytes",
		    run->line.cmd->name);
		return false;
	}
	run->map = xcalloc(1, sizeof(*run->map));
	run->map->what = what;
	doc_init(&run->map->doc);
	wbuf_init(&run->map->value, MAP_VALUE_MAX);
	run->request = ++run->caller->hub->next_request;
	if (what != MAP_ASK_WATCH)
		run_deadline(run, what == MAP_ASK_BACKUP ||
		    what == MAP_ASK_VERIFY || what == MAP_ASK_STREAM ?
		    COPY_MS : MAP_MS, map_timeout);
	return true;
}

void
map_run_free(struct run *run)
{
	if (run->map == NULL)
		return;
	if (run->map->what == MAP_ASK_WATCH)
		map_send(run, MAP_ASK_UNWATCH, "", "", 0, NULL, 0);
	else if (run->map->what == MAP_ASK_STREAM)
		map_send(run, MAP_ASK_STREAM_END, "", "", 0, NULL, 0);
	doc_free(&run->map->doc);
	wbuf_free(&run->map->value);
	free(run->map);
	run->map = NULL;
}

static void
map_timeout(struct run *run)
{
	bool writes = run->map->what == MAP_ASK_PUT ||
	    run->map->what == MAP_ASK_DEL;

	if (run->quiet) {
		run_done(run, EX_TEMPFAIL);
		return;
	}
	run_fail(run, EX_TEMPFAIL, "%s: no answer in time%s",
	    run->line.cmd->name, writes ? "; it may still be written" : "");
}

static void
ask(struct run *run, enum map_ask what)
{
	const char *key = run->line.argc > 0 ? run->line.argv[0] : "";

	if (map_begin(run, what))
		map_send(run, what, key, "", 0, NULL, 0);
}

void
map_ask_page(struct run *run, const char *after, size_t n)
{
	run_deadline(run, MAP_MS, map_timeout);
	map_send(run, run->map->what, run->line.argc > 0 ?
	    run->line.argv[0] : "", after, n, NULL, 0);
}

static void
put_value(struct run *run, const void *value, size_t n)
{
	if (n > MAP_VALUE_MAX) {
		run_fail(run, EX_DATAERR, "put: the value is longer than %u "
		    "bytes", MAP_VALUE_MAX);
		return;
	}
	if (map_begin(run, MAP_ASK_PUT))
		map_send(run, MAP_ASK_PUT, run->line.argv[0], "", 0, value,
		    n);
}

bool
put_reads(const char *const *words, size_t n)
{
	const char *last = "";
	size_t plain = 0;

	for (size_t i = 0; i < n; i++)
		if (strncmp(words[i], "--", 2) != 0) {
			last = words[i];
			plain++;
		}
	return plain == 1 || (plain == 2 && strcmp(last, "-") == 0);
}

void
cmd_put(struct run *run)
{
	struct wbuf w;

	if (run->line.argc == 1 && run->caller->door == DOOR_SHELL) {
		run_fail(run, EX_USAGE, "put: what? usage: put KEY VALUE");
		return;
	}
	if (run->caller->door != DOOR_SHELL &&
	    put_reads(run->line.argv, run->line.argc)) {
		run->wants_input = true;
		return;
	}
	wbuf_init(&w, CMD_LINE_MAX + CMD_ARGS_MAX);
	for (size_t i = 1; i < run->line.argc; i++) {
		if (i > 1)
			wbuf_u8(&w, ' ');
		wbuf_bytes(&w, run->line.argv[i], strlen(run->line.argv[i]));
	}
	put_value(run, w.p, w.len);
	wbuf_free(&w);
}

void
cmd_put_input(struct run *run)
{
	put_value(run, run->in.p, run->in_over ? MAP_VALUE_MAX + 1 :
	    run->in.len);
}

void
map_get(struct run *run, const char *key)
{
	if (map_begin(run, MAP_ASK_GET))
		map_send(run, MAP_ASK_GET, key, "", 0, NULL, 0);
}

void
cmd_get(struct run *run)
{
	ask(run, MAP_ASK_GET);
}

void
cmd_del(struct run *run)
{
	ask(run, MAP_ASK_DEL);
}

void
cmd_ls(struct run *run)
{
	ask(run, MAP_ASK_LIST);
}

void
cmd_export(struct run *run)
{
	ask(run, MAP_ASK_EXPORT);
}

void
cmd_versions(struct run *run)
{
	ask(run, MAP_ASK_VERSIONS);
}

void
cmd_watch(struct run *run)
{
	ask(run, MAP_ASK_WATCH);
}

/* Of this person's watches those of that prefix, or all. */
void
cmd_unwatch(struct run *run)
{
	struct caller *caller = run->caller;
	const char *prefix = run->line.argc > 0 ? run->line.argv[0] : NULL;
	struct run *r, *next;
	unsigned int n = 0;

	TAILQ_FOREACH_SAFE(r, &caller->runs, entry, next) {
		if (r->map == NULL || r->map->what != MAP_ASK_WATCH ||
		    (prefix != NULL && strcmp(prefix, r->line.argc > 0 ?
		    r->line.argv[0] : "") != 0))
			continue;
		run_free(r);
		n++;
	}
	if (n == 0) {
		run_fail(run, 1, "unwatch: nothing is watched%s%s",
		    prefix != NULL ? " as " : "", prefix != NULL ? prefix :
		    "");
		return;
	}
	run_done(run, EX_OK);
}

void
cmd_state(struct run *run)
{
	ask(run, MAP_ASK_STATE);
}

void
cmd_backup(struct run *run)
{
	if (run->line.argc == 0)
		ask(run, MAP_ASK_BACKUP);
	else if (strcmp(run->line.argv[0], "-") != 0)
		run_fail(run, EX_USAGE, "backup: want nothing behind it, or "
		    "- for a tar archive on standard output");
	else if (run->caller->door == DOOR_SHELL)
		run_fail(run, EX_USAGE, "backup: a partyline takes no "
		    "archive; try: ssh HOST backup - >FILE.tar");
	else
		ask(run, MAP_ASK_STREAM);
}

void
cmd_verify(struct run *run)
{
	ask(run, MAP_ASK_VERIFY);
}

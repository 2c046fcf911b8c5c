/* SPDX-License-Identifier: MIT */
/* What stated answers about the map, and how it is shown. */
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
#include "import.h"
#include "imsg.h"
#include "log.h"
#include "nodeid.h"
#include "pages.h"
#include "proc.h"
#include "row.h"
#include "run.h"
#include "sshd.h"
#include "text.h"

#define SHOWN_MAX	(4 * MAP_VALUE_MAX + 16)
#define LINE_OUT_MAX	(8 * MAP_VALUE_MAX + 4096)
#define MAP_COLUMNS	"key size author written"
#define VERSION_COLUMNS	"author written expires size deleted shown value"

/* Text that a terminal shows as it is, lines and tabs included. */
static bool
value_plain(const char *p, size_t n)
{
	uint32_t cp;
	size_t len;

	for (size_t i = 0; i < n; i += len) {
		len = utf8_decode(p + i, n - i, &cp);
		if (len == 0 || (cp != '\n' && cp != '\t' &&
		    text_unsafe_cp(cp)))
			return false;
	}
	return true;
}

/* A value as a field: text, or the bytes in hexadecimal digits. */
static void
value_field(struct wbuf *row, const char *p, size_t n)
{
	char *hex;

	if (utf8_valid(p, n)) {
		row_strn(row, "value", p, n);
		return;
	}
	hex = xcalloc(1, 2 * n + 1);
	hex_encode(p, n, hex);
	row_str(row, "value_hex", hex);
	free(hex);
}

/* What export writes and watch --json shows. */
size_t
map_json_line(struct run *run, int stream, const void *row, size_t len,
    const char *value, size_t n)
{
	struct doc d;
	struct wbuf w;

	doc_init(&d);
	wbuf_bytes(&d.head, row, len);
	value_field(&d.head, value, n);
	wbuf_init(&w, LINE_OUT_MAX);
	doc_json(&d, &w);
	n = w.len;
	run_out(run, stream, (const char *)w.p, n);
	wbuf_free(&w);
	doc_free(&d);
	return n;
}

static void
watch_line(struct run *run, const void *row, size_t len, const char *value,
    size_t n)
{
	char *safe = xcalloc(1, SHOWN_MAX), key[1100];
	struct row_field k, shown;
	struct wbuf w;

	if (row_find(row, len, "key", &k) &&
	    row_find(row, len, "shown", &shown)) {
		text_safe(k.str, k.str_len, key, sizeof(key), true);
		text_safe(value, n, safe, SHOWN_MAX, true);
		wbuf_init(&w, SHOWN_MAX + sizeof(key) + 16);
		if (shown.num != 0)
			wbuf_printf(&w, "%s = %s\n", key, safe);
		else
			wbuf_printf(&w, "%s deleted\n", key);
		run_out(run, run->caller->door == DOOR_SHELL ? OUT_ROOM :
		    OUT_STDOUT, (const char *)w.p, w.len);
		wbuf_free(&w);
	}
	free(safe);
}

static const char *
list_name(enum map_ask what)
{
	return what == MAP_ASK_STATE ? "authors" :
	    what == MAP_ASK_VERSIONS ? "versions" : "keys";
}

static void
row_keep(struct maprun *m, const void *row, size_t len, const char *value,
    size_t n)
{
	struct wbuf w;

	if (m->what == MAP_ASK_GET ||
	    (m->what == MAP_ASK_STATE && !m->has_head)) {
		wbuf_bytes(&m->doc.head, row, len);
		wbuf_bytes(&m->value, value, n);
		m->has_head = true;
		return;
	}
	if (m->rows++ == 0)
		m->list = doc_list(&m->doc, list_name(m->what));
	wbuf_init(&w, LINE_OUT_MAX);
	wbuf_bytes(&w, row, len);
	if (m->what == MAP_ASK_VERSIONS)
		value_field(&w, value, n);
	(void)doc_row(&m->doc, m->list, w.p, w.len);
	wbuf_free(&w);
}

void
map_row(struct hub *hub, struct imsg *msg)
{
	struct run *run = run_by_request(hub, msg->id);
	const uint8_t *row, *value;
	size_t len, n;
	struct rcur c;

	rcur_init(&c, msg->data, msg->len);
	row = rcur_blob(&c, 4096, &len);
	value = rcur_blob(&c, MAP_VALUE_MAX, &n);
	if (!rcur_done(&c)) {
		imsgchan_violation(hub->proc->link[PROC_STATED], msg,
		    "malformed row");
		return;
	}
	if (run == NULL || run->map == NULL)
		return;		/* its asker is gone */
	if (run->map->what == MAP_ASK_EXPORT ||
	    run->map->what == MAP_ASK_STREAM)
		pages_row(run, row, len, (const char *)value, n);
	else if (run->map->what == MAP_ASK_WATCH &&
	    run->line.form == DOC_JSON)
		(void)map_json_line(run, OUT_STDOUT, row, len,
		    (const char *)value, n);
	else if (run->map->what == MAP_ASK_WATCH)
		watch_line(run, row, len, (const char *)value, n);
	else
		row_keep(run->map, row, len, (const char *)value, n);
}

static void
list_text(const struct doc *d, struct wbuf *w)
{
	if (d->nlists == 0 || d->list[0].n == 0)
		wbuf_printf(w, "no keys; put KEY VALUE writes one\n");
	else
		doc_table(&d->list[0], strcmp(d->list[0].name, "versions") ==
		    0 ? VERSION_COLUMNS : MAP_COLUMNS, w);
	if (d->cut)
		wbuf_printf(w, "there are more: give a longer prefix, or use "
		    "export\n");
}

static void
get_done(struct run *run)
{
	struct maprun *m = run->map;
	const char *value = (const char *)m->value.p;
	size_t n = m->value.len;
	char *safe;

	if (run->line.form != DOC_TEXT) {
		value_field(&m->doc.head, value, n);
		run_doc(run, &m->doc, doc_text);
	} else if (run->line.cmd->start == cmd_motd) {
		motd_show(run, value, n);
	} else if (run->caller->door == DOOR_SHELL) {
		safe = xcalloc(1, SHOWN_MAX);
		n = text_safe(value, n, safe, SHOWN_MAX - 1, false);
		safe[n++] = '\n';
		run_out(run, OUT_STDOUT, safe, n);
		free(safe);
	} else if (run->line.raw || value_plain(value, n)) {
		run_out(run, OUT_STDOUT, value, n);
	} else {
		run_fail(run, EX_DATAERR, "get: the value holds bytes that a "
		    "terminal might obey; --raw gives them as they are, "
		    "--json safely");
		return;
	}
	run_done(run, EX_OK);
}

static void
good_done(struct run *run, const char *text)
{
	struct maprun *m = run->map;

	switch (m->what) {
	case MAP_ASK_GET:
		get_done(run);
		return;
	case MAP_ASK_EXPORT:
	case MAP_ASK_STREAM:
		pages_done(run, text);
		return;
	case MAP_ASK_WATCH:
		break;
	case MAP_ASK_STATE:
		run_doc(run, &m->doc, doc_text);
		break;
	case MAP_ASK_LIST:
	case MAP_ASK_VERSIONS:
		if (m->rows == 0)
			(void)doc_list(&m->doc, list_name(m->what));
		run_doc(run, &m->doc, list_text);
		break;
	default:
		if (run->line.form != DOC_TEXT) {
			row_bool(&m->doc.head, "ok", true);
			row_str(&m->doc.head, "text", text);
			run_doc(run, &m->doc, doc_text);
		} else if (*text != '\0')
			caller_text(run->caller,
			    run->caller->door == DOOR_SHELL ? OUT_STDOUT :
			    OUT_STDERR, "-- %s\n", text);
	}
	run_done(run, EX_OK);
}

void
map_done(struct hub *hub, struct imsg *msg)
{
	static const int exits[] = { [MAP_DONE_OK] = EX_OK,
	    [MAP_DONE_NONE] = 1, [MAP_DONE_BAD] = EX_DATAERR,
	    [MAP_DONE_REFUSED] = EX_NOPERM,
	    [MAP_DONE_FAILED] = EX_TEMPFAIL };
	struct run *run = run_by_request(hub, msg->id);
	const char *text, *after;
	char why[1024];
	size_t n, after_len;
	struct rcur c;
	uint8_t st;

	rcur_init(&c, msg->data, msg->len);
	st = rcur_u8(&c);
	text = rcur_str(&c, 1024, &n);
	after = rcur_str(&c, 256, &after_len);
	if (!rcur_done(&c) || st > MAP_DONE_FAILED) {
		imsgchan_violation(hub->proc->link[PROC_STATED], msg,
		    "malformed end");
		return;
	}
	if (run == NULL || (run->map == NULL && run->import == NULL))
		return;
	text_safe(text, n, why, sizeof(why), true);
	if (run->import != NULL) {
		import_answer(run, msg->id, exits[st], why);
		return;
	}
	if (st != MAP_DONE_OK && run->quiet)
		run_done(run, exits[st]);
	else if (st == MAP_DONE_NONE && run->line.cmd->start == cmd_motd)
		run_fail(run, 1, "motd: there is none; an op says put o/motd "
		    "TEXT");
	else if (st != MAP_DONE_OK)
		run_fail(run, exits[st], "%s: %s", run->line.cmd->name, why);
	else if (after_len > 0 && (run->map->what == MAP_ASK_EXPORT ||
	    run->map->what == MAP_ASK_STREAM))
		pages_next(run, after, after_len);
	else if (after_len > 0 && !run->map->doc.cut)
		map_ask_page(run, after, after_len);
	else
		good_done(run, why);
}

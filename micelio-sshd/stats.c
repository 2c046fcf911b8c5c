/* SPDX-License-Identifier: MIT */
/* The counters of all daemons, and what was refused or lost and why. */
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "cursor.h"
#include "doc.h"
#include "imsg.h"
#include "log.h"
#include "logring.h"
#include "row.h"
#include "stats.h"

static const struct {
	enum proc_role	 role;
	const char	*name;
} sources[] = {
	{ PROC_PARENT, "micelio" }, { PROC_TRANSPORTD, "transportd" },
	{ PROC_GOSSIPD, "gossipd" }, { PROC_STATED, "stated" },
};
#define NSOURCES	(sizeof(sources) / sizeof(sources[0]))

/* Texts are for status. */
static bool
is_counter(const struct row_field *f)
{
	static const char pid[] = "pid";

	return f->of != ROW_STR && f->of != ROW_BOOL && f->of != ROW_TIME &&
	    (f->name_len != sizeof(pid) - 1 ||
	    memcmp(f->name, pid, f->name_len) != 0);
}

static bool
is_any(const struct row_field *f)
{
	(void)f;
	return true;
}

/*
 * The fields wanted of each row, behind the name of the daemon if given; a
 * daemon that did not answer gives no row.
 */
static void
rows_add(const struct answer *a, const char *daemon,
    bool (*wanted)(const struct row_field *), struct doc *d, size_t list)
{
	const void *row = NULL;
	struct row_field f;
	struct wbuf w;
	struct rcur c, rc;
	size_t len;

	wbuf_init(&w, 8192);
	while (a != NULL && answer_next(&c, a, &row, &len)) {
		wbuf_reset(&w);
		if (daemon != NULL)
			row_str(&w, "daemon", daemon);
		rcur_init(&rc, row, len);
		while (row_next(&rc, &f))
			if (wanted(&f))
				row_field_copy(&w, &f);
		(void)doc_row(d, list, w.p, w.len);
	}
	wbuf_free(&w);
}

void
stats_build(const struct answer *a, size_t n, const struct wbuf *hub,
    const struct wbuf *hub_drops, size_t nhub_drops, struct doc *d)
{
	const struct answer *keys = answer_of(a, n, PROC_PARENT,
	    TABLE_KEYSERV);
	const void *row = NULL;
	struct rcur c;
	size_t list, len;
	bool complete = true;

	for (size_t i = 0; i < n; i++)
		complete = complete && a[i].state == ANSWER_COMPLETE;
	row_bool(&d->head, "complete", complete);
	for (size_t i = 0; i < NSOURCES; i++)
		rows_add(answer_of(a, n, sources[i].role, TABLE_STATUS), NULL,
		    is_counter, d, doc_list(d, sources[i].name));
	list = doc_list(d, "sshd");
	(void)doc_row(d, list, hub->p, hub->len);
	list = doc_list(d, "drops");
	for (size_t i = 0; i < NSOURCES; i++)
		rows_add(answer_of(a, n, sources[i].role, TABLE_DROPS),
		    sources[i].name, is_any, d, list);
	for (size_t i = 0; i < nhub_drops; i++)
		(void)doc_row(d, list, hub_drops[i].p, hub_drops[i].len);
	list = doc_list(d, "key_service");
	while (keys != NULL && answer_next(&c, keys, &row, &len))
		(void)doc_row(d, list, row, len);
}

void
stats_events(const uint64_t *count, struct doc *d)
{
	size_t list = doc_list(d, "events");
	char name[64];
	struct wbuf w;

	wbuf_init(&w, 256);
	for (int ev = EV_NONE + 1; ev < EV_MAX; ev++) {
		if (event_infos[ev].level < LOG_LVL_WARN)
			continue;
		wbuf_reset(&w);
		row_str(&w, "event", event_name((enum log_ev)ev, name));
		row_str(&w, "level", log_level_name(event_infos[ev].level));
		row_num(&w, "count", ROW_U64, count[ev]);
		(void)doc_row(d, list, w.p, w.len);
	}
	wbuf_free(&w);
}

/* Only what happened; false: nothing did. */
static bool
counts_text(const struct doc_list *l, const char *title, const char *columns,
    struct wbuf *w)
{
	struct doc_list some = { .name = l->name };
	struct row_field f;

	some.rows = xcalloc(l->n + 1, sizeof(*some.rows));
	for (size_t i = 0; i < l->n; i++)
		if (row_find(l->rows[i].p, l->rows[i].len, "count", &f) &&
		    f.num > 0)
			some.rows[some.n++] = l->rows[i];
	if (some.n > 0) {
		wbuf_printf(w, "\n%s:\n", title);
		doc_table(&some, columns, w);
	}
	free(some.rows);
	return some.n > 0;
}

void
stats_text(const struct doc *d, struct wbuf *w)
{
	for (size_t i = 0; i < NSOURCES + 1; i++) {
		if (d->list[i].n == 0)
			wbuf_printf(w, "%-11sno answer\n", d->list[i].name);
		else
			doc_facts_text(&d->list[i], w);
	}
	if (!counts_text(&d->list[NSOURCES + 1], "refused or lost",
	    "daemon what count why", w))
		wbuf_printf(w, "\nnothing was refused or lost\n");
	if (d->nlists > NSOURCES + 3)
		(void)counts_text(&d->list[NSOURCES + 3],
		    "warnings and errors logged", "event level count", w);
	if (d->list[NSOURCES + 2].n > 0) {
		wbuf_printf(w, "\nkey service:\n");
		doc_table(&d->list[NSOURCES + 2],
		    "use from ok refused slowed", w);
	}
}

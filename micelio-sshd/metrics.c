/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "cursor.h"
#include "doc.h"
#include "metrics.h"
#include "row.h"

/* Ends promtool(1) keeps for other types of metric. */
static bool
ends(const char *s, const char *end)
{
	size_t n = strlen(s), k = strlen(end);

	return n > k && strcmp(s + n - k, end) == 0;
}

/* "ms up" of gossipd: micelio_gossipd_up_seconds. */
static void
name_make(const char *daemon, const struct row_field *f, char *out,
    size_t size)
{
	const char *unit = f->of == ROW_MS || f->of == ROW_US ? "_seconds" :
	    f->of == ROW_BYTES ? "_bytes" : "";
	char name[96];

	(void)snprintf(name, sizeof(name), "%.*s", (int)f->name_len, f->name);
	for (char *p = name; *p != '\0'; p++)
		if ((*p < 'a' || *p > 'z') && (*p < '0' || *p > '9'))
			*p = '_';
	if (ends(name, "_ms") || ends(name, "_us"))
		name[strlen(name) - 3] = '\0';
	if (unit[0] != '\0' && ends(name, unit))
		unit = "";
	(void)snprintf(out, size, "micelio_%s_%s%s%s", daemon, name, unit,
	    unit[0] == '\0' && (ends(name, "_count") || ends(name, "_sum") ||
	    ends(name, "_total") || ends(name, "_bucket")) ? "_now" : "");
}

static void
value_put(const struct row_field *f, struct wbuf *w)
{
	const unsigned long long v = f->num;

	if (f->type == ROW_MS)
		wbuf_printf(w, "%llu.%03llu\n", v / 1000, v % 1000);
	else if (f->type == ROW_US)
		wbuf_printf(w, "%llu.%06llu\n", v / 1000000, v % 1000000);
	else if (f->type == ROW_I64)
		wbuf_printf(w, "%lld\n", (long long)f->num);
	else
		wbuf_printf(w, "%llu\n", v);
}

static void
daemon_put(const struct doc_list *l, struct wbuf *w)
{
	const char *daemon = strcmp(l->name, "micelio") == 0 ? "parent" :
	    l->name;
	struct row_field f;
	char name[160];
	struct rcur c;

	if (l->n == 0)
		return;
	rcur_init(&c, l->rows[0].p, l->rows[0].len);
	while (row_next(&c, &f)) {
		if (f.type == ROW_NULL || f.type == ROW_STR ||
		    f.type == ROW_BOOL || f.type == ROW_TIME)
			continue;
		name_make(daemon, &f, name, sizeof(name));
		wbuf_printf(w, "# HELP %s %.*s of %s, as stats shows it.\n"
		    "# TYPE %s untyped\n%s ", name, (int)f.name_len, f.name,
		    daemon, name, name);
		value_put(&f, w);
	}
}

static void
head_put(struct wbuf *w, const char *name, const char *type,
    const char *help)
{
	wbuf_printf(w, "# HELP %s %s\n# TYPE %s %s\n", name, help, name,
	    type);
}

/* A label value; ours are plain words, but the format has its rules. */
static void
label_put(struct wbuf *w, const struct wbuf *row, const char *field)
{
	struct row_field f;

	wbuf_printf(w, "%s=\"", field);
	if (row_find(row->p, row->len, field, &f) && f.type == ROW_STR)
		for (size_t i = 0; i < f.str_len; i++) {
			if (f.str[i] == '"' || f.str[i] == '\\')
				wbuf_u8(w, '\\');
			wbuf_u8(w, f.str[i] == '\n' ? ' ' :
			    (uint8_t)f.str[i]);
		}
	wbuf_u8(w, '"');
}

static void
drops_put(const struct doc_list *l, struct wbuf *w)
{
	static const char name[] = "micelio_dropped_total";
	struct row_field f;

	if (l->n == 0)
		return;
	head_put(w, name, "counter", "What was refused or lost since the "
	    "start.");
	for (size_t i = 0; i < l->n; i++) {
		if (!row_find(l->rows[i].p, l->rows[i].len, "count", &f))
			continue;
		wbuf_printf(w, "%s{", name);
		label_put(w, &l->rows[i], "daemon");
		wbuf_u8(w, ',');
		label_put(w, &l->rows[i], "what");
		wbuf_printf(w, "} ");
		value_put(&f, w);
	}
}

static void
events_put(const struct doc_list *l, struct wbuf *w)
{
	static const char name[] = "micelio_events_total";
	struct row_field f;

	if (l->n == 0)
		return;
	head_put(w, name, "counter", "Warnings and errors that were logged "
	    "since the start.");
	for (size_t i = 0; i < l->n; i++) {
		if (!row_find(l->rows[i].p, l->rows[i].len, "count", &f))
			continue;
		wbuf_printf(w, "%s{", name);
		label_put(w, &l->rows[i], "event");
		wbuf_u8(w, ',');
		label_put(w, &l->rows[i], "level");
		wbuf_printf(w, "} ");
		value_put(&f, w);
	}
}

static void
keyserv_put(const struct doc_list *l, struct wbuf *w)
{
	static const char *const results[] = { "ok", "refused", "slowed" };
	static const char name[] = "micelio_key_service_requests_total";
	struct row_field f;

	if (l->n == 0)
		return;
	head_put(w, name, "counter", "What the key service was asked since "
	    "the start.");
	for (size_t i = 0; i < l->n; i++)
		for (size_t k = 0; k < 3; k++) {
			if (!row_find(l->rows[i].p, l->rows[i].len,
			    results[k], &f))
				continue;
			wbuf_printf(w, "%s{", name);
			label_put(w, &l->rows[i], "use");
			wbuf_u8(w, ',');
			label_put(w, &l->rows[i], "from");
			wbuf_printf(w, ",result=\"%s\"} ", results[k]);
			value_put(&f, w);
		}
}

void
metrics_text(const struct doc *d, struct wbuf *w)
{
	struct row_field f;

	head_put(w, "micelio_complete", "gauge", "1: every program of the "
	    "node has answered.");
	(void)row_find(d->head.p, d->head.len, "complete", &f);
	wbuf_printf(w, "micelio_complete %d\n", f.num != 0);
	for (size_t i = 0; i < d->nlists; i++)
		if (strcmp(d->list[i].name, "drops") == 0)
			drops_put(&d->list[i], w);
		else if (strcmp(d->list[i].name, "events") == 0)
			events_put(&d->list[i], w);
		else if (strcmp(d->list[i].name, "key_service") == 0)
			keyserv_put(&d->list[i], w);
		else
			daemon_put(&d->list[i], w);
}

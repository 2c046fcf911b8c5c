/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "addr.h"
#include "cursor.h"
#include "doc.h"
#include "logring.h"
#include "nodeid.h"
#include "row.h"
#include "why.h"

static const struct logline *
line_of(const struct logring *r, uint64_t id)
{
	const struct logline *l;

	TAILQ_FOREACH(l, &r->list, entry)
		if (l->id == id)
			return l;
	return NULL;
}

/* In the log there are the first digits of an id. */
static bool
same_node(const struct logline *l, const char *word)
{
	char id[NODEID_HEX + 1];
	size_t n = strlen(word);

	if (n == 0 || !logline_field(l->fields, "id", id, sizeof(id)))
		return false;
	return strncasecmp(id, word, n < strlen(id) ? n : strlen(id)) == 0;
}

static bool
same_addr(const struct logline *l, const char *addr)
{
	char value[HOSTPORT_MAX + 1];

	return addr[0] != '\0' &&
	    logline_field(l->fields, "addr", value, sizeof(value)) &&
	    strcmp(value, addr) == 0;
}

/*
 * The last event about that node; those about a dial know its address alone,
 * so an address that it was connected by stands for it, too.
 */
static const struct logline *
line_about(const struct logring *r, const char *word)
{
	const struct logline *l, *found = NULL;
	char addr[HOSTPORT_MAX + 1] = "";

	TAILQ_FOREACH(l, &r->list, entry) {
		if (l->id == 0)
			continue;
		if (same_node(l, word)) {
			(void)logline_field(l->fields, "addr", addr,
			    sizeof(addr));
			found = l;
		} else if (same_addr(l, word) || same_addr(l, addr))
			found = l;
	}
	return found;
}

static void
row_add(struct doc *d, size_t list, const struct logline *l,
    const struct logline *before)
{
	struct wbuf w;

	wbuf_init(&w, 8192);
	if (before != NULL)
		row_num(&w, "after", ROW_MS, l->ms > before->ms ?
		    l->ms - before->ms : 0);
	else
		row_none(&w, "after", ROW_MS);
	logline_row(l, &w);
	(void)doc_row(d, list, w.p, w.len);
	wbuf_free(&w);
}

bool
why_build(const struct logring *r, const char *word, struct doc *d)
{
	const uint64_t id = log_event_id_parse(word);
	const struct logline *l = id != 0 ? line_of(r, id) :
	    line_about(r, word), *chain[WHY_MAX];
	size_t n = 0, list;

	if (l == NULL)
		return false;
	/* A cause is older than its effect, so this ends. */
	for (; l != NULL && n < WHY_MAX; l = l->cause != 0 ?
	    line_of(r, l->cause) : NULL)
		chain[n++] = l;
	row_num(&d->head, "count", ROW_U64, n);
	row_bool(&d->head, "more", chain[n - 1]->cause != 0);
	list = doc_list(d, "chain");
	for (size_t i = n; i-- > 0;)
		row_add(d, list, chain[i], i + 1 < n ? chain[i + 1] : NULL);
	return true;
}

static void
field_put(const struct wbuf *row, const char *name, struct wbuf *w)
{
	struct row_field f;

	if (row_find(row->p, row->len, name, &f))
		field_text(&f, w);
}

void
why_text(const struct doc *d, struct wbuf *w)
{
	const struct doc_list *l = &d->list[0];
	struct row_field f;

	if (row_find(d->head.p, d->head.len, "more", &f) && f.num != 0)
		wbuf_printf(w, "(what led to the first of these is not kept "
		    "any more)\n");
	for (size_t i = 0; i < l->n; i++) {
		const struct wbuf *row = &l->rows[i];

		field_put(row, "time", w);
		if (row_find(row->p, row->len, "after", &f) &&
		    f.type == ROW_MS)
			wbuf_printf(w, " +%8llu ms ",
			    (unsigned long long)f.num);
		else
			wbuf_printf(w, " %13s", "");
		field_put(row, "daemon", w);
		wbuf_u8(w, ' ');
		field_put(row, "event", w);
		/* Made safe where it was logged, and again by the hub. */
		if (row_find(row->p, row->len, "fields", &f)) {
			wbuf_u8(w, ' ');
			wbuf_bytes(w, f.str, f.str_len);
		}
		wbuf_u8(w, '\n');
	}
}

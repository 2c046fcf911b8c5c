/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "cursor.h"
#include "doc.h"
#include "health.h"
#include "row.h"

static void
reason_add(struct doc *d, size_t list, const char *what,
    const struct row_field *name, const struct row_field *why,
    const char *hint, size_t hint_len)
{
	struct wbuf w;

	wbuf_init(&w, 4096);
	row_str(&w, "what", what);
	if (name != NULL)
		row_strn(&w, "name", name->str, name->str_len);
	else
		row_null(&w, "name");
	if (why != NULL && why->type == ROW_STR)
		row_strn(&w, "why", why->str, why->str_len);
	else
		row_null(&w, "why");
	if (hint_len > 0)
		row_strn(&w, "hint", hint, hint_len);
	else
		row_null(&w, "hint");
	(void)doc_row(d, list, w.p, w.len);
	wbuf_free(&w);
}

static const struct doc_list *
list_of(const struct doc *d, const char *name)
{
	for (size_t i = 0; i < d->nlists; i++)
		if (strcmp(d->list[i].name, name) == 0)
			return &d->list[i];
	return NULL;
}

/* Configured, and not connected. */
static void
peers_down(const struct doc *status, struct doc *d, size_t list)
{
	const struct doc_list *l = list_of(status, "peers");
	struct row_field state, addr, cause;
	char hint[320];

	for (size_t i = 0; l != NULL && i < l->n; i++) {
		const struct wbuf *row = &l->rows[i];

		if (!row_find(row->p, row->len, "state", &state) ||
		    !field_is(&state, "down") ||
		    !row_find(row->p, row->len, "addr", &addr) ||
		    addr.type != ROW_STR ||
		    !row_find(row->p, row->len, "cause", &cause))
			continue;
		(void)snprintf(hint, sizeof(hint), "retry %.*s dials it now",
		    (int)addr.str_len, addr.str);
		reason_add(d, list, "peer", &addr, &cause, hint,
		    strlen(hint));
	}
}

void
health_build(const struct doc *status, struct doc *d)
{
	const struct wbuf *head = &status->head;
	struct row_field healthy, summary, hint;
	bool well, has_hint;
	size_t list;

	well = row_find(head->p, head->len, "healthy", &healthy) &&
	    healthy.num != 0;
	(void)row_find(head->p, head->len, "summary", &summary);
	has_hint = row_find(head->p, head->len, "hint", &hint) &&
	    hint.type == ROW_STR;
	list = doc_list(d, "reasons");
	if (!well)
		reason_add(d, list, "node", NULL, &summary, hint.str,
		    has_hint ? hint.str_len : 0);
	else if (has_hint)
		reason_add(d, list, "node", NULL, &hint, NULL, 0);
	peers_down(status, d, list);
	row_str(&d->head, "health", !well ? "unhealthy" :
	    d->list[list].n > 0 ? "degraded" : "healthy");
	row_field_copy(&d->head, &summary);
}

void
health_text(const struct doc *d, struct wbuf *w)
{
	const struct doc_list *l = &d->list[0];
	struct row_field f;

	(void)row_find(d->head.p, d->head.len, "health", &f);
	field_text(&f, w);
	wbuf_u8(w, '\n');
	for (size_t i = 0; i < l->n; i++) {
		const struct wbuf *row = &l->rows[i];

		wbuf_printf(w, "  ");
		if (row_find(row->p, row->len, "name", &f) &&
		    f.type == ROW_STR) {
			wbuf_printf(w, "peer ");
			field_text(&f, w);
			wbuf_printf(w, ": ");
		}
		if (row_find(row->p, row->len, "why", &f) &&
		    f.type == ROW_STR)
			field_text(&f, w);
		else
			wbuf_printf(w, "not reached yet");
		if (row_find(row->p, row->len, "hint", &f) &&
		    f.type == ROW_STR) {
			wbuf_printf(w, "; ");
			field_text(&f, w);
		}
		wbuf_u8(w, '\n');
	}
}

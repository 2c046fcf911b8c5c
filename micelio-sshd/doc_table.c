/* SPDX-License-Identifier: MIT */
/* Results of commands as tables, and in lines, for people. */
#include <stdio.h>
#include <string.h>

#include "cursor.h"
#include "doc.h"
#include "nodeid.h"
#include "row.h"

#define COLUMNS_MAX	16
#define WIDTH		78

struct column {
	char	name[64];
	size_t	width;
};

/* The columns named, in their order: "id addr state". */
static size_t
columns_cut(const char *names, struct column *col)
{
	size_t n = 0, k;

	for (; *names != '\0' && n < COLUMNS_MAX; names += k) {
		names += *names == ' ';
		k = strcspn(names, " ");
		(void)snprintf(col[n].name, sizeof(col[n].name), "%.*s",
		    (int)k, names);
		col[n++].width = k;
	}
	return n;
}

static size_t
columns_find(const struct doc_list *l, struct column *col)
{
	struct row_field f;
	struct rcur c;
	size_t n = 0, i;

	for (size_t k = 0; k < l->n; k++) {
		rcur_init(&c, l->rows[k].p, l->rows[k].len);
		while (row_next(&c, &f)) {
			for (i = 0; i < n; i++)
				if (strlen(col[i].name) == f.name_len &&
				    memcmp(col[i].name, f.name,
				    f.name_len) == 0)
					break;
			if (i < n || n == COLUMNS_MAX || f.name_len > 63)
				continue;
			memcpy(col[n].name, f.name, f.name_len);
			col[n].name[f.name_len] = '\0';
			col[n++].width = f.name_len;
		}
	}
	return n;
}

static void
cell(const struct wbuf *row, const char *name, struct wbuf *out)
{
	struct row_field f;

	wbuf_reset(out);
	if (!row_find(row->p, row->len, name, &f))
		f.type = ROW_NULL;
	if (strcmp(name, "id") == 0 && f.str_len == NODEID_HEX)
		f.str_len = NODEID_SHORT;
	field_text(&f, out);
}

static void
cell_put(const char *s, size_t n, size_t width, bool last, struct wbuf *w)
{
	wbuf_bytes(w, s, n);
	if (last) {
		wbuf_u8(w, '\n');
		return;
	}
	for (size_t k = text_width(s, n); k < width + 2; k++)
		wbuf_u8(w, ' ');
}

void
doc_table(const struct doc_list *l, const char *names, struct wbuf *w)
{
	struct column col[COLUMNS_MAX];
	size_t n = names == NULL ? columns_find(l, col) :
	    columns_cut(names, col), width;
	struct wbuf v;

	wbuf_init(&v, DOC_BYTES_MAX);
	for (size_t k = 0; k < l->n; k++)
		for (size_t i = 0; i < n; i++) {
			cell(&l->rows[k], col[i].name, &v);
			width = text_width((const char *)v.p, v.len);
			if (width > col[i].width)
				col[i].width = width;
		}
	for (size_t i = 0; i < n; i++)
		cell_put(col[i].name, strlen(col[i].name), col[i].width,
		    i + 1 == n, w);
	for (size_t k = 0; k < l->n; k++)
		for (size_t i = 0; i < n; i++) {
			cell(&l->rows[k], col[i].name, &v);
			cell_put((const char *)v.p, v.len, col[i].width,
			    i + 1 == n, w);
		}
	wbuf_free(&v);
}

static bool
column_used(const struct doc_list *l, const char *name)
{
	struct row_field f;

	for (size_t i = 0; i < l->n; i++)
		if (row_find(l->rows[i].p, l->rows[i].len, name, &f) &&
		    f.type != ROW_NULL)
			return true;
	return false;
}

void
doc_table_used(const struct doc_list *l, const char *names, struct wbuf *w)
{
	char used[256], name[32];
	size_t n = 0, k;

	for (used[0] = '\0'; *names != '\0'; names += k) {
		names += *names == ' ';
		k = strcspn(names, " ");
		(void)snprintf(name, sizeof(name), "%.*s", (int)k, names);
		if (n + k + 2 < sizeof(used) && column_used(l, name))
			n += (size_t)snprintf(used + n, sizeof(used) - n,
			    "%s%s", n > 0 ? " " : "", name);
	}
	doc_table(l, used, w);
}

void
doc_text(const struct doc *d, struct wbuf *w)
{
	struct row_field f;
	struct rcur c;
	size_t width = 0;

	rcur_init(&c, d->head.p, d->head.len);
	while (row_next(&c, &f))
		if (f.name_len > width)
			width = f.name_len;
	rcur_init(&c, d->head.p, d->head.len);
	while (row_next(&c, &f)) {
		wbuf_printf(w, "%-*.*s  ", (int)width, (int)f.name_len,
		    f.name);
		field_text(&f, w);
		wbuf_u8(w, '\n');
	}
	for (size_t i = 0; i < d->nlists; i++)
		doc_table(&d->list[i], NULL, w);
}

/* "gossipd   peers 2, seen 17": what is not zero, in lines of a screen. */
void
doc_facts_text(const struct doc_list *l, struct wbuf *w)
{
	struct row_field f;
	size_t column = 0, len;
	struct wbuf one;
	struct rcur c;

	wbuf_init(&one, DOC_BYTES_MAX);
	rcur_init(&c, l->n > 0 ? l->rows[0].p : NULL,
	    l->n > 0 ? l->rows[0].len : 0);
	while (row_next(&c, &f)) {
		if (f.type == ROW_NULL || (f.type != ROW_STR && f.num == 0) ||
		    (f.type == ROW_STR && f.str_len == 0))
			continue;
		wbuf_reset(&one);
		wbuf_printf(&one, "%.*s ", (int)f.name_len, f.name);
		field_text(&f, &one);
		len = text_width((const char *)one.p, one.len) + 2;
		if (column == 0)
			wbuf_printf(w, "%-11s", l->name);
		else
			wbuf_printf(w, column + len > WIDTH ? ",\n%-11s" :
			    ", %s", "");
		if (column == 0 || column + len > WIDTH)
			column = 11;
		wbuf_bytes(w, one.p, one.len);
		column += len;
	}
	wbuf_free(&one);
	if (column > 0)
		wbuf_u8(w, '\n');
}

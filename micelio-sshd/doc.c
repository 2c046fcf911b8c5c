/* SPDX-License-Identifier: MIT */
/*
 * The result of a command: one row of facts and up to a few lists of rows.
 * JSON, tab-separated text and tables are made from it, never by hand.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "cursor.h"
#include "doc.h"
#include "log.h"
#include "mtime.h"
#include "row.h"
#include "text.h"

void
doc_init(struct doc *d)
{
	memset(d, 0, sizeof(*d));
	wbuf_init(&d->head, DOC_BYTES_MAX);
}

void
doc_free(struct doc *d)
{
	wbuf_free(&d->head);
	for (size_t i = 0; i < d->nlists; i++) {
		for (size_t k = 0; k < d->list[i].n; k++)
			wbuf_free(&d->list[i].rows[k]);
		free(d->list[i].rows);
	}
	memset(d, 0, sizeof(*d));
}

size_t
doc_list(struct doc *d, const char *name)
{
	if (d->nlists == DOC_LISTS_MAX)
		fatalx("more than %d lists in a result", DOC_LISTS_MAX);
	d->list[d->nlists].name = name;
	return d->nlists++;
}

bool
doc_row(struct doc *d, size_t list, const void *row, size_t n)
{
	struct doc_list *l = &d->list[list];

	if (d->bytes + n > DOC_BYTES_MAX) {
		d->cut = true;
		return false;
	}
	d->bytes += n + sizeof(struct wbuf);
	l->rows = xreallocarray(l->rows, l->n + 1, sizeof(*l->rows));
	wbuf_init(&l->rows[l->n], n == 0 ? 1 : n);
	wbuf_bytes(&l->rows[l->n++], row, n);
	return true;
}

bool
row_find(const void *row, size_t n, const char *name, struct row_field *f)
{
	struct rcur c;

	rcur_init(&c, row, n);
	while (row_next(&c, f))
		if (f->name_len == strlen(name) &&
		    memcmp(f->name, name, f->name_len) == 0)
			return true;
	memset(f, 0, sizeof(*f));
	return false;
}

void
row_field_copy(struct wbuf *w, const struct row_field *f)
{
	wbuf_strn(w, f->name, f->name_len);
	wbuf_u8(w, (uint8_t)f->type);
	if (f->type == ROW_STR)
		wbuf_strn(w, f->str, f->str_len);
	else if (f->type == ROW_BOOL)
		wbuf_u8(w, f->num != 0);
	else if (f->type == ROW_NULL)
		wbuf_u8(w, (uint8_t)f->of);
	else
		wbuf_u64(w, f->num);
}

void
wbuf_printf(struct wbuf *w, const char *fmt, ...)
{
	char small[512], *big = small;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(small, sizeof(small), fmt, ap);
	va_end(ap);
	if (n < 0)
		fatalx("vsnprintf");
	if ((size_t)n >= sizeof(small)) {
		big = xcalloc(1, (size_t)n + 1);
		va_start(ap, fmt);
		(void)vsnprintf(big, (size_t)n + 1, fmt, ap);
		va_end(ap);
	}
	wbuf_bytes(w, big, (size_t)n);
	if (big != small)
		free(big);
}

void
wbuf_json(struct wbuf *w, const char *s, size_t n)
{
	size_t max = n * 12 + 4;
	char *out = xcalloc(1, max);

	wbuf_bytes(w, out, text_json(s, n, out, max));
	free(out);
}

size_t
text_width(const char *s, size_t n)
{
	size_t width = 0, k;
	uint32_t cp;

	for (; n > 0; s += k, n -= k) {
		if ((k = utf8_decode(s, n, &cp)) == 0)
			k = 1;
		else
			width += (size_t)utf8proc_charwidth(
			    (utf8proc_int32_t)cp);
	}
	return width;
}

void
field_text(const struct row_field *f, struct wbuf *w)
{
	char t[TIME_TEXT_MAX], *out;
	size_t max;

	switch (f->type) {
	case ROW_STR:
		if (f->str_len == 0)
			break;
		max = f->str_len * 6 + 16;
		out = xcalloc(1, max);
		wbuf_bytes(w, out, text_safe(f->str, f->str_len, out, max,
		    true));
		free(out);
		return;
	case ROW_U64:
		wbuf_printf(w, "%llu", (unsigned long long)f->num);
		return;
	case ROW_I64:
		wbuf_printf(w, "%lld", (long long)f->num);
		return;
	case ROW_BOOL:
		wbuf_printf(w, "%s", f->num ? "yes" : "no");
		return;
	case ROW_MS:
		wbuf_printf(w, "%s", span_text(f->num, t));
		return;
	case ROW_TIME:
		wbuf_printf(w, "%s", time_text(f->num, t));
		return;
	case ROW_BYTES:
		wbuf_printf(w, "%s", size_text(f->num, t));
		return;
	case ROW_US:
		wbuf_printf(w, "%s", latency_text(f->num, t));
		return;
	case ROW_NULL:
		break;
	}
	wbuf_u8(w, '-');
}

bool
field_is(const struct row_field *f, const char *text)
{
	return f->type == ROW_STR && f->str_len == strlen(text) &&
	    memcmp(f->str, text, f->str_len) == 0;
}

/*
 * JSON.
 */

static bool
name_begins(const struct row_field *f, const char *word)
{
	return f->name_len >= strlen(word) &&
	    memcmp(f->name, word, strlen(word)) == 0;
}

/*
 * The unit is part of the name: a number alone would not tell.  The name is
 * the same where there is no number.
 */
static void
json_name(const struct row_field *f, struct wbuf *w)
{
	const char *unit = f->of == ROW_MS ? "_ms" : f->of == ROW_US ?
	    "_us" : f->of == ROW_BYTES ? "_bytes" : "";
	size_t n = strlen(unit);
	char name[96];

	if ((f->name_len >= n &&
	    memcmp(f->name + f->name_len - n, unit, n) == 0) ||
	    (f->of == ROW_BYTES && name_begins(f, "bytes")))
		unit = "";
	(void)snprintf(name, sizeof(name), "%.*s%s", (int)f->name_len,
	    f->name, unit);
	wbuf_json(w, name, strlen(name));
	wbuf_u8(w, ':');
}

static void
json_value(const struct row_field *f, struct wbuf *w)
{
	char t[TIME_TEXT_MAX];

	switch (f->type) {
	case ROW_STR:
		wbuf_json(w, f->str, f->str_len);
		return;
	case ROW_U64:
	case ROW_MS:
	case ROW_BYTES:
	case ROW_US:
		wbuf_printf(w, "%llu", (unsigned long long)f->num);
		return;
	case ROW_I64:
		wbuf_printf(w, "%lld", (long long)f->num);
		return;
	case ROW_BOOL:
		wbuf_printf(w, "%s", f->num ? "true" : "false");
		return;
	case ROW_TIME:
		wbuf_printf(w, "\"%s\"", time_text(f->num, t));
		return;
	case ROW_NULL:
		break;
	}
	wbuf_printf(w, "null");
}

static void
json_fields(const void *row, size_t n, bool first, struct wbuf *w)
{
	struct row_field f;
	struct rcur c;

	rcur_init(&c, row, n);
	for (; row_next(&c, &f); first = false) {
		if (!first)
			wbuf_u8(w, ',');
		json_name(&f, w);
		json_value(&f, w);
	}
}

void
doc_json(const struct doc *d, struct wbuf *w)
{
	wbuf_printf(w, "{\"v\":1");
	json_fields(d->head.p, d->head.len, false, w);
	for (size_t i = 0; i < d->nlists; i++) {
		wbuf_printf(w, ",\"%s\":[", d->list[i].name);
		for (size_t k = 0; k < d->list[i].n; k++) {
			wbuf_printf(w, k == 0 ? "{" : ",{");
			json_fields(d->list[i].rows[k].p,
			    d->list[i].rows[k].len, true, w);
			wbuf_u8(w, '}');
		}
		wbuf_u8(w, ']');
	}
	if (d->cut)
		wbuf_printf(w, ",\"cut\":true");
	wbuf_printf(w, "}\n");
}

/*
 * Plain: the rows of the lists, or the facts when there is no list.
 */

void
doc_plain(const struct doc *d, struct wbuf *w)
{
	struct row_field f;
	struct rcur c;

	rcur_init(&c, d->head.p, d->head.len);
	while (d->nlists == 0 && row_next(&c, &f)) {
		wbuf_bytes(w, f.name, f.name_len);
		wbuf_u8(w, '\t');
		field_text(&f, w);
		wbuf_u8(w, '\n');
	}
	for (size_t i = 0; i < d->nlists; i++)
		for (size_t k = 0; k < d->list[i].n; k++) {
			const struct wbuf *row = &d->list[i].rows[k];
			bool first = true;

			rcur_init(&c, row->p, row->len);
			for (; row_next(&c, &f); first = false) {
				if (!first)
					wbuf_u8(w, '\t');
				field_text(&f, w);
			}
			wbuf_u8(w, '\n');
		}
}

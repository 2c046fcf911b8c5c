/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "glyph.h"
#include "layout.h"
#include "linebuf.h"
#include "log.h"

/* Every byte may become an escape of eight or more, and the prompt. */
#define LAYOUT_TEXT_MAX	((size_t)LINEBUF_MAX * 16)

static void	layout_put(struct layout *, unsigned int, const char *, size_t,
		    size_t);
static void	new_row(struct layout *);
static struct layout_row *last_row(struct layout *);

void
layout_init(struct layout *l)
{
	memset(l, 0, sizeof(*l));
	wbuf_init(&l->text, LAYOUT_TEXT_MAX);
}

void
layout_free(struct layout *l)
{
	wbuf_free(&l->text);
	free(l->row);
	l->row = NULL;
	l->nrows = l->cap = 0;
}

void
layout_make(struct layout *l, unsigned int cols, size_t max_rows,
    const char *prompt, size_t prompt_len, const char *text, size_t len,
    size_t cursor)
{
	size_t top;

	wbuf_reset(&l->text);
	l->nrows = 0;
	new_row(l);
	layout_put(l, cols, prompt, prompt_len, prompt_len + 1);
	layout_put(l, cols, text, len, cursor);
	if (l->nrows <= max_rows)
		return;
	top = l->cur_row >= max_rows ? l->cur_row - max_rows + 1 : 0;
	l->nrows -= top;
	if (l->nrows > max_rows)
		l->nrows = max_rows;
	memmove(&l->row[0], &l->row[top], l->nrows * sizeof(l->row[0]));
	l->cur_row -= top;
}

void
layout_make_single(struct layout *l, unsigned int cols, const char *prompt,
    size_t prompt_len, const char *text, size_t len, size_t cursor)
{
	size_t from = 0, to, next, columns, room, prompt_columns;

	/* The last column stays free: no terminal wraps there. */
	prompt_columns = glyph_columns(prompt, prompt_len);
	if (prompt_columns * 2 > cols) {
		prompt_len = 0;
		prompt_columns = 0;
	}
	room = cols - 1 - prompt_columns;
	columns = glyph_columns(text, cursor);
	while (from < cursor && columns >= room) {
		next = glyph_next(text, len, from);
		columns -= glyph_columns(text + from, next - from);
		from = next;
	}
	for (to = cursor; to < len; to = next) {
		next = glyph_next(text, len, to);
		columns += glyph_columns(text + to, next - to);
		if (columns > room)
			break;
	}
	layout_make(l, cols, 1, prompt, prompt_len, text + from, to - from,
	    cursor - from);
}

const char *
layout_row_text(const struct layout *l, size_t row)
{
	/* There is no text yet where nothing was shown. */
	if (l->text.p == NULL)
		return "";
	return (const char *)l->text.p + l->row[row].off;
}

void
layout_common(const struct layout *a, size_t row_a, const struct layout *b,
    size_t row_b, size_t *bytes, unsigned int *columns)
{
	const char *s = layout_row_text(a, row_a), *t = layout_row_text(b, row_b);
	size_t s_len = a->row[row_a].len, t_len = b->row[row_b].len;
	size_t pos = 0, next;
	char out[GLYPH_TEXT_MAX];
	unsigned int w;

	*columns = 0;
	while (pos < s_len && pos < t_len) {
		next = glyph_next(s, s_len, pos);
		if (next > t_len || next != glyph_next(t, t_len, pos) ||
		    memcmp(s + pos, t + pos, next - pos) != 0)
			break;
		glyph_show(s + pos, next - pos, out, &w);
		*columns += w;
		pos = next;
	}
	*bytes = pos;
}

/* Append text cluster by cluster; note where the cursor comes to stand. */
static void
layout_put(struct layout *l, unsigned int cols, const char *text, size_t len,
    size_t cursor)
{
	struct layout_row *r;
	char out[GLYPH_TEXT_MAX];
	size_t pos, next, n, i;
	unsigned int w;

	for (pos = 0; pos < len; pos = next) {
		next = glyph_next(text, len, pos);
		n = glyph_show(text + pos, next - pos, out, &w);
		r = last_row(l);
		if (r->width + w > cols && r->width > 0 && w <= cols) {
			new_row(l);
			r = last_row(l);
		}
		if (pos <= cursor && cursor < next) {
			l->cur_row = l->nrows - 1;
			l->cur_col = r->width;
		}
		if (w <= cols) {
			wbuf_bytes(&l->text, out, n);
			r->len += n;
			r->width += w;
			continue;
		}
		/* A visible escape longer than a row: letter by letter. */
		for (i = 0; i < n; i++) {
			if (r->width == cols) {
				new_row(l);
				r = last_row(l);
			}
			wbuf_u8(&l->text, (uint8_t)out[i]);
			r->len++;
			r->width++;
		}
	}
	if (cursor != len)
		return;
	if (last_row(l)->width >= cols)
		new_row(l);
	l->cur_row = l->nrows - 1;
	l->cur_col = last_row(l)->width;
}

static void
new_row(struct layout *l)
{
	if (l->nrows == l->cap) {
		l->cap = l->cap == 0 ? 8 : l->cap * 2;
		l->row = xreallocarray(l->row, l->cap, sizeof(l->row[0]));
	}
	l->row[l->nrows].off = l->text.len;
	l->row[l->nrows].len = 0;
	l->row[l->nrows++].width = 0;
}

static struct layout_row *
last_row(struct layout *l)
{
	return &l->row[l->nrows - 1];
}

/* SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "glyph.h"
#include "text.h"
#include "vt.h"

static void
clear_cells(struct vt *t, unsigned int y, unsigned int x)
{
	for (; x < VT_COLS; x++) {
		t->cell[y][x][0] = '\0';
		t->width[y][x] = 1;
	}
}

void
vt_init(struct vt *t, unsigned int cols, unsigned int rows)
{
	memset(t, 0, sizeof(*t));
	t->cols = cols;
	t->rows = rows;
	for (unsigned int y = 0; y < VT_ROWS; y++)
		clear_cells(t, y, 0);
}

static void
line_feed(struct vt *t)
{
	if (t->y + 1 < t->rows) {
		t->y++;
		return;
	}
	memmove(t->cell[0], t->cell[1], (t->rows - 1) * sizeof(t->cell[0]));
	memmove(t->width[0], t->width[1], (t->rows - 1) * sizeof(t->width[0]));
	clear_cells(t, t->rows - 1, 0);
}

static void
put(struct vt *t, const char *text, size_t len, unsigned int w)
{
	size_t have;

	if (w == 0) {		/* joins the one before */
		unsigned int x = t->pending ? t->x : t->x > 0 ? t->x - 1 : 0;

		while (x > 0 && t->width[t->y][x] == 0)
			x--;
		have = strlen(t->cell[t->y][x]);
		if (have + len < VT_CELL) {
			memcpy(t->cell[t->y][x] + have, text, len);
			t->cell[t->y][x][have + len] = '\0';
		}
		return;
	}
	if (t->pending || t->x + w > t->cols) {
		t->pending = false;
		t->x = 0;
		line_feed(t);
	}
	memcpy(t->cell[t->y][t->x], text, len);
	t->cell[t->y][t->x][len] = '\0';
	t->width[t->y][t->x] = (unsigned char)w;
	if (w == 2)
		t->width[t->y][t->x + 1] = 0;
	t->x += w;
	if (t->x >= t->cols) {
		t->x = t->cols - 1;
		t->pending = true;
	}
}

static void
csi(struct vt *t, const char *param, char final)
{
	unsigned int n = (unsigned int)strtoul(param, NULL, 10), y;
	unsigned int count = n == 0 ? 1 : n;

	t->pending = false;
	if (final == 'A')
		t->y -= count < t->y ? count : t->y;
	else if (final == 'B')
		t->y = t->y + count < t->rows ? t->y + count : t->rows - 1;
	else if (final == 'C')
		t->x = t->x + count < t->cols ? t->x + count : t->cols - 1;
	else if (final == 'H') {
		t->y = n == 0 ? 0 : n - 1;
		t->x = 0;
	} else if (final == 'K')
		clear_cells(t, t->y, t->x);
	else if (final == 'J') {
		clear_cells(t, t->y, t->x);
		for (y = t->y + 1; y < t->rows; y++)
			clear_cells(t, y, 0);
	} else if (strcmp(param, "?2004") == 0)
		t->bracketed = final == 'h';
	else if (strcmp(param, "?25") == 0)
		t->hidden = final == 'l';
	else if (final != 'm')
		t->odd = true;
}

static size_t
escape(struct vt *t, const char *s, size_t len)
{
	char param[16];
	size_t i = 2;

	t->escapes++;
	if (len < 3 || s[1] != '[') {
		t->odd = true;
		return len < 2 ? len : 2;
	}
	while (i < len && (s[i] < 0x40 || s[i] > 0x7e))
		i++;
	snprintf(param, sizeof(param), "%.*s", (int)(i - 2), s + 2);
	if (i < len)
		csi(t, param, s[i]);
	return i + 1;
}

void
vt_feed(struct vt *t, const void *data, size_t len)
{
	char out[GLYPH_TEXT_MAX];
	const char *s = data;
	unsigned int w;
	size_t i = 0, n;

	while (i < len) {
		n = 1;
		if (s[i] == '\033')
			n = escape(t, s + i, len - i);
		else if (s[i] == '\r') {
			t->x = 0;
			t->pending = false;
		} else if (s[i] == '\n') {
			t->pending = false;
			line_feed(t);
		} else if (s[i] == '\b') {
			t->x -= t->x > 0;
			t->pending = false;
		} else if (s[i] == '\a')
			t->bells++;
		else if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f)
			t->odd = true;
		else {
			n = glyph_next(s, len, i) - i;
			(void)glyph_show(s + i, n, out, &w);
			put(t, s + i, n, w > 2 ? 2 : w);
		}
		i += n;
	}
}

const char *
vt_row(const struct vt *t, unsigned int y)
{
	static char row[VT_COLS * VT_CELL];
	size_t len = 0, n, end = 0;

	for (unsigned int x = 0; x < t->cols; x++) {
		const char *c = t->cell[y][x];

		if (t->width[y][x] == 0)
			continue;
		n = strlen(c);
		if (n == 0) {
			row[len++] = ' ';
			continue;
		}
		memcpy(row + len, c, n);
		len += n;
		if (strcmp(c, " ") != 0)
			end = len;
	}
	row[end] = '\0';
	return row;
}

void
vt_resize(struct vt *t, unsigned int cols, unsigned int rows)
{
	while (t->y >= rows) {		/* the bottom stays */
		memmove(t->cell[0], t->cell[1],
		    (VT_ROWS - 1) * sizeof(t->cell[0]));
		memmove(t->width[0], t->width[1],
		    (VT_ROWS - 1) * sizeof(t->width[0]));
		t->y--;
	}
	t->cols = cols;
	t->rows = rows;
	t->x = t->x < cols ? t->x : cols - 1;
	t->pending = false;
	for (unsigned int y = 0; y < VT_ROWS; y++)
		clear_cells(t, y, y < rows ? cols : 0);
}

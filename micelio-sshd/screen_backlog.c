/* SPDX-License-Identifier: MIT */
/* The lines a screen may have to show again after a change of its size. */
#include <stdlib.h>
#include <string.h>

#include "glyph.h"
#include "log.h"
#include "screen.h"

static void	remember_part(struct screen *, const char *, size_t, bool);
static void	forget_oldest(struct screen *);
static size_t	line_columns(const char *, size_t);

void
screen_remember(struct screen *s, const char *text, size_t len)
{
	const char *nl;
	size_t n;

	while (len > 0) {
		nl = memchr(text, '\n', len);
		n = nl == NULL ? len : (size_t)(nl - text);
		remember_part(s, text, n, nl != NULL);
		if (nl != NULL)
			n++;
		text += n;
		len -= n;
	}
}

void
screen_forget(struct screen *s)
{
	while (s->backlog_n > 0)
		forget_oldest(s);
}

/* The first line of those that fill at most so many rows. */
size_t
screen_backlog_from(const struct screen *s, size_t rows)
{
	size_t i, need;

	for (i = s->backlog_n; i > 0; i--) {
		need = line_columns(s->backlog[i - 1].text,
		    s->backlog[i - 1].len);
		need = need == 0 ? 1 : (need + s->cols - 1) / s->cols;
		if (need > rows)
			break;
		rows -= need;
	}
	return i;
}

static void
remember_part(struct screen *s, const char *text, size_t len, bool ended)
{
	struct screen_line *l;
	size_t have;

	if (s->backlog_n == 0 || s->backlog[s->backlog_n - 1].ended) {
		if (s->backlog_n == SCREEN_BACKLOG)
			forget_oldest(s);
		l = &s->backlog[s->backlog_n++];
		memset(l, 0, sizeof(*l));
	}
	l = &s->backlog[s->backlog_n - 1];
	have = l->len;
	if (len > SCREEN_BACKLOG_LINE - have) {
		len = SCREEN_BACKLOG_LINE - have;
		while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
			len--;
	}
	l->text = xreallocarray(l->text, 1, have + len + 1);
	memcpy(l->text + have, text, len);
	l->len += len;
	l->ended = ended;
	s->backlog_bytes += len;
	while (s->backlog_bytes > SCREEN_BACKLOG_BYTES && s->backlog_n > 1)
		forget_oldest(s);
}

static void
forget_oldest(struct screen *s)
{
	s->backlog_bytes -= s->backlog[0].len;
	free(s->backlog[0].text);
	s->backlog_n--;
	memmove(&s->backlog[0], &s->backlog[1],
	    s->backlog_n * sizeof(s->backlog[0]));
}

/* Columns, not counting colours (CSI ... letter). */
static size_t
line_columns(const char *text, size_t len)
{
	size_t pos = 0, from = 0, columns = 0;

	while (pos < len) {
		if (text[pos] != '\033') {
			pos++;
			continue;
		}
		columns += glyph_columns(text + from, pos - from);
		pos++;
		if (pos < len && text[pos] == '[')
			pos++;
		while (pos < len && (text[pos] < 0x40 || text[pos] > 0x7e))
			pos++;
		if (pos < len)
			pos++;
		from = pos;
	}
	return columns + glyph_columns(text + from, len - from);
}

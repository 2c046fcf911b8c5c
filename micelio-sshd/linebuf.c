/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "glyph.h"
#include "linebuf.h"
#include "log.h"

static void	linebuf_remember(struct linebuf *);
static void	linebuf_forget_oldest(struct linebuf *);
static size_t	run_start(const struct linebuf *,
		    bool (*)(const char *, size_t), bool);
static size_t	floor_boundary(const char *, size_t, size_t);

void
linebuf_init(struct linebuf *b)
{
	memset(b, 0, sizeof(*b));
	b->text = xcalloc(1, LINEBUF_MAX + 1);
}

void
linebuf_free(struct linebuf *b)
{
	linebuf_clear(b);
	free(b->text);
	b->text = NULL;
}

void
linebuf_clear(struct linebuf *b)
{
	while (b->undo_n > 0)
		linebuf_forget_oldest(b);
	b->len = b->cursor = 0;
	b->text[0] = '\0';
	b->typing = false;
}

void
linebuf_set(struct linebuf *b, const char *text, size_t len)
{
	if (len > LINEBUF_MAX)
		len = floor_boundary(text, len, LINEBUF_MAX);
	linebuf_remember(b);
	memmove(b->text, text, len);
	b->text[len] = '\0';
	b->len = b->cursor = len;
	b->typing = false;
}

bool
linebuf_insert(struct linebuf *b, const char *text, size_t len)
{
	bool typing = b->typing;

	if (len > LINEBUF_MAX - b->len)
		return false;
	if (!typing || (len == 1 && *text == ' '))
		linebuf_remember(b);
	memmove(b->text + b->cursor + len, b->text + b->cursor,
	    b->len - b->cursor + 1);
	memcpy(b->text + b->cursor, text, len);
	b->len += len;
	b->cursor += len;
	b->typing = true;
	return true;
}

void
linebuf_remove(struct linebuf *b, size_t from, size_t to)
{
	if (from >= to || to > b->len)
		return;
	linebuf_remember(b);
	memmove(b->text + from, b->text + to, b->len - to + 1);
	b->len -= to - from;
	b->cursor = from;
	b->typing = false;
}

bool
linebuf_replace(struct linebuf *b, size_t from, size_t to, const char *text,
    size_t len)
{
	if (from > to || to > b->len ||
	    len > LINEBUF_MAX - (b->len - (to - from)))
		return false;
	linebuf_remember(b);
	memmove(b->text + from + len, b->text + to, b->len - to + 1);
	memcpy(b->text + from, text, len);
	b->len = b->len - (to - from) + len;
	b->cursor = from + len;
	b->typing = false;
	return true;
}

bool
linebuf_transpose(struct linebuf *b)
{
	size_t left, mid, right;
	char *tmp;

	/* At the end of the line: the last two. */
	mid = b->cursor == b->len && b->len > 0 ? linebuf_left(b) : b->cursor;
	if (mid == 0 || mid == b->len)
		return false;
	linebuf_remember(b);
	left = glyph_prev(b->text, b->len, mid);
	right = glyph_next(b->text, b->len, mid);
	tmp = xcalloc(1, mid - left);
	memcpy(tmp, b->text + left, mid - left);
	memmove(b->text + left, b->text + mid, right - mid);
	memcpy(b->text + left + (right - mid), tmp, mid - left);
	free(tmp);
	b->cursor = right;
	b->typing = false;
	return true;
}

bool
linebuf_undo(struct linebuf *b)
{
	struct linebuf_state *s;

	if (b->undo_n == 0)
		return false;
	s = &b->undo[--b->undo_n];
	memcpy(b->text, s->text, s->len + 1);
	b->len = s->len;
	b->cursor = s->cursor;
	b->undo_bytes -= s->len;
	free(s->text);
	b->typing = false;
	return true;
}

size_t
linebuf_left(const struct linebuf *b)
{
	return b->cursor == 0 ? 0 : glyph_prev(b->text, b->len, b->cursor);
}

size_t
linebuf_right(const struct linebuf *b)
{
	return b->cursor == b->len ? b->len :
	    glyph_next(b->text, b->len, b->cursor);
}

size_t
linebuf_word_left(const struct linebuf *b)
{
	return run_start(b, glyph_is_word, true);
}

size_t
linebuf_word_right(const struct linebuf *b)
{
	size_t pos = b->cursor, next;
	bool in_word = false;

	while (pos < b->len) {
		next = glyph_next(b->text, b->len, pos);
		if (glyph_is_word(b->text + pos, next - pos))
			in_word = true;
		else if (in_word)
			break;
		pos = next;
	}
	return pos;
}

size_t
linebuf_space_left(const struct linebuf *b)
{
	return run_start(b, glyph_is_space, false);
}

void
linebuf_move(struct linebuf *b, size_t to)
{
	b->cursor = to > b->len ? b->len : to;
	b->typing = false;
}

static void
linebuf_remember(struct linebuf *b)
{
	struct linebuf_state *s;

	while (b->undo_n > 0 && (b->undo_n == LINEBUF_UNDO ||
	    b->undo_bytes + b->len > LINEBUF_UNDO_BYTES))
		linebuf_forget_oldest(b);
	s = &b->undo[b->undo_n++];
	s->text = xcalloc(1, b->len + 1);
	memcpy(s->text, b->text, b->len);
	s->len = b->len;
	s->cursor = b->cursor;
	b->undo_bytes += s->len;
}

static void
linebuf_forget_oldest(struct linebuf *b)
{
	b->undo_bytes -= b->undo[0].len;
	free(b->undo[0].text);
	b->undo_n--;
	memmove(&b->undo[0], &b->undo[1], b->undo_n * sizeof(b->undo[0]));
}

/*
 * Where the last run of clusters that are (or are not) of a kind begins,
 * before the cursor.  Counted from the start: clusters are only found
 * forwards, and this way a key costs one walk.
 */
static size_t
run_start(const struct linebuf *b, bool (*is)(const char *, size_t), bool want)
{
	size_t pos, next, start = 0;
	bool in_run = false, hit;

	for (pos = 0; pos < b->cursor; pos = next) {
		next = glyph_next(b->text, b->len, pos);
		hit = is(b->text + pos, next - pos) == want;
		if (hit && !in_run)
			start = pos;
		in_run = hit;
	}
	return start;
}

/* The last character boundary at or before max. */
static size_t
floor_boundary(const char *text, size_t len, size_t max)
{
	while (max > 0 && max < len && ((unsigned char)text[max] & 0xc0) == 0x80)
		max--;
	return max;
}

/* SPDX-License-Identifier: MIT */
/* Lines on their way out: alone, pasted in brackets, or in a burst. */
#include <string.h>

#include "lineedit.h"

static void	burst_add(struct lineedit *, const char *, size_t);
static void	paste_insert(struct lineedit *, const char *, size_t);
static void	paste_send(struct lineedit *, const char *, size_t, size_t);
static size_t	count_lines(const char *, size_t);

/* The line in the editor was entered: history, then burst or at once. */
void
lineedit_entered_line(struct lineedit *le)
{
	const char *text = le->buf.text;
	size_t len = le->buf.len;

	history_add(&le->history, text, len);
	if (len > 0 && text[0] == '/' && (len < 2 || text[1] != '/')) {
		lineedit_flush_burst(le);
		le->ops->line(le->arg, text, len);
		return;
	}
	if (le->single && le->burst_lines == 0) {
		le->ops->line(le->arg, text, len);
		return;
	}
	burst_add(le, text, len);
}

void
lineedit_flush_burst(struct lineedit *le)
{
	size_t lines = le->burst_lines;

	le->burst_lines = 0;
	if (lines == 1)
		le->ops->line(le->arg, (const char *)le->burst.p,
		    le->burst.len);
	else if (lines > 1)
		le->ops->paste(le->arg, (const char *)le->burst.p,
		    le->burst.len);
	wbuf_reset(&le->burst);
}

static void
burst_add(struct lineedit *le, const char *text, size_t len)
{
	if (le->burst_lines > 0 &&
	    (le->burst.len + 1 + len > LINEEDIT_PASTE_MAX ||
	    le->now_ms >= le->burst_start_ms + LINEEDIT_BURST_MAX_MS))
		lineedit_flush_burst(le);
	if (le->burst_lines++ == 0)
		le->burst_start_ms = le->now_ms;
	else
		wbuf_u8(&le->burst, '\n');
	wbuf_bytes(&le->burst, text, len);
	le->burst_deadline_ms = le->now_ms + LINEEDIT_BURST_MS;
}

/* A key while a bracketed paste is going on: only text counts. */
bool
lineedit_paste_key(struct lineedit *le, enum key key, const char *utf8,
    size_t len)
{
	switch (key) {
	case KEY_CHAR:
		break;
	case KEY_ENTER:
		utf8 = "\n";
		len = 1;
		break;
	case KEY_TAB:
		utf8 = "\t";
		len = 1;
		break;
	case KEY_BAD:
		utf8 = "\xef\xbf\xbd";
		len = 3;
		break;
	case KEY_PASTE_END:
		lineedit_paste_finish(le);
		return true;
	default:
		return true;
	}
	if (le->paste_total + len <= LINEEDIT_PASTE_MAX)
		wbuf_bytes(&le->pasted, utf8, len);
	le->paste_total += len;
	return true;
}

void
lineedit_paste_finish(struct lineedit *le)
{
	char *text = (char *)le->pasted.p;
	size_t len = le->pasted.len, lines;

	le->pasting = false;
	le->changed = true;
	if (le->paste_total > LINEEDIT_PASTE_MAX) {
		le->ops->too_big(le->arg, le->paste_total,
		    LINEEDIT_PASTE_MAX);
	} else if (len > 0) {
		if (text[len - 1] == '\n')
			len--;
		lines = count_lines(text, len);
		if (lines > 1)
			paste_send(le, text, len, lines);
		else
			paste_insert(le, text, len);
	}
	wbuf_free(&le->pasted);
	wbuf_init(&le->pasted, LINEEDIT_PASTE_MAX);
}

static void
paste_insert(struct lineedit *le, const char *text, size_t len)
{
	size_t i, from;

	le->buf.typing = false;
	from = le->buf.cursor;
	if (!linebuf_insert(&le->buf, text, len)) {
		le->ops->too_big(le->arg, le->buf.len + len, LINEBUF_MAX);
		return;
	}
	for (i = from; i < from + len; i++)
		if (le->buf.text[i] == '\t')
			le->buf.text[i] = ' ';
	le->buf.typing = false;
}

/* With what stands before and behind the cursor: one message. */
static void
paste_send(struct lineedit *le, const char *text, size_t len, size_t lines)
{
	struct linebuf *b = &le->buf;
	struct wbuf all;

	if (b->len + len > LINEEDIT_PASTE_MAX) {
		le->ops->too_big(le->arg, b->len + len, LINEEDIT_PASTE_MAX);
		return;
	}
	lineedit_flush_burst(le);
	wbuf_init(&all, LINEEDIT_PASTE_MAX);
	wbuf_bytes(&all, b->text, b->cursor);
	wbuf_bytes(&all, text, len);
	wbuf_bytes(&all, b->text + b->cursor, b->len - b->cursor);
	le->ops->pasted(le->arg, lines);
	le->ops->paste(le->arg, (const char *)all.p, all.len);
	wbuf_free(&all);
	linebuf_clear(b);
	history_rest(&le->history);
}

static size_t
count_lines(const char *text, size_t len)
{
	size_t i, n = 1;

	for (i = 0; i < len; i++)
		if (text[i] == '\n')
			n++;
	return n;
}

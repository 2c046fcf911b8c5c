/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "screen.h"

static void	screen_put(struct screen *, const char *);
static void	screen_putf(struct screen *, const char *, ...)
		    __attribute__((format(printf, 2, 3)));
static void	screen_write(struct screen *, const char *, size_t);
static void	screen_hide(struct screen *);
static void	screen_goto(struct screen *, size_t, unsigned int);
static void	screen_draw(struct screen *);
static void	screen_draw_row(struct screen *, size_t);
static void	screen_draw_dumb(struct screen *);
static void	screen_draw_plain(struct screen *);
static void	screen_repaint(struct screen *);
static size_t	screen_room(const struct screen *);
static void	screen_layout(struct screen *, const char *, const char *,
		    size_t, size_t);

void
screen_init(struct screen *s, struct wbuf *out, const char *term,
    unsigned int cols, unsigned int rows)
{
	memset(s, 0, sizeof(*s));
	layout_init(&s->drawn);
	layout_init(&s->next);
	s->out = out;
	s->dumb = term[0] == '\0' || strcmp(term, "dumb") == 0 ||
	    strcmp(term, "unknown") == 0;
	s->at_start = true;
	screen_resize(s, cols, rows, 0);
	s->resizing = false;
}

void
screen_free(struct screen *s)
{
	screen_forget(s);
	layout_free(&s->drawn);
	layout_free(&s->next);
}

void
screen_start(struct screen *s)
{
	if (!s->dumb && !s->plain && !s->no_paste)
		screen_put(s, "\033[?2004h");
}

void
screen_plain(struct screen *s, bool on)
{
	if (s->dumb || s->plain == on)
		return;
	screen_hide(s);
	if (on)
		screen_put(s, "\033[?2004l");
	s->plain = on;
	s->resizing = false;
	screen_start(s);
}

void
screen_paste(struct screen *s, bool on)
{
	if (s->no_paste == !on)
		return;
	s->no_paste = !on;
	if (!on && !s->dumb && !s->plain)
		screen_put(s, "\033[?2004l");
	else
		screen_start(s);
}

void
screen_resize(struct screen *s, unsigned int cols, unsigned int rows,
    uint64_t now_ms)
{
	unsigned int narrow;

	cols = cols == 0 ? SCREEN_COLS : cols;
	rows = rows == 0 ? SCREEN_ROWS : rows;
	cols = cols < SCREEN_COLS_MIN ? SCREEN_COLS_MIN :
	    cols > SCREEN_COLS_MAX ? SCREEN_COLS_MAX : cols;
	rows = rows > SCREEN_ROWS_MAX ? SCREEN_ROWS_MAX : rows;
	narrow = cols < s->cols ? cols : s->cols;
	s->cols = cols;
	s->rows = rows;
	if (s->dumb || s->plain || (!s->resizing && (!s->visible ||
	    (s->drawn.nrows == 1 && s->drawn.row[0].width < narrow))))
		return;
	/*
	 * Terminals rewrap what they show each in its own way, and by now
	 * this one may have yet another size.  So let it come to rest, then
	 * paint all of it anew.
	 */
	if (!s->resizing)
		s->resize_since_ms = now_ms;
	s->resizing = true;
	s->resize_due_ms = now_ms + SCREEN_RESIZE_MS;
	if (s->resize_due_ms > s->resize_since_ms + SCREEN_RESIZE_MAX_MS)
		s->resize_due_ms = s->resize_since_ms + SCREEN_RESIZE_MAX_MS;
}

uint64_t
screen_deadline(const struct screen *s)
{
	return s->resizing && !s->covered ? s->resize_due_ms : 0;
}

void
screen_print(struct screen *s, const char *text, size_t len)
{
	screen_remember(s, text, len);
	if (s->resizing || s->covered)
		return;		/* the repaint shows it */
	screen_hide(s);
	if (s->bold && !s->dumb && !s->plain)
		screen_put(s, "\033[1m");
	screen_write(s, text, len);
	if (s->bold && !s->dumb && !s->plain)
		screen_put(s, "\033[m");
}

void
screen_refresh(struct screen *s, const char *prompt, const char *text,
    size_t len, size_t cursor, uint64_t now_ms)
{
	if (s->covered)
		return;
	if (s->resizing) {
		if (now_ms < s->resize_due_ms)
			return;
		screen_layout(s, prompt, text, len, cursor);
		screen_repaint(s);
	} else
		screen_layout(s, prompt, text, len, cursor);
	if (!s->visible && !s->at_start)
		screen_write(s, "\n", 1);
	if (s->plain)
		screen_draw_plain(s);
	else if (s->dumb)
		screen_draw_dumb(s);
	else
		screen_draw(s);
}

void
screen_commit(struct screen *s, const char *prompt, const char *text,
    size_t len, const char *tail)
{
	screen_remember(s, prompt, strlen(prompt));
	screen_remember(s, text, len);
	screen_remember(s, tail, strlen(tail));
	screen_remember(s, "\n", 1);
	if (s->resizing || s->covered)
		return;
	screen_refresh(s, prompt, text, len, len, 0);
	s->visible = false;
	s->at_start = false;
	screen_put(s, tail);
	screen_write(s, "\n", 1);
}

void
screen_retract(struct screen *s)
{
	if (!s->resizing)
		screen_hide(s);
}

void
screen_clear(struct screen *s)
{
	screen_forget(s);
	s->resizing = false;
	if (s->dumb || s->plain)
		return;
	screen_put(s, "\033[H\033[J");
	s->visible = false;
	s->at_start = true;
}

void
screen_cover(struct screen *s, bool on)
{
	s->covered = on;
	s->resizing = s->resizing || !on;
	if (!on)
		s->resize_due_ms = 0;
}

void
screen_bell(struct screen *s)
{
	screen_put(s, "\a");
}

void
screen_end(struct screen *s, bool keep_line)
{
	if (s->visible && keep_line) {
		if (!s->dumb && !s->plain)
			screen_goto(s, s->drawn.nrows - 1, 0);
		s->visible = false;
		screen_put(s, "\r\n");
	} else
		screen_hide(s);
	if (!s->dumb)
		screen_put(s, "\033[?2004l\033[?25h\033[0m");
}

static void
screen_put(struct screen *s, const char *text)
{
	wbuf_bytes(s->out, text, strlen(text));
}

static void
screen_putf(struct screen *s, const char *fmt, ...)
{
	char buf[64];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	screen_put(s, buf);
}

/* Lines scroll by: \n becomes CR LF. */
static void
screen_write(struct screen *s, const char *text, size_t len)
{
	const char *nl;
	size_t n;

	while (len > 0) {
		nl = memchr(text, '\n', len);
		n = nl == NULL ? len : (size_t)(nl - text);
		wbuf_bytes(s->out, text, n);
		s->at_start = false;
		if (nl == NULL)
			return;
		wbuf_bytes(s->out, "\r\n", 2);
		s->at_start = true;
		text += n + 1;
		len -= n + 1;
	}
}

static void
screen_hide(struct screen *s)
{
	unsigned int i;

	if (!s->visible)
		return;
	if (s->plain)
		screen_put(s, "\r\n");
	else if (s->dumb) {
		screen_put(s, "\r");
		for (i = 0; i < s->drawn.row[0].width; i++)
			screen_put(s, " ");
		screen_put(s, "\r");
	} else {
		screen_goto(s, 0, 0);
		screen_put(s, "\033[J");
	}
	s->visible = false;
	s->at_start = true;
}

/* Move within the rows that are drawn. */
static void
screen_goto(struct screen *s, size_t row, unsigned int col)
{
	if (row < s->cur_row)
		screen_putf(s, "\033[%zuA", s->cur_row - row);
	else if (row > s->cur_row)
		screen_putf(s, "\033[%zuB", row - s->cur_row);
	if (row == s->cur_row && col == s->cur_col)
		return;
	screen_put(s, "\r");
	if (col > 0)
		screen_putf(s, "\033[%uC", col);
	s->cur_row = row;
	s->cur_col = col;
}

/* From what is drawn to what shall be, by as few bytes as is simple. */
static void
screen_draw(struct screen *s)
{
	struct layout tmp;
	size_t i;

	if (!s->visible) {
		s->drawn.nrows = 0;
		s->cur_row = 0;
		s->cur_col = 0;
	}
	for (i = 0; i < s->next.nrows; i++)
		screen_draw_row(s, i);
	if (s->drawn.nrows > s->next.nrows) {
		screen_goto(s, s->next.nrows, 0);
		screen_put(s, "\033[J");
	}
	screen_goto(s, s->next.cur_row, s->next.cur_col);
	tmp = s->drawn;
	s->drawn = s->next;
	s->next = tmp;
	s->visible = true;
	s->at_start = false;
}

static void
screen_draw_row(struct screen *s, size_t i)
{
	const struct layout_row *row = &s->next.row[i];
	size_t same = 0;
	unsigned int col = 0;

	if (i < s->drawn.nrows) {
		layout_common(&s->next, i, &s->drawn, i, &same, &col);
		if (same == row->len && same == s->drawn.row[i].len)
			return;
		screen_goto(s, i, col);
	} else if (i > 0) {
		/* A row more: from the one above, which may scroll. */
		screen_goto(s, i - 1, 0);
		screen_put(s, "\r\n");
		s->cur_row = i;
		s->cur_col = 0;
	}
	wbuf_bytes(s->out, layout_row_text(&s->next, i) + same,
	    row->len - same);
	s->cur_col = row->width;
	if (i < s->drawn.nrows && s->drawn.row[i].width > row->width)
		screen_put(s, "\033[K");
	/* In the last column terminals differ about where the cursor is. */
	if (row->width >= s->cols)
		s->cur_col = s->cols + 1;
}

static void
screen_draw_dumb(struct screen *s)
{
	unsigned int old = s->visible ? s->drawn.row[0].width : 0, i, back;
	struct layout tmp;
	size_t same = 0;
	unsigned int col = 0;
	const struct layout_row *row = &s->next.row[0];

	if (s->visible) {
		layout_common(&s->next, 0, &s->drawn, 0, &same, &col);
		/* Typing at the end needs no CR. */
		if (col != s->cur_col || same != s->drawn.row[0].len) {
			same = 0;
			if (s->cur_col > 0)
				screen_put(s, "\r");
		}
	}
	wbuf_bytes(s->out, layout_row_text(&s->next, 0) + same,
	    row->len - same);
	for (i = row->width; i < old; i++)
		screen_put(s, " ");
	back = (old > row->width ? old : row->width) - s->next.cur_col;
	for (i = 0; i < back; i++)
		screen_put(s, "\b");
	s->cur_row = 0;
	s->cur_col = s->next.cur_col;
	tmp = s->drawn;
	s->drawn = s->next;
	s->next = tmp;
	s->visible = true;
	s->at_start = false;
}

/*
 * What is typed at the end is added; after any other change the line is
 * written anew below.
 */
static void
screen_draw_plain(struct screen *s)
{
	const struct layout_row *row = &s->next.row[0];
	struct layout tmp;
	size_t same = 0;
	unsigned int col = 0;

	if (s->visible) {
		layout_common(&s->next, 0, &s->drawn, 0, &same, &col);
		if (same != s->drawn.row[0].len) {
			screen_put(s, "\r\n");
			same = 0;
		}
	}
	wbuf_bytes(s->out, layout_row_text(&s->next, 0) + same,
	    row->len - same);
	tmp = s->drawn;
	s->drawn = s->next;
	s->next = tmp;
	s->visible = true;
	s->at_start = false;
}

/* The whole screen from the backlog; the prompt is drawn by the caller. */
static void
screen_repaint(struct screen *s)
{
	size_t i, keep;

	s->resizing = false;
	/*
	 * Row by row: erasing everything from the top corner makes some
	 * terminals move it all into their scrollback.
	 */
	screen_put(s, "\033[H\033[K");
	if (s->rows > 1)
		screen_put(s, "\033[2;1H\033[J\033[H");
	s->visible = false;
	s->at_start = true;
	keep = s->rows > s->next.nrows ? s->rows - s->next.nrows : 0;
	for (i = screen_backlog_from(s, keep); i < s->backlog_n; i++) {
		screen_write(s, s->backlog[i].text, s->backlog[i].len);
		screen_write(s, "\n", 1);
	}
}

/* Rows the prompt may take: one stays for the others. */
static size_t
screen_room(const struct screen *s)
{
	return s->rows > 1 ? s->rows - 1 : 1;
}

static void
screen_layout(struct screen *s, const char *prompt, const char *text,
    size_t len, size_t cursor)
{
	if (s->dumb || s->plain)
		layout_make_single(&s->next, s->cols, prompt, strlen(prompt),
		    text, len, cursor);
	else
		layout_make(&s->next, s->cols, screen_room(s), prompt,
		    strlen(prompt), text, len, cursor);
}

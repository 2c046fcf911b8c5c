/* SPDX-License-Identifier: MIT */
/*
 * The partyline at one client: with a terminal the line editor and the
 * screen, without one plain lines in and out.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "footprint.h"
#include "glyph.h"
#include "mtime.h"
#include "session.h"
#include "text.h"

#define LIST_SHOWN	60	/* candidates listed at once */
#define STREAM_NAMED	4	/* of SES_OUT: it names the reader */

static void	say(struct session *, const char *);
static void	op_entered(void *);
static void	op_line(void *, const char *, size_t);
static void	op_paste(void *, const char *, size_t);
static void	op_pasted(void *, size_t);
static void	op_too_big(void *, size_t, size_t);
static void	line_too_long(void *, size_t);
static void	op_complete(void *, uint32_t, const char *, size_t, size_t);
static void	op_list(void *);
static void	op_interrupt(void *, bool);
static void	op_eof(void *);
static void	op_clear(void *);
static void	op_bell(void *);
static void	commit(struct session *, const char *);

static const struct lineedit_ops edit_ops = {
	.entered = op_entered,
	.line = op_line,
	.paste = op_paste,
	.pasted = op_pasted,
	.too_big = op_too_big,
	.too_long = line_too_long,
	.complete = op_complete,
	.list = op_list,
	.interrupt = op_interrupt,
	.eof = op_eof,
	.clear = op_clear,
	.bell = op_bell,
};

static const struct plainline_ops plain_ops = {
	.line = op_line,
	.too_long = line_too_long,
};

/* The hub has said that the shell may run. */
void
shell_start(struct session *s)
{
	if (!s->pty || s->screen_on)
		return;
	lineedit_init(&s->le, &edit_ops, s);
	screen_init(&s->screen, &s->out.buf, s->term, s->width == 0 ?
	    s->cols : s->width, s->rows);
	screen_start(&s->screen);
	s->screen_on = true;
	footprint_settle();	/* it may stay for days */
}

void
shell_input(struct session *s, const void *data, size_t len)
{
	if (s->screen_on)
		lineedit_feed(&s->le, data, len, mono_ms());
	else if (!s->pty)
		plainline_feed(&s->plain, data, len, &plain_ops, s);
}

void
shell_set(struct session *s, const char *name, const char *value)
{
	bool on = strcmp(value, "on") == 0;

	if (strcmp(name, "color") == 0)
		s->color = on && !s->no_color;
	if (!s->screen_on)
		return;
	if (strcmp(name, "plain") == 0)
		screen_plain(&s->screen, on);
	else if (strcmp(name, "paste") == 0)
		screen_paste(&s->screen, on);
	else if (strcmp(name, "width") == 0) {
		s->width = (unsigned int)strtoul(value, NULL, 10);
		s->size_changed = s->size_changed || (s->width == 0 ?
		    s->cols : s->width) != s->screen.cols;
	}
}

void
shell_bell(struct session *s)
{
	if (s->screen_on)
		screen_bell(&s->screen);
}

void
shell_clear(struct session *s)
{
	if (s->screen_on)
		screen_clear(&s->screen);
}

void
shell_eof(struct session *s)
{
	if (s->screen_on)
		lineedit_flush(&s->le);
	else
		plainline_eof(&s->plain, &plain_ops, s);
	op_eof(s);
}

/* Text of the hub or our own; already safe. */
void
shell_output(struct session *s, int stream, const char *text, size_t len)
{
	const char *nl;
	size_t n;

	if (s->screen_on) {
		s->screen.bold = stream == STREAM_NAMED && s->color;
		screen_print(&s->screen, text, len);
		s->screen.bold = false;
		return;
	}
	if (!s->pty) {
		client_write(s, stream, text, len);
		return;
	}
	while (len > 0) {	/* a command at a terminal */
		nl = memchr(text, '\n', len);
		n = nl == NULL ? len : (size_t)(nl - text);
		client_write(s, 1, text, n);
		if (nl == NULL)
			break;
		client_write(s, 1, "\r\n", 2);
		text += n + 1;
		len -= n + 1;
	}
}

void
shell_completed(struct session *s, uint32_t id, struct rcur *cur)
{
	const char *cand[LINEEDIT_CANDIDATES];
	size_t len[LINEEDIT_CANDIDATES], start, n, i;

	start = rcur_u16(cur);
	n = rcur_u8(cur);
	for (i = 0; i < n; i++) {
		cand[i] = rcur_str(cur, LINEBUF_MAX, &len[i]);
		if (cand[i] == NULL || !utf8_valid(cand[i], len[i]))
			len[i] = 0;
	}
	if (rcur_done(cur) && s->screen_on)
		lineedit_completed(&s->le, id, start, cand, len, n);
}

/* Draw what has changed, unless the client is behind anyway. */
void
shell_refresh(struct session *s)
{
	char prompt[LINEEDIT_QUERY_MAX + 32];
	const char *text;
	size_t len, cursor;
	bool own;

	if (!s->screen_on || s->phase != SES_PH_RUN ||
	    client_queued(s) > SES_OUT_RESUME)
		return;
	lineedit_view(&s->le, prompt, sizeof(prompt), &own, &text, &len,
	    &cursor);
	screen_refresh(&s->screen, own ? prompt : s->prompt, text, len,
	    cursor, mono_ms());
}

void
shell_tick(struct session *s, uint64_t now_ms)
{
	uint16_t size[2];

	if (s->phase != SES_PH_RUN)
		return;
	if (s->size_changed && s->screen_on)
		screen_resize(&s->screen, s->width == 0 ? s->cols : s->width,
		    s->rows, now_ms);
	s->size_untold = s->size_untold || s->size_changed;
	s->size_changed = false;
	/* In a storm of sizes the hub hears only some, and the last. */
	if (s->size_untold && imsgchan_queued(s->hub) == 0) {
		s->size_untold = false;
		size[0] = (uint16_t)s->cols;
		size[1] = (uint16_t)s->rows;
		imsg_send(s->hub, IMSG_SES_WINDOW, 0, 0, size, sizeof(size));
	}
	if (s->screen_on)
		lineedit_tick(&s->le, now_ms);
}

uint64_t
shell_deadline(const struct session *s)
{
	uint64_t a, b;

	if (!s->screen_on || s->phase != SES_PH_RUN)
		return 0;
	a = lineedit_deadline(&s->le);
	b = screen_deadline(&s->screen);
	return a == 0 || (b != 0 && b < a) ? b : a;
}

void
shell_end(struct session *s)
{
	shell_page_end(s);
	if (!s->screen_on)
		return;
	if (s->le.buf.len > 0)		/* what is half typed stays readable */
		shell_refresh(s);
	screen_end(&s->screen, s->le.buf.len > 0);
	s->screen_on = false;
}

static void
say(struct session *s, const char *text)
{
	shell_output(s, 2, text, strlen(text));
}

static void
commit(struct session *s, const char *tail)
{
	screen_commit(&s->screen, s->prompt, s->le.buf.text, s->le.buf.len,
	    tail);
}

/* Does the hub show this line to its speaker too, with the time? */
static bool
is_talk(const struct linebuf *b)
{
	size_t i = 0;

	while (i < b->len && b->text[i] == ' ')
		i++;
	if (i == b->len)
		return false;
	return b->text[i] != '/' || (i + 1 < b->len && b->text[i + 1] == '/');
}

/* Talk comes back as everybody sees it: the draft makes way for that. */
static void
op_entered(void *arg)
{
	struct session *s = arg;

	if (!s->screen.dumb && !s->screen.plain && is_talk(&s->le.buf))
		screen_retract(&s->screen);
	else
		commit(s, "");
}

static void
op_line(void *arg, const char *text, size_t len)
{
	struct session *s = arg;

	s->untaken += SES_LINE_COST + len;
	imsg_send(s->hub, IMSG_SES_LINE, 0, 0, text, len);
}

static void
op_paste(void *arg, const char *text, size_t len)
{
	struct session *s = arg;

	s->untaken += SES_LINE_COST + len;
	imsg_send(s->hub, IMSG_SES_PASTE, 0, 0, text, len);
}

static void
op_pasted(void *arg, size_t lines)
{
	char tail[64];

	snprintf(tail, sizeof(tail), "[%zu lines pasted]", lines);
	commit(arg, tail);
}

static void
op_too_big(void *arg, size_t bytes, size_t limit)
{
	char text[128];

	snprintf(text, sizeof(text), "-- paste not taken: %zu bytes%s, the "
	    "limit is %zu\n", bytes, limit == LINE_MAX_BYTES ?
	    " in one line" : "", limit);
	say(arg, text);
}

static void
op_complete(void *arg, uint32_t id, const char *text, size_t len,
    size_t cursor)
{
	struct session *s = arg;
	struct wbuf w;

	wbuf_init(&w, 8192);
	wbuf_u16(&w, (uint16_t)cursor);
	wbuf_strn(&w, text, len);
	imsg_send_wbuf(s->hub, IMSG_SES_COMPLETE, id, 0, &w);
	wbuf_free(&w);
}

/* In columns as wide as the widest, down the screen's width. */
static void
op_list(void *arg)
{
	struct session *s = arg;
	size_t i, n = s->le.cand_n, widest = 0, per_row, len;
	char safe[256], text[300];

	n = n > LIST_SHOWN ? LIST_SHOWN : n;
	for (i = 0; i < n; i++) {
		len = glyph_columns(s->le.cand[i], strlen(s->le.cand[i]));
		widest = len > widest ? len : widest;
	}
	per_row = (s->screen.cols + 1) / (widest + 2);
	per_row = per_row == 0 ? 1 : per_row;
	for (i = 0; i < n; i++) {
		text_safe(s->le.cand[i], strlen(s->le.cand[i]), safe,
		    sizeof(safe), true);
		len = glyph_columns(safe, strlen(safe));
		if ((i + 1) % per_row == 0 || i + 1 == n)
			snprintf(text, sizeof(text), "%s\n", safe);
		else
			snprintf(text, sizeof(text), "%s%*s", safe,
			    (int)(widest + 2 - (len < widest ? len : widest)),
			    "");
		say(s, text);
	}
	if (s->le.cand_n > n) {
		snprintf(text, sizeof(text), "-- and %zu more\n",
		    s->le.cand_n - n);
		say(s, text);
	}
}

static void
op_interrupt(void *arg, bool was_empty)
{
	struct session *s = arg;

	if (!was_empty) {
		commit(s, "^C");
		return;
	}
	imsg_send(s->hub, IMSG_SES_INTR, 0, 0, NULL, 0);
	say(s, "-- ^C again, ^D or /quit ends the session\n");
}

static void
op_eof(void *arg)
{
	struct session *s = arg;

	imsg_send(s->hub, IMSG_SES_EOF, 0, 0, NULL, 0);
}

static void
op_clear(void *arg)
{
	struct session *s = arg;

	screen_clear(&s->screen);
}

static void
op_bell(void *arg)
{
	struct session *s = arg;

	screen_bell(&s->screen);
}

static void
line_too_long(void *arg, size_t bytes)
{
	char text[128];

	snprintf(text, sizeof(text), "-- line not taken: %zu bytes, the limit "
	    "is %u\n", bytes, LINE_MAX_BYTES);
	say(arg, text);
}

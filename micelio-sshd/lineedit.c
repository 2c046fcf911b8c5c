/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lineedit.h"
#include "log.h"

static void	lineedit_key(void *, enum key, const char *, size_t);
static void	edit_key(struct lineedit *, enum key);
static void	kill_key(struct lineedit *, enum key);
static void	move_key(struct lineedit *, enum key);
static void	history_key(struct lineedit *, enum key);
static void	insert_char(struct lineedit *, const char *, size_t);
static void	enter(struct lineedit *);
static void	interrupt(struct lineedit *);
static void	end_of_file(struct lineedit *);
static void	kill_range(struct lineedit *, size_t, size_t);
static void	remove_range(struct lineedit *, size_t, size_t);

void
lineedit_init(struct lineedit *le, const struct lineedit_ops *ops, void *arg)
{
	memset(le, 0, sizeof(*le));
	keys_init(&le->keys);
	linebuf_init(&le->buf);
	history_init(&le->history);
	wbuf_init(&le->pasted, LINEEDIT_PASTE_MAX);
	wbuf_init(&le->burst, LINEEDIT_PASTE_MAX);
	le->ops = ops;
	le->arg = arg;
}

void
lineedit_free(struct lineedit *le)
{
	lineedit_forget_candidates(le);
	linebuf_free(&le->buf);
	history_free(&le->history);
	wbuf_free(&le->pasted);
	wbuf_free(&le->burst);
	free(le->killed);
	le->killed = NULL;
}

void
lineedit_feed(struct lineedit *le, const void *data, size_t len,
    uint64_t now_ms)
{
	lineedit_tick(le, now_ms);
	if (le->pasting && len >= LINEEDIT_PASTE_BULK)
		le->paste_deadline_ms = now_ms + LINEEDIT_PASTE_MS;
	if (le->burst_lines > 0)
		le->burst_deadline_ms = now_ms + LINEEDIT_BURST_MS;
	le->single = len == 1 && now_ms >= le->fed_ms + LINEEDIT_BURST_MS;
	le->fed_ms = now_ms;
	keys_feed(&le->keys, data, len, now_ms, lineedit_key, le);
}

uint64_t
lineedit_deadline(const struct lineedit *le)
{
	uint64_t due = le->keys.deadline_ms;

	if (le->pasting && (due == 0 || le->paste_deadline_ms < due))
		due = le->paste_deadline_ms;
	if (le->burst_lines > 0 && (due == 0 || le->burst_deadline_ms < due))
		due = le->burst_deadline_ms;
	return due;
}

void
lineedit_tick(struct lineedit *le, uint64_t now_ms)
{
	le->now_ms = now_ms;
	if (le->burst_lines > 0 && (now_ms >= le->burst_deadline_ms ||
	    now_ms >= le->burst_start_ms + LINEEDIT_BURST_MAX_MS))
		lineedit_flush_burst(le);
	if (le->pasting && now_ms >= le->paste_deadline_ms)
		lineedit_paste_finish(le);
	keys_tick(&le->keys, now_ms, lineedit_key, le);
}

void
lineedit_flush(struct lineedit *le)
{
	if (le->pasting)
		lineedit_paste_finish(le);
	lineedit_flush_burst(le);
}

void
lineedit_view(const struct lineedit *le, char *prompt, size_t size,
    bool *own_prompt, const char **text, size_t *len, size_t *cursor)
{
	*own_prompt = le->searching;
	*text = le->buf.text;
	*len = le->buf.len;
	*cursor = le->buf.cursor;
	if (!le->searching)
		return;
	snprintf(prompt, size, "(%s '%s'): ",
	    le->search_failed ? "not found" : "search", le->query);
	if (le->search_at < le->history.n) {
		*text = le->history.line[le->search_at];
		*len = le->history.len[le->search_at];
		*cursor = le->search_pos;
	}
}

static void
lineedit_key(void *arg, enum key key, const char *utf8, size_t len)
{
	struct lineedit *le = arg;

	if (le->pasting) {
		lineedit_paste_key(le, key, utf8, len);
		return;
	}
	if (le->searching && lineedit_search_key(le, key, utf8, len))
		return;
	if (key != KEY_TAB && key != KEY_BACKTAB)
		lineedit_forget_candidates(le);
	if (key != KEY_INTERRUPT)
		le->interrupted = false;
	le->changed = true;
	switch (key) {
	case KEY_CHAR:
		insert_char(le, utf8, len);
		break;
	case KEY_ENTER:
		enter(le);
		break;
	case KEY_TAB:
	case KEY_BACKTAB:
		lineedit_tab(le, key == KEY_BACKTAB);
		break;
	case KEY_PASTE_BEGIN:
		le->pasting = true;
		le->paste_total = 0;
		wbuf_reset(&le->pasted);
		le->paste_deadline_ms = le->now_ms + LINEEDIT_PASTE_MS;
		break;
	case KEY_BAD:
		le->ops->bell(le->arg);
		break;
	default:
		edit_key(le, key);
		break;
	}
	if (le->buf.len == 0)
		le->overflow = 0;
}

static void
edit_key(struct lineedit *le, enum key key)
{
	struct linebuf *b = &le->buf;

	switch (key) {
	case KEY_BACKSPACE:
		remove_range(le, linebuf_left(b), b->cursor);
		break;
	case KEY_DELETE_OR_EOF:
		if (b->len == 0) {
			end_of_file(le);
			break;
		}
		__attribute__((fallthrough));
	case KEY_DELETE:
		remove_range(le, b->cursor, linebuf_right(b));
		break;
	case KEY_YANK:
		b->typing = false;
		if (!linebuf_insert(b, le->killed == NULL ? "" : le->killed,
		    le->killed_len))
			le->ops->bell(le->arg);
		b->typing = false;
		break;
	case KEY_TRANSPOSE:
		if (!linebuf_transpose(b))
			le->ops->bell(le->arg);
		break;
	case KEY_UNDO:
		if (!linebuf_undo(b))
			le->ops->bell(le->arg);
		break;
	case KEY_INTERRUPT:
		interrupt(le);
		break;
	default:
		kill_key(le, key);
		break;
	}
}

static void
kill_key(struct lineedit *le, enum key key)
{
	struct linebuf *b = &le->buf;

	switch (key) {
	case KEY_KILL_WORD_SPACE:
		kill_range(le, linebuf_space_left(b), b->cursor);
		break;
	case KEY_KILL_WORD_BACK:
		kill_range(le, linebuf_word_left(b), b->cursor);
		break;
	case KEY_KILL_WORD:
		kill_range(le, b->cursor, linebuf_word_right(b));
		break;
	case KEY_KILL_END:
		kill_range(le, b->cursor, b->len);
		break;
	case KEY_KILL_START:
		kill_range(le, 0, b->cursor);
		break;
	default:
		move_key(le, key);
		break;
	}
}

static void
move_key(struct lineedit *le, enum key key)
{
	struct linebuf *b = &le->buf;

	switch (key) {
	case KEY_LEFT:
		linebuf_move(b, linebuf_left(b));
		break;
	case KEY_RIGHT:
		linebuf_move(b, linebuf_right(b));
		break;
	case KEY_WORD_LEFT:
		linebuf_move(b, linebuf_word_left(b));
		break;
	case KEY_WORD_RIGHT:
		linebuf_move(b, linebuf_word_right(b));
		break;
	case KEY_HOME:
		linebuf_move(b, 0);
		break;
	case KEY_END:
		linebuf_move(b, b->len);
		break;
	case KEY_CLEAR:
		le->ops->clear(le->arg);
		break;
	default:		/* PgUp, PgDn, ESC, C-g: nothing */
		history_key(le, key);
		break;
	}
}

static void
history_key(struct lineedit *le, enum key key)
{
	struct linebuf *b = &le->buf;
	const char *text;
	size_t len;
	bool found;

	if (key == KEY_SEARCH) {
		lineedit_search_start(le);
		return;
	}
	if (key == KEY_UP)
		found = history_older(&le->history, b->text, b->len, &text,
		    &len);
	else if (key == KEY_DOWN)
		found = history_newer(&le->history, &text, &len);
	else
		return;
	if (found) {
		linebuf_set(b, text, len);
		le->overflow = 0;
	} else
		le->ops->bell(le->arg);
}

static void
insert_char(struct lineedit *le, const char *utf8, size_t len)
{
	if (linebuf_insert(&le->buf, utf8, len))
		return;
	/* Half a line is never said: Enter refuses it. */
	if (le->overflow == 0)
		le->ops->bell(le->arg);
	if (len < SIZE_MAX - LINEBUF_MAX - le->overflow)
		le->overflow += len;
}

static void
enter(struct lineedit *le)
{
	le->ops->entered(le->arg);
	if (le->overflow > 0)
		le->ops->too_long(le->arg, le->buf.len + le->overflow);
	else
		lineedit_entered_line(le);
	linebuf_clear(&le->buf);
}

static void
interrupt(struct lineedit *le)
{
	bool was_empty = le->buf.len == 0;

	lineedit_flush_burst(le);
	if (was_empty && le->interrupted) {
		end_of_file(le);
		return;
	}
	le->interrupted = was_empty;
	le->ops->interrupt(le->arg, was_empty);
	if (!was_empty) {
		linebuf_clear(&le->buf);
		history_rest(&le->history);
	}
}

static void
end_of_file(struct lineedit *le)
{
	lineedit_flush_burst(le);
	le->ops->eof(le->arg);
}

static void
kill_range(struct lineedit *le, size_t from, size_t to)
{
	if (from < to) {
		free(le->killed);
		le->killed_len = to - from;
		le->killed = xcalloc(1, le->killed_len);
		memcpy(le->killed, le->buf.text + from, le->killed_len);
	}
	remove_range(le, from, to);
}

static void
remove_range(struct lineedit *le, size_t from, size_t to)
{
	if (from == to)
		le->ops->bell(le->arg);
	else
		linebuf_remove(&le->buf, from, to);
}

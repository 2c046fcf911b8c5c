/* SPDX-License-Identifier: MIT */
/* C-r through the history, and Tab. */
#include <stdlib.h>
#include <string.h>

#include "lineedit.h"
#include "log.h"

#define COMPLETE_LINE_MAX	8000	/* what one request carries */
#define TABS_MAX		16u	/* before the answer */

static void	search_again(struct lineedit *, size_t);
static void	search_accept(struct lineedit *);
static size_t	common_prefix(const struct lineedit *);
static void	candidate_use(struct lineedit *, size_t);

void
lineedit_search_start(struct lineedit *le)
{
	le->searching = true;
	le->search_failed = false;
	le->query_len = 0;
	le->query[0] = '\0';
	le->search_at = le->history.n;
	le->search_pos = 0;
}

/* True if the key was the search's own; else that has ended, the key counts. */
bool
lineedit_search_key(struct lineedit *le, enum key key, const char *utf8,
    size_t len)
{
	le->changed = true;
	switch (key) {
	case KEY_CHAR:
		if (le->query_len + len > LINEEDIT_QUERY_MAX) {
			le->ops->bell(le->arg);
			return true;
		}
		memcpy(le->query + le->query_len, utf8, len);
		le->query_len += len;
		le->query[le->query_len] = '\0';
		search_again(le, le->search_at + 1);
		return true;
	case KEY_BACKSPACE:
		while (le->query_len > 0 &&
		    ((unsigned char)le->query[--le->query_len] & 0xc0) == 0x80)
			;
		le->query[le->query_len] = '\0';
		search_again(le, le->history.n);
		return true;
	case KEY_SEARCH:
		search_again(le, le->search_at);
		return true;
	case KEY_INTERRUPT:
	case KEY_CANCEL:
	case KEY_ESC:
		le->searching = false;
		return true;
	case KEY_BAD:
		le->ops->bell(le->arg);
		return true;
	default:
		search_accept(le);
		return false;
	}
}

static void
search_again(struct lineedit *le, size_t before)
{
	size_t at = before, pos;

	if (le->query_len == 0)
		return;
	le->search_failed = !history_search(&le->history, le->query,
	    le->query_len, &at, &pos);
	if (le->search_failed) {
		le->ops->bell(le->arg);
		return;
	}
	le->search_at = at;
	le->search_pos = pos;
}

static void
search_accept(struct lineedit *le)
{
	size_t at = le->search_at;

	le->searching = false;
	if (at >= le->history.n)
		return;
	linebuf_set(&le->buf, le->history.line[at], le->history.len[at]);
	linebuf_move(&le->buf, le->search_pos);
}

void
lineedit_tab(struct lineedit *le, bool back)
{
	if (le->cand_n > 0) {
		if (!le->cand_listed && !back) {
			le->cand_listed = true;
			le->ops->list(le->arg);
			return;
		}
		if (back)
			le->cand_at = (le->cand_at < le->cand_n &&
			    le->cand_at > 0 ? le->cand_at : le->cand_n) - 1;
		else
			le->cand_at = le->cand_at < le->cand_n - 1 ?
			    le->cand_at + 1 : 0;
		candidate_use(le, le->cand_at);
		return;
	}
	/* Nothing was typed since: it is for the answer that is on its way. */
	if (le->tabs_id != 0 && le->tabs_id == le->complete_id) {
		if (!back && le->tabs < TABS_MAX)
			le->tabs++;
		return;
	}
	if (le->buf.len > COMPLETE_LINE_MAX) {
		le->ops->bell(le->arg);
		return;
	}
	if (++le->complete_id == 0)
		le->complete_id = 1;
	le->tabs_id = le->complete_id;
	le->tabs = 0;
	le->ops->complete(le->arg, le->complete_id, le->buf.text, le->buf.len,
	    le->buf.cursor);
}

void
lineedit_completed(struct lineedit *le, uint32_t id, size_t start,
    const char *const *cand, const size_t *len, size_t n)
{
	size_t i, common;

	/* Any key in between has made the number odd: see forget. */
	if (id != le->complete_id || le->cand_n > 0 || le->searching)
		return;
	le->tabs_id = 0;
	if (start > le->buf.cursor)
		return;
	if (n > LINEEDIT_CANDIDATES)
		n = LINEEDIT_CANDIDATES;
	for (i = 0; i < n; i++) {
		le->cand[i] = xcalloc(1, len[i] + 1);
		memcpy(le->cand[i], cand[i], len[i]);
	}
	le->cand_n = n;
	le->cand_start = start;
	le->cand_at = n;		/* none chosen */
	le->cand_listed = false;
	le->changed = true;
	if (n == 0) {
		le->ops->bell(le->arg);
		return;
	}
	common = common_prefix(le);
	if (n == 1) {
		candidate_use(le, 0);
		lineedit_forget_candidates(le);
	} else if (common > le->buf.cursor - start) {
		if (!linebuf_replace(&le->buf, start, le->buf.cursor,
		    le->cand[0], common))
			le->ops->bell(le->arg);
	} else {
		le->cand_listed = true;
		le->ops->list(le->arg);
	}
	while (le->cand_n > 0 && le->tabs > 0) {
		le->tabs--;
		lineedit_tab(le, false);
	}
}

void
lineedit_forget_candidates(struct lineedit *le)
{
	while (le->cand_n > 0)
		free(le->cand[--le->cand_n]);
	/* An answer still on its way is for a line that is gone. */
	le->complete_id++;
}

static size_t
common_prefix(const struct lineedit *le)
{
	size_t i, n, common = le->cand_n == 0 ? 0 : strlen(le->cand[0]);

	for (i = 1; i < le->cand_n; i++) {
		for (n = 0; n < common &&
		    le->cand[i][n] == le->cand[0][n]; n++)
			;
		common = n;
	}
	/* Not in the middle of a character. */
	while (common > 0 && le->cand_n > 0 &&
	    ((unsigned char)le->cand[0][common] & 0xc0) == 0x80)
		common--;
	return common;
}

/* A candidate alone gets a space behind it, unless it asks for more. */
static void
candidate_use(struct lineedit *le, size_t i)
{
	const char *text = le->cand[i];
	size_t len = strlen(text);
	bool more = len == 0 || strchr(" /=:", text[len - 1]) != NULL;

	if (!linebuf_replace(&le->buf, le->cand_start, le->buf.cursor, text,
	    len)) {
		le->ops->bell(le->arg);
		return;
	}
	if (le->cand_n == 1 && !more && le->buf.cursor == le->buf.len)
		linebuf_insert(&le->buf, " ", 1);
}

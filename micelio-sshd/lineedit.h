/* SPDX-License-Identifier: MIT */
/*
 * The line editor: bytes of a terminal and the time go in, an edited line and
 * calls of the table below come out.  Pure: no descriptor, no clock.
 *
 * Pastes.  A bracketed paste without a line end is typed text.  With line
 * ends it is one message of several lines, unless it is one line with its
 * end: that waits for Enter.  Lines that follow each other within
 * LINEEDIT_BURST_MS (a paste of a terminal without brackets) are joined the
 * same way, except commands, which stay lines of their own.  An Enter key that
 * comes alone is a person's: its line does not wait for others.
 */
#ifndef MICELIO_SSHD_LINEEDIT_H
#define MICELIO_SSHD_LINEEDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cursor.h"
#include "history.h"
#include "keys.h"
#include "linebuf.h"

#define LINEEDIT_BURST_MS	5
#define LINEEDIT_BURST_MAX_MS	250
#define LINEEDIT_PASTE_MS	2000	/* an unfinished paste ends */
#define LINEEDIT_PASTE_BULK	16	/* bytes at once that people do not type */
#define LINEEDIT_PASTE_MAX	CHAT_TEXT_MAX
#define LINEEDIT_QUERY_MAX	128
#define LINEEDIT_CANDIDATES	255

struct lineedit_ops {
	/* A line was entered: it stays on the screen as it is. */
	void	(*entered)(void *);
	/* One line, or several joined by \n.  May come after entered(). */
	void	(*line)(void *, const char *, size_t);
	void	(*paste)(void *, const char *, size_t);
	/* A bracketed paste of so many lines went out by paste(). */
	void	(*pasted)(void *, size_t lines);
	/* A paste of so many bytes was dropped: over this limit. */
	void	(*too_big)(void *, size_t bytes, size_t limit);
	/* A line was entered that had so many bytes: all of it is dropped. */
	void	(*too_long)(void *, size_t bytes);
	/* Ask for candidates; answered by lineedit_completed(). */
	void	(*complete)(void *, uint32_t id, const char *, size_t,
		    size_t cursor);
	/* Show the candidates of le->cand. */
	void	(*list)(void *);
	/* C-c; the line has been dropped if it was not empty. */
	void	(*interrupt)(void *, bool was_empty);
	/* C-d on an empty line, or C-c twice. */
	void	(*eof)(void *);
	void	(*clear)(void *);
	void	(*bell)(void *);
};

struct lineedit {
	struct keys			 keys;
	struct linebuf			 buf;
	struct history			 history;
	const struct lineedit_ops	*ops;
	void				*arg;
	uint64_t			 now_ms;
	uint64_t			 fed_ms;	/* when the last bytes came */
	bool				 single;	/* one byte, after a pause */
	char				*killed;	/* for C-y */
	size_t				 killed_len;
	size_t				 overflow;	/* typed, no room */
	bool				 interrupted;	/* C-c on empty */
	bool				 changed;	/* since last asked */

	bool				 pasting;
	uint64_t			 paste_deadline_ms;
	size_t				 paste_total;
	struct wbuf			 pasted;
	struct wbuf			 burst;
	size_t				 burst_lines;
	uint64_t			 burst_start_ms, burst_deadline_ms;

	bool				 searching;
	char				 query[LINEEDIT_QUERY_MAX + 1];
	size_t				 query_len;
	size_t				 search_at, search_pos;
	bool				 search_failed;

	uint32_t			 complete_id;	/* awaited; 0: none */
	uint32_t			 tabs_id;	/* Tab was pressed ... */
	uint8_t				 tabs;	/* so often while it is */
	char				*cand[LINEEDIT_CANDIDATES];
	size_t				 cand_n, cand_start, cand_at;
	bool				 cand_listed;
};

void	 lineedit_init(struct lineedit *, const struct lineedit_ops *, void *);
void	 lineedit_free(struct lineedit *);
void	 lineedit_feed(struct lineedit *, const void *, size_t,
	    uint64_t now_ms);
/* When lineedit_tick() is due; 0: never. */
uint64_t lineedit_deadline(const struct lineedit *);
void	 lineedit_tick(struct lineedit *, uint64_t now_ms);
/* Hand out what waits for more: before the end. */
void	 lineedit_flush(struct lineedit *);

/*
 * Candidates for the text between start and the cursor.  Dropped when the
 * line has changed since it was asked for.
 */
void	 lineedit_completed(struct lineedit *, uint32_t id, size_t start,
	    const char *const *cand, const size_t *len, size_t n);

/* What to show: a prompt in place of the usual one (or NULL), text, cursor. */
void	 lineedit_view(const struct lineedit *, char *prompt, size_t size,
	    bool *own_prompt, const char **text, size_t *len, size_t *cursor);

/* For the parts of the editor only. */
void	 lineedit_flush_burst(struct lineedit *);
void	 lineedit_entered_line(struct lineedit *);
bool	 lineedit_paste_key(struct lineedit *, enum key, const char *, size_t);
void	 lineedit_paste_finish(struct lineedit *);
bool	 lineedit_search_key(struct lineedit *, enum key, const char *, size_t);
void	 lineedit_search_start(struct lineedit *);
void	 lineedit_tab(struct lineedit *, bool back);
void	 lineedit_forget_candidates(struct lineedit *);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * What one terminal shows: lines that scroll by, and under them the prompt
 * with the half-typed line.  Bytes for the terminal go to out; nothing is
 * read back.  Pure: no descriptor, no clock.
 *
 * A dumb terminal (TERM=dumb) gets no escape sequence at all: the line is
 * kept in one row that scrolls sideways, by CR, spaces and BS.
 */
#ifndef MICELIO_SSHD_SCREEN_H
#define MICELIO_SSHD_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cursor.h"
#include "layout.h"

#define SCREEN_COLS		80	/* when the client says 0 */
#define SCREEN_ROWS		24
#define SCREEN_COLS_MIN		4
#define SCREEN_COLS_MAX		500
#define SCREEN_ROWS_MAX		300
#define SCREEN_BACKLOG		300	/* lines for a repaint */
#define SCREEN_BACKLOG_BYTES	(64 * 1024)
#define SCREEN_BACKLOG_LINE	4096
#define SCREEN_RESIZE_MS	40	/* of rest, then repaint */
#define SCREEN_RESIZE_MAX_MS	300

struct screen_line {
	char	*text;
	size_t	 len;
	bool	 ended;		/* its \n came */
};

struct screen {
	struct wbuf	*out;
	unsigned int	 cols, rows;
	bool		 dumb;
	bool		 plain;		/* nothing drawn is drawn again */
	bool		 no_paste;	/* no bracketed pastes */
	bool		 bold;		/* of what is printed now */
	bool		 visible;	/* the prompt is drawn */
	bool		 at_start;	/* cursor in column 0 of an empty row */
	struct layout	 drawn, next;
	size_t		 cur_row;	/* where the cursor is, in drawn */
	unsigned int	 cur_col;
	bool		 covered;	/* something else is on the terminal */
	bool		 resizing;
	uint64_t	 resize_since_ms, resize_due_ms;
	struct screen_line backlog[SCREEN_BACKLOG];
	size_t		 backlog_n, backlog_bytes;
};

/* term as the client named it; "" and "dumb" are dumb. */
void	 screen_init(struct screen *, struct wbuf *out, const char *term,
	    unsigned int cols, unsigned int rows);
void	 screen_free(struct screen *);
/* Ask for bracketed pastes. */
void	 screen_start(struct screen *);
void	 screen_resize(struct screen *, unsigned int cols, unsigned int rows,
	    uint64_t now_ms);
/* Lines only ever added; bracketed pastes asked for. */
void	 screen_plain(struct screen *, bool);
void	 screen_paste(struct screen *, bool);
/* When a repaint after a resize is due; 0: none waits. */
uint64_t screen_deadline(const struct screen *);

/* Text above the prompt: safe for a terminal, \n ends lines. */
void	 screen_print(struct screen *, const char *, size_t);
/* Make the prompt and line visible as they are now. */
void	 screen_refresh(struct screen *, const char *prompt, const char *text,
	    size_t len, size_t cursor, uint64_t now_ms);
/* The line was entered: leave it, with tail behind it, and go below. */
void	 screen_commit(struct screen *, const char *prompt, const char *text,
	    size_t len, const char *tail);
/* The line was entered and will be shown otherwise: take it away. */
void	 screen_retract(struct screen *);
void	 screen_clear(struct screen *);
/*
 * Something else is drawn all over it for a while; after that it is painted
 * anew.
 */
void	 screen_cover(struct screen *, bool);
void	 screen_bell(struct screen *);
/* Leave the terminal as it was found; a prompt without text goes away. */
void	 screen_end(struct screen *, bool keep_line);

/* For screen_backlog.c. */
void	 screen_remember(struct screen *, const char *, size_t);
void	 screen_forget(struct screen *);
size_t	 screen_backlog_from(const struct screen *, size_t rows);

#endif

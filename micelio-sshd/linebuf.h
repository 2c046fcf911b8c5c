/* SPDX-License-Identifier: MIT */
/*
 * The text of one line and the place in it: insert, remove, move by clusters
 * and words, with undo.  Valid UTF-8 only goes in; the cursor always stands
 * between clusters.
 */
#ifndef MICELIO_SSHD_LINEBUF_H
#define MICELIO_SSHD_LINEBUF_H

#include <stdbool.h>
#include <stddef.h>

#include "imsg.h"

#define LINEBUF_MAX	LINE_MAX_BYTES
#define LINEBUF_UNDO	64		/* states kept */
#define LINEBUF_UNDO_BYTES (128 * 1024)	/* and their text in all */

struct linebuf_state {
	char	*text;
	size_t	 len, cursor;
};

struct linebuf {
	char			*text;	/* LINEBUF_MAX + 1, terminated */
	size_t			 len;
	size_t			 cursor;
	struct linebuf_state	 undo[LINEBUF_UNDO];
	size_t			 undo_n, undo_bytes;
	bool			 typing;	/* plain typing goes on */
};

void	 linebuf_init(struct linebuf *);
void	 linebuf_free(struct linebuf *);
/* Empty, and nothing to undo. */
void	 linebuf_clear(struct linebuf *);
/* The whole text replaced (cut at the limit), cursor at the end. */
void	 linebuf_set(struct linebuf *, const char *, size_t);
/* At the cursor; false (and nothing done) when it does not fit. */
bool	 linebuf_insert(struct linebuf *, const char *, size_t);
/* Remove [from, to); the cursor goes to from. */
void	 linebuf_remove(struct linebuf *, size_t from, size_t to);
/* Replace [from, to) by text; false when it does not fit. */
bool	 linebuf_replace(struct linebuf *, size_t from, size_t to,
	    const char *, size_t);
/* Exchange the two clusters around the cursor (C-t). */
bool	 linebuf_transpose(struct linebuf *);
/* Back to the state before the last change; false: there is none. */
bool	 linebuf_undo(struct linebuf *);

/* Offsets from the cursor; the ends stay put. */
size_t	 linebuf_left(const struct linebuf *);
size_t	 linebuf_right(const struct linebuf *);
size_t	 linebuf_word_left(const struct linebuf *);
size_t	 linebuf_word_right(const struct linebuf *);
size_t	 linebuf_space_left(const struct linebuf *);
void	 linebuf_move(struct linebuf *, size_t to);

#endif

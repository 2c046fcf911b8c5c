/* SPDX-License-Identifier: MIT */
/*
 * A page of text that takes the place of the one before, on a terminal's
 * other screen (xterm's 1049); lines too long or too many are cut.  Pure:
 * bytes for the terminal are appended to a buffer.
 */
#ifndef MICELIO_PAGE_H
#define MICELIO_PAGE_H

#include <stdbool.h>
#include <stddef.h>

struct wbuf;

/* Can a terminal of that name, TERM, be drawn on? */
bool	page_possible(const char *term);
/*
 * Text safe for a terminal, lines ended by \n; first: the screen shows
 * something else until now.  The last of the rows says how to leave.
 */
void	page_draw(struct wbuf *, const char *, size_t, unsigned int rows,
	    bool first);
/* The terminal as it was before the first. */
void	page_end(struct wbuf *);
/* Do these keys leave the page: q, ^C or ^D? */
bool	page_left(const void *keys, size_t);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Answers of stated too large for a window: export, and backup to standard
 * output.  They come a page at a time, the next when the last was taken.
 */
#ifndef MICELIO_SSHD_PAGES_H
#define MICELIO_SSHD_PAGES_H

#include <stddef.h>
#include <stdint.h>

struct run;

#define PAGES_AFTER_MAX	256u

struct pages {
	char		 after[PAGES_AFTER_MAX];	/* the next begins */
	size_t		 after_len;
	uint64_t	 bytes, rows;		/* of what was given out */
	uint64_t	 total;			/* bytes; 0: not known */
	uint64_t	 began, shown;		/* mono ms */
	char		 text[1024];		/* how it ended */
};

/* What a row of that run holds; value is raw. */
void	 pages_row(struct run *, const void *row, size_t len,
	    const char *value, size_t n);
/* The page is at its end; more begin behind after. */
void	 pages_next(struct run *, const char *after, size_t n);
/* That was all: the run ends when all of it has been taken. */
void	 pages_done(struct run *, const char *text);

#endif

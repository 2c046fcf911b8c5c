/* SPDX-License-Identifier: MIT */
/*
 * A prompt and a line cut into the rows of a terminal, with the place of the
 * cursor.  A wide character never straddles a row's end, and the cursor always
 * has a cell.
 */
#ifndef MICELIO_SSHD_LAYOUT_H
#define MICELIO_SSHD_LAYOUT_H

#include <stddef.h>

#include "cursor.h"

struct layout_row {
	size_t		 off, len;	/* bytes in text */
	unsigned int	 width;		/* columns */
};

struct layout {
	struct wbuf		 text;		/* as shown */
	struct layout_row	*row;
	size_t			 nrows, cap;
	size_t			 cur_row;
	unsigned int		 cur_col;
};

void	 layout_init(struct layout *);
void	 layout_free(struct layout *);
/*
 * cols >= 2.  At most max_rows rows are kept, those that end with the
 * cursor's when there are more.
 */
void	 layout_make(struct layout *, unsigned int cols, size_t max_rows,
	    const char *prompt, size_t prompt_len, const char *text,
	    size_t len, size_t cursor);
/*
 * One row that scrolls sideways: as much of the line as fits, the cursor
 * in it.
 */
void	 layout_make_single(struct layout *, unsigned int cols,
	    const char *prompt, size_t prompt_len, const char *text,
	    size_t len, size_t cursor);
const char *layout_row_text(const struct layout *, size_t row);
/* Do the rows begin alike: bytes and columns of the common start. */
void	 layout_common(const struct layout *, size_t row_a,
	    const struct layout *, size_t row_b, size_t *bytes,
	    unsigned int *columns);

#endif

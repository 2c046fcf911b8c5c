/* SPDX-License-Identifier: MIT */
/* A very small terminal for tests: what a person would see. */
#ifndef TEST_VT_H
#define TEST_VT_H

#include <stdbool.h>
#include <stddef.h>

#define VT_COLS	200
#define VT_ROWS	60
#define VT_CELL	64

struct vt {
	unsigned int	cols, rows, x, y;
	bool		pending;	/* in the last column: wraps on next */
	bool		bracketed, hidden, odd;	/* odd: a sequence unknown here */
	unsigned int	bells, escapes;
	char		cell[VT_ROWS][VT_COLS][VT_CELL];
	unsigned char	width[VT_ROWS][VT_COLS];	/* 0: right half */
};

void	 vt_init(struct vt *, unsigned int cols, unsigned int rows);
void	 vt_feed(struct vt *, const void *, size_t);
/* A row without trailing blanks. */
const char *vt_row(const struct vt *, unsigned int);
/* Cut or extended without rewrapping; the cursor stays inside. */
void	 vt_resize(struct vt *, unsigned int cols, unsigned int rows);

#endif

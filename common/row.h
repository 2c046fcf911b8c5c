/* SPDX-License-Identifier: MIT */
/*
 * A row of named, typed values: what a daemon answers to TABLE_GET.  One
 * encoding, two renderings in the hub (text and JSON).  Format: repeated
 * (str name, u8 type, value); name is a lower-case word with '_'.
 */
#ifndef MICELIO_ROW_H
#define MICELIO_ROW_H

#include "cursor.h"

struct nodeid;

enum row_type {
	ROW_STR = 1,	/* str, UTF-8 */
	ROW_U64,	/* u64 */
	ROW_I64,	/* u64, two's complement */
	ROW_BOOL,	/* u8 */
	ROW_MS,		/* u64: a span in milliseconds */
	ROW_TIME,	/* u64: unix time in milliseconds */
	ROW_BYTES,	/* u64: a size in bytes */
	ROW_NULL,	/* u8: nothing, of the type it would have had */
	ROW_US,		/* u64: a span in microseconds */
};

void	row_str(struct wbuf *, const char *name, const char *);
void	row_strn(struct wbuf *, const char *name, const char *, size_t);
/* All of a node's id as text; NULL: there is none. */
void	row_id(struct wbuf *, const char *name, const struct nodeid *);
void	row_num(struct wbuf *, const char *name, enum row_type, uint64_t);
void	row_bool(struct wbuf *, const char *name, bool);
void	row_null(struct wbuf *, const char *name);	/* of a ROW_STR */
void	row_none(struct wbuf *, const char *name, enum row_type);

struct row_field {
	const char	*name;		/* name_len bytes, in place */
	size_t		 name_len;
	enum row_type	 type;
	enum row_type	 of;		/* type, also where it is ROW_NULL */
	uint64_t	 num;
	const char	*str;		/* ROW_STR: in place */
	size_t		 str_len;
};

/* Next field; false at the end or when the row is malformed (c->bad). */
bool	row_next(struct rcur *c, struct row_field *);

#endif

/* SPDX-License-Identifier: MIT */
/* The result of a command, and its renderings. */
#ifndef MICELIO_SSHD_DOC_H
#define MICELIO_SSHD_DOC_H

#include <stdbool.h>
#include <stddef.h>

#include "cursor.h"

struct row_field;

#define DOC_LISTS_MAX	8
#define DOC_BYTES_MAX	(512u * 1024)

struct doc_list {
	const char	*name;		/* static */
	struct wbuf	*rows;
	size_t		 n;
};

struct doc {
	struct wbuf	 head;		/* a row (row.h) */
	struct doc_list	 list[DOC_LISTS_MAX];
	size_t		 nlists;
	size_t		 bytes;
	bool		 cut;		/* DOC_BYTES_MAX was reached */
};

enum doc_form { DOC_TEXT, DOC_JSON, DOC_PLAIN };

void	 doc_init(struct doc *);
void	 doc_free(struct doc *);
/* A list to fill; the index for doc_row(). */
size_t	 doc_list(struct doc *, const char *name);
/* Take a row (row.h bytes) over; false when the document is full. */
bool	 doc_row(struct doc *, size_t list, const void *, size_t);
/* The value of a field: true if there. */
bool	 row_find(const void *row, size_t, const char *name,
	    struct row_field *);
/* For people: ages, sizes, "-" for none; safe for a terminal. */
void	 field_text(const struct row_field *, struct wbuf *);
/* Is it that text? */
bool	 field_is(const struct row_field *, const char *);
/* {"v":1,...}\n */
void	 doc_json(const struct doc *, struct wbuf *);
void	 doc_plain(const struct doc *, struct wbuf *);
/* Append a field as it is. */
void	 row_field_copy(struct wbuf *, const struct row_field *);
/* Columns a terminal uses for the text. */
size_t	 text_width(const char *, size_t);
void	 wbuf_printf(struct wbuf *, const char *, ...)
	    __attribute__((format(printf, 2, 3)));
void	 wbuf_json(struct wbuf *, const char *, size_t);

/* doc_table.c */

/* "name  value" lines of the head; then each list as a table. */
void	 doc_text(const struct doc *, struct wbuf *);
/*
 * One list as a table with a header line; node ids shortened.  names: the
 * columns, "id addr"; NULL: all.
 */
void	 doc_table(const struct doc_list *, const char *names,
	    struct wbuf *);
/* The same without the columns in which no row has a value. */
void	 doc_table_used(const struct doc_list *, const char *names,
	    struct wbuf *);
/* "gossipd   peers 2, seen 17": the first row, without zeros. */
void	 doc_facts_text(const struct doc_list *, struct wbuf *);

#endif

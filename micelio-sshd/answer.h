/* SPDX-License-Identifier: MIT */
/* What a daemon answered to a TABLE_GET. */
#ifndef MICELIO_SSHD_ANSWER_H
#define MICELIO_SSHD_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cursor.h"
#include "imsg.h"

enum answer_state { ANSWER_WAITING, ANSWER_COMPLETE, ANSWER_NONE };
#define ANSWER_BYTES_MAX	(256u * 1024)
#define ANSWER_NODES_MAX	(2u * 1024 * 1024)	/* of TABLE_NODES */

struct row_field;

struct answer {
	enum proc_role		 from;
	enum table		 table;
	enum answer_state	 state;
	uint32_t		 id;	/* of the TABLE_GET */
	struct wbuf		 rows;	/* u32 length + row, repeated */
	size_t			 n;
};
/* In order: *row is NULL before the first.  False at the end. */
bool	 answer_next(struct rcur *, const struct answer *, const void **row,
	    size_t *len);
/* The answer of that daemon about that table, or NULL. */
const struct answer *answer_of(const struct answer *, size_t n,
	    enum proc_role, enum table);
/* Row i: its bytes, or NULL. */
const void *answer_row(const struct answer *, size_t i, size_t *len);
/* A field of the one row of that daemon's STATUS; false: it is not there. */
bool	 answer_status(const struct answer *, size_t n, enum proc_role,
	    const char *name, struct row_field *);
void	 answer_add(struct answer *, const void *, size_t);

#endif

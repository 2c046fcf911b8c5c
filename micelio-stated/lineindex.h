/* SPDX-License-Identifier: MIT */
/*
 * Which lines are kept: their numbers, which run on without end, and of each
 * when it came and how long it is.  So what has to go, and where to begin to
 * read, is known without the disk.
 */
#ifndef MICELIO_STATED_LINEINDEX_H
#define MICELIO_STATED_LINEINDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINES_KEPT_MAX	10000u
#define LINES_BYTES_MAX	(8u * 1024 * 1024)
#define LINE_COST	64u		/* of a line besides its bytes */

struct line_at {
	uint64_t	 ms;		/* unix */
	uint64_t	 hash;
	uint32_t	 len;
};

struct lineindex {
	struct line_at	*at;		/* a ring of room places */
	size_t		 room, n;
	uint64_t	 first;		/* number of the oldest, from 1 */
	uint64_t	 bytes;
};

void	 lineindex_init(struct lineindex *);
void	 lineindex_free(struct lineindex *);
/* Number of the next. */
uint64_t lineindex_end(const struct lineindex *);
/*
 * Of a line read back, in the order of the numbers; a gap stays one.  False
 * without memory.
 */
bool	 lineindex_load(struct lineindex *, uint64_t number, uint64_t ms,
	    const void *line, size_t len);
/* A new one; 0 without memory. */
uint64_t lineindex_add(struct lineindex *, uint64_t ms, const void *line,
	    size_t len);
/* Is there one of the same bytes that came at since, unix ms, or later? */
bool	 lineindex_has(const struct lineindex *, uint64_t since,
	    const void *line, size_t len);
/* The oldest has to go: its number; 0 when there is room. */
uint64_t lineindex_over(struct lineindex *);
/* The first line after which all came at ms or later. */
uint64_t lineindex_since(const struct lineindex *, uint64_t ms);

#endif

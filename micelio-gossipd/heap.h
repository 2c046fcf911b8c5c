/* SPDX-License-Identifier: MIT */
/*
 * A binary heap of what is due when.  Entries are the caller's structures
 * with a struct heap_node inside.
 */
#ifndef MICELIO_HEAP_H
#define MICELIO_HEAP_H

#include <stddef.h>
#include <stdint.h>

struct heap_node {
	uint64_t	 at;		/* mono ms */
	size_t		 place;		/* 1 is the top; 0: not in a heap */
};

struct heap {
	struct heap_node	**v;
	size_t			  n, cap;
};

void	 heap_free(struct heap *);
/* Puts it in, or moves it, to be due at that time. */
void	 heap_set(struct heap *, struct heap_node *, uint64_t at);
void	 heap_remove(struct heap *, struct heap_node *);
/* The one due first, or NULL; it stays. */
struct heap_node *heap_first(const struct heap *);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Memory for one decoded message: taken from one block, given back at once,
 * never more than its size.  Decoding multiplies sizes (an empty nested
 * message of two bytes becomes some ninety), so the budget is the limit that
 * counts, whatever the message is made of.
 */
#ifndef MICELIO_ARENA_H
#define MICELIO_ARENA_H

#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

struct arena {
	uint8_t			*mem;
	size_t			 size, used;
	ProtobufCAllocator	 allocator;	/* for *_unpack() */
};

/* Reserves size bytes; out of memory is fatal. */
void	 arena_init(struct arena *, size_t size);
void	 arena_free(struct arena *);
/* Forgets all that was taken. */
void	 arena_reset(struct arena *);
/* NULL when the budget is used up. */
void	*arena_take(struct arena *, size_t);

#endif

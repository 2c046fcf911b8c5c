/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "arena.h"
#include "common/log.h"

#define ARENA_ALIGN	16u

static void	*arena_alloc_cb(void *, size_t);
static void	 arena_free_cb(void *, void *);

void
arena_init(struct arena *a, size_t size)
{
	a->mem = xcalloc(1, size);
	a->size = size;
	a->used = 0;
	a->allocator.alloc = arena_alloc_cb;
	a->allocator.free = arena_free_cb;
	a->allocator.allocator_data = a;
}

void
arena_free(struct arena *a)
{
	free(a->mem);
	a->mem = NULL;
	a->size = a->used = 0;
}

void
arena_reset(struct arena *a)
{
	a->used = 0;
}

void *
arena_take(struct arena *a, size_t n)
{
	void *p;

	if (n > a->size - a->used)
		return NULL;
	n = (n + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
	if (n > a->size - a->used)
		return NULL;
	p = a->mem + a->used;
	a->used += n;
	return p;
}

static void *
arena_alloc_cb(void *data, size_t n)
{
	return arena_take(data, n);
}

/* All goes at once, by arena_reset(). */
static void
arena_free_cb(void *data, void *p)
{
	(void)data;
	(void)p;
}

/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "buf.h"

static size_t
class_size(unsigned int class)
{
	return class == BUF_CLASSES - 1 ? BUF_MAX : (size_t)BUF_MIN << class;
}

void
bufpool_init(struct bufpool *pool, size_t live_max, size_t held_max)
{
	memset(pool, 0, sizeof(*pool));
	for (unsigned int i = 0; i < BUF_CLASSES; i++)
		STAILQ_INIT(&pool->free[i]);
	pool->live_max = live_max;
	pool->held_max = held_max;
}

void
bufpool_free(struct bufpool *pool)
{
	struct buf *b;

	for (unsigned int i = 0; i < BUF_CLASSES; i++) {
		while ((b = STAILQ_FIRST(&pool->free[i])) != NULL) {
			STAILQ_REMOVE_HEAD(&pool->free[i], next);
			free(b);
		}
	}
	pool->held = 0;
}

struct buf *
buf_get(struct bufpool *pool, size_t size)
{
	unsigned int class = 0;
	struct buf *b;

	if (size > BUF_MAX)
		return NULL;
	while (class_size(class) < size)
		class++;
	if (class_size(class) > pool->live_max - pool->live)
		return NULL;
	if ((b = STAILQ_FIRST(&pool->free[class])) != NULL) {
		STAILQ_REMOVE_HEAD(&pool->free[class], next);
		pool->held -= b->cap;
	} else {
		b = malloc(sizeof(*b) + class_size(class));
		if (b == NULL)
			return NULL;
		pool->made++;
		b->class = class;
		b->cap = class_size(class);
	}
	b->off = b->end = 0;
	pool->live += b->cap;
	return b;
}

void
buf_put(struct bufpool *pool, struct buf *b)
{
	if (b == NULL)
		return;
	pool->live -= b->cap;
	if (b->cap > pool->held_max - pool->held) {
		free(b);
		return;
	}
	pool->held += b->cap;
	STAILQ_INSERT_HEAD(&pool->free[b->class], b, next);
}

bool
buf_room(struct bufpool *pool, struct buf **bp, size_t size)
{
	struct buf *b = *bp, *new;
	size_t len = buf_len(b);

	if (b != NULL && size <= b->cap - b->off)
		return true;
	if (b != NULL && size <= b->cap) {
		memmove(b->data, b->data + b->off, len);
		b->off = 0;
		b->end = len;
		return true;
	}
	if ((new = buf_get(pool, size)) == NULL)
		return false;
	if (len > 0)
		memcpy(new->data, b->data + b->off, len);
	new->end = len;
	buf_put(pool, b);
	*bp = new;
	return true;
}

void
buf_trim(struct bufpool *pool, struct buf **bp)
{
	struct buf *b = *bp, *new;
	size_t len = buf_len(b);

	if (b == NULL)
		return;
	if (len == 0) {
		buf_put(pool, b);
		*bp = NULL;
		return;
	}
	if (b->class == 0 || len > b->cap / 4 ||
	    (new = buf_get(pool, len)) == NULL)
		return;
	memcpy(new->data, b->data + b->off, len);
	new->end = len;
	buf_put(pool, b);
	*bp = new;
}

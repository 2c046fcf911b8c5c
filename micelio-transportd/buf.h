/* SPDX-License-Identifier: MIT */
/*
 * Buffers of a few sizes, kept for the next user: in steady state nothing is
 * allocated per message, and an idle session holds none.
 */
#ifndef TRANSPORTD_BUF_H
#define TRANSPORTD_BUF_H

#include <bsd/sys/queue.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BUF_MIN		4096u
#define BUF_CLASSES	10u		/* 4 KiB ... 1 MiB, 1 MiB + 4 KiB */
#define BUF_MAX		(1048576u + 4096u)

struct buf {
	STAILQ_ENTRY(buf) next;
	unsigned int	 class;
	size_t		 cap;
	size_t		 off;		/* first byte not yet consumed */
	size_t		 end;		/* first byte not yet filled */
	uint8_t		 data[];
};
STAILQ_HEAD(buf_queue, buf);

struct bufpool {
	struct buf_queue free[BUF_CLASSES];
	size_t		 held;		/* bytes in the free lists */
	size_t		 held_max;
	size_t		 live;		/* bytes with users */
	size_t		 live_max;
	uint64_t	 made;		/* buffers ever allocated */
};

/* Gives out at most live_max bytes, keeps at most held_max for later. */
void	 bufpool_init(struct bufpool *, size_t live_max, size_t held_max);
void	 bufpool_free(struct bufpool *);

/* An empty buffer with room for at least size; NULL: over BUF_MAX, no memory. */
struct buf *buf_get(struct bufpool *, size_t size);
/* NULL is fine. */
void	 buf_put(struct bufpool *, struct buf *);
/*
 * Room for size bytes in all from off on, moving what is there to the front
 * or to another buffer.  False (and *b as before) when that cannot be had.
 * A NULL *b is made.
 */
bool	 buf_room(struct bufpool *, struct buf **b, size_t size);
/* Give back what is not needed: all if empty, else a much too large one. */
void	 buf_trim(struct bufpool *, struct buf **b);

static inline size_t
buf_len(const struct buf *b)
{
	return b == NULL ? 0 : b->end - b->off;
}

#endif

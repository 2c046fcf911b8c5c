/* SPDX-License-Identifier: MIT */
/*
 * Frames (wire-v1 3.1): magic 4D 49, version 00 01, u32be length, payload.
 * They are cut out of the byte stream that the plaintexts of the Noise
 * messages form, however the two are aligned (wire-v1 2.4).
 */
#ifndef TRANSPORTD_FRAME_H
#define TRANSPORTD_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"

#define FRAME_HEADER	8u
#define FRAME_MAGIC	0x4d49u
#define FRAME_VERSION	1u
/* A Noise message in the transport phase: frame and tag (wire-v1 2.4). */
#define NOISE_MESSAGE_MAX	(1048576u + FRAME_HEADER + 16u)

enum frame_status {
	FRAME_OK,
	FRAME_MORE,		/* incomplete: feed the next plaintext */
	FRAME_BAD_MAGIC,
	FRAME_BAD_VERSION,
	FRAME_TOO_LONG,
	FRAME_NO_MEMORY,
};

struct frame_cutter {
	struct bufpool	*pool;
	struct buf	*part;		/* kept bytes: a part, or held frames */
	const uint8_t	*in;		/* the plaintext being cut, in place */
	size_t		 in_len;
	size_t		 max;		/* largest payload now accepted */
};

void	 frame_init(struct frame_cutter *, struct bufpool *, size_t max);
void	 frame_clear(struct frame_cutter *);

/*
 * Give the next plaintext, after frame_next() said FRAME_MORE.  It must stay
 * in place until FRAME_MORE comes again, or frame_keep() was called.
 */
void	 frame_feed(struct frame_cutter *, const uint8_t *, size_t);
/*
 * The next frame's payload, valid until the next call.  A status other than
 * OK and MORE is final: the stream cannot be in step again.
 */
enum frame_status frame_next(struct frame_cutter *, const uint8_t **payload,
	    size_t *len);
/*
 * Before the plaintext goes away with frames still in it: copy the rest.
 * False on lack of memory.
 */
bool	 frame_keep(struct frame_cutter *);

/* Write the header of a payload of len bytes (<= FRAME_MAX). */
void	 frame_header(uint8_t out[FRAME_HEADER], size_t len);
const char *frame_status_text(enum frame_status);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Feeds: a limit, a pattern of pieces, then the plaintext that is cut into
 * such pieces and given to the frame cutter.
 * Holds: however it is cut, the payloads are those that a straight reading of
 * the whole gives, byte for byte, up to the same error; none is over the
 * limit; a payload's header is what frame_header() writes; no buffer is left
 * in use.
 * Reads with: micelio-transportd/frame.c micelio-transportd/buf.c
 */
#include "common/imsg.h"
#include "fuzz.h"
#include "micelio-transportd/frame.h"

#define LIVE_MAX	(8u * 1024 * 1024)

struct whole {
	const uint8_t	*p;
	size_t		 left, max;
};

/* One frame as the format says, with nothing before it. */
static enum frame_status
straight(struct whole *w, const uint8_t **payload, size_t *len)
{
	if (w->left < FRAME_HEADER)
		return FRAME_MORE;
	if (w->p[0] != 0x4d || w->p[1] != 0x49)
		return FRAME_BAD_MAGIC;
	if (w->p[2] != 0 || w->p[3] != 1)
		return FRAME_BAD_VERSION;
	*len = (size_t)w->p[4] << 24 | (size_t)w->p[5] << 16 |
	    (size_t)w->p[6] << 8 | w->p[7];
	if (*len > w->max)
		return FRAME_TOO_LONG;
	if (w->left - FRAME_HEADER < *len)
		return FRAME_MORE;
	*payload = w->p + FRAME_HEADER;
	w->p += FRAME_HEADER + *len;
	w->left -= FRAME_HEADER + *len;
	return FRAME_OK;
}

/* Take what is complete; true when the stream goes on. */
static bool
cut_all(struct frame_cutter *cut, struct whole *w, bool keep)
{
	uint8_t header[FRAME_HEADER];
	const uint8_t *got, *want = NULL;
	enum frame_status st;
	size_t n, m = 0;

	while ((st = frame_next(cut, &got, &n)) == FRAME_OK) {
		HOLDS(n <= w->max);
		HOLDS(straight(w, &want, &m) == FRAME_OK);
		HOLDS(fuzz_same(got, n, want, m));
		frame_header(header, n);
		HOLDS(memcmp(header, want - FRAME_HEADER, FRAME_HEADER) == 0);
		if (keep)
			HOLDS(frame_keep(cut));
		keep = false;
	}
	HOLDS(frame_status_text(st)[0] != '?');
	if (st == FRAME_MORE) {
		HOLDS(got == NULL && n == 0);
		return true;
	}
	HOLDS(straight(w, &want, &m) == st);
	return false;
}

FUZZ_TARGET(frame)(const uint8_t *data, size_t size)
{
	struct fuzz_in in = fuzz_begin(data, size);
	uint8_t cap = fuzz_u8(&in);
	size_t max = cap & 1 ? FRAME_MAX : (size_t)cap * 8;
	uint8_t pattern[4];
	const uint8_t *piece;
	struct frame_cutter cut;
	struct bufpool pool;
	struct whole w;
	bool more = true;
	uint8_t *copy;
	size_t n;

	for (size_t i = 0; i < sizeof(pattern); i++)
		pattern[i] = fuzz_u8(&in);
	w = (struct whole){ in.p, in.left, max };
	bufpool_init(&pool, LIVE_MAX, 64u * 1024);
	frame_init(&cut, &pool, max);
	for (unsigned int i = 0; more && in.left > 0; i++) {
		uint8_t way = pattern[i % sizeof(pattern)];

		piece = fuzz_bytes(&in, 1 + (way & 0x3fu) * (way & 0x40 ?
		    37u : 1u), &n);
		copy = malloc(n);	/* it goes away before the next */
		HOLDS(copy != NULL);
		memcpy(copy, piece, n);
		frame_feed(&cut, copy, n);
		more = cut_all(&cut, &w, (way & 0x80) != 0);
		free(copy);
	}
	if (more) {
		const uint8_t *p;

		HOLDS(straight(&w, &p, &n) == FRAME_MORE);
	}
	frame_clear(&cut);
	HOLDS(pool.live == 0);
	bufpool_free(&pool);
	return 0;
}

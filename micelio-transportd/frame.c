/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "common/cursor.h"
#include "frame.h"

void
frame_init(struct frame_cutter *f, struct bufpool *pool, size_t max)
{
	memset(f, 0, sizeof(*f));
	f->pool = pool;
	f->max = max;
}

void
frame_clear(struct frame_cutter *f)
{
	buf_put(f->pool, f->part);
	f->part = NULL;
	f->in = NULL;
	f->in_len = 0;
}

void
frame_feed(struct frame_cutter *f, const uint8_t *plain, size_t len)
{
	f->in = plain;
	f->in_len = len;
}

static enum frame_status
header_check(const struct frame_cutter *f, const uint8_t *p, size_t *len)
{
	struct rcur c;

	rcur_init(&c, p, FRAME_HEADER);
	if (rcur_u16be(&c) != FRAME_MAGIC)
		return FRAME_BAD_MAGIC;
	if (rcur_u16be(&c) != FRAME_VERSION)
		return FRAME_BAD_VERSION;
	*len = rcur_u32be(&c);
	return *len > f->max ? FRAME_TOO_LONG : FRAME_OK;
}

/* Have n bytes in part, as far as the plaintext goes. */
static bool
part_fill(struct frame_cutter *f, size_t n)
{
	size_t have = buf_len(f->part), take;

	if (have >= n)
		return true;
	take = n - have < f->in_len ? n - have : f->in_len;
	if (take == 0)
		return true;
	/* Room for what has come, doubling: a claim alone allocates nothing. */
	if (!buf_room(f->pool, &f->part, have + take))
		return false;
	memcpy(f->part->data + f->part->end, f->in, take);
	f->part->end += take;
	f->in += take;
	f->in_len -= take;
	return true;
}

static enum frame_status
next_from_part(struct frame_cutter *f, const uint8_t **payload, size_t *len)
{
	enum frame_status st;

	if (!part_fill(f, FRAME_HEADER))
		return FRAME_NO_MEMORY;
	if (buf_len(f->part) < FRAME_HEADER)
		return FRAME_MORE;
	st = header_check(f, f->part->data + f->part->off, len);
	if (st != FRAME_OK)
		return st;
	if (!part_fill(f, FRAME_HEADER + *len))
		return FRAME_NO_MEMORY;
	if (buf_len(f->part) < FRAME_HEADER + *len)
		return FRAME_MORE;
	*payload = f->part->data + f->part->off + FRAME_HEADER;
	f->part->off += FRAME_HEADER + *len;
	return FRAME_OK;
}

enum frame_status
frame_next(struct frame_cutter *f, const uint8_t **payload, size_t *len)
{
	enum frame_status st = FRAME_MORE;

	*payload = NULL;
	*len = 0;
	if (f->part != NULL && buf_len(f->part) == 0)
		buf_trim(f->pool, &f->part);
	if (f->part == NULL && f->in_len >= FRAME_HEADER) {
		st = header_check(f, f->in, len);
		if (st == FRAME_OK && f->in_len - FRAME_HEADER >= *len) {
			*payload = f->in + FRAME_HEADER;
			f->in += FRAME_HEADER + *len;
			f->in_len -= FRAME_HEADER + *len;
			return FRAME_OK;
		}
		if (st != FRAME_OK)
			return st;
	}
	if (f->part == NULL && f->in_len == 0)
		return FRAME_MORE;
	st = next_from_part(f, payload, len);
	if (st == FRAME_MORE)
		*len = 0;
	return st;
}

bool
frame_keep(struct frame_cutter *f)
{
	if (f->part != NULL && buf_len(f->part) == 0)
		buf_trim(f->pool, &f->part);
	if (!part_fill(f, buf_len(f->part) + f->in_len))
		return false;
	buf_trim(f->pool, &f->part);
	f->in = NULL;
	return true;
}

void
frame_header(uint8_t out[FRAME_HEADER], size_t len)
{
	static const uint8_t fixed[4] = { 0x4d, 0x49, 0x00, 0x01 };

	memcpy(out, fixed, sizeof(fixed));
	for (size_t i = 8; i-- > 4; len >>= 8)
		out[i] = (uint8_t)len;
}

const char *
frame_status_text(enum frame_status st)
{
	switch (st) {
	case FRAME_OK:
		return "frame complete";
	case FRAME_MORE:
		return "frame incomplete";
	case FRAME_BAD_MAGIC:
		return "bad frame magic";
	case FRAME_BAD_VERSION:
		return "unknown frame version";
	case FRAME_TOO_LONG:
		return "frame too long";
	case FRAME_NO_MEMORY:
		return "no memory for a frame";
	}
	return "?";
}

/* SPDX-License-Identifier: MIT */
#include "clock.h"

static uint64_t
max64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

void
hlc_init(struct hlc *c, uint64_t high_water)
{
	c->last = c->reserved = high_water;
	c->late = 0;
}

void
hlc_reserved(struct hlc *c, uint64_t until)
{
	c->reserved = max64(c->reserved, until);
}

void
hlc_seen(struct hlc *c, uint64_t own)
{
	c->last = max64(c->last, own);
}

enum hlc_result
hlc_next(struct hlc *c, uint64_t now_ms, uint64_t key_max, uint64_t *out)
{
	uint64_t h;

	if (now_ms < HLC_FIRST_MS)
		return HLC_UNSET;
	h = HLC_OF_MS(now_ms);
	if (c->last >= h)
		h = c->last + 1;
	if (key_max >= h)
		h = key_max + 1;
	if (HLC_MS(h) > now_ms + HLC_AHEAD_MS)
		return HLC_AHEAD;
	if (h >= c->reserved) {
		/*
		 * Beyond the wall clock a millisecond is 65,536 writes: not
		 * more, as a crash makes all of it the past, and one after
		 * the other would lead to HLC_AHEAD.
		 */
		*out = HLC_OF_MS(max64(now_ms +
		    ((uint64_t)HLC_RESERVE_MS << c->late), HLC_MS(h) + 1));
		c->late += c->late < HLC_LATE_MAX;
		return HLC_RESERVE;
	}
	c->late = 0;
	*out = c->last = h;
	return HLC_OK;
}

/* SPDX-License-Identifier: MIT */
#include "ratelimit.h"

static uint64_t
bucket_level(const struct bucket *b, uint32_t rate, uint32_t burst,
    uint64_t now_ms)
{
	uint64_t full = (uint64_t)burst * 1000;
	uint64_t gone = now_ms > b->last_ms ? now_ms - b->last_ms : 0;

	if (b->millis >= full)
		return full;
	/* rate per second = rate millitokens per millisecond */
	if (rate > 0 && gone > (full - b->millis) / rate)
		return full;
	return b->millis + gone * rate;
}

void
bucket_init(struct bucket *b, uint32_t burst, uint64_t now_ms)
{
	b->millis = (uint64_t)burst * 1000;
	b->last_ms = now_ms;
}

bool
bucket_take(struct bucket *b, uint32_t rate, uint32_t burst, uint32_t n,
    uint64_t now_ms)
{
	uint64_t need = (uint64_t)n * 1000;

	b->millis = bucket_level(b, rate, burst, now_ms);
	if (now_ms > b->last_ms)
		b->last_ms = now_ms;
	if (b->millis < need)
		return false;
	b->millis -= need;
	return true;
}

uint64_t
bucket_wait(const struct bucket *b, uint32_t rate, uint32_t burst, uint32_t n,
    uint64_t now_ms)
{
	uint64_t need = (uint64_t)n * 1000;
	uint64_t have = bucket_level(b, rate, burst, now_ms);

	if (have >= need)
		return 0;
	if (rate == 0 || n > burst)
		return UINT64_MAX;
	return (need - have + rate - 1) / rate;
}

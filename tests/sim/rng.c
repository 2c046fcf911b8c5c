/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "rng.h"

#define GOLDEN	UINT64_C(0x9e3779b97f4a7c15)

uint64_t
mix64(uint64_t v)
{
	v = (v ^ v >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	v = (v ^ v >> 27) * UINT64_C(0x94d049bb133111eb);
	return v ^ v >> 31;
}

struct rng
rng_stream(uint64_t seed, enum rng_use use, uint64_t thing)
{
	uint64_t s = mix64(seed + GOLDEN);

	s = mix64(s ^ ((uint64_t)use + 1) * GOLDEN);
	s = mix64(s ^ (thing + 1) * UINT64_C(0xd1b54a32d192ed03));
	return (struct rng){ s };
}

uint64_t
rng_next(struct rng *r)
{
	r->s += GOLDEN;
	return mix64(r->s);
}

uint64_t
rng_below(struct rng *r, uint64_t below)
{
	return below > 0 ? rng_next(r) % below : 0;
}

void
rng_fill(struct rng *r, void *buf, size_t n)
{
	uint8_t *p = buf;
	uint64_t v = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		if (i % 8 == 0)
			v = rng_next(r);
		p[i] = (uint8_t)(v >> i % 8 * 8);
	}
}

static uint64_t
le64(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	memcpy(&v, p, n);
	return v;
}

uint64_t
hash64(uint64_t seed, const void *buf, size_t n)
{
	const uint8_t *p = buf;
	uint64_t h = seed ^ n * GOLDEN;

	for (; n >= 8; n -= 8, p += 8)
		h = mix64(h ^ le64(p, 8)) + GOLDEN;
	if (n > 0)
		h = mix64(h ^ le64(p, n)) + GOLDEN;
	return mix64(h);
}

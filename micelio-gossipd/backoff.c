/* SPDX-License-Identifier: MIT */
/* How long what failed is left alone. */
#include "backoff.h"
#include "core.h"

#define BACKOFF_MAX_S	30u
#define FAIL_MAX	12u	/* failures beyond do not make it longer */

uint32_t
backoff_seconds(int64_t fail_count)
{
	if (fail_count <= 0)
		return 0;
	if (fail_count > 5)
		return BACKOFF_MAX_S;
	return 1u << (fail_count - 1);
}

uint64_t
backoff_ms(struct gossip *g, uint32_t fails)
{
	uint32_t s = backoff_seconds(fails);

	if (fails > FAIL_MAX)
		fails = FAIL_MAX;
	if (fails > 8)
		s <<= fails - 8;
	return (uint64_t)s * 1000 + gossip_random(g, s * 500 + 1);
}

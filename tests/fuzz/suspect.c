/* SPDX-License-Identifier: MIT */
/*
 * Feeds: a Suspect of m2: whom a node misses, and whom it is linked with.
 * Holds: items and links within their limits; writing gives what reads as the
 * same bytes.
 * Reads with: proto/m2.c
 */
#include "common/cursor.h"
#include "fuzz.h"
#include "proto/m2.h"

FUZZ_TARGET(suspect)(const uint8_t *data, size_t size)
{
	struct m2_suspect s, back;
	struct wbuf once, twice;

	if (!m2_suspect_read(&s, data, size))
		return 0;
	HOLDS(size <= M2_SUSPECT_MAX);
	HOLDS(s.n <= M2_ITEMS_MAX);
	HOLDS(s.links.n % M2_HALF == 0);
	HOLDS(s.links.n <= M2_CLAIMS_MAX * M2_HALF);
	for (size_t i = 0; i < s.n; i++)
		HOLDS(s.item[i].node != NULL);
	wbuf_init(&once, 2 * M2_SUSPECT_MAX);
	wbuf_init(&twice, 2 * M2_SUSPECT_MAX);
	m2_suspect_write(&once, &s);
	HOLDS(m2_suspect_read(&back, once.p, once.len));
	m2_suspect_write(&twice, &back);
	HOLDS(fuzz_same(once.p, once.len, twice.p, twice.len));
	wbuf_free(&once);
	wbuf_free(&twice);
	return 0;
}

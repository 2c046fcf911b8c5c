/* SPDX-License-Identifier: MIT */
/*
 * Feeds: a StateDelta of m2.
 * Holds: each entry is of the author whom the envelope names; written again
 * of its entries it reads as the same ones.
 * Reads with: proto/delta.c proto/entry.c
 */
#include "common/cursor.h"
#include "fuzz.h"
#include "proto/delta.h"

FUZZ_TARGET(delta)(const uint8_t *data, size_t size)
{
	static const uint8_t author[32] = { 9 };
	struct delta d, back;
	struct entry e, f;
	struct wbuf out;
	size_t n = 0;

	if (!delta_read(&d, data, size))
		return 0;
	HOLDS(size <= DELTA_MAX);
	wbuf_init(&out, DELTA_MAX);
	delta_begin(&out, d.mesh, d.profile);
	while (delta_next(&d, author, &e)) {
		HOLDS(fuzz_same(e.author.p, e.author.n, author, 32));
		if (!delta_add(&out, &e))
			break;
		n++;
	}
	HOLDS(delta_read(&back, out.p, out.len));
	HOLDS(memcmp(back.mesh, d.mesh, MESH_ID_LEN) == 0);
	HOLDS(memcmp(back.profile, d.profile, DELTA_PROFILE) == 0);
	for (; n > 0; n--)
		HOLDS(delta_next(&back, author, &f));
	HOLDS(!delta_next(&back, author, &f) && !back.bad);
	wbuf_free(&out);
	return 0;
}

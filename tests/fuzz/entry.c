/* SPDX-License-Identifier: MIT */
/*
 * Feeds: one byte, then an entry of the map, with an author or without.
 * Holds: there is one encoding: what is read writes the very bytes that came;
 * lengths are within their limits; the signed bytes tell entries apart.
 * Reads with: proto/entry.c state/profile.c
 */
#include "common/cursor.h"
#include "fuzz.h"
#include "proto/entry.h"
#include "state/profile.h"

static void
signed_bytes(const struct entry *e)
{
	static const uint8_t mesh[MESH_ID_LEN] = { 7 };
	uint8_t a[ENTRY_SIGNED_MAX], b[ENTRY_SIGNED_MAX];
	struct entry other = *e;
	struct profile profile;
	struct entry_id x, y;
	size_t n, m;

	n = entry_signed(e, mesh, a);
	HOLDS(n <= ENTRY_SIGNED_MAX);
	other.hlc ^= 1;
	m = entry_signed(&other, mesh, b);
	HOLDS(n == m && memcmp(a, b, n) != 0);
	entry_id_of(a, n, &x);
	entry_id_of(b, m, &y);
	HOLDS(entry_id_cmp(&x, &y) != 0 && entry_id_cmp(&x, &x) == 0);
	profile_init(&profile, mesh, NULL, 0);
	if (profile_judge(&profile, e) == FAULT_NONE) {
		HOLDS(key_valid(e->key.p, e->key.n));
		HOLDS(e->value.n <= profile.value_max);
		HOLDS((e->flags & ~ENTRY_DELETED) == 0);
		HOLDS(!(e->flags & ENTRY_DELETED) || e->value.n == 0);
	}
	profile_free(&profile);
}

FUZZ_TARGET(entry)(const uint8_t *data, size_t size)
{
	struct fuzz_in in = fuzz_begin(data, size);
	bool alone = (fuzz_u8(&in) & 1) != 0;
	struct wbuf out;
	struct entry e;

	if (!entry_read(&e, in.p, in.left, alone))
		return 0;
	HOLDS(e.key.n >= 1 && e.key.n <= ENTRY_KEY_MAX);
	HOLDS(e.value.n <= ENTRY_VALUE_MAX && e.sig.n == ENTRY_SIG_LEN);
	HOLDS(e.author.n == ENTRY_AUTHOR_LEN || (alone && e.author.n == 0));
	HOLDS(in.left <= ENTRY_WIRE_MAX && entry_size(&e) == in.left);
	wbuf_init(&out, ENTRY_WIRE_MAX);
	entry_write(&out, &e);
	HOLDS(fuzz_same(out.p, out.len, in.p, in.left));
	wbuf_free(&out);
	if (e.author.n == ENTRY_AUTHOR_LEN)
		signed_bytes(&e);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/* What messages of m2 are called, and what carries them. */
#include <sodium.h>
#include <string.h>

#include "m2.h"
#include "siphash.h"

#define UUID_LEN	36u
#define NODE_HEX	64u

static const uint8_t mid_tag[] = "\xff" "micelio/mid/1";

void
m2_frame_write(struct wbuf *b, uint32_t type, const void *p, size_t n)
{
	struct envelope e = { .msg_type = type, .payload = { p, n } };

	envelope_write(b, &e);
}

bool
m2_frame_bare(const struct envelope *e)
{
	return e->message_id.n == 0 && e->sender_id.n == 0 &&
	    e->signature.n == 0;
}

static bool
is_hex(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

bool
m2_ids_good(const struct envelope *e)
{
	size_t i;

	if (e->message_id.n != UUID_LEN || e->sender_id.n != NODE_HEX)
		return false;
	for (i = 0; i < UUID_LEN; i++)
		if (i == 8 || i == 13 || i == 18 || i == 23 ?
		    e->message_id.p[i] != '-' : !is_hex(e->message_id.p[i]))
			return false;
	for (i = 0; i < NODE_HEX; i++)
		if (!is_hex(e->sender_id.p[i]))
			return false;
	return true;
}

static uint8_t *
be(uint8_t *p, uint64_t v, int n)
{
	while (n-- > 0)
		*p++ = (uint8_t)(v >> (8 * n));
	return p;
}

void
m2_mid(const struct envelope *e, uint8_t mid[M2_MID])
{
	uint8_t hash[crypto_hash_sha256_BYTES], num[12];
	crypto_hash_sha256_state st;

	crypto_hash_sha256(hash, e->payload.p, e->payload.n);
	crypto_hash_sha256_init(&st);
	crypto_hash_sha256_update(&st, mid_tag, sizeof(mid_tag));
	be(num, e->message_id.n, 2);
	crypto_hash_sha256_update(&st, num, 2);
	crypto_hash_sha256_update(&st, e->message_id.p, e->message_id.n);
	crypto_hash_sha256_update(&st, e->sender_id.p, e->sender_id.n);
	be(be(num, e->lamport_ts, 8), e->msg_type, 4);
	crypto_hash_sha256_update(&st, num, sizeof(num));
	crypto_hash_sha256_update(&st, hash, sizeof(hash));
	crypto_hash_sha256_final(&st, hash);
	memcpy(mid, hash, M2_MID);
}

uint64_t
m2_sid(const uint8_t salt[M2_SALT], const uint8_t mid[M2_MID])
{
	return siphash24(salt, mid, M2_MID);
}

uint64_t
m2_oid(const uint8_t salt[M2_SALT], const uint8_t id[32])
{
	uint8_t buf[33] = { 1 };

	memcpy(buf + 1, id, 32);
	return siphash24(salt, buf, sizeof(buf));
}

uint64_t
m2_load64(const uint8_t *p)
{
	return (uint64_t)m2_load32(p) << 32 | m2_load32(p + 4);
}

uint32_t
m2_load32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
}

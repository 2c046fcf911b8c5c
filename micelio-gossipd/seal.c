/* SPDX-License-Identifier: MIT */
/*
 * Sealing what only one node may read (micelio-protocol(7), Sealed).
 * Each message has a key of its own, so the nonce is always zero.
 */
#include <sodium.h>
#include <string.h>

#include "common/cursor.h"
#include "common/sealkey.h"
#include "proto/talk.h"
#include "seal.h"

static const uint8_t zero_nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];

bool
seal_make(const struct seal_ends *e, const uint8_t secret[32],
    uint8_t ephemeral[32], const void *text, size_t n, struct wbuf *box)
{
	uint8_t shared[32], key[SEAL_KEY_LEN], *out;
	bool good;

	crypto_scalarmult_curve25519_base(ephemeral, secret);
	good = crypto_scalarmult_curve25519(shared, secret,
	    e->recipient_key) == 0;
	if (good) {
		seal_key(key, shared, ephemeral, e->recipient_key,
		    e->author.b, e->recipient.b);
		out = wbuf_reserve(box, n + SEALED_MAC);
		crypto_aead_chacha20poly1305_ietf_encrypt(out, NULL, text, n,
		    NULL, 0, NULL, zero_nonce, key);
	}
	sodium_memzero(shared, sizeof(shared));
	sodium_memzero(key, sizeof(key));
	return good;
}

bool
seal_open(const uint8_t key[SEAL_KEY_LEN], const void *box, size_t n,
    struct wbuf *text)
{
	uint8_t *out;

	if (n < SEALED_MAC)
		return false;
	/* One byte more: there may be no text at all. */
	out = wbuf_reserve(text, n - SEALED_MAC + 1);
	text->len--;
	return crypto_aead_chacha20poly1305_ietf_decrypt(out, NULL, NULL, box,
	    n, NULL, 0, zero_nonce, key) == 0;
}

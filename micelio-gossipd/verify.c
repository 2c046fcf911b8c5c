/* SPDX-License-Identifier: MIT */
/*
 * Ed25519 with the verdicts of Go's library (wire-v1 1.5).  OpenSSL gives
 * them all; libsodium, which is about twice as fast, differs only where the
 * key or R is of small order, or the key's y is not reduced: it refuses what
 * Go accepts.  So libsodium is asked, and where it says no to such a point,
 * OpenSSL decides.
 */
#include <openssl/evp.h>
#include <sodium.h>

#include <string.h>

#include "common/libcrypto.h"
#include "gossip.h"

static bool	is_odd_point(const uint8_t p[32]);
static bool	verify_openssl(const uint8_t *, const uint8_t *, const void *,
		    size_t);

void
verify_init(void)
{
	if (sodium_init() == -1)
		fatalx("libsodium does not start");
	if (!libcrypto_init())
		fatalx("libcrypto does not start");
}

bool
verify_signature(const uint8_t pubkey[32], const uint8_t *sig, size_t sig_len,
    const void *msg, size_t len)
{
	if (sig_len != crypto_sign_BYTES)
		return false;
	if (crypto_sign_verify_detached(sig, msg, len, pubkey) == 0)
		return true;
	if (!is_odd_point(pubkey) && !is_odd_point(sig))
		return false;
	return verify_openssl(pubkey, sig, msg, len);
}

/* Of small order, or y >= p; the sign does not matter. */
static bool
is_odd_point(const uint8_t p[32])
{
	static const uint8_t small[][32] = {
		{ 0 },
		{ 1 },
		{ 0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		    0xff, 0xff, 0xff, 0x7f },
		{ 0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3,
		    0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac,
		    0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88,
		    0x6d, 0x53, 0xfc, 0x05 },
		{ 0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c,
		    0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53,
		    0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77,
		    0x92, 0xac, 0x03, 0x7a },
	};
	uint8_t y[32];
	size_t i;

	memcpy(y, p, sizeof(y));
	y[31] &= 0x7f;
	for (i = 0; i < sizeof(small) / sizeof(small[0]); i++)
		if (memcmp(y, small[i], sizeof(y)) == 0)
			return true;
	if (y[31] != 0x7f || y[0] < 0xed)
		return false;
	for (i = 1; i < 31; i++)
		if (y[i] != 0xff)
			return false;
	return true;
}

static bool
verify_openssl(const uint8_t *pubkey, const uint8_t *sig, const void *msg,
    size_t len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY *key;
	bool good;

	key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, pubkey, 32);
	good = ctx != NULL && key != NULL &&
	    EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1 &&
	    EVP_DigestVerify(ctx, sig, 64, msg, len) == 1;
	EVP_PKEY_free(key);
	EVP_MD_CTX_free(ctx);
	return good;
}

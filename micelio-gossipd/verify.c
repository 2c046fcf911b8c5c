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

#include "common/libcrypto.h"
#include "common/log.h"
#include "point.h"
#include "verify.h"

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
	if (!point_is_odd(pubkey) && !point_is_odd(sig))
		return false;
	return verify_openssl(pubkey, sig, msg, len);
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

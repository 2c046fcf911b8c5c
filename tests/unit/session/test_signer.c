/* SPDX-License-Identifier: MIT */
/*
 * The host key that is elsewhere, and the signatures that are kept: with
 * libcrypto alone, and as libssh does it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <libssh/libssh.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <sodium.h>

#include "rsakey.h"
#include "sigcapture.h"
#include "signer_provider.h"

static uint8_t pub[32], sec[64];
static unsigned int asked;
static bool refuse;

static bool
sign(const uint8_t hash[HOSTKEY_HASH_LEN], uint8_t sig[64])
{
	asked++;
	if (!refuse)
		crypto_sign_detached(sig, NULL, hash, HOSTKEY_HASH_LEN, sec);
	return !refuse;
}

static int
setup(void **state)
{
	(void)state;
	if (sodium_init() == -1)
		return -1;
	crypto_sign_keypair(pub, sec);
	sigcapture_init();
	signer_provider_init(sign);
	return 0;
}

static int
sign_with(const uint8_t seed[32], const uint8_t *data, size_t len,
    uint8_t sig[64])
{
	EVP_PKEY *pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL,
	    seed, 32);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t sig_len = 64;
	int good;

	assert_non_null(pkey);
	assert_non_null(ctx);
	good = EVP_DigestSignInit(ctx, NULL, NULL, NULL, pkey) == 1 &&
	    EVP_DigestSign(ctx, sig, &sig_len, data, len) == 1 &&
	    sig_len == 64;
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(pkey);
	return good;
}

static void
test_sign(void **state)
{
	uint8_t zero[32] = { 0 }, other[32] = { 1 }, hash[33], sig[64];

	(void)state;
	memset(hash, 0x5a, sizeof(hash));
	asked = 0;
	assert_true(sign_with(zero, hash, 32, sig));
	assert_int_equal(asked, 1);
	assert_int_equal(crypto_sign_verify_detached(sig, hash, 32, pub), 0);
	/* Nothing but 32 bytes, nothing but the stub, and no means no. */
	assert_false(sign_with(zero, hash, 31, sig));
	assert_false(sign_with(zero, hash, 33, sig));
	assert_false(sign_with(other, hash, 32, sig));
	assert_int_equal(asked, 1);
	refuse = true;
	assert_false(sign_with(zero, hash, 32, sig));
	refuse = false;
	assert_int_equal(asked, 2);
}

static void
test_stub_key(void **state)
{
	char pem[HOSTKEY_PEM_MAX], *b64 = NULL;
	uint8_t blob[64];
	ssh_key key = NULL;
	int n;

	(void)state;
	signer_stub_key(pub, pem);
	assert_int_equal(ssh_pki_import_privkey_base64(pem, NULL, NULL, NULL,
	    &key), SSH_OK);
	assert_int_equal(ssh_key_type(key), SSH_KEYTYPE_ED25519);
	assert_int_equal(ssh_pki_export_pubkey_base64(key, &b64), SSH_OK);
	assert_int_equal(strlen(b64), 68);
	n = EVP_DecodeBlock(blob, (const unsigned char *)b64, 68);
	assert_int_equal(n, 51);
	assert_memory_equal(blob + 19, pub, 32);
	ssh_string_free_char(b64);
	ssh_key_free(key);
}

static void
check_capture(const void *data, size_t len, const void *sig, size_t sig_len)
{
	const uint8_t *got, *got_sig;
	size_t got_len, got_sig_len;

	assert_true(sigcapture_get(&got, &got_len, &got_sig, &got_sig_len));
	assert_int_equal(got_len, len);
	assert_memory_equal(got, data, len);
	assert_int_equal(got_sig_len, sig_len);
	assert_memory_equal(got_sig, sig, sig_len);
	sigcapture_forget();
	assert_false(sigcapture_get(&got, &got_len, &got_sig, &got_sig_len));
}

static int
verify(EVP_PKEY *pkey, const EVP_MD *md, const uint8_t *sig, size_t sig_len,
    const uint8_t *data, size_t len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int good;

	assert_non_null(ctx);
	assert_int_equal(EVP_DigestVerifyInit(ctx, NULL, md, NULL, pkey), 1);
	good = EVP_DigestVerify(ctx, sig, sig_len, data, len);
	EVP_MD_CTX_free(ctx);
	return good;
}

static void
test_capture_ed25519(void **state)
{
	static const uint8_t data[] = "what the client signed";
	uint8_t sig[64];
	const uint8_t *p;
	size_t n;
	EVP_PKEY *pkey;

	(void)state;
	crypto_sign_detached(sig, NULL, data, sizeof(data), sec);
	pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, pub, 32);
	assert_non_null(pkey);
	assert_int_equal(verify(pkey, NULL, sig, 64, data, sizeof(data)), 1);
	check_capture(data, sizeof(data), sig, 64);
	/* A bad one is not kept, and drops the one before. */
	assert_int_equal(verify(pkey, NULL, sig, 64, data, sizeof(data)), 1);
	sig[3] ^= 1;
	assert_int_not_equal(verify(pkey, NULL, sig, 64, data, sizeof(data)),
	    1);
	assert_false(sigcapture_get(&p, &n, &p, &n));
	EVP_PKEY_free(pkey);
}

static void
test_capture_other(void **state)
{
	static const uint8_t data[] = "what the client signed";
	uint8_t sig[512];
	size_t i, sig_len;
	EVP_MD_CTX *ctx;
	EVP_PKEY *keys[2];

	(void)state;
	keys[0] = EVP_EC_gen("P-256");
	keys[1] = rsakey_2048();
	for (i = 0; i < 2; i++) {
		assert_non_null(keys[i]);
		ctx = EVP_MD_CTX_new();
		sig_len = sizeof(sig);
		assert_int_equal(EVP_DigestSignInit(ctx, NULL, EVP_sha256(),
		    NULL, keys[i]), 1);
		assert_int_equal(EVP_DigestSign(ctx, sig, &sig_len, data,
		    sizeof(data)), 1);
		EVP_MD_CTX_free(ctx);
		assert_int_equal(verify(keys[i], EVP_sha256(), sig, sig_len,
		    data, sizeof(data)), 1);
		check_capture(data, sizeof(data), sig, sig_len);
		EVP_PKEY_free(keys[i]);
	}
}

/* Bigger than a login can be: verified, not kept. */
static void
test_capture_bounded(void **state)
{
	static uint8_t data[SIGCAPTURE_INPUT_MAX + 1];
	uint8_t sig[64];
	const uint8_t *p;
	size_t n;
	EVP_PKEY *pkey;

	(void)state;
	crypto_sign_detached(sig, NULL, data, sizeof(data), sec);
	pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, pub, 32);
	assert_int_equal(verify(pkey, NULL, sig, 64, data, sizeof(data)), 1);
	assert_false(sigcapture_get(&p, &n, &p, &n));
	EVP_PKEY_free(pkey);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sign),
		cmocka_unit_test(test_stub_key),
		cmocka_unit_test(test_capture_ed25519),
		cmocka_unit_test(test_capture_other),
		cmocka_unit_test(test_capture_bounded),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}

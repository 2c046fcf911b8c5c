/* SPDX-License-Identifier: MIT */
#include <openssl/evp.h>
#include <sodium.h>

#include "common/nodeid.h"
#include "fake.h"
#include "json.h"
#include "micelio-gossipd/montgomery.h"
#include "micelio-gossipd/verify.h"

static struct json	*vectors;

static int
setup(void **state)
{
	(void)state;
	vectors = json_vectors();
	verify_init();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	json_free(vectors);
	return 0;
}

/*
 * vector group identities: equal (ed25519_pub, node_id, x25519_pub; the files
 * and private halves are the parent's)
 */
static void
test_identities(void **state)
{
	const struct json *group = json_get(vectors, "identities"), *v;
	uint8_t want[32], pub[32], x[32];
	struct ident i;
	unsigned int n;

	(void)state;
	assert_int_equal(json_len(group), 4);
	for (n = 0; n < json_len(group); n++) {
		v = json_at(group, n);
		assert_int_equal(json_hex(json_get(v, "ed25519_pub_hex"), pub,
		    32), 32);
		assert_true(montgomery_from_edwards(pub, 32, x));
		json_hex(json_get(v, "x25519_pub_hex"), want, 32);
		assert_memory_equal(x, want, 32);
		nodeid_from_pubkey(&i.id, pub);
		nodeid_hex(&i.id, i.hex);
		assert_string_equal(i.hex, json_str(json_get(v, "node_id")));
	}
	/* the seeds of the other tests are those of the vectors */
	for (n = 0; n < 2; n++) {
		ident_make(&i, n);
		assert_string_equal(i.hex, json_str(json_get(json_at(group,
		    n), "node_id")));
	}
}

/* vector group ed25519_to_x25519_edge_cases: equal */
static void
test_edge_cases(void **state)
{
	const struct json *group, *v;
	uint8_t in[64], want[32], out[32];
	size_t i, n;
	bool ok;

	(void)state;
	group = json_get(vectors, "ed25519_to_x25519_edge_cases");
	assert_int_equal(json_len(group), 15);
	for (i = 0; i < json_len(group); i++) {
		v = json_at(group, i);
		n = json_hex(json_get(v, "ed25519_pub_hex"), in, sizeof(in));
		ok = json_bool(json_get(v, "ok"));
		assert_int_equal(montgomery_from_edwards(in, n, out), ok);
		if (!ok)
			continue;
		json_hex(json_get(v, "x25519_hex"), want, sizeof(want));
		assert_memory_equal(out, want, sizeof(want));
	}
}

/* Whatever libsodium converts, ours converts to the same. */
static void
test_like_libsodium(void **state)
{
	uint8_t seed[32] = { 0 }, pub[32], sec[64], want[32], out[32];
	unsigned int i;

	(void)state;
	for (i = 0; i < 200; i++) {
		seed[0] = (uint8_t)i;
		crypto_sign_seed_keypair(pub, sec, seed);
		assert_int_equal(crypto_sign_ed25519_pk_to_curve25519(want,
		    pub), 0);
		assert_true(montgomery_from_edwards(pub, 32, out));
		assert_memory_equal(out, want, 32);
	}
}

/* vector group ed25519_verify_rules: equal */
static void
test_verify_rules(void **state)
{
	const struct json *group = json_get(vectors, "ed25519_verify_rules");
	uint8_t pub[32], sig[64], msg[256];
	const struct json *v;
	size_t i, n, m;

	(void)state;
	assert_int_equal(json_len(group), 6);
	for (i = 0; i < json_len(group); i++) {
		v = json_at(group, i);
		json_hex(json_get(v, "pub_hex"), pub, sizeof(pub));
		n = json_hex(json_get(v, "sig_hex"), sig, sizeof(sig));
		m = json_hex(json_get(v, "msg_hex"), msg, sizeof(msg));
		assert_int_equal(verify_signature(pub, sig, n, msg, m),
		    json_bool(json_get(v, "valid")));
	}
}

static bool
openssl_says(const uint8_t *pub, const uint8_t *sig, const void *msg,
    size_t len)
{
	EVP_PKEY *k = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, pub,
	    32);
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	bool ok = EVP_DigestVerifyInit(c, NULL, NULL, NULL, k) == 1 &&
	    EVP_DigestVerify(c, sig, 64, msg, len) == 1;

	EVP_MD_CTX_free(c);
	EVP_PKEY_free(k);
	return ok;
}

/*
 * The two libraries together say what OpenSSL alone says (which is what Go
 * says): for every pair of a strange key and a strange R, with S = 0.
 */
static void
test_like_openssl(void **state)
{
	const struct json *group;
	uint8_t keys[64][32], sig[64], msg[4];
	/* Few under valgrind: what it is to see is the same for all. */
	const size_t messages = getenv("MICELIO_BRIEF") != NULL ? 1 : 4;
	size_t n = 0, i, j, k, accepted = 0;
	bool valid;

	(void)state;
	group = json_get(vectors, "ed25519_to_x25519_edge_cases");
	for (i = 0; i < json_len(group); i++)
		if (json_len(json_get(json_at(group, i),
		    "ed25519_pub_hex")) == 64) {
			json_hex(json_get(json_at(group, i),
			    "ed25519_pub_hex"), keys[n++], 32);
			memcpy(keys[n], keys[n - 1], 32);
			keys[n++][31] ^= 0x80;
		}
	for (i = 0; i < n; i++)
		for (j = 0; j < n; j++)
			for (k = 0; k < messages; k++) {
				memset(sig, 0, sizeof(sig));
				memcpy(sig, keys[j], 32);
				memset(msg, (int)k, sizeof(msg));
				valid = openssl_says(keys[i], sig, msg, 4);
				assert_int_equal(verify_signature(keys[i],
				    sig, 64, msg, 4), valid);
				accepted += valid;
			}
	assert_true(accepted > 25 * messages);
}

/* wire-v1 9.2: SignAndVerify, WrongKey, Tampered, InvalidSignatureLength. */
static void
test_sign_and_verify(void **state)
{
	uint8_t sig[64], msg[32] = "signed";
	struct ident a, b;

	(void)state;
	ident_make(&a, 0);
	ident_make(&b, 1);
	crypto_sign_detached(sig, NULL, msg, sizeof(msg), a.sec);
	assert_true(verify_signature(a.pub, sig, 64, msg, sizeof(msg)));
	assert_false(verify_signature(b.pub, sig, 64, msg, sizeof(msg)));
	assert_false(verify_signature(a.pub, sig, 63, msg, sizeof(msg)));
	assert_false(verify_signature(a.pub, sig, 0, msg, sizeof(msg)));
	msg[0] ^= 1;
	assert_false(verify_signature(a.pub, sig, 64, msg, sizeof(msg)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_identities),
		cmocka_unit_test(test_edge_cases),
		cmocka_unit_test(test_like_libsodium),
		cmocka_unit_test(test_verify_rules),
		cmocka_unit_test(test_like_openssl),
		cmocka_unit_test(test_sign_and_verify),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

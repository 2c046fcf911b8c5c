/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base64.h"
#include "cursor.h"
#include "sshkey.h"
#include "testkeys.h"

static void
test_base64(void **state)
{
	static const struct {
		const char	*text, *bytes;
	} good[] = { { "Zg==", "f" }, { "Zm8=", "fo" }, { "Zm9v", "foo" },
	    { "Zm9vYg==", "foob" }, { "Zm9vYmE=", "fooba" } };
	static const char *const bad[] = { "", "Zg", "Zg=", "Zg===", "Zh==",
	    "Zm9=", "Zm9v ", "Zm 9v", "!m9v", "=m9v", "Z===", "Zg==Zg==" };
	uint8_t out[16];
	char back[32];
	size_t n;

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		assert_true(base64_decode(good[i].text, strlen(good[i].text),
		    out, sizeof(out), &n));
		assert_int_equal(n, strlen(good[i].bytes));
		assert_memory_equal(out, good[i].bytes, n);
		assert_int_equal(base64_encode(out, n, true, back,
		    sizeof(back)), strlen(good[i].text));
		assert_string_equal(back, good[i].text);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(base64_decode(bad[i], strlen(bad[i]), out,
		    sizeof(out), &n));
	assert_false(base64_decode("Zm9v", 4, out, 2, &n));
	assert_int_equal(base64_encode("f", 1, false, back, sizeof(back)), 2);
	assert_string_equal(back, "Zg");
}

/* Made by ssh-keygen(1) -t ed25519, its fingerprint by ssh-keygen -l. */
static void
test_fingerprint(void **state)
{
	static const char b64[] = "AAAAC3NzaC1lZDI1NTE5AAAAIAOhB7/zzhC+HXDdGO"
	    "dLwJln5NYwm6UNXx3chmQSVTG4";
	uint8_t blob[128];
	char fp[SSHKEY_FP_MAX];
	struct sshkey k;
	const char *why;
	size_t n;

	(void)state;
	assert_true(base64_decode(b64, strlen(b64), blob, sizeof(blob), &n));
	assert_true(sshkey_read(&k, blob, n, &why));
	assert_int_equal(k.type, SSHKEY_ED25519);
	assert_string_equal(sshkey_fingerprint(k.hash, fp),
	    "SHA256:lbmsoA0yIEcEiVDRnMWuzm+nV+3ZEEpVIURqFoeSspg");
	sshkey_clear(&k);
}

static void
check_type(enum sshkey_type type, const char *alg, const char *wrong)
{
	uint8_t sig[2100];
	struct testkey t;
	struct sshkey k;
	const char *why;
	size_t n;

	testkey_make(&t, type);
	assert_true(sshkey_read(&k, t.blob, t.blob_len, &why));
	assert_int_equal(k.type, type);
	n = testkey_sign(&t, alg, "message", 7, sig, sizeof(sig));
	assert_true(sshkey_verify(&k, alg, strlen(alg), "message", 7, sig,
	    n));
	assert_false(sshkey_verify(&k, alg, strlen(alg), "messagf", 7, sig,
	    n));
	assert_false(sshkey_verify(&k, wrong, strlen(wrong), "message", 7,
	    sig, n));
	assert_false(sshkey_verify(&k, alg, strlen(alg), "message", 7, sig,
	    n - 1));
	assert_false(sshkey_verify(&k, alg, strlen(alg), "message", 7, sig,
	    0));
	sig[n / 2] ^= 1;
	assert_false(sshkey_verify(&k, alg, strlen(alg), "message", 7, sig,
	    n));
	sshkey_clear(&k);
	/* Each shorter blob is refused, whatever it was cut to. */
	for (size_t i = 0; i < t.blob_len; i++)
		assert_false(sshkey_read(&k, t.blob, i, &why));
	t.blob[t.blob_len++] = 0;
	assert_false(sshkey_read(&k, t.blob, t.blob_len, &why));
	testkey_free(&t);
}

static void
test_types(void **state)
{
	(void)state;
	check_type(SSHKEY_ED25519, "ssh-ed25519", "ssh-rsa");
	check_type(SSHKEY_ECDSA256, "ecdsa-sha2-nistp256",
	    "ecdsa-sha2-nistp384");
	check_type(SSHKEY_ECDSA384, "ecdsa-sha2-nistp384", "ssh-ed25519");
	check_type(SSHKEY_ECDSA521, "ecdsa-sha2-nistp521",
	    "ecdsa-sha2-nistp256");
	check_type(SSHKEY_RSA, "rsa-sha2-256", "ssh-rsa");
	check_type(SSHKEY_RSA, "rsa-sha2-512", "rsa-sha2-256");
}

static bool
rsa_numbers(const void *e, size_t e_len, const void *n, size_t n_len)
{
	struct sshkey k;
	const char *why;
	struct wbuf w;
	bool good;

	wbuf_init(&w, SSHKEY_BLOB_MAX);
	ssh_put(&w, "ssh-rsa", 7);
	ssh_put(&w, e, e_len);
	ssh_put(&w, n, n_len);
	good = sshkey_read(&k, w.p, w.len, &why);
	if (good)
		sshkey_clear(&k);
	else
		assert_non_null(why);
	wbuf_free(&w);
	return good;
}

static void
test_rsa_numbers(void **state)
{
	uint8_t n[2050], e[] = { 1, 0, 1 }, even[] = { 1, 0, 0 };
	uint8_t one[] = { 1 }, padded[] = { 0, 1, 0, 1 }, minus[] = { 0x81 };

	(void)state;
	memset(n, 0xff, sizeof(n));
	n[0] = 0;			/* a leading zero: positive */
	assert_true(rsa_numbers(e, 3, n, 257));		/* 2048 bits */
	assert_true(rsa_numbers(e, 3, n, 2049));	/* 16384 */
	assert_false(rsa_numbers(e, 3, n, 2050));	/* one byte more */
	assert_false(rsa_numbers(e, 3, n, 256));	/* 2040 bits */
	assert_false(rsa_numbers(e, 3, n + 1, 256));	/* negative */
	assert_false(rsa_numbers(even, 3, n, 257));
	assert_false(rsa_numbers(one, 1, n, 257));
	assert_false(rsa_numbers(padded, 4, n, 257));	/* not minimal */
	assert_false(rsa_numbers(minus, 1, n, 257));
	assert_false(rsa_numbers(e, 0, n, 257));
	assert_false(rsa_numbers(e, 3, n, 0));
	n[1] = 0x7f;			/* 2047 bits; the zero is needless */
	assert_false(rsa_numbers(e, 3, n, 257));
	assert_false(rsa_numbers(e, 3, n + 1, 256));
}

static void
test_ecdsa_points(void **state)
{
	struct testkey t;
	struct sshkey k;
	const char *why;

	(void)state;
	testkey_make(&t, SSHKEY_ECDSA256);
	t.blob[t.blob_len - 1] ^= 1;	/* off the curve */
	assert_false(sshkey_read(&k, t.blob, t.blob_len, &why));
	t.blob[t.blob_len - 1] ^= 1;
	t.blob[t.blob_len - 65] = 2;	/* compressed form */
	assert_false(sshkey_read(&k, t.blob, t.blob_len, &why));
	t.blob[t.blob_len - 65] = 4;
	t.blob[4 + 19 + 4 + 5] = '3';	/* nistp356 */
	assert_false(sshkey_read(&k, t.blob, t.blob_len, &why));
	testkey_free(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_base64),
		cmocka_unit_test(test_fingerprint),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_rsa_numbers),
		cmocka_unit_test(test_ecdsa_points),
	};

	sshkey_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

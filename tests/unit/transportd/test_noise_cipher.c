/* SPDX-License-Identifier: MIT */
/* Messages sealed and opened; vector group noise, steps: equal. */
#include "micelio-transportd/frame.h"
#include "noisepair.h"

#define STEP_MAX	(NOISE_MESSAGE_MAX + 4)

static void
sha256_check(const struct json *want, const uint8_t *p, size_t n)
{
	uint8_t a[32], b[32];

	assert_int_equal(json_hex(want, a, sizeof(a)), 32);
	assert_int_equal(EVP_Digest(p, n, b, NULL, EVP_sha256(), NULL), 1);
	assert_memory_equal(a, b, 32);
}

/* The plaintext of a step; the large ones are given by pattern and hash. */
static size_t
step_plain(const struct json *s, uint8_t *p)
{
	size_t n = json_u64(json_get(s, "plaintext_len"));

	if (json_has(s, "plaintext_hex")) {
		assert_int_equal(json_hex(json_get(s, "plaintext_hex"), p,
		    STEP_MAX), n);
		return n;
	}
	frame_header(p, n - FRAME_HEADER);
	for (size_t i = 0; i < n - FRAME_HEADER; i++)
		p[FRAME_HEADER + i] = (uint8_t)(31 * i + (i >> 8));
	sha256_check(json_get(s, "plaintext_sha256"), p, n);
	return n;
}

/* wire: length prefix and ciphertext. */
static void
step_wire_check(const struct json *s, const uint8_t *wire, size_t n)
{
	static uint8_t want[STEP_MAX];

	assert_int_equal(n, json_u64(json_get(s, "ciphertext_len")) + 4);
	if (!json_has(s, "wire_hex")) {
		sha256_check(json_get(s, "wire_sha256"), wire, n);
		return;
	}
	assert_int_equal(json_hex(json_get(s, "wire_hex"), want, STEP_MAX), n);
	assert_memory_equal(wire, want, n);
}

/* All steps, sealed and opened, in the order of the vectors. */
static void
test_steps(void **state)
{
	const struct json *steps = json_get(json_get(pair_vectors, "noise"),
	    "steps");
	static uint8_t plain[STEP_MAX], wire[STEP_MAX];
	struct noise_cipher tx[2], rx[2];
	struct pair p;

	(void)state;
	pair_vector(&p);
	pair_run(&p);
	assert_true(noise_split(&p.i, &tx[0], &rx[1]));
	assert_true(noise_split(&p.r, &tx[1], &rx[0]));
	assert_int_equal(json_len(steps), 14);
	for (size_t i = 0; i < json_len(steps); i++) {
		const struct json *s = json_at(steps, i);
		int d = strcmp(json_str(json_get(s, "dir")), "r2i") == 0;
		size_t n = step_plain(s, plain);

		assert_int_equal(tx[d].n, json_u64(json_get(s, "nonce")));
		for (size_t b = 0; b < 4; b++)
			wire[b] = (uint8_t)((n + 16) >> (24 - 8 * b));
		memcpy(wire + 4, plain, n);
		assert_true(noise_seal(&tx[d], wire + 4, n));
		step_wire_check(s, wire, n + 20);
		assert_true(noise_open(&rx[d], wire + 4, n + 16));
		assert_memory_equal(wire + 4, plain, n);
	}
	for (int d = 0; d < 2; d++) {
		noise_cipher_clear(&tx[d]);
		noise_cipher_clear(&rx[d]);
	}
	pair_close(&p);
}

/* One TCP direction of the normal session: handshake messages, then steps. */
static void
stream_check(const char *key, const char *dir, bool initiator)
{
	const struct json *n = json_get(pair_vectors, "noise");
	static uint8_t want[8192], part[8192];
	size_t len = json_hex(json_get(json_get(n, "normal_session"), key),
	    want, sizeof(want)), off = 0, got;

	for (size_t i = initiator ? 0 : 1; i < 3; i += 2) {
		got = json_hex(json_get(json_at(json_get(n, "messages"), i),
		    "wire_hex"), part, sizeof(part));
		assert_memory_equal(want + off, part, got);
		off += got;
	}
	for (size_t i = 0; i < 7; i++) {
		const struct json *s = json_at(json_get(n, "steps"), i);

		if (strcmp(json_str(json_get(s, "dir")), dir) != 0)
			continue;
		got = json_hex(json_get(s, "wire_hex"), part, sizeof(part));
		assert_memory_equal(want + off, part, got);
		off += got;
	}
	assert_int_equal(off, len);
}

static void
test_normal_session(void **state)
{
	(void)state;
	stream_check("i2r_stream_hex", "i2r", true);
	stream_check("r2i_stream_hex", "r2i", false);
}

static void
ciphers_open(struct noise_cipher *tx, struct noise_cipher *rx)
{
	static const uint8_t key[32] = { 1, 2, 3 };

	assert_true(noise_cipher_init(tx, &pair_crypto, key, true));
	assert_true(noise_cipher_init(rx, &pair_crypto, key, false));
}

/* must_reject: flipped bit, below 16; no plaintext is left behind. */
static void
test_open_rejects(void **state)
{
	struct noise_cipher tx, rx;
	uint8_t buf[64], zero[64] = { 0 };

	(void)state;
	ciphers_open(&tx, &rx);
	for (size_t i = 0; i < 48; i++) {
		memset(buf, 'x', 32);
		assert_true(noise_seal(&tx, buf, 32));
		buf[i] ^= 1;
		assert_false(noise_open(&rx, buf, 48));
		assert_memory_equal(buf, zero, 48);
		rx.n = tx.n;
	}
	for (size_t i = 0; i < 16; i++)
		assert_false(noise_open(&rx, buf, i));
	memset(buf, 'x', 32);
	assert_true(noise_seal(&tx, buf, 32));
	assert_true(noise_open(&rx, buf, 48));
	assert_int_equal(buf[31], 'x');
	noise_cipher_clear(&tx);
	noise_cipher_clear(&rx);
}

/* must_accept: empty, above 65535, up to 1 048 600; the large pattern. */
static void
test_large(void **state)
{
	struct noise_cipher tx, rx;
	const size_t sizes[] = { 0, 1, 65519, 65520, 65536, 131072,
	    NOISE_MESSAGE_MAX - 16 };
	uint8_t *buf = malloc(NOISE_MESSAGE_MAX);

	(void)state;
	assert_non_null(buf);
	assert_string_equal(json_str(json_get(json_get(pair_vectors, "noise"),
	    "large_pattern")), "byte i = (31*i + (i>>8)) & 255");
	ciphers_open(&tx, &rx);
	for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
		for (size_t i = 0; i < sizes[s]; i++)
			buf[i] = (uint8_t)(31 * i + (i >> 8));
		assert_true(noise_seal(&tx, buf, sizes[s]));
		assert_true(noise_open(&rx, buf, sizes[s] + 16));
		for (size_t i = 0; i < sizes[s]; i++)
			if (buf[i] != (uint8_t)(31 * i + (i >> 8)))
				fail();
	}
	noise_cipher_clear(&tx);
	noise_cipher_clear(&rx);
	free(buf);
}

/* 2^64 - 1 is never used, in either direction. */
static void
test_nonce_end(void **state)
{
	struct noise_cipher tx, rx;
	uint8_t buf[32] = { 0 }, copy[32];

	(void)state;
	ciphers_open(&tx, &rx);
	tx.n = rx.n = UINT64_MAX - 1;
	assert_true(noise_seal(&tx, buf, 16));
	memcpy(copy, buf, 32);
	assert_true(noise_open(&rx, buf, 32));
	assert_false(noise_seal(&tx, buf, 16));
	assert_false(noise_open(&rx, copy, 32));
	noise_cipher_clear(&tx);
	noise_cipher_clear(&rx);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_normal_session),
		cmocka_unit_test(test_open_rejects),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_nonce_end),
	};

	return cmocka_run_group_tests_name("noise cipher", tests,
	    pair_group_setup, pair_group_teardown);
}

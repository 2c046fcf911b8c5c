/* SPDX-License-Identifier: MIT */
/*
 * vector group noise: equal
 * vector group noise_known_answers_from_flynn_noise: equal
 * vector group x25519_low_order_inputs_must_fail: equal
 * parity rows of wire-v1 9.3: HandshakeAndPeerStatic, NoiseConnReadWrite,
 * NoiseConnPartialRead (by test_frame), NoiseConnClose (by test_session)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "json.h"
#include "micelio-transportd/frame.h"
#include "micelio-transportd/noise.h"

static struct json *vectors;
static struct noise_crypto crypto;

static int
setup(void **state)
{
	(void)state;
	vectors = json_vectors();
	return noise_crypto_init(&crypto) ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	noise_crypto_free(&crypto);
	json_free(vectors);
	return 0;
}

static void
hex32(const struct json *j, const char *key, uint8_t out[32])
{
	assert_int_equal(json_hex(json_get(j, key), out, 32), 32);
}

static EVP_PKEY *
key_from(const uint8_t priv[32], uint8_t pub[32])
{
	size_t len = 32;
	EVP_PKEY *k = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL,
	    priv, 32);

	assert_non_null(k);
	assert_int_equal(EVP_PKEY_get_raw_public_key(k, pub, &len), 1);
	return k;
}

/* Both sides of one handshake, with the parent's part played here. */
struct pair {
	struct noise	 i, r;
	EVP_PKEY	*si, *sr;
	uint8_t		 si_pub[32], sr_pub[32];
};

static void
pair_open(struct pair *p, const uint8_t si[32], const uint8_t sr[32],
    const uint8_t ei[32], const uint8_t er[32], const void *pro, size_t n)
{
	p->si = key_from(si, p->si_pub);
	p->sr = key_from(sr, p->sr_pub);
	assert_true(noise_init(&p->i, &crypto, NOISE_INITIATOR, p->si_pub, ei,
	    pro, n));
	assert_true(noise_init(&p->r, &crypto, NOISE_RESPONDER, p->sr_pub, er,
	    pro, n));
}

static void
pair_vector(struct pair *p)
{
	const struct json *n = json_get(vectors, "noise");
	const struct json *ji = json_get(n, "initiator");
	const struct json *jr = json_get(n, "responder");
	uint8_t si[32], sr[32], ei[32], er[32];

	hex32(ji, "static_priv_hex", si);
	hex32(jr, "static_priv_hex", sr);
	hex32(ji, "ephemeral_priv_hex", ei);
	hex32(jr, "ephemeral_priv_hex", er);
	pair_open(p, si, sr, ei, er, NULL, 0);
}

static void
pair_close(struct pair *p)
{
	noise_clear(&p->i);
	noise_clear(&p->r);
	EVP_PKEY_free(p->si);
	EVP_PKEY_free(p->sr);
}

static void
static_dh(struct noise *ns, EVP_PKEY *own)
{
	uint8_t secret[32];

	assert_int_equal(ns->want, NOISE_WANT_DH);
	assert_true(noise_x25519(own, ns->re, secret));
	assert_int_equal(noise_dh(ns, secret), NOISE_WANT_WRITE);
}

static void
state_check(const struct noise *ns, const struct json *after)
{
	uint8_t want[32];

	hex32(after, "h_hex", want);
	assert_memory_equal(ns->h, want, 32);
	hex32(after, "ck_hex", want);
	assert_memory_equal(ns->ck, want, 32);
	if (json_str(json_get(after, "k_hex")) == NULL) {
		assert_false(ns->has_k);
		return;
	}
	hex32(after, "k_hex", want);
	assert_true(ns->has_k);
	assert_memory_equal(ns->k, want, 32);
}

/* Message i of the vectors from one side to the other, all states checked. */
static void
vector_message(struct noise *from, struct noise *to, size_t i)
{
	const struct json *m = json_at(json_get(json_get(vectors, "noise"),
	    "messages"), i);
	uint8_t want[128], wire[130], got[128];
	size_t n = json_hex(json_get(m, "message_hex"), want, sizeof(want));

	assert_int_equal(json_hex(json_get(m, "wire_hex"), wire,
	    sizeof(wire)), n + 2);
	assert_int_equal(wire[0] << 8 | wire[1], n);
	assert_memory_equal(wire + 2, want, n);
	assert_int_equal(noise_write(from, NULL, 0, got, sizeof(got)), n);
	assert_memory_equal(got, want, n);
	state_check(from, json_get(m, "state_after"));
	assert_int_not_equal(noise_read(to, got, n), NOISE_FAILED);
	state_check(to, json_get(m, "state_after"));
}

static void
pair_run(struct pair *p)
{
	vector_message(&p->i, &p->r, 0);
	static_dh(&p->r, p->sr);
	vector_message(&p->r, &p->i, 1);
	static_dh(&p->i, p->si);
	vector_message(&p->i, &p->r, 2);
	assert_int_equal(p->i.want, NOISE_READY);
	assert_int_equal(p->r.want, NOISE_READY);
}

static void
test_handshake(void **state)
{
	const struct json *n = json_get(vectors, "noise");
	uint8_t want[32], tx[32], rx[32];
	struct pair p;

	(void)state;
	hex32(n, "h0_hex", want);
	assert_memory_equal(crypto.h0, want, 32);
	pair_vector(&p);
	hex32(json_get(n, "initiator"), "ephemeral_pub_hex", want);
	assert_memory_equal(p.i.e_pub, want, 32);
	hex32(json_get(n, "responder"), "ephemeral_pub_hex", want);
	assert_memory_equal(p.r.e_pub, want, 32);
	pair_run(&p);
	hex32(n, "handshake_hash_hex", want);
	assert_memory_equal(p.i.h, want, 32);
	assert_memory_equal(p.r.h, want, 32);
	assert_memory_equal(p.i.rs, p.sr_pub, 32);
	assert_memory_equal(p.r.rs, p.si_pub, 32);
	noise_keys(&p.i, tx, rx);
	hex32(json_get(n, "keys"), "initiator_to_responder_hex", want);
	assert_memory_equal(tx, want, 32);
	hex32(json_get(n, "keys"), "responder_to_initiator_hex", want);
	assert_memory_equal(rx, want, 32);
	noise_keys(&p.r, tx, rx);
	assert_memory_equal(tx, want, 32);
	pair_close(&p);
}

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
	const struct json *steps = json_get(json_get(vectors, "noise"),
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
	const struct json *n = json_get(vectors, "noise");
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

/* must_accept: payloads in all three messages, read and thrown away. */
static void
known_answer(const struct json *v)
{
	uint8_t si[32], sr[32], ei[32], er[32], pro[64], pay[64], want[512];
	uint8_t got[512];
	static const char *const msg[] = { "msg_0", "msg_1", "msg_2", "msg_3",
	    "msg_4" };
	char key[32];
	struct noise_cipher tx, rx, tx2, rx2;
	struct pair p;
	size_t n, m, pro_len;

	hex32(v, "init_static", si);
	hex32(v, "resp_static", sr);
	hex32(v, "gen_init_ephemeral", ei);
	hex32(v, "gen_resp_ephemeral", er);
	pro_len = json_has(v, "prologue") ?
	    json_hex(json_get(v, "prologue"), pro, sizeof(pro)) : 0;
	pair_open(&p, si, sr, ei, er, pro, pro_len);
	for (size_t i = 0; i < 3; i++) {
		struct noise *from = i == 1 ? &p.r : &p.i;
		struct noise *to = i == 1 ? &p.i : &p.r;

		if (from->want == NOISE_WANT_DH)
			static_dh(from, i == 1 ? p.sr : p.si);
		snprintf(key, sizeof(key), "%s_payload", msg[i]);
		n = json_hex(json_get(v, key), pay, sizeof(pay));
		snprintf(key, sizeof(key), "%s_ciphertext", msg[i]);
		m = json_hex(json_get(v, key), want, sizeof(want));
		assert_int_equal(noise_write(from, pay, n, got, sizeof(got)),
		    m);
		assert_memory_equal(got, want, m);
		assert_int_not_equal(noise_read(to, got, m), NOISE_FAILED);
	}
	assert_true(noise_split(&p.i, &tx, &rx2));
	assert_true(noise_split(&p.r, &tx2, &rx));
	for (size_t i = 3; i < 5; i++) {
		snprintf(key, sizeof(key), "%s_payload", msg[i]);
		n = json_hex(json_get(v, key), pay, sizeof(pay));
		snprintf(key, sizeof(key), "%s_ciphertext", msg[i]);
		m = json_hex(json_get(v, key), want, sizeof(want));
		memcpy(got, pay, n);
		assert_true(noise_seal(i == 3 ? &tx : &tx2, got, n));
		assert_int_equal(m, n + 16);
		assert_memory_equal(got, want, m);
		assert_true(noise_open(i == 3 ? &rx : &rx2, got, m));
		assert_memory_equal(got, pay, n);
	}
	noise_cipher_clear(&tx);
	noise_cipher_clear(&rx);
	noise_cipher_clear(&tx2);
	noise_cipher_clear(&rx2);
	pair_close(&p);
}

static void
test_known_answers(void **state)
{
	const struct json *g = json_get(vectors,
	    "noise_known_answers_from_flynn_noise");

	(void)state;
	assert_int_equal(json_len(g), 4);
	for (size_t i = 0; i < json_len(g); i++)
		known_answer(json_at(g, i));
}

static void
test_low_order(void **state)
{
	const struct json *g = json_get(vectors,
	    "x25519_low_order_inputs_must_fail");
	uint8_t pub[32], out[32], own[32], msg[96];
	struct pair p;

	(void)state;
	assert_int_equal(json_len(g), 14);
	for (size_t i = 0; i < json_len(g); i++) {
		assert_int_equal(json_hex(json_at(g, i), pub, 32), 32);
		pair_vector(&p);
		assert_false(noise_x25519(p.si, pub, out));
		/* as e of the responder, in message 2 */
		assert_int_equal(noise_write(&p.i, NULL, 0, msg, 96), 32);
		memset(msg, 7, sizeof(msg));
		memcpy(msg, pub, 32);
		assert_int_equal(noise_read(&p.i, msg, 96), NOISE_FAILED);
		/* as e of the initiator: found in ee, when message 2 is made */
		memcpy(msg, pub, 32);
		assert_int_equal(noise_read(&p.r, msg, 32), NOISE_WANT_DH);
		memset(own, 9, 32);
		assert_int_equal(noise_dh(&p.r, own), NOISE_WANT_WRITE);
		assert_int_equal(noise_write(&p.r, NULL, 0, msg, 96), 0);
		assert_int_equal(p.r.want, NOISE_FAILED);
		pair_close(&p);
	}
}

/* A low-order static key, revealed in message 2 and in message 3. */
static void
test_low_order_static(void **state)
{
	static const uint8_t bad[32] = { 1 };
	uint8_t msg[96];
	struct pair p;

	(void)state;
	pair_vector(&p);
	memcpy(p.r.s_pub, bad, 32);
	assert_int_equal(noise_write(&p.i, NULL, 0, msg, 96), 32);
	assert_int_equal(noise_read(&p.r, msg, 32), NOISE_WANT_DH);
	static_dh(&p.r, p.sr);
	assert_int_equal(noise_write(&p.r, NULL, 0, msg, 96), 96);
	assert_int_equal(noise_read(&p.i, msg, 96), NOISE_FAILED);
	assert_string_equal(p.i.why, "message 2: bad static key");
	pair_close(&p);

	pair_vector(&p);
	memcpy(p.i.s_pub, bad, 32);
	vector_message(&p.i, &p.r, 0);
	static_dh(&p.r, p.sr);
	vector_message(&p.r, &p.i, 1);
	static_dh(&p.i, p.si);
	assert_int_equal(noise_write(&p.i, NULL, 0, msg, 96), 64);
	assert_int_equal(noise_read(&p.r, msg, 64), NOISE_FAILED);
	assert_string_equal(p.r.why, "message 3: bad static key");
	pair_close(&p);
}

/* Every bit of every handshake message counts, and every length. */
static void
handshake_broken(size_t which, size_t byte, size_t len)
{
	uint8_t msg[128] = { 0 };
	size_t n, full[] = { 32, 96, 64 };
	struct pair p;
	bool failed = false;

	pair_vector(&p);
	for (size_t i = 0; i < 3 && !failed; i++) {
		struct noise *from = i == 1 ? &p.r : &p.i;
		struct noise *to = i == 1 ? &p.i : &p.r;

		if (from->want == NOISE_WANT_DH)
			static_dh(from, i == 1 ? p.sr : p.si);
		n = noise_write(from, NULL, 0, msg, sizeof(msg));
		assert_int_equal(n, full[i]);
		if (i == which) {
			msg[byte] ^= 0x10;
			n = len < n ? len : n;
		}
		failed = noise_read(to, msg, n) == NOISE_FAILED;
		/* A changed e of message 1 is only found by message 2. */
		assert_true(failed == (i == which && (i > 0 || n < 32)) ||
		    (which == 0 && i == 1));
	}
	assert_true(failed);
	pair_close(&p);
}

static void
test_broken_handshake(void **state)
{
	(void)state;
	handshake_broken(0, 5, 32);
	handshake_broken(0, 5, 31);
	handshake_broken(0, 5, 0);
	for (size_t i = 0; i < 96; i += 5)
		handshake_broken(1, i, 96);
	handshake_broken(1, 95, 95);
	for (size_t i = 0; i < 64; i += 5)
		handshake_broken(2, i, 64);
	handshake_broken(2, 63, 63);
}

static void
ciphers_open(struct noise_cipher *tx, struct noise_cipher *rx)
{
	static const uint8_t key[32] = { 1, 2, 3 };

	assert_true(noise_cipher_init(tx, &crypto, key, true));
	assert_true(noise_cipher_init(rx, &crypto, key, false));
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
	assert_string_equal(json_str(json_get(json_get(vectors, "noise"),
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

static void
test_out_of_turn(void **state)
{
	uint8_t msg[128] = { 0 };
	struct pair p;

	(void)state;
	pair_vector(&p);
	assert_int_equal(noise_read(&p.i, msg, 32), NOISE_FAILED);
	assert_int_equal(noise_write(&p.i, NULL, 0, msg, 128), 0);
	assert_int_equal(noise_write(&p.r, NULL, 0, msg, 128), 0);
	assert_int_equal(noise_dh(&p.r, msg), NOISE_FAILED);
	pair_close(&p);

	/* too small a buffer, too long a payload, too long a message */
	pair_vector(&p);
	assert_int_equal(noise_write(&p.i, NULL, 0, msg, 31), 0);
	assert_int_equal(noise_read(&p.r, msg, NOISE_MSG_MAX + 1),
	    NOISE_FAILED);
	pair_close(&p);

	/* ready only when ready */
	pair_vector(&p);
	{
		struct noise_cipher tx, rx;

		assert_false(noise_split(&p.i, &tx, &rx));
	}
	pair_close(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_handshake),
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_normal_session),
		cmocka_unit_test(test_known_answers),
		cmocka_unit_test(test_low_order),
		cmocka_unit_test(test_low_order_static),
		cmocka_unit_test(test_broken_handshake),
		cmocka_unit_test(test_open_rejects),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_nonce_end),
		cmocka_unit_test(test_out_of_turn),
	};

	return cmocka_run_group_tests_name("noise", tests, setup, teardown);
}

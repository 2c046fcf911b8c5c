/* SPDX-License-Identifier: MIT */
/*
 * The handshake, to the ciphers that come of it.
 * vector group noise: equal (what follows it by test_noise_cipher)
 * vector group noise_known_answers_from_flynn_noise: equal
 * vector group x25519_low_order_inputs_must_fail: equal
 * parity rows of wire-v1 9.3: HandshakeAndPeerStatic, NoiseConnReadWrite,
 * NoiseConnPartialRead (by test_frame), NoiseConnClose (by test_session)
 */
#include "noisepair.h"

static void
test_handshake(void **state)
{
	const struct json *n = json_get(pair_vectors, "noise");
	uint8_t want[32], tx[32], rx[32];
	struct pair p;

	(void)state;
	pair_hex32(n, "h0_hex", want);
	assert_memory_equal(pair_crypto.h0, want, 32);
	pair_vector(&p);
	pair_hex32(json_get(n, "initiator"), "ephemeral_pub_hex", want);
	assert_memory_equal(p.i.e_pub, want, 32);
	pair_hex32(json_get(n, "responder"), "ephemeral_pub_hex", want);
	assert_memory_equal(p.r.e_pub, want, 32);
	pair_run(&p);
	pair_hex32(n, "handshake_hash_hex", want);
	assert_memory_equal(p.i.h, want, 32);
	assert_memory_equal(p.r.h, want, 32);
	assert_memory_equal(p.i.rs, p.sr_pub, 32);
	assert_memory_equal(p.r.rs, p.si_pub, 32);
	noise_keys(&p.i, tx, rx);
	pair_hex32(json_get(n, "keys"), "initiator_to_responder_hex", want);
	assert_memory_equal(tx, want, 32);
	pair_hex32(json_get(n, "keys"), "responder_to_initiator_hex", want);
	assert_memory_equal(rx, want, 32);
	noise_keys(&p.r, tx, rx);
	assert_memory_equal(tx, want, 32);
	pair_close(&p);
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

	pair_hex32(v, "init_static", si);
	pair_hex32(v, "resp_static", sr);
	pair_hex32(v, "gen_init_ephemeral", ei);
	pair_hex32(v, "gen_resp_ephemeral", er);
	pro_len = json_has(v, "prologue") ?
	    json_hex(json_get(v, "prologue"), pro, sizeof(pro)) : 0;
	pair_open(&p, si, sr, ei, er, pro, pro_len);
	for (size_t i = 0; i < 3; i++) {
		struct noise *from = i == 1 ? &p.r : &p.i;
		struct noise *to = i == 1 ? &p.i : &p.r;

		if (from->want == NOISE_WANT_DH)
			pair_dh(from, i == 1 ? p.sr : p.si);
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
	const struct json *g = json_get(pair_vectors,
	    "noise_known_answers_from_flynn_noise");

	(void)state;
	assert_int_equal(json_len(g), 4);
	for (size_t i = 0; i < json_len(g); i++)
		known_answer(json_at(g, i));
}

static void
test_low_order(void **state)
{
	const struct json *g = json_get(pair_vectors,
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
	pair_dh(&p.r, p.sr);
	assert_int_equal(noise_write(&p.r, NULL, 0, msg, 96), 96);
	assert_int_equal(noise_read(&p.i, msg, 96), NOISE_FAILED);
	assert_string_equal(p.i.why, "message 2: bad static key");
	pair_close(&p);

	pair_vector(&p);
	memcpy(p.i.s_pub, bad, 32);
	pair_message(&p.i, &p.r, 0);
	pair_dh(&p.r, p.sr);
	pair_message(&p.r, &p.i, 1);
	pair_dh(&p.i, p.si);
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
			pair_dh(from, i == 1 ? p.sr : p.si);
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
		cmocka_unit_test(test_known_answers),
		cmocka_unit_test(test_low_order),
		cmocka_unit_test(test_low_order_static),
		cmocka_unit_test(test_broken_handshake),
		cmocka_unit_test(test_out_of_turn),
	};

	return cmocka_run_group_tests_name("noise", tests, pair_group_setup,
	    pair_group_teardown);
}

/* SPDX-License-Identifier: MIT */
/*
 * What the key service does, for whom, and what it never does.
 * vector group envelopes: equal (those our node signs: bytes and signature)
 * vector group x25519_low_order_inputs_must_fail: equal
 */
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cursor.h"
#include "identity.h"
#include "imsg.h"
#include "json.h"
#include "keyserv.h"
#include "sealkey.h"

#define UUID	"00000000-0000-4000-8000-000000000001"

static struct json *vectors;
static struct secret node_secret, host_secret;
static struct identity identity;
static struct keyserv ks;
static struct wbuf body;
static uint8_t sig[64];
static const char *why;
static enum key_status status;

/* The identity of this name in the vectors. */
static void
become(const char *name)
{
	const struct json *all = json_get(vectors, "identities");
	uint8_t pub[32], hash[64];

	for (size_t i = 0; i < json_len(all); i++) {
		const struct json *v = json_at(all, i);

		if (strcmp(json_str(json_get(v, "name")), name) != 0)
			continue;
		json_hex(json_get(v, "seed_hex"), node_secret.seed, 32);
		crypto_sign_seed_keypair(pub, node_secret.ed25519,
		    node_secret.seed);
		crypto_hash_sha512(hash, node_secret.seed, 32);
		memcpy(node_secret.x25519, hash, 32);
		memset(host_secret.seed, 0x5a, 32);
		crypto_sign_seed_keypair(pub, host_secret.ed25519,
		    host_secret.seed);
		identity.node = &node_secret;
		identity.host = &host_secret;
		identity_derive(&identity);
		return;
	}
	fail_msg("no identity %s", name);
}

static int
setup(void **state)
{
	(void)state;
	become("A");
	keyserv_init(&ks, &identity, 0);
	wbuf_init(&body, 1 << 20);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	keyserv_free(&ks);
	wbuf_free(&body);
	return 0;
}

static bool
sign(enum proc_role from, uint8_t purpose, const char *uuid, uint64_t lamport,
    uint32_t type, const uint8_t *payload, size_t n, uint64_t now)
{
	wbuf_reset(&body);
	wbuf_u8(&body, purpose);
	wbuf_str(&body, uuid);
	wbuf_u64(&body, lamport);
	wbuf_u32(&body, type);
	wbuf_blob(&body, payload, n);
	return keyserv_sign(&ks, from, body.p, body.len, now, &status, sig,
	    &why);
}

static void
test_vectors(void **state)
{
	const struct json *all = json_get(vectors, "envelopes");
	static uint8_t payload[1 << 17];
	size_t signed_here = 0;

	(void)state;
	for (size_t i = 0; i < json_len(all); i++) {
		const struct json *v = json_at(all, i);
		const struct json *f = json_get(v, "fields");
		const char *who = json_str(json_get(v, "signer"));
		uint8_t want[64];
		size_t n;

		if (who == NULL || json_str(json_get(v, "signature_hex")) ==
		    NULL || json_len(json_get(v, "signature_hex")) != 128)
			continue;
		become(who);
		n = json_hex(json_get(f, "payload_hex"), payload,
		    sizeof(payload));
		json_hex(json_get(v, "signature_hex"), want, sizeof(want));
		assert_true(sign(PROC_GOSSIPD, KEY_ENVELOPE,
		    json_str(json_get(f, "message_id")),
		    json_u64(json_get(f, "lamport_ts")),
		    (uint32_t)json_u64(json_get(f, "msg_type")), payload, n,
		    0));
		if (status != KEY_OK)	/* types we never originate */
			continue;
		/* Signed as itself: the sender is not a field of ours. */
		assert_string_equal(identity.id_hex,
		    json_str(json_get(f, "sender_id")));
		assert_memory_equal(sig, want, 64);
		signed_here++;
	}
	assert_true(signed_here >= 5);
}

static void
test_senders(void **state)
{
	static const uint32_t good[] = { 1, 2, 3, 4, 34, 35, 38, 39 };
	uint32_t k = 0;

	(void)state;
	for (uint32_t type = 0; type < 1100; type++) {
		assert_true(sign(PROC_GOSSIPD, KEY_ENVELOPE, UUID, 0, type,
		    NULL, 0, 0));
		if (k < 8 && good[k] == type) {
			assert_int_equal(status, KEY_OK);
			k++;
		} else {
			assert_int_equal(status, KEY_REFUSED);
			assert_true(sodium_is_zero(sig, 64));
		}
		/* Nobody else gets any. */
		for (int r = PROC_NONE; r < PROC_MAX; r++) {
			if (r == PROC_GOSSIPD)
				continue;
			assert_true(sign(r, KEY_ENVELOPE, UUID, 0, type, NULL,
			    0, 0));
			assert_int_equal(status, KEY_REFUSED);
			assert_true(sodium_is_zero(sig, 64));
		}
	}
	assert_int_equal(k, 8);
	for (unsigned int purpose = 0; purpose < 256; purpose++) {
		if (purpose == KEY_ENVELOPE || purpose == KEY_PEER_RECORD)
			continue;
		assert_true(sign(PROC_GOSSIPD, (uint8_t)purpose, UUID, 0, 3,
		    NULL, 0, 0));
		assert_int_equal(status, KEY_REFUSED);
		assert_true(sign(PROC_STATED, (uint8_t)purpose, UUID, 0, 3,
		    NULL, 0, 0));
		assert_int_equal(status, KEY_REFUSED);
	}
}

static void
test_fields(void **state)
{
	static const char *const bad[] = { "", "0",
	    "00000000-0000-4000-8000-00000000000",
	    "00000000-0000-4000-8000-0000000000011",
	    "00000000-0000-4000-8000-00000000000A",
	    "00000000x0000-4000-8000-000000000001",
	    "0000000000000-4000-8000-000000000001",
	    "00000000-0000-4000-8000-00000000000g",
	    "-0000000-0000-4000-8000-000000000001" };
	static uint8_t payload[KEY_PAYLOAD_MAX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_true(sign(PROC_GOSSIPD, KEY_ENVELOPE, bad[i], 0, 3,
		    NULL, 0, 0));
		assert_int_equal(status, KEY_REFUSED);
		assert_string_equal(why, "message id");
	}
	assert_true(sign(PROC_GOSSIPD, KEY_ENVELOPE, UUID, 0, 3, payload,
	    KEY_PAYLOAD_MAX, 0));
	assert_int_equal(status, KEY_OK);
	assert_true(sign(PROC_GOSSIPD, KEY_ENVELOPE, UUID, 0, 3, payload,
	    KEY_PAYLOAD_MAX + 1, 0));
	assert_int_equal(status, KEY_REFUSED);
	assert_string_equal(why, "payload size");
	/* Cut short anywhere, or with a byte more: a breach. */
	assert_true(sign(PROC_GOSSIPD, KEY_ENVELOPE, UUID, 0, 3, payload, 9,
	    0));
	for (size_t n = 1; n < body.len; n++)
		assert_false(keyserv_sign(&ks, PROC_GOSSIPD, body.p, n, 0,
		    &status, sig, &why));
	wbuf_u8(&body, 0);
	assert_false(keyserv_sign(&ks, PROC_GOSSIPD, body.p, body.len, 0,
	    &status, sig, &why));
}

static void
test_rates(void **state)
{
	uint32_t n = 0;

	(void)state;
	do {
		assert_true(sign(PROC_GOSSIPD, KEY_ENVELOPE, UUID, 0, 3, NULL,
		    0, 0));
		n++;
	} while (status == KEY_OK && n < 10000);
	assert_int_equal(status, KEY_SLOWED);
	assert_true(sodium_is_zero(sig, 64));
	assert_int_equal(n - 1, key_rules[1].burst);
	assert_int_equal(ks.count[1].ok, key_rules[1].burst);
	assert_int_equal(ks.count[1].slowed, 1);
	/* One kind over its rate does not hold up another. */
	assert_true(sign(PROC_GOSSIPD, KEY_ENVELOPE, UUID, 0, 1, NULL, 0, 0));
	assert_int_equal(status, KEY_OK);
	/* A second later its rate is there again, no more. */
	for (n = 0; n < key_rules[1].rate; n++) {
		assert_true(sign(PROC_GOSSIPD, KEY_ENVELOPE, UUID, 0, 3, NULL,
		    0, 1000));
		assert_int_equal(status, KEY_OK);
	}
	assert_true(sign(PROC_GOSSIPD, KEY_ENVELOPE, UUID, 0, 3, NULL, 0,
	    1000));
	assert_int_equal(status, KEY_SLOWED);
}

static bool
sign_record(enum proc_role from, uint8_t n, const char *addr, uint64_t now)
{
	wbuf_reset(&body);
	wbuf_u8(&body, KEY_PEER_RECORD);
	wbuf_u64(&body, 1700000000000);
	wbuf_u64(&body, 0x1d);
	wbuf_u8(&body, n);
	for (uint8_t i = 0; i < n; i++)
		wbuf_str(&body, addr);
	return keyserv_sign(&ks, from, body.p, body.len, now, &status, sig,
	    &why);
}

static void
test_record(void **state)
{
	static const char *const bad[] = { "", "a b:1", "a\n:1", "\xc3\xa4:1" };
	static const uint8_t zero[16];
	char addr[263];
	struct wbuf w;
	uint32_t k;

	(void)state;
	wbuf_init(&w, 1024);
	assert_true(sign_record(PROC_GOSSIPD, 2, "node.example:7", 0));
	assert_int_equal(status, KEY_OK);
	wbuf_bytes(&w, "\xffmicelio/peer/1", 16);
	wbuf_bytes(&w, zero, 16);
	wbuf_bytes(&w, identity.ed25519_pub, 32);
	wbuf_u64be(&w, 1700000000000);
	wbuf_u64be(&w, 0x1d);
	wbuf_u8(&w, 2);
	for (k = 0; k < 2; k++) {
		wbuf_u16be(&w, 14);
		wbuf_bytes(&w, "node.example:7", 14);
	}
	assert_int_equal(crypto_sign_verify_detached(sig, w.p, w.len,
	    identity.ed25519_pub), 0);
	wbuf_free(&w);
	for (int r = PROC_NONE; r < PROC_MAX; r++) {
		if (r == PROC_GOSSIPD)
			continue;
		assert_true(sign_record(r, 1, "a:1", 0));
		assert_int_equal(status, KEY_REFUSED);
		assert_true(sodium_is_zero(sig, 64));
	}
	for (k = 0; k < sizeof(bad) / sizeof(bad[0]); k++) {
		assert_true(sign_record(PROC_GOSSIPD, 1, bad[k], 0));
		assert_int_equal(status, KEY_REFUSED);
	}
	memset(addr, 'a', sizeof(addr));
	addr[262] = '\0';
	assert_true(sign_record(PROC_GOSSIPD, 1, addr, 0));
	assert_int_equal(status, KEY_REFUSED);
	addr[261] = '\0';
	assert_true(sign_record(PROC_GOSSIPD, 4, addr, 0));
	assert_int_equal(status, KEY_OK);
	assert_false(sign_record(PROC_GOSSIPD, 5, "a:1", 0));
	assert_true(sign_record(PROC_GOSSIPD, 1, "a:1", 0));
	for (size_t n = 1; n < body.len; n++)
		assert_false(keyserv_sign(&ks, PROC_GOSSIPD, body.p, n, 0,
		    &status, sig, &why));
	/* A rate of its own, that chat does not feel. */
	for (k = 0; status != KEY_SLOWED && k < 100; k++)
		assert_true(sign_record(PROC_GOSSIPD, 0, "", 0));
	assert_int_equal(status, KEY_SLOWED);
	assert_true(sign(PROC_GOSSIPD, KEY_ENVELOPE, UUID, 0, 3, NULL, 0, 0));
	assert_int_equal(status, KEY_OK);
}

/* A key for one message, for gossipd alone, bound to author and node. */
static void
test_open(void **state)
{
	uint8_t eph[32], shared[32], want[32], key[32], ask[64] = { 7 };
	static const uint8_t zero[32], secret[32] = { 9 };

	(void)state;
	crypto_scalarmult_curve25519_base(eph, secret);
	memcpy(ask + 32, eph, 32);
	assert_int_equal(crypto_scalarmult_curve25519(shared, secret,
	    identity.x25519_pub), 0);
	seal_key(want, shared, eph, identity.x25519_pub, ask, identity.id.b);
	assert_int_equal(keyserv_open(&ks, PROC_GOSSIPD, ask, 0, key),
	    KEY_OK);
	assert_memory_equal(key, want, 32);
	assert_memory_not_equal(key, shared, 32);
	for (enum proc_role r = PROC_PARENT; r <= PROC_SSHD; r++) {
		if (r == PROC_GOSSIPD)
			continue;
		assert_int_equal(keyserv_open(&ks, r, ask, 0, key),
		    KEY_REFUSED);
		assert_memory_equal(key, zero, 32);
	}
	/* The parent cannot know what point a handshake is of: SECURITY.md. */
	assert_int_equal(keyserv_dh(&ks, PROC_TRANSPORTD, eph, 0, key, &why),
	    KEY_OK);
	assert_memory_equal(key, shared, 32);
	memset(ask + 32, 0, 32);
	assert_int_equal(keyserv_open(&ks, PROC_GOSSIPD, ask, 0, key),
	    KEY_REFUSED);
	memcpy(ask + 32, eph, 32);
	for (unsigned int i = 0; i < 198; i++)
		assert_int_equal(keyserv_open(&ks, PROC_GOSSIPD, ask, 0, key),
		    KEY_OK);
	assert_int_equal(keyserv_open(&ks, PROC_GOSSIPD, ask, 0, key),
	    KEY_SLOWED);
	assert_memory_equal(key, zero, 32);
	assert_int_equal(keyserv_open(&ks, PROC_GOSSIPD, ask, 1000, key),
	    KEY_OK);
}

static void
test_dh(void **state)
{
	const struct json *low = json_get(vectors,
	    "x25519_low_order_inputs_must_fail");
	uint8_t remote[32], scalar[32], ours[32], theirs[32];

	(void)state;
	memset(scalar, 0x77, sizeof(scalar));
	crypto_scalarmult_curve25519_base(remote, scalar);
	assert_int_equal(keyserv_dh(&ks, PROC_TRANSPORTD, remote, 0, ours,
	    &why), KEY_OK);
	assert_int_equal(crypto_scalarmult_curve25519(theirs, scalar,
	    identity.x25519_pub), 0);
	assert_memory_equal(ours, theirs, 32);
	for (int r = PROC_NONE; r < PROC_MAX; r++) {
		if (r == PROC_TRANSPORTD)
			continue;
		assert_int_equal(keyserv_dh(&ks, r, remote, 0, ours, &why),
		    KEY_REFUSED);
		assert_true(sodium_is_zero(ours, 32));
	}
	assert_true(json_len(low) >= 12);
	for (size_t i = 0; i < json_len(low); i++) {
		assert_int_equal(json_hex(json_at(low, i), remote, 32), 32);
		memset(ours, 1, sizeof(ours));
		assert_int_equal(keyserv_dh(&ks, PROC_TRANSPORTD, remote, 0,
		    ours, &why), KEY_REFUSED);
		assert_true(sodium_is_zero(ours, 32));
	}
}

static void
test_hostkey(void **state)
{
	struct hostkey_signer s;
	uint8_t hash[32], pub[32];
	bool first;

	(void)state;
	memset(hash, 9, sizeof(hash));
	hostkey_signer_init(&s, 1000);
	assert_int_equal(keyserv_hostkey(&ks, &s, hash, 1000, sig, &first),
	    KEY_OK);
	assert_true(first);
	assert_memory_equal(s.sid, hash, 32);
	memcpy(pub, host_secret.ed25519 + 32, 32);
	assert_int_equal(crypto_sign_verify_detached(sig, hash, 32, pub), 0);
	/* Never with the identity. */
	assert_int_not_equal(crypto_sign_verify_detached(sig, hash, 32,
	    identity.ed25519_pub), 0);
	/* A rekey is another hash; the session id stays the first. */
	memset(hash, 8, sizeof(hash));
	for (int i = 0; i < 2; i++) {
		assert_int_equal(keyserv_hostkey(&ks, &s, hash, 1000, sig,
		    &first), KEY_OK);
		assert_false(first);
	}
	assert_int_equal(s.sid[0], 9);
	assert_int_equal(keyserv_hostkey(&ks, &s, hash, 1000, sig, &first),
	    KEY_SLOWED);
	assert_int_equal(keyserv_hostkey(&ks, &s, hash, 10999, sig, &first),
	    KEY_SLOWED);
	assert_int_equal(keyserv_hostkey(&ks, &s, hash, 11000, sig, &first),
	    KEY_OK);
	assert_int_equal(keyserv_hostkey(&ks, &s, hash, 11000, sig, &first),
	    KEY_SLOWED);
	assert_int_equal(ks.hostkey.ok, 4);
	assert_int_equal(ks.hostkey.slowed, 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_vectors, setup, teardown),
		cmocka_unit_test_setup_teardown(test_senders, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fields, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rates, setup, teardown),
		cmocka_unit_test_setup_teardown(test_record, setup, teardown),
		cmocka_unit_test_setup_teardown(test_open, setup, teardown),
		cmocka_unit_test_setup_teardown(test_dh, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hostkey, setup, teardown),
	};
	int rc;

	if (sodium_init() == -1)
		return 1;
	vectors = json_vectors();
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	json_free(vectors);
	return rc;
}

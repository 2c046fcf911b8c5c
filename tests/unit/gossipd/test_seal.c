/* SPDX-License-Identifier: MIT */
/* seal.c, with the key as the parent makes it (common/sealkey.c). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <string.h>

#include "common/cursor.h"
#include "common/sealkey.h"
#include "micelio-gossipd/seal.h"
#include "proto/talk.h"

static const uint8_t	own_secret[32] = { 0x11, 0x22, 0x33 };
static const uint8_t	eph_secret[32] = { 0x44, 0x55 };
static struct seal_ends	ends;

static int
setup(void **state)
{
	(void)state;
	memset(&ends, 0, sizeof(ends));
	ends.author.b[0] = 1;
	ends.recipient.b[0] = 2;
	crypto_scalarmult_curve25519_base(ends.recipient_key, own_secret);
	return 0;
}

/* As the recipient's parent does it, for a message of that author. */
static void
key_make(uint8_t key[32], const uint8_t ephemeral[32], uint8_t author,
    uint8_t recipient)
{
	uint8_t shared[32], a[32] = { author }, r[32] = { recipient };

	assert_int_equal(crypto_scalarmult_curve25519(shared, own_secret,
	    ephemeral), 0);
	seal_key(key, shared, ephemeral, ends.recipient_key, a, r);
}

static void
test_there_and_back(void **state)
{
	static const char text[] = "swordfish";
	uint8_t ephemeral[32], key[32];
	struct wbuf box, out;

	(void)state;
	wbuf_init(&box, 1024);
	wbuf_init(&out, 1024);
	assert_true(seal_make(&ends, eph_secret, ephemeral, text, 9, &box));
	assert_int_equal(box.len, 9 + SEALED_MAC);
	assert_null(memmem(box.p, box.len, text, 9));
	key_make(key, ephemeral, 1, 2);
	assert_true(seal_open(key, box.p, box.len, &out));
	assert_true(out.len == 9 && memcmp(out.p, text, 9) == 0);
	/* Nothing at all can be sealed too. */
	wbuf_reset(&box);
	wbuf_reset(&out);
	assert_true(seal_make(&ends, eph_secret, ephemeral, "", 0, &box));
	assert_true(seal_open(key, box.p, box.len, &out));
	assert_int_equal(out.len, 0);
	wbuf_free(&box);
	wbuf_free(&out);
}

/* Another author, another recipient, any bit: it does not open. */
static void
test_bound(void **state)
{
	uint8_t ephemeral[32], key[32];
	struct wbuf box, out;

	(void)state;
	wbuf_init(&box, 1024);
	wbuf_init(&out, 1024);
	assert_true(seal_make(&ends, eph_secret, ephemeral, "x", 1, &box));
	key_make(key, ephemeral, 3, 2);
	assert_false(seal_open(key, box.p, box.len, &out));
	key_make(key, ephemeral, 1, 3);
	assert_false(seal_open(key, box.p, box.len, &out));
	key_make(key, ephemeral, 1, 2);
	for (size_t i = 0; i < box.len * 8; i++) {
		wbuf_reset(&out);
		box.p[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_false(seal_open(key, box.p, box.len, &out));
		box.p[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	for (size_t n = 0; n < box.len; n++) {
		wbuf_reset(&out);
		assert_false(seal_open(key, box.p, n, &out));
	}
	wbuf_free(&box);
	wbuf_free(&out);
}

static void
test_low_order(void **state)
{
	uint8_t ephemeral[32];
	struct wbuf box;

	(void)state;
	wbuf_init(&box, 1024);
	memset(ends.recipient_key, 0, 32);
	assert_false(seal_make(&ends, eph_secret, ephemeral, "x", 1, &box));
	assert_int_equal(box.len, 0);
	wbuf_free(&box);
}

/* Two other implementations gave the same (HKDF of RFC 5869). */
static void
test_known_key(void **state)
{
	uint8_t shared[32], eph[32], rcpt[32], a[32], r[32], key[32], want[32];
	static const char hex[] =
	    "12fce9da612f975279e2b369a9cb5e40eedf283a0fb568db4dcdc7f920a1896d";

	(void)state;
	memset(shared, 1, 32);
	memset(eph, 2, 32);
	memset(rcpt, 3, 32);
	memset(a, 4, 32);
	memset(r, 5, 32);
	seal_key(key, shared, eph, rcpt, a, r);
	assert_int_equal(sodium_hex2bin(want, 32, hex, 64, NULL, NULL, NULL),
	    0);
	assert_memory_equal(key, want, 32);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_there_and_back, setup),
		cmocka_unit_test_setup(test_bound, setup),
		cmocka_unit_test_setup(test_low_order, setup),
		cmocka_unit_test_setup(test_known_key, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* Entries of the map: for stated, as what they are, with our name. */
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "brief.h"
#include "cursor.h"
#include "identity.h"
#include "imsg.h"
#include "keyserv.h"
#include "proto/entry.h"

#define RULE	5u	/* "entries" in the table */

static struct secret node_secret, host_secret;
static struct identity identity;
static struct keyserv ks;
static struct wbuf body, sigs;
static const char *why;
static enum key_status status;
static uint8_t mesh[MESH_ID_LEN];

static int
setup(void **state)
{
	uint8_t pub[32];

	(void)state;
	memset(node_secret.seed, 0x11, 32);
	memset(host_secret.seed, 0x22, 32);
	crypto_sign_seed_keypair(pub, node_secret.ed25519, node_secret.seed);
	crypto_sign_seed_keypair(pub, host_secret.ed25519, host_secret.seed);
	identity.node = &node_secret;
	identity.host = &host_secret;
	identity_derive(&identity);
	memset(mesh, 0x33, sizeof(mesh));
	keyserv_init(&ks, &identity, 0);
	wbuf_init(&body, 1 << 20);
	wbuf_init(&sigs, KEY_ENTRIES_MAX * 64);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	keyserv_free(&ks);
	wbuf_free(&body);
	wbuf_free(&sigs);
	return 0;
}

static void
request(uint8_t flags, uint64_t hlc, const char *key, size_t key_len,
    const void *value, uint32_t value_len)
{
	wbuf_bytes(&body, mesh, sizeof(mesh));
	wbuf_u8(&body, flags);
	wbuf_u64(&body, hlc);
	wbuf_u64(&body, 77);
	wbuf_strn(&body, key, key_len);
	wbuf_u32(&body, value_len);
	crypto_hash_sha256(wbuf_reserve(&body, 32), value, value_len);
}

static bool
ask(enum proc_role from, uint64_t now)
{
	wbuf_reset(&sigs);
	return keyserv_entries(&ks, from, body.p, body.len, now, &status,
	    &sigs, &why);
}

static void
begin(uint8_t n)
{
	wbuf_reset(&body);
	wbuf_u8(&body, n);
}

static void
test_signs_entries(void **state)
{
	uint8_t buf[ENTRY_SIGNED_MAX];
	struct entry e = { .hlc = 5, .expires_ms = 77 };
	size_t n;

	(void)state;
	begin(2);
	request(0, 5, "o/k", 3, "value", 5);
	request(1, 6, "o/l", 3, "", 0);
	assert_true(ask(PROC_STATED, 0));
	assert_int_equal(status, KEY_OK);
	assert_int_equal(sigs.len, 128);
	e.author = (struct slice){ identity.ed25519_pub, 32 };
	e.key = (struct slice){ (const uint8_t *)"o/k", 3 };
	e.value = (struct slice){ (const uint8_t *)"value", 5 };
	n = entry_signed(&e, mesh, buf);
	assert_int_equal(crypto_sign_verify_detached(sigs.p, buf, n,
	    identity.ed25519_pub), 0);
	e.key.p = (const uint8_t *)"o/l";
	e.value.n = 0;
	e.flags = 1;
	e.hlc = 6;
	n = entry_signed(&e, mesh, buf);
	assert_int_equal(crypto_sign_verify_detached(sigs.p + 64, buf, n,
	    identity.ed25519_pub), 0);
	assert_int_equal(ks.count[RULE].ok, 2);
}

static void
test_for_stated_only(void **state)
{
	(void)state;
	begin(1);
	request(0, 5, "o/k", 3, "v", 1);
	for (int r = PROC_NONE; r < PROC_MAX; r++) {
		assert_true(ask(r, 0));
		assert_int_equal(status, r == PROC_STATED ? KEY_OK :
		    KEY_REFUSED);
		assert_int_equal(sigs.len, r == PROC_STATED ? 64 : 0);
	}
	assert_string_equal(key_rules[RULE].name, "entries");
}

static void
test_fields(void **state)
{
	static char key[300];

	(void)state;
	memset(key, 'k', sizeof(key));
	begin(1);
	request(2, 5, "o/k", 3, "", 0);
	assert_true(ask(PROC_STATED, 0));
	assert_string_equal(why, "entry flags");
	begin(1);
	request(1, 5, "o/k", 3, "v", 1);
	assert_true(ask(PROC_STATED, 0));
	assert_string_equal(why, "entry value");
	begin(1);
	request(0, 5, key, 257, "v", 1);
	assert_true(ask(PROC_STATED, 0));
	assert_string_equal(why, "entry key");
	/* One bad entry and none is signed. */
	begin(2);
	request(0, 5, key, 256, "v", 1);
	request(0, 5, key, 0, "v", 1);
	assert_true(ask(PROC_STATED, 0));
	assert_int_equal(status, KEY_REFUSED);
	assert_int_equal(sigs.len, 0);
	begin(1);
	request(0, 5, key, 256, "v", 1);
	assert_true(ask(PROC_STATED, 0));
	assert_int_equal(status, KEY_OK);
	/* A breach: none, too many, cut short, left over. */
	for (size_t n = 1; n < body.len; n++)
		assert_false(keyserv_entries(&ks, PROC_STATED, body.p, n, 0,
		    &status, &sigs, &why));
	wbuf_u8(&body, 0);
	assert_false(ask(PROC_STATED, 0));
	begin(0);
	assert_false(ask(PROC_STATED, 0));
	begin(KEY_ENTRIES_MAX + 1);
	for (unsigned int i = 0; i <= KEY_ENTRIES_MAX; i++)
		request(0, 5, "o/k", 3, "v", 1);
	assert_false(ask(PROC_STATED, 0));
}

static void
test_rate(void **state)
{
	const uint32_t burst = key_rules[RULE].burst;
	const uint32_t left = brief(burst, 4 * KEY_ENTRIES_MAX);
	uint32_t n = 0;

	(void)state;
	ks.bucket[RULE].millis -= (burst - left) * UINT64_C(1000);
	begin(KEY_ENTRIES_MAX);
	for (unsigned int i = 0; i < KEY_ENTRIES_MAX; i++)
		request(0, 5, "o/k", 3, "v", 1);
	do {
		assert_true(ask(PROC_STATED, 0));
		n++;
	} while (status == KEY_OK && n < 1000);
	assert_int_equal(status, KEY_SLOWED);
	assert_int_equal(n - 1, left / KEY_ENTRIES_MAX);
	assert_int_equal(sigs.len, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_signs_entries, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_for_stated_only, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_fields, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rate, setup, teardown),
	};

	if (sodium_init() == -1)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

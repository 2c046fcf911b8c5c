/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/cursor.h"
#include "common/nodeid.h"
#include "proto/entry.h"
#include "state.pb-c.h"

static uint8_t	mesh[MESH_ID_LEN], author[32], sig[64];

static struct entry
sample(void)
{
	struct entry e = { .hlc = UINT64_C(0x0102030405060708),
	    .expires_ms = UINT64_C(1767225600000) };

	for (unsigned int i = 0; i < 16; i++)
		mesh[i] = (uint8_t)i;
	for (unsigned int i = 0; i < 32; i++)
		author[i] = (uint8_t)i;
	memset(sig, 0x55, sizeof(sig));
	e.key = (struct slice){ (const uint8_t *)"o/motd", 6 };
	e.value = (struct slice){ (const uint8_t *)"hello", 5 };
	e.author = (struct slice){ author, sizeof(author) };
	e.sig = (struct slice){ sig, sizeof(sig) };
	return e;
}

/* Computed by other means from the definition. */
static void
test_signed_bytes_and_id(void **state)
{
	static const char want[] =
	    "ff6d6963656c696f2f656e7472792f3100"
	    "000102030405060708090a0b0c0d0e0f"
	    "00" "0102030405060708" "0000019b76daa800"
	    "000102030405060708090a0b0c0d0e0f"
	    "101112131415161718191a1b1c1d1e1f"
	    "0006" "6f2f6d6f7464" "00000005"
	    "2cf24dba5fb0a30e26e83b2ac5b9e29e"
	    "1b161e5c1fa7425e73043362938b9824";
	char hex[2 * ENTRY_SIGNED_MAX + 1];
	uint8_t buf[ENTRY_SIGNED_MAX];
	struct entry e = sample();
	struct entry_id id;
	size_t n;

	(void)state;
	n = entry_signed(&e, mesh, buf);
	hex_encode(buf, n, hex);
	assert_string_equal(hex, want);
	entry_id_of(buf, n, &id);
	hex_encode(id.b, sizeof(id.b), hex);
	assert_string_equal(hex, "6408b505476d04042863d3aa52689392");
}

/* Moving a byte over the boundary of key and value is another entry. */
static void
test_boundaries_are_signed(void **state)
{
	uint8_t a[ENTRY_SIGNED_MAX], b[ENTRY_SIGNED_MAX];
	struct entry e = sample();
	size_t an, bn;

	(void)state;
	e.key = (struct slice){ (const uint8_t *)"o/ab", 4 };
	e.value = (struct slice){ (const uint8_t *)"cd", 2 };
	an = entry_signed(&e, mesh, a);
	e.key = (struct slice){ (const uint8_t *)"o/abc", 5 };
	e.value = (struct slice){ (const uint8_t *)"d", 1 };
	bn = entry_signed(&e, mesh, b);
	assert_true(an != bn || memcmp(a, b, an) != 0);
}

static void
test_same_bytes_as_protobuf(void **state)
{
	Micelio__Entry m = MICELIO__ENTRY__INIT;
	uint8_t key[] = "o/motd", value[] = "hello", packed[512];
	struct entry e = sample(), got;
	struct wbuf w;

	(void)state;
	e.flags = 1;
	m.key = (ProtobufCBinaryData){ 6, key };
	m.value = (ProtobufCBinaryData){ 5, value };
	m.hlc = e.hlc;
	m.expires_ms = e.expires_ms;
	m.flags = 1;
	m.author = (ProtobufCBinaryData){ 32, author };
	m.sig = (ProtobufCBinaryData){ 64, sig };
	wbuf_init(&w, ENTRY_WIRE_MAX);
	entry_write(&w, &e);
	assert_int_equal(w.len, entry_size(&e));
	assert_int_equal(micelio__entry__pack(&m, packed), w.len);
	assert_memory_equal(w.p, packed, w.len);
	assert_true(entry_read(&got, w.p, w.len, false));
	assert_true(got.hlc == e.hlc && got.expires_ms == e.expires_ms &&
	    got.flags == 1 && got.key.n == 6 && got.value.n == 5);
	wbuf_free(&w);
}

static void
test_one_encoding_only(void **state)
{
	struct entry e = sample(), got;
	struct wbuf w;

	(void)state;
	wbuf_init(&w, 2 * ENTRY_WIRE_MAX);
	entry_write(&w, &e);
	for (size_t n = 0; n < w.len; n++)
		assert_false(entry_read(&got, w.p, n, false));
	/* No author where one is due, and the other way round. */
	assert_false(entry_read(&got, w.p, w.len, true));
	e.author.n = 0;
	wbuf_reset(&w);
	entry_write(&w, &e);
	assert_true(entry_read(&got, w.p, w.len, true));
	assert_false(entry_read(&got, w.p, w.len, false));
	/* Something behind it: unknown, or a second value. */
	wbuf_bytes(&w, "\x40\x01", 2);
	assert_false(entry_read(&got, w.p, w.len, true));
	w.len -= 2;
	wbuf_bytes(&w, "\x12\x01x", 3);
	assert_false(entry_read(&got, w.p, w.len, true));
	/* A default spelled out; a number that takes too many bytes. */
	w.len -= 3;
	e.flags = 0;
	wbuf_reset(&w);
	wbuf_bytes(&w, "\x0a\x03o/k\x12\x00", 7);
	assert_false(entry_read(&got, w.p, w.len, true));
	wbuf_free(&w);
}

static void
test_lengths(void **state)
{
	static uint8_t big[ENTRY_VALUE_MAX + 1];
	struct entry e = sample(), got;
	struct wbuf w;

	(void)state;
	wbuf_init(&w, 2 * ENTRY_WIRE_MAX);
	memset(big, 'a', sizeof(big));
	e.key = (struct slice){ big, ENTRY_KEY_MAX };
	e.value = (struct slice){ big, ENTRY_VALUE_MAX };
	e.hlc = e.expires_ms = UINT64_MAX;
	e.flags = UINT32_MAX;
	entry_write(&w, &e);
	assert_true(w.len <= ENTRY_WIRE_MAX);
	assert_true(entry_read(&got, w.p, w.len, false));
	e.key.n++;
	wbuf_reset(&w);
	entry_write(&w, &e);
	assert_false(entry_read(&got, w.p, w.len, false));
	e.key.n = 0;
	wbuf_reset(&w);
	entry_write(&w, &e);
	assert_false(entry_read(&got, w.p, w.len, false));
	e.key.n = 1;
	e.value.n++;
	wbuf_reset(&w);
	entry_write(&w, &e);
	assert_false(entry_read(&got, w.p, w.len, false));
	e = sample();
	e.sig.n--;
	wbuf_reset(&w);
	entry_write(&w, &e);
	assert_false(entry_read(&got, w.p, w.len, false));
	wbuf_free(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_signed_bytes_and_id),
		cmocka_unit_test(test_boundaries_are_signed),
		cmocka_unit_test(test_same_bytes_as_protobuf),
		cmocka_unit_test(test_one_encoding_only),
		cmocka_unit_test(test_lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

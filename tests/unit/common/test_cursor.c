/* SPDX-License-Identifier: MIT */
#include "t.h"

#include "cursor.h"

static void
reads_what_was_written(void **state)
{
	struct wbuf w;
	struct rcur c;
	size_t n;
	char s[8];

	(void)state;
	wbuf_init(&w, 4096);
	wbuf_u8(&w, 7);
	wbuf_u16(&w, 0x1234);
	wbuf_u32(&w, 0xdeadbeef);
	wbuf_u64(&w, UINT64_MAX);
	wbuf_str(&w, "abc");
	wbuf_blob(&w, "\0\1", 2);
	wbuf_u32be(&w, 1);
	rcur_init(&c, w.p, w.len);
	assert_int_equal(rcur_u8(&c), 7);
	assert_int_equal(rcur_u16(&c), 0x1234);
	assert_int_equal(rcur_u32(&c), 0xdeadbeef);
	assert_true(rcur_u64(&c) == UINT64_MAX);
	rcur_cstr(&c, s, sizeof(s));
	assert_string_equal(s, "abc");
	assert_memory_equal(rcur_blob(&c, 2, &n), "\0\1", 2);
	assert_int_equal(n, 2);
	assert_false(rcur_done(&c));
	assert_memory_equal(rcur_bytes(&c, 4), "\0\0\0\1", 4);
	assert_true(rcur_done(&c));
	wbuf_free(&w);
}

static void
stays_bad_and_gives_zeros(void **state)
{
	struct rcur c;

	(void)state;
	rcur_init(&c, "\1\2\3", 3);
	assert_int_equal(rcur_u32(&c), 0);
	assert_true(c.bad);
	assert_int_equal(rcur_u8(&c), 0);
	assert_null(rcur_bytes(&c, 0));
	assert_false(rcur_done(&c));
}

static void
refuses_lengths_over_the_limit(void **state)
{
	uint8_t body[] = { 4, 0, 'a', 'b', 'c', 'd' };
	uint8_t nul[] = { 3, 0, 'a', 0, 'c' };
	struct rcur c;
	size_t n;
	char s[4];

	(void)state;
	rcur_init(&c, body, sizeof(body));
	assert_null(rcur_str(&c, 3, &n));
	assert_true(c.bad);
	rcur_init(&c, body, sizeof(body) - 1);
	assert_null(rcur_str(&c, 9, &n));
	rcur_init(&c, body, sizeof(body));
	rcur_cstr(&c, s, sizeof(s));	/* no room for the NUL */
	assert_true(c.bad);
	rcur_init(&c, nul, sizeof(nul));
	rcur_cstr(&c, s, sizeof(s));
	assert_true(c.bad);
	assert_string_equal(s, "");
}

static void
big_endian(void **state)
{
	struct rcur c;

	(void)state;
	rcur_init(&c, "\x4d\x49\0\1\0\0\0\2\0\0\0\0\0\0\1\0", 16);
	assert_int_equal(rcur_u16be(&c), 0x4d49);
	assert_int_equal(rcur_u16be(&c), 1);
	assert_int_equal(rcur_u32be(&c), 2);
	assert_int_equal(rcur_u64be(&c), 256);
	assert_true(rcur_done(&c));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_was_written),
		cmocka_unit_test(stays_bad_and_gives_zeros),
		cmocka_unit_test(refuses_lengths_over_the_limit),
		cmocka_unit_test(big_endian),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

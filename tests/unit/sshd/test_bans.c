/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "bans.h"
#include "cursor.h"
#include "doc.h"

#define NOW	UINT64_C(1700000000000)

static const uint8_t key_a[32] = { [31] = 0xaa }, key_b[32] = { [31] = 0xbb };

static struct ban
of_key(enum ban_kind kind, const uint8_t *key, uint64_t until)
{
	struct ban x = { .kind = kind, .since_ms = NOW, .until_ms = until,
	    .name = "bob", .by = "alice" };

	memcpy(x.key, key, 32);
	return x;
}

static void
test_keys(void **state)
{
	struct ban x = of_key(BAN_KEY, key_a, NOW + 1000);
	struct bans b;

	(void)state;
	bans_init(&b);
	assert_null(bans_key(&b, BAN_KEY, key_a, NOW));
	assert_non_null(bans_add(&b, &x));
	assert_non_null(bans_key(&b, BAN_KEY, key_a, NOW));
	assert_null(bans_key(&b, BAN_KEY, key_b, NOW));
	assert_null(bans_key(&b, BAN_MUTE, key_a, NOW));
	/* It holds until then, not then. */
	assert_non_null(bans_key(&b, BAN_KEY, key_a, NOW + 999));
	assert_null(bans_key(&b, BAN_KEY, key_a, NOW + 1000));
	assert_null(bans_over(&b, NOW));
	assert_non_null(bans_over(&b, NOW + 1000));
	/* The same anew is one still. */
	x.until_ms = 0;
	assert_non_null(bans_add(&b, &x));
	assert_int_equal(b.n, 1);
	assert_non_null(bans_key(&b, BAN_KEY, key_a, UINT64_MAX));
	x = of_key(BAN_MUTE, key_a, 0);
	assert_non_null(bans_add(&b, &x));
	assert_int_equal(b.n, 2);
	assert_ptr_equal(bans_find(&b, false, "bob"), TAILQ_FIRST(&b.list));
	assert_ptr_equal(bans_find(&b, true, "bob"),
	    TAILQ_LAST(&b.list, ban_list));
	assert_null(bans_find(&b, true, "bo"));
	assert_null(bans_find(&b, true, ""));
	bans_free(&b);
}

static void
test_words(void **state)
{
	static const char *const nets[] = { "192.0.2.1", "192.0.2.0/24",
	    "2001:db8::/32", "::1" };
	static const char *const none[] = { "", "bob", "bob.smith", "SHA256:",
	    "SHA256:abc", "300.1.1.1/40", "192.0.2.0/33", "*", "dead",
	    "!10.0.0.0/8", "10.0.0.1,10.0.0.2" };
	char fp[SSHKEY_FP_MAX];
	struct ban x;

	(void)state;
	for (size_t i = 0; i < sizeof(nets) / sizeof(nets[0]); i++) {
		memset(&x, 0, sizeof(x));
		assert_true(ban_word(nets[i], &x));
		assert_int_equal(x.kind, BAN_NET);
		assert_string_equal(x.net, nets[i]);
	}
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_false(ban_word(none[i], &x));
	memset(&x, 0, sizeof(x));
	assert_true(ban_word(sshkey_fingerprint(key_b, fp), &x));
	assert_int_equal(x.kind, BAN_KEY);
	assert_memory_equal(x.key, key_b, 32);
}

static void
test_addr(void **state)
{
	struct ban x = { .kind = BAN_NET, .net = "192.0.2.0/24" };
	struct addr in, out;
	struct bans b;

	(void)state;
	bans_init(&b);
	assert_non_null(bans_add(&b, &x));
	assert_true(addr_parse("192.0.2.77:22", &in));
	assert_true(addr_parse("192.0.3.77:22", &out));
	assert_non_null(bans_addr(&b, &in, NOW));
	assert_null(bans_addr(&b, &out, NOW));
	bans_free(&b);
}

static void
stored(const struct ban *x)
{
	struct wbuf k, v;
	struct ban y;

	wbuf_init(&k, 256);
	wbuf_init(&v, 4096);
	ban_write_key(x, &k);
	ban_write(x, &v);
	/* Behind the length of a str. */
	assert_true(ban_read(&y, k.p + 2, k.len - 2, v.p, v.len));
	assert_int_equal(y.kind, x->kind);
	assert_int_equal(y.until_ms, x->until_ms);
	assert_string_equal(y.net, x->net);
	assert_string_equal(y.name, x->name);
	assert_string_equal(y.by, x->by);
	assert_memory_equal(y.key, x->key, 32);
	for (size_t n = 0; n < v.len; n++)
		assert_false(ban_read(&y, k.p + 2, k.len - 2, v.p, n));
	assert_false(ban_read(&y, k.p + 2, 1, v.p, v.len));
	/* Whoever may write there is not to write on a terminal. */
	memcpy(v.p + v.len - 2, "\x1b[", 2);
	assert_true(ban_read(&y, k.p + 2, k.len - 2, v.p, v.len));
	assert_null(strchr(y.by, '\x1b'));
	v.p[0] = 99;
	assert_false(ban_read(&y, k.p + 2, k.len - 2, v.p, v.len));
	wbuf_free(&k);
	wbuf_free(&v);
}

static void
test_store(void **state)
{
	struct ban x = of_key(BAN_MUTE, key_a, NOW);
	struct ban net = { .kind = BAN_NET, .net = "2001:db8::/32",
	    .by = "alice" };

	(void)state;
	stored(&x);
	stored(&net);
}

static void
test_bound(void **state)
{
	struct bans b;
	struct ban x;
	struct doc d;

	(void)state;
	bans_init(&b);
	for (unsigned int i = 0; i <= BANS_MAX; i++) {
		uint8_t key[32] = { (uint8_t)i, (uint8_t)(i >> 8) };

		x = of_key(BAN_KEY, key, i % 2 == 0 ? 0 : NOW);
		assert_int_equal(bans_add(&b, &x) != NULL, i < BANS_MAX);
	}
	doc_init(&d);
	bans_build(&b, NOW + 1, &d);
	assert_int_equal(d.list[0].n, BANS_MAX / 2);
	doc_free(&d);
	bans_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_addr),
		cmocka_unit_test(test_store),
		cmocka_unit_test(test_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

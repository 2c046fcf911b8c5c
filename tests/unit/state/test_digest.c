/* SPDX-License-Identifier: MIT */
#include "state_test.h"

static struct entry_id
id_of(unsigned int n)
{
	struct entry_id id;

	for (unsigned int i = 0; i < sizeof(id.b); i++)
		id.b[i] = (uint8_t)(i + n);
	return id;
}

static void
root_hex(const struct digest *d, char out[2 * ROOT_HASH_LEN + 1])
{
	struct root r;

	digest_root(d, HOUR0, 0, &r);
	hex_encode(r.hash, sizeof(r.hash), out);
}

/* Computed by other means from the definition. */
static void
test_roots(void **state)
{
	char hex[2 * ROOT_HASH_LEN + 1];
	struct entry_id id = id_of(0);
	struct digest d;
	struct lt lt;

	(void)state;
	digest_init(&d);
	root_hex(&d, hex);
	assert_string_equal(hex, "0e1e8ee06dd551246c61d374f86c86c8"
	    "96d4dad9192e5db084060f1c0797b141");
	lt_of_id(&lt, &id);
	digest_add(&d, &lt);
	root_hex(&d, hex);
	assert_string_equal(hex, "a66744c3afc9694d65431afb7e36d79f"
	    "7930403560a6521d3e0e8f98f0c592f8");
}

static void
test_order_does_not_matter(void **state)
{
	struct entry_id id;
	struct digest a, b;
	struct lt lt;

	(void)state;
	digest_init(&a);
	digest_init(&b);
	for (unsigned int i = 0; i < 50; i++) {
		id = id_of(i);
		lt_of_id(&lt, &id);
		digest_add(&a, &lt);
		id = id_of(49 - i);
		lt_of_id(&lt, &id);
		digest_add(&b, &lt);
	}
	assert_memory_equal(&a, &b, sizeof(a));
	for (unsigned int i = 1; i < 50; i++) {
		id = id_of(i);
		lt_of_id(&lt, &id);
		digest_sub(&a, &lt);
	}
	digest_init(&b);
	id = id_of(0);
	lt_of_id(&lt, &id);
	digest_add(&b, &lt);
	assert_memory_equal(&a, &b, sizeof(a));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_roots),
		cmocka_unit_test(test_order_does_not_matter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

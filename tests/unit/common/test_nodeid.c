/* SPDX-License-Identifier: MIT */
#include "t.h"

#include "json.h"
#include "nodeid.h"

/* vector group identities: equal (node ids) */
static void
vectors(void **state)
{
	struct json *doc = json_load(getenv("MICELIO_VECTORS"));
	const struct json *list = json_get(doc, "identities");
	char hex[NODEID_HEX + 1];
	struct nodeid id, parsed;
	uint8_t pub[32];

	(void)state;
	assert_int_equal(json_len(list), 4);
	for (size_t i = 0; i < json_len(list); i++) {
		const struct json *row = json_at(list, i);
		const char *want = json_str(json_get(row, "node_id"));

		assert_int_equal(json_hex(json_get(row, "ed25519_pub_hex"),
		    pub, sizeof(pub)), 32);
		nodeid_from_pubkey(&id, pub);
		nodeid_hex(&id, hex);
		assert_string_equal(hex, want);
		assert_true(nodeid_parse(&parsed, want, strlen(want)));
		assert_true(nodeid_equal(&id, &parsed));
		assert_int_equal(nodeid_cmp(&id, &parsed), 0);
		assert_memory_equal(nodeid_short(&id, hex), want, 12);
		assert_int_equal(strlen(hex), 12);
	}
	json_free(doc);
}

static void
only_lower_case_hex(void **state)
{
	char s[65];
	struct nodeid id;

	(void)state;
	memset(s, 'a', 64);
	s[64] = '\0';
	assert_true(nodeid_parse(&id, s, 64));
	assert_false(nodeid_parse(&id, s, 63));
	s[10] = 'A';
	assert_false(nodeid_parse(&id, s, 64));
	s[10] = 'g';
	assert_false(nodeid_parse(&id, s, 64));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors),
		cmocka_unit_test(only_lower_case_hex),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "state_test.h"

static const uint8_t no_mesh[MESH_ID_LEN];

static void
test_keys(void **state)
{
	static const struct { const char *key; size_t n; bool good; } keys[] = {
		{ "o/a", 3, true }, { "a", 1, true }, { "o/\xc3\xa4", 4, true },
		{ "", 0, false }, { "/", 1, false }, { "o/", 2, false },
		{ "/o", 2, false }, { "o//a", 4, false },
		{ "o/\x1f", 3, false }, { "o/\x7f", 3, false },
		{ "o/\xc2\x85", 4, false }, { "o/\0a", 4, false },
		{ "o/\xff", 3, false }, { "o/\xed\xa0\x80", 5, false },
		{ "o/\xc0\xaf", 4, false },
	};
	char max[ENTRY_KEY_MAX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		assert_int_equal(key_valid(keys[i].key, keys[i].n),
		    keys[i].good);
	memset(max, 'a', sizeof(max));
	assert_true(key_valid(max, ENTRY_KEY_MAX));
	assert_false(key_valid(max, ENTRY_KEY_MAX + 1));
}

static enum entry_fault
judge_key(const struct profile *p, const char *key, unsigned int author)
{
	struct made m;

	make(&m, author, "x", "v", HLC_OF_MS(NOW0), NOW0);
	m.e.key = (struct slice){ (const uint8_t *)key, strlen(key) };
	return profile_judge(p, &m.e);
}

static void
test_key_spaces(void **state)
{
	uint8_t pub[ENTRY_AUTHOR_LEN];
	char hex[NODEID_HEX + 1], key[ENTRY_KEY_MAX];
	struct nodeid id;
	struct profile p;

	(void)state;
	profile_init(&p, no_mesh, NULL, 0);
	author_bytes(1, pub);
	nodeid_from_pubkey(&id, pub);
	nodeid_hex(&id, hex);
	assert_int_equal(judge_key(&p, "o/a/b", 1), FAULT_NONE);
	snprintf(key, sizeof(key), "n/%s/a", hex);
	assert_int_equal(judge_key(&p, key, 1), FAULT_NONE);
	assert_int_equal(judge_key(&p, key, 2), FAULT_SPACE);
	key[3] = hex[1] == 'a' ? 'b' : 'a';
	assert_int_equal(judge_key(&p, key, 1), FAULT_SPACE);
	snprintf(key, sizeof(key), "n/%s", hex);
	assert_int_equal(judge_key(&p, key, 1), FAULT_SPACE);
	assert_int_equal(judge_key(&p, "t/a", 1), FAULT_SPACE);
	assert_int_equal(judge_key(&p, "trust/a", 1), FAULT_SPACE);
	assert_int_equal(judge_key(&p, "o", 1), FAULT_SPACE);
	assert_int_equal(judge_key(&p, "oo/a", 1), FAULT_SPACE);
	assert_int_equal(judge_key(&p, "O/a", 1), FAULT_SPACE);
	profile_free(&p);
}

static void
test_faults(void **state)
{
	struct profile p;
	struct made m;

	(void)state;
	profile_init(&p, no_mesh, NULL, 0);
	make(&m, 1, "k", "v", HLC_OF_MS(NOW0), NOW0);
	assert_int_equal(profile_judge(&p, &m.e), FAULT_NONE);
	m.e.flags = 2;
	assert_int_equal(profile_judge(&p, &m.e), FAULT_FLAGS);
	m.e.flags = ENTRY_DELETED;
	assert_int_equal(profile_judge(&p, &m.e), FAULT_FLAGS);
	m.e.value.n = 0;
	assert_int_equal(profile_judge(&p, &m.e), FAULT_NONE);
	/* A clock at zero would make it eternal, and smaller than all. */
	m.e.hlc = 0;
	assert_int_equal(profile_judge(&p, &m.e), FAULT_TIME);
	m.e.hlc = HLC_OF_MS(HLC_FIRST_MS) - 1;
	assert_int_equal(profile_judge(&p, &m.e), FAULT_TIME);
	m.e.hlc++;
	assert_int_equal(profile_judge(&p, &m.e), FAULT_NONE);
	m.e.flags = 0;
	m.e.value.n = 4097;
	assert_int_equal(profile_judge(&p, &m.e), FAULT_VALUE);
	for (int f = 0; f < FAULT_MAX; f++)
		assert_true(strlen(entry_fault_text((enum entry_fault)f)) > 3);
	profile_free(&p);
}

static void
test_allow_list(void **state)
{
	uint8_t pub[ENTRY_AUTHOR_LEN];
	struct profile p, q, open;
	struct nodeid ids[2], turned[2];
	struct made m;

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		author_bytes(i + 1, pub);
		nodeid_from_pubkey(&ids[i], pub);
		turned[1 - i] = ids[i];
	}
	profile_init(&p, no_mesh, ids, 2);
	profile_init(&q, no_mesh, turned, 2);
	profile_init(&open, no_mesh, NULL, 0);
	assert_memory_equal(p.id, q.id, sizeof(p.id));
	assert_memory_not_equal(p.id, open.id, sizeof(p.id));
	assert_int_equal(p.quota, 1024);
	assert_int_equal(p.value_max, 16384);
	make(&m, 1, "k", "v", HLC_OF_MS(NOW0), NOW0);
	assert_int_equal(profile_judge(&p, &m.e), FAULT_NONE);
	make(&m, 3, "k", "v", HLC_OF_MS(NOW0), NOW0);
	assert_int_equal(profile_judge(&p, &m.e), FAULT_AUTHOR);
	profile_free(&p);
	profile_free(&q);
	profile_free(&open);
}

/* As computed by hand from the definition: it may not change unnoticed. */
static void
test_profile_id_of_the_open_mesh(void **state)
{
	char hex[2 * PROFILE_ID_LEN + 1];
	struct profile p;

	(void)state;
	profile_init(&p, no_mesh, NULL, 0);
	hex_encode(p.id, sizeof(p.id), hex);
	assert_string_equal(hex, "a2b1c608ec62b586f6338bcef9f91313");
	profile_free(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_key_spaces),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_allow_list),
		cmocka_unit_test(test_profile_id_of_the_open_mesh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "state_test.h"

static const uint8_t no_mesh[MESH_ID_LEN];
static struct profile profile;

static int
setup(void **state)
{
	(void)state;
	profile_init(&profile, no_mesh, NULL, 0);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	profile_free(&profile);
	return 0;
}

static uint64_t
hlc(unsigned int n)
{
	return HLC_OF_MS(NOW0 - HOUR_MS) + n;
}

#define LATER	(NOW0 + 20 * DAY_MS)

static void
test_last_writer_wins(void **state)
{
	struct made a, b, c;
	struct map m;

	(void)state;
	map_init(&m, &profile, NULL, NULL, NULL, NOW0);
	make(&a, 1, "k", "one", hlc(1), LATER);
	make(&b, 2, "k", "two", hlc(3), LATER);
	make(&c, 1, "k", "three", hlc(2), LATER);
	assert_int_equal(put(&m, &a, NOW0), MAP_TAKE);
	assert_string_equal(seen(&m, "k", NOW0), "one");
	assert_int_equal(put(&m, &b, NOW0), MAP_TAKE);
	assert_string_equal(seen(&m, "k", NOW0), "two");
	/* Takes the place of the author's own, not of the winner. */
	assert_int_equal(put(&m, &c, NOW0), MAP_TAKE);
	assert_string_equal(seen(&m, "k", NOW0), "two");
	assert_int_equal(put(&m, &c, NOW0), MAP_KNOWN);
	assert_int_equal(put(&m, &a, NOW0), MAP_STALE);
	assert_int_equal(m.live, 2);
	assert_int_equal(map_key_max(&m, "o/k", 3), hlc(3));
	map_check(&m);
	map_free(&m);
}

static void
test_delete_hides(void **state)
{
	struct made a, d;
	struct map m;

	(void)state;
	map_init(&m, &profile, NULL, NULL, NULL, NOW0);
	make(&a, 1, "k", "one", hlc(1), LATER);
	make(&d, 2, "k", NULL, hlc(2), NOW0 + DELETE_DAYS * DAY_MS);
	assert_int_equal(put(&m, &d, NOW0), MAP_TAKE);
	assert_int_equal(put(&m, &a, NOW0), MAP_TAKE);
	assert_string_equal(seen(&m, "k", NOW0), "-");
	assert_int_equal(m.live, 2);
	map_check(&m);
	map_free(&m);
}

static void
test_what_time_refuses(void **state)
{
	struct made e;
	struct map m;

	(void)state;
	map_init(&m, &profile, NULL, NULL, NULL, NOW0);
	make(&e, 1, "k", "v", HLC_OF_MS(NOW0 + HLC_AHEAD_MS + 1), LATER);
	assert_int_equal(put(&m, &e, NOW0), MAP_EARLY);
	assert_int_equal(put(&m, &e, NOW0 + 1), MAP_TAKE);
	make(&e, 1, "l", "v", hlc(1), NOW0 + 31 * DAY_MS + HOUR_MS);
	assert_int_equal(put(&m, &e, NOW0), MAP_LONG);
	make(&e, 1, "l", "v", hlc(1), NOW0 + 31 * DAY_MS + HOUR_MS - 1);
	assert_int_equal(put(&m, &e, NOW0), MAP_TAKE);
	make(&e, 1, "l", NULL, hlc(2), NOW0 + 64 * DAY_MS + HOUR_MS);
	assert_int_equal(put(&m, &e, NOW0), MAP_LONG);
	make(&e, 1, "l", NULL, hlc(2), NOW0 + 64 * DAY_MS);
	assert_int_equal(put(&m, &e, NOW0), MAP_TAKE);
	make(&e, 1, "x", "v", hlc(1), NOW0 - HOUR_MS - 1);
	assert_int_equal(put(&m, &e, NOW0), MAP_EXPIRED);
	make(&e, 1, "x", "v", hlc(1), UINT64_MAX);
	assert_int_equal(put(&m, &e, NOW0), MAP_LONG);
	make(&e, 1, "x", "v", UINT64_MAX, LATER);
	assert_int_equal(put(&m, &e, NOW0), MAP_EARLY);
	map_check(&m);
	map_free(&m);
}

/* One author, however many keys: his quota, and the same of them for all. */
static void
test_quota_counts_registers(void **state)
{
	struct made e[300];
	struct map m, r;
	char name[16];

	(void)state;
	map_init(&m, &profile, NULL, NULL, NULL, NOW0);
	map_init(&r, &profile, NULL, NULL, NULL, NOW0);
	for (unsigned int i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "%u", i);
		make(&e[i], 1, name, "v", hlc(i), LATER);
		assert_int_equal(put(&m, &e[i], NOW0), MAP_TAKE);
	}
	for (unsigned int i = 300; i-- > 0;)
		assert_int_equal(put(&r, &e[i], NOW0), i < 300 - 256 ?
		    MAP_QUOTA : MAP_TAKE);
	assert_int_equal(m.live, 256);
	assert_true(maps_equal(&m, &r));
	assert_string_equal(seen(&m, "43", NOW0), "-");
	assert_string_equal(seen(&m, "44", NOW0), "v");
	/* Another author is not concerned. */
	make(&e[0], 2, "0", "w", hlc(0), LATER);
	assert_int_equal(put(&m, &e[0], NOW0), MAP_TAKE);
	map_check(&m);
	map_check(&r);
	map_free(&m);
	map_free(&r);
}

static void
test_full_keeps_incumbents(void **state)
{
	static const struct map_limits limits = { 2, 5, 1 << 20 };
	struct made e;
	struct map m;
	struct root root;
	char name[16];

	(void)state;
	map_init(&m, &profile, &limits, NULL, NULL, NOW0);
	for (unsigned int i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "%u", i);
		make(&e, 1 + i / 3, name, "v", hlc(i), LATER);
		assert_int_equal(put(&m, &e, NOW0), MAP_TAKE);
	}
	map_root(&m, m.hour, 0, &root);
	assert_int_equal(root.flags, 0);
	make(&e, 3, "a", "v", hlc(9), LATER);
	assert_int_equal(put(&m, &e, NOW0), MAP_FULL);
	map_root(&m, m.hour, 0, &root);
	assert_int_equal(root.flags, ROOT_FULL);
	make(&e, 2, "b", "v", hlc(9), LATER);
	assert_int_equal(put(&m, &e, NOW0), MAP_TAKE);
	make(&e, 2, "c", "v", hlc(10), LATER);
	assert_int_equal(put(&m, &e, NOW0), MAP_FULL);
	/* Who is in goes on writing. */
	make(&e, 2, "b", "w", hlc(10), LATER);
	assert_int_equal(put(&m, &e, NOW0), MAP_TAKE);
	map_check(&m);
	map_free(&m);
}

static void
test_hours(void **state)
{
	struct made a, b;
	struct map m, n;
	struct root rm, rn;
	uint64_t t = NOW0;

	(void)state;
	map_init(&m, &profile, NULL, NULL, NULL, t);
	map_init(&n, &profile, NULL, NULL, NULL, t);
	make(&a, 1, "a", "v", hlc(1), t + HOUR_MS / 2);
	make(&b, 1, "b", "v", hlc(2), t + 5 * HOUR_MS);
	put(&m, &a, t);
	put(&m, &b, t);
	put(&n, &b, t);
	put(&n, &a, t);
	t += HOUR_MS / 2;
	assert_string_equal(seen(&m, "a", t), "-");
	assert_int_equal(m.now.count, 2);
	/* One is an hour ahead: they compare at the lower one. */
	t += HOUR_MS / 2;
	map_tick(&m, t);
	map_check(&m);
	map_root(&m, HOUR0, 0, &rm);
	map_root(&n, HOUR0, 0, &rn);
	assert_memory_equal(rm.hash, rn.hash, sizeof(rm.hash));
	assert_int_equal(rm.count, 2);
	assert_int_equal(m.now.count, 1);
	/* What the one behind has and we have not is taken as past. */
	make(&a, 2, "a", "w", hlc(1), t - 1);
	assert_int_equal(put(&n, &a, t), MAP_TAKE);
	assert_int_equal(put(&m, &a, t), MAP_TAKE);
	assert_int_equal(put(&m, &a, t), MAP_KNOWN);
	map_root(&m, HOUR0, 0, &rm);
	map_root(&n, HOUR0, 0, &rn);
	assert_memory_equal(rm.hash, rn.hash, sizeof(rm.hash));
	map_tick(&n, t);
	assert_true(maps_equal(&m, &n));
	assert_memory_equal(&m.prev, &n.prev, sizeof(m.prev));
	assert_int_equal(m.past, 2);
	map_tick(&m, t + HOUR_MS);
	assert_int_equal(m.past, 2);
	assert_int_equal(m.prev.count, 1);
	map_check(&m);
	map_tick(&m, t + 2 * HOUR_MS);
	assert_int_equal(m.past, 0);
	map_check(&m);
	map_tick(&m, t + 400 * DAY_MS);
	assert_int_equal(m.live + m.past + m.nauthors, 0);
	map_free(&m);
	map_free(&n);
}

static void
test_clock_set_back(void **state)
{
	struct made a, b;
	struct map m;

	(void)state;
	map_init(&m, &profile, NULL, NULL, NULL, NOW0);
	make(&a, 1, "a", "v", hlc(1), NOW0 + 1);
	make(&b, 1, "a", "w", hlc(2), NOW0 + 9 * HOUR_MS);
	put(&m, &a, NOW0);
	map_tick(&m, NOW0 + 2 * HOUR_MS);
	assert_int_equal(m.past, 1);
	assert_int_equal(put(&m, &b, NOW0 + 2 * HOUR_MS), MAP_TAKE);
	map_tick(&m, NOW0);
	map_check(&m);
	assert_string_equal(seen(&m, "a", NOW0), "w");
	assert_int_equal(m.live, 1);
	map_free(&m);
}

static void
count_cb(void *arg, const struct ment *have, const struct entry *e)
{
	(void)have;
	(void)e;
	++*(unsigned int *)arg;
}

static void
test_equivocation_converges_and_is_told(void **state)
{
	const struct map_ops ops = { .equivocal = count_cb };
	unsigned int told = 0;
	struct made a, b, c;
	struct map m, n;

	(void)state;
	map_init(&m, &profile, NULL, &ops, &told, NOW0);
	map_init(&n, &profile, NULL, NULL, NULL, NOW0);
	make(&a, 1, "k", "one", hlc(1), LATER);
	make(&b, 1, "k", "two", hlc(1), LATER);
	make(&c, 1, "k", "one", hlc(1), LATER + 1);	/* renewed: honest */
	put(&m, &a, NOW0);
	put(&m, &c, NOW0);
	assert_int_equal(told, 0);
	put(&m, &b, NOW0);
	assert_int_equal(told, 1);
	put(&n, &b, NOW0);
	put(&n, &c, NOW0);
	put(&n, &a, NOW0);
	assert_true(maps_equal(&m, &n));
	map_free(&m);
	map_free(&n);
}

static void
test_keys_in_order(void **state)
{
	static const char *const names[] = { "b/2", "a", "b/1", "b", "c" };
	const struct ment *e = NULL;
	struct made x;
	struct map m;
	char got[64] = "", last[ENTRY_KEY_MAX];
	size_t n = 0;

	(void)state;
	map_init(&m, &profile, NULL, NULL, NULL, NOW0);
	for (unsigned int i = 0; i < 5; i++)
		for (unsigned int k = 1; k < 4; k++) {
			make(&x, k, names[i], "v", hlc(4 * i + k), LATER);
			put(&m, &x, NOW0);
		}
	make(&x, 9, "b/1", NULL, hlc(99), LATER);
	put(&m, &x, NOW0);
	while ((e = map_next_key(&m, "o/b", 3, last, n, NOW0)) != NULL) {
		n = e->key_len;
		memcpy(last, e->data + ENTRY_SIG_LEN, n);
		snprintf(got + strlen(got), sizeof(got) - strlen(got),
		    "%.*s ", (int)n, last);
	}
	assert_string_equal(got, "o/b o/b/2 ");
	n = 0;
	while ((e = map_next_version(&m, "o/b/1", 5, e)) != NULL)
		n++;
	assert_int_equal(n, 4);
	map_free(&m);
}

static void
test_renewals(void **state)
{
	const struct ment *due[4];
	struct made a, b, c, d;
	struct map m;

	(void)state;
	map_init(&m, &profile, NULL, NULL, NULL, NOW0);
	make(&a, 1, "a", "v", hlc(1), NOW0 + 15 * DAY_MS - 1);
	make(&b, 1, "b", "v", hlc(2), NOW0 + 15 * DAY_MS);
	make(&c, 1, "c", "v", hlc(3), NOW0 + DAY_MS);
	make(&d, 2, "c", "w", hlc(4), NOW0 + DAY_MS);
	put(&m, &a, NOW0);
	put(&m, &b, NOW0);
	put(&m, &c, NOW0);
	put(&m, &d, NOW0);
	make(&d, 1, "d", NULL, hlc(5), NOW0 + DAY_MS);
	put(&m, &d, NOW0);
	/* Not what has time, is no winner, or is a delete. */
	assert_int_equal(map_renewals(&m, a.author, NOW0, 0, due, 4), 1);
	assert_memory_equal(&due[0]->id, &a.id, sizeof(a.id));
	map_free(&m);
}

static void
test_prefixes(void **state)
{
	const struct ment *found[4];
	struct made a;
	struct map m;
	uint8_t id[8];

	(void)state;
	map_init(&m, &profile, NULL, NULL, NULL, NOW0);
	make(&a, 1, "a", "v", hlc(1), LATER);
	put(&m, &a, NOW0);
	assert_int_equal(map_find_prefix(&m, a.id.b, found, 4), 1);
	assert_memory_equal(&found[0]->id, &a.id, sizeof(a.id));
	assert_ptr_equal(map_find(&m, &a.id), found[0]);
	memcpy(id, a.id.b, 8);
	id[7] ^= 1;
	assert_int_equal(map_find_prefix(&m, id, found, 4), 0);
	map_free(&m);
}

static void
test_lookups_of_an_empty_map(void **state)
{
	const struct ment *due[1];
	uint8_t author[ENTRY_AUTHOR_LEN];
	struct root r;
	struct map m;

	(void)state;
	map_init(&m, &profile, NULL, NULL, NULL, NOW0);
	author_bytes(1, author);
	assert_null(map_next_id(&m, NULL));
	assert_null(map_get(&m, "o/k", 3, NOW0));
	assert_null(map_register(&m, "o/k", 3, author));
	assert_null(map_next_key(&m, "", 0, "", 0, NOW0));
	assert_int_equal(map_key_max(&m, "o/k", 3), 0);
	assert_int_equal(map_renewals(&m, author, NOW0, 0, due, 1), 0);
	map_root(&m, m.hour, ROOT_LOADING, &r);
	assert_int_equal(r.flags, ROOT_LOADING);
	assert_int_equal(r.count, 0);
	map_free(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_last_writer_wins),
		cmocka_unit_test(test_delete_hides),
		cmocka_unit_test(test_what_time_refuses),
		cmocka_unit_test(test_quota_counts_registers),
		cmocka_unit_test(test_full_keeps_incumbents),
		cmocka_unit_test(test_hours),
		cmocka_unit_test(test_clock_set_back),
		cmocka_unit_test(test_equivocation_converges_and_is_told),
		cmocka_unit_test(test_keys_in_order),
		cmocka_unit_test(test_renewals),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_lookups_of_an_empty_map),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

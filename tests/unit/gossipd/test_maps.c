/* SPDX-License-Identifier: MIT */
#include <malloc.h>

#include "common/nodeid.h"
#include "fake.h"
#include "json.h"
#include "micelio-gossipd/keyring.h"
#include "micelio-gossipd/limiter.h"
#include "micelio-gossipd/lru.h"
#include "micelio-gossipd/seen.h"

static const struct gtime t0 = { 1000000, START_WALL };

static void
id_of(struct nodeid *id, unsigned int n)
{
	memset(id, 0, sizeof(*id));
	memcpy(id->b, &n, sizeof(n));
}

struct item {
	struct lru_node	 node;
	uint32_t	 key;
};

static void
test_lru(void **state)
{
	struct item *i;
	struct lru l;
	uint32_t k;

	(void)state;
	lru_init(&l, 1000, offsetof(struct item, key), 4, 12345);
	for (k = 0; k < 1000; k++) {
		assert_false(lru_full(&l));
		i = calloc(1, sizeof(*i));
		i->key = k;
		lru_put(&l, &i->node);
	}
	assert_true(lru_full(&l));
	for (k = 0; k < 1000; k++)
		assert_int_equal(((struct item *)lru_get(&l, &k))->key, k);
	assert_null(lru_get(&l, &k));
	k = 0;
	lru_touch(&l, lru_get(&l, &k));
	i = (struct item *)lru_oldest(&l);
	assert_int_equal(i->key, 1);
	assert_int_equal(((struct item *)lru_younger(&i->node))->key, 2);
	lru_remove(&l, &i->node);
	free(i);
	k = 1;
	assert_null(lru_get(&l, &k));
	assert_int_equal(l.n, 999);
	lru_free(&l, NULL);
}

static void
keep(struct seen *s, const uint8_t *key, unsigned int author, bool clocked,
    struct gtime t)
{
	struct nodeid id;

	id_of(&id, author);
	assert_true(seen_reserve(s, key, &id, clocked, t));
	seen_keep(s, key, t);
}

/* wire-v1 9.4 SeenCacheBasic, HasReadOnly, Len; 9.2 IsDuplicate */
static void
test_seen(void **state)
{
	uint8_t a[16] = { 1 }, b[16] = { 2 };
	struct nodeid id;
	struct seen s;

	(void)state;
	id_of(&id, 9);
	seen_init(&s, 7, 0);
	assert_int_equal(seen_look(&s, a), SEEN_NEW);
	assert_int_equal(seen_look(&s, a), SEEN_NEW);
	keep(&s, a, 9, false, t0);
	assert_int_equal(seen_look(&s, a), SEEN_KNOWN);
	assert_int_equal(seen_look(&s, b), SEEN_NEW);
	assert_int_equal(seen_count(&s), 1);
	assert_true(seen_reserve(&s, b, &id, true, t0));
	assert_int_equal(seen_look(&s, b), SEEN_RESERVED);
	seen_release(&s, b);
	assert_int_equal(seen_look(&s, b), SEEN_NEW);
	/* what is known is not released */
	seen_release(&s, a);
	assert_int_equal(seen_look(&s, a), SEEN_KNOWN);
	assert_int_equal(s.authors.n, 1);
	seen_free(&s);
}

/*
 * SeenCacheCleanup: superseded by an hour of memory, six minutes for what
 * carries a clock; our test asserts ours
 */
static void
test_seen_expires(void **state)
{
	uint8_t a[16] = { 1 }, b[16] = { 2 };
	struct gtime t = t0;
	struct seen s;

	(void)state;
	seen_init(&s, 7, 0);
	keep(&s, a, 1, false, t);
	keep(&s, b, 2, true, t);
	t.mono += SEEN_CLOCKED_MS - 1;
	seen_sweep(&s, t);
	assert_int_equal(seen_look(&s, b), SEEN_KNOWN);
	t.mono++;
	seen_sweep(&s, t);
	assert_int_equal(seen_look(&s, b), SEEN_NEW);
	assert_int_equal(seen_look(&s, a), SEEN_KNOWN);
	t.mono = t0.mono + SEEN_MS - 1;
	seen_sweep(&s, t);
	assert_int_equal(seen_look(&s, a), SEEN_KNOWN);
	t.mono++;
	seen_sweep(&s, t);
	assert_int_equal(seen_look(&s, a), SEEN_NEW);
	assert_int_equal(seen_count(&s), 0);
	assert_int_equal(s.authors.n, 0);
	seen_free(&s);
}

/* Nothing is pushed out: an author has his share, all have what there is. */
static void
test_seen_full(void **state)
{
	uint8_t key[16] = { 0 };
	struct gtime t = t0;
	struct nodeid id;
	struct seen s;
	uint32_t i;

	(void)state;
	seen_init(&s, 7, 5);
	id_of(&id, 1);
	for (i = 0; i < SEEN_MAX / SEEN_SHARE; i++) {
		memcpy(key, &i, sizeof(i));
		keep(&s, key, 1, false, t);
	}
	key[15] = 1;
	assert_false(seen_reserve(&s, key, &id, false, t));
	/* messages with a clock, and other authors, are another matter */
	keep(&s, key, 1, true, t);
	key[15] = 0;
	for (; i < SEEN_MAX; i++) {
		memcpy(key, &i, sizeof(i));
		keep(&s, key, 100 + i % 1000, false, t);
	}
	assert_int_equal(seen_count(&s), SEEN_MAX + 1);
	key[15] = 2;
	id_of(&id, 2);
	assert_false(seen_reserve(&s, key, &id, false, t));
	assert_int_equal(s.authors.n, 1001);
	key[15] = 0;
	for (i = 0; i < SEEN_MAX; i++) {
		memcpy(key, &i, sizeof(i));
		assert_int_equal(seen_look(&s, key), SEEN_KNOWN);
	}
	assert_true(s.horizon == 5);
	t.mono += SEEN_MS;
	seen_sweep(&s, t);
	assert_true(seen_reserve(&s, key, &id, false, t));
	seen_free(&s);
}

/* Full, and every id of an author of its own: within 32 MiB. */
static void
test_seen_memory(void **state)
{
	uint8_t key[16] = { 0 };
	struct seen s;
	size_t before = mallinfo2().uordblks, grown;
	uint32_t i;

	(void)state;
	seen_init(&s, 7, 0);
	for (i = 0; i < SEEN_MAX + SEEN_CLOCKED_MAX; i++) {
		memcpy(key, &i, sizeof(i));
		keep(&s, key, i, i >= SEEN_MAX, t0);
	}
	assert_int_equal(s.authors.n, SEEN_MAX + SEEN_CLOCKED_MAX);
	grown = mallinfo2().uordblks + mallinfo2().hblkhd - before;
	/* an allocator that is not glibc's says nothing */
	if (mallinfo2().arena > 0)
		assert_in_range(grown, 1 << 20, 32 << 20);
	seen_free(&s);
}

/* wire-v1 9.4 KeyRing* */
static void
test_keyring(void **state)
{
	uint8_t k1[32] = { 1 }, k2[32] = { 2 };
	struct nodeid a, b;
	struct keyring k;
	enum trust t;

	(void)state;
	id_of(&a, 1);
	id_of(&b, 2);
	keyring_init(&k, 9);
	assert_null(keyring_get(&k, &a, NULL));
	assert_true(keyring_add(&k, &a, k1, TRUST_LEARNT));
	assert_memory_equal(keyring_get(&k, &a, &t), k1, 32);
	assert_int_equal(t, TRUST_LEARNT);
	/* first of a level stays */
	assert_false(keyring_add(&k, &a, k2, TRUST_LEARNT));
	assert_memory_equal(keyring_get(&k, &a, NULL), k1, 32);
	/* verified replaces learnt, key and trust */
	assert_true(keyring_add(&k, &a, k2, TRUST_VERIFIED));
	assert_memory_equal(keyring_get(&k, &a, &t), k2, 32);
	assert_int_equal(t, TRUST_VERIFIED);
	/* learnt never replaces verified */
	assert_false(keyring_add(&k, &a, k1, TRUST_LEARNT));
	assert_memory_equal(keyring_get(&k, &a, NULL), k2, 32);
	assert_true(keyring_add(&k, &b, k1, TRUST_VERIFIED));
	assert_int_equal(keyring_count(&k), 2);
	keyring_free(&k);
}

static void
test_keyring_bounded(void **state)
{
	uint8_t key[32] = { 0 };
	struct keyring k;
	struct nodeid id;
	unsigned int i;

	(void)state;
	keyring_init(&k, 9);
	id_of(&id, 1000000);
	keyring_add(&k, &id, key, TRUST_VERIFIED);
	for (i = 0; i < KEYRING_LEARNT_MAX + 10; i++) {
		id_of(&id, i);
		keyring_add(&k, &id, key, TRUST_LEARNT);
		/* the first is used all the time, and stays */
		id_of(&id, 0);
		assert_non_null(keyring_get(&k, &id, NULL));
	}
	assert_int_equal(keyring_count(&k), KEYRING_LEARNT_MAX + 1);
	id_of(&id, 1);
	assert_null(keyring_get(&k, &id, NULL));
	id_of(&id, 1000000);
	assert_non_null(keyring_get(&k, &id, NULL));
	keyring_free(&k);
}

/* vector group rate_limiter_10_per_s_burst_20: equal */
static void
test_limiter_vectors(void **state)
{
	struct json *vectors = json_vectors();
	const struct json *group, *v;
	struct limiter l;
	struct nodeid a;
	size_t i;

	(void)state;
	group = json_get(vectors, "rate_limiter_10_per_s_burst_20");
	assert_int_equal(json_len(group), 26);
	limiter_init(&l, 3);
	id_of(&a, 1);
	for (i = 0; i < json_len(group); i++) {
		v = json_at(group, i);
		assert_int_equal(limiter_allow(&l, &a, 0, 5000 +
		    json_u64(json_get(v, "ms"))),
		    json_bool(json_get(v, "allow")));
	}
	limiter_free(&l);
	json_free(vectors);
}

/* wire-v1 9.4 RateLimiterIndependentSenders, Cleanup; bounded */
static void
test_limiter(void **state)
{
	struct limiter l;
	struct nodeid a, b;
	unsigned int i;

	(void)state;
	limiter_init(&l, 3);
	id_of(&a, 1);
	id_of(&b, 2);
	for (i = 0; i < GOSSIP_BURST; i++)
		assert_true(limiter_allow(&l, &a, 0, 1000));
	assert_false(limiter_allow(&l, &a, 0, 1000));
	assert_true(limiter_allow(&l, &b, 0, 1000));
	assert_int_equal(limiter_count(&l), 2);
	limiter_sweep(&l, 1000 + LIMITER_IDLE_MS - 1);
	assert_int_equal(limiter_count(&l), 2);
	limiter_sweep(&l, 1000 + LIMITER_IDLE_MS);
	assert_int_equal(limiter_count(&l), 0);
	for (i = 0; i < LIMITER_MAX + 10; i++) {
		id_of(&a, i);
		assert_true(limiter_allow(&l, &a, 0, 1000));
	}
	assert_int_equal(limiter_count(&l), LIMITER_MAX);
	limiter_free(&l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lru),
		cmocka_unit_test(test_seen),
		cmocka_unit_test(test_seen_expires),
		cmocka_unit_test(test_seen_full),
		cmocka_unit_test(test_seen_memory),
		cmocka_unit_test(test_keyring),
		cmocka_unit_test(test_keyring_bounded),
		cmocka_unit_test(test_limiter_vectors),
		cmocka_unit_test(test_limiter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

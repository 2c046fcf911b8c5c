/* SPDX-License-Identifier: MIT */
#include "state/symbols.h"
#include "state_test.h"

static const uint8_t salt[SYMBOLS_SALT_LEN] = "0123456789abcdef";

static struct entry_id
random_id(struct rng *r)
{
	struct entry_id id;
	uint64_t v[2] = { rng_next(r), rng_next(r) };

	memcpy(id.b, v, sizeof(id.b));
	return id;
}

static struct symbol *
cells_new(size_t n)
{
	struct symbol *c = calloc(n, sizeof(*c));

	assert_non_null(c);
	return c;
}

/* As it must be: 1 in 1 + i/2, so 21 of 65,536. */
static void
test_density(void **state)
{
	struct rng r = { 1 };
	uint64_t all = 0, early = 0;
	struct mapping m;

	(void)state;
	for (unsigned int i = 0; i < 2000; i++) {
		struct entry_id id = random_id(&r);
		uint64_t before = 0;

		mapping_init(&m, salt, &id);
		assert_int_equal(m.index, 0);
		for (; m.index < SYMBOLS_MAX; mapping_next(&m)) {
			assert_true(all == 0 || m.index == 0 ||
			    m.index > before);
			before = m.index;
			all++;
			early += m.index < 100;
		}
	}
	assert_in_range(all, 2000 * 20, 2000 * 22);
	/* 1 + 2 ln(100/2) or so */
	assert_in_range(early, 2000 * 7, 2000 * 9);
}

/* The mapping must be the same everywhere, for good. */
static void
test_mapping_is_fixed(void **state)
{
	struct entry_id id;
	struct mapping m;
	uint64_t sum = 0;

	(void)state;
	for (unsigned int i = 0; i < sizeof(id.b); i++)
		id.b[i] = (uint8_t)i;
	mapping_init(&m, salt, &id);
	for (; m.index < SYMBOLS_MAX; mapping_next(&m))
		sum = sum * 1000003 + m.index;
	assert_int_equal(sum, UINT64_C(1458981734806908145));
}

/* Symbols needed until d differences of two sets are known. */
static size_t
needed(struct rng *r, size_t common, size_t d, size_t chunk)
{
	struct symbol *theirs = cells_new(SYMBOLS_MAX);
	struct symbol *ours = cells_new(SYMBOLS_MAX);
	struct peel p;
	size_t n;

	for (size_t i = 0; i < common; i++) {
		struct entry_id id = random_id(r);

		symbols_add(theirs, 0, 4096, salt, &id, 1);
		symbols_add(ours, 0, 4096, salt, &id, 1);
	}
	for (size_t i = 0; i < d; i++) {
		struct entry_id id = random_id(r);

		symbols_add(i % 3 == 0 ? ours : theirs, 0, 4096, salt, &id,
		    1);
	}
	for (size_t i = 0; i < 4096; i++) {
		for (unsigned int b = 0; b < ENTRY_ID_LEN; b++)
			theirs[i].id[b] ^= ours[i].id[b];
		theirs[i].check ^= ours[i].check;
		theirs[i].count -= ours[i].count;
	}
	peel_init(&p, salt);
	for (n = 0; n < 4096 && p.state != PEEL_DONE; n += chunk)
		assert_int_not_equal(peel_more(&p, theirs + n, chunk),
		    PEEL_POISON);
	assert_int_equal(p.state, PEEL_DONE);
	assert_int_equal(p.nfound, d);
	n = p.n;
	peel_free(&p);
	free(theirs);
	free(ours);
	return n;
}

static void
test_symbols_per_difference(void **state)
{
	struct rng r = { 2 };
	size_t ten = 0, hundred = 0, thousand = 0;

	(void)state;
	for (unsigned int i = 0; i < 60; i++)
		ten += needed(&r, 50, 10, 1);
	for (unsigned int i = 0; i < 20; i++)
		hundred += needed(&r, 50, 100, 1);
	for (unsigned int i = 0; i < 5; i++)
		thousand += needed(&r, 500, 1000, 1);
	/* 1.74, 1.45 and 1.39 each; the sums are of few tries. */
	assert_in_range(ten, 600 * 155 / 100, 600 * 195 / 100);
	assert_in_range(hundred, 2000 * 135 / 100, 2000 * 155 / 100);
	assert_in_range(thousand, 5000 * 130 / 100, 5000 * 150 / 100);
	assert_int_equal(needed(&r, 50, 0, 1), 1);
	assert_true(needed(&r, 0, 1, 1) == 1);
}

/* A maintained set of symbols is that of the ids in it. */
static void
test_maintained(void **state)
{
	struct symbol *kept = cells_new(1000), *anew = cells_new(1000);
	struct entry_id id[300];
	struct rng r = { 3 };

	(void)state;
	for (unsigned int i = 0; i < 300; i++) {
		id[i] = random_id(&r);
		symbols_add(kept, 0, 1000, salt, &id[i], 1);
	}
	for (unsigned int i = 0; i < 100; i++)
		symbols_add(kept, 0, 1000, salt, &id[i], -1);
	for (unsigned int i = 100; i < 300; i++) {
		symbols_add(anew, 0, 400, salt, &id[i], 1);
		symbols_add(anew + 400, 400, 1000, salt, &id[i], 1);
	}
	assert_memory_equal(kept, anew, 1000 * sizeof(*kept));
	free(kept);
	free(anew);
}

static void
test_estimate(void **state)
{
	static const size_t ds[] = { 300, 2000, 20000 };
	struct symbol *c = cells_new(128);
	struct rng r = { 4 };
	struct entry_id id;
	struct peel p;
	size_t est;

	(void)state;
	for (size_t k = 0; k < 6; k++) {
		memset(c, 0, 128 * sizeof(*c));
		for (size_t i = 0; i < ds[k / 2]; i++) {
			id = random_id(&r);
			/* All on one side, or half and half. */
			symbols_add(c, 0, 128, salt, &id,
			    k % 2 == 0 || i % 2 == 0 ? 1 : -1);
		}
		peel_init(&p, salt);
		assert_int_equal(peel_more(&p, c, 128), PEEL_MORE);
		est = peel_estimate(&p);
		assert_in_range(est, ds[k / 2] / 2, ds[k / 2] * 2);
		peel_free(&p);
	}
	free(c);
}

static void
cell_of(struct symbol *c, const struct entry_id *id, int count)
{
	struct symbol one[1];

	memset(one, 0, sizeof(one));
	symbols_add(one, 0, 1, salt, id, 1);
	*c = one[0];
	c->count = count;
}

static void
test_poison_counts(void **state)
{
	struct symbol c = { .count = SYMBOLS_COUNT_MAX + 1 };
	struct peel p;

	(void)state;
	peel_init(&p, salt);
	assert_int_equal(peel_more(&p, &c, 1), PEEL_POISON);
	assert_int_equal(peel_more(&p, &c, 1), PEEL_POISON);
	peel_free(&p);
	c.count = INT64_MIN;
	peel_init(&p, salt);
	assert_int_equal(peel_more(&p, &c, 1), PEEL_POISON);
	peel_free(&p);
}

/* The same id in cells of its mapping, but once too often: never ends. */
static void
test_poison_again_and_again(void **state)
{
	struct symbol c[64];
	struct rng r = { 5 };
	struct entry_id id = random_id(&r);
	struct mapping m;
	struct peel p;

	(void)state;
	memset(c, 0, sizeof(c));
	/* Alone in one cell as theirs, in another as theirs twice removed. */
	mapping_init(&m, salt, &id);
	cell_of(&c[0], &id, 1);
	mapping_next(&m);
	while (m.index >= 64) {
		id = random_id(&r);
		mapping_init(&m, salt, &id);
		cell_of(&c[0], &id, 1);
		mapping_next(&m);
	}
	peel_init(&p, salt);
	/* Not in cell m.index, where it belongs: there it is left over. */
	assert_int_equal(peel_more(&p, c, 64), PEEL_POISON);
	peel_free(&p);
}

/* An id in a cell that its mapping does not know is no find. */
static void
test_poison_in_a_foreign_cell(void **state)
{
	struct symbol c[64];
	struct rng r = { 6 };
	struct peel p;

	(void)state;
	memset(c, 0, sizeof(c));
	for (unsigned int i = 1; i < 64; i++) {
		struct entry_id id;
		struct mapping m;

		do {
			id = random_id(&r);
			mapping_init(&m, salt, &id);
			while (m.index < i)
				mapping_next(&m);
		} while (m.index == i);
		cell_of(&c[i], &id, 1);
	}
	c[0].count = 7;
	peel_init(&p, salt);
	assert_int_equal(peel_more(&p, c, 64), PEEL_MORE);
	assert_int_equal(p.nfound, 0);
	peel_free(&p);
}

static void
test_poison_random(void **state)
{
	struct rng r = { 7 };

	(void)state;
	for (unsigned int k = 0; k < 300; k++) {
		struct symbol c[64];
		struct peel p;

		memset(c, 0, sizeof(c));
		for (unsigned int i = 0; i < 200; i++) {
			struct entry_id id = random_id(&r);
			size_t at = rng_below(&r, 64);

			symbols_add(c, 0, 64, salt, &id, 1);
			cell_of(&c[at], &id, rng_below(&r, 2) == 0 ? 1 : -1);
		}
		peel_init(&p, salt);
		for (size_t i = 0; i < 64; i += 16)
			(void)peel_more(&p, c + i, 16);
		assert_true(p.nfound <= 64);
		peel_free(&p);
	}
}

static void
test_no_more_than_there_may_be(void **state)
{
	struct symbol *c = cells_new(SYMBOLS_MAX + 1);
	struct peel p;

	(void)state;
	c[0].count = 5;
	peel_init(&p, salt);
	assert_int_equal(peel_more(&p, c, SYMBOLS_MAX), PEEL_MORE);
	assert_int_equal(peel_more(&p, c, 1), PEEL_POISON);
	peel_free(&p);
	free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_density),
		cmocka_unit_test(test_mapping_is_fixed),
		cmocka_unit_test(test_symbols_per_difference),
		cmocka_unit_test(test_maintained),
		cmocka_unit_test(test_estimate),
		cmocka_unit_test(test_poison_counts),
		cmocka_unit_test(test_poison_again_and_again),
		cmocka_unit_test(test_poison_in_a_foreign_cell),
		cmocka_unit_test(test_poison_random),
		cmocka_unit_test(test_no_more_than_there_may_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

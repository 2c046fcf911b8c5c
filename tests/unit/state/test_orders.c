/* SPDX-License-Identifier: MIT */
/*
 * Histories of entries that arrive at several nodes in different orders and
 * hours: in the end they are equal.  Time and again: 300 histories, 10,000
 * when MICELIO_LONG is set.
 */
#include "state_test.h"

#define ENTRIES		48u
#define NODES		3u
#define AUTHORS		3u
#define KEYS		9u
#define QUOTA		4u	/* less than there are keys: a flood */

static struct profile profile;
static uint8_t no_mesh[MESH_ID_LEN];

/* One of a history: few times and keys, so that much collides. */
static void
random_entry(struct rng *r, struct made *m)
{
	unsigned int author = (unsigned int)rng_below(r, AUTHORS);
	uint64_t hlc = HLC_OF_MS(NOW0 - rng_below(r, 3)) + rng_below(r, 3);
	char name[8], value[64];
	uint64_t hours;

	snprintf(name, sizeof(name), "%u", (unsigned int)rng_below(r, KEYS));
	snprintf(value, sizeof(value), "%.*s", (int)rng_below(r, 40),
	    "vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv");
	/* Some end soon, some later, some are longer than may be as yet. */
	hours = rng_below(r, 4) == 0 ? rng_below(r, 6) :
	    rng_below(r, 6) == 0 ? MAP_VALUE_HOURS + rng_below(r, 4) :
	    200 + rng_below(r, 9);
	make(m, author, name, rng_below(r, 5) == 0 ? NULL : value, hlc,
	    NOW0 + hours * HOUR_MS + rng_below(r, HOUR_MS));
}

/* The same value with a longer lease. */
static void
renew(struct made *m, const struct made *of, uint64_t by)
{
	make(m, 0, of->key + 2, (of->e.flags & ENTRY_DELETED) != 0 ? NULL :
	    of->value, of->e.hlc, of->e.expires_ms + by);
	memcpy(m->author, of->author, sizeof(m->author));
	make_id(m);
}

static void
shuffle(struct rng *r, unsigned int *order)
{
	for (unsigned int i = 0; i < ENTRIES; i++)
		order[i] = i;
	for (unsigned int i = ENTRIES - 1; i > 0; i--) {
		unsigned int k = (unsigned int)rng_below(r, i + 1);
		unsigned int t = order[i];

		order[i] = order[k];
		order[k] = t;
	}
}

static void
history(struct rng *r, struct made h[ENTRIES])
{
	for (unsigned int i = 0; i < ENTRIES; i++)
		if (i > 0 && rng_below(r, 5) == 0)
			renew(&h[i], &h[rng_below(r, i)],
			    rng_below(r, 3 * HOUR_MS));
		else
			random_entry(r, &h[i]);
}

/* Within one hour no exchange is needed: who met the same is the same. */
static void
one_hour(struct rng *r)
{
	struct made h[ENTRIES];
	unsigned int order[ENTRIES];
	struct map m[NODES];

	history(r, h);
	for (unsigned int n = 0; n < NODES; n++) {
		map_init(&m[n], &profile, NULL, NULL, NULL, NOW0);
		shuffle(r, order);
		for (unsigned int i = 0; i < ENTRIES; i++)
			put(&m[n], &h[order[i]], NOW0);
		map_check(&m[n]);
		assert_true(maps_equal(&m[0], &m[n]));
		assert_memory_equal(&m[0].prev, &m[n].prev,
		    sizeof(m[0].prev));
		assert_in_range(m[n].live, 1, AUTHORS * QUOTA);
	}
	for (unsigned int n = 0; n < NODES; n++)
		map_free(&m[n]);
}

/* They meet the entries in different hours, and then each other. */
static void
many_hours(struct rng *r)
{
	unsigned int order[NODES][ENTRIES];
	struct made h[ENTRIES];
	struct map m[NODES];
	uint64_t now = NOW0;

	history(r, h);
	for (unsigned int n = 0; n < NODES; n++) {
		map_init(&m[n], &profile, NULL, NULL, NULL, now);
		shuffle(r, order[n]);
	}
	for (unsigned int i = 0; i < ENTRIES; i++) {
		if (rng_below(r, 8) == 0)
			now += rng_below(r, HOUR_MS);
		for (unsigned int n = 0; n < NODES; n++) {
			map_tick(&m[n], now);
			put(&m[n], &h[order[n][i]], now);
		}
	}
	for (unsigned int n = 0; n < NODES; n++)
		map_check(&m[n]);
	for (unsigned int n = 1; n < NODES; n++)
		map_tell(&m[0], &m[n], now);
	for (unsigned int n = 1; n < NODES; n++)
		map_tell(&m[n], &m[0], now);
	for (unsigned int n = 0; n < NODES; n++) {
		assert_true(maps_equal(&m[0], &m[n]));
		map_free(&m[n]);
	}
}

static size_t
rounds(void)
{
	return how_many(10000, 300, 30);
}

static void
test_any_order(void **state)
{
	struct rng r = { 1 };

	(void)state;
	for (size_t i = rounds(); i-- > 0;)
		one_hour(&r);
}

static void
test_any_hours(void **state)
{
	struct rng r = { 2 };

	(void)state;
	for (size_t i = rounds(); i-- > 0;)
		many_hours(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_order),
		cmocka_unit_test(test_any_hours),
	};

	profile_init(&profile, no_mesh, NULL, 0);
	profile.quota = QUOTA;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

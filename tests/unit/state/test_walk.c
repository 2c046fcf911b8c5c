/* SPDX-License-Identifier: MIT */
/*
 * Nodes write, delete, renew, part, meet again and are told old entries, for
 * months: what was deleted stays deleted, and who has met is equal.  20,000
 * steps, a million when MICELIO_LONG is set.
 */
#include "state_test.h"

#define NODES		6u
#define KEYS		12u
#define OLD_MAX		4096u
#define SPLIT_MAX	(31 * DAY_MS)

struct node {
	struct map	map;
	struct hlc	clock;
	uint64_t	met_at;		/* reconciled last */
	uint64_t	deleted[KEYS];	/* the latest delete known here */
};

struct world {
	struct rng	r;
	struct node	node[NODES];
	uint64_t	now, split_at, lasts;
	bool		split;
	bool		away[NODES];	/* which side of the split */
	struct made	old[OLD_MAX];
	size_t		nold, deletes, resurrections;
};

static struct profile profile;
static uint8_t no_mesh[MESH_ID_LEN];

static void
key_name(unsigned int k, char out[8])
{
	snprintf(out, 8, "%u", k);
}

/* What everybody may have heard of, to be said again at any time. */
static void
remember(struct world *w, const struct made *m)
{
	struct made *o = &w->old[w->nold++ % OLD_MAX];

	make(o, 0, m->key + 2, (m->e.flags & ENTRY_DELETED) != 0 ? NULL :
	    m->value, m->e.hlc, m->e.expires_ms);
	memcpy(o->author, m->author, sizeof(o->author));
	make_id(o);
}

static void
look(struct world *w, struct node *n)
{
	const struct ment *e;
	char key[16];

	for (unsigned int k = 0; k < KEYS; k++) {
		snprintf(key, sizeof(key), "o/%u", k);
		e = map_winner(&n->map, key, strlen(key));
		if (e != NULL && (e->flags & ENTRY_DELETED) != 0 &&
		    e->hlc > n->deleted[k])
			n->deleted[k] = e->hlc;
		e = map_get(&n->map, key, strlen(key), w->now);
		if (e != NULL && e->hlc < n->deleted[k])
			w->resurrections++;
	}
}

static void
write_one(struct world *w, unsigned int i, unsigned int k, bool del)
{
	struct node *n = &w->node[i];
	char name[8], key[16];
	struct made m;
	uint64_t hlc;

	key_name(k, name);
	snprintf(key, sizeof(key), "o/%s", name);
	if (hlc_next(&n->clock, w->now, map_key_max(&n->map, key,
	    strlen(key)), &hlc) != HLC_OK)
		return;
	make(&m, i, name, del ? NULL : "v", hlc, w->now +
	    (del ? DELETE_DAYS : LEASE_DAYS) * DAY_MS);
	assert_int_equal(put(&n->map, &m, w->now), MAP_TAKE);
	remember(w, &m);
	w->deletes += del;
}

static void
renew_all(struct world *w, unsigned int i)
{
	const struct ment *due[64];
	struct node *n = &w->node[i];
	uint8_t pub[ENTRY_AUTHOR_LEN];
	struct made m[64];
	size_t count;

	if (w->now - n->met_at > DAY_MS)
		return;
	author_bytes(i, pub);
	count = map_renewals(&n->map, pub, w->now, 0, due, 64);
	for (size_t d = 0; d < count; d++) {
		char key[32] = "";

		memcpy(key, due[d]->data + ENTRY_SIG_LEN, due[d]->key_len);
		make(&m[d], i, key + 2, "v", due[d]->hlc,
		    w->now + LEASE_DAYS * DAY_MS);
	}
	for (size_t d = 0; d < count; d++) {
		assert_int_equal(put(&n->map, &m[d], w->now), MAP_TAKE);
		remember(w, &m[d]);
	}
}

static void
meet(struct world *w, unsigned int a, unsigned int b)
{
	if (a == b || (w->split && w->away[a] != w->away[b]))
		return;
	map_tell(&w->node[a].map, &w->node[b].map, w->now);
	map_tell(&w->node[b].map, &w->node[a].map, w->now);
	assert_true(maps_equal(&w->node[a].map, &w->node[b].map));
	w->node[a].met_at = w->node[b].met_at = w->now;
	look(w, &w->node[a]);
	look(w, &w->node[b]);
}

static void
split_or_heal(struct world *w)
{
	if (w->split && w->now >= w->split_at + w->lasts) {
		w->split = false;
		for (unsigned int i = 1; i < NODES; i++)
			meet(w, 0, i);
		for (unsigned int i = 1; i < NODES; i++)
			meet(w, 0, i);
	} else if (!w->split && rng_below(&w->r, 60) == 0) {
		w->split = true;
		w->split_at = w->now;
		w->lasts = rng_below(&w->r, 3) == 0 ? SPLIT_MAX - 12 *
		    HOUR_MS : rng_below(&w->r, SPLIT_MAX - 12 * HOUR_MS);
		for (unsigned int i = 0; i < NODES; i++)
			w->away[i] = rng_below(&w->r, 2) == 0;
	}
}

static void
pass_time(struct world *w)
{
	w->now += rng_below(&w->r, 12 * HOUR_MS);
	for (unsigned int i = 0; i < NODES; i++) {
		map_tick(&w->node[i].map, w->now);
		/* What a node has reserved does not matter here. */
		hlc_reserved(&w->node[i].clock, UINT64_MAX);
		renew_all(w, i);
		look(w, &w->node[i]);
	}
	split_or_heal(w);
}

static void
step(struct world *w)
{
	unsigned int i = (unsigned int)rng_below(&w->r, NODES);
	unsigned int k = (unsigned int)rng_below(&w->r, KEYS);

	switch (rng_below(&w->r, 12)) {
	case 0:
	case 1:
		write_one(w, i, k, false);
		break;
	case 2:
		write_one(w, i, k, true);
		break;
	case 3:
	case 4:
		/* A liar repeats what was said long ago. */
		if (w->nold > 0)
			put(&w->node[i].map, &w->old[rng_below(&w->r,
			    w->nold < OLD_MAX ? w->nold : OLD_MAX)], w->now);
		break;
	case 5:
		pass_time(w);
		break;
	default:
		meet(w, i, (unsigned int)rng_below(&w->r, NODES));
		break;
	}
	look(w, &w->node[i]);
}

static void
test_nothing_rises_again(void **state)
{
	size_t steps = how_many(1000000, 20000, 12000);
	struct world *w = calloc(1, sizeof(*w));

	(void)state;
	w->r.s = 3;
	w->now = NOW0;
	for (unsigned int i = 0; i < NODES; i++) {
		map_init(&w->node[i].map, &profile, NULL, NULL, NULL, w->now);
		hlc_init(&w->node[i].clock, 0);
		hlc_reserved(&w->node[i].clock, UINT64_MAX);
		w->node[i].met_at = w->now;
	}
	for (size_t i = 0; i < steps; i++)
		step(w);
	for (unsigned int i = 0; i < NODES; i++) {
		map_check(&w->node[i].map);
		map_free(&w->node[i].map);
	}
	assert_true(w->deletes > steps / 20);
	/* 300 days of 20,000 steps */
	assert_true(w->now > NOW0 + steps * DAY_MS * 3 / 200);
	assert_int_equal(w->resurrections, 0);
	free(w);
}

/*
 * The same without the rules: a delete that ends with the wall clock as a
 * value does lets the value rise, so the test above can fail.
 */
static void
test_a_short_delete_would(void **state)
{
	struct made v, d, late;
	struct map m;
	uint64_t t = NOW0;

	(void)state;
	map_init(&m, &profile, NULL, NULL, NULL, t);
	make(&v, 1, "k", "v", HLC_OF_MS(t), t + LEASE_DAYS * DAY_MS);
	make(&d, 2, "k", NULL, HLC_OF_MS(t + 1), t + 10 * DAY_MS);
	put(&m, &v, t);
	put(&m, &d, t);
	assert_string_equal(seen(&m, "k", t), "-");
	t += 10 * DAY_MS + HOUR_MS;
	map_tick(&m, t);
	assert_string_equal(seen(&m, "k", t), "v");
	/* As it is: the value ends before its delete does. */
	t = NOW0;
	map_free(&m);
	map_init(&m, &profile, NULL, NULL, NULL, t);
	make(&d, 2, "k", NULL, HLC_OF_MS(t + 1), t + DELETE_DAYS * DAY_MS);
	make(&late, 1, "k", "v", HLC_OF_MS(t), t + SPLIT_MAX +
	    LEASE_DAYS * DAY_MS);
	put(&m, &d, t);
	for (; m.hour < (t + 70 * DAY_MS) / HOUR_MS; map_tick(&m,
	    m.hour * HOUR_MS + HOUR_MS)) {
		put(&m, &v, m.hour * HOUR_MS);
		put(&m, &late, m.hour * HOUR_MS);
		assert_string_equal(seen(&m, "k", m.hour * HOUR_MS), "-");
	}
	assert_int_equal(m.live, 0);
	map_free(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_rises_again),
		cmocka_unit_test(test_a_short_delete_would),
	};

	profile_init(&profile, no_mesh, NULL, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

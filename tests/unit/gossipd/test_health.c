/* SPDX-License-Identifier: MIT */
/* Who is alive by the word of many: links, observers, lies. */
#include "fake.h"

#include "micelio-gossipd/health.h"

#define N	16u

struct town {
	struct health	 h;
	struct nodeid	 id[HEALTH_MAX + 64];
	uint64_t	 now, stamp;
	uint64_t	 inc[N];
	uint8_t		 links[N][M2_CLAIMS_MAX * M2_HALF];
	size_t		 nlinks[N];
	enum health_state said[N];
	size_t		 nsaid;
};

static struct town t;

static int
open_town(void **state)
{
	size_t i;

	(void)state;
	memset(&t, 0, sizeof(t));
	t.now = 100000;
	for (i = 0; i < sizeof(t.id) / sizeof(t.id[0]); i++) {
		memset(t.id[i].b, (int)(i & 255), NODEID_LEN);
		t.id[i].b[0] = (uint8_t)(i >> 8);
	}
	for (i = 0; i < N; i++)
		t.inc[i] = 1000 + i;
	health_init(&t.h, &t.id[0], 7);
	return 0;
}

static int
close_town(void **state)
{
	(void)state;
	health_free(&t.h);
	return 0;
}

static void
changed(void *arg, const struct health_node *x)
{
	size_t i;

	(void)arg;
	for (i = 0; i < N; i++)
		if (nodeid_equal(&x->id, &t.id[i]))
			t.said[i] = x->shown;
	t.nsaid++;
}

static void
pass(uint64_t ms)
{
	uint64_t end = t.now + ms;

	while (t.h.judge_at <= end) {
		if (t.h.judge_at > t.now)
			t.now = t.h.judge_at;
		health_judge(&t.h, t.now, changed, NULL);
	}
	t.now = end;
}

static void
say(size_t who, const struct m2_item *items, size_t n)
{
	struct m2_suspect s = { .version = 1, .incarnation = t.inc[who],
		.links = { t.links[who], t.nlinks[who] * M2_HALF } };

	for (s.n = 0; s.n < n; s.n++)
		s.item[s.n] = items[s.n];
	(void)health_take(&t.h, &t.id[who], ++t.stamp, &s, t.now);
}

static void
one_end(size_t a, size_t b)
{
	memcpy(t.links[a] + M2_HALF * t.nlinks[a]++, t.id[b].b, M2_HALF);
}

static void
cut_end(size_t a, size_t b)
{
	size_t i;

	for (i = 0; i < t.nlinks[a]; i++)
		if (memcmp(t.links[a] + i * M2_HALF, t.id[b].b,
		    M2_HALF) == 0) {
			memmove(t.links[a] + i * M2_HALF, t.links[a] +
			    (i + 1) * M2_HALF, (--t.nlinks[a] - i) * M2_HALF);
			return;
		}
}

/* Nodes 0 .. n - 1, all linked with all; 0 is we. */
static void
all_linked(size_t n)
{
	size_t a, b;

	for (a = 0; a < n; a++)
		for (b = 0; b < n; b++)
			if (a != b)
				one_end(a, b);
	for (a = 0; a < n; a++)
		say(a, NULL, 0);
	for (a = 1; a < n; a++)
		health_get(&t.h, t.id[a].b)->linked = true;
	pass(10000);
}

/* We have lost it, and do not say so. */
static void
unlinked(size_t i)
{
	health_get(&t.h, t.id[i].b)->linked = false;
}

/* who has lost it, and says so. */
static void
miss(size_t who, size_t of, uint64_t inc)
{
	struct m2_item i = { .node = t.id[of].b, .state = M2_SUSPECTED,
		.incarnation = inc };

	cut_end(who, of);
	if (who == 0)
		unlinked(of);
	say(who, &i, 1);
}

/* The same of those from a to b - 1. */
static void
miss_each(size_t a, size_t b, size_t of, uint64_t inc)
{
	for (; a < b; a++)
		miss(a, of, inc);
}

/* Five, and all others have lost 4. */
static void
four_lost(void)
{
	all_linked(5);
	unlinked(4);
	miss_each(1, 4, 4, t.inc[4]);
}

static enum health_state
shown(size_t i)
{
	return health_get(&t.h, t.id[i].b)->shown;
}

static void
test_down(void **state)
{
	(void)state;
	all_linked(5);
	miss_each(0, 2, 4, t.inc[4]);
	pass(5000);
	assert_int_equal(shown(4), HEALTH_UP);
	miss(2, 4, t.inc[4]);
	pass(500);
	/* It may still answer. */
	assert_int_equal(shown(4), HEALTH_UP);
	pass(2000);
	assert_int_equal(shown(4), HEALTH_DOWN);
	assert_int_equal(t.said[4], HEALTH_DOWN);
	assert_int_equal(t.nsaid, 1);
	assert_int_equal(t.h.count[HEALTH_DOWN], 1);
	/* It comes back with another incarnation. */
	t.inc[4]++;
	t.nlinks[4] = 1;
	say(4, NULL, 0);
	pass(1000);
	assert_int_equal(shown(4), HEALTH_UP);
	assert_int_equal(t.nsaid, 2);
}

/* What is shown to people is asked for again when this grows, and only then. */
static void
test_changes(void **state)
{
	uint64_t n;

	(void)state;
	all_linked(5);
	n = t.h.changes;
	for (size_t a = 0; a < 5; a++)
		say(a, NULL, 0);
	pass(10000);
	assert_int_equal(t.h.changes, n);
	cut_end(1, 2);
	say(1, NULL, 0);
	assert_true(t.h.changes > n);
	n = t.h.changes;
	one_end(1, 2);
	say(1, NULL, 0);
	assert_true(t.h.changes > n);
	n = t.h.changes;
	unlinked(4);
	miss_each(1, 4, 4, t.inc[4]);
	assert_true(t.h.changes > n);
	n = t.h.changes;
	pass(5000);
	assert_int_equal(shown(4), HEALTH_DOWN);
	assert_true(t.h.changes > n);
}

static void
test_answer(void **state)
{
	(void)state;
	four_lost();
	pass(HEALTH_GRACE_MS / 2);
	t.inc[4]++;
	say(4, NULL, 0);
	pass(60000);
	assert_int_equal(shown(4), HEALTH_UP);
	assert_int_equal(t.nsaid, 0);
}

/* One who says much, and 3 who agree, against 7 links. */
static void
test_liars(void **state)
{
	size_t turn;

	(void)state;
	all_linked(8);
	unlinked(7);
	for (turn = 0; turn < 20; turn++) {
		miss_each(1, 4, 7, t.inc[7]);
		pass(1000);
	}
	assert_int_equal(shown(7), HEALTH_UP);
	assert_int_equal(t.nsaid, 0);
}

/* Keys made up to outvote: who is not claimed back observes nothing. */
static void
test_strangers(void **state)
{
	struct m2_item item = { .node = t.id[4].b, .state = M2_SUSPECTED };
	size_t i;

	(void)state;
	all_linked(5);
	unlinked(4);
	item.incarnation = t.inc[4];
	for (i = 5; i < N; i++) {
		one_end(i, 4);
		say(i, &item, 1);
	}
	miss(1, 4, t.inc[4]);
	pass(60000);
	assert_int_equal(shown(4), HEALTH_UP);
	assert_int_equal(t.nsaid, 0);
}

/* Of an incarnation that is not, above or below, nothing is believed. */
static void
test_forged(void **state)
{
	static const int64_t off[] = { -1, 1, INT64_MAX };
	size_t k;

	(void)state;
	all_linked(5);
	unlinked(4);
	for (k = 0; k < 3; k++) {
		miss_each(1, 4, 4, t.inc[4] + (uint64_t)off[k]);
		pass(HEALTH_AWAY_MS + 2000);
		assert_int_not_equal(shown(4), HEALTH_DOWN);
	}
	/* The order is by the clock of its words: no number is too high. */
	t.inc[4] = 5;
	say(4, NULL, 0);
	miss_each(0, 4, 4, 5);
	pass(5000);
	assert_int_equal(shown(4), HEALTH_DOWN);
}

static void
test_old_word(void **state)
{
	struct m2_suspect s = { .version = 1, .incarnation = 1 };

	(void)state;
	all_linked(5);
	assert_false(health_take(&t.h, &t.id[4], 2, &s, t.now));
	assert_int_equal(health_get(&t.h, t.id[4].b)->incarnation, t.inc[4]);
	assert_int_equal(health_get(&t.h, t.id[4].b)->nlinks, 4);
}

/* Fewer than three observers: nobody says more than "unreachable". */
static void
test_few(void **state)
{
	(void)state;
	all_linked(3);
	miss(0, 2, t.inc[2]);
	pass(3000);
	assert_int_equal(shown(2), HEALTH_UP);
	miss(1, 2, t.inc[2]);
	pass(3000);
	assert_int_equal(shown(2), HEALTH_UP);
	pass(HEALTH_AWAY_MS);
	assert_int_equal(shown(2), HEALTH_UNREACHABLE);
}

/* Two pairs of three with one way between them; it breaks and heals. */
static void
test_parted(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		one_end(i, (i + 1) % 3);
		one_end(i, (i + 2) % 3);
		one_end(3 + i, 3 + (i + 1) % 3);
		one_end(3 + i, 3 + (i + 2) % 3);
	}
	one_end(2, 3);
	one_end(3, 2);
	for (i = 0; i < 6; i++)
		say(i, NULL, 0);
	health_get(&t.h, t.id[1].b)->linked = true;
	health_get(&t.h, t.id[2].b)->linked = true;
	pass(10000);
	assert_int_equal(t.nsaid, 0);
	miss(2, 3, t.inc[3]);
	pass(HEALTH_AWAY_MS + 2000);
	for (i = 1; i < 6; i++)
		assert_int_equal(shown(i), i < 3 ? HEALTH_UP :
		    HEALTH_UNREACHABLE);
	one_end(2, 3);
	say(2, NULL, 0);
	pass(3000);
	for (i = 1; i < 6; i++)
		assert_int_equal(shown(i), HEALTH_UP);
}

/* Who ends a link says it has it no more: it is no observer then. */
static void
test_ended(void **state)
{
	(void)state;
	four_lost();
	cut_end(4, 1);
	cut_end(4, 2);
	say(4, NULL, 0);
	pass(5000);
	assert_int_equal(shown(4), HEALTH_UP);
	assert_int_equal(health_get(&t.h, t.id[4].b)->observers, 2);
}

/* When observers are gone, too, those who are left decide. */
static void
test_many_gone(void **state)
{
	size_t b;

	(void)state;
	all_linked(8);
	/* 5, 6, 7 go; each has 7 observers, 5 of them here. */
	for (b = 5; b < 8; b++)
		miss_each(0, 5, b, t.inc[b]);
	pass(5000);
	for (b = 1; b < 8; b++)
		assert_int_equal(shown(b), b < 5 ? HEALTH_UP : HEALTH_DOWN);
}

static void
test_bounds(void **state)
{
	struct m2_suspect s = { .version = 1, .incarnation = 1,
		.links = { t.id[0].b, M2_HALF } };
	struct m2_suspect bare = { .version = 1 };
	size_t i;

	(void)state;
	all_linked(5);
	assert_false(health_take(&t.h, &t.id[900], 1, &bare, t.now));
	for (i = N; i < HEALTH_MAX + 64; i++)
		(void)health_take(&t.h, &t.id[i], 1, &s, t.now);
	assert_int_equal(t.h.nodes.n, HEALTH_MAX);
	assert_int_equal(t.h.refused, 0);
	/* Those we know by links are not pushed out. */
	for (i = 0; i < 5; i++)
		assert_non_null(health_get(&t.h, t.id[i].b));
	pass(HEALTH_LIFE_MS);
	pass(2000);
	assert_int_equal(t.h.nodes.n, 0);
	assert_int_equal(t.h.judge_at, UINT64_MAX);
	/* A word too many of one node. */
	assert_true(health_take(&t.h, &t.id[9], 1, &s, t.now));
	for (i = 0; health_allow(&t.h, &t.id[9], t.now); i++)
		assert_true(i < HEALTH_BURST);
	assert_true(health_allow(&t.h, &t.id[10], t.now));
}

/* Those who have not heard what the others say, once each. */
static void
test_newcomers(void **state)
{
	struct m2_item alive = { .node = t.id[4].b, .state = M2_ALIVE };

	(void)state;
	all_linked(5);
	assert_int_equal(t.h.newcomers, 4);
	say(4, NULL, 0);
	pass(10000);
	assert_int_equal(t.h.newcomers, 4);
	/* One that only answers for itself; then one that began anew. */
	alive.incarnation = ++t.inc[4];
	say(4, &alive, 1);
	pass(10000);
	assert_int_equal(t.h.newcomers, 4);
	t.inc[3]++;
	say(3, NULL, 0);
	pass(10000);
	assert_int_equal(t.h.newcomers, 5);
	/* Nobody claims it back: it may be made up. */
	one_end(9, 4);
	say(9, NULL, 0);
	pass(10000);
	assert_int_equal(t.h.newcomers, 5);
	one_end(4, 9);
	say(4, NULL, 0);
	pass(10000);
	assert_int_equal(t.h.newcomers, 6);
}

/* A link with itself, one twice, and itself as suspect. */
static void
test_odd(void **state)
{
	struct m2_item self = { .node = t.id[4].b, .state = M2_SUSPECTED };

	(void)state;
	all_linked(5);
	one_end(4, 4);
	one_end(4, 1);
	self.incarnation = t.inc[4];
	say(4, &self, 1);
	assert_int_equal(health_get(&t.h, t.id[4].b)->nlinks, 4);
	unlinked(4);
	pass(5000);
	assert_int_equal(shown(4), HEALTH_UP);
}

int
main(void)
{
#define TEST(f)	cmocka_unit_test_setup_teardown(f, open_town, close_town)
	const struct CMUnitTest tests[] = {
		TEST(test_down), TEST(test_answer), TEST(test_liars),
		TEST(test_changes),
		TEST(test_strangers), TEST(test_forged),
		TEST(test_old_word), TEST(test_few), TEST(test_parted),
		TEST(test_ended), TEST(test_many_gone), TEST(test_bounds),
		TEST(test_newcomers), TEST(test_odd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

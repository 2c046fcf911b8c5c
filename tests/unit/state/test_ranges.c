/* SPDX-License-Identifier: MIT */
#include "state/ranges.h"
#include "state_test.h"

#define SAID_MAX	20000u

static const uint8_t salt[RANGES_SALT_LEN] = "0123456789abcdef";

/* What one side says to the other, and has found. */
struct side {
	struct ranges	 r;
	struct entry_id	*id;
	size_t		 n;
	struct range	*said;
	size_t		 nsaid, needs, gives, bytes;
};

static int
cmp_cb(const void *a, const void *b)
{
	return entry_id_cmp(a, b);
}

static struct entry_id
random_id(struct rng *r)
{
	uint64_t v[2] = { rng_next(r), rng_next(r) };
	struct entry_id id;

	memcpy(id.b, v, sizeof(id.b));
	return id;
}

static void
say_cb(void *arg, const struct range *o)
{
	struct side *s = arg;

	assert_true(s->nsaid < SAID_MAX);
	s->said[s->nsaid++] = *o;
	s->bytes += 20 + (o->kind == RANGE_PRINT ? 16 : o->nids * 16);
}

static void
need_cb(void *arg, const struct entry_id *id)
{
	(void)id;
	((struct side *)arg)->needs++;
}

static void
give_cb(void *arg, const struct entry_id *id)
{
	(void)id;
	((struct side *)arg)->gives++;
}

static const struct ranges_ops ops = { say_cb, need_cb, give_cb };

static void
side_init(struct side *s, const struct entry_id *common, size_t n,
    struct rng *r, size_t own)
{
	memset(s, 0, sizeof(*s));
	s->n = n + own;
	s->id = calloc(s->n + 1, sizeof(*s->id));
	s->said = calloc(SAID_MAX, sizeof(*s->said));
	if (n > 0)
		memcpy(s->id, common, n * sizeof(*s->id));
	for (size_t i = n; i < s->n; i++)
		s->id[i] = random_id(r);
	qsort(s->id, s->n, sizeof(*s->id), cmp_cb);
	ranges_init(&s->r, salt, s->id, s->n);
}

static void
side_free(struct side *s)
{
	ranges_free(&s->r);
	free(s->id);
	free(s->said);
}

/* Answer all the other said; true while something is open. */
static bool
turn(struct side *s, struct side *other)
{
	struct entry_id lower = { { 0 } };
	bool open = false;
	size_t at = 0;

	s->nsaid = 0;
	for (size_t i = 0; i < other->nsaid; i++) {
		assert_true(ranges_answer(&s->r, &at, &lower, &other->said[i],
		    &ops, s));
		lower = other->said[i].upper;
	}
	assert_int_equal(at, s->n);
	for (size_t i = 0; i < s->nsaid; i++)
		open = open || s->said[i].kind != RANGE_SKIP;
	return open;
}

/* Returns the turns. */
static unsigned int
reconcile_at(struct rng *r, size_t common, size_t mine, size_t theirs,
    size_t *bytes)
{
	struct entry_id *ids = calloc(common + 1, sizeof(*ids));
	struct side a, b;
	unsigned int turns = 1;

	for (size_t i = 0; i < common; i++)
		ids[i] = random_id(r);
	side_init(&a, ids, common, r, mine);
	side_init(&b, ids, common, r, theirs);
	ranges_begin(&a.r, 0, &ops, &a);
	while (turn(turns % 2 == 1 ? &b : &a, turns % 2 == 1 ? &a : &b))
		assert_true(++turns < 20);
	assert_int_equal(a.needs + b.gives, theirs);
	assert_int_equal(a.gives + b.needs, mine);
	*bytes = a.bytes + b.bytes;
	side_free(&a);
	side_free(&b);
	free(ids);
	return turns;
}

static unsigned int
reconcile(struct rng *r, size_t common, size_t mine, size_t theirs)
{
	size_t bytes;

	return reconcile_at(r, common, mine, theirs, &bytes);
}

/* Where much differs the ids of one side are told, and little beside. */
static void
test_little_beside(void **state)
{
	struct rng r = { 5 };
	size_t bytes;

	(void)state;
	for (size_t n = 300; n < 6000; n = n * 5 / 4) {
		reconcile_at(&r, 0, n, n, &bytes);
		assert_true(bytes < n * 25);
		reconcile_at(&r, n, n / 3, n / 3, &bytes);
		assert_true(bytes < (n + n / 3) * 25);
	}
}

static void
test_finds_what_differs(void **state)
{
	struct rng r = { 1 };

	(void)state;
	assert_int_equal(reconcile(&r, 1000, 0, 0), 1);
	assert_int_equal(reconcile(&r, 0, 0, 0), 1);
	for (unsigned int i = 0; i < 200; i++)
		reconcile(&r, rng_below(&r, 3000), rng_below(&r, 40),
		    rng_below(&r, 40));
	reconcile(&r, 0, 500, 700);
	reconcile(&r, 0, 0, 5000);
	reconcile(&r, 0, 5000, 0);
	assert_true(reconcile(&r, 50000, 10, 10) <= 7);
}

static void
test_lies(void **state)
{
	struct entry_id ids[3] = { { { 5 } }, { { 4 } }, { { 9 } } };
	struct entry_id lower = { { 3 } };
	struct range in = { .kind = RANGE_IDS, .ids = ids, .nids = 2,
	    .last = true };
	struct rng r = { 2 };
	struct side s;
	size_t at = 0;

	(void)state;
	side_init(&s, NULL, 0, &r, 100);
	/* Not ascending; below; above; a range that goes backwards. */
	assert_false(ranges_answer(&s.r, &at, &lower, &in, &ops, &s));
	in.nids = 1;
	ids[0].b[0] = 2;
	assert_false(ranges_answer(&s.r, &at, &lower, &in, &ops, &s));
	ids[0].b[0] = 9;
	in.last = false;
	in.upper.b[0] = 9;
	assert_false(ranges_answer(&s.r, &at, &lower, &in, &ops, &s));
	in.kind = RANGE_PRINT;
	in.upper = lower;
	assert_false(ranges_answer(&s.r, &at, &lower, &in, &ops, &s));
	in.kind = (enum range_kind)3;
	in.last = true;
	assert_false(ranges_answer(&s.r, &at, &lower, &in, &ops, &s));
	assert_int_equal(s.needs + s.gives + s.nsaid, 0);
	side_free(&s);
}

/* Equal sums of other ids: only who knows the salt could choose them. */
static void
test_salt_matters(void **state)
{
	struct rng r = { 3 };
	struct side s;
	struct ranges other;

	(void)state;
	side_init(&s, NULL, 0, &r, 10);
	ranges_init(&other, (const uint8_t *)"another salt.....", s.id, s.n);
	assert_true(other.sum[10] != s.r.sum[10]);
	ranges_free(&other);
	side_free(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_finds_what_differs),
		cmocka_unit_test(test_little_beside),
		cmocka_unit_test(test_lies),
		cmocka_unit_test(test_salt_matters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

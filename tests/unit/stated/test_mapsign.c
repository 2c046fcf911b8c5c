/* SPDX-License-Identifier: MIT */
/* Writes of this node, from the asking to the answer. */
#include <sodium.h>

#include "maprig.h"

#define ANSWERS_MAX	600u

struct rig {
	struct proc		 proc;
	struct mapd		 d;
	struct intake_item	*checks[PUTS_MAX];
	size_t			 nchecks;
	bool			 hold;		/* checks wait */
	bool			 full;		/* nothing can be written */
};

static struct {
	uint32_t	 req;
	enum map_status	 st;
	char		 text[160];
} answers[ANSWERS_MAX];
static size_t nanswers;
static uint64_t clock_asked, renew_from;

void
mapask_done(struct mapd *d, uint32_t req, enum map_status st,
    const char *text)
{
	(void)d;
	assert_true(nanswers < ANSWERS_MAX);
	answers[nanswers].req = req;
	answers[nanswers].st = st;
	snprintf(answers[nanswers++].text, sizeof(answers[0].text), "%s",
	    text);
}

void
mapstore_clock(struct mapd *d, uint64_t until)
{
	d->clock_due = clock_asked = until;
}

uint64_t
mapnet_renew_from(const struct mapd *d)
{
	(void)d;
	return renew_from;
}

static void
check_one(struct rig *r, size_t at)
{
	struct intake_item *it = r->checks[at];

	memmove(r->checks + at, r->checks + at + 1, (--r->nchecks - at) *
	    sizeof(r->checks[0]));
	intake_checked(&r->d.intake, it, true, NOW0 + fake_mono);
}

static void
check_cb(void *arg, struct intake_item *it)
{
	struct rig *r = arg;

	assert_true(r->nchecks < PUTS_MAX);
	r->checks[r->nchecks++] = it;
}

static void
write_cb(void *arg, struct intake_item *it)
{
	struct rig *r = arg;

	intake_written(&r->d.intake, it, !r->full, NOW0 + fake_mono);
}

static void
done_cb(void *arg, const struct intake_item *it, enum intake_outcome o)
{
	mapsign_ended(&((struct rig *)arg)->d, it, o);
}

static int
setup(void **state)
{
	static const struct intake_ops ops = { check_cb, write_cb, NULL,
	    done_cb };
	struct rig *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	maprig_init(&r->d, &r->proc);
	nanswers = 0;
	clock_asked = renew_from = 0;
	author_bytes(1, r->proc.ed25519_pub);
	intake_init(&r->d.intake, &r->d.map, &ops, r);
	hlc_init(&r->d.clock, 0);
	TAILQ_INIT(&r->d.waiting);
	TAILQ_INIT(&r->d.signing);
	*state = r;
	return 0;
}

static int
teardown(void **state)
{
	struct rig *r = *state;

	mapsign_fail(&r->d, "the end");
	assert_true(TAILQ_EMPTY(&r->d.signing));
	assert_int_equal(r->d.nputs, 0);
	assert_int_equal(r->d.fresh, 0);
	intake_free(&r->d.intake);
	maprig_free(&r->d);
	free(r);
	return 0;
}

static const char *
want(struct rig *r, uint32_t req, const char *key, const char *value)
{
	return mapsign_put(&r->d, req, key, strlen(key), value,
	    value == NULL ? 0 : strlen(value), value == NULL ?
	    ENTRY_DELETED : 0);
}

/* What was asked for is on the disk. */
static void
clock_durable(struct rig *r)
{
	r->d.clock_due = 0;
	hlc_reserved(&r->d.clock, clock_asked);
	mapsign_go_on(&r->d);
}

/* One of a request to the parent. */
struct asked {
	uint8_t		 flags;
	uint64_t	 hlc, expires_ms;
	char		 key[64];
};

/* The entries of the last request; n of them. */
static size_t
request(struct asked *a, size_t max)
{
	const struct fake_msg *m = fake_last(IMSG_KEY_ENTRIES);
	struct rcur c;
	const char *key;
	size_t n, len;

	rcur_init(&c, m->data, m->len);
	n = rcur_u8(&c);
	assert_true(n <= max);
	for (size_t i = 0; i < n; i++) {
		(void)rcur_bytes(&c, MESH_ID_LEN);
		a[i].flags = rcur_u8(&c);
		a[i].hlc = rcur_u64(&c);
		a[i].expires_ms = rcur_u64(&c);
		key = rcur_str(&c, ENTRY_KEY_MAX, &len);
		snprintf(a[i].key, sizeof(a[i].key), "%.*s", (int)len, key);
		(void)rcur_u32(&c);
		(void)rcur_bytes(&c, 32);
	}
	assert_true(rcur_done(&c));
	return n;
}

/* The parent answers the last request. */
static void
sign(struct rig *r, enum key_status st)
{
	const struct fake_msg *q = fake_last(IMSG_KEY_ENTRIES);
	uint8_t buf[1 + KEY_ENTRIES_MAX * ENTRY_SIG_LEN] = { (uint8_t)st };
	struct imsg m = { .type = IMSG_KEY_ENTRIES_SIGNED, .id = q->id,
	    .data = buf, .fd = -1 };

	m.len = 1 + (st == KEY_OK ? q->data[0] * ENTRY_SIG_LEN : 0);
	mapsign_signed(&r->d, &m);
	while (!r->hold && r->nchecks > 0)
		check_one(r, 0);
}

static void
assert_answer(size_t at, uint32_t req, enum map_status st, const char *text)
{
	assert_true(at < nanswers);
	assert_int_equal(answers[at].req, req);
	assert_int_equal(answers[at].st, st);
	if (strstr(answers[at].text, text) == NULL)
		fail_msg("\"%s\" without \"%s\"", answers[at].text, text);
}

/* No time leaves before it is reserved, no answer before the map has it. */
static void
test_life(void **state)
{
	struct rig *r = *state;
	struct asked a[1];

	assert_null(want(r, 7, "o/a", "one"));
	assert_int_equal(fake_msgs, 0);
	assert_int_equal(clock_asked, HLC_OF_MS(NOW0 + fake_mono +
	    HLC_RESERVE_MS));
	mapsign_go_on(&r->d);
	assert_int_equal(fake_msgs, 0);
	clock_durable(r);
	assert_int_equal(request(a, 1), 1);
	assert_string_equal(a[0].key, "o/a");
	assert_int_equal(a[0].flags, 0);
	assert_int_equal(a[0].hlc, HLC_OF_MS(NOW0 + fake_mono));
	assert_int_equal(a[0].expires_ms, NOW0 + fake_mono + LEASE_DAYS *
	    DAY_MS);
	r->hold = true;
	sign(r, KEY_OK);
	assert_int_equal(nanswers, 0);
	check_one(r, 0);
	assert_int_equal(nanswers, 1);
	assert_answer(0, 7, MAP_DONE_OK, "this mesh is open");
	assert_string_equal(seen(&r->d.map, "a", NOW0 + fake_mono), "one");
	r->hold = false;
	fake_mono += 500;
	assert_null(want(r, 8, "o/a", NULL));
	assert_int_equal(request(a, 1), 1);
	assert_int_equal(a[0].flags, ENTRY_DELETED);
	assert_int_equal(a[0].expires_ms, NOW0 + fake_mono + DELETE_DAYS *
	    DAY_MS);
	sign(r, KEY_OK);
	assert_answer(1, 8, MAP_DONE_OK, "");
	assert_string_equal(seen(&r->d.map, "a", NOW0 + fake_mono), "-");
}

/* What comes while a request is on its way goes together, in order. */
static void
test_batches(void **state)
{
	struct rig *r = *state;
	struct asked a[KEY_ENTRIES_MAX];
	uint64_t last;
	char key[16];

	for (unsigned int i = 0; i < 70; i++) {
		snprintf(key, sizeof(key), "o/%u", i);
		assert_null(want(r, i + 1, key, "v"));
		if (i == 0)
			clock_durable(r);
	}
	assert_int_equal(fake_count(IMSG_KEY_ENTRIES), 1);
	assert_int_equal(request(a, 1), 1);
	last = a[0].hlc;
	sign(r, KEY_OK);
	assert_int_equal(fake_count(IMSG_KEY_ENTRIES), 2);
	assert_int_equal(request(a, KEY_ENTRIES_MAX), 64);
	for (unsigned int i = 0; i < 64; i++) {
		assert_true(a[i].hlc > last);
		last = a[i].hlc;
	}
	sign(r, KEY_OK);
	assert_int_equal(request(a, KEY_ENTRIES_MAX), 5);
	assert_string_equal(a[4].key, "o/69");
	sign(r, KEY_OK);
	assert_int_equal(fake_count(IMSG_KEY_ENTRIES), 3);
	assert_int_equal(nanswers, 70);
	for (unsigned int i = 0; i < 70; i++)
		assert_answer(i, i + 1, MAP_DONE_OK, "");
}

/* Said before anything is signed; those on their way count. */
static void
test_quota(void **state)
{
	struct rig *r = *state;

	r->d.profile.quota = 3;
	assert_null(want(r, 1, "o/a", "v"));
	clock_durable(r);
	assert_null(want(r, 2, "o/b", "v"));
	assert_null(want(r, 3, "o/c", "v"));
	assert_non_null(strstr(want(r, 4, "o/d", "v"), "as many keys"));
	sign(r, KEY_OK);
	/* A key that is there takes no more room. */
	assert_null(want(r, 5, "o/a", "again"));
	assert_non_null(want(r, 6, "o/d", "v"));
	/* One that came to nothing gives its place back. */
	sign(r, KEY_REFUSED);
	assert_answer(1, 2, MAP_DONE_FAILED, "key service");
	assert_answer(2, 3, MAP_DONE_FAILED, "key service");
	sign(r, KEY_OK);
	assert_answer(3, 5, MAP_DONE_OK, "");
	assert_null(want(r, 7, "o/d", "v"));
	sign(r, KEY_OK);
	assert_int_equal(r->d.map.live, 2);
	/* A delete keeps its place. */
	assert_null(want(r, 8, "o/d", NULL));
	sign(r, KEY_OK);
	assert_null(want(r, 9, "o/e", "v"));
	sign(r, KEY_OK);
	assert_non_null(want(r, 10, "o/f", "v"));
}

static void
test_faults(void **state)
{
	struct rig *r = *state;
	char long_value[4098];

	memset(long_value, 'x', sizeof(long_value) - 1);
	long_value[sizeof(long_value) - 1] = '\0';
	assert_non_null(want(r, 1, "t/a", "v"));
	assert_non_null(want(r, 2, "o//a", "v"));
	assert_non_null(want(r, 3, "n/0123/a", "v"));
	assert_non_null(want(r, 4, "o/a", long_value));
	assert_int_equal(r->d.nputs, 0);
	assert_int_equal(clock_asked, 0);
}

/* The same ones a moment later, in the same order, before any new one. */
static void
test_slowed(void **state)
{
	struct rig *r = *state;
	struct asked a[4];

	assert_null(want(r, 1, "o/a", "v"));
	assert_null(want(r, 2, "o/b", "v"));
	clock_durable(r);
	assert_null(want(r, 3, "o/c", "v"));
	sign(r, KEY_SLOWED);
	mapsign_go_on(&r->d);
	fake_mono += 99;
	mapsign_go_on(&r->d);
	assert_int_equal(fake_count(IMSG_KEY_ENTRIES), 1);
	fake_mono++;
	mapsign_go_on(&r->d);
	assert_int_equal(fake_count(IMSG_KEY_ENTRIES), 2);
	assert_int_equal(request(a, 4), 3);
	assert_string_equal(a[0].key, "o/a");
	assert_string_equal(a[1].key, "o/b");
	assert_string_equal(a[2].key, "o/c");
	assert_int_equal(nanswers, 0);
	sign(r, KEY_OK);
	assert_int_equal(nanswers, 3);
}

/* A clock that was set back: refused, and not for ever. */
static void
test_clock_behind(void **state)
{
	struct rig *r = *state;

	hlc_seen(&r->d.clock, HLC_OF_MS(NOW0 + fake_mono + 61000));
	assert_null(want(r, 1, "o/a", "v"));
	assert_answer(0, 1, MAP_DONE_REFUSED, "clock of this node");
	assert_int_equal(fake_msgs, 0);
	fake_mono += 2000;
	assert_null(want(r, 2, "o/a", "v"));
	clock_durable(r);
	sign(r, KEY_OK);
	assert_answer(1, 2, MAP_DONE_OK, "");
	fake_wall = 1000;
	assert_null(want(r, 3, "o/a", "v"));
	assert_answer(2, 3, MAP_DONE_REFUSED, "is not set");
}

static void
test_not_written(void **state)
{
	struct rig *r = *state;

	r->full = true;
	assert_null(want(r, 1, "o/a", "v"));
	clock_durable(r);
	sign(r, KEY_OK);
	assert_answer(0, 1, MAP_DONE_FAILED, "the disk is full");
	assert_int_equal(r->d.map.live, 0);
	/* One that waits for its time hears that it waits in vain. */
	fake_mono += 5000;
	assert_null(want(r, 2, "o/a", "v"));
	mapsign_fail(&r->d, "not stored");
	assert_answer(1, 2, MAP_DONE_FAILED, "not stored");
}

/* A later write of the same key is on the disk: the first one is, too. */
static void
test_overtaken(void **state)
{
	struct rig *r = *state;

	assert_null(want(r, 1, "o/a", "first"));
	assert_null(want(r, 2, "o/a", "second"));
	clock_durable(r);
	r->hold = true;
	sign(r, KEY_OK);
	assert_int_equal(r->nchecks, 2);
	check_one(r, 1);
	check_one(r, 0);
	assert_answer(0, 2, MAP_DONE_OK, "");
	assert_answer(1, 1, MAP_DONE_OK, "");
	assert_string_equal(seen(&r->d.map, "a", NOW0 + fake_mono),
	    "second");
}

static void
test_too_many(void **state)
{
	struct rig *r = *state;

	r->d.profile.quota = PUTS_MAX + 1;
	for (unsigned int i = 0; i < PUTS_MAX; i++)
		assert_null(want(r, i + 1, "o/a", "v"));
	assert_non_null(strstr(want(r, 600, "o/b", "v"), "too many"));
	mapsign_fail(&r->d, "enough");
	assert_int_equal(nanswers, PUTS_MAX);
}

/* At half its lease: time and value as they were, and nobody is told. */
static void
test_renewal(void **state)
{
	struct rig *r = *state;
	struct asked a[4];
	struct made m;

	make(&m, 1, "old", "v", HLC_OF_MS(NOW0 - 16 * DAY_MS), NOW0 + 14 *
	    DAY_MS);
	assert_int_equal(put(&r->d.map, &m, NOW0), MAP_TAKE);
	make(&m, 1, "young", "v", HLC_OF_MS(NOW0 - DAY_MS), NOW0 + 29 *
	    DAY_MS);
	assert_int_equal(put(&r->d.map, &m, NOW0), MAP_TAKE);
	make(&m, 2, "his", "v", HLC_OF_MS(NOW0 - 16 * DAY_MS), NOW0 + 14 *
	    DAY_MS);
	assert_int_equal(put(&r->d.map, &m, NOW0), MAP_TAKE);
	renew_from = NOW0 - 15 * DAY_MS;
	mapsign_renew(&r->d);
	assert_int_equal(fake_msgs, 0);
	renew_from = 0;
	r->d.loading = true;
	mapsign_renew(&r->d);
	assert_int_equal(fake_msgs, 0);
	r->d.loading = false;
	mapsign_renew(&r->d);
	assert_int_equal(request(a, 4), 1);
	assert_string_equal(a[0].key, "o/old");
	assert_int_equal(a[0].hlc, HLC_OF_MS(NOW0 - 16 * DAY_MS));
	assert_int_equal(a[0].expires_ms, NOW0 + fake_mono + LEASE_DAYS *
	    DAY_MS);
	mapsign_renew(&r->d);		/* it is on its way */
	assert_int_equal(r->d.nputs, 1);
	sign(r, KEY_OK);
	assert_int_equal(nanswers, 0);
	assert_int_equal(r->d.map.live, 3);
	fake_read();
	mapsign_renew(&r->d);
	assert_int_equal(fake_msgs, 0);
}

int
main(void)
{
#define T(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_life),
		T(test_batches),
		T(test_quota),
		T(test_faults),
		T(test_slowed),
		T(test_clock_behind),
		T(test_not_written),
		T(test_overtaken),
		T(test_too_many),
		T(test_renewal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* Deltas that come. */
#include "deltarig.h"

static void
test_taken(void **state)
{
	struct rig *r = *state;
	const struct mapdelta_count *c = mapdelta_counts(&r->d);
	struct signer s;

	signer_init(&s, 1);
	delta_deliver_made(r, &s, 0, 20);
	assert_int_equal(c->in, 1);
	assert_int_equal(c->entries_in, 20);
	assert_int_equal(r->d.map.live, 20);
	assert_string_equal(seen(&r->d.map, "19", wall_ms()), "v");
	/* Again: known, and no fault of its author. */
	delta_deliver_made(r, &s, 10, 25);
	assert_int_equal(c->entries_in, 25);
	assert_int_equal(c->bad, 0);
}

/* Few of one are on their way at once, and all of it comes in. */
static void
test_ahead(void **state)
{
	struct rig *r = *state;
	struct signer s;

	signer_init(&s, 1);
	r->hold = true;
	delta_deliver_made(r, &s, 0, 40);
	assert_int_equal(r->nwaiting, 8);
	while (r->nwaiting > 0)
		check_one(r);
	assert_int_equal(r->most, 8);
	assert_int_equal(r->d.map.live, 40);
	assert_int_equal(mapdelta_counts(&r->d)->entries_in, 40);
}

/* Those that wait are bounded; the ones beyond are passed over. */
static void
test_bounded(void **state)
{
	struct rig *r = *state;
	const struct mapdelta_count *c = mapdelta_counts(&r->d);
	struct signer s;

	signer_init(&s, 1);
	r->hold = true;
	for (unsigned int i = 0; i < 70; i++)
		delta_deliver_made(r, &s, i, i + 1);
	assert_int_equal(c->in, 64);
	assert_int_equal(c->passed, 6);
	while (r->nwaiting > 0)
		check_one(r);
	assert_int_equal(r->d.map.live, 64);
	delta_deliver_made(r, &s, 64, 65);
	assert_int_equal(c->in, 65);
}

/* The first bad entry ends it, and its author is ignored for a while. */
static void
test_bad_signature(void **state)
{
	struct rig *r = *state;
	const struct mapdelta_count *c = mapdelta_counts(&r->d);
	struct signer s, other;
	struct made m;
	struct wbuf w;
	uint64_t taken;

	signer_init(&s, 1);
	signer_init(&other, 2);
	delta_of(&w, r, &s, 0, 3);
	make_signed(&m, &s, 3, "v");
	m.sig[5] ^= 1;
	assert_true(delta_add(&w, &m.e));
	for (unsigned int i = 4; i < 30; i++) {
		make_signed(&m, &s, i, "v");
		assert_true(delta_add(&w, &m.e));
	}
	delta_deliver(r, &s, &w);
	wbuf_free(&w);
	assert_int_equal(c->bad, 1);
	/* But for those that were on their way with it. */
	taken = c->entries_in;
	assert_in_range(taken, 3, 10);
	assert_string_equal(seen(&r->d.map, "29", wall_ms()), "-");
	delta_deliver_made(r, &s, 50, 51);
	assert_int_equal(c->passed, 1);
	/* Nobody else is. */
	delta_deliver_made(r, &other, 7, 8);
	assert_int_equal(c->entries_in, taken + 1);
	fake_mono += 10 * 60 * 1000 - 1;
	delta_deliver_made(r, &s, 50, 51);
	assert_int_equal(c->passed, 2);
	fake_mono++;
	delta_deliver_made(r, &s, 50, 51);
	assert_int_equal(c->entries_in, taken + 2);
}

/* The entries of another author, or of none. */
static void
test_of_another(void **state)
{
	struct rig *r = *state;
	struct signer s, other;
	struct wbuf w;

	signer_init(&s, 1);
	signer_init(&other, 2);
	delta_of(&w, r, &s, 0, 3);
	delta_deliver(r, &other, &w);
	wbuf_free(&w);
	assert_int_equal(mapdelta_counts(&r->d)->bad, 1);
	assert_int_equal(r->d.map.live, 0);
}

/* Late verdicts: the rest that is on its way is no second offence. */
static void
test_bad_among_pending(void **state)
{
	struct rig *r = *state;
	struct signer s;
	struct made m;
	struct wbuf w;

	signer_init(&s, 1);
	delta_of(&w, r, &s, 0, 1);
	for (unsigned int i = 1; i < 6; i++) {
		make_signed(&m, &s, i, "v");
		m.sig[0] ^= 1;
		assert_true(delta_add(&w, &m.e));
	}
	r->hold = true;
	delta_deliver(r, &s, &w);
	wbuf_free(&w);
	while (r->nwaiting > 0)
		check_one(r);
	assert_int_equal(mapdelta_counts(&r->d)->bad, 1);
	assert_int_equal(r->d.map.live, 1);
}

static void
test_malformed(void **state)
{
	struct rig *r = *state;
	struct signer s;
	struct wbuf w;

	signer_init(&s, 1);
	delta_of(&w, r, &s, 0, 3);
	w.len -= 3;			/* in the middle of the last */
	delta_deliver(r, &s, &w);
	wbuf_free(&w);
	assert_int_equal(mapdelta_counts(&r->d)->bad, 1);
	delta_deliver_made(r, &s, 4, 5);
	assert_int_equal(mapdelta_counts(&r->d)->passed, 1);
	signer_init(&s, 2);
	wbuf_init(&w, 16);
	wbuf_bytes(&w, "\xff\xff\xff", 3);
	delta_deliver(r, &s, &w);
	wbuf_free(&w);
	assert_int_equal(mapdelta_counts(&r->d)->bad, 2);
}

/* Of a mesh with other rules: no fault, and nothing for us. */
static void
test_foreign(void **state)
{
	struct rig *r = *state;
	const struct mapdelta_count *c = mapdelta_counts(&r->d);
	uint8_t mesh[MESH_ID_LEN] = { 7 };
	struct signer s;
	struct made m;
	struct wbuf w;

	signer_init(&s, 1);
	wbuf_init(&w, DELTA_MAX);
	delta_begin(&w, mesh, r->d.profile.id);
	make_signed(&m, &s, 1, "v");
	assert_true(delta_add(&w, &m.e));
	delta_deliver(r, &s, &w);
	wbuf_reset(&w);
	delta_begin(&w, no_mesh, mesh);
	assert_true(delta_add(&w, &m.e));
	delta_deliver(r, &s, &w);
	wbuf_free(&w);
	assert_int_equal(c->foreign, 2);
	assert_int_equal(r->d.map.live, 0);
	delta_deliver_made(r, &s, 1, 2);
	assert_int_equal(c->entries_in, 1);
}

static void
test_while_reading(void **state)
{
	struct rig *r = *state;
	struct signer s;

	signer_init(&s, 1);
	r->d.loading = true;
	delta_deliver_made(r, &s, 0, 1);
	r->d.loading = false;
	r->d.reprofile = true;
	delta_deliver_made(r, &s, 0, 1);
	assert_int_equal(mapdelta_counts(&r->d)->passed, 2);
	assert_int_equal(r->d.map.live, 0);
}

/* Sixty-four authors nobody knew a minute; those known are not counted. */
static void
test_new_authors(void **state)
{
	struct rig *r = *state;
	const struct mapdelta_count *c = mapdelta_counts(&r->d);
	struct signer s;

	for (unsigned int i = 0; i < 64; i++) {
		signer_init(&s, i);
		delta_deliver_made(r, &s, i, i + 1);
	}
	assert_int_equal(r->d.map.live, 64);
	signer_init(&s, 64);
	delta_deliver_made(r, &s, 64, 65);
	assert_int_equal(c->passed, 1);
	signer_init(&s, 3);
	delta_deliver_made(r, &s, 100, 101);
	assert_int_equal(r->d.map.live, 65);
	fake_mono += 60000;
	signer_init(&s, 64);
	delta_deliver_made(r, &s, 64, 65);
	assert_int_equal(r->d.map.live, 66);
}

int
main(void)
{
#define T(f)	cmocka_unit_test_setup_teardown(f, delta_setup, delta_teardown)
	const struct CMUnitTest tests[] = {
		T(test_taken),
		T(test_ahead),
		T(test_bounded),
		T(test_bad_signature),
		T(test_of_another),
		T(test_bad_among_pending),
		T(test_malformed),
		T(test_foreign),
		T(test_while_reading),
		T(test_new_authors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

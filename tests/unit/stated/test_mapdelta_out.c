/* SPDX-License-Identifier: MIT */
/* Deltas of this node's own entries. */
#include "deltarig.h"

/* Entries of the delta sent at that place. */
static unsigned int
sent_entries(const struct rig *r, size_t at, const struct signer *s)
{
	struct delta x;
	struct entry e;
	unsigned int n = 0;

	assert_true(at < fake_msgs);
	assert_int_equal(fake_msg[at].type, IMSG_DELTA_OUT);
	assert_true(fake_msg[at].len <= DELTA_MAX);
	assert_true(delta_read(&x, fake_msg[at].data, fake_msg[at].len));
	assert_memory_equal(x.profile, r->d.profile.id, PROFILE_ID_LEN);
	while (delta_next(&x, s->pub, &e))
		n++;
	assert_false(x.bad);
	return n;
}

/* What comes while one is on its way goes with the next. */
static void
test_gathered(void **state)
{
	struct rig *r = *state;
	const struct mapdelta_count *c = mapdelta_counts(&r->d);
	struct signer s;
	struct made m;

	signer_init(&s, 1);
	mapdelta_flush(&r->d);
	assert_int_equal(fake_msgs, 0);
	for (unsigned int i = 0; i < 5; i++) {
		make_signed(&m, &s, i, "v");
		mapdelta_own(&r->d, &m.e);
		if (i == 1 || i == 3)
			mapdelta_flush(&r->d);
	}
	assert_int_equal(fake_msgs, 1);
	assert_int_equal(sent_entries(r, 0, &s), 2);
	mapdelta_sent(&r->d);
	assert_int_equal(fake_msgs, 2);
	assert_int_equal(sent_entries(r, 1, &s), 3);
	mapdelta_sent(&r->d);
	assert_int_equal(fake_msgs, 2);
	assert_int_equal(c->out, 2);
	assert_int_equal(c->entries_out, 5);
	assert_int_equal(c->left, 0);
}

/* What does not fit is left for the roots; it does not wait. */
static void
test_left(void **state)
{
	struct rig *r = *state;
	const struct mapdelta_count *c = mapdelta_counts(&r->d);
	struct signer s;
	struct made m;
	unsigned int n;

	signer_init(&s, 1);
	for (n = 0; c->left == 0 && n < 10000; n++) {
		make_signed(&m, &s, n, "0123456789");
		mapdelta_own(&r->d, &m.e);
	}
	mapdelta_flush(&r->d);
	assert_int_equal(fake_msgs, 1);
	assert_int_equal(sent_entries(r, 0, &s), n - 1);
	assert_true(fake_msg[0].len <= DELTA_MAX);
	assert_int_equal(c->entries_out, n - 1);
}

/* Among v1 nodes: all of it, a piece every ten seconds, again and again. */
static void
test_alone(void **state)
{
	struct rig *r = *state;
	unsigned int said = 0, all = 600;
	struct signer s, other;
	struct made m;

	signer_init(&s, 1);
	signer_init(&other, 2);
	memcpy(r->proc.ed25519_pub, s.pub, sizeof(s.pub));
	r->d.profile.quota = all;
	for (unsigned int i = 0; i < all; i++) {
		make_signed(&m, &s, i, "0123456789");
		assert_int_equal(put(&r->d.map, &m, wall_ms()), MAP_TAKE);
	}
	make_signed(&m, &other, 1000, "not ours");
	assert_int_equal(put(&r->d.map, &m, wall_ms()), MAP_TAKE);
	mapdelta_tick(&r->d);
	assert_int_equal(fake_msgs, 0);
	mapdelta_alone(&r->d, true);
	fake_mono += 10000;
	for (unsigned int i = 0; i < 8; i++) {
		mapdelta_tick(&r->d);
		assert_int_equal(fake_msgs, i + 1);
		mapdelta_sent(&r->d);
		mapdelta_tick(&r->d);
		assert_int_equal(fake_msgs, i + 1);
		fake_mono += 9999;
		mapdelta_tick(&r->d);
		assert_int_equal(fake_msgs, i + 1);
		fake_mono++;
		said += sent_entries(r, i, &s);
		if (said >= all)
			break;
	}
	assert_int_equal(said, all);
	/* From the beginning. */
	fake_read();
	mapdelta_tick(&r->d);
	assert_int_equal(fake_msgs, 1);
	assert_true(sent_entries(r, 0, &s) > 0);
}

int
main(void)
{
#define T(f)	cmocka_unit_test_setup_teardown(f, delta_setup, delta_teardown)
	const struct CMUnitTest tests[] = {
		T(test_gathered),
		T(test_left),
		T(test_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/*
 * Deltas, out and in, with the map and its intake as they are.  Time and the
 * channel to gossipd are the rig's.
 */
#include <sodium.h>

#include "maprig.h"
#include "mtime.h"
#include "proto/delta.h"

#define WAITING_MAX	512u

struct rig {
	struct proc		 proc;
	struct mapd		 d;
	struct intake_item	*waiting[WAITING_MAX];
	size_t			 nwaiting;
	bool			 hold;		/* checks wait */
	size_t			 most;		/* that waited */
};

struct signer {
	uint8_t	pub[32], sec[64];
};

static void
check(struct rig *r, struct intake_item *it)
{
	intake_checked(&r->d.intake, it, crypto_sign_verify_detached(
	    it->e.sig.p, it->signed_bytes, it->signed_len,
	    it->e.author.p) == 0, wall_ms());
}

/* As the daemon's threads do: the answer comes later, never at once. */
static void
check_cb(void *arg, struct intake_item *it)
{
	struct rig *r = arg;

	assert_true(r->nwaiting < WAITING_MAX);
	r->waiting[r->nwaiting++] = it;
	if (r->nwaiting > r->most)
		r->most = r->nwaiting;
}

/* The oldest of those that wait. */
static void
check_one(struct rig *r)
{
	struct intake_item *it = r->waiting[0];

	memmove(r->waiting, r->waiting + 1, --r->nwaiting *
	    sizeof(r->waiting[0]));
	check(r, it);
}

static void
write_cb(void *arg, struct intake_item *it)
{
	intake_written(&((struct rig *)arg)->d.intake, it, true, wall_ms());
}

static void
done_cb(void *arg, const struct intake_item *it, enum intake_outcome o)
{
	struct rig *r = arg;

	if (it->source == INTAKE_LINK)
		mapdelta_done(&r->d, it->cookie, o);
}

static int
setup(void **state)
{
	static const struct intake_ops ops = { check_cb, write_cb, NULL,
	    done_cb };
	struct rig *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	maprig_init(&r->d, &r->proc);
	intake_init(&r->d.intake, &r->d.map, &ops, r);
	mapdelta_init(&r->d);
	*state = r;
	return 0;
}

static int
teardown(void **state)
{
	struct rig *r = *state;

	r->hold = false;
	while (r->nwaiting > 0)
		check_one(r);
	assert_int_equal(fake_count(IMSG_DELTA_OUT), fake_msgs);
	intake_free(&r->d.intake);
	mapdelta_free(&r->d);
	maprig_free(&r->d);
	free(r);
	return 0;
}

static void
signer_init(struct signer *s, uint32_t n)
{
	uint8_t seed[32] = { 1 };

	memcpy(seed + 1, &n, sizeof(n));
	crypto_sign_seed_keypair(s->pub, s->sec, seed);
}

static void
make_signed(struct made *m, const struct signer *s, unsigned int number,
    const char *value)
{
	uint8_t buf[ENTRY_SIGNED_MAX];
	char name[32];

	snprintf(name, sizeof(name), "%u", number);
	make(m, 0, name, value, HLC_OF_MS(NOW0), NOW0 + LEASE_DAYS * DAY_MS);
	memcpy(m->author, s->pub, sizeof(m->author));
	crypto_sign_detached(m->sig, NULL, buf, entry_signed(&m->e, no_mesh,
	    buf), s->sec);
	make_id(m);
}

/* Entries from to to - 1 of an author, in one delta. */
static void
delta_of(struct wbuf *w, const struct rig *r, const struct signer *s,
    unsigned int from, unsigned int to)
{
	struct made m;

	wbuf_init(w, DELTA_MAX);
	delta_begin(w, no_mesh, r->d.profile.id);
	for (unsigned int i = from; i < to; i++) {
		make_signed(&m, s, i, "v");
		assert_true(delta_add(w, &m.e));
	}
}

static void
deliver(struct rig *r, const struct signer *s, const struct wbuf *w)
{
	uint8_t buf[ENTRY_AUTHOR_LEN + DELTA_MAX];
	struct imsg m = { .type = IMSG_DELTA_IN, .data = buf,
	    .len = ENTRY_AUTHOR_LEN + w->len, .fd = -1 };

	memcpy(buf, s->pub, ENTRY_AUTHOR_LEN);
	memcpy(buf + ENTRY_AUTHOR_LEN, w->p, w->len);
	mapdelta_in(&r->d, &m);
	while (!r->hold && r->nwaiting > 0)
		check_one(r);
}

static void
deliver_made(struct rig *r, const struct signer *s, unsigned int from,
    unsigned int to)
{
	struct wbuf w;

	delta_of(&w, r, s, from, to);
	deliver(r, s, &w);
	wbuf_free(&w);
}

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

static void
test_taken(void **state)
{
	struct rig *r = *state;
	const struct mapdelta_count *c = mapdelta_counts(&r->d);
	struct signer s;

	signer_init(&s, 1);
	deliver_made(r, &s, 0, 20);
	assert_int_equal(c->in, 1);
	assert_int_equal(c->entries_in, 20);
	assert_int_equal(r->d.map.live, 20);
	assert_string_equal(seen(&r->d.map, "19", wall_ms()), "v");
	/* Again: known, and no fault of its author. */
	deliver_made(r, &s, 10, 25);
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
	deliver_made(r, &s, 0, 40);
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
		deliver_made(r, &s, i, i + 1);
	assert_int_equal(c->in, 64);
	assert_int_equal(c->passed, 6);
	while (r->nwaiting > 0)
		check_one(r);
	assert_int_equal(r->d.map.live, 64);
	deliver_made(r, &s, 64, 65);
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
	deliver(r, &s, &w);
	wbuf_free(&w);
	assert_int_equal(c->bad, 1);
	/* But for those that were on their way with it. */
	taken = c->entries_in;
	assert_in_range(taken, 3, 10);
	assert_string_equal(seen(&r->d.map, "29", wall_ms()), "-");
	deliver_made(r, &s, 50, 51);
	assert_int_equal(c->passed, 1);
	/* Nobody else is. */
	deliver_made(r, &other, 7, 8);
	assert_int_equal(c->entries_in, taken + 1);
	fake_mono += 10 * 60 * 1000 - 1;
	deliver_made(r, &s, 50, 51);
	assert_int_equal(c->passed, 2);
	fake_mono++;
	deliver_made(r, &s, 50, 51);
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
	deliver(r, &other, &w);
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
	deliver(r, &s, &w);
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
	deliver(r, &s, &w);
	wbuf_free(&w);
	assert_int_equal(mapdelta_counts(&r->d)->bad, 1);
	deliver_made(r, &s, 4, 5);
	assert_int_equal(mapdelta_counts(&r->d)->passed, 1);
	signer_init(&s, 2);
	wbuf_init(&w, 16);
	wbuf_bytes(&w, "\xff\xff\xff", 3);
	deliver(r, &s, &w);
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
	deliver(r, &s, &w);
	wbuf_reset(&w);
	delta_begin(&w, no_mesh, mesh);
	assert_true(delta_add(&w, &m.e));
	deliver(r, &s, &w);
	wbuf_free(&w);
	assert_int_equal(c->foreign, 2);
	assert_int_equal(r->d.map.live, 0);
	deliver_made(r, &s, 1, 2);
	assert_int_equal(c->entries_in, 1);
}

static void
test_while_reading(void **state)
{
	struct rig *r = *state;
	struct signer s;

	signer_init(&s, 1);
	r->d.loading = true;
	deliver_made(r, &s, 0, 1);
	r->d.loading = false;
	r->d.reprofile = true;
	deliver_made(r, &s, 0, 1);
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
		deliver_made(r, &s, i, i + 1);
	}
	assert_int_equal(r->d.map.live, 64);
	signer_init(&s, 64);
	deliver_made(r, &s, 64, 65);
	assert_int_equal(c->passed, 1);
	signer_init(&s, 3);
	deliver_made(r, &s, 100, 101);
	assert_int_equal(r->d.map.live, 65);
	fake_mono += 60000;
	signer_init(&s, 64);
	deliver_made(r, &s, 64, 65);
	assert_int_equal(r->d.map.live, 66);
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
#define T(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_gathered),
		T(test_left),
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
		T(test_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

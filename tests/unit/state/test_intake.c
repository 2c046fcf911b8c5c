/* SPDX-License-Identifier: MIT */
#include <sodium.h>

#include "state/intake.h"
#include "state/verify.h"
#include "state_test.h"

/* A driver that checks at once, and writes when it is told to. */
struct rig {
	struct profile		 profile;
	struct map		 map;
	struct intake		 in;
	struct intake_item	*waiting[64];
	size_t			 nwaiting, checks, writes, forgets, dones;
	bool			 hold_writes;
	enum intake_outcome	 last;
	uint64_t		 now;
};

struct signer {
	uint8_t	pub[32], sec[64];
};

static const uint8_t no_mesh[MESH_ID_LEN];

static void
check_cb(void *arg, struct intake_item *it)
{
	struct rig *r = arg;

	r->checks++;
	intake_checked(&r->in, it, entry_verify(it->signed_bytes,
	    it->signed_len, it->e.sig.p, it->e.author.p), r->now);
}

static void
write_cb(void *arg, struct intake_item *it)
{
	struct rig *r = arg;

	r->writes++;
	if (r->hold_writes)
		r->waiting[r->nwaiting++] = it;
	else
		intake_written(&r->in, it, true, r->now);
}

static void
forget_cb(void *arg, const struct entry_id *id)
{
	(void)id;
	((struct rig *)arg)->forgets++;
}

static void
done_cb(void *arg, const struct intake_item *it, enum intake_outcome o)
{
	struct rig *r = arg;

	(void)it;
	r->dones++;
	r->last = o;
}

static void
rig_init(struct rig *r)
{
	static const struct intake_ops ops = { check_cb, write_cb, forget_cb,
	    done_cb };

	memset(r, 0, sizeof(*r));
	r->now = NOW0;
	profile_init(&r->profile, no_mesh, NULL, 0);
	map_init(&r->map, &r->profile, NULL, NULL, NULL, r->now);
	intake_init(&r->in, &r->map, &ops, r);
}

static void
rig_free(struct rig *r)
{
	intake_free(&r->in);
	map_free(&r->map);
	profile_free(&r->profile);
}

static void
signer_init(struct signer *s, uint8_t n)
{
	uint8_t seed[32];

	memset(seed, n, sizeof(seed));
	crypto_sign_seed_keypair(s->pub, s->sec, seed);
}

static void
sign(struct made *m, const struct signer *s)
{
	uint8_t buf[ENTRY_SIGNED_MAX];
	size_t n;

	memcpy(m->author, s->pub, sizeof(m->author));
	n = entry_signed(&m->e, no_mesh, buf);
	crypto_sign_detached(m->sig, NULL, buf, n, s->sec);
	make_id(m);
}

static void
make_signed(struct made *m, const struct signer *s, const char *name,
    const char *value, uint64_t ms)
{
	make(m, 0, name, value, HLC_OF_MS(ms), ms + (value == NULL ?
	    DELETE_DAYS : LEASE_DAYS) * DAY_MS);
	sign(m, s);
}

/* What the caller is told, at once or later. */
static enum intake_outcome
add(struct rig *r, const struct made *m)
{
	enum intake_outcome o = intake_add(&r->in, &m->e, INTAKE_LINK, 1,
	    r->now);

	return o == INTAKE_PENDING ? r->last : o;
}

static void
test_takes_what_is_signed(void **state)
{
	struct signer s;
	struct made m;
	struct rig r;

	(void)state;
	rig_init(&r);
	signer_init(&s, 1);
	make_signed(&m, &s, "k", "v", NOW0);
	assert_int_equal(add(&r, &m), INTAKE_TAKEN);
	assert_string_equal(seen(&r.map, "k", NOW0), "v");
	/* Known by its id: not checked again. */
	assert_int_equal(add(&r, &m), INTAKE_KNOWN);
	assert_int_equal(r.checks, 1);
	m.sig[0] ^= 1;
	assert_int_equal(add(&r, &m), INTAKE_KNOWN);
	make_signed(&m, &s, "l", "v", NOW0);
	m.sig[0] ^= 1;
	assert_int_equal(add(&r, &m), INTAKE_BAD);
	assert_int_equal(r.in.fault, FAULT_SIGNATURE);
	assert_int_equal(r.writes, 1);
	rig_free(&r);
}

/* Nothing is seen, counted or known before it is durable. */
static void
test_durable_first(void **state)
{
	struct signer s;
	struct made m, n;
	struct rig r;

	(void)state;
	rig_init(&r);
	signer_init(&s, 1);
	r.hold_writes = true;
	make_signed(&m, &s, "k", "v", NOW0);
	make_signed(&n, &s, "k", "w", NOW0 + 1);
	assert_int_equal(intake_add(&r.in, &m.e, INTAKE_LOCAL, 1, NOW0),
	    INTAKE_PENDING);
	assert_int_equal(intake_add(&r.in, &n.e, INTAKE_LOCAL, 1, NOW0),
	    INTAKE_PENDING);
	assert_int_equal(r.map.now.count + r.dones, 0);
	assert_int_equal(intake_add(&r.in, &m.e, INTAKE_LINK, 1, NOW0),
	    INTAKE_KNOWN);
	/* The later one first: the other is superfluous on the disk. */
	intake_written(&r.in, r.waiting[1], true, NOW0);
	assert_int_equal(r.last, INTAKE_TAKEN);
	intake_written(&r.in, r.waiting[0], true, NOW0);
	assert_int_equal(r.last, INTAKE_NOT);
	assert_int_equal(r.forgets, 1);
	assert_string_equal(seen(&r.map, "k", NOW0), "w");
	/* A full disk: the same may come again. */
	make_signed(&m, &s, "k", "x", NOW0 + 2);
	intake_add(&r.in, &m.e, INTAKE_LOCAL, 1, NOW0);
	intake_written(&r.in, r.waiting[2], false, NOW0);
	assert_int_equal(r.last, INTAKE_FAILED);
	assert_string_equal(seen(&r.map, "k", NOW0), "w");
	r.hold_writes = false;
	assert_int_equal(add(&r, &m), INTAKE_TAKEN);
	rig_free(&r);
}

static void
test_early_ones_are_held(void **state)
{
	struct signer s;
	struct made m[INTAKE_HELD_AUTHOR_MAX + 1];
	struct rig r;
	char name[8];

	(void)state;
	rig_init(&r);
	signer_init(&s, 1);
	for (size_t i = 0; i <= INTAKE_HELD_AUTHOR_MAX; i++) {
		snprintf(name, sizeof(name), "%zu", i);
		make_signed(&m[i], &s, name, "v", NOW0 + 90000);
		assert_int_equal(add(&r, &m[i]), i < INTAKE_HELD_AUTHOR_MAX ?
		    INTAKE_HELD : INTAKE_NOT);
	}
	assert_int_equal(add(&r, &m[0]), INTAKE_KNOWN);
	assert_int_equal(r.writes, 0);
	r.now += 29999;
	intake_tick(&r.in, r.now);
	assert_int_equal(r.map.live, 0);
	r.now++;
	intake_tick(&r.in, r.now);
	assert_int_equal(r.map.live, INTAKE_HELD_AUTHOR_MAX);
	assert_int_equal(r.in.nheld, 0);
	rig_free(&r);
}

/* What lies on the disk is believed as little as what comes from a link. */
static void
test_disk_is_checked(void **state)
{
	struct signer s;
	struct made m;
	struct rig r;

	(void)state;
	rig_init(&r);
	signer_init(&s, 1);
	make_signed(&m, &s, "k", "v", NOW0);
	m.value[0] = 'w';
	assert_int_equal(intake_add(&r.in, &m.e, INTAKE_DISK, 0, r.now),
	    INTAKE_PENDING);
	assert_int_equal(r.last, INTAKE_BAD);
	m.value[0] = 'v';
	intake_add(&r.in, &m.e, INTAKE_DISK, 0, r.now);
	assert_int_equal(r.last, INTAKE_TAKEN);
	assert_int_equal(r.writes, 0);
	/* Superseded while the node was down: goes from the disk. */
	make_signed(&m, &s, "k", "u", NOW0 - 1);
	assert_int_equal(intake_add(&r.in, &m.e, INTAKE_DISK, 0, r.now),
	    INTAKE_NOT);
	rig_free(&r);
}

static void
test_weak_keys_sign_nothing(void **state)
{
	/* Points of small order, and y = p + 1 for 1. */
	static const char *const keys[] = {
		"0100000000000000000000000000000000000000000000000000000000000000",
		"0000000000000000000000000000000000000000000000000000000000000000",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"0000000000000000000000000000000000000000000000000000000000000080",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"0100000000000000000000000000000000000000000000000000000000000080",
	};
	struct made m;
	struct rig r;

	(void)state;
	rig_init(&r);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		make(&m, 0, "k", "v", HLC_OF_MS(NOW0), NOW0 + DAY_MS);
		assert_true(hex_decode(keys[i], 64, m.author));
		/* R the same point, S zero: fits when h times it is 1. */
		memcpy(m.sig, m.author, 32);
		for (unsigned int t = 0; t < 64; t++) {
			m.value[0] = (char)('0' + t);
			make_id(&m);
			assert_int_equal(add(&r, &m), INTAKE_BAD);
		}
	}
	rig_free(&r);
}

/* S and S + L both fit the equation; one of them is a signature. */
static void
test_signatures_cannot_be_varied(void **state)
{
	static const uint8_t order[32] = { 0xed, 0xd3, 0xf5, 0x5c, 0x1a,
	    0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
	    [31] = 0x10 };
	struct signer s;
	struct made m;
	struct rig r;
	unsigned int carry = 0;

	(void)state;
	rig_init(&r);
	signer_init(&s, 1);
	make_signed(&m, &s, "k", "v", NOW0);
	for (unsigned int i = 0; i < 32; i++) {
		carry += m.sig[32 + i] + (unsigned int)order[i];
		m.sig[32 + i] = (uint8_t)carry;
		carry >>= 8;
	}
	assert_int_equal(add(&r, &m), INTAKE_BAD);
	rig_free(&r);
}

/* One change to a good entry. */
static void
mutate(struct rng *g, struct made *m, const struct made *good,
    const struct made *other)
{
	uint64_t k = rng_below(g, 13);

	make(m, 0, good->key + 2, (good->e.flags & 1) != 0 ? NULL :
	    good->value, good->e.hlc, good->e.expires_ms);
	memcpy(m->author, good->author, 32);
	memcpy(m->sig, good->sig, 64);
	switch (k) {
	case 0:
		m->sig[rng_below(g, 64)] ^= (uint8_t)(1 << rng_below(g, 8));
		break;
	case 1:
		m->author[rng_below(g, 32)] ^=
		    (uint8_t)(1 << rng_below(g, 8));
		break;
	case 2:
		m->e.hlc ^= UINT64_C(1) << rng_below(g, 64);
		break;
	case 3:
		m->e.expires_ms ^= UINT64_C(1) << rng_below(g, 64);
		break;
	case 4:
		m->e.flags ^= 1u << rng_below(g, 32);
		break;
	case 5:
		m->value[rng_below(g, m->e.value.n)] ^=
		    (char)(1 << rng_below(g, 7));
		break;
	case 6:
		m->key[rng_below(g, m->e.key.n)] ^=
		    (char)(1 << rng_below(g, 7));
		break;
	case 7:	/* the boundary of key and value */
		memmove(m->value + 1, m->value, sizeof(m->value) - 1);
		m->value[0] = m->key[--m->e.key.n];
		m->e.value.n++;
		break;
	case 8:	/* another's signature, another's key */
		memcpy(m->sig, other->sig, 64);
		break;
	case 9:
		memcpy(m->author, other->author, 32);
		break;
	case 10: /* swapped fields */
		m->e.hlc = good->e.expires_ms;
		m->e.expires_ms = good->e.hlc;
		break;
	case 11: /* the clock at zero, or far ahead */
		m->e.hlc = rng_below(g, 2) == 0 ? 0 :
		    UINT64_MAX - rng_below(g, 1000);
		break;
	default: /* a weak key */
		memset(m->author, 0, 32);
		m->author[0] = (uint8_t)rng_below(g, 2);
		break;
	}
	make_id(m);
}

/* 10,000 changed entries, a million when MICELIO_LONG is set: none passes. */
static void
test_no_mutation_passes(void **state)
{
	size_t n = how_many(1000000, 10000, 1000);
	struct signer s[2];
	struct made good[2], m;
	struct rng g = { 4 };
	struct rig r;
	size_t bad = 0;

	(void)state;
	rig_init(&r);
	for (unsigned int i = 0; i < 2; i++) {
		signer_init(&s[i], (uint8_t)(1 + i));
		make_signed(&good[i], &s[i], i == 0 ? "key/a" : "key/b",
		    i == 0 ? "some value" : "another", NOW0);
	}
	for (size_t i = 0; i < n; i++) {
		size_t k = rng_below(&g, 2);
		enum intake_outcome o;

		mutate(&g, &m, &good[k], &good[1 - k]);
		o = add(&r, &m);
		assert_true(o == INTAKE_BAD || o == INTAKE_NOT);
		bad += o == INTAKE_BAD;
	}
	assert_int_equal(r.map.live + r.writes + r.in.nheld, 0);
	assert_true(bad > n / 2);
	/* They would have been taken as they were. */
	assert_int_equal(add(&r, &good[0]), INTAKE_TAKEN);
	assert_int_equal(add(&r, &good[1]), INTAKE_TAKEN);
	rig_free(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_takes_what_is_signed),
		cmocka_unit_test(test_durable_first),
		cmocka_unit_test(test_early_ones_are_held),
		cmocka_unit_test(test_disk_is_checked),
		cmocka_unit_test(test_weak_keys_sign_nothing),
		cmocka_unit_test(test_signatures_cannot_be_varied),
		cmocka_unit_test(test_no_mutation_passes),
	};

	if (sodium_init() == -1)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "deltarig.h"

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

void
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

int
delta_setup(void **state)
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

int
delta_teardown(void **state)
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

void
signer_init(struct signer *s, uint32_t n)
{
	uint8_t seed[32] = { 1 };

	memcpy(seed + 1, &n, sizeof(n));
	crypto_sign_seed_keypair(s->pub, s->sec, seed);
}

void
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

void
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

void
delta_deliver(struct rig *r, const struct signer *s, const struct wbuf *w)
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

void
delta_deliver_made(struct rig *r, const struct signer *s, unsigned int from,
    unsigned int to)
{
	struct wbuf w;

	delta_of(&w, r, s, from, to);
	delta_deliver(r, s, &w);
	wbuf_free(&w);
}

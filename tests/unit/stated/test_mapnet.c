/* SPDX-License-Identifier: MIT */
/* The links with nodes that have a map, as gossipd tells of them. */
#include "maprig.h"

struct rig {
	struct proc	 proc;
	struct mapd	 d;
	size_t		 up, down, roots, frames, sent, flushed, alone;
	uint64_t	 agreed;	/* mono */
	bool		 no_room;
};

static struct rig *rig;

bool
maprecon_up(struct mapd *d, uint32_t link)
{
	(void)d;
	(void)link;
	rig->up += !rig->no_room;
	return !rig->no_room;
}

void
maprecon_down(struct mapd *d, uint32_t link)
{
	(void)d;
	(void)link;
	rig->down++;
}

void
maprecon_links(struct mapd *d)
{
	(void)d;
}

void
maprecon_root(struct mapd *d, uint32_t link, const struct root *r)
{
	(void)d;
	(void)link;
	assert_int_equal(r->hour, 5);
	assert_int_equal(r->count, 6);
	rig->roots++;
}

void
maprecon_frame(struct mapd *d, uint32_t link, const void *p, size_t n)
{
	(void)d;
	(void)link;
	assert_memory_equal(p, "frame", n);
	rig->frames++;
}

void
maprecon_sent(struct mapd *d, uint32_t link, size_t n)
{
	(void)d;
	(void)link;
	rig->sent += n;
}

void
mapdelta_in(struct mapd *d, struct imsg *m)
{
	(void)d;
	(void)m;
}

void
mapdelta_sent(struct mapd *d)
{
	(void)d;
}

void
mapdelta_alone(struct mapd *d, bool alone)
{
	(void)d;
	rig->alone += alone;
}

void
mapstore_flush(struct mapd *d)
{
	assert_true(d->met_due);
	d->met_due = false;
	d->met_stored = d->met_ms;
	rig->flushed++;
}

uint64_t __wrap_recon_agreed_ms(const struct recon *);

uint64_t
__wrap_recon_agreed_ms(const struct recon *r)
{
	(void)r;
	return rig->agreed;
}

static int
setup(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	rig = r;
	maprig_init(&r->d, &r->proc);
	*state = r;
	return 0;
}

static int
teardown(void **state)
{
	struct rig *r = *state;

	maprig_free(&r->d);
	free(r);
	return 0;
}

static bool
tell(struct rig *r, enum imsg_type type, uint32_t link, const void *p,
    size_t n)
{
	struct imsg m = { .type = type, .id = link, .data = p, .len = n,
	    .fd = -1 };

	return mapnet_dispatch(&r->d, &m);
}

/* LINK_STATE_UP of a node whose mesh or profile differ in their first byte. */
static void
link_up(struct rig *r, uint32_t link, uint8_t mesh, uint8_t profile)
{
	struct wbuf w;

	wbuf_init(&w, 128);
	memset(wbuf_reserve(&w, NODEID_LEN), 9, NODEID_LEN);
	wbuf_bytes(&w, r->d.profile.mesh, MESH_ID_LEN);
	w.p[NODEID_LEN] ^= mesh;
	wbuf_bytes(&w, r->d.profile.id, PROFILE_ID_LEN);
	w.p[NODEID_LEN + MESH_ID_LEN] ^= profile;
	wbuf_u64(&w, 0);
	assert_true(tell(r, IMSG_LINK_STATE_UP, link, w.p, w.len));
	wbuf_free(&w);
}

static void
root_comes(struct rig *r, uint32_t link, size_t cut)
{
	struct wbuf w;

	wbuf_init(&w, 64);
	wbuf_u32(&w, 5);
	wbuf_u64(&w, 6);
	memset(wbuf_reserve(&w, ROOT_HASH_LEN), 7, ROOT_HASH_LEN);
	wbuf_u32(&w, 0);
	assert_true(tell(r, IMSG_ROOT_IN, link, w.p, w.len - cut));
	wbuf_free(&w);
}

/* Only with those of our mesh and rules is anything compared. */
static void
test_profiles(void **state)
{
	struct rig *r = *state;

	link_up(r, 1, 0, 0);
	link_up(r, 2, 1, 0);
	link_up(r, 3, 0, 1);
	assert_int_equal(r->up, 1);
	assert_int_equal(r->d.nlinks, 1);
	for (uint32_t link = 1; link <= 3; link++)
		root_comes(r, link, 0);
	root_comes(r, 1, 1);
	assert_int_equal(r->roots, 1);
	assert_true(tell(r, IMSG_LINK_STATE_DOWN, 3, NULL, 0));
	assert_int_equal(r->down, 0);
	assert_true(tell(r, IMSG_LINK_STATE_DOWN, 1, NULL, 0));
	assert_int_equal(r->down, 1);
	root_comes(r, 1, 0);
	assert_int_equal(r->roots, 1);
	assert_false(tell(r, IMSG_MAP_ASK, 1, NULL, 0));
}

/* Whatever becomes of a frame, gossipd may send as much again. */
static void
test_credit(void **state)
{
	struct rig *r = *state;
	const struct fake_msg *m;
	uint32_t n = 777;

	link_up(r, 1, 0, 0);
	for (uint32_t link = 1; link <= 2; link++) {
		assert_true(tell(r, IMSG_RECON_IN, link, "frame", 5));
		m = fake_last(IMSG_RECON_CREDIT);
		assert_int_equal(m->id, link);
		assert_int_equal(m->len, 4);
		assert_memory_equal(m->data, (&(uint32_t){ 5 }), 4);
	}
	assert_int_equal(r->frames, 1);
	assert_true(tell(r, IMSG_RECON_CREDIT, 1, &n, sizeof(n)));
	assert_true(tell(r, IMSG_RECON_CREDIT, 2, &n, sizeof(n)));
	assert_true(tell(r, IMSG_RECON_CREDIT, 1, &n, sizeof(n) - 1));
	assert_int_equal(r->sent, 777);
}

static void
test_bounded(void **state)
{
	struct rig *r = *state;

	for (uint32_t i = 1; i <= MAP_LINKS_MAX + 5; i++)
		link_up(r, i, 0, 0);
	assert_int_equal(r->d.nlinks, MAP_LINKS_MAX);
	assert_int_equal(r->up, MAP_LINKS_MAX);
	mapnet_forget(&r->d);
	assert_int_equal(r->d.nlinks, 0);
	assert_int_equal(r->down, MAP_LINKS_MAX);
	/* The core has no room: it is none of ours either. */
	r->no_room = true;
	link_up(r, 1, 0, 0);
	assert_int_equal(r->d.nlinks, 0);
}

/* That there was a node is written at once, and then not all the time. */
static void
test_met(void **state)
{
	struct rig *r = *state;

	mapnet_tick(&r->d);
	assert_int_equal(r->flushed, 0);
	link_up(r, 1, 0, 0);
	assert_int_equal(r->flushed, 1);
	for (unsigned int i = 0; i < 599; i++) {
		fake_mono += 1000;
		mapnet_tick(&r->d);
	}
	assert_int_equal(r->flushed, 1);
	assert_int_equal(r->d.met_ms, NOW0 + fake_mono);
	fake_mono += 1000;
	mapnet_tick(&r->d);
	assert_int_equal(r->flushed, 2);
}

/*
 * Any value of ours, for a day after the maps were equal; then only what was
 * written since there was a node that might know more.
 */
static void
test_renew_from(void **state)
{
	struct rig *r = *state;
	uint64_t met;

	assert_int_equal(mapnet_renew_from(&r->d), 0);	/* nobody, ever */
	link_up(r, 1, 0, 0);
	assert_int_equal(mapnet_renew_from(&r->d), NOW0 + fake_mono);
	r->agreed = fake_mono;
	mapnet_tick(&r->d);
	assert_int_equal(mapnet_renew_from(&r->d), 0);
	assert_true(tell(r, IMSG_LINK_STATE_DOWN, 1, NULL, 0));
	met = NOW0 + fake_mono;
	fake_mono += DAY_MS - 1;
	mapnet_tick(&r->d);
	assert_int_equal(mapnet_renew_from(&r->d), 0);
	fake_mono++;
	mapnet_tick(&r->d);
	assert_int_equal(mapnet_renew_from(&r->d), met);
	/* A clock set back makes no equal maps of the future. */
	fake_wall -= 3 * DAY_MS;
	assert_int_equal(mapnet_renew_from(&r->d), met);
}

static void
test_alone(void **state)
{
	struct rig *r = *state;

	assert_true(tell(r, IMSG_MAP_ALONE, 0, "\1", 1));
	assert_true(tell(r, IMSG_MAP_ALONE, 0, "\0", 1));
	assert_int_equal(r->alone, 1);
	mapnet_profile(&r->d);
	assert_int_equal(fake_last(IMSG_MAP_PROFILE)->len, 32);
	assert_memory_equal(fake_last(IMSG_MAP_PROFILE)->data + MESH_ID_LEN,
	    r->d.profile.id, PROFILE_ID_LEN);
}

int
main(void)
{
#define T(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_profiles),
		T(test_credit),
		T(test_bounded),
		T(test_met),
		T(test_renew_from),
		T(test_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* Roots, frames and deltas of the map between links and whoever keeps it. */
#include "common/nodeid.h"
#include "fake.h"
#include "micelio-gossipd/maplink.h"
#include "proto/m2.h"

static struct {
	unsigned int	 ups, downs, roots, frames, deltas, delta_sents, sent;
	bool		 alone;
	struct m2_root	 root;
	uint8_t		 author[32];
} told;

static void
up_cb(void *arg, uint32_t sid, const struct nodeid *id,
    const struct m2_setup *s)
{
	(void)arg;
	(void)id;
	assert_int_equal(sid, 1);
	assert_int_equal(s->profile[0], 7);
	told.ups++;
}

static void
down_cb(void *arg, uint32_t sid)
{
	(void)arg;
	(void)sid;
	told.downs++;
}

static void
root_cb(void *arg, uint32_t sid, const struct m2_root *r)
{
	(void)arg;
	(void)sid;
	told.roots++;
	told.root = *r;
}

static void
frame_cb(void *arg, uint32_t sid, const void *p, size_t n)
{
	(void)arg;
	(void)sid;
	(void)p;
	(void)n;
	told.frames++;
}

static void
sent_cb(void *arg, uint32_t sid, uint32_t bytes)
{
	(void)arg;
	(void)sid;
	told.sent += bytes;
}

static void
delta_cb(void *arg, const uint8_t pub[32], const void *p, size_t n)
{
	(void)arg;
	(void)p;
	(void)n;
	memcpy(told.author, pub, 32);
	told.deltas++;
}

static void
delta_sent_cb(void *arg)
{
	(void)arg;
	told.delta_sents++;
}

static void
alone_cb(void *arg, bool alone)
{
	(void)arg;
	told.alone = alone;
}

static const struct gossip_map_ops ops = { up_cb, down_cb, root_cb, frame_cb,
    sent_cb, delta_cb, delta_sent_cb, alone_cb };
static const uint8_t mesh_id[16], profile[16] = { 7 };

static void
link_in(struct fake *f, uint32_t sid, uint32_t type, const void *p, size_t n)
{
	struct wbuf e;

	wbuf_init(&e, FRAME_ROOM);
	m2_frame_write(&e, type, p, n);
	gossip_frame(f->g, f->now, sid, e.p, e.len);
	wbuf_free(&e);
}

static void
ctrl_in(struct fake *f, uint32_t sid, const struct m2_ctrl *c)
{
	struct wbuf p;

	wbuf_init(&p, FRAME_ROOM);
	m2_ctrl_write(&p, c);
	link_in(f, sid, MSG_LINK_CTRL, p.p, p.len);
	wbuf_free(&p);
}

static void
setup_in(struct fake *f, uint32_t sid, uint64_t caps)
{
	struct m2_ctrl c = { .has_setup = true };

	c.setup.version = 1;
	c.setup.caps = caps;
	memset(c.setup.salt, 0x5a, sizeof(c.setup.salt));
	memcpy(c.setup.profile, profile, sizeof(profile));
	ctrl_in(f, sid, &c);
}

static struct fake *
begin(struct ident *b)
{
	struct fake *f = fake_new(0);

	memset(&told, 0, sizeof(told));
	ident_make(b, 1);
	gossip_map_start(f->g, &ops);
	return f;
}

/* The last control frame to session 1 that says this. */
static bool
said(const struct fake *f, bool root, struct m2_ctrl *c)
{
	struct envelope e;

	for (size_t i = f->nsent; i-- > 0;)
		if (frame_went_to(&f->sent[i], 1) && envelope_read(&e,
		    f->sent[i].data, f->sent[i].len) &&
		    e.msg_type == MSG_LINK_CTRL &&
		    m2_ctrl_read(c, e.payload.p, e.payload.n) &&
		    (root ? c->has_root : c->has_setup))
			return true;
	return false;
}

static size_t
frames_of(const struct fake *f, uint32_t type)
{
	struct envelope e;
	size_t n = 0;

	for (size_t i = 0; i < f->nsent; i++)
		n += envelope_read(&e, f->sent[i].data, f->sent[i].len) &&
		    e.msg_type == type;
	return n;
}

static void
test_setup_waits_for_the_profile(void **state)
{
	struct ident b;
	struct fake *f = begin(&b);
	struct m2_ctrl c;

	(void)state;
	fake_connect_kin(f, 1, &b, "");
	fake_pass(f, 100);
	assert_false(said(f, false, &c));
	gossip_map_profile(f->g, f->now, mesh_id, profile);
	assert_true(said(f, false, &c));
	assert_memory_equal(c.setup.profile, profile, 16);
	assert_true((c.setup.caps & M2_CAP_STATE) != 0);
	/* The same again is no news; another one ends what was set up. */
	gossip_map_profile(f->g, f->now, mesh_id, profile);
	assert_int_equal(f->nclosed, 0);
	setup_in(f, 1, M2_CAP_TREES | M2_CAP_STATE);
	assert_int_equal(told.ups, 1);
	gossip_map_profile(f->g, f->now, mesh_id, mesh_id);
	assert_int_equal(fake_close_reason(f, 1), DOWN_REPLACED);
	assert_int_equal(told.downs, 1);
	fake_free(f);
}

/* Theirs may come first: nothing of a link goes before our own. */
static void
test_nothing_before_setup(void **state)
{
	struct ident b;
	struct fake *f = begin(&b);
	struct m2_ctrl c;

	(void)state;
	fake_connect_kin(f, 1, &b, "");
	setup_in(f, 1, M2_CAP_TREES | M2_CAP_STATE | M2_CAP_RECORDS);
	fake_pass(f, 200);
	assert_int_equal(frames_of(f, MSG_LINK_CTRL), 0);
	assert_int_equal(frames_of(f, MSG_PEER_RECORDS), 0);
	gossip_map_profile(f->g, f->now, mesh_id, profile);
	assert_true(said(f, false, &c));
	assert_true(c.window.n > 0);
	fake_free(f);
}

/* A store that is slow to open: the link is one of our kind all the same. */
static void
test_late_profile(void **state)
{
	struct ident b;
	struct fake *f = begin(&b);
	struct m2_ctrl c;

	(void)state;
	fake_connect_kin(f, 1, &b, "");
	fake_pass(f, 5000);
	assert_false(said(f, false, &c));
	gossip_map_profile(f->g, f->now, mesh_id, profile);
	assert_true(said(f, false, &c));
	fake_free(f);
}

static void
test_roots_and_frames(void **state)
{
	struct m2_ctrl c = { .has_root = true, .root = { .hour = 5,
	    .count = 9 } };
	struct m2_root own = { .hour = 6, .count = 3 };
	static uint8_t body[30000];
	struct ident b;
	struct fake *f = begin(&b);
	uint32_t before;

	(void)state;
	gossip_map_profile(f->g, f->now, mesh_id, profile);
	fake_connect_kin(f, 1, &b, "");
	/* Nothing of it before its time. */
	link_in(f, 1, MSG_RECONCILE, body, 10);
	assert_int_equal(told.frames, 0);
	setup_in(f, 1, M2_CAP_TREES | M2_CAP_STATE);
	ctrl_in(f, 1, &c);
	assert_int_equal(told.roots, 1);
	assert_int_equal(told.root.count, 9);
	gossip_map_root(f->g, f->now, 1, &own);
	fake_pass(f, 20);
	assert_true(said(f, true, &c));
	assert_int_equal(c.root.hour, 6);
	/* Little lies in transportd; the rest is told of when it goes. */
	fake_forget(f);
	for (int i = 0; i < 4; i++)
		gossip_map_send(f->g, f->now, 1, body, sizeof(body));
	assert_int_equal(frames_of(f, MSG_RECONCILE), 2);
	assert_int_equal(told.sent, 2 * sizeof(body));
	gossip_credit(f->g, 1, 64, SESSION_WINDOW_BYTES);
	gossip_credit(f->g, 1, 64, SESSION_WINDOW_BYTES);
	assert_int_equal(told.sent, 4 * sizeof(body));
	/* Who sends on and on is read no further. */
	f->credit_bytes = 0;
	for (int i = 0; i < 40; i++)
		link_in(f, 1, MSG_RECONCILE, body, sizeof(body));
	assert_int_equal(told.frames, 40);
	assert_true(f->credit_bytes < 20 * sizeof(body));
	before = f->credit_bytes;
	for (int i = 0; i < 40; i++)
		gossip_map_taken(f->g, 1, sizeof(body));
	assert_true(f->credit_bytes - before > 20 * sizeof(body));
	fake_free(f);
}

static void
test_deltas(void **state)
{
	static const uint8_t body[100];
	struct ident b;
	struct fake *f = begin(&b);

	(void)state;
	gossip_map_profile(f->g, f->now, mesh_id, profile);
	/* Nobody to hear it. */
	gossip_map_delta(f->g, f->now, body, sizeof(body));
	assert_int_equal(told.delta_sents, 1);
	fake_connect_kin(f, 1, &b, "");
	setup_in(f, 1, M2_CAP_TREES | M2_CAP_STATE);
	for (unsigned int i = 0; i < MAP_DELTA_BURST; i++) {
		gossip_map_delta(f->g, f->now, body, sizeof(body));
		fake_pump(f);
	}
	assert_int_equal(told.delta_sents, 1 + MAP_DELTA_BURST);
	assert_int_equal(frames_of(f, MSG_STATE_DELTA), MAP_DELTA_BURST);
	gossip_map_delta(f->g, f->now, body, sizeof(body));
	fake_pump(f);
	assert_int_equal(frames_of(f, MSG_STATE_DELTA), MAP_DELTA_BURST);
	fake_pass(f, 1000 / MAP_DELTA_RATE);
	fake_pump(f);
	assert_int_equal(frames_of(f, MSG_STATE_DELTA), MAP_DELTA_BURST + 1);
	fake_free(f);
}

static void
test_alone(void **state)
{
	struct ident b, c;
	struct fake *f = begin(&b);

	(void)state;
	ident_make(&c, 2);
	gossip_map_profile(f->g, f->now, mesh_id, profile);
	fake_connect(f, 2, &c);
	fake_pass(f, 1000);
	assert_true(told.alone);
	fake_connect_kin(f, 1, &b, "");
	setup_in(f, 1, M2_CAP_TREES | M2_CAP_STATE);
	assert_false(told.alone);
	gossip_session_down(f->g, f->now, 1, DOWN_EOF);
	assert_int_equal(told.downs, 1);
	assert_true(told.alone);
	fake_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_setup_waits_for_the_profile),
		cmocka_unit_test(test_nothing_before_setup),
		cmocka_unit_test(test_late_profile),
		cmocka_unit_test(test_roots_and_frames),
		cmocka_unit_test(test_deltas),
		cmocka_unit_test(test_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

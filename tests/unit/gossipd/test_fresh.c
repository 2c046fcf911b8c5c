/* SPDX-License-Identifier: MIT */
/* What is too old, too new or heard before, and our own clock (W4). */
#include <sodium.h>

#include "common/log.h"
#include "common/nodeid.h"
#include "mesh.h"
#include "micelio-gossipd/core.h"
#include "micelio-gossipd/envelope_out.h"
#include "micelio-gossipd/fresh.h"
#include "micelio-gossipd/seen.h"
#include "proto/m2.h"

/* W4: what is older than our memory of ids is not taken for new */
static void
test_stale(void **state)
{
	static const struct { int64_t s; bool taken; } t[] = {
		{ 0, true }, { -9 * 60, true }, { -51 * 60, false },
		{ 8 * 60, true }, { 10 * 60, false },
		{ -365 * 86400, false }, { INT64_MAX / 2, false },
	};
	unsigned int shown = 0;
	struct slice p;
	struct mesh m;
	char mid[16];
	size_t i;

	(void)state;
	mesh_open(&m);
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		snprintf(mid, sizeof(mid), "m%zu", i);
		p = chat_make("n", "t", (uint64_t)((int64_t)(START_WALL /
		    1000) + t[i].s));
		fake_frame(m.f, 1, env_make(&m.author, mid, MSG_CHAT, 10, p,
		    true));
		shown += t[i].taken;
		assert_int_equal(m.f->nchats, shown);
	}
	fake_jitter(m.f);
	assert_int_equal(m.f->nsent, shown);
	assert_int_equal(drops(&m, DROP_STALE), 4);
	assert_true(fake_event(m.f, EV_MESSAGE_REFUSED, "check=stale"));
	/* a refused one costs no second check */
	i = m.f->nverifies;
	fake_frame(m.f, 2, env_make(&m.author, "m2", MSG_CHAT, 10,
	    chat_make("n", "t", START_WALL / 1000 - 51 * 60), true));
	assert_int_equal(m.f->nverifies, i);
	fake_free(m.f);
}

/* What is said in a room has a time as well: it is passed on all the same. */
static void
test_room(void **state)
{
	static const struct { int64_t s; bool shown; } t[] = {
		{ 0, true }, { -49 * 60, true }, { -51 * 60, false },
		{ 8 * 60, true }, { 10 * 60, false },
	};
	char mid[UUID_LEN + 1];
	size_t shown = 0, i;
	struct slice p;
	struct mesh m;

	(void)state;
	mesh_open(&m);
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		snprintf(mid, sizeof(mid),
		    "00000000-0000-4000-8000-%012zu", i);
		p = room_make("n", "t", (uint64_t)((int64_t)(START_WALL /
		    1000) + t[i].s));
		fake_frame(m.f, 1, env_make(&m.author, mid, MSG_ROOM, 10, p,
		    true));
		shown += t[i].shown;
		assert_int_equal(m.f->nrooms, shown);
	}
	assert_int_equal(m.f->g->count.talk_bad, i - shown);
	fake_jitter(m.f);
	assert_int_equal(m.f->nsent, i);
	fake_free(m.f);
}

/* A line is not taken twice, however long after. */
static void
test_replay(void **state)
{
	uint8_t raw[4096];
	struct slice s;
	struct mesh m;
	size_t n;
	int i;

	(void)state;
	mesh_open(&m);
	/* from a clock that is eight minutes ahead */
	s = env_make(&m.author, "m", MSG_CHAT, 10, chat_make("n", "t",
	    START_WALL / 1000 + 8 * 60), true);
	n = s.n;
	memcpy(raw, s.p, n);
	for (i = 0; i < 24 * 60; i++) {
		gossip_frame(m.f->g, m.f->now, 1, raw, n);
		fake_pass(m.f, 60000);
	}
	assert_int_equal(m.f->nchats, 1);
	assert_int_equal(m.f->nsent, 1);
	fake_free(m.f);
}

/* A message with a clock is taken for four minutes, remembered for six. */
static void
test_clocked(void **state)
{
	const uint64_t now = START_WALL;
	struct slice old;
	uint8_t copy[1024];
	struct mesh m;

	(void)state;
	mesh_open(&m);
	fake_frame(m.f, 1, clocked_env(&m.author, "a", now - CLOCK_PAST_MS));
	fake_frame(m.f, 1, clocked_env(&m.author, "b", now +
	    CLOCK_FUTURE_MS));
	assert_int_equal(m.f->nchats, 2);
	fake_frame(m.f, 1, clocked_env(&m.author, "c", now - CLOCK_PAST_MS -
	    1));
	fake_frame(m.f, 1, clocked_env(&m.author, "d", now +
	    CLOCK_FUTURE_MS + 1));
	fake_frame(m.f, 1, clocked_env(&m.author, "e",
	    (UINT64_C(1) << 48) - 1));
	assert_int_equal(m.f->nchats, 2);
	assert_int_equal(drops(&m, DROP_STALE), 3);
	/* neither taken twice while remembered nor when forgotten */
	old = clocked_env(&m.author, "f", now + CLOCK_FUTURE_MS);
	memcpy(copy, old.p, old.n);
	old.p = copy;
	fake_frame(m.f, 1, old);
	assert_int_equal(m.f->nchats, 3);
	fake_pass(m.f, CLOCK_PAST_MS);
	fake_frame(m.f, 2, old);
	assert_int_equal(drops(&m, DROP_DUPLICATE), 1);
	fake_pass(m.f, SEEN_CLOCKED_MS + SWEEP_MS - CLOCK_PAST_MS);
	assert_int_equal(seen_count(&m.f->g->seen), 0);
	fake_frame(m.f, 2, old);
	assert_int_equal(drops(&m, DROP_STALE), 4);
	assert_int_equal(m.f->nchats, 3);
	fake_free(m.f);
}

/* Our clock only runs forward, and is none before it was set. */
static void
test_hlc(void **state)
{
	struct fake *f = fake_new(0);
	uint64_t a, b;

	(void)state;
	a = hlc_next(f->g);
	assert_true(a == START_WALL << 16);
	assert_true(hlc_next(f->g) == a + 1);
	f->g->now.wall -= 5000;
	assert_true(hlc_next(f->g) == a + 2);
	f->g->now.wall += 6000;
	b = hlc_next(f->g);
	assert_true(b == (START_WALL + 1000) << 16);
	f->g->now.wall = 1000;
	assert_true(hlc_next(f->g) == 0);
	fake_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stale),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_replay),
		cmocka_unit_test(test_clocked),
		cmocka_unit_test(test_hlc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

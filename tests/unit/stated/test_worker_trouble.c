/* SPDX-License-Identifier: MIT */
/* What the worker does when the store is full, damaged or too new. */
#include "workrig.h"

/* Full: all are told, nothing happened, and when there is room it goes on. */
static void
test_full(void **state)
{
	struct rig *r = *state;
	struct worker_stat st;
	struct task holder, a, b, c;

	rig_go(r);
	rig_hold(r, &holder);
	task_put(&a, r, 1);
	task_put(&b, r, 2);
	b.fails = 1;
	b.fail = STORE_FULL;
	task_submit(r, &a);
	task_submit(r, &b);
	rig_let_go(r);
	rig_pump(r, 3);
	assert_int_equal(a.job.result, STORE_FULL);
	assert_int_equal(b.job.result, STORE_FULL);
	worker_get_stat(r->w, &st);
	assert_string_equal(worker_state_text(&st), "full");
	assert_int_equal(st.failures, 1);
	assert_int_equal(rig_get(r, "k1"), STORE_NOTFOUND);
	task_put(&c, r, 3);
	task_submit(r, &c);
	rig_pump(r, 5);
	assert_int_equal(c.job.result, STORE_OK);
	rig_pump_event(r, "well");
	assert_string_equal(r->events, "open trouble well ");
	worker_get_stat(r->w, &st);
	assert_string_equal(worker_state_text(&st), "ok");
}

static void
test_open_fails(void **state)
{
	struct rig *r = *state;
	struct task a;

	store_mem_fail_open(r->s, 2, STORE_FULL);
	task_put(&a, r, 1);
	task_submit(r, &a);
	rig_go(r);
	rig_pump(r, 1);
	assert_int_equal(a.job.result, STORE_FULL);
	rig_pump_event(r, "open");
	assert_string_equal(r->events, "trouble trouble open ");
	task_put(&a, r, 1);
	task_submit(r, &a);
	rig_pump(r, 2);
	assert_int_equal(a.job.result, STORE_OK);
}

/* A panic that recovery mends: the job never hears of it. */
static void
test_mended(void **state)
{
	struct rig *r = *state;
	struct task a, b;

	rig_go(r);
	task_put(&a, r, 1);
	task_submit(r, &a);
	rig_pump(r, 1);
	task_put(&b, r, 2);
	b.fails = 1;
	b.fail = STORE_DAMAGED;
	task_submit(r, &b);
	rig_pump(r, 2);
	assert_int_equal(b.job.result, STORE_OK);
	assert_int_equal(b.runs, 2);
	assert_string_equal(r->events, "open open ");
	assert_int_equal(rig_get(r, "k1"), STORE_OK);
}

/* One that it does not mend, when reading or writing: set aside, go on. */
static void
test_not_mended(void **state)
{
	struct rig *r = *state;
	struct worker_stat st;
	struct task a, b;

	rig_go(r);
	task_put(&a, r, 1);
	task_submit(r, &a);
	rig_pump(r, 1);
	task_get(&b, r, "k1");
	b.fails = 2;
	b.fail = STORE_DAMAGED;
	task_submit(r, &b);
	rig_pump(r, 2);
	assert_int_equal(b.job.result, STORE_NOTFOUND);	/* an empty one */
	assert_string_equal(r->events, "open open aside ");
	assert_memory_equal(r->aside, "state.damaged-2", 15);
	assert_int_equal(strlen(r->aside),
	    strlen("state.damaged-20261121T072031Z"));
	worker_get_stat(r->w, &st);
	assert_string_equal(worker_state_text(&st), "damaged");
	assert_string_equal(st.set_aside, r->aside);
	task_put(&a, r, 1);
	task_submit(r, &a);
	rig_pump(r, 3);
	assert_int_equal(a.job.result, STORE_OK);
}

static void
test_damaged_at_open(void **state)
{
	struct rig *r = *state;
	struct task a;

	store_mem_fail_open(r->s, 1, STORE_DAMAGED);
	task_put(&a, r, 1);
	task_submit(r, &a);
	rig_go(r);
	rig_pump(r, 1);
	assert_int_equal(a.job.result, STORE_OK);
	assert_string_equal(r->events, "aside open ");
}

/* A disk that damages everything is not filled with copies. */
static void
test_set_asides_bounded(void **state)
{
	struct rig *r = *state;
	struct worker_stat st;
	struct task t;
	const char *at;
	unsigned int asides = 0;
	uint64_t end = mono_ms() + RIG_DEADLINE_MS;

	rig_go(r);
	for (unsigned int tried = 0; tried < 3; tried += t.runs > 0) {
		/* None is run while the store waits to be opened again. */
		assert_true(mono_ms() < end);
		task_put(&t, r, 1);
		t.fails = 99;
		t.fail = STORE_DAMAGED;
		task_submit(r, &t);
		rig_pump(r, r->done + 1);
		assert_int_not_equal(t.job.result, STORE_OK);
	}
	for (at = r->events; (at = strstr(at, "aside")) != NULL; at++)
		asides++;
	assert_int_equal(asides, 3);
	worker_get_stat(r->w, &st);
	assert_int_equal(st.state, WORKER_IS_FAILING);
	/* Nor does it try for ever. */
	(void)poll(NULL, 0, 5);
	task_put(&t, r, 1);
	task_submit(r, &t);
	rig_pump(r, r->done + 1);
	assert_int_equal(t.runs, 0);
	assert_int_equal(t.job.result, STORE_DAMAGED);
}

static void
test_newer(void **state)
{
	struct rig *r = *state;
	const uint8_t newer[4] = { 0, 0, 0, STORE_SCHEMA + 1 };
	struct task a;

	assert_int_equal(store_open(r->s), STORE_OK);
	assert_int_equal(store_begin(r->s), STORE_OK);
	assert_int_equal(store_put(r->s, STORE_META_TABLE, STORE_SCHEMA_KEY,
	    strlen(STORE_SCHEMA_KEY), newer, 4), STORE_OK);
	assert_int_equal(store_commit(r->s), STORE_OK);
	store_close(r->s);
	task_put(&a, r, 1);
	task_submit(r, &a);
	rig_go(r);
	rig_pump(r, 1);
	assert_int_equal(a.job.result, STORE_NEWER);
	worker_stop(r->w);
	rig_pump_event(r, "stopped");
	assert_string_equal(r->events, "newer stopped ");
}

/* Real damage, found while running. */
static void
test_page_damaged(void **state)
{
	struct rig *r = *state;
	char value[4000];
	struct task a;
	char key[16];

	assert_int_equal(store_open(r->s), STORE_OK);
	memset(value, 'v', sizeof(value));
	assert_int_equal(store_begin(r->s), STORE_OK);
	for (unsigned int i = 0; i < 200; i++) {
		snprintf(key, sizeof(key), "k%03u", i);
		assert_int_equal(store_put(r->s, RIG_TABLE, key, 4, value, 900),
		    STORE_OK);
	}
	assert_int_equal(store_commit(r->s), STORE_OK);
	store_close(r->s);
	for (long at = 4096 + 200; at < file_size(r->where.db, RIG_TABLE ".db");
	    at += 4096)
		file_smash(r->where.db, RIG_TABLE ".db", at, 16);
	rig_go(r);
	task_get(&a, r, "k100");
	task_submit(r, &a);
	rig_pump(r, 1);
	assert_int_equal(a.job.result, STORE_NOTFOUND);
	assert_non_null(strstr(r->events, "aside"));
	assert_int_equal(dir_count(r->where.top, r->aside, NULL, 0), 1);
	task_put(&a, r, 1);
	task_submit(r, &a);
	rig_pump(r, 2);
	assert_int_equal(a.job.result, STORE_OK);
}

int
main(void)
{
#define M(f)	cmocka_unit_test_setup_teardown(f, rig_setup_mem, rig_teardown)
#define B(f)	{ "bdb: " #f, f, rig_setup_bdb, rig_teardown, NULL }
	const struct CMUnitTest tests[] = {
		M(test_full),
		M(test_open_fails),
		M(test_mended),
		M(test_not_mended),
		M(test_damaged_at_open),
		M(test_set_asides_bounded),
		M(test_newer), B(test_newer),
		B(test_page_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

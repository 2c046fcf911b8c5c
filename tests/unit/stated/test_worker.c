/* SPDX-License-Identifier: MIT */
/* The worker's jobs: groups, and that the loop's side never waits. */
#include "workrig.h"

#define GROUP	200u

/*
 * While one job is at the disk others gather, and one transaction takes them
 * all; the loop's side returns at once meanwhile.
 */
static void
test_group(void **state)
{
	struct rig *r = *state;
	static struct task holder, t[GROUP];
	struct worker_stat st;
	uint64_t before;
	bool free_already;

	rig_go(r);
	rig_hold(r, &holder);
	worker_get_stat(r->w, &st);
	before = st.commits;
	for (unsigned int i = 0; i < GROUP; i++) {
		task_put(&t[i], r, i);
		task_submit(r, &t[i]);
		worker_dispatch(r->w);
	}
	worker_get_stat(r->w, &st);
	assert_int_equal(st.queued, GROUP);
	assert_int_equal(r->done, 0);	/* nobody is told too early */
	pthread_mutex_lock(&r->lock);
	free_already = r->let_go;
	pthread_mutex_unlock(&r->lock);
	assert_false(free_already);	/* all that while it was held */
	rig_let_go(r);
	rig_pump(r, 1 + GROUP);
	worker_get_stat(r->w, &st);
	assert_int_equal(st.commits, before + 1);
	for (unsigned int i = 0; i < GROUP; i++) {
		assert_int_equal(t[i].job.result, STORE_OK);
		assert_int_equal(t[i].order, 2 + i);
	}
	assert_int_equal(rig_get(r, "k0"), STORE_OK);
	assert_int_equal(rig_get(r, "k199"), STORE_OK);
	assert_int_equal(rig_get(r, "other"), STORE_NOTFOUND);
}

/* A read sees what was submitted before it. */
static void
test_order(void **state)
{
	struct rig *r = *state;
	struct task holder, a, b, c, d;

	rig_go(r);
	rig_hold(r, &holder);
	task_put(&a, r, 1);
	task_get(&b, r, "k1");
	task_get(&c, r, "k2");
	task_put(&d, r, 2);
	task_submit(r, &a);
	task_submit(r, &b);
	task_submit(r, &c);
	task_submit(r, &d);
	rig_let_go(r);
	rig_pump(r, 5);
	assert_int_equal(b.job.result, STORE_OK);
	assert_int_equal(c.job.result, STORE_NOTFOUND);
	assert_int_equal(d.order, 5);
}

static void
test_queue_bounded(void **state)
{
	struct rig *r = *state;
	static struct task holder, t[WORKER_QUEUE_MAX + 1];

	rig_go(r);
	rig_hold(r, &holder);
	for (unsigned int i = 0; i <= WORKER_QUEUE_MAX; i++) {
		task_put(&t[i], r, i % 10);
		assert_int_equal(worker_submit(r->w, &t[i].job),
		    i < WORKER_QUEUE_MAX);
	}
	rig_let_go(r);
	rig_pump(r, 1 + WORKER_QUEUE_MAX);
	assert_int_equal(t[WORKER_QUEUE_MAX - 1].job.result, STORE_OK);
	task_submit(r, &t[WORKER_QUEUE_MAX]);
	rig_pump(r, 2 + WORKER_QUEUE_MAX);
}

/* One bad job spoils nobody's but its own. */
static void
test_bad_job(void **state)
{
	struct rig *r = *state;
	struct task holder, t[10];

	rig_go(r);
	rig_hold(r, &holder);
	for (unsigned int i = 0; i < 10; i++) {
		task_put(&t[i], r, i);
		if (i == 4) {
			t[i].fails = 99;
			t[i].fail = STORE_INVAL;
		}
		task_submit(r, &t[i]);
	}
	rig_let_go(r);
	rig_pump(r, 11);
	for (unsigned int i = 0; i < 10; i++)
		assert_int_equal(t[i].job.result,
		    i == 4 ? STORE_INVAL : STORE_OK);
	assert_int_equal(rig_get(r, "k4"), STORE_NOTFOUND);
	assert_int_equal(rig_get(r, "k9"), STORE_OK);
	assert_string_equal(r->events, "open ");
}

/* Jobs wait for the opening, whatever comes of it. */
static void
test_waits_for_open(void **state)
{
	struct rig *r = *state;
	struct worker_stat st;
	struct task a, b;

	task_put(&a, r, 1);
	task_get(&b, r, "k1");
	assert_true(worker_start(r->w));
	task_submit(r, &a);
	task_submit(r, &b);
	worker_dispatch(r->w);
	assert_int_equal(r->done, 0);
	worker_open(r->w);
	rig_pump(r, 2);
	assert_int_equal(a.job.result, STORE_OK);
	assert_int_equal(b.job.result, STORE_OK);
	worker_get_stat(r->w, &st);
	assert_string_equal(worker_state_text(&st), "ok");
}

/* What was handed over before the end is done, and the end comes last. */
static void
test_stop_drains(void **state)
{
	struct rig *r = *state;
	static struct task t[300];
	struct worker_stat st;

	for (unsigned int i = 0; i < 300; i++) {
		task_put(&t[i], r, i);
		task_submit(r, &t[i]);
	}
	rig_go(r);
	worker_stop(r->w);
	assert_false(worker_submit(r->w, &t[0].job));
	rig_pump_event(r, "stopped");
	assert_int_equal(r->done, 300);
	for (unsigned int i = 0; i < 300; i++)
		assert_int_equal(t[i].job.result, STORE_OK);
	worker_get_stat(r->w, &st);
	assert_int_equal(st.queued, 0);
	assert_string_equal(worker_state_text(&st), "closed");
	assert_int_equal(store_open(r->s), STORE_OK);
	assert_value(r->s, RIG_TABLE, "k299", "k299");
	assert_false(r->s->recovered);
}

/* The end of the process without an orderly end: nobody is forgotten. */
static void
test_free_gives_back(void **state)
{
	struct rig *r = *state;
	struct task a;

	task_put(&a, r, 1);
	task_submit(r, &a);
	worker_free(r->w);
	assert_int_equal(r->done, 1);
	assert_int_equal(a.job.result, STORE_FAILED);
	*r = (struct rig){ .where = r->where };
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->cond, NULL);
}

/* A checkpoint comes by itself soon after a commit, and only then. */
static void
test_checkpoint(void **state)
{
	struct rig *r = *state;
	struct worker_stat st;
	uint64_t end = mono_ms() + RIG_DEADLINE_MS;
	struct task a;

	rig_go(r);
	task_put(&a, r, 1);
	task_submit(r, &a);
	rig_pump(r, 1);
	do {
		(void)poll(NULL, 0, 1);
		worker_get_stat(r->w, &st);
		assert_true(mono_ms() < end);
	} while (st.checkpoints == 0);
	assert_true(st.last_checkpoint != 0);
	assert_true(st.bytes > 8192);
	assert_int_equal(rig_get(r, "k1"), STORE_OK);
	worker_get_stat(r->w, &st);
	assert_int_equal(st.checkpoints, 1);
}

int
main(void)
{
#define M(f)	cmocka_unit_test_setup_teardown(f, rig_setup_mem, rig_teardown)
#define B(f)	{ "bdb: " #f, f, rig_setup_bdb, rig_teardown, NULL }
	const struct CMUnitTest tests[] = {
		M(test_group), B(test_group),
		M(test_order), B(test_order),
		M(test_queue_bounded),
		M(test_bad_job), B(test_bad_job),
		M(test_waits_for_open), B(test_waits_for_open),
		M(test_stop_drains), B(test_stop_drains),
		M(test_free_gives_back),
		B(test_checkpoint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

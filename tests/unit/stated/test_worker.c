/* SPDX-License-Identifier: MIT */
/*
 * The worker: groups, what happens in trouble, and that the loop's side never
 * waits.  Mostly over the store in memory, which fails when told to.
 */
#include <poll.h>
#include <pthread.h>

#include "stated_test.h"

#include "mtime.h"
#include "worker.h"

#define DEADLINE_MS	20000u
#define TABLE		"t"

struct rig {
	struct scratch	 where;
	struct store	*s;
	struct worker	*w;
	char		 events[512];
	char		 aside[WORKER_NAME_MAX];
	unsigned int	 done;
	bool		 stopped;
	/* A job that holds the worker until it is let go. */
	pthread_mutex_t	 lock;
	pthread_cond_t	 cond;
	bool		 held, let_go;
};

struct task {
	struct job	 job;	/* first: cast */
	struct rig	*rig;
	char		 key[16];
	unsigned int	 runs, fails;
	enum store_err	 fail;
	size_t		 order;	/* 1..: came back as this one */
};

static void
notice_cb(const struct worker_notice *n, void *arg)
{
	static const char *const names[] = {
		[WORKER_EV_PROGRESS] = "", [WORKER_EV_OPEN] = "open ",
		[WORKER_EV_SET_ASIDE] = "aside ",
		[WORKER_EV_TROUBLE] = "trouble ", [WORKER_EV_WELL] = "well ",
		[WORKER_EV_NEWER] = "newer ", [WORKER_EV_STOPPED] = "stopped ",
	};
	struct rig *r = arg;
	size_t len = strlen(r->events);

	assert_true(n->event < WORKER_EV_MAX);
	assert_false(r->stopped);
	snprintf(r->events + len, sizeof(r->events) - len, "%s",
	    names[n->event]);
	if (n->event == WORKER_EV_SET_ASIDE)
		snprintf(r->aside, sizeof(r->aside), "%s", n->text);
	r->stopped = n->event == WORKER_EV_STOPPED;
}

static struct rig *
rig_new(struct store *(*make)(const struct store_config *))
{
	struct rig *r = calloc(1, sizeof(*r));
	struct worker_config wc = { .checkpoint_ms = 1000000, .retry_ms = 1,
	    .notice = notice_cb, .arg = r };
	struct store_config sc;

	assert_non_null(r);
	scratch_make(&r->where);
	sc = (struct store_config)STORE_CONFIG_SMALL(r->where.db);
	r->s = make(&sc);
	assert_non_null(r->s);
	if (make == store_bdb_new)
		wc.checkpoint_ms = 1;
	r->w = worker_new(r->s, &wc);
	assert_non_null(r->w);
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->cond, NULL);
	return r;
}

static int
setup_mem(void **state)
{
	*state = rig_new(store_mem_new);
	return 0;
}

static int
setup_bdb(void **state)
{
	*state = rig_new(store_bdb_new);
	return 0;
}

static void
let_go(struct rig *r)
{
	pthread_mutex_lock(&r->lock);
	r->let_go = true;
	pthread_cond_broadcast(&r->cond);
	pthread_mutex_unlock(&r->lock);
}

static int
teardown(void **state)
{
	struct rig *r = *state;

	let_go(r);
	worker_free(r->w);
	scratch_remove(&r->where);
	free(r);
	return 0;
}

/* Dispatch until enough jobs came back; a deadline, not a delay. */
static void
pump(struct rig *r, unsigned int done)
{
	struct pollfd p = { .fd = worker_fd(r->w), .events = POLLIN };
	uint64_t end = mono_ms() + DEADLINE_MS;

	while (r->done < done) {
		assert_true(mono_ms() < end);
		(void)poll(&p, 1, 1000);
		worker_dispatch(r->w);
	}
}

static void
pump_event(struct rig *r, const char *event)
{
	struct pollfd p = { .fd = worker_fd(r->w), .events = POLLIN };
	uint64_t end = mono_ms() + DEADLINE_MS;

	while (strstr(r->events, event) == NULL) {
		assert_true(mono_ms() < end);
		(void)poll(&p, 1, 1000);
		worker_dispatch(r->w);
	}
}

static enum store_err
put_run(struct store *s, struct job *j)
{
	struct task *t = (struct task *)(void *)j;

	if (t->runs++ < t->fails) {
		if (t->fail == STORE_INVAL)
			return STORE_INVAL;
		store_mem_fail(s, 0, t->fail);
	}
	return store_put(s, TABLE, t->key, strlen(t->key), t->key,
	    strlen(t->key));
}

static enum store_err
get_run(struct store *s, struct job *j)
{
	struct task *t = (struct task *)(void *)j;
	char buf[16];
	size_t n;

	if (t->runs++ < t->fails)
		store_mem_fail(s, 0, t->fail);
	return store_get(s, TABLE, t->key, strlen(t->key), buf, sizeof(buf),
	    &n);
}

static enum store_err
hold_run(struct store *s, struct job *j)
{
	struct rig *r = ((struct task *)(void *)j)->rig;

	(void)s;
	pthread_mutex_lock(&r->lock);
	r->held = true;
	pthread_cond_broadcast(&r->cond);
	while (!r->let_go)
		pthread_cond_wait(&r->cond, &r->lock);
	pthread_mutex_unlock(&r->lock);
	return STORE_OK;
}

static void
done_cb(struct job *j, void *arg)
{
	struct rig *r = arg;

	((struct task *)(void *)j)->order = ++r->done;
}

static void
task_set(struct task *t, struct rig *r, enum job_kind kind,
    enum store_err (*run)(struct store *, struct job *), const char *key)
{
	memset(t, 0, sizeof(*t));
	t->rig = r;
	t->job.kind = kind;
	t->job.run = run;
	t->job.done = done_cb;
	t->job.arg = r;
	t->job.result = 99;
	snprintf(t->key, sizeof(t->key), "%s", key);
}

static void
put_set(struct task *t, struct rig *r, unsigned int n)
{
	char key[16];

	snprintf(key, sizeof(key), "k%u", n);
	task_set(t, r, JOB_WRITE, put_run, key);
}

static void
submit(struct rig *r, struct task *t)
{
	assert_true(worker_submit(r->w, &t->job));
}

static void
go(struct rig *r)
{
	assert_true(worker_start(r->w));
	worker_open(r->w);
}

/* The worker is inside a job that does not end. */
static void
hold(struct rig *r, struct task *t)
{
	task_set(t, r, JOB_READ, hold_run, "hold");
	submit(r, t);
	pthread_mutex_lock(&r->lock);
	while (!r->held)
		pthread_cond_wait(&r->cond, &r->lock);
	pthread_mutex_unlock(&r->lock);
}

static enum store_err
get_now(struct rig *r, const char *key)
{
	struct task t;

	task_set(&t, r, JOB_READ, get_run, key);
	submit(r, &t);
	pump(r, r->done + 1);
	return t.job.result;
}

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

	go(r);
	hold(r, &holder);
	worker_get_stat(r->w, &st);
	before = st.commits;
	for (unsigned int i = 0; i < GROUP; i++) {
		put_set(&t[i], r, i);
		submit(r, &t[i]);
		worker_dispatch(r->w);
	}
	worker_get_stat(r->w, &st);
	assert_int_equal(st.queued, GROUP);
	assert_int_equal(r->done, 0);	/* nobody is told too early */
	pthread_mutex_lock(&r->lock);
	free_already = r->let_go;
	pthread_mutex_unlock(&r->lock);
	assert_false(free_already);	/* all that while it was held */
	let_go(r);
	pump(r, 1 + GROUP);
	worker_get_stat(r->w, &st);
	assert_int_equal(st.commits, before + 1);
	for (unsigned int i = 0; i < GROUP; i++) {
		assert_int_equal(t[i].job.result, STORE_OK);
		assert_int_equal(t[i].order, 2 + i);
	}
	assert_int_equal(get_now(r, "k0"), STORE_OK);
	assert_int_equal(get_now(r, "k199"), STORE_OK);
	assert_int_equal(get_now(r, "other"), STORE_NOTFOUND);
}

/* A read sees what was submitted before it. */
static void
test_order(void **state)
{
	struct rig *r = *state;
	struct task holder, a, b, c, d;

	go(r);
	hold(r, &holder);
	put_set(&a, r, 1);
	task_set(&b, r, JOB_READ, get_run, "k1");
	task_set(&c, r, JOB_READ, get_run, "k2");
	put_set(&d, r, 2);
	submit(r, &a);
	submit(r, &b);
	submit(r, &c);
	submit(r, &d);
	let_go(r);
	pump(r, 5);
	assert_int_equal(b.job.result, STORE_OK);
	assert_int_equal(c.job.result, STORE_NOTFOUND);
	assert_int_equal(d.order, 5);
}

static void
test_queue_bounded(void **state)
{
	struct rig *r = *state;
	static struct task holder, t[WORKER_QUEUE_MAX + 1];

	go(r);
	hold(r, &holder);
	for (unsigned int i = 0; i <= WORKER_QUEUE_MAX; i++) {
		put_set(&t[i], r, i % 10);
		assert_int_equal(worker_submit(r->w, &t[i].job),
		    i < WORKER_QUEUE_MAX);
	}
	let_go(r);
	pump(r, 1 + WORKER_QUEUE_MAX);
	assert_int_equal(t[WORKER_QUEUE_MAX - 1].job.result, STORE_OK);
	submit(r, &t[WORKER_QUEUE_MAX]);
	pump(r, 2 + WORKER_QUEUE_MAX);
}

/* One bad job spoils nobody's but its own. */
static void
test_bad_job(void **state)
{
	struct rig *r = *state;
	struct task holder, t[10];

	go(r);
	hold(r, &holder);
	for (unsigned int i = 0; i < 10; i++) {
		put_set(&t[i], r, i);
		if (i == 4) {
			t[i].fails = 99;
			t[i].fail = STORE_INVAL;
		}
		submit(r, &t[i]);
	}
	let_go(r);
	pump(r, 11);
	for (unsigned int i = 0; i < 10; i++)
		assert_int_equal(t[i].job.result,
		    i == 4 ? STORE_INVAL : STORE_OK);
	assert_int_equal(get_now(r, "k4"), STORE_NOTFOUND);
	assert_int_equal(get_now(r, "k9"), STORE_OK);
	assert_string_equal(r->events, "open ");
}

/* Jobs wait for the opening, whatever comes of it. */
static void
test_waits_for_open(void **state)
{
	struct rig *r = *state;
	struct worker_stat st;
	struct task a, b;

	put_set(&a, r, 1);
	task_set(&b, r, JOB_READ, get_run, "k1");
	assert_true(worker_start(r->w));
	submit(r, &a);
	submit(r, &b);
	worker_dispatch(r->w);
	assert_int_equal(r->done, 0);
	worker_open(r->w);
	pump(r, 2);
	assert_int_equal(a.job.result, STORE_OK);
	assert_int_equal(b.job.result, STORE_OK);
	worker_get_stat(r->w, &st);
	assert_string_equal(worker_state_text(&st), "ok");
}

/* Full: all are told, nothing happened, and when there is room it goes on. */
static void
test_full(void **state)
{
	struct rig *r = *state;
	struct worker_stat st;
	struct task holder, a, b, c;

	go(r);
	hold(r, &holder);
	put_set(&a, r, 1);
	put_set(&b, r, 2);
	b.fails = 1;
	b.fail = STORE_FULL;
	submit(r, &a);
	submit(r, &b);
	let_go(r);
	pump(r, 3);
	assert_int_equal(a.job.result, STORE_FULL);
	assert_int_equal(b.job.result, STORE_FULL);
	worker_get_stat(r->w, &st);
	assert_string_equal(worker_state_text(&st), "full");
	assert_int_equal(st.failures, 1);
	assert_int_equal(get_now(r, "k1"), STORE_NOTFOUND);
	put_set(&c, r, 3);
	submit(r, &c);
	pump(r, 5);
	assert_int_equal(c.job.result, STORE_OK);
	pump_event(r, "well");
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
	put_set(&a, r, 1);
	submit(r, &a);
	go(r);
	pump(r, 1);
	assert_int_equal(a.job.result, STORE_FULL);
	pump_event(r, "open");
	assert_string_equal(r->events, "trouble trouble open ");
	put_set(&a, r, 1);
	submit(r, &a);
	pump(r, 2);
	assert_int_equal(a.job.result, STORE_OK);
}

/* A panic that recovery mends: the job never hears of it. */
static void
test_mended(void **state)
{
	struct rig *r = *state;
	struct task a, b;

	go(r);
	put_set(&a, r, 1);
	submit(r, &a);
	pump(r, 1);
	put_set(&b, r, 2);
	b.fails = 1;
	b.fail = STORE_DAMAGED;
	submit(r, &b);
	pump(r, 2);
	assert_int_equal(b.job.result, STORE_OK);
	assert_int_equal(b.runs, 2);
	assert_string_equal(r->events, "open open ");
	assert_int_equal(get_now(r, "k1"), STORE_OK);
}

/* One that it does not mend, when reading or writing: set aside, go on. */
static void
test_not_mended(void **state)
{
	struct rig *r = *state;
	struct worker_stat st;
	struct task a, b;

	go(r);
	put_set(&a, r, 1);
	submit(r, &a);
	pump(r, 1);
	task_set(&b, r, JOB_READ, get_run, "k1");
	b.fails = 2;
	b.fail = STORE_DAMAGED;
	submit(r, &b);
	pump(r, 2);
	assert_int_equal(b.job.result, STORE_NOTFOUND);	/* an empty one */
	assert_string_equal(r->events, "open open aside ");
	assert_memory_equal(r->aside, "state.damaged-2", 15);
	assert_int_equal(strlen(r->aside),
	    strlen("state.damaged-20261121T072031Z"));
	worker_get_stat(r->w, &st);
	assert_string_equal(worker_state_text(&st), "damaged");
	assert_string_equal(st.set_aside, r->aside);
	put_set(&a, r, 1);
	submit(r, &a);
	pump(r, 3);
	assert_int_equal(a.job.result, STORE_OK);
}

static void
test_damaged_at_open(void **state)
{
	struct rig *r = *state;
	struct task a;

	store_mem_fail_open(r->s, 1, STORE_DAMAGED);
	put_set(&a, r, 1);
	submit(r, &a);
	go(r);
	pump(r, 1);
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
	uint64_t end = mono_ms() + DEADLINE_MS;

	go(r);
	for (unsigned int tried = 0; tried < 3; tried += t.runs > 0) {
		/* None is run while the store waits to be opened again. */
		assert_true(mono_ms() < end);
		put_set(&t, r, 1);
		t.fails = 99;
		t.fail = STORE_DAMAGED;
		submit(r, &t);
		pump(r, r->done + 1);
		assert_int_not_equal(t.job.result, STORE_OK);
	}
	for (at = r->events; (at = strstr(at, "aside")) != NULL; at++)
		asides++;
	assert_int_equal(asides, 3);
	worker_get_stat(r->w, &st);
	assert_int_equal(st.state, WORKER_IS_FAILING);
	/* Nor does it try for ever. */
	(void)poll(NULL, 0, 5);
	put_set(&t, r, 1);
	submit(r, &t);
	pump(r, r->done + 1);
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
	put_set(&a, r, 1);
	submit(r, &a);
	go(r);
	pump(r, 1);
	assert_int_equal(a.job.result, STORE_NEWER);
	worker_stop(r->w);
	pump_event(r, "stopped");
	assert_string_equal(r->events, "newer stopped ");
}

/* What was handed over before the end is done, and the end comes last. */
static void
test_stop_drains(void **state)
{
	struct rig *r = *state;
	static struct task t[300];
	struct worker_stat st;

	for (unsigned int i = 0; i < 300; i++) {
		put_set(&t[i], r, i);
		submit(r, &t[i]);
	}
	go(r);
	worker_stop(r->w);
	assert_false(worker_submit(r->w, &t[0].job));
	pump_event(r, "stopped");
	assert_int_equal(r->done, 300);
	for (unsigned int i = 0; i < 300; i++)
		assert_int_equal(t[i].job.result, STORE_OK);
	worker_get_stat(r->w, &st);
	assert_int_equal(st.queued, 0);
	assert_string_equal(worker_state_text(&st), "closed");
	assert_int_equal(store_open(r->s), STORE_OK);
	assert_value(r->s, TABLE, "k299", "k299");
	assert_false(r->s->recovered);
}

/* The end of the process without an orderly end: nobody is forgotten. */
static void
test_free_gives_back(void **state)
{
	struct rig *r = *state;
	struct task a;

	put_set(&a, r, 1);
	submit(r, &a);
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
	uint64_t end = mono_ms() + DEADLINE_MS;
	struct task a;

	go(r);
	put_set(&a, r, 1);
	submit(r, &a);
	pump(r, 1);
	do {
		(void)poll(NULL, 0, 1);
		worker_get_stat(r->w, &st);
		assert_true(mono_ms() < end);
	} while (st.checkpoints == 0);
	assert_true(st.last_checkpoint != 0);
	assert_true(st.bytes > 8192);
	assert_int_equal(get_now(r, "k1"), STORE_OK);
	worker_get_stat(r->w, &st);
	assert_int_equal(st.checkpoints, 1);
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
		assert_int_equal(store_put(r->s, TABLE, key, 4, value, 900),
		    STORE_OK);
	}
	assert_int_equal(store_commit(r->s), STORE_OK);
	store_close(r->s);
	for (long at = 4096 + 200; at < file_size(r->where.db, TABLE ".db");
	    at += 4096)
		file_smash(r->where.db, TABLE ".db", at, 16);
	go(r);
	task_set(&a, r, JOB_READ, get_run, "k100");
	submit(r, &a);
	pump(r, 1);
	assert_int_equal(a.job.result, STORE_NOTFOUND);
	assert_non_null(strstr(r->events, "aside"));
	assert_int_equal(dir_count(r->where.top, r->aside, NULL, 0), 1);
	put_set(&a, r, 1);
	submit(r, &a);
	pump(r, 2);
	assert_int_equal(a.job.result, STORE_OK);
}

int
main(void)
{
#define M(f)	cmocka_unit_test_setup_teardown(f, setup_mem, teardown)
#define B(f)	{ "bdb: " #f, f, setup_bdb, teardown, NULL }
	const struct CMUnitTest tests[] = {
		M(test_group), B(test_group),
		M(test_order), B(test_order),
		M(test_queue_bounded),
		M(test_bad_job), B(test_bad_job),
		M(test_waits_for_open), B(test_waits_for_open),
		M(test_full),
		M(test_open_fails),
		M(test_mended),
		M(test_not_mended),
		M(test_damaged_at_open),
		M(test_set_asides_bounded),
		M(test_newer), B(test_newer),
		M(test_stop_drains), B(test_stop_drains),
		M(test_free_gives_back),
		B(test_checkpoint),
		B(test_page_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

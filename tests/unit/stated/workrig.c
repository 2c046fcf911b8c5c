/* SPDX-License-Identifier: MIT */
#include "workrig.h"

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

int
rig_setup_mem(void **state)
{
	*state = rig_new(store_mem_new);
	return 0;
}

int
rig_setup_bdb(void **state)
{
	*state = rig_new(store_bdb_new);
	return 0;
}

void
rig_let_go(struct rig *r)
{
	pthread_mutex_lock(&r->lock);
	r->let_go = true;
	pthread_cond_broadcast(&r->cond);
	pthread_mutex_unlock(&r->lock);
}

int
rig_teardown(void **state)
{
	struct rig *r = *state;

	rig_let_go(r);
	worker_free(r->w);
	scratch_remove(&r->where);
	free(r);
	return 0;
}

void
rig_pump(struct rig *r, unsigned int done)
{
	struct pollfd p = { .fd = worker_fd(r->w), .events = POLLIN };
	uint64_t end = mono_ms() + RIG_DEADLINE_MS;

	while (r->done < done) {
		assert_true(mono_ms() < end);
		(void)poll(&p, 1, 1000);
		worker_dispatch(r->w);
	}
}

void
rig_pump_event(struct rig *r, const char *event)
{
	struct pollfd p = { .fd = worker_fd(r->w), .events = POLLIN };
	uint64_t end = mono_ms() + RIG_DEADLINE_MS;

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
	return store_put(s, RIG_TABLE, t->key, strlen(t->key), t->key,
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
	return store_get(s, RIG_TABLE, t->key, strlen(t->key), buf, sizeof(buf),
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

void
task_put(struct task *t, struct rig *r, unsigned int n)
{
	char key[16];

	snprintf(key, sizeof(key), "k%u", n);
	task_set(t, r, JOB_WRITE, put_run, key);
}

void
task_get(struct task *t, struct rig *r, const char *key)
{
	task_set(t, r, JOB_READ, get_run, key);
}

void
task_submit(struct rig *r, struct task *t)
{
	assert_true(worker_submit(r->w, &t->job));
}

void
rig_go(struct rig *r)
{
	assert_true(worker_start(r->w));
	worker_open(r->w);
}

void
rig_hold(struct rig *r, struct task *t)
{
	task_set(t, r, JOB_READ, hold_run, "hold");
	task_submit(r, t);
	pthread_mutex_lock(&r->lock);
	while (!r->held)
		pthread_cond_wait(&r->cond, &r->lock);
	pthread_mutex_unlock(&r->lock);
}

enum store_err
rig_get(struct rig *r, const char *key)
{
	struct task t;

	task_get(&t, r, key);
	task_submit(r, &t);
	rig_pump(r, r->done + 1);
	return t.job.result;
}

/* SPDX-License-Identifier: MIT */
/*
 * The thread's side of the worker: what to do next, groups of jobs, and what
 * to do when the store is full, failing or damaged.  Nothing here logs: log
 * and channels belong to the loop.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "mtime.h"
#include "worker_impl.h"

#define SET_ASIDES_MAX	3u	/* of one run: a bad disk is no reason to
				   fill it with copies */
#define NAME_TRIES	9u

enum todo { TODO_OPEN, TODO_JOBS, TODO_CHECKPOINT, TODO_END };

static void
tell_loop(struct worker *w)
{
	const uint64_t one = 1;

	(void)!write(w->fd, &one, sizeof(one));
}

void
worker_progress(int percent, void *arg)
{
	struct worker *w = arg;

	pthread_mutex_lock(&w->lock);
	w->percent = percent < 0 ? 0 : percent > 100 ? 100 : percent;
	pthread_mutex_unlock(&w->lock);
	tell_loop(w);
}

/* A full list loses the repetition of trouble, nothing else. */
static void
notice_add(struct worker *w, const struct worker_notice *n)
{
	pthread_mutex_lock(&w->lock);
	if (w->notices < NOTICES_MAX)
		w->notice[w->notices++] = *n;
	else if (n->event != WORKER_EV_TROUBLE)
		w->notice[NOTICES_MAX - 1] = *n;
	pthread_mutex_unlock(&w->lock);
	tell_loop(w);
}

static void
set_state(struct worker *w, enum worker_state state)
{
	pthread_mutex_lock(&w->lock);
	w->stat.state = state;
	pthread_mutex_unlock(&w->lock);
}

static void
trouble(struct worker *w, enum store_err err, const char *what)
{
	struct worker_notice n = { .event = WORKER_EV_TROUBLE, .err = err };

	snprintf(n.text, sizeof(n.text), "%s", what);
	snprintf(n.why, sizeof(n.why), "%s", store_why(w->store));
	pthread_mutex_lock(&w->lock);
	w->stat.failures++;
	/* A read that failed alone says nothing about the next write. */
	if (strcmp(what, "read") != 0 || !store_usable(w->store))
		w->stat.state = err == STORE_FULL ? WORKER_IS_FULL :
		    WORKER_IS_FAILING;
	pthread_mutex_unlock(&w->lock);
	notice_add(w, &n);
}

static void
well(struct worker *w)
{
	struct worker_notice n = { .event = WORKER_EV_WELL };
	bool was;

	pthread_mutex_lock(&w->lock);
	was = w->stat.state == WORKER_OK;
	w->stat.state = WORKER_OK;
	pthread_mutex_unlock(&w->lock);
	if (!was)
		notice_add(w, &n);
}

static void
count_bytes(struct worker *w)
{
	uint64_t bytes = store_bytes(w->store);

	pthread_mutex_lock(&w->lock);
	w->stat.bytes = bytes;
	pthread_mutex_unlock(&w->lock);
}

/* "state.damaged-20261121T072031Z", with "-2" ... when that is taken. */
static void
aside_name(char out[WORKER_NAME_MAX], time_t now, unsigned int try)
{
	char stamp[32] = "", more[16] = "";
	struct tm tm;

	if (gmtime_r(&now, &tm) != NULL)
		(void)strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &tm);
	if (try > 1)
		snprintf(more, sizeof(more), "-%u", try);
	snprintf(out, WORKER_NAME_MAX, "state.damaged-%s%s", stamp, more);
}

static enum store_err
move_aside(struct worker *w, char name[WORKER_NAME_MAX])
{
	time_t now = (time_t)(wall_ms() / 1000);
	enum store_err err = STORE_FAILED;

	store_close(w->store);
	for (unsigned int i = 1; i <= NAME_TRIES && err == STORE_FAILED; i++) {
		aside_name(name, now, i);
		err = store_set_aside(w->store, name);
	}
	return err;
}

/* Opened with the backup's contents, all of which can be read. */
static bool
restore(struct worker *w)
{
	char name[WORKER_NAME_MAX];

	if (w->config.backup == NULL ||
	    store_restore(w->store, w->config.backup) != STORE_OK)
		return false;
	if (store_open(w->store) == STORE_OK &&
	    store_verify(w->store) == STORE_OK)
		return true;
	(void)move_aside(w, name);
	return false;
}

/*
 * What cannot be mended goes out of the way, and the backup or an empty store
 * takes its place.  The files are kept: a human may want them.
 */
static enum store_err
replace(struct worker *w)
{
	struct worker_notice n = { .event = WORKER_EV_SET_ASIDE,
	    .err = STORE_DAMAGED };
	enum store_err err;

	if (w->set_asides >= SET_ASIDES_MAX)
		return STORE_DAMAGED;
	snprintf(n.why, sizeof(n.why), "%s", store_why(w->store));
	if ((err = move_aside(w, n.text)) != STORE_OK)
		return err;
	w->set_asides++;
	n.restored = restore(w);
	pthread_mutex_lock(&w->lock);
	w->stat.damaged = true;
	memcpy(w->stat.set_aside, n.text, sizeof(w->stat.set_aside));
	pthread_mutex_unlock(&w->lock);
	notice_add(w, &n);
	return n.restored ? STORE_OK : store_open(w->store);
}

/* Recovery once; then every page must be readable. */
static enum store_err
mend(struct worker *w)
{
	struct worker_notice n = { .event = WORKER_EV_OPEN,
	    .recovered = true };
	uint64_t from = mono_ms();
	enum store_err err;

	store_close(w->store);
	set_state(w, WORKER_OPENING);
	err = store_open(w->store);
	if (err == STORE_OK)
		err = store_verify(w->store);
	if (err == STORE_DAMAGED)
		err = replace(w);
	if (err == STORE_OK) {
		n.num = mono_ms() - from;
		set_state(w, WORKER_OK);
		notice_add(w, &n);
	}
	return err;
}

/* Not open, or no longer: when to try again, and what to say until then. */
static void
keep_closed(struct worker *w, enum store_err err)
{
	store_close(w->store);
	w->last_err = err;
	w->retry_at = mono_ms() + w->config.retry_ms;
	w->checkpoint_at = 0;
}

static void
do_open(struct worker *w)
{
	struct worker_notice n = { .event = WORKER_EV_OPEN };
	uint64_t from = mono_ms();
	enum store_err err;

	w->tried = true;
	set_state(w, WORKER_OPENING);
	err = store_open(w->store);
	if (err == STORE_DAMAGED)
		err = replace(w);
	if (err == STORE_NEWER) {
		n.event = WORKER_EV_NEWER;
		snprintf(n.why, sizeof(n.why), "%s", store_why(w->store));
		set_state(w, WORKER_NEWER);
		keep_closed(w, err);
		notice_add(w, &n);
		return;
	}
	if (err != STORE_OK) {
		keep_closed(w, err);
		trouble(w, err, "open");
		return;
	}
	n.num = mono_ms() - from;
	n.recovered = w->store->recovered;
	n.first = !w->ever_open;
	w->ever_open = true;
	set_state(w, WORKER_OK);
	count_bytes(w);
	notice_add(w, &n);
}

static bool
job_failed(enum store_err err)
{
	return err != STORE_OK && err != STORE_NOTFOUND;
}

/* The jobs of a list in one batch; 0 when it is durable. */
static enum store_err
write_together(struct worker *w, struct job *first, struct job *end)
{
	enum store_err err = store_begin(w->store);

	for (struct job *j = first; j != end && err == STORE_OK;
	    j = STAILQ_NEXT(j, entry)) {
		j->result = j->run(w->store, j);
		if (job_failed(j->result))
			err = j->result;
	}
	if (err != STORE_OK) {
		store_abort(w->store);
		return err;
	}
	err = store_commit(w->store);
	if (err == STORE_OK) {
		pthread_mutex_lock(&w->lock);
		w->stat.commits++;
		pthread_mutex_unlock(&w->lock);
	}
	return err;
}

/* Each by itself, so that one bad job spoils nobody's but its own. */
static enum store_err
write_apart(struct worker *w, struct jobs *group)
{
	struct job *j;
	enum store_err err;

	STAILQ_FOREACH(j, group, entry) {
		err = write_together(w, j, STAILQ_NEXT(j, entry));
		if (err == STORE_INVAL)
			j->result = err;
		else if (err != STORE_OK)
			return err;
	}
	return STORE_OK;
}

static enum store_err
attempt(struct worker *w, struct jobs *group)
{
	struct job *j = STAILQ_FIRST(group);
	enum store_err err;

	if (!store_usable(w->store))
		return w->last_err;
	if (j->kind == JOB_READ) {
		j->result = j->run(w->store, j);
		return job_failed(j->result) && j->result != STORE_INVAL ?
		    j->result : STORE_OK;
	}
	err = write_together(w, j, NULL);
	return err == STORE_INVAL ? write_apart(w, group) : err;
}

/* From the head of the queue: one reading job, or all writing ones. */
static void
take_group(struct worker *w, struct jobs *group)
{
	struct job *j;
	unsigned int n = 0;

	pthread_mutex_lock(&w->lock);
	while ((j = STAILQ_FIRST(&w->queue)) != NULL &&
	    n < WORKER_GROUP_MAX && (n == 0 || j->kind == JOB_WRITE)) {
		STAILQ_REMOVE_HEAD(&w->queue, entry);
		STAILQ_INSERT_TAIL(group, j, entry);
		w->queued--;
		n++;
		if (j->kind == JOB_READ)
			break;
	}
	pthread_mutex_unlock(&w->lock);
}

static void
settle(struct worker *w, struct jobs *group, enum store_err err)
{
	struct job *j;
	uint64_t n = 0;

	STAILQ_FOREACH(j, group, entry) {
		n++;
		if (err != STORE_OK)
			j->result = err;
	}
	pthread_mutex_lock(&w->lock);
	w->stat.jobs += n;
	STAILQ_CONCAT(&w->finished, group);
	pthread_mutex_unlock(&w->lock);
	tell_loop(w);
}

static void
do_checkpoint(struct worker *w, bool force)
{
	bool done;
	enum store_err err = store_checkpoint(w->store, force, &done);

	if (err == STORE_DAMAGED)
		err = mend(w);
	if (err != STORE_OK) {
		trouble(w, err, "checkpoint");
		w->checkpoint_at = mono_ms() + w->config.retry_ms;
		if (!store_usable(w->store))
			keep_closed(w, err);
		return;
	}
	well(w);
	if (force || done) {
		w->checkpoint_at = 0;
		count_bytes(w);
		pthread_mutex_lock(&w->lock);
		w->stat.checkpoints++;
		w->stat.last_checkpoint = wall_ms();
		pthread_mutex_unlock(&w->lock);
	} else if (w->checkpoint_at == 0) {
		w->checkpoint_at = mono_ms() + w->config.checkpoint_ms;
	}
}

static void
do_jobs(struct worker *w)
{
	struct jobs group = STAILQ_HEAD_INITIALIZER(group);
	bool writes, was_open = store_usable(w->store);
	enum store_err err;

	take_group(w, &group);
	writes = STAILQ_FIRST(&group)->kind == JOB_WRITE;
	err = attempt(w, &group);
	if (err == STORE_DAMAGED && was_open) {
		err = mend(w);
		if (err == STORE_OK)
			err = attempt(w, &group);
		if (err == STORE_DAMAGED && (err = replace(w)) == STORE_OK)
			err = attempt(w, &group);
	}
	if (err != STORE_OK && was_open) {
		trouble(w, err, writes ? "write" : "read");
		if (!store_usable(w->store))
			keep_closed(w, err);
	}
	settle(w, &group, err);
	if (err == STORE_OK && writes)
		do_checkpoint(w, false);
}

static void
sleep_until(struct worker *w, uint64_t when)
{
	struct timespec ts = { (time_t)(when / 1000),
	    (long)(when % 1000) * 1000000 };

	if (when == 0)
		pthread_cond_wait(&w->wake, &w->lock);
	else
		(void)pthread_cond_timedwait(&w->wake, &w->lock, &ts);
}

/*
 * Some things a later try does not mend, and the library loses memory with
 * each opening of damaged files.
 */
static bool
given_up(const struct worker *w)
{
	return w->last_err == STORE_NEWER ||
	    (w->last_err == STORE_DAMAGED && w->set_asides >= SET_ASIDES_MAX);
}

/* Sleeps until there is something to do. */
static enum todo
next(struct worker *w)
{
	bool open = store_usable(w->store);
	enum todo todo = TODO_END;

	pthread_mutex_lock(&w->lock);
	for (;;) {
		bool jobs = !STAILQ_EMPTY(&w->queue);
		bool may_open = w->begin && !open && !given_up(w);
		uint64_t now = mono_ms();

		todo = TODO_OPEN;
		if (may_open && (!w->tried ? jobs || !w->stopping :
		    now >= w->retry_at && !w->stopping))
			break;
		todo = TODO_JOBS;
		if (jobs && (w->begin || w->stopping))
			break;
		todo = TODO_END;
		if (w->stopping)
			break;
		todo = TODO_CHECKPOINT;
		if (open && w->checkpoint_at != 0 && now >= w->checkpoint_at)
			break;
		sleep_until(w, open ? w->checkpoint_at :
		    may_open ? w->retry_at : 0);
	}
	pthread_mutex_unlock(&w->lock);
	return todo;
}

void *
worker_main(void *arg)
{
	struct worker *w = arg;
	enum todo todo;

	pthread_mutex_lock(&w->lock);
	w->running = true;
	pthread_cond_signal(&w->up);
	pthread_mutex_unlock(&w->lock);
	while ((todo = next(w)) != TODO_END) {
		if (todo == TODO_OPEN)
			do_open(w);
		else if (todo == TODO_JOBS)
			do_jobs(w);
		else
			do_checkpoint(w, true);
	}
	store_close(w->store);
	pthread_mutex_lock(&w->lock);
	w->stopped = true;
	if (w->stat.state != WORKER_NEWER)
		w->stat.state = WORKER_CLOSED;
	pthread_mutex_unlock(&w->lock);
	tell_loop(w);
	return NULL;
}

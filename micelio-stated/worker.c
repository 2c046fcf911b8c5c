/* SPDX-License-Identifier: MIT */
/* The loop's side of the worker: hand over, hear back. */
#include <sys/eventfd.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "worker_impl.h"

static const char *const state_texts[] = {
	[WORKER_CLOSED] = "closed",
	[WORKER_OPENING] = "recovering",
	[WORKER_OK] = "ok",
	[WORKER_IS_FULL] = "full",
	[WORKER_IS_FAILING] = "failing",
	[WORKER_NEWER] = "newer",
};

const char *
worker_state_text(const struct worker_stat *st)
{
	/* It works, but somebody should look at what was set aside. */
	if (st->state == WORKER_OK && st->damaged)
		return "damaged";
	return state_texts[st->state];
}

struct worker *
worker_new(struct store *store, const struct worker_config *config)
{
	struct worker *w = calloc(1, sizeof(*w));
	pthread_condattr_t mono;

	if (w == NULL)
		return NULL;
	if ((w->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) == -1) {
		free(w);
		return NULL;
	}
	w->store = store;
	w->config = *config;
	w->percent = -1;
	w->last_err = STORE_FAILED;
	store->config.progress = worker_progress;
	store->config.arg = w;
	STAILQ_INIT(&w->queue);
	STAILQ_INIT(&w->finished);
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->up, NULL);
	pthread_condattr_init(&mono);
	pthread_condattr_setclock(&mono, CLOCK_MONOTONIC);
	pthread_cond_init(&w->wake, &mono);
	pthread_condattr_destroy(&mono);
	return w;
}

bool
worker_start(struct worker *w)
{
	pthread_attr_t attr;

	pthread_attr_init(&attr);
	(void)pthread_attr_setstacksize(&attr, WORKER_STACK);
	w->started = pthread_create(&w->thread, &attr, worker_main, w) == 0;
	pthread_attr_destroy(&attr);
	if (!w->started)
		return false;
	pthread_mutex_lock(&w->lock);
	while (!w->running)
		pthread_cond_wait(&w->up, &w->lock);
	pthread_mutex_unlock(&w->lock);
	return true;
}

void
worker_open(struct worker *w)
{
	pthread_mutex_lock(&w->lock);
	w->begin = true;
	w->stat.state = WORKER_OPENING;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
}

int
worker_fd(const struct worker *w)
{
	return w->fd;
}

bool
worker_submit(struct worker *w, struct job *j)
{
	bool room;

	pthread_mutex_lock(&w->lock);
	room = w->queued < WORKER_QUEUE_MAX && !w->stopping;
	if (room) {
		STAILQ_INSERT_TAIL(&w->queue, j, entry);
		w->queued++;
		pthread_cond_signal(&w->wake);
	}
	pthread_mutex_unlock(&w->lock);
	return room;
}

void
worker_stop(struct worker *w)
{
	pthread_mutex_lock(&w->lock);
	w->stopping = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
}

void
worker_get_stat(struct worker *w, struct worker_stat *st)
{
	pthread_mutex_lock(&w->lock);
	*st = w->stat;
	st->queued = w->queued;
	pthread_mutex_unlock(&w->lock);
}

static void
give_back(struct jobs *list)
{
	struct job *j;

	while ((j = STAILQ_FIRST(list)) != NULL) {
		STAILQ_REMOVE_HEAD(list, entry);
		j->done(j, j->arg);
	}
}

/*
 * Notices before results: the owner of a job has to know first that its
 * former writes were set aside, say.  The end comes after everything.
 */
void
worker_dispatch(struct worker *w)
{
	struct worker_notice notice[NOTICES_MAX], n = { 0 };
	struct jobs finished = STAILQ_HEAD_INITIALIZER(finished);
	uint64_t ignored;
	size_t notices;
	bool stopped;

	(void)!read(w->fd, &ignored, sizeof(ignored));
	pthread_mutex_lock(&w->lock);
	notices = w->notices;
	memcpy(notice, w->notice, notices * sizeof(notice[0]));
	w->notices = 0;
	n.event = WORKER_EV_MAX;
	if (w->percent >= 0) {
		n.event = WORKER_EV_PROGRESS;
		n.num = (uint64_t)w->percent;
	}
	w->percent = -1;
	STAILQ_CONCAT(&finished, &w->finished);
	stopped = w->stopped && !w->stopped_told;
	w->stopped_told = w->stopped;
	pthread_mutex_unlock(&w->lock);

	if (n.event == WORKER_EV_PROGRESS)
		w->config.notice(&n, w->config.arg);
	for (size_t i = 0; i < notices; i++)
		w->config.notice(&notice[i], w->config.arg);
	give_back(&finished);
	if (stopped) {
		n.event = WORKER_EV_STOPPED;
		w->config.notice(&n, w->config.arg);
	}
}

void
worker_free(struct worker *w)
{
	struct job *j;

	if (w == NULL)
		return;
	worker_stop(w);
	if (w->started)
		pthread_join(w->thread, NULL);
	give_back(&w->finished);
	STAILQ_FOREACH(j, &w->queue, entry)
		j->result = STORE_FAILED;
	give_back(&w->queue);
	store_free(w->store);
	close(w->fd);
	pthread_cond_destroy(&w->wake);
	pthread_cond_destroy(&w->up);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

/* SPDX-License-Identifier: MIT */
#include <sys/eventfd.h>

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "pool.h"
#include "state/verify.h"

STAILQ_HEAD(pool_jobs, pool_job);

struct pool {
	unsigned int		 threads, started;
	int			 fd;
	void			(*done)(struct pool_job *, void *);
	void			*arg;

	/* Under lock. */
	pthread_mutex_t		 lock;
	pthread_cond_t		 wake;		/* to the threads */
	pthread_cond_t		 up;		/* from them: running */
	unsigned int		 running;
	struct pool_jobs	 queue, finished;
};

struct pool *
pool_new(void (*done)(struct pool_job *, void *), void *arg)
{
	struct pool *p = calloc(1, sizeof(*p));
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	if (p == NULL)
		return NULL;
	if ((p->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) == -1) {
		free(p);
		return NULL;
	}
	p->threads = cpus < 1 ? 1 : cpus > (long)POOL_THREADS_MAX ?
	    POOL_THREADS_MAX : (unsigned int)cpus;
	p->done = done;
	p->arg = arg;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->wake, NULL);
	pthread_cond_init(&p->up, NULL);
	STAILQ_INIT(&p->queue);
	STAILQ_INIT(&p->finished);
	return p;
}

static void
finish(struct pool *p, struct pool_job *j)
{
	const uint64_t one = 1;
	bool first;

	pthread_mutex_lock(&p->lock);
	first = STAILQ_EMPTY(&p->finished);
	STAILQ_INSERT_TAIL(&p->finished, j, entry);
	pthread_mutex_unlock(&p->lock);
	if (first)
		(void)!write(p->fd, &one, sizeof(one));
}

static _Noreturn void *
pool_main(void *arg)
{
	struct pool *p = arg;
	struct pool_job *j;

	pthread_mutex_lock(&p->lock);
	p->running++;
	pthread_cond_signal(&p->up);
	for (;;) {
		if ((j = STAILQ_FIRST(&p->queue)) == NULL) {
			pthread_cond_wait(&p->wake, &p->lock);
			continue;
		}
		STAILQ_REMOVE_HEAD(&p->queue, entry);
		pthread_mutex_unlock(&p->lock);
		if (j->run != NULL)
			j->run(j);
		else
			j->good = entry_verify(j->bytes, j->len, j->sig,
			    j->author);
		finish(p, j);
		pthread_mutex_lock(&p->lock);
	}
}

bool
pool_start(struct pool *p)
{
	pthread_attr_t attr;
	pthread_t thread;
	bool ok = true;

	pthread_attr_init(&attr);
	(void)pthread_attr_setstacksize(&attr, POOL_STACK);
	while (ok && p->started < p->threads) {
		ok = pthread_create(&thread, &attr, pool_main, p) == 0;
		p->started += ok;
	}
	pthread_attr_destroy(&attr);
	pthread_mutex_lock(&p->lock);
	while (p->running < p->started)
		pthread_cond_wait(&p->up, &p->lock);
	pthread_mutex_unlock(&p->lock);
	return ok;
}

int
pool_fd(const struct pool *p)
{
	return p->fd;
}

void
pool_submit(struct pool *p, struct pool_job *j)
{
	pthread_mutex_lock(&p->lock);
	STAILQ_INSERT_TAIL(&p->queue, j, entry);
	pthread_cond_signal(&p->wake);
	pthread_mutex_unlock(&p->lock);
}

void
pool_dispatch(struct pool *p)
{
	struct pool_jobs finished = STAILQ_HEAD_INITIALIZER(finished);
	struct pool_job *j;
	uint64_t ignored;

	(void)!read(p->fd, &ignored, sizeof(ignored));
	pthread_mutex_lock(&p->lock);
	STAILQ_CONCAT(&finished, &p->finished);
	pthread_mutex_unlock(&p->lock);
	while ((j = STAILQ_FIRST(&finished)) != NULL) {
		STAILQ_REMOVE_HEAD(&finished, entry);
		p->done(j, p->arg);
	}
}

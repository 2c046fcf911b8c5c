/* SPDX-License-Identifier: MIT */
/* What the two sides of the worker share: worker.c and worker_thread.c. */
#ifndef MICELIO_STATED_WORKER_IMPL_H
#define MICELIO_STATED_WORKER_IMPL_H

#include <pthread.h>

#include "worker.h"

#define NOTICES_MAX	16u

STAILQ_HEAD(jobs, job);

struct worker {
	struct worker_config	 config;
	pthread_t		 thread;
	int			 fd;		/* eventfd, to the loop */
	bool			 started;

	/* Under lock. */
	pthread_mutex_t		 lock;
	pthread_cond_t		 wake;		/* to the thread */
	pthread_cond_t		 up;		/* from it: running */
	bool			 running;	/* thread is past its set-up */
	bool			 begin;		/* may open */
	bool			 stopping;
	bool			 stopped;
	bool			 stopped_told;
	struct jobs		 queue, finished;
	size_t			 queued;
	struct worker_notice	 notice[NOTICES_MAX];
	size_t			 notices;
	int			 percent;	/* to report, or -1 */
	struct worker_stat	 stat;

	/* The thread's alone. */
	struct store		*store;
	bool			 tried, ever_open;
	unsigned int		 set_asides;
	enum store_err		 last_err;	/* why it is not open */
	uint64_t		 retry_at;	/* mono ms */
	uint64_t		 checkpoint_at;	/* mono ms; 0: none needed */
};

/* The thread; arg is the worker. */
void	*worker_main(void *);
/* store_config.progress; arg is the worker. */
void	 worker_progress(int percent, void *);

#endif

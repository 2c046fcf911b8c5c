/* SPDX-License-Identifier: MIT */
/*
 * A worker and the loop beside it.  Mostly over the store in memory, which
 * fails when told to.
 */
#ifndef MICELIO_TESTS_STATED_WORKRIG_H
#define MICELIO_TESTS_STATED_WORKRIG_H

#include "stated_test.h"

#include <poll.h>
#include <pthread.h>

#include "mtime.h"
#include "worker.h"

#define RIG_DEADLINE_MS	20000u
#define RIG_TABLE	"t"

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

/* Of cmocka_unit_test_setup_teardown(); the worker is not started. */
int	 rig_setup_mem(void **state);
int	 rig_setup_bdb(void **state);
int	 rig_teardown(void **state);

/* It runs, and opens its store. */
void	 rig_go(struct rig *);
/* The worker is inside a job that does not end; until it is let go. */
void	 rig_hold(struct rig *, struct task *);
void	 rig_let_go(struct rig *);
/* Dispatch until enough jobs came back; a deadline, not a delay. */
void	 rig_pump(struct rig *, unsigned int done);
/* Until events has that. */
void	 rig_pump_event(struct rig *, const char *event);
/* What a job that reads key comes to. */
enum store_err rig_get(struct rig *, const char *key);

/* A job that writes "k" and n, and one that reads key. */
void	 task_put(struct task *, struct rig *, unsigned int n);
void	 task_get(struct task *, struct rig *, const char *key);
void	 task_submit(struct rig *, struct task *);

#endif

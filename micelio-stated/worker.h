/* SPDX-License-Identifier: MIT */
/*
 * The store's thread.  Everything that may wait for a disk happens here:
 * opening with recovery, commits, checkpoints, walks.  The event loop hands
 * over jobs and hears of results; it never waits.
 *
 * Group commit: all writing jobs that wait form one transaction, and each is
 * told only when it is durable.  While one transaction is on its way to the
 * disk the next group gathers.
 *
 * Trouble is dealt with here too.  Full or failing: the jobs are told, the
 * store is opened again when it must be.  Damaged: it is reopened with
 * recovery once and read through; what that does not mend is set aside and the
 * last backup takes its place, or an empty store, so that the node goes on.
 *
 * All functions are for the loop's thread; run() of a job is called on the
 * worker's, done() and the hooks on the loop's, from worker_dispatch().
 */
#ifndef MICELIO_STATED_WORKER_H
#define MICELIO_STATED_WORKER_H

#include <bsd/sys/queue.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store.h"

#define WORKER_QUEUE_MAX	1024u	/* jobs waiting, in all */
#define WORKER_GROUP_MAX	256u	/* jobs in one transaction */
#define WORKER_STACK		(256u * 1024)
#define WORKER_NAME_MAX		64u	/* of what was set aside */

enum job_kind {
	JOB_READ,	/* no batch is open */
	JOB_WRITE,	/* within a batch of the worker's */
};

struct job {
	STAILQ_ENTRY(job)	 entry;
	enum job_kind		 kind;
	enum store_err		 result;
	/*
	 * May be called more than once (a group is tried again after trouble):
	 * starts from scratch each time.  STORE_NOTFOUND counts as good.
	 */
	enum store_err		(*run)(struct store *, struct job *);
	/* The job is the owner's again; j->result says how it went. */
	void			(*done)(struct job *, void *);
	void			*arg;		/* for done */
};

enum worker_state {
	WORKER_CLOSED,		/* not started, or ended */
	WORKER_OPENING,		/* recovering */
	WORKER_OK,
	WORKER_IS_FULL,		/* last commit or open: no space */
	WORKER_IS_FAILING,	/* last commit or open: the system refused */
	WORKER_NEWER,		/* schema too new: for good */
};

enum worker_event {
	WORKER_EV_PROGRESS,	/* num: per cent of recovery */
	WORKER_EV_OPEN,		/* num: ms it took; recovered; first */
	WORKER_EV_SET_ASIDE,	/* text: the name; why; restored */
	WORKER_EV_TROUBLE,	/* text: what; why.  One per failed attempt */
	WORKER_EV_WELL,		/* writes succeed again */
	WORKER_EV_NEWER,	/* why: refuse to run */
	WORKER_EV_STOPPED,	/* closed; the last event */
	WORKER_EV_MAX
};

struct worker_notice {
	enum worker_event	 event;
	enum store_err		 err;
	uint64_t		 num;
	bool			 recovered;	/* was not closed in order */
	bool			 first;		/* the first opening */
	bool			 restored;	/* by the backup; or empty */
	char			 text[WORKER_NAME_MAX];
	char			 why[STORE_WHY_MAX];
};

struct worker_stat {
	enum worker_state	 state;
	bool			 damaged;	/* was set aside in this run */
	char			 set_aside[WORKER_NAME_MAX];
	uint64_t		 bytes;		/* on disk, at last checkpoint */
	uint64_t		 last_checkpoint; /* unix ms, 0: none yet */
	uint64_t		 commits, jobs, checkpoints, failures;
	size_t			 queued;
};

struct worker_config {
	uint64_t	checkpoint_ms;	/* after a commit, at the latest */
	uint64_t	retry_ms;	/* between openings of a broken one */
	/* A copy to begin with when the store is set aside; NULL: none. */
	const char	*backup;
	void		(*notice)(const struct worker_notice *, void *);
	void		*arg;
};
#define WORKER_CHECKPOINT_MS	60000u
#define WORKER_RETRY_MS		10000u

struct worker;

/*
 * Takes the store over; the store's config.progress and .arg are set here.
 * Nothing runs before worker_start().  NULL without memory or descriptor.
 */
struct worker	*worker_new(struct store *, const struct worker_config *);
/*
 * Start the thread and wait until it runs, so that a filter put on all
 * threads finds it past its set-up; it opens nothing before worker_open().
 */
bool		 worker_start(struct worker *);
/* Begin: open the store.  Jobs wait until that is decided. */
void		 worker_open(struct worker *);
/* Readable when worker_dispatch() has something to do. */
int		 worker_fd(const struct worker *);
void		 worker_dispatch(struct worker *);
/* False when the queue is full or the end began: the job is not taken. */
bool		 worker_submit(struct worker *, struct job *);
/* Do what waits, checkpoint, close: then WORKER_EV_STOPPED. */
void		 worker_stop(struct worker *);
void		 worker_get_stat(struct worker *, struct worker_stat *);
const char	*worker_state_text(const struct worker_stat *);
/*
 * Stop, wait for the thread (as long as the disk takes), and free; jobs that
 * were not run are done with STORE_FAILED.  Frees the store.
 */
void		 worker_free(struct worker *);

#endif

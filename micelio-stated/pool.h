/* SPDX-License-Identifier: MIT */
/*
 * Threads that check signatures, so that the loop never does: 50 us each are
 * a million entries a minute.
 */
#ifndef MICELIO_STATED_POOL_H
#define MICELIO_STATED_POOL_H

#include <bsd/sys/queue.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define POOL_THREADS_MAX	4u
#define POOL_STACK		(128u * 1024)

struct pool_job {
	STAILQ_ENTRY(pool_job)	 entry;
	const uint8_t		*bytes, *sig, *author;	/* see entry_verify() */
	size_t			 len;
	bool			 good;		/* the answer */
	void			*arg;
	/* Other work than a check: run on a thread; done is for the owner. */
	void			(*run)(struct pool_job *);
	void			(*done)(struct pool_job *);
};

/* There is no end of it but the process's. */
struct pool;

/* One thread for each processor, at most POOL_THREADS_MAX.  NULL: cannot. */
struct pool	*pool_new(void (*done)(struct pool_job *, void *), void *arg);
/* Starts them and waits until they run, as worker_start() does. */
bool		 pool_start(struct pool *);
/* Readable when pool_dispatch() has answers; it calls done for each. */
int		 pool_fd(const struct pool *);
void		 pool_dispatch(struct pool *);
/* The job and what it points to stay until done; the caller bounds them. */
void		 pool_submit(struct pool *, struct pool_job *);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * What surrounds one file of the daemon, in the hands of a test: the time,
 * the neighbours, the database's thread.  The test links with FAKE_WRAPS of
 * meson.build, and with fake.c.
 */
#ifndef MICELIO_TESTS_STATED_FAKE_H
#define MICELIO_TESTS_STATED_FAKE_H

#include "proc.h"
#include "worker.h"

#define FAKE_MSGS_MAX	2048u

/* A message that was sent. */
struct fake_msg {
	struct imsgchan	*to;
	enum imsg_type	 type;
	uint32_t	 id;
	size_t		 len;
	uint8_t		*data;
};

extern uint64_t	 fake_mono;	/* ms; the wall clock is ahead by: */
extern uint64_t	 fake_wall;
extern struct fake_msg fake_msg[FAKE_MSGS_MAX];
extern size_t	 fake_msgs;
extern size_t	 fake_queued;	/* bytes a neighbour has not read */
extern unsigned int fake_violations;
extern size_t	 fake_jobs;	/* handed over, not run */
extern bool	 fake_no_jobs;	/* the worker takes none */

/* Nothing sent, nothing waiting; all neighbours of p are there. */
void	 fake_init(struct proc *p);
void	 fake_free(void);
/* Forget what was sent. */
void	 fake_read(void);
/* How many of a type were sent. */
size_t	 fake_count(enum imsg_type);
/* The last of a type; fails if there is none. */
const struct fake_msg *fake_last(enum imsg_type);
/*
 * The oldest job is done: run on the store, as the worker does, or not at
 * all, with err instead.  False: none waits.
 */
bool	 fake_job(struct store *, enum store_err err);
/* Until none waits; returns how many. */
size_t	 fake_work(struct store *);

#endif

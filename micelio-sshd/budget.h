/* SPDX-License-Identifier: MIT */
/* How many connections, in all and from where. */
#ifndef MICELIO_SSHD_BUDGET_H
#define MICELIO_SSHD_BUDGET_H

#include <bsd/sys/queue.h>
#include <stdbool.h>
#include <stdint.h>

struct addr;

#define SSH_UNFINISHED_MAX	32u
#define SSH_LEAVING_MAX		32u	/* sessions whose end is not waited for */
#define SSH_TRIES_MAX		6u
#define SSH_ASKED_MAX		64u	/* keys a session may ask about */

struct budget_entry {
	TAILQ_ENTRY(budget_entry) entry;
	uint32_t	 id;
	uint64_t	 host, net;	/* addr_host_key(), addr_net_key() */
	bool		 finished;	/* logged in */
	bool		 leaving;	/* logged out: dropped, its process lives */
	bool		 dropped;	/* made to go: counts no more */
};
TAILQ_HEAD(budget_list, budget_entry);

struct budget {
	struct budget_list	 list;		/* oldest first */
	unsigned int		 unfinished, finished, leaving;
};

void	 budget_init(struct budget *);
/*
 * May a connection from this address begin?  NULL if so, else the cause.
 * When only the table of unfinished ones is full, *victim is the id of the
 * one that has to go first (the oldest of the busiest network), else 0.
 */
const char *budget_admit(const struct budget *, const struct addr *,
	    unsigned int max_sessions, unsigned int max_per_address,
	    uint32_t *victim);
void	 budget_add(struct budget *, struct budget_entry *, uint32_t id,
	    const struct addr *);
/* NULL, or why it may not log in although its key may. */
const char *budget_finish(struct budget *, struct budget_entry *,
	    unsigned int max_sessions);
/* Its place is free at once, though its process ends a moment later. */
void	 budget_drop(struct budget *, struct budget_entry *);
/*
 * Logged out.  Its process may still be telling a client the end: who saw
 * that end may come again at once, so the place is free, but for
 * SSH_LEAVING_MAX of them only: slow readers must not pile up.
 */
void	 budget_leave(struct budget *, struct budget_entry *);
void	 budget_remove(struct budget *, struct budget_entry *);

#endif

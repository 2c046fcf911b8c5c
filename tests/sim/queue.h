/* SPDX-License-Identifier: MIT */
/* What will happen, in order of time and, at one time, of being asked for. */
#ifndef MICELIO_SIM_QUEUE_H
#define MICELIO_SIM_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum event_kind {
	DO_ARRIVE,	/* n: pipe; v: node it goes to; p: frame */
	DO_CREDIT,	/* n: pipe; v: bytes of one frame */
	DO_TIMER,	/* n: node */
	DO_KEEPALIVE,	/* n: node; v: its life */
	DO_UP,		/* n: end */
	DO_DOWN,	/* n: end; v: reason */
	DO_DIAL_FAILED,	/* n: node; p: struct dial */
	DO_CONNECT,	/* n: node; p: struct dial */
	DO_LINK,	/* n: edge of the overlay */
	DO_IDLE,	/* n: end: was it silent too long? */
	DO_VERIFIED,	/* n: node; p: struct verdict_due */
	DO_PUSH,	/* n: node; p: struct held: of a persona */
	DO_PERSONA,	/* n: node: its own timer */
	DO_PUBLISH,	/* n: line of the scenario */
	DO_FAULT,	/* n: line of the scenario */
	DO_FAULT_END,	/* n: line of the scenario */
	DO_RESTART,	/* n: node */
	DO_ACCUSE,	/* n: node */
	DO_MAP,		/* n: node; v: its life and what */
	DO_MAPS,	/* of all maps */
	DO_KINDS
};

struct event {
	uint64_t	 at;		/* us */
	uint64_t	 seq;
	void		*p;
	uint64_t	 v;
	uint32_t	 n;
	enum event_kind	 kind;
};

/* Events in no order, or in order. */
struct events {
	struct event	*v;
	size_t		 n, cap;
};

/*
 * What is soon is in slots, by the millisecond, and put in order when its turn
 * comes; what is later in a heap, and so is what is added to the millisecond
 * that is being dealt with.  All zero: empty.
 */
struct queue {
	size_t		 n;
	uint64_t	 seq;
	uint64_t	 tick;		/* being dealt with */
	struct events	 now;		/* of it, in order */
	size_t		 next;		/* of these */
	struct events	*slot;		/* of those that follow */
	size_t		 nslot;		/* events in all of them */
	struct events	 soon, far;	/* heaps */
};

void	 queue_free(struct queue *);
void	 queue_add(struct queue *, uint64_t at, enum event_kind, uint32_t n,
	    uint64_t v, void *p);
/* False: nothing is left. */
bool	 queue_next(struct queue *, struct event *);
/* When that will be; UINT64_MAX: nothing is left. */
uint64_t queue_when(struct queue *);
/*
 * What is likely to come so many events later; NULL: not known.  Valid until
 * the queue is touched.
 */
const struct event *queue_ahead(const struct queue *, size_t);

#endif

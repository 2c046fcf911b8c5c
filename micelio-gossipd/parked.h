/* SPDX-License-Identifier: MIT */
/* What comes faster than its author may speak. */
#ifndef MICELIO_GOSSIP_PARKED_H
#define MICELIO_GOSSIP_PARKED_H

#include <stdbool.h>
#include <stdint.h>

struct gossip;
struct job;
struct nodeid;

#define PARKED_AUTHORS_MAX	256u	/* over their rate at once */
#define PARKED_SHARE		256u	/* messages of one that wait */
#define PARKED_S		10u	/* or as many as it may say in that */
#define PARKED_LATER_MS		60000u	/* neighbours have it that long */
#define PARKED_MAX		4096u	/* of all */
#define PARKED_BYTES		(8u * 1024 * 1024)

void	 parked_init(struct gossip *, uint64_t seed);
void	 parked_free(struct gossip *);
/* Does anything of that author wait?  Then what is next waits behind it. */
bool	 parked_waits(const struct gossip *, const struct nodeid *author);
/*
 * The message, which is verified, has to wait; again: it was put off before.
 * False: no room, or others that were put off come first.
 */
bool	 parked_add(struct gossip *, const struct job *, bool again);
/* When there will be room for one more, mono ms; 0: not in time. */
uint64_t parked_later(struct gossip *, const struct nodeid *author);
void	 parked_tick(struct gossip *);

#endif

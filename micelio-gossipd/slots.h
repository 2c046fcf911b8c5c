/* SPDX-License-Identifier: MIT */
/* Which links are worth their place. */
#ifndef MICELIO_GOSSIP_SLOTS_H
#define MICELIO_GOSSIP_SLOTS_H

#include <stdbool.h>
#include <stddef.h>

struct gossip;
struct session;

#define SWAP_MS			(5u * 60 * 1000) /* between two swaps */
#define SWAP_GAIN_US		5000u	/* what one must be good for */
#define GUEST_MS		20000u	/* of a guest who came to us */
#define GUEST_LACK_MS		3000u	/* what is so old ought to be here */
#define GUESTS_KEPT_MAX		2u	/* with a place for what they had */

/* Should the next node dialled be a near one? */
bool	 slots_want_near(const struct gossip *, size_t known);
/*
 * A probe of ours that has to go: does it rather take the place of a link
 * that is far?  Then that one was closed.
 */
bool	 slots_swap(struct gossip *, struct session *guest);
/*
 * Messages that one side lacked for long came over a guest's link: it gets a
 * place, and the worst link by chance goes.
 */
void	 slots_keep(struct gossip *);

#endif

/* SPDX-License-Identifier: MIT */
/* Who said that we are gone, over a link that lives: not claimed for a while. */
#ifndef MICELIO_GOSSIP_LIARS_H
#define MICELIO_GOSSIP_LIARS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/nodeid.h"

struct gossip;

#define LIARS_MAX		64u
#define LIAR_LINK_MS		5000u	/* such a link has not just begun */
#define LIAR_MS			(10u * 60 * 1000)

struct liar {
	struct nodeid	 id;
	uint64_t	 until;		/* mono ms */
};

bool	 liar_is(const struct gossip *, const struct nodeid *);
/* Unless it has no such link; it is logged. */
void	 liar_add(struct gossip *, const struct nodeid *);

#endif

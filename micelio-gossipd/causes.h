/* SPDX-License-Identifier: MIT */
/*
 * What happened last to the link with an address: the cause of the next dial
 * there.  The core does not know of ids of events.
 */
#ifndef MICELIO_GOSSIP_CAUSES_H
#define MICELIO_GOSSIP_CAUSES_H

#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"

#define CAUSES_MAX	64u	/* addresses, those noted last */

struct causes {
	struct {
		char		addr[HOSTPORT_MAX + 1];
		uint64_t	id;
	}		 slot[CAUSES_MAX];
	size_t		 next;
};

void	 causes_note(struct causes *, const char *addr, uint64_t event_id);
/* 0: nothing is known of it. */
uint64_t causes_find(const struct causes *, const char *addr);

#endif

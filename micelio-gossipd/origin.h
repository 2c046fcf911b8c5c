/* SPDX-License-Identifier: MIT */
/* The authors of messages, as the trees see them. */
#ifndef MICELIO_GOSSIP_ORIGIN_H
#define MICELIO_GOSSIP_ORIGIN_H

#include <stdint.h>

#include "common/nodeid.h"
#include "common/ratelimit.h"
#include "lru.h"
#include "msglog.h"

struct gossip;

#define ORIGINS_MAX		4096u	/* with a tree of their own */

/* An author as we see him. */
struct origin {
	struct lru_node	 node;		/* by oid */
	uint64_t	 oid;		/* under our own salt */
	struct nodeid	 id;
	struct log_share share;
	uint64_t	 eager;		/* slots */
	uint64_t	 ahead;		/* that have things before us */
	uint8_t		 parent, better;	/* slots */
	uint8_t		 swap_slot, swap_n;
	uint64_t	 swap_at;	/* mono ms */
	struct bucket	 v1;
};

/* Made if need be, in the place of who has been silent for longest. */
struct origin *origin_take(struct gossip *, const struct nodeid *);
/* By its name under our own salt.  NULL: not known. */
struct origin *origin_get(const struct gossip *, uint64_t oid);
/* NULL: forgotten. */
struct origin *origin_of(const struct logmsg *);
void	 origins_free(struct gossip *);

#endif

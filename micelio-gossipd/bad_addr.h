/* SPDX-License-Identifier: MIT */
/*
 * Addresses that failed.  They are left alone for growing times, so that
 * nobody can make us knock at one door under many names.
 */
#ifndef MICELIO_GOSSIP_BAD_ADDR_H
#define MICELIO_GOSSIP_BAD_ADDR_H

#include <stdbool.h>
#include <stdint.h>

#include "common/nodeid.h"
#include "lru.h"

struct gossip;

#define BAD_ADDRS_MAX		512u

struct bad_addr {
	struct lru_node	 node;
	uint8_t		 key[16];
	uint32_t	 fails;
	uint64_t	 until;		/* mono ms */
	uint64_t	 seen_at;	/* when it may be cut short again */
	bool		 has_owner;
	struct nodeid	 owner;		/* proved to be there, not who was
					   looked for */
};

void	 bad_addr_init(struct gossip *, uint64_t seed);
void	 bad_addr_free(struct gossip *);
/* NULL: it did not fail. */
struct bad_addr *bad_addr_get(const struct gossip *, const char *addr);
/*
 * It failed once more.  owner: who was proved to be there, from whom made-up
 * nodes at its address take nothing; or NULL.
 */
void	 bad_addr_add(struct gossip *, const char *addr,
	    const struct nodeid *owner);
/* It answered. */
void	 bad_addr_forget(struct gossip *, const char *addr);

#endif

/* SPDX-License-Identifier: MIT */
/* What a neighbour, in session 1, tells of other nodes. */
#ifndef TESTS_GOSSIP_HEARSAY_H
#define TESTS_GOSSIP_HEARSAY_H

#include "fake.h"
#include "proto/message.h"

extern unsigned int hearsay_serial;	/* of the next one's message id */

/* A node and b, identity 1, linked; forgets what came of that. */
struct fake *hearsay_open(struct ident *b);
/* A reachable node; i and addr must outlive it. */
struct peer_msg peer_of(const struct ident *i, const char *addr,
	    uint64_t last_seen);
/* b tells of n peers. */
void	 hearsay_tell(struct fake *, const struct ident *b,
	    const struct peer_msg *, size_t n);

#endif

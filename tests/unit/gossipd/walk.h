/* SPDX-License-Identifier: MIT */
/* What happens to a node while time goes by. */
#ifndef MICELIO_TEST_WALK_H
#define MICELIO_TEST_WALK_H

#include "fake.h"

/* Somebody says where that node is, and when he saw it (unix s). */
void	 fake_hear(struct fake *, const struct ident *, const char *addr,
	    uint64_t seen);
/* What a record of stated says: node n at 8.x.y.1:4000, last seen (unix s). */
struct ident fake_know(struct fake *, unsigned int n, uint64_t last_seen);
/* Lets time pass in small steps. */
void	 fake_walk(struct fake *, uint64_t ms);
/* The same, and nobody falls silent. */
void	 fake_awake(struct fake *, uint64_t ms);
/* All from this dial on. */
void	 fake_dials_fail(struct fake *, size_t from);

#endif

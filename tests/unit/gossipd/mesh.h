/* SPDX-License-Identifier: MIT */
/* The little mesh most tests of the core begin with. */
#ifndef MICELIO_TEST_MESH_H
#define MICELIO_TEST_MESH_H

#include "fake.h"
#include "micelio-gossipd/drop.h"

/* A node with three peers: B and C in sessions 1 and 2, D in 3. */
struct mesh {
	struct fake	*f;
	struct ident	 b, c, d, author;
};

void	 mesh_open(struct mesh *);
/* How many messages were dropped for this reason. */
uint64_t drops(const struct mesh *, enum drop);
/* Nothing was shown, sent or counted as received. */
void	 assert_quiet(const struct mesh *);

#endif

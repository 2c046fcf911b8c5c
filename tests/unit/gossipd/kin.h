/* SPDX-License-Identifier: MIT */
/*
 * A node with three links of our kind, and what they tell each other: for
 * the tests of links, trees and repair.
 */
#ifndef TEST_KIN_H
#define TEST_KIN_H

#include "fake.h"
#include "micelio-gossipd/origin.h"
#include "micelio-gossipd/tree.h"
#include "proto/m2.h"

/* Ids of messages. */
#define U1	"00000000-0000-4000-8000-000000000001"
#define U2	"00000000-0000-4000-8000-000000000002"
#define U3	"00000000-0000-4000-8000-000000000003"

struct kin {
	struct fake	*f;
	struct ident	 b, c, d, author;
	uint8_t		 salt[16];
};

/* The links 1, 2 and 3 are to b, c and d; forgets what came of that. */
void	 kin_open(struct kin *);

/* A control frame from the neighbour; its SETUP. */
void	 ctrl_in(struct kin *, uint32_t sid, const struct m2_ctrl *);
void	 setup_in(struct kin *, uint32_t sid);
/* The neighbour tells of a message; of an origin without a tree. */
void	 ihave_in(struct kin *, uint32_t sid, uint64_t what);
void	 ihave_new_in(struct kin *, uint32_t sid, uint64_t what);
/* The link wants what the author says from now on. */
void	 graft_link_in(struct kin *, uint32_t sid);

/* The control frames to a session, in one; false: there was none. */
bool	 ctrl_out(const struct fake *, uint32_t sid, struct m2_ctrl *);
bool	 payload_went(const struct fake *, uint32_t sid);

/* A message's short id, with our salt or with theirs; as bytes, of a ring. */
uint64_t sid_of(const struct kin *, struct slice frame, bool theirs);
struct slice kin_name(uint64_t);

/* A link's bit in masks; what is known of the author. */
uint64_t kin_bit(const struct kin *, uint32_t sid);
const struct origin *kin_origin(struct kin *);

#endif

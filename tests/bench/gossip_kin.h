/* SPDX-License-Identifier: MIT */
#ifndef TESTS_GOSSIP_KIN_H
#define TESTS_GOSSIP_KIN_H

#include <stddef.h>

#include "common/cursor.h"

/*
 * What peers of our kind say on their links, as frames; each is good until
 * the next call.
 */
struct slice	kin_setup(void);
/*
 * To a frame of gossipd: a request for all messages that it tells of, which
 * is what makes the link one of their trees.  Of no bytes when there is
 * nothing to ask for.
 */
struct slice	kin_answer(const void *, size_t);

#endif

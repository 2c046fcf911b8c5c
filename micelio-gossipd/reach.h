/* SPDX-License-Identifier: MIT */
/* Addresses we may dial. */
#ifndef MICELIO_GOSSIP_REACH_H
#define MICELIO_GOSSIP_REACH_H

#include <stdbool.h>
#include <stdint.h>

struct gossip;

/* May we dial what somebody says is a node's address (wire-v1 8, W11)? */
bool	 reach_allowed(const struct gossip *, const char *addr);
/* Is it in a network that is not everybody's? */
bool	 reach_is_inner(const char *addr);
/*
 * The same of a name, which only the node itself may say in its hello; what
 * it stands for is seen when it is looked up.
 */
bool	 reach_name(const struct gossip *, const char *addr);
/* The rules for such a dial (enum dial_flags). */
uint8_t	 reach_flags(const struct gossip *);
/* Does it lead to this node? */
bool	 reach_own(const struct gossip *, const char *addr);
/* 0: none to speak of. */
uint64_t reach_network(const char *addr);

#endif

/* SPDX-License-Identifier: MIT */
/* Who gets a message. */
#ifndef MICELIO_GOSSIP_TREE_H
#define MICELIO_GOSSIP_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/nodeid.h"
#include "msglog.h"
#include "proto/m2.h"

struct envelope;
struct gossip;
struct link;
struct origin;
struct session;

#define BEHIND_MS		100u	/* who is behind waits, at most */
#define LAG_MAX_MS		1000u
#define LATE_MS			10000u	/* after it was said: by request only */
#define SWAP_LATE_MS		20u
#define SWAP_TIMES		3u
#define SWAP_EVERY_MS		5000u

/* A verified message, asked for or not, or one of our own (s: NULL). */
void	 tree_accept(struct gossip *, struct session *,
	    const struct nodeid *author, const struct envelope *,
	    const uint8_t mid[M2_MID], uint64_t sid, bool asked);
/* Own frame; the number of links it is given to. */
size_t	 tree_broadcast(struct gossip *, const void *, size_t);
/* One more copy of a message that we have. */
void	 tree_duplicate(struct gossip *, struct session *, uint64_t sid);
void	 tree_graft_link_in(struct gossip *, struct link *, uint64_t oid);
/* The link told of a message that we have. */
void	 tree_told(struct gossip *, struct link *, struct logmsg *);
void	 tree_prune_in(struct gossip *, struct link *, uint64_t oid);
void	 tree_link_down(struct gossip *, struct link *);
void	 tree_trim(struct gossip *, const struct log_share *);
/* Rewrites an eager link of an origin: asks for its payloads. */
void	 tree_ask(struct gossip *, struct link *, struct origin *);

#endif

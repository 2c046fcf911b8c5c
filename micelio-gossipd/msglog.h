/* SPDX-License-Identifier: MIT */
/*
 * The messages of the last minute, as they are sent on: in the order of their
 * coming, found by the name this node has for them.  Bounded in bytes, with a
 * share for each origin.
 */
#ifndef MICELIO_MSGLOG_H
#define MICELIO_MSGLOG_H

#include <bsd/sys/queue.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lru.h"

/* A minute, and the time in which links come back. */
#define MSGLOG_MS	90000u
#define MSGLOG_BYTES	(8u * 1024 * 1024)
#define MSGLOG_SHARE	(MSGLOG_BYTES / 4)	/* of one origin */
#define MSGLOG_ITEMS	65536u

struct logmsg {
	struct lru_node	 node;		/* by sid; the order is that of coming */
	uint64_t	 sid;		/* under our own salt */
	uint8_t		 mid[16];
	TAILQ_ENTRY(logmsg) share_entry;
	TAILQ_ENTRY(logmsg) v1_entry;
	struct log_share *share;	/* NULL: the origin was forgotten */
	uint64_t	 at;		/* mono ms */
	uint64_t	 second;	/* unix s, for WINDOW */
	uint64_t	 heard_at;	/* first told of it; 0: never */
	uint64_t	 v1_at;		/* mono ms: to v1 neighbours; 0: no */
	/* A bit for each link slot: */
	uint64_t	 have;		/* has it, as far as we know */
	uint64_t	 told;		/* was told of it by us */
	uint64_t	 pushed;	/* was given it unasked; it may have had
					   no room */
	uint64_t	 served[2];	/* was given it on request: once, twice */
	uint64_t	 owing;		/* was asked for it and did not serve */
	uint32_t	 from;		/* session; 0: this node itself */
	uint32_t	 payload;	/* bytes */
	bool		 from_v1;	/* by a v1 relay, not its author */
	bool		 own;
	bool		 spent;		/* not for v1 neighbours */
	bool		 repaired;	/* it came because we asked */
	bool		 cold;		/* no tree was here for it, or it came
					   late: others have to ask */
	uint32_t	 hop_at;	/* where its one byte of hops is */
	uint32_t	 len;
	uint8_t		 frame[];
};

TAILQ_HEAD(logmsg_list, logmsg);

struct log_share {
	struct logmsg_list	 msgs;		/* oldest first */
	size_t		 bytes;
};

struct msglog {
	struct lru	 map;
	size_t		 bytes;
};

void	 msglog_init(struct msglog *, uint64_t seed);
void	 msglog_free(struct msglog *);
/*
 * Takes a copy of the frame; the sid must not be there.  hop_at: see above.
 * What msglog_excess() then says has to go first.
 */
struct logmsg *msglog_add(struct msglog *, struct log_share *, uint64_t sid,
	    const uint8_t mid[16], const void *frame, size_t len,
	    uint64_t now_ms);
struct logmsg *msglog_get(const struct msglog *, uint64_t sid);
/* The next that is too old or too much, or NULL. */
struct logmsg *msglog_excess(const struct msglog *, const struct log_share *,
	    uint64_t now_ms);
void	 msglog_remove(struct msglog *, struct logmsg *);
struct logmsg *msglog_oldest(const struct msglog *);
struct logmsg *msglog_youngest(const struct msglog *);
struct logmsg *msglog_younger(const struct logmsg *);
struct logmsg *msglog_older(const struct logmsg *);
void	 log_share_init(struct log_share *);
/* The messages stay, without a share. */
void	 log_share_clear(struct log_share *);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * What this node says about who is alive, and what it makes of the others'
 * words (health.h).
 */
#ifndef MICELIO_SUSPECT_H
#define MICELIO_SUSPECT_H

#include <bsd/sys/queue.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/imsg_types.h"
#include "common/nodeid.h"
#include "common/ratelimit.h"
#include "health.h"
#include "liars.h"

struct gossip;
struct job;
struct link;
struct session;
struct signing;
struct wbuf;

#define DOUBTS_MAX		256u	/* lost links of which we say so */
#define SUSPECT_RATE		1u	/* words a second */
#define SUSPECT_BURST		3u
#define SUSPECT_EVERY_MS	1000u	/* between two, but to answer */
#define SUSPECT_SOON_MS		100u	/* after we ended a link */
#define LOST_EOF_MS		500u	/* it may say that it ended it */
#define LOST_SILENT_MS		250u
#define LOST_MANY_MS		3000u	/* most at once: is it us? */
#define AWAY_MS			5000u	/* after we were not here */
#define REFRESH_MS		(10u * 60 * 1000)
#define REFRESH_NODE_MS		500u	/* more for each node known */

enum doubt_state { DOUBT_WAITS, DOUBT_DUE, DOUBT_SAID, DOUBT_HEARD };

/* A node that we miss. */
struct doubt {
	TAILQ_ENTRY(doubt) entry;
	struct nodeid	 id;
	enum doubt_state state;
	bool		 late;		/* it was put off once */
	uint64_t	 lost_at, at;	/* mono ms; at: DOUBT_WAITS ends */
	uint64_t	 incarnation;	/* of the node, as we said it */
	uint32_t	 quiet_ms;
};

struct suspect {
	bool		 on;
	struct health	 health;
	uint64_t	 incarnation;
	bool		 answer;	/* we were suspected */
	bool		 signing;
	uint64_t	 say_at, said_at, refresh_at;	/* mono ms */
	uint64_t	 away_until;
	int64_t		 clocks;	/* wall less mono ms, at the last beat */
	struct bucket	 rate;
	TAILQ_HEAD(, doubt) doubts;
	size_t		 ndoubts;
	struct liar	 liar[LIARS_MAX];
	size_t		 nliars;
	uint8_t		 claims[M2_CLAIMS_MAX * M2_HALF];	/* as said */
	size_t		 claims_len;
	uint32_t	 news;		/* of the judgement under way */
	struct {
		uint64_t in, out, bad, answers;
	} count;
};

void	 suspect_init(struct gossip *);
void	 suspect_free(struct gossip *);
void	 suspect_link_up(struct gossip *, const struct link *);
/* Call before the link of a ready session is taken away. */
void	 suspect_lost(struct gossip *, const struct session *,
	    enum down_reason);
/* Once a second while there are links; stalled: it comes late. */
void	 suspect_beat(struct gossip *, bool stalled);
void	 suspect_tick(struct gossip *);
uint64_t suspect_next(const struct gossip *);
/* Is this one word too many of its author? */
bool	 suspect_allow(struct gossip *, const struct job *);
void	 suspect_in(struct gossip *, const struct job *);
void	 suspect_signed(struct gossip *, const struct signing *,
	    enum key_status, const void *frame, size_t);
/* Is this a session whose link we claim? */
bool	 suspect_claimed(const struct session *);
void	 suspect_status(const struct suspect *, struct wbuf *);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Who is alive, by the word of many (micelio-protocol(7), M2, Health).  Nodes
 * claim their links; a link that both ends claim makes each an observer of the
 * other.  A node is down when most of its observers miss it, and unreachable
 * when no way of such links leads to it any more.  Pure: words and time in,
 * changes out.
 */
#ifndef MICELIO_HEALTH_H
#define MICELIO_HEALTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/nodeid.h"
#include "common/ratelimit.h"
#include "lru.h"
#include "proto/m2.h"

#define HEALTH_MAX		4096u	/* nodes */
#define HEALTH_OBSERVERS_MIN	3u
#define HEALTH_DOWN_PERCENT	60u
#define HEALTH_GRACE_MS		1000u	/* for the suspected to answer */
#define HEALTH_AWAY_MS		5000u	/* links may be changing */
#define HEALTH_LIFE_MS		(3u * 60 * 60 * 1000) /* of a word */
#define HEALTH_ROUNDS		16u	/* of leaving out observers */
#define HEALTH_RATE		2u	/* words of a node, a second */
#define HEALTH_BURST		64u	/* of the minute behind a break */
#define HEALTH_SOON_MS		100u	/* before what was said is judged */
#define HEALTH_LATER_MS		2000u	/* if nobody is suspected in it */

enum health_state { HEALTH_UP, HEALTH_UNREACHABLE, HEALTH_DOWN };

/* A link that a node claims. */
struct health_link {
	uint8_t		 id[M2_HALF];
	uint64_t	 incarnation;	/* of the claimer, missed over it */
	bool		 back;		/* claimed by the other end, too */
	bool		 mutual;	/* was so, since it is claimed here */
	bool		 missed;	/* the other end misses the claimer */
};

struct health_node {
	struct lru_node	 node;		/* by the first half of the id */
	struct nodeid	 id;
	uint64_t	 incarnation;
	uint64_t	 stamp;		/* clock of its newest word */
	uint64_t	 heard_at;	/* mono ms */
	struct bucket	 rate;
	enum health_state shown, due;	/* now; from due_at on */
	uint64_t	 due_at;	/* mono ms */
	bool		 linked;	/* with us, now */
	bool		 reached;	/* by claimed links, since its word */
	bool		 settled;	/* the same, ever */
	bool		 greeted;	/* the same, since it began */
	/* Of the judgement under way: */
	bool		 dead, met;
	struct health_node *next;
	uint32_t	 observers, missing;
	size_t		 nlinks;
	struct health_link *link;
};

struct health {
	struct lru	 nodes;		/* oldest word first */
	struct nodeid	 self;
	uint64_t	 judge_at;	/* mono ms; UINT64_MAX: no need */
	uint64_t	 refused;	/* no room for them */
	size_t		 newcomers;	/* reached, and not greeted before */
	uint64_t	 changes;	/* of nodes, claimed links, states shown */
	size_t		 count[HEALTH_DOWN + 1];	/* as shown */
};

void	 health_init(struct health *, const struct nodeid *self,
	    uint64_t seed);
void	 health_free(struct health *);
/* NULL: not known.  half: M2_HALF bytes. */
struct health_node *health_get(const struct health *, const uint8_t *half);
/* May this node say so much?  One that is not known may. */
bool	 health_allow(struct health *, const struct nodeid *,
	    uint64_t mono_ms);
/*
 * What a node said, signed, with a clock; the newest word counts.  False: it
 * is not, or there is no room.
 */
bool	 health_take(struct health *, const struct nodeid *, uint64_t stamp,
	    const struct m2_suspect *, uint64_t mono_ms);
/* Call when judge_at has come, with the flags linked as they are. */
void	 health_judge(struct health *, uint64_t mono_ms,
	    void (*changed)(void *, const struct health_node *), void *arg);
const char *health_text(enum health_state);

#endif

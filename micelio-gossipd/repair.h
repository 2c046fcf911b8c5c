/* SPDX-License-Identifier: MIT */
/* What was announced and does not come. */
#ifndef MICELIO_GOSSIP_REPAIR_H
#define MICELIO_GOSSIP_REPAIR_H

#include <stdbool.h>
#include <stdint.h>

#include "heap.h"
#include "lru.h"

struct gossip;
struct link;
struct session;

#define WANTS_MAX		16384u	/* announced and not yet here */
#define LINK_WANTS_MAX		4096u	/* of one link */
#define GOODPUT_MIN		16384u
#define T1_MIN_MS		50u
#define T1_MAX_MS		250u
#define GRAFT_SLACK_MS		40u
#define GRAFT_EXTEND_MAX	8u
#define ROUND_MS		250u	/* before all are asked again */
#define ROUND_MAX_MS		4000u
#define BIG_FETCHES_MAX		2u
#define BIG_AGAIN_MS		25u

/* A message we heard of. */
struct want {
	struct lru_node	 node;		/* by sid */
	uint64_t	 sid;		/* under our own salt */
	struct heap_node due;
	uint64_t	 first_at;	/* mono ms */
	uint64_t	 by;		/* slots that announced it */
	uint64_t	 tried;		/* in this round */
	uint64_t	 ever;		/* asked at all */
	uint32_t	 other;		/* one session without a slot */
	uint32_t	 size;		/* 0: small */
	uint32_t	 from;		/* session that is asked; 0: none */
	uint64_t	 asked_at, asked_bytes;
	uint8_t		 first, extended, round;
	bool		 other_tried, big;	/* a big fetch is out */
	bool		 put_off;	/* it came, and was too early */
	bool		 is_new;	/* no tree brings it */
};

void	 repair_ihave(struct gossip *, struct link *, uint64_t sid,
	    uint32_t size, bool is_new);
void	 repair_nohave(struct gossip *, struct link *, uint64_t sid);
struct want *repair_want(const struct gossip *, uint64_t sid);
/* Was it asked for, by all that we still know? */
bool	 repair_asked(const struct gossip *, uint64_t sid);
/* It came from s; or it is not wanted any more (NULL). */
void	 repair_done(struct gossip *, struct want *, struct session *);
/*
 * It came from s and there is no room for it: it is asked for at that time.
 * False: it cannot be remembered.
 */
bool	 repair_put_off(struct gossip *, struct session *, uint64_t sid,
	    uint64_t at);
/* Was it put off, and is not asked for now?  Then s has it, too. */
bool	 repair_is_early(struct gossip *, struct session *, uint64_t sid);
/* It came from s, and was no good. */
void	 repair_spoilt(struct gossip *, struct session *, uint64_t sid);
void	 repair_link_down(struct gossip *, struct link *);
void	 repair_tick(struct gossip *);
void	 repair_free(struct gossip *);
/* Requests that were never answered come to the end of their time. */
void	 repair_owed(struct gossip *, uint64_t slots);

#endif

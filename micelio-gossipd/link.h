/* SPDX-License-Identifier: MIT */
/* What a ready session has for broadcast. */
#ifndef MICELIO_GOSSIP_LINK_H
#define MICELIO_GOSSIP_LINK_H

#include <bsd/sys/queue.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cursor.h"
#include "common/ratelimit.h"
#include "proto/m2.h"

struct envelope;
struct gossip;
struct log_share;
struct logmsg;
struct session;

#define OWN_RATE		40u	/* what we say, where not all is v1 */
#define OWN_BURST		80u
#define SETUP_MS		2000u
#define RTT_FIRST_MS		200u	/* assumed */
#define GOODPUT_FIRST		1250000u	/* bytes/s, assumed */
#define SCORE_MIN		(-4)
#define SCORE_MAX		2
#define SCORE_DECAY_MS		60000u

enum link_kind {
	LINK_V1,		/* not of our kind, or not yet */
	LINK_WAIT,		/* of our kind; its SETUP is awaited */
	LINK_M2,
};

/* A frame of reconciliation that waits for its turn. */
struct mapframe {
	STAILQ_ENTRY(mapframe) entry;
	uint32_t	 cost;		/* of the window of stated */
	size_t		 len;
	uint8_t		 data[];
};

/* What a ready session has for broadcast. */
struct link {
	struct session	*s;
	enum link_kind	 kind;
	uint8_t		 slot;		/* NO_SLOT: none was free */
	uint64_t	 bit;		/* 0 without a slot */
	uint64_t	 since;		/* mono ms */
	struct m2_setup	 setup;		/* theirs */
	bool		 say_setup, say_window, gap_told;
	bool		 windowed;	/* theirs came */

	/* What goes into the next control frame, and when. */
	uint64_t	 flush_at;
	bool		 blocked;	/* no credit for it */
	struct wbuf	 graft, graft_link, prune, nohave;
	uint32_t	 gap;
	struct logmsg	*cursor;	/* next to be announced; NULL: none */
	struct logmsg	*resync;	/* the same, of before the link */
	uint64_t	 resync_at;	/* mono ms; NEVER: over */
	uint64_t	 resync_end;	/* of what came up to then, mono ms */
	uint8_t		*window;	/* theirs, while resync goes on */
	size_t		 window_len;

	/* Payloads that wait. */
	struct logmsg	**queue;
	size_t		 nqueue, queue_cap, queue_bytes;
	struct log_share *last_share;	/* whose message went last */

	/* The map (maplink.c). */
	bool		 map_up, say_root;
	struct m2_root	 root;		/* to be said */
	struct bucket	 roots;
	STAILQ_HEAD(, mapframe) mapq;
	size_t		 map_in;	/* bytes stated has not dealt with */
	uint32_t	 late_frames, late_bytes;	/* owed for them */

	/* Its time. */
	bool		 say_ping;
	uint32_t	 ping_seq, echo;
	uint64_t	 ping_at, echo_at;	/* mono ms; 0: none is out */
	uint64_t	 rtt_at;
	uint32_t	 rtt_ms, rtt_var;	/* smoothed, x8 and x4 */
	uint64_t	 fresh_at;	/* silence counts from here */
	bool		 clock_known;
	int64_t		 clock_ms;	/* ahead of ours */

	/* How it serves. */
	int		 score;
	uint64_t	 score_at;
	uint32_t	 goodput;	/* bytes a second */
	uint32_t	 asked;		/* requests out */
	uint32_t	 open;		/* announced, not here yet */
	uint32_t	 unserved;
	uint64_t	 forgiven_at;	/* mono ms */
	uint64_t	 big_at;	/* last big frame from it, mono ms */
	struct bucket	 serve;
	struct bucket	 records;	/* of peers, that are checked */
	uint64_t	 told_at;	/* records, mono ms; 0: never */
	struct logmsg	*found;		/* last asked for; NULL: none */

	struct {
		uint64_t ihave, ihave_in, graft, graft_in, prune, prune_in;
		uint64_t payload, payload_in, duplicate, saved;
	} count;
};

void	 link_up(struct gossip *, struct session *);
void	 link_free(struct link *);
void	 link_down(struct gossip *, struct session *);
/* A frame of type 32, 33 or 36. */
void	 link_frame(struct gossip *, struct session *,
	    const struct envelope *);
uint32_t link_rtt(const struct link *);		/* ms */
int	 link_score(const struct gossip *, const struct link *);
void	 link_judge(struct gossip *, struct link *, int points);
/* The link of a slot, or NULL. */
struct link *link_of(const struct gossip *, uint8_t slot);
/* Links of the same node as this one, itself too. */
uint64_t link_twins(const struct gossip *, const struct session *);

#endif

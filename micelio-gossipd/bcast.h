/* SPDX-License-Identifier: MIT */
/*
 * Reliable broadcast between nodes of our kind, m2 (micelio-protocol(7)):
 * what the core keeps for it.  Part of gossip.h.
 */
#ifndef MICELIO_BCAST_H
#define MICELIO_BCAST_H

#include <bsd/sys/queue.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cursor.h"
#include "common/nodeid.h"
#include "common/ratelimit.h"
#include "heap.h"
#include "lru.h"
#include "msglog.h"
#include "proto/m2.h"

struct envelope;
struct gossip;
struct job;
struct session;

#define SLOTS_MAX		64u	/* links with a bit of their own */
#define ORIGINS_MAX		4096u	/* with a tree of their own */
#define WANTS_MAX		16384u	/* announced and not yet here */
#define LINK_WANTS_MAX		4096u	/* of one link */
#define LINK_UNSERVED_MAX	256u	/* asked for in vain, then it goes */
#define LINK_QUEUE_MAX		256u	/* payloads waiting for one link */
#define LINK_QUEUE_BYTES	(4u * 1024 * 1024)
#define LINK_FLIGHT		65536u	/* bytes ahead of control */
#define LINK_CTRL_FRAMES	8u	/* of the window, for control */
#define LINK_LIST_MAX		8192u	/* bytes of a waiting list of names */
/* What we say in the tag and in SETUP. */
#define M2_CAPS		(M2_CAP_TREES | M2_CAP_CLOCK | M2_CAP_PING | \
			M2_CAP_RECORDS)
#define SETUP_MS		2000u
#define BATCH_MS		10u
#define BEHIND_MS		100u	/* who is behind waits, at most */
#define BEAT_MS			1000u
#define RTT_EVERY_MS		30000u	/* measured so often, traffic or not */
#define RTT_FIRST_MS		200u	/* assumed */
#define QUIET_MIN_MS		3000u	/* before a link may be called dead */
#define STALL_MS		2000u	/* a beat so late: we were not here */
#define GOODPUT_FIRST		1250000u	/* bytes/s, assumed */
#define GOODPUT_MIN		16384u
#define SCORE_MIN		(-4)
#define SCORE_MAX		2
#define SCORE_DECAY_MS		60000u
#define T1_MIN_MS		50u
#define T1_MAX_MS		250u
#define LAG_MAX_MS		1000u
#define GRAFT_SLACK_MS		40u
#define GRAFT_EXTEND_MAX	8u
#define ROUND_MS		250u	/* before all are asked again */
#define ROUND_MAX_MS		4000u
#define BIG_FETCHES_MAX		2u
#define BIG_AGAIN_MS		25u
#define SWAP_LATE_MS		20u
#define SWAP_TIMES		3u
#define SWAP_EVERY_MS		5000u
#define SERVE_RATE		2048u	/* KiB a second by request, one link */
#define SERVE_BURST		16384u
#define LOOK_STEPS		64u	/* of looking for a name cost 1 of it */
#define RESYNC_STEP		512u	/* names of one batch */
#define RESYNC_MS		50u
#define PARKED_AUTHORS_MAX	256u	/* over their rate at once */
#define PARKED_SHARE		256u	/* messages of one that wait */
#define PARKED_S		10u	/* or as many as it may say in that */
#define PARKED_MAX		4096u	/* of all */
#define PARKED_BYTES		(8u * 1024 * 1024)
#define V1_JITTER_MS		50u
#define V1_JITTER_BIG_MS	250u
#define V1_RATE			8u	/* of one author, to a v1 neighbour */
#define V1_BURST		16u
#define V1_LATE_MS		5000u	/* then they do without it */
#define TRACES_MAX		256u
#define MAP_DELTA_MAX		49152u	/* bytes of a StateDelta */
#define MAP_DELTA_RATE		2u	/* a second, of one node */
#define MAP_DELTA_BURST		4u
#define MAP_IN_MAX		(512u * 1024)	/* not yet dealt with */
#define ROOT_RATE		5u	/* a second, from one link */
#define ROOT_BURST		20u
#define NEVER			UINT64_MAX
#define NO_SLOT			UINT8_MAX

enum link_kind {
	LINK_V1,		/* not of our kind, or not yet */
	LINK_WAIT,		/* of our kind; its SETUP is awaited */
	LINK_M2,
};

enum delta_state { DELTA_NONE, DELTA_WAITS, DELTA_SIGNING };

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

/* An author as we see him. */
struct origin {
	struct lru_node	 node;		/* by oid */
	uint64_t	 oid;		/* under our own salt */
	struct nodeid	 id;
	struct log_share share;
	uint64_t	 eager;		/* slots */
	uint64_t	 ahead;		/* that have things before us */
	uint8_t		 parent, better;	/* slots */
	uint8_t		 swap_slot, swap_n;
	uint64_t	 swap_at;	/* mono ms */
	struct bucket	 v1;
};

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
};

/* How a message came here. */
struct trace {
	char		 message_id[37];
	struct nodeid	 author, from;
	const char	*by;		/* tree graft v1 own gone */
	uint64_t	 at;		/* unix ms */
	int64_t		 age;		/* ms by its author's clock; -1: none */
	uint64_t	 late;		/* ms behind the first IHAVE */
	uint32_t	 announced, grafts, hops;
};

struct bcast {
	uint8_t		 salt[M2_SALT];
	uint64_t	 boot_ms;
	struct link	*slot[SLOTS_MAX];
	uint64_t	 live;		/* slots of m2 links */
	uint64_t	 eager;		/* default mask, oid 0 */
	size_t		 nm2, nwait;
	struct lru	 origins, wants;
	struct lru	 parked;	/* authors over their rate */
	size_t		 nparked, parked_bytes;	/* messages of these */
	uint64_t	 parked_at;	/* mono ms */
	struct want	*spare;		/* not used now, by node.chain */
	struct heap	 due;
	uint32_t	 nbig;
	uint32_t	 lag_ms;	/* of payloads behind IHAVE, x8 */
	struct msglog	 log;
	struct logmsg_list	 v1;		/* to be given to v1 neighbours */
	uint64_t	 v1_at, flush_at, beat_at;	/* mono ms */
	struct wbuf	 ihave, big, ctrl, frame;
	struct trace	*trace;		/* a ring */
	size_t		 ntraces, traces_cap, next_trace;
	struct {
		uint64_t ihave, ihave_in, graft, graft_in, graft_link,
		    prune, prune_in, nohave, nohave_in, duplicates, repairs,
		    swaps, gap, gap_in, pings, control_bytes, control_frames,
		    late_v1, unannounced, refused, parked, records, records_in;
	} count;
};

/* ---- link.c: what becomes of a ready session ---- */
void	 bcast_init(struct gossip *);
void	 bcast_free(struct gossip *);
void	 link_up(struct gossip *, struct session *);
void	 link_free(struct link *);
void	 link_down(struct gossip *, struct session *);
/* A frame of type 32, 33 or 36. */
void	 link_frame(struct gossip *, struct session *,
	    const struct envelope *);
void	 bcast_tick(struct gossip *);
uint64_t bcast_next(const struct gossip *);
uint32_t link_rtt(const struct link *);		/* ms */
int	 link_score(const struct gossip *, const struct link *);
void	 link_judge(struct gossip *, struct link *, int points);
/* The link of a slot, or NULL. */
struct link *link_of(const struct gossip *, uint8_t slot);
/* Links of the same node as this one, itself too. */
uint64_t link_twins(const struct gossip *, const struct session *);

/* ---- beat.c: pings, clocks, silence ---- */
void	 beat_tick(struct gossip *);
void	 beat_ping(struct gossip *, struct link *);
void	 beat_ping_in(struct gossip *, struct link *, const struct m2_ping *);
/* For the next control frame; false: nothing to say. */
bool	 beat_ping_out(struct gossip *, struct link *, struct m2_ping *);
/* How much our clock is to be corrected when times are judged, ms. */
int64_t	 beat_clock(const struct gossip *);

/* ---- control.c: control frames out, payloads behind them ---- */
/* Something is to be said on the link, in so many ms at the latest. */
void	 control_due(struct gossip *, struct link *, uint64_t in_ms);
void	 control_name(struct wbuf *, uint64_t name);
void	 control_flush(struct gossip *, struct link *);
/* Puts its name into the frame that is being made. */
void	 control_announce(struct gossip *, struct link *, struct logmsg *);
void	 control_tick(struct gossip *);
/* Gives the payload to the link, now or from its queue; false: no room. */
bool	 payload_push(struct gossip *, struct link *, struct logmsg *);
/* May it go at once?  Then the caller sends it; it is paid for. */
bool	 payload_now(struct link *, const struct logmsg *);
/* Either of the two. */
bool	 payload_give(struct gossip *, struct link *, struct logmsg *);
/* There is credit again. */
void	 payload_pump(struct gossip *, struct link *);
/* The message leaves the log. */
void	 payload_forget(struct gossip *, struct link *, const struct logmsg *);

/* Would it be on its way at once, with room left for control? */
bool	 payload_room(const struct link *, size_t);

/* ---- maplink.c: the map between nodes ---- */
void	 maplink_init(struct gossip *);
void	 maplink_free(struct gossip *);
uint64_t maplink_caps(const struct gossip *);
bool	 maplink_ready(const struct gossip *);
void	 maplink_up(struct gossip *, struct link *);
void	 maplink_down(struct gossip *, struct link *);
/* For the next control frame; false: nothing to say. */
bool	 maplink_root_out(struct link *, struct m2_root *);
void	 maplink_root_in(struct gossip *, struct link *,
	    const struct m2_root *);
void	 maplink_frame_in(struct gossip *, struct link *, const void *,
	    size_t);
/* Is a frame of so many bytes dealt with?  Else it is, later. */
bool	 maplink_handled(struct link *, size_t);
void	 maplink_pump(struct gossip *, struct link *);
void	 maplink_tick(struct gossip *);
/* Other kinds of links than before. */
void	 maplink_alone(struct gossip *);
void	 maplink_signed(struct gossip *, enum key_status, const void *frame,
	    size_t);
void	 maplink_delta_in(struct gossip *, const struct job *);
const char *maplink_text(const struct gossip *, const struct link *);

/* ---- tree.c: who gets a message ---- */
/* A verified message, or one of our own (s: NULL). */
void	 tree_accept(struct gossip *, struct session *,
	    const struct nodeid *author, const struct envelope *,
	    const uint8_t mid[M2_MID], uint64_t sid);
/* Own frame; the number of links it is given to. */
size_t	 tree_broadcast(struct gossip *, const void *, size_t);
/* One more copy of a message that we have. */
void	 tree_duplicate(struct gossip *, struct session *, uint64_t sid);
struct origin *tree_origin(struct gossip *, const struct nodeid *,
	    bool *is_new);
/* NULL: forgotten. */
struct origin *tree_origin_of(const struct logmsg *);
void	 tree_graft_in(struct gossip *, struct link *, uint64_t sid);
void	 tree_graft_link_in(struct gossip *, struct link *, uint64_t oid);
/* The link told of a message that we have. */
void	 tree_told(struct gossip *, struct link *, struct logmsg *);
void	 tree_prune_in(struct gossip *, struct link *, uint64_t oid);
void	 tree_link_up(struct gossip *, struct link *);
void	 tree_link_down(struct gossip *, struct link *);
void	 tree_trim(struct gossip *, const struct log_share *);
/* Rewrites an eager link of an origin: asks for its payloads. */
void	 tree_ask(struct gossip *, struct link *, struct origin *);

/* ---- parked.c: what comes faster than its author may speak ---- */
void	 parked_init(struct gossip *, uint64_t seed);
void	 parked_free(struct gossip *);
/* Does anything of that author wait?  Then what is next waits behind it. */
bool	 parked_waits(const struct gossip *, const struct nodeid *author);
/* The message, which is verified, has to wait; false: no room. */
bool	 parked_add(struct gossip *, const struct job *);
void	 parked_tick(struct gossip *);

/* ---- trace.c ---- */
void	 trace_add(struct gossip *, const struct logmsg *,
	    const struct session *, const struct envelope *,
	    const struct want *);

/* ---- relay.c: v1 neighbours ---- */
void	 relay_v1(struct gossip *, struct logmsg *);
void	 relay_v1_forget(struct gossip *, struct logmsg *);
/* What came while it was not known whether the link is m2. */
void	 relay_v1_late(struct gossip *, struct link *);
void	 relay_tick(struct gossip *);

/* ---- repair.c: what was announced and does not come ---- */
void	 repair_ihave(struct gossip *, struct link *, uint64_t sid,
	    uint32_t size);
void	 repair_nohave(struct gossip *, struct link *, uint64_t sid);
struct want *repair_want(const struct gossip *, uint64_t sid);
/* It came from s; or it is not wanted any more (NULL). */
void	 repair_done(struct gossip *, struct want *, struct session *);
/* It came from s, and was no good. */
void	 repair_spoilt(struct gossip *, struct session *, uint64_t sid);
void	 repair_link_down(struct gossip *, struct link *);
void	 repair_tick(struct gossip *);
void	 repair_free(struct gossip *);
/* Requests that were never answered come to the end of their time. */
void	 repair_owed(struct gossip *, uint64_t slots);

/* ---- window.c: what two nodes have, compared ---- */
void	 window_write(struct gossip *, const struct link *, struct wbuf *);
void	 window_in(struct gossip *, struct link *, struct slice);
/* The next names of what they may lack, into ihave and big. */
void	 window_announce(struct gossip *, struct link *);
void	 window_end(struct link *);
void	 window_xor(struct link *, uint64_t second, uint64_t sid);
uint64_t window_second(const struct envelope *, uint64_t wall_ms);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Reliable broadcast between nodes of our kind, m2 (micelio-protocol(7)):
 * what the core keeps for it.
 */
#ifndef MICELIO_BCAST_H
#define MICELIO_BCAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cursor.h"
#include "heap.h"
#include "lru.h"
#include "msglog.h"
#include "proto/m2.h"

struct gossip;
struct link;
struct trace;
struct want;

#define SLOTS_MAX		64u	/* links with a bit of their own */
#define NO_SLOT			UINT8_MAX

/* The lists in a control frame that tell of messages. */
enum note { NOTE, NOTE_BIG, NOTE_NEW, NOTE_BIG_NEW, NOTES };

struct bcast {
	uint8_t		 salt[M2_SALT];
	uint64_t	 boot_ms;
	struct link	*slot[SLOTS_MAX];
	uint64_t	 live;		/* slots of m2 links */
	size_t		 nm2, nwait;
	struct lru	 origins, wants;
	struct lru	 parked;	/* authors over their rate */
	size_t		 nparked, parked_bytes;	/* messages of these */
	uint64_t	 parked_at;	/* mono ms */
	struct want	*spare;		/* not used now, by node.chain */
	struct heap	 due;
	uint64_t	 given_up_at;	/* a want without an answer, mono ms */
	bool		 given_up;
	uint32_t	 nbig;
	uint32_t	 lag_ms;	/* of payloads behind IHAVE, x8 */
	struct msglog	 log;
	struct logmsg_list	 v1;		/* to be given to v1 neighbours */
	uint64_t	 v1_at, flush_at, beat_at;	/* mono ms */
	struct wbuf	 note[NOTES], ctrl, frame;
	struct trace	*trace;		/* a ring */
	size_t		 ntraces, traces_cap, next_trace;
	struct {
		uint64_t ihave, ihave_in, graft, graft_in, graft_link,
		    prune, prune_in, nohave, nohave_in, duplicates, repairs,
		    swaps, gap, gap_in, pings, control_bytes, control_frames,
		    late_v1, unannounced, refused, parked, put_off, records, records_in, records_void;
	} count;
};

void	 bcast_init(struct gossip *);
void	 bcast_free(struct gossip *);
void	 bcast_tick(struct gossip *);
uint64_t bcast_next(const struct gossip *);

#endif

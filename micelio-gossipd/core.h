/* SPDX-License-Identifier: MIT */
/*
 * What the core keeps, and what its files have in common; its drivers see
 * gossip.h alone.
 */
#ifndef MICELIO_GOSSIP_CORE_H
#define MICELIO_GOSSIP_CORE_H

#include <bsd/sys/queue.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bcast.h"
#include "bootstrap.h"
#include "common/addr.h"
#include "common/conf.h"
#include "common/cursor.h"
#include "common/log.h"
#include "common/nodeid.h"
#include "common/ratelimit.h"
#include "drop.h"
#include "envelope_out.h"
#include "gtime.h"
#include "keyring.h"
#include "limiter.h"
#include "lru.h"
#include "maplink.h"
#include "pacer.h"
#include "proto/arena.h"
#include "record.h"
#include "seen.h"
#include "session.h"
#include "suspect.h"

struct gossip_map_ops;
struct gossip_ops;

#define SWEEP_MS		60000u
#define LISTENING_MAX		CONF_LISTEN_MAX

struct counters {
	uint64_t	received;	/* unique valid messages */
	uint64_t	delivered;	/* handed to a handler */
	uint64_t	broadcast;	/* own messages given to links */
	uint64_t	forwarded;	/* others' messages given to links */
	uint64_t	dropped;	/* not given to a link: no credit */
	uint64_t	verified;	/* signatures checked */
	uint64_t	hellos_refused;
	uint64_t	exchanges;	/* taken */
	uint64_t	exchanges_sent;	/* given to links */
	uint64_t	sought;		/* dials by discovery */
	uint64_t	probes;		/* those of them that were probes */
	uint64_t	swaps;		/* links given up for nearer ones */
	uint64_t	kept;		/* guests that were missed */
	uint64_t	exchange_mismatched; /* entries: id is not the key's */
	uint64_t	chat_lost;	/* own lines given up in the queue */
	uint64_t	talk_lost;	/* sealed for us, too many at once */
	uint64_t	talk_bad;	/* of types 38, 39: not readable */
	uint64_t	drops[DROP_MAX];
};

struct gossip {
	const struct gossip_ops	*ops;
	void			*arg;
	const struct conf	*conf;
	struct gtime		 now;
	uint64_t		 hlc;		/* the last we gave out */
	bool			 clock_off;	/* and it was said */
	struct nodeid		 id;
	char			 id_hex[NODEID_HEX + 1];
	uint8_t			 pubkey[32];
	uint8_t			 noise_static[32];
	uint8_t			 id_key[16];	/* keys the ids' hash */

	struct lru		 sessions;	/* by sid */
	struct session_list	 ready;		/* PEER_READY */
	size_t			 npeers;	/* nodes among them */
	size_t			 nguests;	/* of these, beside max_peers */
	uint64_t		 peer_changes;	/* nodes that came or went */
	uint64_t		 peers_since;	/* unix ms: some, or none */
	uint64_t		 peers_at;	/* peers_tick() is due */
	struct lru		 offenders;	/* by id */
	struct keyring		 keyring;
	struct seen		 seen;
	struct limiter		 limiter;
	struct lru		 book[2];	/* verified, hearsay */
	struct boot_list	 boots;
	uint32_t		 last_dial;
	TAILQ_HEAD(, quest)	 quests;
	size_t			 nquests;
	TAILQ_HEAD(, order)	 orders;
	size_t			 norders;
	TAILQ_HEAD(, ping)	 pings;
	size_t			 npings;
	struct lru		 bad_addrs;	/* by hash of the address */
	uint64_t		 look_at;	/* mono ms, look of discovery.c */
	uint64_t		 probe_at;	/* mono ms */
	uint64_t		 swap_at;	/* mono ms, not before */
	uint64_t		 exchange_at;	/* mono ms, to all */
	uint64_t		 news_at;	/* mono ms, what is new to all */
	uint64_t		 news_last;
	struct pacer		 pacer;
	char			 last_chat[UUID_LEN + 1]; /* heard */
	struct own_record	 own;
	struct suspect		 suspect;
	TAILQ_HEAD(, opening)	 openings;
	size_t			 nopenings;

	TAILQ_HEAD(, job)	 jobs;
	size_t			 njobs;
	uint64_t		 last_job;
	TAILQ_HEAD(, signing)	 signings;
	size_t			 nsignings;
	uint32_t		 last_req;

	char			 listening[LISTENING_MAX][HOSTPORT_MAX + 1];
	size_t			 nlistening;
	uint64_t		 sweep_at;
	struct arena		 arena;
	struct wbuf		 scratch;	/* signed bytes, frames */
	struct wbuf		 payload;	/* inner messages */
	struct wbuf		 relay;		/* frames encoded again */
	struct bcast		 bcast;
	size_t			 v1_given;	/* links, of an own message */
	struct {
		const struct gossip_map_ops *ops;	/* NULL: no map */
		bool		 known;		/* mesh and profile are */
		uint8_t		 mesh[16], profile[16];
		bool		 alone;		/* said last */
		size_t		 nlinks;	/* with a map */
		enum delta_state delta_state;
		struct wbuf	 delta;
		uint64_t	 delta_at;	/* mono ms */
		struct bucket	 deltas;
		uint64_t	 deltas_in, deltas_out;
	} map;
	struct counters		 count;
};

/* A line for the log: event of struct gossip_ops. */
void	 gossip_event(struct gossip *, enum log_ev, uint64_t limit,
	    const struct log_field *);
#define gossip_log(g, ev, limit, ...)					\
	gossip_event((g), (ev), (limit), (const struct log_field[]){	\
	    __VA_ARGS__, LF_END })
uint32_t gossip_random(struct gossip *, uint32_t below);
/* What log lines are limited by: a node and a kind of line, text, a host. */
uint64_t id_limit(const struct nodeid *, unsigned int kind);
uint64_t text_limit(const char *);
uint64_t host_limit(const char *hostport);

#endif

/* SPDX-License-Identifier: MIT */
/* A connection, from its beginning to its end (peers.c). */
#ifndef MICELIO_GOSSIP_SESSION_H
#define MICELIO_GOSSIP_SESSION_H

#include <bsd/sys/queue.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/conf.h"
#include "common/nodeid.h"
#include "common/ratelimit.h"
#include "lru.h"

struct link;

#define SESSIONS_MAX		2048u	/* connections, hello or not */
#define EXCHANGE_IDS		32u	/* remembered on each connection */
#define HELLO_TEXT_MAX	127u	/* kept of what a hello says for people */

enum peer_state {
	PEER_HELLO_SIGN,	/* outbound: our hello is being signed */
	PEER_ACK_WAIT,		/* outbound: their answer is awaited */
	PEER_HELLO_WAIT,	/* inbound: their hello is awaited */
	PEER_VERIFY,		/* the signature of their hello is checked */
	PEER_ACK_SIGN,		/* inbound: our answer is being signed */
	PEER_READY,
	PEER_CLOSING,		/* waits for the end of the connection */
};

struct held_frame {
	STAILQ_ENTRY(held_frame) entry;
	size_t		 len;
	uint8_t		 data[];
};

struct session {
	struct lru_node		 node;		/* by sid */
	uint32_t		 sid;
	TAILQ_ENTRY(session)	 ready_entry;
	enum peer_state		 state;
	bool			 outbound;
	uint32_t		 dial;		/* number, or 0 */
	bool			 expects;	/* only that node may answer */
	struct nodeid		 expect;
	uint8_t			 handshake_hash[32];
	uint8_t			 remote_static[32];
	char			 addr[HOSTPORT_MAX + 1];
	bool			 proved;	/* id and pubkey are verified */
	struct nodeid		 id;
	uint8_t			 pubkey[32];
	bool			 reachable;
	bool			 capable;	/* announced cap/m2 */
	uint64_t		 caps;		/* the bits of it */
	struct link		*link;		/* PEER_READY, else NULL */
	bool			 probe;		/* our dial was one */
	bool			 near;		/* chosen for its short way */
	bool			 ordered;	/* people asked for it */
	bool			 announced;	/* EV_PEER_UP was said */
	bool			 guest;		/* beside max_peers */
	bool			 brief;		/* goes when it was told */
	uint64_t		 guest_until;
	bool			 missed;	/* a guest: one of us has what
						   the other lacked */
	bool			 kept;		/* was such a guest */
	bool			 clock_known;
	int64_t			 clock_s;	/* how far ahead of ours */
	char			 listen_addr[HOSTPORT_MAX + 1];
	char			 version[HELLO_TEXT_MAX + 1];	/* as told */
	char			 tags[HELLO_TEXT_MAX + 1];
	char			 name[CONF_NODE_NAME_MAX + 1]; /* "": none */
	struct session		*twin;		/* second link to one node */
	bool			 primary;	/* the one that counts */
	uint64_t		 twin_until;
	uint64_t		 sign_at;	/* ask again at; 0: no */
	uint64_t		 up_at, ready_at, rx_at;	/* mono ms */
	uint32_t		 win_frames, win_bytes;	/* may be sent */
	uint32_t		 owed_frames, owed_bytes; /* to be returned */
	uint64_t		 frames_in, frames_out, bytes_in, bytes_out;
	uint32_t		 rtt_us;	/* round trip; 0: not known */
	struct bucket		 bad;		/* budget for bad input */
	struct bucket		 exchanges;
	struct bucket		 brought;	/* new messages of others */
	struct bucket		 idle;		/* frames without news */
	bool			 inner;		/* our end is in a private
						   network */
	uint8_t			 exchange_ids[EXCHANGE_IDS][16];
	uint32_t		 exchange_next;
	STAILQ_HEAD(, held_frame) held;		/* behind a pending hello */
	size_t			 nheld;
};
TAILQ_HEAD(session_list, session);

#endif

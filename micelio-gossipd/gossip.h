/* SPDX-License-Identifier: MIT */
/*
 * The private header of micelio-gossipd.
 *
 * The core (struct gossip) is a state machine without input or output: it is
 * told what happened and what time it is, and calls the actions of a driver
 * (struct gossip_ops).  gossipd.c is such a driver; tests are others.
 */
#ifndef MICELIO_GOSSIP_H
#define MICELIO_GOSSIP_H

#include <bsd/sys/queue.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/conf.h"
#include "common/cursor.h"
#include "common/imsg.h"
#include "common/log.h"
#include "common/nodeid.h"
#include "common/ratelimit.h"
#include "bcast.h"
#include "lru.h"
#include "pacer.h"
#include "proto/arena.h"
#include "proto/envelope.h"
#include "proto/message.h"
#include "proto/talk.h"

#define PEERS_MAX		1024u	/* nodes connected at once */
#define SESSIONS_MAX		2048u	/* connections, hello or not */
#define KEYRING_VERIFIED_MAX	1024u
#define KEYRING_LEARNT_MAX	4096u
#define BOOK_VERIFIED_MAX	1024u
#define BOOK_HEARSAY_MAX	1024u
#define BOOK_SHARE		256u	/* hearsay of one neighbour */
/* Ids remembered, at some 200 bytes each with an author of their own. */
#define SEEN_MAX		81920u	/* for SEEN_MS */
#define SEEN_CLOCKED_MAX	65536u	/* for SEEN_CLOCKED_MS */
#define SEEN_SHARE		4u	/* an author has one part of so many */
#define LIMITER_MAX		4096u
#define OFFENDERS_MAX		256u
#define SIGNINGS_MAX		2048u
#define EXCHANGE_IDS		32u	/* remembered on each connection */
#define BOOK_HEARD		2u	/* further addresses of one node */
#define QUESTS_MAX		16u	/* nodes being dialled */
#define BAD_ADDRS_MAX		512u
#define GUESTS_MAX		2u	/* beside max_peers, for a while */
#define BRIEF_MAX		16u	/* guests, with those told and sent on */
#define ORDERS_MAX		16u	/* dials people wait for */

#define GOSSIP_RATE		10u	/* a sender's messages per second */
#define GOSSIP_BURST		20u
#define NEIGHBOUR_RATE		200u	/* of all authors, by one connection: */
#define NEIGHBOUR_BURST		2000u	/* messages, and 4 KiB of each more */
#define NEIGHBOUR_UNIT		4096u
#define IDLE_RATE		4000u	/* frames that bring nothing new, */
#define IDLE_BURST		40000u	/* with the units of their bytes */
#define NEIGHBOUR_M2_RATE	2000u	/* the same, of our kind */
#define NEIGHBOUR_M2_BURST	10000u
#define OWN_RATE		40u	/* what we say, where not all is v1 */
#define OWN_BURST		80u
#define RELAY_ALL_MAX		15u	/* peers are few */
#define RELAY_V1_MIN		3u	/* of v1, beside those of our kind */
#define SEEN_MS			(60u * 60 * 1000)
#define SEEN_CLOCKED_MS		(6u * 60 * 1000)
#define CLOCK_OFF_S		60	/* people are told */
#define CLOCK_DIFFER_MS		30000
#define CLOCK_PAST_MS		(4u * 60 * 1000)
#define CLOCK_FUTURE_MS		(60u * 1000)
#define CLOCK_SET_MS		(UINT64_C(1704067200) * 1000) /* 2024 */
#define CHAT_PAST_MS		(50u * 60 * 1000) /* < SEEN_MS - future */
#define CHAT_FUTURE_MS		(9u * 60 * 1000)
#define LIMITER_IDLE_MS		(5u * 60 * 1000)
#define SILENT_MS		25000u	/* a dead connection may be replaced */
#define CROSSED_MS		5000u	/* dials that crossed each other ... */
#define TWIN_MS			2000u	/* ... are both kept for so long */
#define SWAP_MS			(5u * 60 * 1000) /* between two swaps */
#define SWAP_GAIN_US		5000u	/* what one must be good for */
#define OFFENDER_MS		60000u
#define UNLINK_MS		(10u * 60 * 1000)
#define BAD_RATE		4u	/* points per second and connection */
#define BAD_BURST		100u
#define EXCHANGE_RATE		2u	/* a second and connection */
#define EXCHANGE_BURST		16u
#define SIGN_RETRY_MS		250u
#define EXCHANGE_DEFAULT_MS	30000u	/* for an interval of 0 */
#define DISCOVERY_DEFAULT_MS	10000u
#define NEWS_MS			100u	/* news are gathered for so long */
#define NEWS_PAUSE_MS		1000u
#define LOOK_JITTER_MS		50u	/* before we look whom to dial */
#define DIAL_JITTER_MS		1000u	/* of a node that failed before */
#define SEEN_AGAIN_MS	60000u	/* a pause is not cut short more often */
#define PROBE_MIN_MS		15000u	/* ... to twice that */
#define GUEST_MS		20000u	/* of a guest who came to us */
#define GUEST_LACK_MS		3000u	/* what is so old ought to be here */
#define GUESTS_KEPT_MAX		2u	/* with a place for what they had */
#define BOOK_LIFE_S		(30u * 24 * 3600)
#define HEARSAY_LIFE_S		(24u * 3600)
#define FAILS_DOUBTFUL		3u	/* no more counted on, nor told of */
#define SWEEP_MS		60000u
#define RECORD_AHEAD_MS		60000u
#define RECORD_LIFE_MS		(UINT64_C(30) * 24 * 3600 * 1000)
#define RECORD_RENEW_MS		(60u * 60 * 1000)
#define RECORD_RETRY_MS		5000u
#define RECORDS_TELL		16u	/* of others, at once */
#define RECORDS_PAUSE_MS	10000u	/* between two answers on a link */
#define RECORDS_EVERY_MS	120000u	/* one neighbour is asked, to twice */
#define RECORDS_RATE		2u	/* checked a second, of one link */
#define RECORDS_BURST		128u
#define JOB_COPIES_MAX		3u	/* of one message, waiting */
#define LISTENING_MAX		CONF_LISTEN_MAX
#define UUID_LEN		36u

struct gossip;

/* mono: milliseconds of a clock that only runs forward; wall: unix ms. */
struct gtime {
	uint64_t	mono, wall;
};

enum verdict { VERDICT_BAD, VERDICT_GOOD, VERDICT_PENDING };

/* What a node said of itself and signed (micelio-protocol(7), M2). */
struct peer_record {
	uint64_t	 seq;		/* unix ms */
	uint64_t	 caps;
	uint8_t		 sig[64];
	size_t		 naddrs;
	char		*addr[M2_ADDRS_MAX];	/* in text */
	char		 text[];
};

/* Our own. */
struct own_record {
	uint32_t	 req;		/* is being signed; 0: no */
	bool		 good;
	uint64_t	 seq, caps;
	char		 addr[HOSTPORT_MAX + 1];
	uint8_t		 sig[64];
	uint64_t	 renew_at, retry_at, ask_at;	/* mono ms */
};

/* A remembered or hearsay peer (wire-v1 5.1). */
struct book_peer {
	struct lru_node	 node;		/* by id */
	struct nodeid	 id;
	uint8_t		 pubkey[32];
	bool		 has_key;
	bool		 reachable;
	bool		 verified;	/* by its own hello, now or before */
	char		 addr[HOSTPORT_MAX + 1];	/* "" unknown */
	uint64_t	 last_seen;	/* unix s */
	uint32_t	 fail_count;
	uint64_t	 last_fail;	/* unix s */
	uint64_t	 stored_seen;	/* last_seen that stated has */
	/* Not stored: */
	char		 heard[BOOK_HEARD][HOSTPORT_MAX + 1]; /* by others */
	uint64_t	 teller;	/* who said it first */
	bool		 linked;	/* connected now */
	bool		 sought;	/* being dialled */
	bool		 news;		/* peers are to hear of it soon */
	uint32_t	 shy;		/* short connections in a row */
	uint64_t	 next_at;	/* mono ms: not dialled before */
	uint32_t	 rtt_us;	/* of the last link; 0: not known */
	uint64_t	 said_ms;	/* its last hello, unix ms */
	struct peer_record *record;	/* or NULL */
};

/*
 * What the core asks of its driver.  None may call back into the core,
 * except that verify may answer at once by its verdict.  Pointers are valid
 * during the call only.
 */
struct gossip_ops {
	/* One frame to n >= 1 sessions; credit was there. */
	void	(*send)(void *, const uint32_t *sessions, size_t n,
		    const void *frame, size_t len);
	void	(*ready)(void *, uint32_t session);
	void	(*close)(void *, uint32_t session, enum down_reason);
	void	(*credit)(void *, uint32_t session, uint32_t frames,
		    uint32_t bytes);
	/* flags: enum dial_flags. */
	void	(*dial)(void *, uint32_t number, const struct nodeid *expect,
		    const char *hostport, uint8_t flags);
	void	(*dial_cancel)(void *, uint32_t number);
	/*
	 * Does sig (64 bytes) sign msg under pubkey?  When PENDING,
	 * gossip_verified() brings the answer; answers about one session
	 * come in the order of the questions.
	 */
	enum verdict (*verify)(void *, uint64_t job, const uint8_t *pubkey,
		    const uint8_t *sig, const void *msg, size_t len);
	/* Answered by gossip_signed(), in order. */
	void	(*sign)(void *, uint32_t req, const char *message_id,
		    uint64_t lamport_ts, uint32_t msg_type, const void *payload, size_t len);
	void	(*chat_in)(void *, const struct nodeid *,
		    struct slice message_id, const struct chat_msg *);
	void	(*chat_result)(void *, uint32_t req, enum chat_status,
		    uint16_t given, uint16_t connected, uint32_t retry_ms);
	/* id: who answered, or NULL. */
	void	(*link_done)(void *, uint32_t req, enum link_status,
		    enum down_reason, const struct nodeid *id, uint64_t ms);
	void	(*peer_put)(void *, const struct book_peer *);
	void	(*peer_del)(void *, const struct nodeid *);
	/*
	 * Our own record is to be signed; answered by gossip_signed(), in
	 * order with the others.
	 */
	void	(*sign_record)(void *, uint32_t req,
		    const struct m2_record *);
	/*
	 * A line for the log; with a limit other than 0, at most one a
	 * minute for each limit and event.
	 */
	void	(*event)(void *, enum log_ev, uint64_t limit,
		    const struct log_field *);
	void	(*random)(void *, void *, size_t);
	/* These may be NULL: then nothing is done with such messages. */
	void	(*room_in)(void *, const struct nodeid *,
		    const struct room_msg *);
	void	(*private_in)(void *, const struct nodeid *,
		    const struct private_msg *);
	/* The key of what that node sealed for us: gossip_opened(). */
	void	(*open)(void *, uint32_t req, const struct nodeid *author,
		    const uint8_t ephemeral[32]);
};

/*
 * What the core asks of whoever keeps the map; as above.  Frames: payloads of
 * type 33, M2_LINK_MAX at most.
 */
struct gossip_map_ops {
	/* A link with a node that has a map; whose, setup says. */
	void	(*up)(void *, uint32_t session, const struct nodeid *,
		    const struct m2_setup *);
	void	(*down)(void *, uint32_t session);
	void	(*root)(void *, uint32_t session, const struct m2_root *);
	/* Answered by gossip_map_taken() when it was dealt with. */
	void	(*frame)(void *, uint32_t session, const void *, size_t);
	/* So much of what gossip_map_send() took is on its way. */
	void	(*sent)(void *, uint32_t session, uint32_t bytes);
	/* What the holder of that key says about his own entries. */
	void	(*delta)(void *, const uint8_t pubkey[32], const void *,
		    size_t);
	/* There may be another gossip_map_delta(). */
	void	(*delta_sent)(void *);
	/* All links are with nodes that have no map, or not any more. */
	void	(*alone)(void *, bool);
};

/* Why a message was not taken: X(NAME, "name", "text"). */
#define DROP_TABLE(X)							\
	X(EMPTY_ID,	"empty_id",	"empty id")			\
	X(LONG_ID,	"long_id",	"id longer than 128 bytes")	\
	X(LONG_PAYLOAD,	"long_payload",	"payload longer than 65536 bytes") \
	X(PADDED,	"padded",	"too much beside the payload")	\
	X(DUPLICATE,	"duplicate",	"seen before")			\
	X(OWN,		"own",		"our own message came back")	\
	X(NO_KEY,	"no_key",	"unknown sender and no key that fits") \
	X(SIGNATURE,	"signature",	"invalid signature")		\
	X(STALE,	"stale",	"timestamp too old or in the future") \
	X(MEMORY,	"memory",	"too many messages of this sender") \
	X(RATE,		"rate",		"sender over its rate")		\
	X(NEIGHBOUR,	"neighbour",	"neighbour over its rate")	\
	X(MALFORMED,	"malformed",	"not an envelope")		\
	X(CHAT,		"chat",		"not a chat message")		\
	X(EXCHANGE,	"exchange",	"bad peer exchange")		\
	X(TYPE,		"type",		"a hello after the hello")	\
	X(LINK,		"link",		"a link frame that is none")	\
	X(IDS,		"ids",		"ids of another form than its type has")

enum drop {
#define X(name, word, text) DROP_##name,
	DROP_TABLE(X)
#undef X
	DROP_MAX
};
const char	*drop_name(enum drop);
const char	*drop_text(enum drop);

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

/* ---- sessions (peers.c) ---- */

enum peer_state {
	PEER_HELLO_SIGN,	/* outbound: our hello is being signed */
	PEER_ACK_WAIT,		/* outbound: their answer is awaited */
	PEER_HELLO_WAIT,	/* inbound: their hello is awaited */
	PEER_VERIFY,		/* the signature of their hello is checked */
	PEER_ACK_SIGN,		/* inbound: our answer is being signed */
	PEER_READY,
	PEER_CLOSING,		/* waits for the end of the connection */
};

#define HELLO_TEXT_MAX	127u	/* kept of what a hello says for people */

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

/* ---- signatures in both directions ---- */

enum job_kind { JOB_HELLO, JOB_EXCHANGE, JOB_GOSSIP, JOB_RECORD };

/* A signature check under way, and what it is about. */
struct job {
	TAILQ_ENTRY(job) entry;
	uint64_t	 number;
	enum job_kind	 kind;
	uint32_t	 sid;
	struct envelope	 env;		/* into frame; JOB_RECORD: only its
					   payload, PeerRecords with one */
	uint8_t		*frame;		/* own copy, once pending */
	size_t		 len;
	uint8_t		 pubkey[32];
	struct nodeid	 sender;
	uint8_t		 seen_key[16];
	uint8_t		 mid[M2_MID];
	bool		 waiting;	/* for another copy's verdict */
	bool		 earlier;	/* chat: said before we started */
};

enum sign_use { SIGN_HELLO, SIGN_CHAT, SIGN_EXCHANGE, SIGN_RECORD,
	SIGN_DELTA };

/* Sealed for us: its key is being made. */
#define OPENINGS_MAX	64u
struct opening {
	TAILQ_ENTRY(opening) entry;
	uint32_t	 req;
	struct nodeid	 author;
	size_t		 len;
	uint8_t		 box[];
};

/* A message of ours that the parent signs. */
struct signing {
	TAILQ_ENTRY(signing) entry;
	uint32_t	 req;
	enum sign_use	 use;
	uint32_t	 ref;		/* session, or request of the hub;
					   exchange: session, 0: all */
	bool		 tell;		/* the hub waits for a result */
	char		 message_id[UUID_LEN + 1];
	uint64_t	 lamport_ts;
	uint32_t	 msg_type;
	uint32_t	 hop_count;
	size_t		 len;
	uint8_t		 payload[];
};

/* ---- memory of ids (seen.c) ---- */

enum seen_state { SEEN_NEW, SEEN_RESERVED, SEEN_KNOWN };

struct seen {
	struct lru	 map[2];	/* clockless, clocked; oldest first */
	struct lru	 authors;	/* by id, with a count for each map */
	uint64_t	 horizon;	/* wall ms: complete since */
};

void	 seen_init(struct seen *, uint64_t seed, uint64_t horizon_wall);
void	 seen_free(struct seen *);
enum seen_state seen_look(const struct seen *, const uint8_t key[16]);
/*
 * Takes the id for a message that is being checked; clocked: it says itself
 * when it was made.  False: no room, or none for this author.
 */
bool	 seen_reserve(struct seen *, const uint8_t key[16],
	    const struct nodeid *author, bool clocked, struct gtime);
/* The message was good: the id, which is reserved, stays from now on. */
void	 seen_keep(struct seen *, const uint8_t key[16], struct gtime);
/* It was not: another copy may still come. */
void	 seen_release(struct seen *, const uint8_t key[16]);
void	 seen_sweep(struct seen *, struct gtime);
size_t	 seen_count(const struct seen *);

/* ---- keys (keyring.c) ---- */

enum trust { TRUST_VERIFIED = 0, TRUST_LEARNT = 1 };

struct keyring {
	struct lru	 map[2];	/* by trust */
};

void	 keyring_init(struct keyring *, uint64_t seed);
void	 keyring_free(struct keyring *);
/*
 * Stores a key unless one of the same or stronger trust is there; a full
 * level forgets the key that was used longest ago.  True if stored.
 */
bool	 keyring_add(struct keyring *, const struct nodeid *,
	    const uint8_t pubkey[32], enum trust);
/* The key, or NULL; trust may be NULL. */
const uint8_t *keyring_get(struct keyring *, const struct nodeid *,
	    enum trust *);
bool	 keyring_remove(struct keyring *, const struct nodeid *);
size_t	 keyring_count(const struct keyring *);

/* ---- senders' rates (limiter.c) ---- */

struct limiter {
	struct lru	 map;
};

void	 limiter_init(struct limiter *, uint64_t seed);
void	 limiter_free(struct limiter *);
/* rate: a second; 0: what v1 allows. */
bool	 limiter_allow(struct limiter *, const struct nodeid *,
	    uint32_t rate, uint64_t mono_ms);
void	 limiter_sweep(struct limiter *, uint64_t mono_ms);
size_t	 limiter_count(const struct limiter *);

/* ---- configured peers (bootstrap.c) ---- */

enum boot_state { BOOT_WAIT, BOOT_DIALING, BOOT_UP, BOOT_HELD };

struct boot {
	TAILQ_ENTRY(boot) entry;
	char		 text[CONF_PEER_MAX + 1];	/* as configured */
	const char	*hostport;			/* in text */
	bool		 pinned;
	struct nodeid	 pin;
	enum boot_state	 state;
	bool		 has_known;
	struct nodeid	 known;		/* who answered there */
	uint32_t	 dial;
	uint32_t	 fails;
	uint64_t	 next_at;	/* mono ms; BOOT_WAIT */
	enum down_reason cause;		/* of the last failure */
};
TAILQ_HEAD(boot_list, boot);

#define BACKOFF_MAX_S	30u
#define BOOT_LIFE_MS	30000u		/* a life that clears the failures */
#define BOOT_SELF_MS	(10u * 60 * 1000)
#define BOOT_FULL_MS	5000u

/* ---- nodes we look for (discovery.c) ---- */

struct quest {
	TAILQ_ENTRY(quest) entry;
	struct nodeid	 id;
	uint32_t	 dial;		/* 0: still waits */
	uint64_t	 at;		/* mono ms: then it is dialled */
	bool		 probe;
	bool		 near;		/* chosen for its short way */
	bool		 name;		/* addr is one */
	char		 addr[HOSTPORT_MAX + 1];
};

/* 0 for no failure, then 1 2 4 8 16 30 30 ... seconds (wire-v1 4.1). */
uint32_t backoff_seconds(int64_t fail_count);

/* ---- the core ---- */

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
	struct lru		 bad_addrs;	/* by hash of the address */
	uint64_t		 look_at;	/* mono ms, discovery_look() */
	uint64_t		 probe_at;	/* mono ms */
	uint64_t		 swap_at;	/* mono ms, not before */
	uint64_t		 exchange_at;	/* mono ms, to all */
	uint64_t		 news_at;	/* mono ms, what is new to all */
	uint64_t		 news_last;
	struct pacer		 pacer;
	char			 last_chat[UUID_LEN + 1]; /* heard */
	struct own_record	 own;
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

struct gossip_id {
	struct nodeid	 id;
	uint8_t		 pubkey[32];
	uint8_t		 noise_static[32];
};

/*
 * conf is the driver's and stays where it is; after its content changed the
 * driver calls gossip_configured().  Out of memory is fatal.
 */
struct gossip	*gossip_new(const struct gossip_ops *, void *arg,
		    const struct gossip_id *, const struct conf *,
		    struct gtime);
void	 gossip_free(struct gossip *);
void	 gossip_configured(struct gossip *, struct gtime);

/*
 * Events.  A session that the core does not know (any more) is ignored, so
 * messages that cross each other do no harm.
 */
void	 gossip_listening(struct gossip *, const char *addr);
void	 gossip_session_up(struct gossip *, struct gtime, uint32_t sid,
	    bool outbound, uint32_t dial, const uint8_t hash[32],
	    const uint8_t remote_static[32], const char *addr);
/* Our own address on that connection. */
void	 gossip_session_local(struct gossip *, uint32_t sid,
	    const char *addr);
void	 gossip_frame(struct gossip *, struct gtime, uint32_t sid,
	    const void *, size_t);
void	 gossip_credit(struct gossip *, uint32_t sid, uint32_t frames,
	    uint32_t bytes);
/* The shortest round trip measured on it lately; 0 says nothing. */
void	 gossip_session_rtt(struct gossip *, struct gtime, uint32_t sid,
	    uint32_t rtt_us);
void	 gossip_session_down(struct gossip *, struct gtime, uint32_t sid,
	    enum down_reason);
void	 gossip_dial_failed(struct gossip *, struct gtime, uint32_t dial,
	    enum down_reason, const char *text);
void	 gossip_verified(struct gossip *, struct gtime, uint64_t job,
	    bool good);
void	 gossip_signed(struct gossip *, struct gtime, uint32_t req,
	    enum key_status, const uint8_t sig[64]);
void	 gossip_chat_out(struct gossip *, struct gtime, uint32_t req,
	    const void *nick, size_t nick_len, const void *text,
	    size_t text_len);
/*
 * To a room, or for one node alone; the time is made.  req 0: nobody waits
 * for a result.
 */
void	 gossip_room_say(struct gossip *, struct gtime, uint32_t req,
	    const struct room_msg *);
void	 gossip_private_say(struct gossip *, struct gtime, uint32_t req,
	    const struct nodeid *to, const struct private_msg *);
void	 gossip_opened(struct gossip *, struct gtime, uint32_t req,
	    enum key_status, const uint8_t key[32]);
/* The same with the speaker's key and kind; its time and parent are made. */
void	 gossip_chat_say(struct gossip *, struct gtime, uint32_t req,
	    const struct chat_msg *);
/*
 * Link with "[id@]host:port" now; link_done says what came of it, perhaps
 * before this returns.
 */
void	 gossip_link(struct gossip *, struct gtime, uint32_t req,
	    const char *where);
/*
 * End all links with that node, and have none for UNLINK_MS.  False: there
 * was none.
 */
bool	 gossip_unlink(struct gossip *, struct gtime, const struct nodeid *);
/*
 * The map (maplink.c).  Start, before the first session, with the same
 * argument as the other actions.  No SETUP is sent before the profile is
 * known; a new one ends the links that were set up with the old one.
 */
void	 gossip_map_start(struct gossip *, const struct gossip_map_ops *);
void	 gossip_map_profile(struct gossip *, struct gtime,
	    const uint8_t mesh[16], const uint8_t profile[16]);
void	 gossip_map_root(struct gossip *, struct gtime, uint32_t sid,
	    const struct m2_root *);
void	 gossip_map_send(struct gossip *, struct gtime, uint32_t sid,
	    const void *, size_t);
void	 gossip_map_taken(struct gossip *, uint32_t sid, uint32_t bytes);
/* Entries of this node; one at a time, see delta_sent. */
void	 gossip_map_delta(struct gossip *, struct gtime, const void *, size_t);
/* That link brought what no map may have, or broke the rules. */
void	 gossip_map_charge(struct gossip *, struct gtime, uint32_t sid);
/* That link brought entries that were lacking. */
void	 gossip_map_gained(struct gossip *, uint32_t sid);
/* The hub is gone: nobody waits for results any more. */
void	 gossip_hub_gone(struct gossip *);
void	 gossip_peer_record(struct gossip *, const struct book_peer *);
/* Those were all. */
void	 gossip_peer_end(struct gossip *, struct gtime);
/* Time has passed.  Call when gossip_next() says, or more often. */
void	 gossip_tick(struct gossip *, struct gtime);
/* When the next thing is due, mono ms; UINT64_MAX: nothing is. */
uint64_t gossip_next(const struct gossip *);
/* Rows for people (table.c). */
void	 gossip_tree_rows(const struct gossip *,
	    void (*emit)(const struct wbuf *, void *), void *);
void	 gossip_trace_rows(const struct gossip *,
	    void (*emit)(const struct wbuf *, void *), void *);
void	 gossip_status_row(const struct gossip *, struct wbuf *);
void	 gossip_peer_rows(const struct gossip *, struct gtime,
	    void (*emit)(const struct wbuf *, void *), void *);
void	 gossip_node_rows(const struct gossip *,
	    void (*emit)(const struct wbuf *, void *), void *);
void	 gossip_drop_rows(const struct gossip *,
	    void (*emit)(const struct wbuf *, void *), void *);

/* ---- between the files of the core ---- */

void	 gossip_event(struct gossip *, enum log_ev, uint64_t limit,
	    const struct log_field *);
#define gossip_log(g, ev, limit, ...)					\
	gossip_event((g), (ev), (limit), (const struct log_field[]){	\
	    __VA_ARGS__, LF_END })
uint32_t gossip_random(struct gossip *, uint32_t below);
uint64_t id_limit(const struct nodeid *, unsigned int kind);
uint64_t text_limit(const char *);
uint64_t host_limit(const char *hostport);

/* peers.c */
struct session *peers_session(const struct gossip *, uint32_t sid);
/* The counting session with that node, or NULL. */
struct session *peers_by_id(const struct gossip *, const struct nodeid *);
/* Is there a session with the same key?  Then its id and key are set. */
bool	 peers_recognise(const struct gossip *, struct session *);
void	 peers_register(struct gossip *, struct session *);
void	 peers_close(struct gossip *, struct session *, enum down_reason);
/* A guest has a place from now on. */
void	 peers_settle(struct gossip *, struct session *);
/* Points for bad input; over the budget the session is closed: false. */
bool	 peers_bad(struct gossip *, struct session *, uint32_t points);
/*
 * A frame that brought nothing new: a keepalive, a copy.  More of them than
 * any mesh makes are bad input.
 */
void	 peers_idle(struct gossip *, struct session *, size_t len);
void	 peers_tick(struct gossip *);
/* Something of a session is due then. */
void	 peers_due(struct gossip *, uint64_t mono_ms);
void	 peers_configured(struct gossip *);
/* Sends one frame if the session has credit for it. */
bool	 peers_send(struct gossip *, struct session *, const void *, size_t);
/* Takes the credit for one frame; false: there is none. */
bool	 peers_charge(struct session *, size_t);
/* A frame of the session has been dealt with. */
void	 peers_handled(struct gossip *, struct session *, size_t);

/* admit.c */
/* May this node, whose hello is verified, have this connection? */
enum down_reason peers_admit(struct gossip *, struct session *);
/* Does its new connection take the place of the one it has? */
bool	 admit_replaces(const struct gossip *, const struct session *,
	    const struct session *old);
bool	 peers_allowed(const struct gossip *, const struct nodeid *);
bool	 peers_full(const struct gossip *);
/* Links of our own dialling when not everybody fits. */
size_t	 slots_own(size_t max_peers);
/*
 * More links that we should dial, nodes permitting; known: nodes that may
 * well answer.
 */
size_t	 slots_to_dial(const struct gossip *, size_t known);
/*
 * A connection that broke the framing: the second time within OFFENDER_MS it
 * is no accident.
 */
void	 offender_strike(struct gossip *, const struct nodeid *);
/* No link with that node for so long. */
void	 offender_add(struct gossip *, const struct nodeid *,
	    enum down_reason, uint64_t ms);
void	 offender_pardon(struct gossip *, const struct nodeid *);
/* Why there is to be none, or DOWN_NONE; until may be NULL. */
enum down_reason offender_reason(const struct gossip *,
	    const struct nodeid *, uint64_t *until);

/* slots.c */
/* Should the next node dialled be a near one? */
bool	 slots_want_near(const struct gossip *, size_t known);
/*
 * A probe of ours that has to go: does it rather take the place of a link
 * that is far?  Then that one was closed.
 */
bool	 slots_swap(struct gossip *, struct session *guest);

/*
 * Messages that one side lacked for long came over a guest's link: it gets a
 * place, and the worst link by chance goes.
 */
void	 slots_keep(struct gossip *);

/* orders.c */
void	 orders_free(struct gossip *);
void	 orders_forget(struct gossip *);
bool	 orders_has(const struct gossip *, uint32_t dial);
const struct nodeid *orders_expects(const struct gossip *, uint32_t dial);
void	 orders_up(struct gossip *, uint32_t dial, const struct nodeid *);
/* id: who answered, if that was proved. */
void	 orders_down(struct gossip *, uint32_t dial, enum down_reason,
	    const struct nodeid *id);

/* hello.c */
void	 hello_start(struct gossip *, struct session *);
void	 hello_frame(struct gossip *, struct session *, const void *, size_t);
void	 hello_verified(struct gossip *, struct session *,
	    const struct job *, bool good);
void	 hello_signed(struct gossip *, const struct signing *,
	    enum key_status, const void *frame, size_t);
void	 hello_retry(struct gossip *, struct session *);
/* Our own address as told to others, or "" (wire-v1 5.6). */
const char *hello_advertise(const struct gossip *);
bool	 addr_shareable(const char *, size_t);	/* wire-v1 5.5 */

/* envelope_in.c */
void	 envelope_in(struct gossip *, struct session *, const void *, size_t);
void	 envelope_verified(struct gossip *, struct job *, bool good);
void	 drop_count(struct gossip *, struct session *, enum drop);
/* A verified message whose turn has come: shown, and given to others. */
void	 envelope_take(struct gossip *, struct job *);
/* v1 has 0 in lamport_ts, foreign types anything: is it a time? */
bool	 envelope_clocked(const struct envelope *);
/* Its identity, and the key of its sid in the memory of ids. */
void	 message_key(const struct gossip *, const struct envelope *,
	    uint8_t mid[M2_MID], uint8_t key[16]);
void	 sid_key(uint64_t sid, uint8_t key[16]);

/* envelope_out.c */
/*
 * The clock of what we say (broadcast-m2 5): 48 bits of unix ms, 16 of a
 * counter, always greater than the last; 0 while the clock was never set.
 */
uint64_t hlc_next(struct gossip *);
void	 uuid_make(struct gossip *, char out[UUID_LEN + 1]);
/* Asks for a signature; false when too many are under way. */
bool	 envelope_sign(struct gossip *, enum sign_use, uint32_t ref, bool tell,
	    uint32_t msg_type, const void *payload, size_t len);

/* A signature is asked for in another way; 0: too many are under way. */
uint32_t signing_begin(struct gossip *, enum sign_use);

/* record.c */
void	 record_link_up(struct gossip *, struct link *);
void	 record_in(struct gossip *, struct link *, struct slice payload);
void	 record_tick(struct gossip *);
void	 record_verified(struct gossip *, struct session *,
	    const struct job *, bool good);
void	 record_signed(struct gossip *, const struct signing *,
	    enum key_status, const uint8_t sig[64]);
void	 record_signed_bytes(struct wbuf *, const struct m2_record *);
/* Is it neither of the future nor void? */
bool	 record_valid(const struct gossip *, uint64_t seq);
/* The caller frees it. */
struct peer_record *record_copy(const struct m2_record *);

/* point.c */
/* Is it of small order, or its y not less than p? */
bool	 point_is_odd(const uint8_t[32]);

/* jobs.c */
/*
 * Checks the signature of job->env under job->pubkey.  The job is the
 * caller's and is copied when the answer is not there at once.
 */
void	 job_run(struct gossip *, struct job *);
void	 job_done(struct gossip *, struct job *, bool good);
/* A job that waits for the verdict on another copy, or NULL. */
struct job *job_waiting(struct gossip *, const uint8_t seen_key[16]);
/* Keeps a copy to wait like that; false: enough of them wait. */
bool	 job_wait(struct gossip *, const struct job *);
/* Its turn has come; or it is not needed any more. */
void	 job_start(struct gossip *, struct job *);
void	 job_cancel(struct gossip *, struct job *);
void	 jobs_free(struct gossip *);
void	 signings_free(struct gossip *);
void	 peers_free(struct gossip *);

/* exchange.c */
void	 seen_key(const struct gossip *, struct slice message_id,
	    const struct nodeid *sender, uint8_t out[16]);

/* exchange_out.c */
void	 exchange_send(struct gossip *, struct session *);
void	 exchange_news(struct gossip *, struct book_peer *);
void	 exchange_signed(struct gossip *, const struct signing *,
	    enum key_status, const void *frame, size_t);
void	 exchange_configured(struct gossip *);
void	 exchange_tick(struct gossip *);
uint64_t exchange_next(const struct gossip *);

/* reach.c */
/* May we dial what somebody says is a node's address (wire-v1 8, W11)? */
bool	 reach_allowed(const struct gossip *, const char *addr);
/* Is it in a network that is not everybody's? */
bool	 reach_is_inner(const char *addr);
/*
 * The same of a name, which only the node itself may say in its hello; what
 * it stands for is seen when it is looked up.
 */
bool	 reach_name(const struct gossip *, const char *addr);
/* The rules for such a dial (enum dial_flags). */
uint8_t	 reach_flags(const struct gossip *);
/* Does it lead to this node? */
bool	 reach_own(const struct gossip *, const char *addr);
/* 0: none to speak of. */
uint64_t reach_network(const char *addr);

/* discovery.c */
void	 discovery_init(struct gossip *, uint64_t seed);
void	 discovery_free(struct gossip *);
/* Something changed: look soon whom to dial. */
void	 discovery_kick(struct gossip *);
void	 discovery_tick(struct gossip *);
uint64_t discovery_next(const struct gossip *);
/* The node sought by a dial, or NULL. */
const struct quest *discovery_expects(const struct gossip *, uint32_t dial);
void	 discovery_up(struct gossip *, uint32_t dial);
/* who: the node that answered, if that was proved, or NULL. */
void	 discovery_down(struct gossip *, uint32_t dial, enum down_reason,
	    const struct nodeid *who);
/*
 * Somebody saw the node at that time (unix s), after it failed here: it is
 * tried again at once, but each address once in SEEN_AGAIN_MS only, as
 * anybody can say so.
 */
void	 discovery_seen(struct gossip *, struct book_peer *, uint64_t when_s);
/* A link that was ready is no more. */
void	 discovery_gone(struct gossip *, const struct nodeid *,
	    uint64_t lived_ms);
/* Nodes with an address we might dial that are not connected. */
size_t	 discovery_known(const struct gossip *);

/* exchange.c */
void	 exchange_in(struct gossip *, struct session *,
	    const struct envelope *);
void	 exchange_verified(struct gossip *, struct session *,
	    const struct job *, bool good);
uint64_t last_seen_clamp(uint64_t claimed, uint64_t now_unix_s);
/*
 * How far the neighbours' clocks are ahead of ours: the middle one of those
 * known, in seconds.  Returns how many are known.
 */
size_t	 clock_compare(const struct gossip *, int64_t *ahead_s);

/* book.c */
void	 book_init(struct gossip *, uint64_t seed);
void	 book_free(struct gossip *);
struct book_peer *book_get(const struct gossip *, const struct nodeid *);
void	 book_hello(struct gossip *, const struct session *);
void	 book_gone(struct gossip *, const struct session *);
void	 book_hearsay(struct gossip *, const struct book_peer *);
/* A record that is good, told by s. */
void	 book_record(struct gossip *, const struct session *s,
	    const struct m2_record *);
/* Forgets who was not seen for long; connected ones are seen now. */
void	 book_sweep(struct gossip *);

/* bootstrap.c */
void	 bootstrap_configured(struct gossip *);
void	 bootstrap_free(struct gossip *);
void	 bootstrap_tick(struct gossip *);
uint64_t bootstrap_next(const struct gossip *);
/* The pin of a dial, if it has one. */
const struct nodeid *bootstrap_expects(const struct gossip *, uint32_t dial);
void	 bootstrap_up(struct gossip *, uint32_t dial, const struct nodeid *);
void	 bootstrap_down(struct gossip *, uint32_t dial, enum down_reason,
	    const struct nodeid *known, uint64_t lived_ms);
void	 bootstrap_peer_gone(struct gossip *, const struct nodeid *);
/* The name by which the configuration calls the node, or NULL. */
const char *bootstrap_name(const struct gossip *, const struct nodeid *,
	    size_t *len);
/* Was that dial one of network.bootstrap? */
bool	 bootstrap_dialled(const struct gossip *, uint32_t dial);
/* Is the address an entry of network.bootstrap? */
bool	 bootstrap_has(const struct gossip *, const char *addr);

/* chat.c */
void	 chat_in(struct gossip *, const struct job *,
	    const struct chat_msg *);
void	 chat_signed(struct gossip *, const struct signing *,
	    enum key_status, const void *frame, size_t);
void	 chat_tick(struct gossip *);

/* seal.c */
struct seal_ends {
	struct nodeid	 author, recipient;
	uint8_t		 recipient_key[32];	/* X25519 */
};
/*
 * Appends the sealed text to box and gives the ephemeral key; secret: 32
 * random bytes, of this message alone.  False: a low-order point.
 */
bool	 seal_make(const struct seal_ends *, const uint8_t secret[32],
	    uint8_t ephemeral[32], const void *, size_t, struct wbuf *box);
/* key: seal_key().  False: not sealed with it, or not as it came. */
bool	 seal_open(const uint8_t key[32], const void *, size_t,
	    struct wbuf *text);

/* talk.c */
void	 talk_in(struct gossip *, const struct job *);
void	 talk_free(struct gossip *);

/* montgomery.c */
/*
 * The X25519 form of an Ed25519 public key, by the permissive rule of v1
 * (wire-v1 1.4).  False: not 32 bytes, or no point.  For public keys only:
 * its time depends on the input.
 */
bool	 montgomery_from_edwards(const uint8_t *, size_t, uint8_t out[32]);

/* verify.c, not part of the core */
/* Once, before the sandbox: what the libraries read from files. */
void	 verify_init(void);
/* Go's verdict (wire-v1 1.5); sig_len other than 64 is false. */
bool	 verify_signature(const uint8_t pubkey[32], const uint8_t *sig,
	    size_t sig_len, const void *msg, size_t len);

#endif

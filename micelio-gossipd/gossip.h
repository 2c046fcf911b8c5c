/* SPDX-License-Identifier: MIT */
/*
 * The core of micelio-gossipd as its drivers see it.
 *
 * The core (struct gossip) is a state machine without input or output: it is
 * told what happened and what time it is, and calls the actions of a driver
 * (struct gossip_ops).  gossipd.c is such a driver; tests are others.
 */
#ifndef MICELIO_GOSSIP_H
#define MICELIO_GOSSIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/imsg_types.h"
#include "common/log.h"
#include "common/nodeid.h"
#include "gtime.h"
#include "proto/envelope.h"

struct book_peer;
struct chat_msg;
struct conf;
struct gossip;
struct m2_record;
struct m2_root;
struct m2_setup;
struct private_msg;
struct room_msg;
struct wbuf;

#define UNLINK_MS		(10u * 60 * 1000)

enum verdict { VERDICT_BAD, VERDICT_GOOD, VERDICT_PENDING };

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
	/* addr: of the link, or "". */
	void	(*ping_done)(void *, uint32_t req, enum ping_status,
		    uint32_t ms, uint32_t rtt_us, const char *addr);
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
/* A line for all; its time and parent are made. */
void	 gossip_chat_say(struct gossip *, struct gtime, uint32_t req,
	    const struct chat_msg *);
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
 * Ask that node, by its link, for a sign of life; ping_done says what came of
 * it, perhaps before this returns, and never of one that stays silent.
 */
void	 gossip_ping(struct gossip *, struct gtime, uint32_t req,
	    const struct nodeid *);
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
/* What it had signed of itself, after its gossip_peer_record(). */
void	 gossip_peer_signed(struct gossip *, const struct nodeid *,
	    const void *, size_t);
void	 gossip_peer_record(struct gossip *, const struct book_peer *);
/* Those were all. */
void	 gossip_peer_end(struct gossip *, struct gtime);
/* Time has passed.  Call when gossip_next() says, or more often. */
void	 gossip_tick(struct gossip *, struct gtime);
/* When the next thing is due, mono ms; UINT64_MAX: nothing is. */
uint64_t gossip_next(const struct gossip *);
/*
 * From now on this node says whom it misses and judges what others say;
 * before the first session.
 */
void	 gossip_suspect_start(struct gossip *);
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
/* Each node that claims links, with the links it claims (mesh_rows.c). */
void	 gossip_mesh_rows(const struct gossip *, struct gtime,
	    void (*emit)(const struct wbuf *, void *), void *);
/* Grows when a node or link came or went, or a node's state is another. */
uint64_t gossip_mesh_changes(const struct gossip *);
void	 gossip_drop_rows(const struct gossip *,
	    void (*emit)(const struct wbuf *, void *), void *);

#endif

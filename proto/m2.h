/* SPDX-License-Identifier: MIT */
/*
 * The messages of m2 (m2.proto, micelio-protocol(7)), read in place: slices
 * point into what was received.  Reading refuses what is malformed, what has
 * a byte string of a wrong multiple and what is over a limit; it passes over
 * unknown fields.
 */
#ifndef MICELIO_M2_H
#define MICELIO_M2_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "envelope.h"

struct wbuf;

enum m2_type {
	MSG_LINK_CTRL = 32,
	MSG_RECONCILE = 33,
	MSG_STATE_DELTA = 34,
	MSG_SUSPECT = 35,
	MSG_PEER_RECORDS = 36,
	MSG_ROOM = 38,		/* talk.h */
	MSG_SEALED = 39,
	MSG_OURS_MIN = 32,
	MSG_OURS_MAX = 47,
};

#define M2_CTRL_MAX	16384u	/* bytes of a LinkCtrl */
#define M2_LINK_MAX	32768u	/* of any other link frame */
#define M2_SMALL_MAX	4096u	/* payloads up to this are small */
#define M2_WINDOW_MAX	60u	/* seconds */
#define M2_ITEMS_MAX	32u	/* of a Suspect */
#define M2_RECORDS_MAX	64u	/* of PeerRecords */
#define M2_ADDRS_MAX	4u
#define M2_ADDR_MAX	261u
#define M2_SUSPECT_MAX	8192u	/* bytes of a Suspect */
#define M2_HALF		16u	/* bytes of a half id, of its links */
#define M2_CLAIMS_MAX	64u	/* of a Suspect */

#define M2_SID		8u	/* bytes of a sid, of an oid */
#define M2_BIG		12u	/* of an item of ihave_big, _big_new */
#define M2_SECOND	12u	/* of an item of window */
#define M2_MID		16u
#define M2_SALT		16u

/* Bits of the hello's tag and of Setup.caps. */
#define M2_CAP_TREES	(UINT64_C(1) << 0)
#define M2_CAP_STATE	(UINT64_C(1) << 1)
#define M2_CAP_CLOCK	(UINT64_C(1) << 2)
#define M2_CAP_PING	(UINT64_C(1) << 3)
#define M2_CAP_RECORDS	(UINT64_C(1) << 4)

struct m2_setup {
	uint32_t	 version;
	uint64_t	 caps;
	uint8_t		 salt[M2_SALT], mesh_id[16], profile[16];
	uint64_t	 boot_ms;
};

struct m2_ping {
	uint32_t	 seq, echo, hold_us;
	uint64_t	 wall_ms;
};

struct m2_root {
	uint32_t	 hour;
	uint64_t	 count;
	uint8_t		 hash[32];
	uint32_t	 flags;
};

struct m2_ctrl {
	bool		 has_setup, has_ping, has_root;
	struct m2_setup	 setup;
	struct slice	 ihave, ihave_big, graft, graft_link, prune, nohave,
			 window, ihave_new, ihave_big_new;
	uint32_t	 gap;
	struct m2_ping	 ping;
	struct m2_root	 root;
};

struct m2_item {
	const uint8_t	*node;		/* 32 bytes */
	uint32_t	 state;
	uint64_t	 incarnation;
	uint32_t	 quiet_ms;
};

struct m2_suspect {
	uint32_t	 version;
	uint64_t	 incarnation;
	size_t		 n;
	struct m2_item	 item[M2_ITEMS_MAX];
	struct slice	 links;		/* k x M2_HALF */
};

enum m2_item_state {
	M2_SUSPECTED = 1,
	M2_HEARD_AGAIN = 2,
	M2_ALIVE = 3,		/* by the node itself */
};

struct m2_record {
	const uint8_t	*pubkey;	/* 32 bytes */
	uint64_t	 seq, caps;
	size_t		 naddrs;
	struct slice	 addr[M2_ADDRS_MAX];	/* valid UTF-8 */
	const uint8_t	*sig;		/* 64 bytes */
};

struct m2_records {
	bool		 want;
	size_t		 n;
	struct m2_record r[M2_RECORDS_MAX];
};

bool	 m2_ctrl_read(struct m2_ctrl *, const void *, size_t);
void	 m2_ctrl_write(struct wbuf *, const struct m2_ctrl *);
bool	 m2_suspect_read(struct m2_suspect *, const void *, size_t);
void	 m2_suspect_write(struct wbuf *, const struct m2_suspect *);
bool	 m2_records_read(struct m2_records *, const void *, size_t);
void	 m2_records_write(struct wbuf *, const struct m2_records *);
/*
 * What the subject of a record signs: 0xff "micelio/peer/1" 00, mesh_id,
 * pubkey, u64 seq, u64 caps, u8 n, n x (u16 len, address).
 */
void	 m2_record_signed(struct wbuf *, const uint8_t mesh_id[16],
	    const struct m2_record *);

/* A link frame: an envelope with a type and a payload and nothing else. */
void	 m2_frame_write(struct wbuf *, uint32_t type, const void *, size_t);
/* Is this such an envelope? */
bool	 m2_frame_bare(const struct envelope *);
/* The form that ids of gossip of types 32-47 must have. */
bool	 m2_ids_good(const struct envelope *);

/*
 * The identity of a message: SHA-256 of 0xff "micelio/mid/1" 00, u16 length
 * of message_id, message_id, sender_id, u64 lamport_ts, u32 msg_type and the
 * SHA-256 of the payload; its first 16 bytes.
 */
void	 m2_mid(const struct envelope *, uint8_t mid[M2_MID]);
/* Short names under somebody's salt: of a message, of an origin. */
uint64_t m2_sid(const uint8_t salt[M2_SALT], const uint8_t mid[M2_MID]);
uint64_t m2_oid(const uint8_t salt[M2_SALT], const uint8_t id[32]);

/* Big-endian, inside byte strings. */
uint64_t m2_load64(const uint8_t *);
uint32_t m2_load32(const uint8_t *);

#endif

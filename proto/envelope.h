/* SPDX-License-Identifier: MIT */
/*
 * Envelopes of wire v1 (wire-v1 3.2), read in place: every slice points into
 * the bytes received, so what is verified is what came.
 */
#ifndef MICELIO_ENVELOPE_H
#define MICELIO_ENVELOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wbuf;

#define ENVELOPE_ID_MAX		128u	/* bytes of message_id, of sender_id */
#define ENVELOPE_PAYLOAD_MAX	65536u	/* of a gossip message */
/* What a gossip message may hold beside its payload, unknown fields in all. */
#define ENVELOPE_BESIDE_MAX	16384u
#define ENVELOPE_HOPS		10u	/* as originated */

/* wire-v1 3.4 */
enum msg_type {
	MSG_HELLO = 1,
	MSG_HELLO_ACK = 2,
	MSG_CHAT = 3,
	MSG_PEER_EXCHANGE = 4,
	MSG_KEEPALIVE = 5,
};

struct slice {
	const uint8_t	*p;
	size_t		 n;
};

struct envelope {
	struct slice	 message_id;	/* valid UTF-8 */
	struct slice	 sender_id;	/* valid UTF-8 */
	uint64_t	 lamport_ts;
	uint32_t	 hop_count;
	uint32_t	 msg_type;
	struct slice	 payload;
	struct slice	 signature;
	struct slice	 sender_pubkey;
	/* Of a received one: */
	struct slice	 raw;		/* all of it */
	bool		 canonical;	/* encoding it again gives raw */
	size_t		 hop_at;	/* offset of its varint in raw */
	size_t		 hop_len;	/* 0: there is none */
};

/*
 * Reads an envelope with the verdict of protobuf-go; false: refused (bad
 * encoding, or invalid UTF-8 in a text).  The bytes must outlive env.
 */
bool	 envelope_read(struct envelope *, const void *, size_t);

/* Appends the encoding of the eight fields, as protobuf-go does. */
void	 envelope_write(struct wbuf *, const struct envelope *);

/*
 * Appends a received envelope with another hop_count (>= 1): the bytes as
 * they came with one varint replaced, or, when they were not in canonical
 * form, encoded again with the unknown fields after the known ones.  Never
 * longer than what was received plus WIRE_VARINT_MAX.
 */
void	 envelope_write_relay(struct wbuf *, const struct envelope *,
	    uint32_t hop_count);

/*
 * Appends the signed bytes: message_id, sender_id, u64be lamport_ts,
 * u32be msg_type, payload; no lengths, no separators.
 */
void	 envelope_write_signed(struct wbuf *, const struct envelope *);

#endif

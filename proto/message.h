/* SPDX-License-Identifier: MIT */
/*
 * The inner messages of wire v1 (wire-v1 3.3): what an envelope's payload
 * holds.  Reading gives slices into the arena, valid until it is reset; every
 * text is valid UTF-8, and may hold NULs.  Writing appends what protobuf-go
 * would encode.
 */
#ifndef MICELIO_MESSAGE_H
#define MICELIO_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "envelope.h"

struct arena;
struct wbuf;

#define HELLO_VERSION		"0.1.0"
#define HELLO_TAGS_MAX		64	/* that we send */
/* Peers of one exchange that are looked at (wire-v1 8, W1). */
#define EXCHANGE_MAX		256
/* Bytes of one entry of an exchange; a longer one is passed over. */
#define EXCHANGE_ENTRY_MAX	4096
/* Budget for decoding any one of these messages. */
#define MESSAGE_ARENA		(256u * 1024)

struct hello_msg {
	struct slice		 node_id, version, listen_addr, pubkey;
	const struct slice	*tags;
	size_t			 ntags;
	bool			 reachable;
};

struct chat_msg {
	struct slice	 nick, text;
	uint64_t	 timestamp;	/* unix seconds */
	/* Of our kind only; else 0 and empty: */
	uint32_t	 kind;		/* CHAT_KIND_... */
	struct slice	 speaker;	/* SPEAKER_LEN, or empty */
	struct slice	 parent;	/* message_id, or empty */
	bool		 earlier;	/* not read: said before we started */
};
#define CHAT_KIND_DONE	1u	/* what the speaker does */
#define SPEAKER_LEN	32u

struct peer_msg {
	struct slice	 node_id, addr, pubkey;
	bool		 reachable;
	uint64_t	 last_seen;	/* unix seconds */
};

/* False: malformed, or a text is not UTF-8, or over the budget. */
bool	 hello_read(struct hello_msg *, struct arena *, const void *, size_t);
bool	 chat_read(struct chat_msg *, struct arena *, const void *, size_t);
bool	 peer_read(struct peer_msg *, struct arena *, const void *, size_t);

/*
 * Judges the whole exchange first, then hands out its first EXCHANGE_MAX
 * entries, each decoded by itself (the arena is reset in between).  Returns
 * false, without having called back, when any entry is malformed.  *total is
 * the number of entries in the message.
 */
bool	 exchange_read(struct arena *, const void *, size_t, size_t *total,
	    void (*each)(const struct peer_msg *, void *), void *arg);

/* tags: at most HELLO_TAGS_MAX, the rest is left out. */
void	 hello_write(struct wbuf *, const struct hello_msg *);
void	 chat_write(struct wbuf *, const struct chat_msg *);
void	 peer_write(struct wbuf *, const struct peer_msg *);
void	 exchange_write(struct wbuf *, const struct peer_msg *, size_t n);

#endif

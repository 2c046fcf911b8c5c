/* SPDX-License-Identifier: MIT */
/*
 * Talk beside the one room of wire v1 (talk.proto).  As of message.h: texts
 * are valid UTF-8, slices point into the arena.
 */
#ifndef MICELIO_TALK_H
#define MICELIO_TALK_H

#include "common/imsg_types.h"
#include "message.h"

#define TALK_VERSION		1u
#define SEALED_MAC		16u
#define SEALED_BESIDE_MAX	512u	/* of a Private besides its text */

struct room_msg {
	struct slice	 room, nick, text;
	uint32_t	 kind;		/* enum room_msg_kind */
	uint64_t	 timestamp;	/* unix seconds */
	struct slice	 speaker;	/* SPEAKER_LEN, or empty */
};

struct sealed_msg {
	struct slice	 to, ephemeral;	/* 32 each */
	struct slice	 box;
};

struct private_msg {
	uint32_t	 kind, outcome;
	struct slice	 nick, to, text;
	uint64_t	 timestamp, ref;
	struct slice	 speaker;	/* SPEAKER_LEN, or empty */
};

/* False: malformed, of another version, or something is too long. */
bool	 room_msg_read(struct room_msg *, struct arena *, const void *, size_t);
bool	 sealed_read(struct sealed_msg *, struct arena *, const void *, size_t);
bool	 private_read(struct private_msg *, struct arena *, const void *,
	    size_t);

void	 room_msg_write(struct wbuf *, const struct room_msg *);
void	 sealed_write(struct wbuf *, const struct sealed_msg *);
void	 private_write(struct wbuf *, const struct private_msg *);

/* "#" and 1 to 31 bytes of lower-case ASCII letters, digits, '-', '_'. */
bool	 room_name_valid(const void *, size_t);

#endif

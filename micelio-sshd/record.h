/* SPDX-License-Identifier: MIT */
/* A line of talk as it is kept. */
#ifndef MICELIO_SSHD_RECORD_H
#define MICELIO_SSHD_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "imsg_types.h"
#include "nodeid.h"
#include "sshkey.h"

struct room_item;
struct wbuf;

struct record {
	uint64_t	 number, ms;	/* which, and when it came (unix) */
	uint64_t	 sent_s;	/* as in room_item */
	bool		 action;
	char		 nick[CHAT_NICK_MAX * 4];
	char		 node[NODEID_SHORT + 1];	/* "": this one */
	uint8_t		 key[SSHKEY_HASH_LEN];
	const char	*text;		/* in place */
	size_t		 len;
};
void	 record_write(struct wbuf *, const struct room_item *);
/* False: of a later version, or malformed. */
bool	 record_read(struct record *, const void *, size_t);
/* Points into the record. */
void	 record_item(const struct record *, struct room_item *);
/* Does the text name this person, as a word of its own? */
bool	 text_names(const char *text, size_t, const char *nick);
/* Does it hold the words, whatever their case (ASCII)? */
bool	 text_has(const char *text, size_t, const char *words, size_t);

#endif

/* SPDX-License-Identifier: MIT */
/* Whom a word can mean. */
#ifndef MICELIO_SSHD_CONTACT_H
#define MICELIO_SSHD_CONTACT_H

#include <bsd/sys/queue.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "imsg_types.h"
#include "label.h"
#include "nodeid.h"
#include "people.h"
#include "sshkey.h"

struct member;
struct presence;
struct room;

#define HEARD_MAX	256u	/* people of other nodes who spoke */

struct contact {
	TAILQ_ENTRY(contact) entry;
	bool		 remote;
	struct nodeid	 id;		/* of their node, if remote */
	uint8_t		 key[SSHKEY_HASH_LEN];	/* as of room_item */
	char		 nick[CHAT_NICK_MAX * 4];	/* as shown */
	char		 tag[LABEL_TAG];	/* behind it, or "" */
	uint64_t	 spoke_ms;	/* unix; 0: not yet */
	const struct member *member;	/* if not remote */
};
TAILQ_HEAD(contact_list, contact);
struct heard {
	struct contact_list list;		/* who spoke last first */
	size_t		 n;
};
void	 heard_init(struct heard *);
void	 heard_free(struct heard *);
void	 heard_note(struct heard *, const struct nodeid *, const char *nick,
	    const char *tag, const uint8_t key[SSHKEY_HASH_LEN],
	    uint64_t now_ms);
/*
 * Somebody of the node k->id who speaks, by its word; a key of zeros is none.
 */
void	 contact_remote(struct contact *k, const struct room *,
	    const struct presence *, const uint8_t key[SSHKEY_HASH_LEN],
	    const char *nick, size_t);
/* "bob", "bob@56475aa75463" or "bob~5c1e@56475aa75463". */
void	 contact_label(const struct contact *, char out[LABEL_MAX]);
/*
 * word: nick or nick@node, a begin of its id: of who is here, was heard, or is
 * on another node.  False: why, for people.
 */
bool	 contact_find(const struct room *, const struct heard *,
	    const struct presence *, const struct nodeid *self,
	    const char *word, struct contact *, char *why, size_t);

#endif

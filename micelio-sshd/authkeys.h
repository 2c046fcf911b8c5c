/* SPDX-License-Identifier: MIT */
/* The text of authorized_keys (sshd(8), AUTHORIZED_KEYS). */
#ifndef MICELIO_SSHD_AUTHKEYS_H
#define MICELIO_SSHD_AUTHKEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "imsg_types.h"
#include "role.h"
#include "sshkey.h"

#define AUTHKEYS_FILE_MAX	(1024u * 1024)
#define AUTHKEYS_LINE_MAX	16384u
#define AUTHKEYS_MAX		1024u
#define AUTHKEYS_COMPLAINTS_MAX	20u

struct authkey {
	uint8_t			 hash[SSHKEY_HASH_LEN];
	enum sshkey_type	 type;
	enum role		 role;		/* role=, default op */
	bool			 pty;
	uint64_t		 expires;	/* unix s; 0: never */
	char			*from;		/* patterns, or NULL */
	char			 name[CHAT_NICK_MAX + 1]; /* name=, or "" */
	unsigned int		 line;
	uint8_t			 digest[SSHKEY_HASH_LEN]; /* of the line */
};

struct authkeys {
	struct authkey	*v;
	size_t		 n;
	uint8_t		(*refused)[SSHKEY_HASH_LEN]; /* of lines not taken */
	size_t		 nrefused;
};

/*
 * Called for each line refused, with its number from 1 and why; at most
 * AUTHKEYS_COMPLAINTS_MAX times and once more for the rest (line 0).
 */
typedef void (*authkeys_complain_cb)(unsigned int line, const char *why,
    void *arg);

/*
 * Replaces what *keys held.  expiry-time without Z is local time:
 * utc_offset_s is added to UTC to give it.
 */
void	 authkeys_parse(struct authkeys *keys, const char *, size_t,
	    int32_t utc_offset_s, authkeys_complain_cb, void *arg);
void	 authkeys_free(struct authkeys *);

#endif

/* SPDX-License-Identifier: MIT */
/* Who may not come in, and who may not speak. */
#ifndef MICELIO_SSHD_BANS_H
#define MICELIO_SSHD_BANS_H

#include <bsd/sys/queue.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "people.h"
#include "sshkey.h"

struct doc;
struct wbuf;

#define BANS_MAX	512u
#define BAN_NET_MAX	60u		/* with kind it fits KEEP_KEY_MAX */

enum ban_kind {
	BAN_KEY = 1,		/* does not let in who has the key */
	BAN_NET = 2,		/* ... who comes from these addresses */
	BAN_MUTE = 3,		/* takes nothing that who has the key says */
};

struct ban {
	TAILQ_ENTRY(ban) entry;
	enum ban_kind	 kind;
	uint8_t		 key[SSHKEY_HASH_LEN];	/* not of BAN_NET */
	char		 net[BAN_NET_MAX + 1];	/* a pattern of from= */
	uint64_t	 since_ms, until_ms;	/* unix; until 0: no end */
	char		 name[LABEL_MAX];	/* as it was said, or "" */
	char		 by[LABEL_MAX];
};
TAILQ_HEAD(ban_list, ban);
struct bans {
	struct ban_list	 list;			/* newest last */
	size_t		 n;
};

void	 bans_init(struct bans *);
void	 bans_free(struct bans *);
/* A copy; the same thing anew replaces the old.  NULL: BANS_MAX are there. */
struct ban *bans_add(struct bans *, const struct ban *);
void	 bans_remove(struct bans *, struct ban *);
/* One that holds now, or NULL. */
struct ban *bans_key(const struct bans *, enum ban_kind,
	    const uint8_t key[SSHKEY_HASH_LEN], uint64_t now_ms);
struct ban *bans_addr(const struct bans *, const struct addr *,
	    uint64_t now_ms);
/* One that is over, or NULL. */
struct ban *bans_over(const struct bans *, uint64_t now_ms);
/*
 * By name, net, fingerprint, or a begin of that of at least 12 characters.
 */
struct ban *bans_find(const struct bans *, bool mute, const char *word);

/* What a word bans when it is no nick: false if it is neither. */
bool	 ban_word(const char *, struct ban *);
/* "SHA256:..." or the net. */
const char *ban_what(const struct ban *, char out[SSHKEY_FP_MAX]);
/* As stored; reading takes what it understands. */
void	 ban_write_key(const struct ban *, struct wbuf *);
void	 ban_write(const struct ban *, struct wbuf *);
bool	 ban_read(struct ban *, const void *key, size_t, const void *value,
	    size_t);

void	 bans_build(const struct bans *, uint64_t now_ms, struct doc *);
void	 bans_text(const struct doc *, struct wbuf *);

#endif

/* SPDX-License-Identifier: MIT */
/* What is known of the people of this node, by key. */
#ifndef MICELIO_SSHD_PEOPLE_H
#define MICELIO_SSHD_PEOPLE_H

#include <bsd/sys/queue.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "console.h"
#include "imsg_types.h"
#include "nodeid.h"
#include "settings.h"
#include "sshkey.h"

struct wbuf;

#define PEOPLE_MAX	1024u
#define IGNORED_MAX	32u
#define AWAY_MAX	200u		/* bytes */
#define LABEL_MAX	(CHAT_NICK_MAX * 4 + NODEID_SHORT + 2)

struct ignored {
	uint8_t		 key[SSHKEY_HASH_LEN];
	char		 name[LABEL_MAX];	/* as it was ignored */
};

struct person {
	TAILQ_ENTRY(person) entry;
	uint8_t		 key[SSHKEY_HASH_LEN];
	char		 nick[CHAT_NICK_MAX + 1];
	struct settings	 set;
	unsigned int	 here;		/* sessions in the room; not stored */
	bool		 cut;		/* was here when the node ended */
	uint64_t	 seen_ms;	/* unix: left last; 0: never was here */
	struct console	 console;
	bool		 away;
	char		 away_text[AWAY_MAX + 1];
	struct ignored	 ignored[IGNORED_MAX];
	size_t		 nignored;
};
TAILQ_HEAD(person_list, person);

struct people {
	struct person_list list;
	size_t		 n;
};

void	 people_init(struct people *);
void	 people_free(struct people *);
struct person *people_find(const struct people *,
	    const uint8_t key[SSHKEY_HASH_LEN]);
/*
 * The one with that key, made if need be; NULL when PEOPLE_MAX are here.
 * gone: the key of who had to make room for them.
 */
struct person *people_get(struct people *, const uint8_t key[SSHKEY_HASH_LEN],
	    uint8_t gone[SSHKEY_HASH_LEN], bool *was_gone);
/* As it is stored (a row); reading takes what it understands. */
void	 person_write(const struct person *, struct wbuf *);
bool	 person_read(struct person *, const void *, size_t, bool *was_here);
/* key may be NULL: nobody ignores what has none. */
bool	 person_ignores(const struct person *,
	    const uint8_t key[SSHKEY_HASH_LEN]);
bool	 person_ignore(struct person *, const uint8_t key[SSHKEY_HASH_LEN],
	    const char *name);
bool	 person_unignore(struct person *, const char *name);

#endif

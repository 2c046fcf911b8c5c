/* SPDX-License-Identifier: MIT */
/*
 * Who is in the partyline of other nodes, by the word of those nodes: soft
 * state that is asked for, repeated and forgotten (micelio-protocol(7), Room).
 * Times are monotonic ms unless said.
 */
#ifndef MICELIO_SSHD_PRESENCE_H
#define MICELIO_SSHD_PRESENCE_H

#include <bsd/sys/queue.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "imsg_types.h"
#include "nodeid.h"
#include "people.h"
#include "sshkey.h"

struct room;
struct wbuf;

#define PRESENCE_NODES_MAX	1024u
#define PRESENCE_PEOPLE_MAX	4096u	/* of all nodes together */
#define PRESENCE_OF_NODE_MAX	64u	/* the others are only counted */
#define PRESENCE_SOON_MS	200u	/* several come and go at once */
#define PRESENCE_EVERY_MS	2000u	/* between two words of ours */
#define PRESENCE_ANSWER_MS	10000u	/* the same, when we are only asked */
#define PRESENCE_REFRESH_MS	60000u
#define PRESENCE_LIFE_MS	150000u	/* of what is not repeated */
#define PRESENCE_DOUBT_MS	20000u	/* of what no answer repeats */
#define PRESENCE_ASK_MS		10000u	/* between two questions of ours */
#define PRESENCE_NAMED_MAX	5u	/* in a line about a node */
#define PRESENCE_LABEL_MAX	1024u

/* Somebody of another node. */
struct present {
	char		 nick[CHAT_NICK_MAX * 4];	/* as shown */
	uint64_t	 hash;		/* nick_hash() of it */
	bool		 has_key;
	uint8_t		 key[SSHKEY_HASH_LEN];
	uint64_t	 since_s, spoke_s;	/* unix; spoke 0: not yet */
	bool		 away;
	char		 away_text[AWAY_MAX + 1];	/* raw */
};

struct present_node {
	TAILQ_ENTRY(present_node) entry;
	struct nodeid	 id;
	char		 name[CHAT_NICK_MAX * 4];	/* as shown, or "" */
	uint64_t	 serial;	/* of its last word */
	uint64_t	 until;
	uint64_t	 total;		/* people there, by its word */
	size_t		 n;
	struct present	*v;
};
TAILQ_HEAD(present_list, present_node);

struct presence {
	struct present_list list;	/* heard of last first */
	size_t		 nnodes, npeople;
	uint64_t	 due;		/* our next word; UINT64_MAX: none */
	uint64_t	 said;		/* our last; 0: none yet */
	uint64_t	 ask;		/* our next question; UINT64_MAX: none */
	uint64_t	 asked;		/* our last question; 0: none yet */
	uint64_t	 serial;	/* of our last word, unix ms */
	bool		 told;		/* that there is somebody */
	bool		 complete;	/* asked since the last link came */
};

void	 presence_init(struct presence *);
void	 presence_free(struct presence *);
/* Somebody of this node came, went, or has another nick or state. */
void	 presence_changed(struct presence *, uint64_t now);
/* Another node asks: whoever does not answer soon is not there any more. */
void	 presence_asked(struct presence *, uint64_t now);
/* A link came up: what is known may lack those behind it. */
void	 presence_linked(struct presence *, uint64_t now);
/* Ask who is there, as soon as we may. */
void	 presence_want(struct presence *, uint64_t now);
/*
 * Forget what is old.  What to do now: PRESENCE_SAY who is here, people at
 * the moment; PRESENCE_ASK the others.
 */
#define PRESENCE_SAY	1u
#define PRESENCE_ASK	2u
unsigned int presence_tick(struct presence *, uint64_t now,
	    unsigned int people);
/* When to call presence_tick() next; UINT64_MAX: never. */
uint64_t presence_next(const struct presence *);
/* The node is down: by the begin of its id, NODEID_SHORT digits. */
void	 presence_gone(struct presence *, const char *short_id);
const struct present_node *presence_find(const struct presence *,
	    const char *short_id);
/*
 * "eu-3 (carol, dave)" of what is known, or the id alone; for a line about
 * the node.
 */
void	 presence_label(const struct presence *, const char *short_id,
	    char out[PRESENCE_LABEL_MAX]);
/* Is somebody else elsewhere called so?  key may be NULL. */
bool	 presence_other(const struct presence *, const struct nodeid *,
	    const char *nick, const uint8_t *key);

/* presence_text.c: the words themselves. */

/* Take the word of a node; false: malformed, or older than what is known. */
bool	 presence_take(struct presence *, const struct nodeid *,
	    const char *name, size_t name_len, const char *text, size_t n,
	    uint64_t now);
/* Our own word. */
void	 presence_write(struct presence *, const struct room *,
	    uint64_t unix_ms, struct wbuf *);

#endif

/* SPDX-License-Identifier: MIT */
/* The room people are in (partyline.c), and how what happens there looks. */
#ifndef MICELIO_SSHD_ROOM_H
#define MICELIO_SSHD_ROOM_H

#include <bsd/sys/queue.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "imsg_types.h"
#include "label.h"
#include "sshkey.h"

struct nodeid;
struct person;
struct settings;
struct wbuf;

struct member {
	TAILQ_ENTRY(member)	 entry;
	char			 nick[CHAT_NICK_MAX + 1];
	uint8_t			 key[SSHKEY_HASH_LEN];
	uint64_t		 joined_ms;	/* unix */
	uint64_t		 spoke_ms;	/* unix; 0: not yet */
	const struct person	*self;		/* NULL: nothing is set */
	bool			 watcher;	/* reads, is not there */
	bool			 json;		/* a watcher's wish */
	bool			 events;	/* a watcher that may see them */
	void			*arg;
};
TAILQ_HEAD(member_list, member);

struct room_item;
struct room_ops {
	/*
	 * One item for one reader: complete lines, each with its line end,
	 * safe for a terminal.
	 */
	void	(*show)(void *member_arg, const char *, size_t);
	/*
	 * A local line for the network; from: as given to room_say().  False:
	 * not taken; then unsent() is called when it has been shown here.
	 */
	bool	(*send)(void *room_arg, void *from, const char *nick,
		    const char *text, size_t);
	void	(*unsent)(void *room_arg, void *from);
	/* These may be NULL.  Somebody said something, here or elsewhere. */
	void	(*said)(void *room_arg, const struct room_item *);
	/* Instead of show(), of what names the reader; and to wake them. */
	void	(*show_named)(void *member_arg, const char *, size_t);
	void	(*bell)(void *member_arg);
	/* Somebody came, went or changed their nick. */
	void	(*moved)(void *room_arg);
	/* What tells a stranger from others of that nick (label.h). */
	void	(*tag)(void *room_arg, const struct stranger *,
		    char out[LABEL_TAG]);
};

/* Who says something, beside their nick. */
struct speaker {
	const uint8_t	*key;		/* SSHKEY_HASH_LEN, or NULL */
	bool		 action;	/* "/me": what they do */
	bool		 earlier;	/* before this node started */
};

#define SPOKE_MAX	32u	/* who left, having spoken; the last ones */
struct spoke {
	uint8_t			 key[SSHKEY_HASH_LEN];
	uint64_t		 ms;		/* unix */
};

struct room {
	struct member_list	 members;
	struct spoke		 spoke[SPOKE_MAX];
	size_t			 nspoke;	/* ever */
	unsigned int		 people, watchers;
	int32_t			 utc_offset_s;	/* of the times shown */
	const struct room_ops	*ops;
	struct speaker		 speaker;	/* during ops->send() */
	void			*arg;
};

enum room_kind { ROOM_CHAT, ROOM_JOIN, ROOM_LEAVE, ROOM_NICK, ROOM_NOTE,
	ROOM_EVENT, ROOM_ACTION };

struct room_item {
	enum room_kind	 kind;
	uint64_t	 now_ms;	/* unix */
	uint64_t	 sent_s;	/* unix; 0: now */
	const char	*nick;		/* as shown, without node */
	const char	*bare;		/* the same without tag; NULL: of here */
	const char	*tag;		/* with bare: what follows it, or "" */
	const char	*node;		/* 12 hex of another node, or NULL */
	const struct nodeid *id;	/* of that node, or NULL */
	const uint8_t	*key;		/* of who said it, or NULL */
	bool		 spoke;		/* lately; of who comes or goes */
	bool		 earlier;	/* before this node started */
	bool		(*told)(const void *member_arg); /* in other words
					   already; NULL: nobody */
	const char	*text;		/* raw */
	size_t		 len;
};

#define ROOM_FOLD_LINES	3u	/* shown of a text of more than one more */

void	 room_init(struct room *, const struct room_ops *, void *arg);
/*
 * Enter.  wanted is what the person asked to be called; *note gets a line
 * for them if they are called otherwise ("" if not).
 */
void	 room_join(struct room *, struct member *, const char *wanted,
	    const uint8_t key[SSHKEY_HASH_LEN], uint64_t now_ms, void *arg,
	    char *note, size_t size);
/* Read along without being there; events: with those of the daemons. */
void	 room_watch(struct room *, struct member *, bool json, bool events,
	    void *arg);
/* why: "quit", "connection lost" ...; a watcher goes silently. */
void	 room_leave(struct room *, struct member *, const char *why,
	    uint64_t now_ms);
/* False with the reason in why. */
bool	 room_nick(struct room *, struct member *, const char *nick, size_t,
	    uint64_t now_ms, char *why, size_t);

enum say_status { SAY_OK, SAY_EMPTY, SAY_TOO_LONG, SAY_NOT_TEXT };
/*
 * Say something: trimmed, checked, handed to ops->send, shown to everybody
 * here.  nick is a member's or of room_guest_nick().
 */
enum say_status room_say(struct room *, void *from, const char *nick,
	    const struct speaker *, const char *text, size_t,
	    uint64_t now_ms);
/* What the speaker is told of a refusal; "" for SAY_OK. */
void	 say_status_text(enum say_status, size_t len, char *, size_t);
/* What the speaker is told of a CHAT_RESULT; "" when nothing need be. */
void	 chat_result_text(unsigned int status, uint32_t retry_ms,
	    unsigned int others_here, char *, size_t);
/*
 * From another node, as received.  What was said before this node started is
 * kept only: it may have been shown then.
 */
void	 room_remote(struct room *, const struct nodeid *, uint64_t sent_s,
	    const char *nick, size_t nick_len, const struct speaker *,
	    const char *text, size_t len, uint64_t now_ms);
/* What stands for somebody of another node: by their key, or their nick. */
void	 nick_key(const struct nodeid *, const char *nick, size_t,
	    uint8_t out[SSHKEY_HASH_LEN]);
#define JOINS_CROWD	8u	/* people, from which on the noise is less */
#define JOINS_LATELY_MS	(10u * 60 * 1000)
/* Why somebody leaves of whom room_note_kick() has told. */
#define ROOM_KICKED	"kicked"
/* For everybody but those that have been told otherwise. */
void	 room_note_kick(struct room *, const char *text, uint64_t now_ms,
	    bool (*told)(const void *member_arg));
/* A line about the node; event: for watchers only. */
void	 room_note(struct room *, bool event, const char *text,
	    uint64_t now_ms);
struct member *room_find(const struct room *, const char *nick);
/* Members by nick, sorted; the caller frees the array. */
size_t	 room_sorted(const struct room *, struct member ***);

/* room_nick.c: what people are called. */

/* A name for somebody who speaks without being a member. */
void	 room_guest_nick(const struct room *, const char *wanted,
	    const uint8_t key[SSHKEY_HASH_LEN], char out[CHAT_NICK_MAX + 1]);
/* Name a member who comes in; note as for room_join(). */
void	 room_nick_give(const struct room *, struct member *,
	    const char *wanted, char *note, size_t);

/* lines.c: how an item looks. */

/*
 * Render one item, with line end: as text (folded or not) as the reader wants
 * it, or as one JSON object.
 */
void	 room_render_for(const struct room_item *, const struct settings *,
	    int32_t utc_offset_s, bool fold, struct wbuf *);
void	 room_render_json(const struct room_item *, struct wbuf *);

#endif

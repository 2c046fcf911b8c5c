/* SPDX-License-Identifier: MIT */
/*
 * micelio-sshd, the hub: prototypes grouped by file.  The cores come first;
 * they hold no socket, clock or global, get the time as an argument and are
 * tested alone.  The session process has a header of its own (session.h).
 */
#ifndef MICELIO_SSHD_H
#define MICELIO_SSHD_H

#include <bsd/sys/queue.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "cursor.h"
#include "imsg.h"
#include "nodeid.h"
#include "proc.h"
#include "ratelimit.h"
#include "row.h"

/* What a key may do; each includes the ones before. */
enum role { ROLE_USER = 1, ROLE_OP, ROLE_ADMIN };
const char	*role_name(enum role);

/* base64.c: RFC 4648, strict. */

/* False on a foreign byte, wrong padding, stray bits or more than max. */
bool	 base64_decode(const char *, size_t, uint8_t *out, size_t max,
	    size_t *len);
/* Writes at most size bytes with the NUL; returns the length written. */
size_t	 base64_encode(const void *, size_t, bool pad, char *out, size_t size);

/* sshkey.c: public keys as SSH writes them (RFC 4253 6.6, 5656, 8709). */

enum sshkey_type {
	SSHKEY_NONE,
	SSHKEY_ED25519,
	SSHKEY_ECDSA256,
	SSHKEY_ECDSA384,
	SSHKEY_ECDSA521,
	SSHKEY_RSA,
};
#define SSHKEY_BLOB_MAX		4096u
#define SSHKEY_HASH_LEN		32u
#define SSHKEY_FP_MAX		64u	/* "SHA256:" and 43 characters */
#define SSHKEY_RSA_MIN_BITS	2048u
#define SSHKEY_RSA_MAX_BITS	16384u

struct evp_pkey_st;
struct sshkey {
	enum sshkey_type	 type;
	uint8_t			 hash[SSHKEY_HASH_LEN];	/* of the blob */
	struct evp_pkey_st	*pkey;		/* sshkey_clear() frees it */
};

/* Start libcrypto, which opens no file then or later. */
void	 sshkey_init(void);
/* "ssh-ed25519" ...; NULL for SSHKEY_NONE. */
const char *sshkey_type_name(enum sshkey_type);
enum sshkey_type sshkey_type_by_name(const char *, size_t);
/* "ssh-ed25519, ecdsa-sha2-nistp256, ...", for messages. */
const char *sshkey_types_text(void);
/*
 * Read a key blob strictly; on failure *why is a static text and the key is
 * empty.
 */
bool	 sshkey_read(struct sshkey *, const void *blob, size_t, const char **why);
void	 sshkey_clear(struct sshkey *);
/* The hash a fingerprint is made of, of any bytes. */
void	 sshkey_hash(const void *blob, size_t, uint8_t out[SSHKEY_HASH_LEN]);
char	*sshkey_fingerprint(const uint8_t hash[SSHKEY_HASH_LEN],
	    char out[SSHKEY_FP_MAX]);
/* May signatures of this algorithm be made with this type of key? */
bool	 sshkey_algorithm_ok(enum sshkey_type, const char *alg, size_t);
/* Signature in the form libcrypto takes: see SES_AUTH in imsg_types.h. */
bool	 sshkey_verify(const struct sshkey *, const char *alg, size_t alg_len,
	    const void *data, size_t len, const void *sig, size_t sig_len);

/* authkeys.c: the text of authorized_keys (sshd(8), AUTHORIZED_KEYS). */

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
/* "192.0.2.1,10.*,!10.1.*,2001:db8::/32": is the address meant? */
bool	 authkeys_from_match(const char *patterns, const struct addr *);
/* NULL if every pattern of the list can be used, else what is wrong. */
const char *authkeys_from_check(const char *patterns);

/* auth.c: who may log in. */

struct login_request {
	bool		 is_signed;
	const char	*user, *alg;
	size_t		 user_len, alg_len;
	const uint8_t	*blob, *data, *sig;
	size_t		 blob_len, data_len, sig_len;
};
/* Cut a SES_AUTH body; everything points into it. */
bool	 login_request_read(struct login_request *, const void *, size_t);

enum login_verdict {
	LOGIN_REFUSE,		/* this key not, another may */
	LOGIN_MAY,		/* an unsigned question: yes, sign */
	LOGIN_IN,		/* proven */
	LOGIN_LIED,		/* the session process claims what is not so */
};

struct login_answer {
	enum login_verdict	 verdict;
	const char		*cause;		/* "unknown-key", ... */
	const struct authkey	*key;		/* LOGIN_MAY, LOGIN_IN */
	uint8_t			 hash[SSHKEY_HASH_LEN];
	char			 fp[SSHKEY_FP_MAX];
};

/*
 * Decide.  sid is the exchange hash the parent signed first for this
 * connection; now in unix seconds.
 */
void	 auth_decide(const struct authkeys *, const struct login_request *,
	    const uint8_t sid[32], const struct addr *, uint64_t now,
	    struct login_answer *);
/* The line that lets this key in from there now; NULL and cause if none. */
const struct authkey *auth_find(const struct authkeys *,
	    const uint8_t hash[SSHKEY_HASH_LEN], const struct addr *,
	    uint64_t now, const char **cause);
/*
 * What the client's user is told of a refused key: its fingerprint and what
 * would let it in.  file: authorized_keys, as the reader may know it.
 */
void	 auth_refusal_text(const struct login_request *,
	    const struct login_answer *, const char *file, char *, size_t);

/* budget.c: how many connections, in all and from where. */

#define SSH_UNFINISHED_MAX	32u
#define SSH_LEAVING_MAX		32u	/* sessions whose end is not waited for */
#define SSH_TRIES_MAX		6u
#define SSH_ASKED_MAX		64u	/* keys a session may ask about */

struct budget_entry {
	TAILQ_ENTRY(budget_entry) entry;
	uint32_t	 id;
	uint64_t	 host, net;	/* addr_host_key(), addr_net_key() */
	bool		 finished;	/* logged in */
	bool		 leaving;	/* logged out: dropped, its process lives */
	bool		 dropped;	/* made to go: counts no more */
};
TAILQ_HEAD(budget_list, budget_entry);

struct budget {
	struct budget_list	 list;		/* oldest first */
	unsigned int		 unfinished, finished, leaving;
};

void	 budget_init(struct budget *);
/*
 * May a connection from this address begin?  NULL if so, else the cause.
 * When only the table of unfinished ones is full, *victim is the id of the
 * one that has to go first (the oldest of the busiest network), else 0.
 */
const char *budget_admit(const struct budget *, const struct addr *,
	    unsigned int max_sessions, unsigned int max_per_address,
	    uint32_t *victim);
void	 budget_add(struct budget *, struct budget_entry *, uint32_t id,
	    const struct addr *);
/* NULL, or why it may not log in although its key may. */
const char *budget_finish(struct budget *, struct budget_entry *,
	    unsigned int max_sessions);
/* Its place is free at once, though its process ends a moment later. */
void	 budget_drop(struct budget *, struct budget_entry *);
/*
 * Logged out.  Its process may still be telling a client the end: who saw
 * that end may come again at once, so the place is free, but for
 * SSH_LEAVING_MAX of them only: slow readers must not pile up.
 */
void	 budget_leave(struct budget *, struct budget_entry *);
void	 budget_remove(struct budget *, struct budget_entry *);

/* nick.c: names people go by. */

/*
 * 1..CHAT_NICK_MAX bytes of UTF-8 letters, digits, marks after a letter and
 * _-.[]`^{}|, no leading '-', not reserved, no Latin letters together with
 * those of a script that look like them.  NULL if good, else the rule.
 */
const char *nick_check(const char *, size_t);
/* Would people take the two for one (case, width, composition)? */
bool	 nick_same(const char *, const char *);
/*
 * A stranger's nick made fit to stand in <nick@node>; letters that only look
 * like Latin ones beside them as \u0430.
 */
void	 nick_show(const char *, size_t, char *out, size_t);

/* outlet.c: what a reader has not taken yet, bounded. */

#define OUTLET_WINDOW	(256u * 1024)

struct outlet {
	size_t		 inflight;
	uint64_t	 skipped;	/* lines */
};

/* May n bytes of so many lines go out?  If not they count as skipped. */
bool	 outlet_take(struct outlet *, size_t n, unsigned int lines);
void	 outlet_ack(struct outlet *, size_t n);
/* There is room again: how many lines to own up to, once. */
uint64_t outlet_missed(struct outlet *);

/* intake.c: lines of one session that wait for their turn. */

#define INTAKE_MAX	(16u * SES_LINES_WINDOW)	/* more is a lie */

struct intake_item {
	STAILQ_ENTRY(intake_item) entry;
	enum imsg_type	 type;
	size_t		 len;
	uint8_t		 data[];
};

struct intake {
	STAILQ_HEAD(, intake_item) items;
	size_t		 cost;		/* as SES_TAKEN counts */
	unsigned int	 n;
};

void	 intake_init(struct intake *);
/* Keep a copy; false: the session sends more than its window. */
bool	 intake_add(struct intake *, enum imsg_type, const void *, size_t);
/* The oldest, now the caller's to free(), or NULL. */
struct intake_item *intake_take(struct intake *);
void	 intake_clear(struct intake *);

/* burst.c: lines one person says in a row, and what became of them. */

#define BURST_GAP_MS	1000u	/* of silence end it */

struct burst {
	unsigned int	 said, lost;	/* lost: nobody elsewhere got it */
	bool		 slowed;	/* was told so */
	uint64_t	 last_ms;	/* monotonic */
};

/* Before the next line: at once, when the retry time is over, or again. */
enum burst_next { BURST_GO_ON, BURST_WAIT, BURST_AGAIN };

/* Lines a second that people of a node say to each other: as to others. */
#define ALONE_RATE	8u
#define ALONE_BURST	16u

void	 burst_said(struct burst *, uint64_t now_ms);
/* A CHAT_RESULT; tell: the speaker has to hear of it. */
enum burst_next burst_result(struct burst *, unsigned int status,
	    uint64_t now_ms, bool *tell);
bool	 burst_alone(struct burst *, struct bucket *, uint64_t now_ms,
	    bool *tell, uint32_t *wait_ms);
/*
 * Is one over that was slowed?  now_over: nothing can follow.  The sum for
 * its speaker is in the text; a new one begins.
 */
bool	 burst_over(struct burst *, bool now_over, uint64_t now_ms, char *,
	    size_t);

/* settings.c: what each may set for themselves. */

enum { BELL_OFF, BELL_MENTION, BELL_ALL };
enum { JOINS_AUTO, JOINS_ALL, JOINS_OFF };
#define TZ_LOCAL	(24 * 60)	/* of the node; else minutes east */
#define SETTINGS_N	8u
#define SETTING_TEXT_MAX 32u

struct settings {
	int	 time, bell, color, plain, joins, width, paste, tz;
};
void	 settings_default(struct settings *);
/* By index: the word, what it may be, what it does, how it stands. */
const char *setting_name(size_t);
const char *setting_want(size_t);
const char *setting_help(size_t);
const char *setting_text(const struct settings *, size_t,
	    char out[SETTING_TEXT_MAX]);
int	 setting_index(const char *name);	/* -1: there is none */
/* False with a line for people in why. */
bool	 setting_set(struct settings *, const char *name, const char *value,
	    char *why, size_t);
/* Seconds east of UTC for this reader; local: of the node. */
int32_t	 settings_offset(const struct settings *, int32_t local);

/* people.c: what is known of the people of this node, by key. */

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

/* partyline.c: the room. */

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
};

/* Who says something, beside their nick. */
struct speaker {
	const uint8_t	*key;		/* SSHKEY_HASH_LEN, or NULL */
	bool		 action;	/* "/me": what they do */
	bool		 earlier;	/* before this node started */
};

struct room {
	struct member_list	 members;
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
	const char	*node;		/* 12 hex of another node, or NULL */
	const struct nodeid *id;	/* of that node, or NULL */
	const uint8_t	*key;		/* of who said it, or NULL */
	bool		 spoke;		/* lately; of who comes or goes */
	bool		 earlier;	/* before this node started */
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
/* A name for somebody who speaks without being a member. */
void	 room_guest_nick(const struct room *, const char *wanted,
	    const uint8_t key[SSHKEY_HASH_LEN], char out[CHAT_NICK_MAX + 1]);

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
void	 chat_result_text(unsigned int status, unsigned int given,
	    uint32_t retry_ms, unsigned int others_here, char *, size_t);
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
/* A line about the node; event: for watchers only. */
void	 room_note(struct room *, bool event, const char *text,
	    uint64_t now_ms);
struct member *room_find(const struct room *, const char *nick);
/* Members by nick, sorted; the caller frees the array. */
size_t	 room_sorted(const struct room *, struct member ***);
/* Render one item: text (folded or not) or one JSON object, with line end. */
void	 room_render(const struct room_item *, int32_t utc_offset_s, bool fold,
	    struct wbuf *);
/* The same as this reader wants it. */
void	 room_render_for(const struct room_item *, const struct settings *,
	    int32_t utc_offset_s, bool fold, struct wbuf *);
void	 room_render_json(const struct room_item *, struct wbuf *);

/* record.c: a line of talk as it is kept. */

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

/* contact.c: whom a word can mean. */

#define HEARD_MAX	256u	/* people of other nodes who spoke */

struct contact {
	TAILQ_ENTRY(contact) entry;
	bool		 remote;
	struct nodeid	 id;		/* of their node, if remote */
	uint8_t		 key[SSHKEY_HASH_LEN];	/* as of room_item */
	char		 nick[CHAT_NICK_MAX * 4];	/* as shown */
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
	    const uint8_t key[SSHKEY_HASH_LEN], uint64_t now_ms);
/* "bob" or "bob@56475aa75463". */
void	 contact_label(const struct contact *, char out[LABEL_MAX]);
/* word: nick or nick@node, a begin of its id.  False: why, for people. */
bool	 contact_find(const struct room *, const struct heard *,
	    const struct nodeid *self, const char *word, struct contact *,
	    char *why, size_t);

/* notes.c: for people of this node who are not here. */

#define NOTES_MAX	512u
#define NOTES_EACH	32u		/* of one person */
#define NOTE_TEXT_MAX	4096u		/* bytes */

struct note {
	TAILQ_ENTRY(note) entry;
	uint8_t		 key[SSHKEY_HASH_LEN];	/* of whom it is for */
	uint64_t	 ms;		/* unix: when it came */
	uint16_t	 serial;
	bool		 action;
	char		 from[LABEL_MAX];
	size_t		 len;
	char		 text[];
};
TAILQ_HEAD(note_list, note);
struct notes {
	struct note_list list;		/* oldest first */
	size_t		 n;
	uint16_t	 serial;
};
void	 notes_init(struct notes *);
void	 notes_free(struct notes *);
/* NULL: there is no room, or the text is too long. */
struct note *notes_add(struct notes *, const uint8_t key[SSHKEY_HASH_LEN],
	    const char *from, bool action, const char *, size_t,
	    uint64_t now_ms);
/* The oldest for that key. */
struct note *notes_next(const struct notes *,
	    const uint8_t key[SSHKEY_HASH_LEN]);
void	 notes_remove(struct notes *, struct note *);
/* As stored: the key with its length, and the value. */
void	 note_key(const struct note *, struct wbuf *);
void	 note_write(const struct note *, struct wbuf *);
bool	 notes_read(struct notes *, const void *key, size_t,
	    const void *value, size_t);

/* since.c: "40", "11:40", "2h": from where on. */

struct since {
	bool		 is_count;
	uint64_t	 n;		/* lines, or unix ms */
};
/* False with a line for people in why. */
bool	 since_parse(const char *, uint64_t now_ms, int32_t utc_offset_s,
	    struct since *, char *why, size_t);

/* doc.c: the result of a command, and its renderings. */

#define DOC_LISTS_MAX	8
#define DOC_BYTES_MAX	(512u * 1024)

struct doc_list {
	const char	*name;		/* static */
	struct wbuf	*rows;
	size_t		 n;
};

struct doc {
	struct wbuf	 head;		/* a row (row.h) */
	struct doc_list	 list[DOC_LISTS_MAX];
	size_t		 nlists;
	size_t		 bytes;
	bool		 cut;		/* DOC_BYTES_MAX was reached */
};

enum doc_form { DOC_TEXT, DOC_JSON, DOC_PLAIN };

void	 doc_init(struct doc *);
void	 doc_free(struct doc *);
/* A list to fill; the index for doc_row(). */
size_t	 doc_list(struct doc *, const char *name);
/* Take a row (row.h bytes) over; false when the document is full. */
bool	 doc_row(struct doc *, size_t list, const void *, size_t);
/* The value of a field: true if there. */
bool	 row_find(const void *row, size_t, const char *name,
	    struct row_field *);
/* For people: ages, sizes, "-" for none; safe for a terminal. */
void	 field_text(const struct row_field *, struct wbuf *);
/* {"v":1,...}\n */
void	 doc_json(const struct doc *, struct wbuf *);
void	 doc_plain(const struct doc *, struct wbuf *);
/* "name  value" lines of the head; then each list as a table. */
void	 doc_text(const struct doc *, struct wbuf *);
/*
 * One list as a table with a header line; node ids shortened.  names: the
 * columns, "id addr"; NULL: all.
 */
#define PEERS_COLUMNS	"id addr dir kind state up rtt cause next"
void	 doc_table(const struct doc_list *, const char *names,
	    struct wbuf *);
/* The same without the columns in which no row has a value. */
void	 doc_table_used(const struct doc_list *, const char *names,
	    struct wbuf *);
/* "gossipd   peers 2, seen 17": the first row, without zeros. */
void	 doc_facts_text(const struct doc_list *, struct wbuf *);
/* Append a field as it is. */
void	 row_field_copy(struct wbuf *, const struct row_field *);
/* Columns a terminal uses for the text. */
size_t	 text_width(const char *, size_t);
void	 wbuf_printf(struct wbuf *, const char *, ...)
	    __attribute__((format(printf, 2, 3)));
void	 wbuf_json(struct wbuf *, const char *, size_t);

/* cmdline.c: the one grammar. */

#define CMD_ARGS_MAX	32
#define CMD_LINE_MAX	(CHAT_TEXT_MAX + 1024)

enum door { DOOR_SHELL = 1, DOOR_EXEC = 2, DOOR_CONTROL = 4 };
#define DOOR_ANY	(DOOR_SHELL | DOOR_EXEC | DOOR_CONTROL)

/* Under which heading the partyline's help names it. */
enum command_group { GROUP_TALK, GROUP_NODE, GROUP_MAP };

struct run;
struct command {
	const char	*name;
	const char	*args;		/* "TEXT", "[--check]" */
	const char	*help;		/* one line */
	const char	*examples[2];	/* without the / */
	enum role	 role;
	unsigned int	 doors;
	enum command_group group;	/* GROUP_TALK unless said */
	bool		 changes;	/* no abbreviation */
	bool		 talk;		/* the rest is text, not words */
	bool		 node;		/* its word names another node */
	bool		 nick;		/* its word names a person */
	bool		 streams;	/* goes on until the reader leaves */
	unsigned int	 min_args, max_args;
	const char	*options;	/* own ones: "--check " */
	void		(*start)(struct run *);
};

struct cmdline {
	const struct command	*cmd;
	char			*buf;		/* owns the words */
	const char		*argv[CMD_ARGS_MAX];
	size_t			 argc;
	const char		*text;		/* of a talk command */
	size_t			 text_len;
	enum doc_form		 form;
	bool			 check, raw;
	bool			 help;		/* --help */
};

/*
 * Find a command by name, unique abbreviation or IRC spelling.  NULL with a
 * line for people in why.
 */
const struct command *command_find(const struct command *table, const char *,
	    size_t, char *why, size_t);
/*
 * Cut "verb args" (without '/'): words at white space, "double quotes"
 * group; of a talk command the rest is taken as it is.  Returns EX_OK, or an
 * exit status with a line in why.  cmdline_free() in any case.
 */
int	 cmdline_parse(const struct command *table, const char *, size_t,
	    struct cmdline *, char *why, size_t);
/* The same of words already cut; a talk command's are joined by spaces. */
int	 cmdline_from_words(const struct command *table,
	    const char *const *words, size_t n, struct cmdline *, char *why,
	    size_t);
void	 cmdline_free(struct cmdline *);
/* May it run here?  EX_OK, or the exit status and why. */
int	 command_allowed(const struct command *, enum role, enum door,
	    char *why, size_t);

/* help.c */

/* The commands of a door, and this as text with a line for each. */
void	 help_list(const struct command *table, enum door, struct doc *);
void	 help_list_text(const struct doc *, struct wbuf *);
/* The names of those of the partyline, by group: fits 24 rows of 80. */
void	 help_shell_text(const struct command *table, struct wbuf *);
/* All about one; DOC_PLAIN is as DOC_TEXT, there are no rows in it. */
void	 help_one(const struct command *, enum door, enum doc_form,
	    struct wbuf *);

/* complete.c: Tab. */

#define COMPLETE_MAX	64
struct completion {
	uint16_t	 start;		/* of what is replaced */
	uint8_t		 n;
	char		*v[COMPLETE_MAX];
};
/* Nodes that are linked, by their short ids. */
struct completion_nodes {
	const char	(*v)[NODEID_SHORT + 1];
	size_t		 n;
};
/* Sorted candidates for what is left of the cursor. */
void	 complete(const struct command *table, const struct room *,
	    const struct completion_nodes *, const char *line, size_t,
	    size_t cursor, struct completion *);
void	 completion_free(struct completion *);

/* status.c: how the node is, out of what the daemons answered. */

enum answer_state { ANSWER_WAITING, ANSWER_COMPLETE, ANSWER_NONE };
#define ANSWER_BYTES_MAX	(256u * 1024)
#define ANSWER_NODES_MAX	(2u * 1024 * 1024)	/* of TABLE_NODES */

struct answer {
	enum proc_role		 from;
	enum table		 table;
	enum answer_state	 state;
	uint32_t		 id;	/* of the TABLE_GET */
	struct wbuf		 rows;	/* u32 length + row, repeated */
	size_t			 n;
};
/* In order: *row is NULL before the first.  False at the end. */
bool	 answer_next(struct rcur *, const struct answer *, const void **row,
	    size_t *len);
/* The answer of that daemon about that table, or NULL. */
const struct answer *answer_of(const struct answer *, size_t n,
	    enum proc_role, enum table);
/* Row i: its bytes, or NULL. */
const void *answer_row(const struct answer *, size_t i, size_t *len);
void	 answer_add(struct answer *, const void *, size_t);

struct status_facts {
	const char	*node_name;
	struct nodeid	 id;
	enum run_mode	 mode;
	uint64_t	 up_ms;
	unsigned int	 people, keys;
	bool		 ssh_on;
	bool		 keys_known;	/* authorized_keys was handed over */
	const struct strlist *ssh_listen, *bootstrap;
	struct sandbox_report sandbox;	/* the hub's own */
};
/* Fill the document; true if healthy. */
bool	 status_build(const struct status_facts *, const struct answer *,
	    size_t n, struct doc *);
void	 status_text(const struct doc *, struct wbuf *);
void	 status_short_text(const struct doc *, struct wbuf *);

/* peers.c: answers PEERS and NODES of gossipd, LINKS of transportd. */
void	 peers_build(const struct answer *, size_t n, struct doc *);
void	 peers_text(const struct doc *, struct wbuf *);
/* All about the node with that id (64 hex), in the head. */
void	 peer_build(const struct answer *, size_t n, const char *id,
	    struct doc *);

/* Nodes a word can mean. */
#define MEANT_MAX	16u
struct meant {
	size_t		 n;
	bool		 more;		/* than fit here */
	char		 id[MEANT_MAX][NODEID_HEX + 1];
	char		 addr[MEANT_MAX][HOSTPORT_MAX + 1];
};
/* By the begin of the id, or all of a name or address. */
void	 meant_find(struct meant *, const struct answer *, size_t n,
	    const char *word, bool linked);
/* For people, when it is not one. */
void	 meant_text(const struct meant *, const char *word, bool linked,
	    char *, size_t);

/* nodes.c: page (from 1) of the nodes that fit the word, or of all (NULL). */
#define NODES_PAGE	100u
void	 nodes_build(const struct answer *, size_t n, const char *word,
	    uint64_t page, uint64_t now_ms, struct doc *);
void	 nodes_text(const struct doc *, struct wbuf *);

/* stats.c: STATUS and DROPS of all daemons, the parent's KEYSERV. */
void	 stats_build(const struct answer *, size_t n, const struct wbuf *hub,
	    const struct wbuf *hub_drops, size_t nhub_drops, struct doc *);
void	 stats_text(const struct doc *, struct wbuf *);

/* verdict.c: both return the exit status. */
struct link_result {
	const char	*where;		/* as it was asked for */
	enum link_status status;
	enum down_reason why;
	const char	*id;		/* 64 hex, or NULL */
	uint64_t	 ms;
};
int	 link_build(const struct link_result *, struct doc *);
int	 unlink_build(const char *id, bool was, uint64_t ms, struct doc *);
void	 verdict_text(const struct doc *, struct wbuf *);

/* who.c */
void	 who_build(const struct room *, const char *node, uint64_t now_ms,
	    struct doc *);
void	 who_text(const struct doc *, struct wbuf *);

/*
 * From here on: the daemon around the cores.
 */

/* Somebody a command runs for: an SSH connection or a control client. */
struct hub;
struct say;
TAILQ_HEAD(run_list, run);
struct caller {
	struct hub		*hub;
	enum door		 door;
	enum role		 role;
	char			 nick[CHAT_NICK_MAX + 1]; /* wanted */
	uint8_t			 key[SSHKEY_HASH_LEN];
	struct member		 member;
	bool			 in_room;
	struct burst		 burst;
	struct bucket		 alone;		/* lines while nobody is linked */
	struct say		*saying;	/* the next line waits for it */
	bool			 refused;	/* was told so, this second */
	unsigned int		 unsent;	/* lines since then */
	struct person		*person;	/* in the room, with a key */
	uint64_t		 missed_ms;	/* unix: since when; 0: no */
	struct recall		*recall;	/* counts what was missed */
	struct contact		 answer_to;	/* spoke to this one alone */
	char			 room[ROOM_NAME_MAX + 1]; /* "": none */
	uint32_t		 room_request;	/* the last line said there */
	struct run_list		 runs;
	unsigned int		 nruns;
	void	(*out)(struct caller *, int stream, const char *, size_t);
	void	(*exit)(struct caller *, int status);
	/* Let its input wait where it comes from; NULL: it cannot. */
	void	(*hold)(struct caller *, bool);
};
#define OUT_STDOUT	1
#define OUT_STDERR	2
#define OUT_ROOM	3
#define OUT_NAMED	4	/* of the room, and names the reader */
#define CALLER_RUNS_MAX	4

void	 caller_init(struct caller *, struct hub *);
/* Whatever runs for it is dropped; it leaves the room. */
void	 caller_gone(struct caller *, const char *why);
void	 caller_text(struct caller *, int stream, const char *, ...)
	    __attribute__((format(printf, 3, 4)));

/* A command on its way. */
struct gather;
struct run {
	TAILQ_ENTRY(run)	 entry;		/* of the caller */
	TAILQ_ENTRY(run)	 all;		/* of the hub */
	struct caller		*caller;
	struct cmdline		 line;
	struct gather		*gather;
	uint32_t		 request;	/* RELOAD or say, 0: none */
	struct event		*deadline;
	void			(*timeout)(struct run *);
	struct wbuf		 in;		/* standard input */
	struct maprun		*map;		/* commands_map.c */
	struct recall		*recall;	/* commands_recall.c */
	struct import		*import;	/* import.c */
	bool			 wants_input;
	bool			 in_over;	/* more than fits */
	char			 about[NODEID_HEX + 1];	/* unlink: the node */
};

/* An SSH connection. */
enum conn_state { CONN_SPAWNING, CONN_LOGIN, CONN_IN, CONN_ENDING };
struct conn {
	struct caller		 caller;	/* first: see conn.c */
	TAILQ_ENTRY(conn)	 entry;
	struct budget_entry	 budget;
	struct hub		*hub;
	uint32_t		 id;
	enum conn_state		 state;
	struct addr		 addr;
	struct imsgchan		*chan;
	struct event		*timer;		/* grace, expiry, end */
	bool			 has_sid;
	uint8_t			 sid[32];
	uint8_t			*parked;	/* SES_AUTH before its sid */
	size_t			 parked_len;
	uint32_t		 parked_id;
	unsigned int		 asked;		/* SES_AUTH so far */
	unsigned int		 tries;
	bool			 opened;
	bool			 shell;
	bool			 pty;
	bool			 exited;	/* its process has */
	struct intake		 intake;
	char			 user[64];	/* made safe */
	char			 fp[SSHKEY_FP_MAX];
	uint8_t			 hash[SSHKEY_HASH_LEN];
	uint64_t		 expires;	/* unix s; 0: never */
	uint64_t		 since_ms;	/* monotonic */
	struct outlet		 outlet;
	const char		*cause;		/* of the end */
};
TAILQ_HEAD(conn_list, conn);

struct recall;
TAILQ_HEAD(recall_list, recall);
/* A room beside the one everybody is in. */
#define ROOMS_MAX	128u
#define TOPIC_MAX	200u		/* bytes */
struct sideroom {
	TAILQ_ENTRY(sideroom) entry;
	char		 name[ROOM_NAME_MAX + 1];
	char		 topic[TOPIC_MAX * 6 + 1];	/* made safe */
	uint64_t	 heard_ms;	/* unix */
};
TAILQ_HEAD(sideroom_list, sideroom);
struct sshlisten;
struct control;
TAILQ_HEAD(sshlisten_list, sshlisten);
TAILQ_HEAD(gather_list, gather);
#define SAYS_MAX	1024u
#define SIDS_MAX	1024u
TAILQ_HEAD(say_list, say);

/* Since the start, for stats. */
struct hub_count {
	uint64_t	 connections, refused, logins, logins_refused;
	uint64_t	 commands, lines_out, lines_in, lines_skipped;
	uint64_t	 events_in;
};

#define LINKED_MAX	64u	/* nodes a name is completed from */

struct hub {
	struct proc		*proc;
	struct hub_count	 count;
	char			 linked[LINKED_MAX][NODEID_SHORT + 1];
	size_t			 nlinked;
	struct room		 room;
	struct people		 people;
	struct heard		 heard;
	struct notes		 kept_notes;
	uint32_t		 notes_request;
	struct sideroom_list	 siderooms;	/* heard of last first */
	size_t			 nsiderooms;
	TAILQ_HEAD(, private)	 privates;	/* on their way */
	size_t			 nprivates;
	unsigned int		 private_serial;
	bool			 people_known;	/* read from stated */
	uint32_t		 people_request;
	struct recall_list	 recalls;
	size_t			 nrecalls;
	struct recall		*cut_recall;	/* finds our last line */
	struct budget		 budget;
	struct conn_list	 conns;
	unsigned int		 nconns;
	uint32_t		 next_conn;
	uint32_t		 next_request;
	struct sshlisten_list	 listens;
	struct control		*control;
	struct gather_list	 gathers;
	unsigned int		 ngathers;
	struct run_list		 runs;
	struct say_list		 says;
	unsigned int		 nsays;
	struct event		*says_timer;	/* sums up lines not sent */
	struct authkeys		 keys;
	struct wbuf		 keys_in;	/* being received */
	bool			 keys_over;	/* more than fits */
	bool			 keys_known;
	char			 keys_file[512]; /* its path, or "" */
	uint32_t		 dir_request;	/* asks the parent for it */
	struct bucket		 alone;		/* the same of commands */
	uint32_t		 links_request;	/* asks gossipd */
	int			 links;		/* nodes linked; -1: unknown */
	uint64_t		 started_ms;	/* monotonic */
	uint64_t		 started_wall_ms;
	uint8_t			 sids[SIDS_MAX][32]; /* that logged in */
	size_t			 nsids;		/* ever */
	struct bucket		 notes;		/* peer notices shown */
	struct bucket		 refusals;	/* refused logins logged */
	uint32_t		 unlogged;	/* those that were not */
	bool			 stopping;
	struct event		*stop_timer;
};

/* sshd.c */
uint64_t hub_now(struct hub *);		/* unix ms; refreshes the offset */
void	 hub_conn_ended(struct hub *);	/* perhaps the last */
void	 hub_links_ask(struct hub *);	/* how many nodes are linked? */

/* listener.c */
void	 listener_add(struct hub *, int fd, const char *text);
void	 listener_start(struct hub *);
void	 listener_stop(struct hub *);
size_t	 listener_list(const struct hub *, const char **, size_t max);

/* conn.c */
void	 conn_accept(struct hub *, int fd, const struct addr *);
void	 conn_spawned(struct hub *, struct imsg *);
void	 conn_spawn_failed(struct hub *, struct imsg *);
void	 conn_sid(struct hub *, struct imsg *);
void	 conn_exited(struct hub *, struct imsg *);
/* The keys changed: end whom they do not let in any more. */
void	 conn_recheck(struct hub *);
/* Say goodbye with a reason, then end it. */
void	 conn_bye(struct conn *, const char *cause, const char *text);
void	 conn_bye_all(struct hub *, const char *text);
/* Nobody is there any more and nothing waits: end it.  May free it. */
void	 conn_drained(struct conn *);

/* login.c: the part of a connection before it is let in. */
void	 login_auth(struct conn *, struct imsg *);
void	 login_sid(struct conn *);
void	 login_arm_expiry(struct conn *);
void	 login_lied(struct conn *, const char *what);

/* conn_in.c: the part after. */
void	 conn_in_dispatch(struct conn *, struct imsg *);
/*
 * A line is on its way: what came after it goes on.  May free the conn when
 * its process has ended.
 */
void	 conn_in_next(struct conn *);

/* command.c */
extern const struct command commands[];
/* A line or words of a caller; exec and control get caller->exit(). */
void	 command_line(struct caller *, const char *, size_t);
void	 command_words(struct caller *, const char *const *, size_t n);
struct run *run_by_request(struct hub *, uint32_t);
void	 run_out(struct run *, int stream, const char *, size_t);
void	 run_doc(struct run *, const struct doc *,
	    void (*text)(const struct doc *, struct wbuf *));
/* A verdict: to standard error when it is a refusal in words. */
void	 run_verdict(struct run *, const struct doc *, int status);
void	 run_done(struct run *, int status);
void	 run_fail(struct run *, int status, const char *, ...)
	    __attribute__((format(printf, 3, 4)));
void	 run_input(struct run *, const void *, size_t);	/* 0: the end */
void	 run_deadline(struct run *, unsigned int ms,
	    void (*cb)(struct run *));
void	 run_free(struct run *);

/* commands_recall.c */
void	 cmd_history(struct run *);
void	 cmd_missed(struct run *);
void	 cmd_search(struct run *);
/* "-- 12 lines since 11:40, 2 mention you: /missed" */
void	 missed_tell(struct caller *);

/* commands_rooms.c */
void	 cmd_join(struct run *);
void	 cmd_part(struct run *);
void	 cmd_rooms(struct run *);
void	 cmd_topic(struct run *);

/* commands_msg.c */
void	 cmd_msg(struct run *);
void	 cmd_reply(struct run *);

/* commands_self.c */
/* What its session's process has to know of the settings. */
void	 settings_tell(struct caller *);
void	 cmd_whois(struct run *);
void	 cmd_set(struct run *);
void	 cmd_away(struct run *);
void	 cmd_back(struct run *);
void	 cmd_ignore(struct run *);
void	 cmd_unignore(struct run *);

/* commands_mesh.c, commands_node.c, commands_talk.c */
void	 cmd_peer(struct run *);
void	 cmd_links(struct run *);
void	 cmd_trace(struct run *);
void	 cmd_nodes(struct run *);
void	 cmd_stats(struct run *);
void	 cmd_link(struct run *);
void	 cmd_link_done(struct hub *, struct imsg *);
void	 cmd_unlink(struct run *);
void	 cmd_unlink_done(struct hub *, struct imsg *);
void	 cmd_help(struct run *);
void	 cmd_who(struct run *);
void	 cmd_nick(struct run *);
/* The prompt of a partyline, as nick and room are now. */
void	 caller_prompt(struct caller *);
void	 cmd_quit(struct run *);
void	 cmd_say(struct run *);
void	 cmd_me(struct run *);
void	 cmd_tail(struct run *);
void	 cmd_status(struct run *);
void	 cmd_peers(struct run *);
void	 cmd_version(struct run *);
void	 cmd_reload(struct run *);
void	 cmd_reload_done(struct hub *, struct imsg *);
void	 cmd_say_input(struct run *);

/* import.c */
void	 cmd_import(struct run *);
void	 import_free(struct run *);
bool	 import_has(const struct run *, uint32_t req);
/* n 0: the end.  The run may end. */
void	 import_input(struct run *, const void *, size_t n);
void	 import_answer(struct run *, uint32_t req, int status,
	    const char *why);

/* commands_map.c: the replicated map. */
void	 map_put(struct hub *, uint32_t req, const char *key,
	    const void *value, size_t);
void	 cmd_unwatch(struct run *);
void	 cmd_put(struct run *);
void	 cmd_put_input(struct run *);
/* Does put take its value from standard input, with these words? */
bool	 put_reads(const char *const *, size_t);
void	 cmd_get(struct run *);
void	 cmd_del(struct run *);
void	 cmd_ls(struct run *);
void	 cmd_versions(struct run *);
void	 cmd_watch(struct run *);
void	 cmd_state(struct run *);
void	 cmd_export(struct run *);
void	 cmd_backup(struct run *);
void	 cmd_verify(struct run *);
/* From stated. */
void	 map_row(struct hub *, struct imsg *);
void	 map_done(struct hub *, struct imsg *);
void	 map_run_free(struct run *);


/* say.c: lines on their way to the network. */
/* At once, not at the end of the turn.  False: too much is on its way. */
bool	 say_send(struct hub *, struct caller *, struct run *,
	    const char *nick, const char *text, size_t);
/* The line of the caller, or of the command, was not taken. */
void	 say_unsent(struct caller *, struct run *);
void	 say_result(struct hub *, struct imsg *);
void	 say_forget(struct hub *, const struct caller *, const struct run *);
void	 say_chat_in(struct hub *, struct imsg *);
/* One object for programs: links it was given to, ms it waits for that. */
void	 say_answer_json(struct run *, int rc, unsigned int links,
	    uint32_t wait_ms, const char *text);
/* A say that came to nothing, in the form asked for. */
void	 say_fail(struct run *, int rc, const char *why);
/* The last words about what was said, before the speaker goes. */
void	 say_settle(struct caller *);
/* A line a person typed or pasted as talk. */
void	 say_line(struct caller *, const char *, size_t);
void	 say_action(struct caller *, const char *, size_t);

/* recall.c: lines that stated keeps. */

typedef void (*recall_cb)(struct recall *, bool good, void *arg);
struct recall {
	TAILQ_ENTRY(recall) entry;
	struct hub	*hub;
	uint32_t	 id;
	struct wbuf	*line;		/* the last of them, a ring: */
	size_t		 first, n, most, bytes;
	/* The asker's, set before the first answer: */
	char		*words;		/* only lines with them; or NULL */
	uint64_t	 before_ms;	/* only older ones; 0: all */
	const char	*nick;		/* of whose naming is counted, or NULL */
	/* Filled in: */
	size_t		 found, named;	/* of all that are meant */
	uint64_t	 first_ms;	/* of the first of them */
	recall_cb	 done;		/* has to recall_cancel() */
	void		*arg;
	struct recall	**owner;	/* set to NULL at the end */
};
/* The last `most` of those meant.  NULL: too many are asking. */
struct recall *recall_start(struct hub *, enum history_from, uint64_t which,
	    size_t most, recall_cb, void *arg, struct recall **owner);
void	 recall_cancel(struct recall *);
bool	 recall_get(const struct recall *, size_t i, struct record *);
bool	 recall_read(struct record *, const void *, size_t);
void	 recall_line(struct hub *, struct imsg *);
void	 recall_done(struct hub *, struct imsg *);
/* Have it kept. */
void	 recall_keep(struct hub *, const struct room_item *);

/* persons.c: people, as the daemon has to do with them. */
/* Ask stated for what it has of them. */
void	 persons_ask(struct hub *);
void	 persons_row(struct hub *, struct imsg *);
void	 persons_end(struct hub *, struct imsg *);
/* Somebody came into the room, or goes. */
void	 persons_join(struct caller *);
void	 persons_leave(struct caller *);
void	 persons_store(struct hub *, const struct person *);

/* rooms.c */
/* Who of this node is in it. */
unsigned int rooms_here(const struct hub *, const char *name);
struct sideroom *rooms_find(const struct hub *, const char *name);
/* False: there are ROOMS_MAX with people of this node in them. */
bool	 rooms_join(struct caller *, const char *name);
void	 rooms_part(struct caller *);
void	 rooms_say(struct caller *, const char *, size_t, bool action);
void	 rooms_topic(struct caller *, const char *, size_t);
void	 rooms_in(struct hub *, struct imsg *);
/* CHAT_RESULT; false: of something else. */
bool	 rooms_result(struct hub *, struct imsg *);

/* private.c: from one person to another. */
/* One line, as "<who> text" or "* who text"; named: it is for the reader. */
void	 caller_line(struct caller *, const char *who, bool action,
	    const char *, size_t, uint64_t ms, uint64_t sent_s, bool named);
/* To somebody of this node, or of another; may end the run. */
void	 private_here(struct run *, const char *nick, const char *from,
	    const char *, size_t);
void	 private_there(struct run *, const struct nodeid *, const char *nick,
	    const char *from, const char *, size_t);
void	 private_in(struct hub *, struct imsg *);
bool	 private_result(struct hub *, struct imsg *);
void	 private_forget(struct hub *, const struct caller *,
	    const struct run *);
/* What came for somebody while they were not here. */
void	 notes_deliver(struct caller *);

/* gather.c: asking the daemons. */
#define GATHER_MAX	16
#define GATHER_MS	2000
struct gather_want {
	enum proc_role	from;
	enum table	table;
};
typedef void (*gather_cb)(struct run *, const struct answer *, size_t n);
bool	 gather_start(struct run *, const struct gather_want *, size_t n,
	    gather_cb);
void	 gather_cancel(struct gather *);
void	 gather_row(struct hub *, enum proc_role, struct imsg *);
void	 gather_end(struct hub *, enum proc_role, struct imsg *);

/* notice.c: events of the daemons, for people. */
void	 notice_event(struct hub *, enum proc_role, struct imsg *);
void	 notice_own(struct hub *, enum log_ev, enum log_level, uint64_t,
	    const char *);

/* control.c */
void	 control_add(struct hub *, int fd);
void	 control_start(struct hub *);
void	 control_stop(struct hub *, const char *text);

#endif

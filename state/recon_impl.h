/* SPDX-License-Identifier: MIT */
/*
 * What the files of reconciliation share: reconcile.c (links, roots, when to
 * open), recon_open.c, recon_session.c (frames, credit, ends),
 * recon_symbols.c, recon_ranges.c, recon_entries.c.
 *
 * Public functions only note what happened and then let all sessions do what
 * they can (rsess_step()) once, at the outermost level; an op that answers
 * within its call is noted too.  A session that is over is freed there and
 * nowhere else.
 */
#ifndef MICELIO_STATE_RECON_IMPL_H
#define MICELIO_STATE_RECON_IMPL_H

#include <bsd/sys/cdefs.h>
#include <bsd/sys/queue.h>
#include <bsd/sys/tree.h>

#include "common/cursor.h"
#include "proto/rmsg.h"
#include "ranges.h"
#include "reconcile.h"
#include "symbols.h"

#define PERSIST_MS	1000u	/* a mismatch, before a session */
#define SETTLE_MS	2000u	/* a session that brought nothing; doubles */
#define SETTLE_MAX_MS	600000u
#define SWEEP_MS	30000u
#define ROOT_MS		20000u
#define ROOT_GAP_MS	250u
#define IDLE_MS		2000u	/* no sign of life */
#define TOTAL_MS	30000u	/* in all; a first copy: no progress */
#define ALIVE_MS	500u	/* a sign of life while we compute */
#define BUSY_MIN_MS	20u
#define BUSY_SPAN_MS	51u
#define TRY_SPAN_MS	120u	/* after a busy one: before any other */
#define RECHECK_MS	500u	/* after entries came: roots are told anew */
#define MIX_MAX_MS	5000u	/* of one session: others wait for it */
#define SHARE_MS	1000u	/* a copy of the set serves so long */
#define PAST_ROOTS	8u	/* of sets we have all of */
#define SHARE_CHANGES	16u	/* unless so much has changed ... */
#define SHARE_PART	1024u	/* ... and one more for so many ids */
#define SALT_MS		3600000u
#define SALT_FORCED_MS	60000u	/* between changes others force */
#define MINUTE_MS	60000u
#define FIRST_CELLS	128u
#define FRAME_CELLS	1024u
#define KEPT_CELLS_MIN	1024u	/* symbols kept; as many as entries */
#define LEFT_MAX	(256u * 1024)	/* ids noted to be asked for */
#define ASKED_MAX	4096u	/* ids asked for and not answered */
#define ASKED_FRAME	2048u
#define PENDING_MAX	2048u	/* entries being checked, all sessions */
#define SAID_MAX	(32u << 20)	/* bytes of ranges to be sent */
#define SYMBOL_BYTES_MAX (2u << 20)	/* to a peer and minute */
#define NEW_AUTHORS_MAX	64u	/* by a link and minute */
#define MORE_PERCENT	20u	/* of the set: too much for symbols */
#define RANGES_SERVED	2u
#define REFUSED_WAYS	8u
#define REFUSED_SETS	4096u

/* Our ids at an hour, ascending; shared, and read by threads. */
struct snap {
	unsigned int	 refs;
	uint64_t	 made_ms, hour, version;
	struct entry_id	*id;
	size_t		 n;
};

/* Our symbols at an hour. */
struct copy {
	unsigned int	 refs;
	uint64_t	 made_ms, hour, version;
	uint8_t		 salt[SYMBOLS_SALT_LEN];
	struct symbol	*cell;
	size_t		 n;
};

enum rjob_kind {
	RJOB_KEEP,	/* the symbols we keep, anew */
	RJOB_CELLS,	/* of our ids under another's salt */
	RJOB_SUMS,	/* of ranges */
};

struct recon_job {
	enum rjob_kind	 kind;
	struct rsess	*s;	/* NULL: nobody wants it any more */
	struct snap	*snap;
	uint8_t		 salt[SYMBOLS_SALT_LEN];
	size_t		 first, upto;
	struct symbol	*cell;
	struct ranges	 ranges;
};

struct rlink {
	TAILQ_ENTRY(rlink) entry;
	uint32_t	 num;
	bool		 has_root, root_sent, unequal, by_ranges;
	struct root	 root;		/* theirs */
	uint8_t		 sent[ROOT_HASH_LEN];	/* ours, as told */
	uint64_t	 root_ms;	/* told at */
	uint64_t	 unequal_ms;	/* since */
	uint64_t	 not_before_ms;
	uint64_t	 answer_ms;	/* how long an Open took; 0: unknown */
	unsigned int	 failures;
	uint8_t		 settled[2 * ROOT_HASH_LEN];	/* ours, theirs */
	uint64_t	 settled_ms, settle_ms;	/* until; how long */
	size_t		 in_flight;	/* bytes in our queues */
	uint64_t	 minute_ms;	/* of the two below */
	size_t		 symbol_bytes, new_authors;
	uint64_t	 new_author[NEW_AUTHORS_MAX];	/* how they begin */
	uint64_t	 mixed_ms;	/* since then they keep us, or 0 */
};
TAILQ_HEAD(rlinks, rlink);

/* An id asked for: by nobody else. */
struct claim {
	RB_ENTRY(claim)	 node;
	LIST_ENTRY(claim) entry;
	uint64_t	 prefix;
	struct rsess	*s;
};
RB_HEAD(claims, claim);
LIST_HEAD(claim_list, claim);

struct ids {
	struct entry_id	*id;
	size_t		 at, n, room;	/* at: the next one */
};

struct span {
	size_t		 lo, hi;	/* of the snapshot */
};

/* Ranges that came, or are to be sent. */
struct rframe {
	STAILQ_ENTRY(rframe) entry;
	size_t		 n;
	uint8_t		 b[];
};
STAILQ_HEAD(rframes, rframe);

struct rsess {
	TAILQ_ENTRY(rsess) entry;
	struct rlink	*link;
	uint32_t	 num;
	bool		 opened, ranges, sweep, first_copy, over;
	bool		 fills;		/* ours was little beside theirs */
	bool		 answered;	/* opened: they did */
	bool		 known;		/* what differs; opened */
	bool		 done_sent, done_got;
	bool		 mixes;		/* entries may come from both */
	uint64_t	 cookie, hour, their_count;
	uint8_t		 before[2][ROOT_HASH_LEN];	/* ours, theirs */
	uint64_t	 start_ms, alive_ms, real_ms, sent_ms;
	struct recon_report rep;
	struct recon_job *job;
	struct snap	*snap;
	uint8_t		 salt[SYMBOLS_SALT_LEN];

	size_t		 credit;	/* bytes we may send */
	size_t		 window;	/* bytes they may send */
	size_t		 owed;		/* to be granted */

	/* symbols */
	bool		 has_salt;
	struct peel	 peel;
	struct symbol	*theirs, *ours;
	size_t		 ntheirs, nours;
	uint32_t	 upto, next, early;
	struct copy	*copy;		/* served */

	/* ranges */
	bool		 ready, round_open, has_skip;
	struct ranges	 rg;
	struct entry_id	 from, lower;
	bool		 has_from;
	size_t		 at;
	struct range	 skip;
	struct wbuf	 say;
	struct rframes	 in, out;
	size_t		 out_bytes;

	/* entries */
	struct ids	 need, give;
	struct span	*spans;
	size_t		 nspans, span_room, span_at;
	uint64_t	*serve;		/* prefixes asked of us */
	size_t		 serve_at, nserve;
	struct claim_list claims;
	size_t		 asked, pending;
};
TAILQ_HEAD(rsesses, rsess);

struct refused {
	struct entry_id	 id;
	uint32_t	 hour;		/* REFUSED_EVER: for good */
	uint32_t	 until_s;	/* or until then */
};
#define REFUSED_EVER	UINT32_MAX

struct recon {
	struct map	*map;
	struct recon_ops ops;
	void		*arg;
	uint64_t	 now;
	bool		 loading, again, copied_once;
	unsigned int	 depth;
	struct rlinks	 links;
	size_t		 nlinks;
	struct rsesses	 sessions;
	struct rsess	*open;		/* ours */
	uint64_t	 open_after_ms;	/* none by us before */
	uint8_t		 past[PAST_ROOTS][ROOT_HASH_LEN];	/* a ring */
	unsigned int	 npast;		/* ever put there */
	size_t		 served, served_ranges, jobs, pending;
	uint64_t	 next_cookie;
	uint32_t	 next_session;
	uint64_t	 version;	/* of our set of this hour */
	struct root	 root;		/* ours, of root_version and hour */
	uint64_t	 root_version;
	bool		 root_good;
	uint64_t	 agreed_ms, sweep_ms;
	struct snap	*snap;		/* the last one, to be shared */
	struct copy	*copy;
	struct claims	 claims;
	struct refused	*refused;
	uint8_t		 refused_key[16];
	struct entry_id	 resume;	/* of a first copy */
	bool		 has_resume;

	uint8_t		 salt[SYMBOLS_SALT_LEN];	/* of kept */
	struct symbol	*kept, *change;	/* change: while a job runs */
	size_t		 nkept;
	uint64_t	 salt_ms;
	struct recon_job *keeper;
	bool		 salt_bad;	/* to be changed soon */
};

/* reconcile.c */
void	 recon_enter(struct recon *, uint64_t now_ms);
void	 recon_leave(struct recon *);
uint64_t recon_random(struct recon *, uint64_t below);
void	 recon_root_at(struct recon *, uint64_t hour, struct root *);
/* The minute's allowances of a link, begun anew when it is over. */
void	 rlink_minute(struct recon *, struct rlink *);

/* recon_open.c */
void	 rsess_open(struct recon *, struct rlink *, bool ranges, bool sweep,
	    uint64_t hour);
/* Does a session run in which much may come from both sides?  But: with
 * others than this one. */
bool	 recon_mixing(const struct recon *, const struct rlink *but);
/* A session ended well that began with these two sets. */
void	 recon_had_all(struct recon *, const struct rsess *);
/* Of an Open: begin a session, or say why not. */
void	 rsess_answer(struct recon *, struct rlink *, const struct rmsg *);

/* recon_session.c */
/* Returns the bytes of the message. */
size_t	 recon_send(struct recon *, struct rlink *, uint32_t num,
	    bool from_opener, enum rmsg_op, const void *, size_t);
void	 rsess_frame(struct recon *, struct rlink *, const struct rmsg *,
	    size_t);
/* Tell them why, if that is a thing to be told; it is over. */
void	 rsess_end(struct recon *, struct rsess *, enum recon_end);
void	 rsess_free(struct recon *, struct rsess *);
void	 rsess_step(struct recon *, struct rsess *);
void	 rsess_send(struct recon *, struct rsess *, enum rmsg_op,
	    const void *, size_t);
/* How many bytes of an op may be sent now. */
size_t	 rsess_room(const struct rsess *);
void	 rsess_more(struct recon *, struct rsess *, size_t estimate);

/* recon_symbols.c */
/* fresh: as of now; else of a second ago if little has changed. */
struct snap *snap_take(struct recon *, uint64_t hour, bool fresh);
void	 snap_drop(struct recon *, struct snap *);
void	 copy_drop(struct recon *, struct copy *);
void	 kept_change(struct recon *, const struct entry_id *, int by);
/* Begin to compute what we keep, if it is time. */
void	 kept_tick(struct recon *);
void	 kept_free(struct recon *);
bool	 symbols_serve(struct recon *, struct rsess *);
void	 symbols_take(struct recon *, struct rsess *,
	    const struct rmsg_symbols *);
void	 symbols_step(struct recon *, struct rsess *);
/* Send what was asked for; false: no room now. */
bool	 symbols_stream(struct recon *, struct rsess *);
void	 rjob_start(struct recon *, struct rsess *, enum rjob_kind,
	    size_t first, size_t upto);

/* recon_ranges.c */
void	 rsess_ranges_take(struct recon *, struct rsess *,
	    const struct rmsg *);
void	 rsess_ranges_step(struct recon *, struct rsess *);
bool	 rsess_ranges_send(struct recon *, struct rsess *);
void	 rsess_ranges_free(struct rsess *);

/* recon_entries.c */
void	 need_add(struct recon *, struct rsess *, const struct entry_id *);
void	 give_add(struct rsess *, const struct entry_id *);
void	 give_span(struct rsess *, size_t index);
void	 need_ask(struct recon *, struct rsess *);
void	 need_serve(struct recon *, struct rsess *, struct slice);
void	 entries_take(struct recon *, struct rsess *, const struct rmsg *);
bool	 entries_send(struct recon *, struct rsess *);
bool	 entries_left(const struct rsess *);
void	 entries_free(struct recon *, struct rsess *);
void	 entry_ended(struct recon *, struct rsess *, struct rlink *,
	    const struct entry_id *, enum intake_outcome, enum map_verdict);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The replicated map in memory.
 *
 * What a node carries is a pure function of the valid entries it has met and
 * of the hour: in which order they came, and what time it is within the hour,
 * changes nothing.  So two nodes that have met the same entries are equal,
 * and two that are not become so by telling each other what differs.
 *
 * One register per (key, author) holds that author's biggest entry by the
 * order of map_order(); of an author's registers the biggest are carried, as
 * many as his quota; the biggest register of a key is what people see.  An
 * entry is carried until the hour its lease ends in is over (live); it is
 * then kept for two hours more (past), for neighbours whose clock is behind.
 */
#ifndef MICELIO_STATE_MAP_H
#define MICELIO_STATE_MAP_H

#include <bsd/sys/cdefs.h>
#include <bsd/sys/queue.h>
#include <bsd/sys/tree.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "digest.h"
#include "profile.h"
#include "proto/entry.h"

#define MAP_HOURS	2048u	/* > hours of the longest lease, a power of 2 */
#define MAP_VALUE_HOURS	(31u * 24)	/* leases taken, in whole hours */
#define MAP_DELETE_HOURS (64u * 24)

enum ment_in {
	MENT_PAST = 1,	/* its lease ended in an hour that is over */
	MENT_NOW = 2,	/* counted in the digest of this hour */
	MENT_PREV = 4,	/* counted in that of the hour before */
};

struct mauthor;

/* An entry held: one block of memory. */
struct ment {
	RB_ENTRY(ment)		 reg_node;	/* by key, author, past */
	RB_ENTRY(ment)		 id_node;
	RB_ENTRY(ment)		 order_node;	/* of its author; live ones */
	TAILQ_ENTRY(ment)	 hour_node;
	struct mauthor		*author;
	struct entry_id		 id;
	uint64_t		 hlc, expires_ms;
	uint16_t		 key_len, value_len;
	uint8_t			 flags;		/* ENTRY_DELETED */
	uint8_t			 in;		/* enum ment_in */
	uint8_t			 data[];	/* signature, key, value */
};

RB_HEAD(ment_regs, ment);
RB_HEAD(ment_ids, ment);
RB_HEAD(ment_order, ment);
TAILQ_HEAD(ment_hour, ment);

struct mauthor {
	RB_ENTRY(mauthor)	 node;
	uint8_t			 pub[ENTRY_AUTHOR_LEN];
	struct ment_order	 order;
	size_t			 live, past, bytes;
	size_t			 pins;	/* in use though it may be empty */
};
RB_HEAD(mauthors, mauthor);

/* Called while the map changes: they may look at it, not change it. */
struct map_ops {
	/* It is no longer held: to be forgotten on the disk too. */
	void	(*dropped)(void *, const struct ment *);
	/* What people see under a key may be another. */
	void	(*changed)(void *, const void *key, size_t);
	/* One author, key and time, but another value. */
	void	(*equivocal)(void *, const struct ment *,
		    const struct entry *);
};

struct map_limits {
	size_t	authors, entries, bytes;
};

/* The set of this hour gains (by 1) or loses (by -1) an entry. */
typedef void (*map_watch_cb)(void *, const struct ment *, int by);

struct map {
	const struct profile	*profile;
	struct map_limits	 limits;
	struct map_ops		 ops;	/* any may be NULL */
	void			*arg;
	map_watch_cb		 watch;	/* NULL: nobody does */
	void			*watch_arg;
	uint64_t		 hour;
	struct digest		 now, prev;	/* of hour, of hour - 1 */
	struct ment_regs	 regs;
	struct ment_ids		 ids;
	struct mauthors		 authors;
	struct ment_hour	*hours;		/* by the hour a lease ends */
	size_t			 nauthors, live, past, bytes;
	uint64_t		 equivocations;
	bool			 full;	/* refused for a limit this hour */
};

enum map_verdict {
	MAP_TAKE,	/* carried (map_apply: it is now) */
	MAP_KNOWN,	/* held already */
	MAP_STALE,	/* a bigger one of its register is */
	MAP_QUOTA,	/* its author has as many bigger ones as may be */
	MAP_FULL,	/* a limit of this node */
	MAP_EXPIRED,
	MAP_EARLY,	/* its time is yet to come */
	MAP_LONG,	/* its lease is longer than may be, as yet */
	MAP_VERDICTS
};

/* limits NULL: those of the open profile.  The profile must outlive it. */
void	 map_init(struct map *, const struct profile *,
	    const struct map_limits *, const struct map_ops *, void *arg,
	    uint64_t now_ms);
/* Forgets all without a call. */
void	 map_free(struct map *);
/* One, instead of who did before; it may look at the map, not change it. */
void	 map_watch(struct map *, map_watch_cb, void *arg);

/* Before all else when time has passed; also backwards. */
void	 map_tick(struct map *, uint64_t now_ms);
/*
 * What would become of an entry that profile_judge() finds no fault with;
 * map_apply() does it.  Its signature must have been checked before that.
 */
enum map_verdict map_judge(const struct map *, const struct entry *,
	    const struct entry_id *, uint64_t now_ms);
enum map_verdict map_apply(struct map *, const struct entry *,
	    const struct entry_id *, uint64_t now_ms);
/* For people: "not newer than what is known" ... */
const char *map_verdict_text(enum map_verdict);

/*
 * The total order, <0, 0 or >0: hlc, SHA-256(author || key), deleted,
 * SHA-256(value), expires_ms, id.
 */
int	 map_order(const struct entry *, const struct entry_id *,
	    const struct entry *, const struct entry_id *);

const struct ment *map_find(const struct map *, const struct entry_id *);
/* Those whose ids begin with 8 bytes, at most max; returns how many. */
size_t	 map_find_prefix(const struct map *, const uint8_t prefix[8],
	    const struct ment **, size_t max);
/* In ascending order of ids; NULL first.  Past ones are among them. */
const struct ment *map_next_id(const struct map *, const struct ment *);
/* In the root of an hour (map hour, or the one before)? */
bool	 ment_counts(const struct map *, const struct ment *, uint64_t hour);
void	 map_root(const struct map *, uint64_t hour, uint32_t flags,
	    struct root *);
/* The parts in place, valid as long as it is held. */
void	 ment_entry(const struct ment *, struct entry *);

/* map_view.c: what people see. */

/* The biggest live register of a key, whatever it says; NULL: none. */
const struct ment *map_winner(const struct map *, const void *key, size_t);
/* The winner, if it is a value whose lease runs. */
const struct ment *map_get(const struct map *, const void *key, size_t,
	    uint64_t now_ms);
/* The live register of an author; NULL: none. */
const struct ment *map_register(const struct map *, const void *key, size_t,
	    const uint8_t author[ENTRY_AUTHOR_LEN]);
/* The largest hlc on a key, 0 if none. */
uint64_t map_key_max(const struct map *, const void *key, size_t);
/* Live registers of a key, one after the other; NULL first and last. */
const struct ment *map_next_version(const struct map *, const void *key,
	    size_t, const struct ment *);
/*
 * The next visible value whose key begins with prefix and is greater than
 * after (alen 0: the first).
 */
const struct ment *map_next_key(const struct map *, const void *prefix,
	    size_t plen, const void *after, size_t alen, uint64_t now_ms);
const struct mauthor *map_author(const struct map *,
	    const uint8_t pub[ENTRY_AUTHOR_LEN]);
/*
 * An author's values to be renewed: visible winners with less than half of
 * the lease left, written at from_ms (unix) or later.  Writes at most max;
 * returns how many.
 */
size_t	 map_renewals(const struct map *, const uint8_t pub[ENTRY_AUTHOR_LEN],
	    uint64_t now_ms, uint64_t from_ms, const struct ment **,
	    size_t max);
/* The next of its author's live ones; NULL: it was the last. */
const struct ment *map_next_own(const struct map *, const struct ment *);

/* map_index.c: shared by the files of the map only. */
RB_PROTOTYPE(ment_regs, ment, reg_node, )
RB_PROTOTYPE(ment_ids, ment, id_node, )
RB_PROTOTYPE(ment_order, ment, order_node, )
RB_PROTOTYPE(mauthors, mauthor, node, )
/* The first at or after (key, author, past); author NULL: of the key. */
struct ment *map_reg_from(const struct map *, const void *key, size_t,
	    const uint8_t *author, bool past);
struct ment *map_reg_find(const struct map *, const void *key, size_t,
	    const uint8_t *author, bool past);
struct mauthor *map_author_find(const struct map *, const uint8_t *pub);
int	 ment_key_cmp(const struct ment *, const void *key, size_t);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The way of an entry into the map, wherever it comes from: judged, its
 * signature checked, written durably, and only then counted and known.  The
 * checks and writes are done by the driver, in any order and many at once.
 *
 * An entry whose time is yet to come, or whose lease is as yet too long, is
 * held after its check and goes on when it is due.
 */
#ifndef MICELIO_STATE_INTAKE_H
#define MICELIO_STATE_INTAKE_H

#include <bsd/sys/cdefs.h>
#include <bsd/sys/queue.h>
#include <bsd/sys/tree.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "map.h"

#define INTAKE_MAX		4096u	/* on their way at once */
#define INTAKE_HELD_MAX		1024u
#define INTAKE_HELD_AUTHOR_MAX	64u

enum intake_source {
	INTAKE_DISK,	/* stored already: checked again, not written */
	INTAKE_LOCAL,	/* this node's own */
	INTAKE_LINK,	/* from another node */
};

enum intake_stage { STAGE_CHECK, STAGE_WRITE, STAGE_HELD };

struct intake_item {
	RB_ENTRY(intake_item)	 node;		/* by id */
	TAILQ_ENTRY(intake_item) held;
	enum intake_source	 source;
	enum intake_stage	 stage;
	uint64_t		 cookie;	/* of who brought it */
	struct entry		 e;		/* points into bytes */
	struct entry_id		 id;
	size_t			 signed_len, len;
	uint8_t			 signed_bytes[ENTRY_SIGNED_MAX];
	uint8_t			 bytes[];	/* as encoded; len of them */
};
RB_HEAD(intake_items, intake_item);
TAILQ_HEAD(intake_held, intake_item);

enum intake_outcome {
	INTAKE_TAKEN,
	INTAKE_KNOWN,	/* held already, or on its way */
	INTAKE_HELD,	/* until it is due */
	INTAKE_NOT,	/* see intake.verdict: perhaps in another hour */
	INTAKE_BAD,	/* see intake.fault: never */
	INTAKE_FAILED,	/* could not be written */
	INTAKE_BUSY,	/* too many on their way */
	INTAKE_PENDING,	/* ops.done will tell */
};

struct intake;
struct intake_ops {
	/* Answered by intake_checked(), perhaps at once. */
	void	(*check)(void *, struct intake_item *);
	/* Write len bytes under the id; answered by intake_written(). */
	void	(*write)(void *, struct intake_item *);
	/* It is stored, but not carried; NULL: of no matter. */
	void	(*forget)(void *, const struct entry_id *);
	/*
	 * The end of one that was pending; twice for one that was held.
	 * Verdict and fault are in the intake.
	 */
	void	(*done)(void *, const struct intake_item *,
		    enum intake_outcome);
};

struct intake {
	struct map		*map;
	struct intake_ops	 ops;
	void			*arg;
	struct intake_items	 items;		/* all, held ones too */
	struct intake_held	 held;
	size_t			 n, nheld;	/* on their way; held */
	enum map_verdict	 verdict;	/* of the last INTAKE_NOT */
	enum entry_fault	 fault;		/* of the last INTAKE_BAD */
	uint64_t		 bad[FAULT_MAX];
};

void	 intake_init(struct intake *, struct map *,
	    const struct intake_ops *, void *arg);
/* Forgets those held; none may be on its way. */
void	 intake_free(struct intake *);

/*
 * Take in a copy of an entry whose lengths entry_read() has checked.  When
 * the answer is not INTAKE_PENDING nothing follows.
 */
enum intake_outcome intake_add(struct intake *, const struct entry *,
	    enum intake_source, uint64_t cookie, uint64_t now_ms);
void	 intake_checked(struct intake *, struct intake_item *, bool good,
	    uint64_t now_ms);
void	 intake_written(struct intake *, struct intake_item *, bool good,
	    uint64_t now_ms);
/* Time has passed (map_tick() first): those due go on. */
void	 intake_tick(struct intake *, uint64_t now_ms);

#endif

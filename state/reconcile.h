/* SPDX-License-Identifier: MIT */
/*
 * Making two maps equal at a cost that follows what differs: roots are
 * compared; where they stay different a session finds what differs, by coded
 * symbols (symbols.h) or by ranges of ids (ranges.h), and the entries go both
 * ways (micelio-protocol(7)).
 *
 * A core without input or output, clock, randomness and threads.  The driver
 * calls in with what happened; what is to be done comes out through the ops,
 * which must not call back into the core except where they say so.  Times are
 * of a monotonic clock in milliseconds; the hour is the map's (map_tick()
 * first).
 *
 * One session opened by us and RECON_SERVED opened by others run at a time; of
 * those with others who have much too, one.
 */
#ifndef MICELIO_STATE_RECONCILE_H
#define MICELIO_STATE_RECONCILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "digest.h"
#include "intake.h"
#include "map.h"
#include "proto/entry.h"

#define RECON_FRAME_MAX	32768u	/* bytes of a Reconcile message */
#define RECON_CREDIT	131072u	/* bytes in flight, of a session and a link */
#define RECON_SERVED	4u
#define RECON_LINKS_MAX	1024u

/* How a session ended; Done.reason on the wire where it says so. */
enum recon_end {
	RECON_OK = 0,		/* on the wire */
	RECON_BUSY = 1,		/* on the wire: later */
	RECON_STALLED = 2,	/* on the wire: too much for symbols */
	RECON_POISON = 3,	/* on the wire: the symbols are no set's */
	RECON_PROFILE = 4,	/* on the wire */
	RECON_HOUR = 5,		/* on the wire: the clocks are too far apart */
	RECON_TIMEOUT,		/* no progress, or too long in all */
	RECON_BROKEN,		/* the other side broke the rules */
	RECON_LINK,		/* the link went down */
	RECON_ENDS
};

/* A session that ended: for the log, for people and for benches. */
struct recon_report {
	enum recon_end	 end;
	bool		 opened;	/* by us */
	bool		 ranges;	/* else symbols */
	bool		 first_copy;
	bool		 sweep;		/* at equal roots, as every 30 s */
	uint32_t	 hour;
	uint64_t	 ms;		/* from opening to end */
	uint64_t	 applied, held, refused;	/* here */
	uint64_t	 sent, gone;	/* entries sent; no longer held */
	uint64_t	 theirs;	/* applied there, as they said */
	uint64_t	 found;		/* ids that differ, if we know */
	uint64_t	 turns;		/* round trips until all was asked */
	uint64_t	 bytes_in, bytes_out;	/* messages of the session */
	uint64_t	 entry_in, entry_out;	/* of these: encoded entries */
};

struct recon_job;

struct recon_ops {
	/*
	 * Send a Reconcile message (type 33, n <= RECON_FRAME_MAX) on a link.
	 * Those of one link arrive in order, or the link goes down.
	 * recon_sent() tells when its bytes have left the node's queues; it
	 * may be called at once.
	 */
	void	(*frame)(void *, uint32_t link, const void *, size_t n);
	/* Send LinkCtrl.root on a link. */
	void	(*root)(void *, uint32_t link, const struct root *);
	/*
	 * intake_add() with INTAKE_LINK and this cookie.  *verdict is to be
	 * set to intake.verdict if it answers INTAKE_NOT.  INTAKE_PENDING is
	 * followed by recon_entry_done(); that may happen within this call.
	 */
	enum intake_outcome (*entry)(void *, uint32_t link, uint64_t cookie,
		    const struct entry *, enum map_verdict *verdict);
	/*
	 * Call recon_job_run() on any thread and then recon_job_done() on the
	 * loop's; both may happen within this call.
	 */
	void	(*job)(void *, struct recon_job *);
	void	(*random)(void *, void *, size_t n);
	/*
	 * The other side broke the rules, or sent what cannot be in a map:
	 * as a bad frame of the link is counted.  What: for the log.
	 */
	void	(*charge)(void *, uint32_t link, const char *what);
	/* A session ended; may be NULL. */
	void	(*ended)(void *, uint32_t link, const struct recon_report *);
};

struct recon;

/*
 * The map must outlive it, and is watched by it.  It begins as loading: it
 * says so to others and compares nothing until recon_loaded().
 */
struct recon	*recon_new(struct map *, const struct recon_ops *, void *arg,
		    uint64_t now_ms);
/* No job may be on its way. */
void		 recon_free(struct recon *);
/* No job is on its way (to be waited for before recon_free()). */
bool		 recon_idle(const struct recon *);
/* The map has all that was stored; again after recon_loading(). */
void		 recon_loaded(struct recon *, uint64_t now_ms);
/* The map is being replaced, as after the loss of a database. */
void		 recon_loading(struct recon *);

/*
 * A link to a node that has M2_CAP_STATE and whose Setup has our mesh id and
 * profile; others are not told of.  Any number that is not in use.  False:
 * RECON_LINKS_MAX.
 */
bool	recon_link_up(struct recon *, uint32_t link, uint64_t now_ms);
void	recon_link_down(struct recon *, uint32_t link, uint64_t now_ms);
/* LinkCtrl.root came. */
void	recon_root(struct recon *, uint32_t link, const struct root *,
	    uint64_t now_ms);
/* A Reconcile message came; it may be anything. */
void	recon_frame(struct recon *, uint32_t link, const void *, size_t,
	    uint64_t now_ms);
/* So many bytes given to ops.frame for a link have left our queues. */
void	recon_sent(struct recon *, uint32_t link, size_t bytes,
	    uint64_t now_ms);

/*
 * intake_ops.done for an item of INTAKE_LINK with a cookie of ours (cookies
 * of others may be told too if they are below RECON_COOKIE): what became of
 * it; verdict is intake.verdict.  For one that was held only the first time
 * counts.
 */
#define RECON_COOKIE	(UINT64_C(1) << 32)
void	recon_entry_done(struct recon *, uint64_t cookie,
	    const struct entry_id *, enum intake_outcome, enum map_verdict,
	    uint64_t now_ms);

/* Computes; on any thread, touches nothing but the job. */
void	recon_job_run(struct recon_job *);
/* Takes the job back. */
void	recon_job_done(struct recon *, struct recon_job *, uint64_t now_ms);

/* Time has passed; at least every RECON_TICK_MS. */
#define RECON_TICK_MS	50u
void	recon_tick(struct recon *, uint64_t now_ms);

/* When roots were equal or a session ended well at last; 0: never yet. */
uint64_t recon_agreed_ms(const struct recon *);
/* Is this link's map equal to ours, as far as its last root tells? */
bool	recon_link_equal(const struct recon *, uint32_t link);
/* A first copy runs: entries received and to come in all. */
bool	recon_copying(const struct recon *, uint64_t *got, uint64_t *all);
const char *recon_end_text(enum recon_end);

#endif

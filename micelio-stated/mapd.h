/* SPDX-License-Identifier: MIT */
/*
 * The daemon's side of the replicated map: it drives the core (state/) with
 * the database's thread, the threads that check signatures, the key service
 * of the parent and the clock.
 */
#ifndef MICELIO_STATED_MAPD_H
#define MICELIO_STATED_MAPD_H

#include "pool.h"
#include "proc.h"
#include "state/clock.h"
#include "state/intake.h"
#include "state/map.h"
#include "state/reconcile.h"
#include "worker.h"

#define MAP_TABLE	"map"		/* id -> entry as encoded */
#define MAP_CLOCK_KEY	"hlc"		/* in the table of the schema */
#define MAP_CLOCK_FILE	"clock"		/* the same beside the database */
#define MAP_BACKUP_DIR	"backup"
#define MAP_COPY_DIR	"copy.new"	/* until it has been read back */

#define MAP_BATCH	2048u	/* entries of one commit */
#define MAP_BATCH_BYTES	(4u * 1024 * 1024)

#define PUTS_MAX	512u	/* writes of this node on their way */
#define WATCHES_MAX	64u
#define MAP_LINKS_MAX	1024u
#define MAP_MET_KEY	"met"	/* in the table of the schema: 2 u64be */

struct mapd;

/* A write of this node, from the asking to the answer. */
struct put {
	TAILQ_ENTRY(put)	 entry;
	uint32_t		 req;		/* of the hub; 0: a renewal */
	uint64_t		 hlc, expires_ms;
	uint32_t		 flags;
	bool			 renewal;	/* hlc is given */
	bool			 fresh;		/* takes a register */
	size_t			 key_len, value_len;
	uint8_t			 bytes[];	/* key, value */
};
TAILQ_HEAD(puts, put);

/* Changes on their way to the disk: as many as have gathered. */
struct mapwrite {
	struct job		 job;		/* first: cast */
	struct mapd		*mapd;
	struct wbuf		 ops;	/* 16 id, blob entry; empty: delete */
	struct intake_item	*item[MAP_BATCH];
	size_t			 items;
	uint64_t		 clock;	/* high-water mark to write, or 0 */
	uint64_t		 met, agreed;	/* unix ms, to be written: */
	bool			 with_met;
	bool			 busy;
};

struct mapd {
	struct proc		*proc;
	struct worker		*worker;
	struct pool		*pool;
	struct event		*pool_event, *tick;
	struct profile		 profile;
	struct map		 map;
	struct intake		 intake;
	struct hlc		 clock;

	/* mapstore.c */
	struct mapwrite		 write;		/* on its way */
	struct intake_item	*next[INTAKE_MAX];	/* gathering */
	size_t			 nnext;
	struct wbuf		 dels;		/* ids, 16 each */
	uint64_t		 clock_due;	/* to be written, or 0 */
	struct maploader	*loader;
	bool			 loading, rewriting;
	struct entry_id		 rewrite_at;
	uint64_t		 records, bad_records;

	/* mapsign.c */
	struct puts		 waiting;	/* for a time and a signature */
	struct puts		 signing;	/* one request to the parent */
	size_t			 nputs, fresh;
	uint32_t		 sign_req;
	uint64_t		 slowed_until;	/* mono ms */

	/* mapask.c */
	struct watch		*watches;	/* WATCHES_MAX */

	/* mapnet.c */
	uint32_t		 links[MAP_LINKS_MAX];	/* with our profile */
	size_t			 nlinks;
	uint64_t		 met_ms;	/* wall; the last time with one */
	uint64_t		 agreed_ms;	/* wall; maps were equal */
	uint64_t		 met_stored;	/* wall; 0: not at all */
	bool			 met_due;
	bool			 reprofile;	/* when nothing is on its way */

	struct mapdelta		*delta;		/* mapdelta.c */

	/* maprecon.c */
	struct recon		*recon;
	struct event		*recon_tick;
	struct recon_report	 last;
	uint64_t		 last_ms;	/* wall; 0: none yet */
	uint64_t		 sessions, recon_in, recon_out;
	uint64_t		 copy_began, copy_from;	/* mono ms, entries */

	struct mapcopy		*copy;		/* mapcopy.c, or NULL */
	struct mapstream	*stream;	/* mapstream.c, or NULL */
	uint64_t		 renewed_ms;	/* mono */
	void			(*finish)(void *);
	void			*finish_arg;
};

/* mapd.c */
struct mapd	*mapd_new(struct proc *, struct worker *);
/* Threads; before the filter. */
void		 mapd_threads(struct mapd *);
/* The database is open: read it. */
void		 mapd_load(struct mapd *);
/* Other nodes may write than before: the map is read anew. */
void		 mapd_configured(struct mapd *);
/* It is a new, empty one: write what we have. */
void		 mapd_lost(struct mapd *);
/* Nothing new; call done when what is on its way is durable, or failed. */
void		 mapd_finish(struct mapd *, void (*done)(void *), void *);
void		 mapd_row(const struct mapd *, struct wbuf *);
void		 mapd_finish_step(struct mapd *);

/* mapstore.c */
void		 mapstore_init(struct mapd *);
void		 mapstore_write(struct mapd *, struct intake_item *);
void		 mapstore_forget(struct mapd *, const struct entry_id *);
/* Persist the clock's high-water mark. */
void		 mapstore_clock(struct mapd *, uint64_t);
void		 mapstore_load(struct mapd *);
/* More room among those on their way: read on. */
void		 mapstore_load_on(struct mapd *);
void		 mapstore_rewrite(struct mapd *);
void		 mapstore_flush(struct mapd *);
bool		 mapstore_idle(const struct mapd *);

/* mapsign.c */
/*
 * Write key (valid) with a value, or delete it.  NULL if it is on its way:
 * mapask_done() follows; else why not, for people.
 */
const char	*mapsign_put(struct mapd *, uint32_t req, const void *key,
		    size_t, const void *value, size_t, uint32_t flags);
void		 mapsign_renew(struct mapd *);
void		 mapsign_go_on(struct mapd *);
/* Whatever waits for a time of its own is not written. */
void		 mapsign_fail(struct mapd *, const char *why);
void		 mapsign_signed(struct mapd *, struct imsg *);
/* An entry of our own came to its end. */
void		 mapsign_ended(struct mapd *, const struct intake_item *,
		    enum intake_outcome);

/* mapask.c: questions and orders of people, by the hub. */
void		 mapask(struct mapd *, struct imsg *);
void		 mapask_done(struct mapd *, uint32_t req, enum map_status,
		    const char *text);
/* A row of an answer, with a value; and: there is more of it. */
void		 mapask_row(struct mapd *, uint32_t req, const struct wbuf *,
		    const void *value, size_t);
void		 mapask_more(struct mapd *, uint32_t req);
void		 mapask_changed(struct mapd *, const void *key, size_t);
/* The hub is a new one. */
void		 mapask_forget(struct mapd *);

/* mapnet.c: links, and what is told over them. */
void		 mapnet_profile(struct mapd *);
/* False: not about the map. */
bool		 mapnet_dispatch(struct mapd *, struct imsg *);
uint64_t	 mapnet_renew_from(const struct mapd *);
void		 mapnet_tick(struct mapd *);
void		 mapnet_forget(struct mapd *);

/* mapdelta.c: new entries, told to all. */
struct mapdelta_count {
	uint64_t	out, entries_out, left;	/* left: found by roots */
	uint64_t	in, entries_in, bad, foreign, passed;
};
void		 mapdelta_init(struct mapd *);
void		 mapdelta_free(struct mapd *);
void		 mapdelta_own(struct mapd *, const struct entry *);
void		 mapdelta_flush(struct mapd *);
void		 mapdelta_sent(struct mapd *);
void		 mapdelta_in(struct mapd *, struct imsg *);
void		 mapdelta_done(struct mapd *, uint64_t cookie,
		    enum intake_outcome);
/* All our neighbours are v1 nodes. */
void		 mapdelta_alone(struct mapd *, bool);
void		 mapdelta_tick(struct mapd *);
const struct mapdelta_count *mapdelta_counts(const struct mapd *);

/* maprecon.c: maps made equal. */
void		 maprecon_init(struct mapd *);
bool		 maprecon_up(struct mapd *, uint32_t link);
void		 maprecon_down(struct mapd *, uint32_t link);
/* There are others than before. */
void		 maprecon_links(struct mapd *);
void		 maprecon_root(struct mapd *, uint32_t link,
		    const struct root *);
void		 maprecon_frame(struct mapd *, uint32_t link, const void *,
		    size_t);
void		 maprecon_row(const struct mapd *, struct wbuf *);
void		 maprecon_sent(struct mapd *, uint32_t link, size_t);
void		 maprecon_done(struct mapd *, const struct intake_item *,
		    enum intake_outcome);

/* mapcopy.c: backup and verify, on the database's thread. */
void		 mapcopy_start(struct mapd *, uint32_t req, enum map_ask);
/* Nobody reads the stream of that request; 0: of any. */
void		 mapcopy_unwanted(struct mapd *, uint32_t req);

/* mapstream.c: the copy in MAP_COPY_DIR as an archive. */
void		 mapstream_begin(struct mapd *, uint32_t req,
		    uint64_t records, const char *text);
void		 mapstream_next(struct mapd *, uint32_t req);
void		 mapstream_end(struct mapd *, uint32_t req);

#endif

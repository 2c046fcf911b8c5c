/* SPDX-License-Identifier: MIT */
/* What the files of micelio-stated share besides store, worker, peerbook. */
#ifndef MICELIO_STATED_STATED_H
#define MICELIO_STATED_STATED_H

#include "peerbook.h"
#include "proc.h"
#include "worker.h"

/*
 * The working directory is state/ of the data directory, the only place this
 * daemon may write to.  The environment lies in a directory of its own
 * beneath it, so that it can be set aside by one rename(2), beside it.
 */
#define STATED_DB_DIR	"db"
#define STATED_DIR_NAME	"state"		/* as people know it */

struct peers;

/* peers.c: the remembered peers, between gossipd, the book and the worker. */
struct peers	*peers_new(struct proc *, struct worker *);
void		 peers_put(struct peers *, struct imsg *);
void		 peers_del(struct peers *, struct imsg *);
/* The database is open for the first time: read it. */
void		 peers_load(struct peers *);
/* It cannot be opened for now: let gossipd go on without. */
void		 peers_tell(struct peers *);
/* The database is a new, empty one. */
void		 peers_lost(struct peers *);
/* Write what is waiting, now; then call done, stored or not. */
void		 peers_finish(struct peers *, void (*done)(void *), void *);
void		 peers_row(const struct peers *, struct wbuf *);
/* Tables NODES and DROPS. */
void		 peers_node_rows(const struct peers *,
		    void (*)(const struct wbuf *, void *), void *);
void		 peers_drop_rows(const struct peers *,
		    void (*)(const struct wbuf *, void *), void *);

struct lines;

/* lines.c: what was said, between the hub and the worker. */
struct lines	*lines_new(struct proc *, struct worker *);
void		 lines_put(struct lines *, struct imsg *);
void		 lines_ask(struct lines *, struct imsg *);
/* The database is open for the first time: learn what there is. */
void		 lines_load(struct lines *);
/* Write what is waiting, now; then call done, stored or not. */
void		 lines_finish(struct lines *, void (*done)(void *), void *);
void		 lines_row(const struct lines *, struct wbuf *);

/* keep.c: tables of the hub. */
void		 keep_put(struct proc *, struct worker *, struct imsg *);
void		 keep_ask(struct proc *, struct worker *, struct imsg *);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * micelio-sshd, the hub: what its parts have in common.  Each part has a
 * header of its own beside it.  The cores hold no socket, clock or global, get
 * the time as an argument and are tested alone; the session process has a
 * header of its own too (session.h).
 */
#ifndef MICELIO_SSHD_SSHD_H
#define MICELIO_SSHD_SSHD_H

#include <bsd/sys/queue.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "authkeys.h"
#include "bans.h"
#include "budget.h"
#include "caller.h"
#include "contact.h"
#include "cursor.h"
#include "log.h"
#include "logring.h"
#include "nodeid.h"
#include "notes.h"
#include "people.h"
#include "presence.h"
#include "ratelimit.h"
#include "room.h"
#include "splits.h"

struct control;
struct event;
struct proc;

TAILQ_HEAD(conn_list, conn);
TAILQ_HEAD(gather_list, gather);
TAILQ_HEAD(recall_list, recall);
TAILQ_HEAD(say_list, say);
TAILQ_HEAD(sideroom_list, sideroom);
TAILQ_HEAD(sshlisten_list, sshlisten);

#define SIDS_MAX	1024u

/* Since the start, for stats. */
struct hub_count {
	uint64_t	 connections, refused, logins, logins_refused;
	uint64_t	 commands, lines_out, lines_in, lines_skipped;
	uint64_t	 events_in;
	uint64_t	 events[EV_MAX];	/* of all programs, as they came */
};

/* Levels of the programs, as loglevel has set them. */
#define LEVELS_N	5u
struct hub_level {
	enum log_level	 level;
	uint64_t	 until_ms;	/* monotonic; over: the configured one */
};

#define LINKED_MAX	64u	/* nodes a name is completed from */

struct hub {
	struct proc		*proc;
	struct hub_count	 count;
	char			 linked[LINKED_MAX][NODEID_SHORT + 1];
	size_t			 nlinked;
	struct room		 room;
	struct logring		 log;
	struct hub_level	 level[LEVELS_N];
	struct people		 people;
	struct bans		 bans;
	uint32_t		 bans_request;
	struct heard		 heard;
	struct notes		 kept_notes;
	uint32_t		 notes_request;
	struct sideroom_list	 siderooms;	/* heard of last first */
	size_t			 nsiderooms;
	TAILQ_HEAD(, private)	 privates;	/* on their way */
	size_t			 nprivates;
	unsigned int		 private_serial;
	struct presence		 presence;
	struct event		*presence_timer;
	struct splits		 splits;
	bool			 people_known;	/* read from stated */
	uint32_t		 people_request;
	struct recall_list	 recalls;
	size_t			 nrecalls;
	struct recall		*cut_recall;	/* finds our last line */
	struct budget		 budget;
	struct conn_list	 conns;
	unsigned int		 nconns;
	unsigned int		 nrecorders;	/* of them */
	uint32_t		 next_conn;
	uint32_t		 next_request;
	struct sshlisten_list	 listens;
	struct control		*control;
	struct gather_list	 gathers;
	unsigned int		 ngathers;
	struct run_list		 runs;
	unsigned int		 mesh_watchers;	/* of these; gossipd tells */
	struct say_list		 says;
	unsigned int		 nsays;
	struct event		*says_timer;	/* sums up lines not sent */
	struct authkeys		 keys;
	struct wbuf		 keys_in;	/* being received */
	bool			 keys_over;	/* more than fits */
	bool			 keys_known;
	char			 keys_file[512]; /* its path, or "" */
	uint32_t		 dir_request;	/* asks the parent for it */
	struct bucket		 alone;		/* lines of commands, nobody linked */
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

uint64_t hub_now(struct hub *);		/* unix ms; refreshes the offset */
void	 hub_conn_ended(struct hub *);	/* perhaps the last */
void	 hub_links_ask(struct hub *);	/* how many nodes are linked? */

#endif

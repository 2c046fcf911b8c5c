/* SPDX-License-Identifier: MIT */
/* The driver of the gossip core in this daemon: gossipd.c and its like. */
#ifndef MICELIO_GOSSIPD_H
#define MICELIO_GOSSIPD_H

#include <stdbool.h>
#include <stdint.h>

#include "causes.h"
#include "common/cursor.h"

struct event;
struct gossip;
struct gossip_map_ops;
struct imsg;
struct gossip_ops;
struct proc;

#define BODY_MAX	70000u		/* of a message built here */

/* Of what the hub is told by MESH_CHANGED. */
enum mesh_watch {
	MESH_UNWATCHED,
	MESH_SHOWN,		/* it has the rows as they are */
	MESH_STALE,		/* it was told, and has not asked since */
};

struct gossipd {
	struct proc	*proc;
	struct gossip	*core;
	struct event	*timer;
	uint64_t	 timer_at;	/* mono ms */
	uint64_t	 chat_unheard;	/* lines the hub was too slow for */
	struct wbuf	 body;
	enum mesh_watch	 mesh_watch;
	uint64_t	 mesh_told;	/* gossip_mesh_changes() then */
	struct causes	 causes;
};

/* actions.c; their argument is the struct gossipd */
extern const struct gossip_ops gossipd_actions;

/* meshwatch.c */
void	meshwatch_set(struct gossipd *, bool on);
/* The hub asks for rows of the mesh: it sees what changed until now. */
void	meshwatch_asked(struct gossipd *);
/* Call when something may have changed. */
void	meshwatch_check(struct gossipd *);

/* mapchan.c */
extern const struct gossip_map_ops gossipd_map_actions;
/* A message of stated about the map; false: it is about something else. */
bool	mapchan_dispatch(struct gossipd *, const struct imsg *, struct rcur *);

/* hubchan.c */
/* A message of sshd; false: none that it may send. */
bool	hubchan_dispatch(struct gossipd *, const struct imsg *, struct rcur *);

#endif

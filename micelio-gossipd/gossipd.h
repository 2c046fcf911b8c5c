/* SPDX-License-Identifier: MIT */
/* The driver of the gossip core in this daemon: gossipd.c and its like. */
#ifndef MICELIO_GOSSIPD_H
#define MICELIO_GOSSIPD_H

#include <stdbool.h>
#include <stdint.h>

#include "common/cursor.h"

struct event;
struct gossip;
struct gossip_map_ops;
struct imsg;
struct gossip_ops;
struct proc;

#define BODY_MAX	70000u		/* of a message built here */

struct gossipd {
	struct proc	*proc;
	struct gossip	*core;
	struct event	*timer;
	uint64_t	 timer_at;	/* mono ms */
	uint64_t	 chat_unheard;	/* lines the hub was too slow for */
	struct wbuf	 body;
};

/* actions.c; their argument is the struct gossipd */
extern const struct gossip_ops gossipd_actions;

/* mapchan.c */
extern const struct gossip_map_ops gossipd_map_actions;
/* A message of stated about the map; false: it is about something else. */
bool	mapchan_dispatch(struct gossipd *, const struct imsg *, struct rcur *);

/* hubchan.c */
/* A message of sshd; false: none that it may send. */
bool	hubchan_dispatch(struct gossipd *, const struct imsg *, struct rcur *);

#endif

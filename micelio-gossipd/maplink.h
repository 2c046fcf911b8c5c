/* SPDX-License-Identifier: MIT */
/* The map between nodes. */
#ifndef MICELIO_GOSSIP_MAPLINK_H
#define MICELIO_GOSSIP_MAPLINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/imsg_types.h"
#include "proto/m2.h"

struct gossip;
struct job;
struct link;

/* What we say in the tag and in SETUP. */
#define M2_CAPS		(M2_CAP_TREES | M2_CAP_CLOCK | M2_CAP_PING | \
			M2_CAP_RECORDS)
#define MAP_DELTA_MAX		49152u	/* bytes of a StateDelta */
#define MAP_DELTA_RATE		2u	/* a second, of one node */
#define MAP_DELTA_BURST		4u
#define MAP_IN_MAX		(512u * 1024)	/* not yet dealt with */
#define ROOT_RATE		5u	/* a second, from one link */
#define ROOT_BURST		20u

enum delta_state { DELTA_NONE, DELTA_WAITS, DELTA_SIGNING };

void	 maplink_init(struct gossip *);
void	 maplink_free(struct gossip *);
uint64_t maplink_caps(const struct gossip *);
bool	 maplink_ready(const struct gossip *);
void	 maplink_up(struct gossip *, struct link *);
void	 maplink_down(struct gossip *, struct link *);
/* For the next control frame; false: nothing to say. */
bool	 maplink_root_out(struct link *, struct m2_root *);
void	 maplink_root_in(struct gossip *, struct link *,
	    const struct m2_root *);
void	 maplink_frame_in(struct gossip *, struct link *, const void *,
	    size_t);
/* Is a frame of so many bytes dealt with?  Else it is, later. */
bool	 maplink_handled(struct link *, size_t);
void	 maplink_pump(struct gossip *, struct link *);
void	 maplink_tick(struct gossip *);
/* Other kinds of links than before. */
void	 maplink_alone(struct gossip *);
void	 maplink_signed(struct gossip *, enum key_status, const void *frame,
	    size_t);
void	 maplink_delta_in(struct gossip *, const struct job *);
const char *maplink_text(const struct gossip *, const struct link *);

#endif

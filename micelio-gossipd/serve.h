/* SPDX-License-Identifier: MIT */
/* What neighbours ask for. */
#ifndef MICELIO_GOSSIP_SERVE_H
#define MICELIO_GOSSIP_SERVE_H

#include <stdint.h>

struct gossip;
struct link;

#define SERVE_RATE		2048u	/* KiB a second by request, one link */
#define SERVE_BURST		16384u
#define LOOK_STEPS		64u	/* of looking for a name cost 1 of it */

/* The link lacks a message that was told there; sid is under its salt. */
void	 serve_graft(struct gossip *, struct link *, uint64_t sid);

#endif

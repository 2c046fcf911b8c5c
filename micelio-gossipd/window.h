/* SPDX-License-Identifier: MIT */
/* What two nodes have, compared. */
#ifndef MICELIO_GOSSIP_WINDOW_H
#define MICELIO_GOSSIP_WINDOW_H

#include <stdint.h>

#include "proto/envelope.h"

struct gossip;
struct link;
struct wbuf;

#define RESYNC_STEP		512u	/* names of one batch */
#define RESYNC_MS		50u

void	 window_write(struct gossip *, const struct link *, struct wbuf *);
void	 window_in(struct gossip *, struct link *, struct slice);
/* The next names of what they may lack, into ihave and big. */
void	 window_announce(struct gossip *, struct link *);
void	 window_end(struct link *);
uint64_t window_second(const struct envelope *, uint64_t wall_ms);

#endif

/* SPDX-License-Identifier: MIT */
/* Signs of life that people ask for. */
#ifndef MICELIO_GOSSIP_PINGS_H
#define MICELIO_GOSSIP_PINGS_H

#include <stdint.h>

struct gossip;
struct session;

#define PINGS_MAX		16u	/* people wait for */

/* Nobody waits any more. */
void	 pings_forget(struct gossip *);
/* The ping that was out on that link is answered. */
void	 pings_answered(struct gossip *, const struct session *, uint32_t ms);
void	 pings_lost(struct gossip *, const struct session *);

#endif

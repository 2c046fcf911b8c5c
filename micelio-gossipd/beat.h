/* SPDX-License-Identifier: MIT */
/* Pings, clocks, silence. */
#ifndef MICELIO_GOSSIP_BEAT_H
#define MICELIO_GOSSIP_BEAT_H

#include <stdbool.h>
#include <stdint.h>

struct gossip;
struct link;
struct m2_ping;

#define CLOCK_DIFFER_MS		30000
#define LINK_UNSERVED_MAX	256u	/* asked for in vain, then it goes */
#define BEAT_MS			1000u
#define RTT_EVERY_MS		30000u	/* measured so often, traffic or not */
#define QUIET_MIN_MS		3000u	/* before a link may be called dead */
#define STALL_MS		2000u	/* a beat so late: we were not here */

void	 beat_tick(struct gossip *);
void	 beat_ping(struct gossip *, struct link *);
void	 beat_ping_in(struct gossip *, struct link *, const struct m2_ping *);
/* For the next control frame; false: nothing to say. */
bool	 beat_ping_out(struct gossip *, struct link *, struct m2_ping *);
/* How much our clock is to be corrected when times are judged, ms. */
int64_t	 beat_clock(const struct gossip *);

#endif

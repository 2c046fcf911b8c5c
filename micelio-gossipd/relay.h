/* SPDX-License-Identifier: MIT */
/* v1 neighbours. */
#ifndef MICELIO_GOSSIP_RELAY_H
#define MICELIO_GOSSIP_RELAY_H

struct gossip;
struct link;
struct logmsg;

#define RELAY_ALL_MAX		15u	/* peers are few */
#define RELAY_V1_MIN		3u	/* of v1, beside those of our kind */
#define V1_JITTER_MS		50u
#define V1_JITTER_BIG_MS	250u
#define V1_RATE			8u	/* of one author, to a v1 neighbour */
#define V1_BURST		16u
#define V1_LATE_MS		5000u	/* then they do without it */

void	 relay_v1(struct gossip *, struct logmsg *);
void	 relay_v1_forget(struct gossip *, struct logmsg *);
/* What came while it was not known whether the link is m2. */
void	 relay_v1_late(struct gossip *, struct link *);
void	 relay_tick(struct gossip *);

#endif

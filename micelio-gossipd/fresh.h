/* SPDX-License-Identifier: MIT */
/* Is what a message says of its time to be believed? */
#ifndef MICELIO_GOSSIP_FRESH_H
#define MICELIO_GOSSIP_FRESH_H

#include <stdbool.h>
#include <stdint.h>

struct chat_msg;
struct envelope;
struct gossip;

#define CLOCK_PAST_MS		(4u * 60 * 1000)
#define CLOCK_FUTURE_MS		(60u * 1000)
#define CHAT_PAST_MS		(50u * 60 * 1000) /* < SEEN_MS - future */
#define CHAT_FUTURE_MS		(9u * 60 * 1000)

/* v1 has 0 in lamport_ts, foreign types anything: is it a time? */
bool	 envelope_clocked(const struct envelope *);
/*
 * Neither of the future, nor so old that its id may be forgotten: by the
 * clock of its author in an envelope that has one, or by the time in a chat
 * message of v1.
 */
bool	 clock_fresh(const struct gossip *, uint64_t lamport_ts);
bool	 chat_fresh(const struct gossip *, const struct chat_msg *);

#endif

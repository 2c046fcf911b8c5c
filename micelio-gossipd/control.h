/* SPDX-License-Identifier: MIT */
/* Control frames out, payloads behind them. */
#ifndef MICELIO_GOSSIP_CONTROL_H
#define MICELIO_GOSSIP_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gossip;
struct link;
struct logmsg;
struct wbuf;

#define LINK_QUEUE_MAX		256u	/* payloads waiting for one link */
#define LINK_QUEUE_BYTES	(4u * 1024 * 1024)
#define LINK_FLIGHT		65536u	/* bytes ahead of control */
#define LINK_CTRL_FRAMES	8u	/* of the window, for control */
#define LINK_LIST_MAX		8192u	/* bytes of a waiting list of names */
#define BATCH_MS		10u

/* Something is to be said on the link, in so many ms at the latest. */
void	 control_due(struct gossip *, struct link *, uint64_t in_ms);
void	 control_name(struct wbuf *, uint64_t name);
void	 control_flush(struct gossip *, struct link *);
/* Puts its name into the frame that is being made. */
void	 control_announce(struct gossip *, struct link *, struct logmsg *,
	    bool is_new);
/* How many names of messages are in it. */
size_t	 control_told(const struct gossip *);
void	 control_tick(struct gossip *);
/* Puts the payload into the link's queue; false: no room there. */
bool	 payload_push(struct gossip *, struct link *, struct logmsg *);
/* May it go at once?  Then the caller sends it; it is paid for. */
bool	 payload_now(struct link *, const struct logmsg *);
/* Now, or into the queue; false: neither. */
bool	 payload_give(struct gossip *, struct link *, struct logmsg *);
/* There is credit again. */
void	 payload_pump(struct gossip *, struct link *);
/* The message leaves the log. */
void	 payload_forget(struct gossip *, struct link *, const struct logmsg *);
/* Would it be on its way at once, with room left for control? */
bool	 payload_room(const struct link *, size_t);

#endif

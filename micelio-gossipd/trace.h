/* SPDX-License-Identifier: MIT */
/* How messages came here, for people. */
#ifndef MICELIO_GOSSIP_TRACE_H
#define MICELIO_GOSSIP_TRACE_H

#include <stdint.h>

#include "common/nodeid.h"

struct envelope;
struct gossip;
struct logmsg;
struct session;
struct want;

#define TRACES_MAX		256u

/* How a message came here. */
struct trace {
	char		 message_id[37];
	struct nodeid	 author, from;
	const char	*by;		/* tree graft v1 own gone */
	uint64_t	 at;		/* unix ms */
	int64_t		 age;		/* ms by its author's clock; -1: none */
	uint64_t	 late;		/* ms behind the first IHAVE */
	uint32_t	 type;		/* msg_type */
	uint32_t	 announced, grafts, hops;
};

void	 trace_add(struct gossip *, const struct logmsg *,
	    const struct session *, const struct envelope *,
	    const struct want *);

#endif

/* SPDX-License-Identifier: MIT */
/* Rooms and sealed messages (micelio-protocol(7)). */
#ifndef MICELIO_GOSSIP_TALK_H
#define MICELIO_GOSSIP_TALK_H

#include <bsd/sys/queue.h>
#include <stddef.h>
#include <stdint.h>

#include "common/nodeid.h"

struct gossip;
struct job;

#define OPENINGS_MAX	64u

/* Sealed for us: its key is being made. */
struct opening {
	TAILQ_ENTRY(opening) entry;
	uint32_t	 req;
	struct nodeid	 author;
	size_t		 len;
	uint8_t		 box[];
};

void	 talk_in(struct gossip *, const struct job *);
void	 talk_free(struct gossip *);

#endif

/* SPDX-License-Identifier: MIT */
/* Rooms beside the one everybody is in. */
#ifndef MICELIO_SSHD_ROOMS_H
#define MICELIO_SSHD_ROOMS_H

#include <bsd/sys/queue.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "imsg_types.h"

struct caller;
struct hub;
struct imsg;

#define ROOMS_MAX	128u
#define TOPIC_MAX	200u		/* bytes */
struct sideroom {
	TAILQ_ENTRY(sideroom) entry;
	char		 name[ROOM_NAME_MAX + 1];
	char		 topic[TOPIC_MAX * 6 + 1];	/* made safe */
	uint64_t	 heard_ms;	/* unix */
};

/* Who of this node is in it. */
unsigned int rooms_here(const struct hub *, const char *name);
struct sideroom *rooms_find(const struct hub *, const char *name);
/* False: there are ROOMS_MAX with people of this node in them. */
bool	 rooms_join(struct caller *, const char *name);
void	 rooms_part(struct caller *);
void	 rooms_say(struct caller *, const char *, size_t, bool action);
void	 rooms_topic(struct caller *, const char *, size_t);
void	 rooms_in(struct hub *, struct imsg *);
/* CHAT_RESULT; false: of something else. */
bool	 rooms_result(struct hub *, struct imsg *);

#endif

/* SPDX-License-Identifier: MIT */
/* Lines that stated keeps. */
#ifndef MICELIO_SSHD_RECALL_H
#define MICELIO_SSHD_RECALL_H

#include <bsd/sys/queue.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "imsg_types.h"

struct hub;
struct imsg;
struct recall;
struct record;
struct room_item;
struct wbuf;

typedef void (*recall_cb)(struct recall *, bool good, void *arg);
struct recall {
	TAILQ_ENTRY(recall) entry;
	struct hub	*hub;
	uint32_t	 id;
	struct wbuf	*line;		/* the last of them, a ring: */
	size_t		 first, n, most, bytes;
	/* The asker's, set before the first answer: */
	char		*words;		/* only lines with them; or NULL */
	uint64_t	 before_ms;	/* only older ones; 0: all */
	const char	*nick;		/* of whose naming is counted, or NULL */
	/* Filled in: */
	size_t		 found, named;	/* of all that are meant */
	uint64_t	 first_ms;	/* of the first of them */
	recall_cb	 done;		/* has to recall_cancel() */
	void		*arg;
	struct recall	**owner;	/* set to NULL at the end */
};
/* The last `most` of those meant.  NULL: too many are asking. */
struct recall *recall_start(struct hub *, enum history_from, uint64_t which,
	    size_t most, recall_cb, void *arg, struct recall **owner);
void	 recall_cancel(struct recall *);
bool	 recall_get(const struct recall *, size_t i, struct record *);
void	 recall_line(struct hub *, struct imsg *);
void	 recall_done(struct hub *, struct imsg *);
/* Have it kept. */
void	 recall_keep(struct hub *, const struct room_item *);

#endif

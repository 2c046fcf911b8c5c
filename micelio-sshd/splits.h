/* SPDX-License-Identifier: MIT */
/* Nodes that were lost, and whether they are back. */
#ifndef MICELIO_SSHD_SPLITS_H
#define MICELIO_SSHD_SPLITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "imsg_types.h"
#include "nodeid.h"

#define SPLITS_MAX	64u	/* the oldest makes room */

struct split {
	char		 id[NODEID_SHORT + 1];
	char		 name[CHAT_NICK_MAX * 4];	/* as shown */
	uint64_t	 since;		/* monotonic ms */
};
struct splits {
	struct split	 v[SPLITS_MAX];	/* the oldest first */
	size_t		 n;
};
/* False: it is lost already.  name: as people know it, or NULL. */
bool	 splits_lose(struct splits *, const char *short_id, const char *name,
	    uint64_t now);
/* The one that is back, taken out; false: it was not lost. */
bool	 splits_heal(struct splits *, const char *short_id, struct split *);

#endif

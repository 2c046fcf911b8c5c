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
	bool		 back;		/* by others' word: not linked yet */
};
struct splits {
	struct split	 v[SPLITS_MAX];	/* the oldest first */
	size_t		 n;
};
/* False: it is lost already.  name: as people know it, or NULL. */
bool	 splits_lose(struct splits *, const char *short_id, const char *name,
	    uint64_t now);
/*
 * It is back: linked, or by others' word only, which is kept for the link that
 * may follow.  False: it was not lost; else how it was.
 */
bool	 splits_heal(struct splits *, const char *short_id, bool linked,
	    struct split *was);

#endif

/* SPDX-License-Identifier: MIT */
/* What Tab offers. */
#ifndef MICELIO_SSHD_COMPLETE_H
#define MICELIO_SSHD_COMPLETE_H

#include <stddef.h>
#include <stdint.h>

#include "nodeid.h"

struct command;
struct room;

#define COMPLETE_MAX	64
struct completion {
	uint16_t	 start;		/* of what is replaced */
	uint8_t		 n;
	char		*v[COMPLETE_MAX];
};
/* Nodes that are linked, by their short ids. */
struct completion_nodes {
	const char	(*v)[NODEID_SHORT + 1];
	size_t		 n;
};
/* Sorted candidates for what is left of the cursor. */
void	 complete(const struct command *table, const struct room *,
	    const struct completion_nodes *, const char *line, size_t,
	    size_t cursor, struct completion *);
void	 completion_free(struct completion *);

#endif

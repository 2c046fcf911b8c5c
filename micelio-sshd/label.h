/* SPDX-License-Identifier: MIT */
/* How somebody of another node is told from others of the same nick. */
#ifndef MICELIO_SSHD_LABEL_H
#define MICELIO_SSHD_LABEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nodeid;
struct presence;
struct room;

#define LABEL_TAG	6u	/* "~5c1e" */

struct stranger {
	const struct nodeid *id;	/* of the node */
	const char	*nick;		/* as shown */
	const uint8_t	*key;		/* as the node says, or NULL */
};
/*
 * "~5c1e", of the key, when somebody else, here or on another node, has the
 * same nick; else "".
 */
void	 label_tag(const struct room *, const struct presence *,
	    const struct stranger *, char out[LABEL_TAG]);
/* Nick and tag. */
void	 label_stranger(const struct room *, const struct presence *,
	    const struct stranger *, char *out, size_t);

#endif

/* SPDX-License-Identifier: MIT */
/* Who is in the partyline, on the whole mesh. */
#ifndef MICELIO_SSHD_WHOM_H
#define MICELIO_SSHD_WHOM_H

#include <stdint.h>

struct doc;
struct nodeid;
struct presence;
struct room;
struct wbuf;

/* Sorted by nick, then node; self: this node, and what it is called. */
void	 whom_build(const struct room *, const struct presence *,
	    const struct nodeid *self, const char *node, uint64_t unix_ms,
	    struct doc *);
void	 whom_text(const struct doc *, struct wbuf *);

#endif

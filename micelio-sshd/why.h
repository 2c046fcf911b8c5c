/* SPDX-License-Identifier: MIT */
/* What led to an event, out of the lines that are kept. */
#ifndef MICELIO_SSHD_WHY_H
#define MICELIO_SSHD_WHY_H

#include <stdbool.h>

struct doc;
struct logring;
struct wbuf;

#define WHY_MAX		32u	/* events of a chain, the last ones */

/*
 * word: an event's id as in the log, or a node: begin of its id, or its
 * address; then its last event is meant.  False: no line is of that.
 */
bool	 why_build(const struct logring *, const char *word, struct doc *);
/* From cause to effect. */
void	 why_text(const struct doc *, struct wbuf *);

#endif

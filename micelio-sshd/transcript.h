/* SPDX-License-Identifier: MIT */
/*
 * What somebody types in the partyline and is shown there, as lines that
 * tests/lib/transcript.py plays again: "alice@north> say hi" and
 * "alice@north< [14:02] <alice> hi".
 */
#ifndef MICELIO_SSHD_TRANSCRIPT_H
#define MICELIO_SSHD_TRANSCRIPT_H

#include <stddef.h>

struct wbuf;

/* What n bytes, and names within their limits, become at most. */
#define TRANSCRIPT_MAX(n)	((n) * 4 + 1024)

/* One typed line, raw: a command, or what is said.  Nothing for no text. */
void	 transcript_typed(const char *nick, const char *node, const char *,
	    size_t, struct wbuf *);
/* Several lines pasted as one: a comment, as no line says so. */
void	 transcript_pasted(const char *nick, const char *node, const char *,
	    size_t, struct wbuf *);
/*
 * The first of the lines shown, which are safe for a terminal; an empty one is
 * left out.  Returns the length of what has been dealt with.
 */
size_t	 transcript_shown(const char *nick, const char *node, const char *,
	    size_t, struct wbuf *);

#endif

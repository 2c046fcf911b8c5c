/* SPDX-License-Identifier: MIT */
/* The last lines typed, oldest first; the draft waits while one looks. */
#ifndef MICELIO_SSHD_HISTORY_H
#define MICELIO_SSHD_HISTORY_H

#include <stdbool.h>
#include <stddef.h>

#define HISTORY_MAX	100
#define HISTORY_BYTES	(256 * 1024)	/* of all lines */

struct history {
	char	*line[HISTORY_MAX];
	size_t	 len[HISTORY_MAX];
	size_t	 n;
	size_t	 bytes;
	size_t	 at;		/* n: at the draft */
	char	*draft;
	size_t	 draft_len;
};

void	 history_init(struct history *);
void	 history_free(struct history *);
/* Remember a line, unless it is empty or the last one again. */
void	 history_add(struct history *, const char *, size_t);
/*
 * One line older or newer; text is what stands in the editor now and is kept
 * as the draft when leaving it.  False at the end.
 */
bool	 history_older(struct history *, const char *text, size_t len,
	    const char **found, size_t *found_len);
bool	 history_newer(struct history *, const char **found,
	    size_t *found_len);
/* Back to the draft without showing it. */
void	 history_rest(struct history *);
/*
 * The newest line before index *at that holds the words; *at becomes its
 * index, *pos where in it.  Start with *at = n.
 */
bool	 history_search(const struct history *, const char *words, size_t len,
	    size_t *at, size_t *pos);

#endif

/* SPDX-License-Identifier: MIT */
/* micelioctl lab: prototypes grouped by file. */
#ifndef MICELIO_MICELIOCTL_LAB_H
#define MICELIO_MICELIOCTL_LAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cursor.h"

/* lab_tail.c: what is said at a node, as its control socket tells it. */

struct lab_tail {
	int		 fd;		/* -1: none */
	uint8_t		*in;
	size_t		 in_len;
	struct wbuf	 text;		/* "name| line" of what was said */
};

/*
 * Connect and begin to watch; returns when whatever is said from then on
 * will be told.  False: the node does not answer before the deadline (of
 * mono_ms()).
 */
bool	 lab_tail_open(struct lab_tail *, const char *data_dir,
	    uint64_t deadline);
/* Take what has come, without waiting: has anything been said? */
bool	 lab_tail_heard(struct lab_tail *, const char *name);
void	 lab_tail_close(struct lab_tail *);

/* lab_words.c: a command line cut into words. */

#define LAB_WORDS_MAX	32

/*
 * Cut in place at blanks; "double" and 'single' quotes group.  The number
 * of words, or 0 when there is none, too many, or a quote is open.
 */
size_t	 lab_words(char *line, const char *words[LAB_WORDS_MAX]);

#endif

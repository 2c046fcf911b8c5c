/* SPDX-License-Identifier: MIT */
/*
 * Lines without a terminal: LF, CR and CR LF end one, nothing is edited.
 * Pure and bounded: a line over the limit is dropped whole and told of.
 */
#ifndef MICELIO_SSHD_PLAINLINE_H
#define MICELIO_SSHD_PLAINLINE_H

#include <stdbool.h>
#include <stddef.h>

#include "imsg.h"

struct plainline {
	char	 buf[LINE_MAX_BYTES];
	size_t	 len;		/* of the line so far, more than it holds too */
	bool	 last_cr;
};

struct plainline_ops {
	void	(*line)(void *, const char *, size_t);
	void	(*too_long)(void *, size_t bytes);
};

void	 plainline_feed(struct plainline *, const void *, size_t,
	    const struct plainline_ops *, void *);
/* End of file: what stands without a line end is a line too. */
void	 plainline_eof(struct plainline *, const struct plainline_ops *, void *);

#endif

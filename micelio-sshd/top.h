/* SPDX-License-Identifier: MIT */
/* What the daemons and the links of the node are busy with, between two looks. */
#ifndef MICELIO_SSHD_TOP_H
#define MICELIO_SSHD_TOP_H

#include <stddef.h>
#include <stdint.h>

struct answer;
struct doc;
struct wbuf;

struct top_facts {
	const char		*node;
	uint64_t		 up_ms;
	unsigned int		 people;
	const struct wbuf	*hub;		/* its own usage_row() */
};

/*
 * Counters as they are, and how fast they grew in the over_ms since before;
 * NULL: nothing is known of that.
 */
void	 top_build(const struct top_facts *, const struct answer *, size_t n,
	    const struct doc *before, uint64_t over_ms, struct doc *);
/* One page of 24 rows: the busiest peers. */
void	 top_text(const struct doc *, struct wbuf *);

#endif

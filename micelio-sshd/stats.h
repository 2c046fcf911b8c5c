/* SPDX-License-Identifier: MIT */
/* What is counted: STATUS and DROPS of all daemons, KEYSERV of the parent. */
#ifndef MICELIO_SSHD_STATS_H
#define MICELIO_SSHD_STATS_H

#include <stddef.h>

struct answer;
struct doc;
struct wbuf;

void	 stats_build(const struct answer *, size_t n, const struct wbuf *hub,
	    const struct wbuf *hub_drops, size_t nhub_drops, struct doc *);
void	 stats_text(const struct doc *, struct wbuf *);

#endif

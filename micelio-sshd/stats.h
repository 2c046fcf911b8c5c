/* SPDX-License-Identifier: MIT */
/* What is counted: STATUS and DROPS of all daemons, KEYSERV of the parent. */
#ifndef MICELIO_SSHD_STATS_H
#define MICELIO_SSHD_STATS_H

#include <stddef.h>
#include <stdint.h>

struct answer;
struct doc;
struct wbuf;

void	 stats_build(const struct answer *, size_t n, const struct wbuf *hub,
	    const struct wbuf *hub_drops, size_t nhub_drops, struct doc *);
/*
 * Behind it the list "events": how often each warning and error was logged by
 * any program; count is by enum log_ev.
 */
void	 stats_events(const uint64_t *count, struct doc *);
void	 stats_text(const struct doc *, struct wbuf *);

#endif

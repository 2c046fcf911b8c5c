/* SPDX-License-Identifier: MIT */
#ifndef MICELIO_SSHD_METRICS_H
#define MICELIO_SSHD_METRICS_H

struct doc;
struct wbuf;

/*
 * The document of stats in Prometheus' text format (version 0.0.4): base
 * units, no label that a stranger could choose.
 */
void	 metrics_text(const struct doc *, struct wbuf *);

#endif

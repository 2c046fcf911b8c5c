/* SPDX-License-Identifier: MIT */
/* How the node is, in one word, out of what status says. */
#ifndef MICELIO_SSHD_HEALTH_H
#define MICELIO_SSHD_HEALTH_H

struct doc;
struct wbuf;

/*
 * "healthy"; "degraded", with reasons: it works, and something wants
 * attention; or "unhealthy", when status says so.
 */
void	 health_build(const struct doc *status, struct doc *);
void	 health_text(const struct doc *, struct wbuf *);

#endif

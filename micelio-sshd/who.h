/* SPDX-License-Identifier: MIT */
/* Who is in the room. */
#ifndef MICELIO_SSHD_WHO_H
#define MICELIO_SSHD_WHO_H

#include <stdint.h>

struct doc;
struct room;
struct wbuf;

void	 who_build(const struct room *, const char *node, uint64_t now_ms,
	    struct doc *);
void	 who_text(const struct doc *, struct wbuf *);

#endif

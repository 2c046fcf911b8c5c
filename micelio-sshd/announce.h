/* SPDX-License-Identifier: MIT */
/* Who is here, told to the other nodes, and what they tell (presence.h). */
#ifndef MICELIO_SSHD_ANNOUNCE_H
#define MICELIO_SSHD_ANNOUNCE_H

#include <stdbool.h>
#include <stddef.h>

#include "imsg_types.h"

struct hub;
struct nodeid;

/* Somebody came, went, or has another nick or state. */
void	 announce_changed(struct hub *);
/* A link came up, or one was lost. */
void	 announce_links(struct hub *, bool up);
/* Ask the others, as soon as we may. */
void	 announce_ask(struct hub *);
/* ROOM_IN of no room; name: of the node, by its word. */
void	 announce_in(struct hub *, enum room_msg_kind, const struct nodeid *,
	    const char *name, size_t name_len, const char *text, size_t n);

#endif

/* SPDX-License-Identifier: MIT */
/* Chat messages (wire-v1 6). */
#ifndef MICELIO_GOSSIP_CHAT_H
#define MICELIO_GOSSIP_CHAT_H

#include <stddef.h>

#include "common/imsg_types.h"

struct chat_msg;
struct gossip;
struct job;
struct signing;

void	 chat_in(struct gossip *, const struct job *,
	    const struct chat_msg *);
void	 chat_signed(struct gossip *, const struct signing *,
	    enum key_status, const void *frame, size_t);
void	 chat_tick(struct gossip *);

#endif

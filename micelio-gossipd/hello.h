/* SPDX-License-Identifier: MIT */
/* Hellos, which prove who is at the other end (wire-v1 3). */
#ifndef MICELIO_GOSSIP_HELLO_H
#define MICELIO_GOSSIP_HELLO_H

#include <stdbool.h>
#include <stddef.h>

#include "common/imsg_types.h"

struct gossip;
struct job;
struct session;
struct signing;

void	 hello_start(struct gossip *, struct session *);
void	 hello_frame(struct gossip *, struct session *, const void *, size_t);
void	 hello_verified(struct gossip *, struct session *,
	    const struct job *, bool good);
void	 hello_signed(struct gossip *, const struct signing *,
	    enum key_status, const void *frame, size_t);
void	 hello_retry(struct gossip *, struct session *);
/* Our own address as told to others, or "" (wire-v1 5.6). */
const char *hello_advertise(const struct gossip *);
bool	 addr_shareable(const char *, size_t);	/* wire-v1 5.5 */

#endif

/* SPDX-License-Identifier: MIT */
/* Peer exchange, what we say (wire-v1 5). */
#ifndef MICELIO_GOSSIP_EXCHANGE_OUT_H
#define MICELIO_GOSSIP_EXCHANGE_OUT_H

#include <stddef.h>
#include <stdint.h>

#include "common/imsg_types.h"

struct book_peer;
struct gossip;
struct session;
struct signing;

#define EXCHANGE_DEFAULT_MS	30000u	/* for an interval of 0 */
#define NEWS_MS			100u	/* news are gathered for so long */
#define NEWS_PAUSE_MS		1000u

void	 exchange_send(struct gossip *, struct session *);
void	 exchange_news(struct gossip *, struct book_peer *);
void	 exchange_signed(struct gossip *, const struct signing *,
	    enum key_status, const void *frame, size_t);
void	 exchange_configured(struct gossip *);
void	 exchange_tick(struct gossip *);
uint64_t exchange_next(const struct gossip *);

#endif

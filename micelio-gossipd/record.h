/* SPDX-License-Identifier: MIT */
/* What nodes say of themselves and sign (micelio-protocol(7), M2). */
#ifndef MICELIO_GOSSIP_RECORD_H
#define MICELIO_GOSSIP_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/imsg_types.h"
#include "proto/envelope.h"
#include "proto/m2.h"

struct book_peer;
struct gossip;
struct job;
struct link;
struct session;
struct signing;
struct wbuf;

#define RECORD_AHEAD_MS		60000u
#define RECORD_LIFE_MS		(UINT64_C(30) * 24 * 3600 * 1000)
#define RECORD_RENEW_MS		(60u * 60 * 1000)
#define RECORD_RETRY_MS		5000u
#define RECORD_STORE_MS		(UINT64_C(24) * 3600 * 1000)
#define RECORDS_TELL		16u	/* of others, at once */
#define RECORDS_PAUSE_MS	10000u	/* between two answers on a link */
#define RECORDS_EVERY_MS	120000u	/* one neighbour is asked, to twice */
#define RECORDS_RATE		2u	/* checked a second, of one link */
#define RECORDS_BURST		128u

/* What a node said of itself and signed (micelio-protocol(7), M2). */
struct peer_record {
	uint64_t	 seq;		/* unix ms */
	uint64_t	 caps;
	uint8_t		 sig[64];
	size_t		 naddrs;
	char		*addr[M2_ADDRS_MAX];	/* in text */
	char		 text[];
};

/* Our own. */
struct own_record {
	uint32_t	 req;		/* is being signed; 0: no */
	bool		 good;
	uint64_t	 seq, caps;
	char		 addr[HOSTPORT_MAX + 1];
	uint8_t		 sig[64];
	uint64_t	 renew_at, retry_at, ask_at;	/* mono ms */
};

void	 record_link_up(struct gossip *, struct link *);
void	 record_in(struct gossip *, struct link *, struct slice payload);
void	 record_tick(struct gossip *);
void	 record_verified(struct gossip *, struct session *,
	    const struct job *, bool good);
void	 record_signed(struct gossip *, const struct signing *,
	    enum key_status, const uint8_t sig[64]);
void	 record_signed_bytes(struct wbuf *, const struct m2_record *);
/* Is it neither of the future nor void? */
bool	 record_valid(const struct gossip *, uint64_t seq);
/* As stated keeps it; nothing, if there is none or it is too long. */
void	 record_write(const struct book_peer *, struct wbuf *);
/* The caller frees it. */
struct peer_record *record_copy(const struct m2_record *);

#endif

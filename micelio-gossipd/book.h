/* SPDX-License-Identifier: MIT */
/* Peers remembered, or heard of (wire-v1 5). */
#ifndef MICELIO_GOSSIP_BOOK_H
#define MICELIO_GOSSIP_BOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/nodeid.h"
#include "lru.h"

struct gossip;
struct m2_record;
struct peer_record;
struct session;

#define BOOK_VERIFIED_MAX	1024u
#define BOOK_HEARSAY_MAX	1024u
#define BOOK_SHARE		256u	/* hearsay of one neighbour */
#define BOOK_HEARD		2u	/* further addresses of one node */
#define BOOK_LIFE_S		(30u * 24 * 3600)
#define HEARSAY_LIFE_S		(24u * 3600)
#define FAILS_DOUBTFUL		3u	/* no more counted on, nor told of */

/* A remembered or hearsay peer (wire-v1 5.1). */
struct book_peer {
	struct lru_node	 node;		/* by id */
	struct nodeid	 id;
	uint8_t		 pubkey[32];
	bool		 has_key;
	bool		 reachable;
	bool		 verified;	/* by its own hello, now or before */
	char		 addr[HOSTPORT_MAX + 1];	/* "" unknown */
	uint64_t	 last_seen;	/* unix s */
	uint32_t	 fail_count;
	uint64_t	 last_fail;	/* unix s */
	uint64_t	 stored_seen;	/* last_seen that stated has */
	uint64_t	 stored_seq;	/* of the record that it has */
	/* Not stored: */
	char		 heard[BOOK_HEARD][HOSTPORT_MAX + 1]; /* by others */
	uint64_t	 teller;	/* who said it first */
	bool		 linked;	/* connected now */
	bool		 sought;	/* being dialled */
	bool		 news;		/* peers are to hear of it soon */
	uint32_t	 shy;		/* short connections in a row */
	uint64_t	 next_at;	/* mono ms: not dialled before */
	uint32_t	 rtt_us;	/* of the last link; 0: not known */
	uint64_t	 said_ms;	/* its last hello, unix ms */
	struct peer_record *record;	/* or NULL */
};

void	 book_init(struct gossip *, uint64_t seed);
void	 book_free(struct gossip *);
struct book_peer *book_get(const struct gossip *, const struct nodeid *);
void	 book_hello(struct gossip *, const struct session *);
void	 book_gone(struct gossip *, const struct session *);
void	 book_hearsay(struct gossip *, const struct book_peer *);
/* A record that is good, told by s; NULL: it is the one that was stored. */
void	 book_record(struct gossip *, const struct session *s,
	    const struct m2_record *);
/* Forgets who was not seen for long; connected ones are seen now. */
void	 book_sweep(struct gossip *);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Who may hold one of the places for unfinished inbound connections: those
 * whose hello is not done.  Bounded in all and per address; when all are
 * taken, one of the network with the most of them goes: first the oldest that
 * has said nothing yet, then the oldest.  So a flood from one network pushes
 * out itself.
 *
 * Also a budget of handshakes per address, because each costs the parent a
 * Diffie-Hellman.  No I/O, no clock.
 */
#ifndef TRANSPORTD_ADMIT_H
#define TRANSPORTD_ADMIT_H

#include <bsd/sys/queue.h>
#include <bsd/sys/tree.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ratelimit.h"

#define ADMIT_MAX		16384u	/* places, whatever is configured */
#define ADMIT_DH_RATE		50u	/* handshakes a second and address */
#define ADMIT_DH_BURST		200u
#define ADMIT_DH_SLOTS		4096u	/* addresses remembered */
/* All strangers together: our own dials always find the parent free. */
#define ADMIT_DH_ALL_RATE	700u
#define ADMIT_DH_ALL_BURST	1400u

struct admit_group;

/* Part of the connection; owned by whoever holds the connection. */
struct admit_conn {
	TAILQ_ENTRY(admit_conn)	 entry;
	struct admit_group	*net, *host;	/* NULL: not admitted */
	bool			 spoke;
};
TAILQ_HEAD(admit_queue, admit_conn);

/* Connections of one network or of one address. */
struct admit_group {
	RB_ENTRY(admit_group)	 node;
	LIST_ENTRY(admit_group)	 same;		/* nets with equal count */
	uint64_t		 key;
	uint32_t		 count;
	struct admit_queue	 silent, spoke;	/* oldest first */
};
RB_HEAD(admit_tree, admit_group);
LIST_HEAD(admit_list, admit_group);

struct admit_slot {
	uint64_t	key;
	struct bucket	bucket;
};

struct admit {
	struct admit_tree	 nets, hosts;
	struct admit_list	 by_count[ADMIT_MAX + 2];
	uint32_t		 busiest;	/* highest non-empty count */
	uint32_t		 count, max, max_host;
	struct bucket		 dh_all;
	struct admit_slot	 dh[ADMIT_DH_SLOTS];
};

enum admit_result {
	ADMIT_OK,
	ADMIT_HOST_FULL,	/* the address has its share already */
	ADMIT_NO_MEMORY,
};

/* Large: allocate it, with calloc.  max 1..ADMIT_MAX. */
void	 admit_init(struct admit *, uint32_t max, uint32_t max_host);
/* New limits; nobody is put out because of them. */
void	 admit_limits(struct admit *, uint32_t max, uint32_t max_host);

/*
 * Ask for a place.  When all are taken, *victim is the connection that has to
 * go (never the new one, else NULL): it has been removed already and its
 * owner must close it.
 */
enum admit_result admit_add(struct admit *, struct admit_conn *,
	    uint64_t net_key, uint64_t host_key, struct admit_conn **victim);
/* It sent its first bytes. */
void	 admit_spoke(struct admit *, struct admit_conn *);
/* Its hello is done or it ended.  A no-op if it holds no place. */
void	 admit_remove(struct admit *, struct admit_conn *);

/* May this address have a handshake now? */
bool	 admit_handshake(struct admit *, uint64_t host_key, uint64_t now_ms);

#endif

/* SPDX-License-Identifier: MIT */
/* Envelopes of our own, signed by the parent. */
#ifndef MICELIO_GOSSIP_ENVELOPE_OUT_H
#define MICELIO_GOSSIP_ENVELOPE_OUT_H

#include <bsd/sys/queue.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gossip;

#define SIGNINGS_MAX		2048u
#define SIGN_RETRY_MS		250u
#define UUID_LEN		36u

enum sign_use { SIGN_HELLO, SIGN_CHAT, SIGN_EXCHANGE, SIGN_RECORD,
	SIGN_DELTA, SIGN_SUSPECT };

/* A message of ours that the parent signs. */
struct signing {
	TAILQ_ENTRY(signing) entry;
	uint32_t	 req;
	enum sign_use	 use;
	uint32_t	 ref;		/* session, or request of the hub;
					   exchange: session, 0: all */
	bool		 tell;		/* the hub waits for a result */
	char		 message_id[UUID_LEN + 1];
	uint64_t	 lamport_ts;
	uint32_t	 msg_type;
	uint32_t	 hop_count;
	size_t		 len;
	uint8_t		 payload[];
};

/*
 * The clock of what we say (broadcast-m2 5): 48 bits of unix ms, 16 of a
 * counter, always greater than the last; 0 while the clock was never set.
 */
uint64_t hlc_next(struct gossip *);
/* Asks for a signature; false when too many are under way. */
bool	 envelope_sign(struct gossip *, enum sign_use, uint32_t ref, bool tell,
	    uint32_t msg_type, const void *payload, size_t len);
/* A signature is asked for in another way; 0: too many are under way. */
uint32_t signing_begin(struct gossip *, enum sign_use);
void	 signings_free(struct gossip *);

#endif

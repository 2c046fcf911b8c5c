/* SPDX-License-Identifier: MIT */
/* Envelopes from others: checked, taken, given on. */
#ifndef MICELIO_GOSSIP_ENVELOPE_IN_H
#define MICELIO_GOSSIP_ENVELOPE_IN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/m2.h"

struct envelope;
struct gossip;
struct job;
struct session;

void	 envelope_in(struct gossip *, struct session *, const void *, size_t);
void	 envelope_verified(struct gossip *, struct job *, bool good);
/* A verified message whose turn has come: shown, and given to others. */
void	 envelope_take(struct gossip *, struct job *);
/* Its identity, and the key of its sid in the memory of ids. */
void	 message_key(const struct gossip *, const struct envelope *,
	    uint8_t mid[M2_MID], uint8_t key[16]);
void	 sid_key(uint64_t sid, uint8_t key[16]);

#endif

/* SPDX-License-Identifier: MIT */
/* Ed25519 keys for X25519. */
#ifndef MICELIO_GOSSIP_MONTGOMERY_H
#define MICELIO_GOSSIP_MONTGOMERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The X25519 form of an Ed25519 public key, by the permissive rule of v1
 * (wire-v1 1.4).  False: not 32 bytes, or no point.  For public keys only:
 * its time depends on the input.
 */
bool	 montgomery_from_edwards(const uint8_t *, size_t, uint8_t out[32]);

#endif

/* SPDX-License-Identifier: MIT */
/* Signatures checked; not part of the core. */
#ifndef MICELIO_GOSSIP_VERIFY_H
#define MICELIO_GOSSIP_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Starts libsodium and libcrypto: once, before anything else is asked of them
 * and before the sandbox.  Fatal if one of them does not.
 */
void	 verify_init(void);
/* Go's verdict (wire-v1 1.5); sig_len other than 64 is false. */
bool	 verify_signature(const uint8_t pubkey[32], const uint8_t *sig,
	    size_t sig_len, const void *msg, size_t len);

#endif

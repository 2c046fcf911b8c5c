/* SPDX-License-Identifier: MIT */
/* The key of a sealed message (micelio-protocol(7), Sealed). */
#ifndef MICELIO_SEALKEY_H
#define MICELIO_SEALKEY_H

#include <stdint.h>

#define SEAL_KEY_LEN	32u

/*
 * HKDF-SHA256 of the X25519 secret, bound to both nodes: salt is ephemeral ||
 * recipient's X25519 key, info is "micelio/sealed/1" || 32 author id || 32
 * recipient id.
 */
void	 seal_key(uint8_t out[SEAL_KEY_LEN], const uint8_t shared[32],
	    const uint8_t ephemeral[32], const uint8_t recipient[32],
	    const uint8_t author_id[32], const uint8_t recipient_id[32]);

#endif

/* SPDX-License-Identifier: MIT */
/* Text that one node alone can read (micelio-protocol(7)). */
#ifndef MICELIO_GOSSIP_SEAL_H
#define MICELIO_GOSSIP_SEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/nodeid.h"

struct wbuf;

struct seal_ends {
	struct nodeid	 author, recipient;
	uint8_t		 recipient_key[32];	/* X25519 */
};

/*
 * Appends the sealed text to box and gives the ephemeral key; secret: 32
 * random bytes, of this message alone.  False: a low-order point.
 */
bool	 seal_make(const struct seal_ends *, const uint8_t secret[32],
	    uint8_t ephemeral[32], const void *, size_t, struct wbuf *box);
/* key: seal_key().  False: not sealed with it, or not as it came. */
bool	 seal_open(const uint8_t key[32], const void *, size_t,
	    struct wbuf *text);

#endif

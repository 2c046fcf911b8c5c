/* SPDX-License-Identifier: MIT */
/* Is an entry its author's? */
#ifndef MICELIO_STATE_VERIFY_H
#define MICELIO_STATE_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/entry.h"

/*
 * Ed25519 without cofactor; S below the order of the group; neither the key
 * nor R may be of small order, nor the key in other than its canonical form:
 * with such a key anything would be signed.  One verdict everywhere, so never
 * in batches.  May be called on any thread.
 */
bool	entry_verify(const void *signed_bytes, size_t,
	    const uint8_t sig[ENTRY_SIG_LEN],
	    const uint8_t author[ENTRY_AUTHOR_LEN]);

#endif

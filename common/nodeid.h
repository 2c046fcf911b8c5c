/* SPDX-License-Identifier: MIT */
/* Node ids: SHA-256 of the Ed25519 public key (wire-v1 1.2). */
#ifndef MICELIO_NODEID_H
#define MICELIO_NODEID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NODEID_LEN	32
#define NODEID_HEX	64		/* without NUL */
#define NODEID_SHORT	12		/* as people see it */

struct nodeid {
	uint8_t	b[NODEID_LEN];
};

void	 nodeid_from_pubkey(struct nodeid *, const uint8_t pub[32]);
/* Exactly 64 lower-case hex digits (n bytes, not terminated). */
bool	 nodeid_parse(struct nodeid *, const char *, size_t n);
void	 nodeid_hex(const struct nodeid *, char out[NODEID_HEX + 1]);
/* First 12 digits; returns out. */
char	*nodeid_short(const struct nodeid *, char out[NODEID_SHORT + 1]);
bool	 nodeid_equal(const struct nodeid *, const struct nodeid *);
int	 nodeid_cmp(const struct nodeid *, const struct nodeid *);

/* Lower-case hex of n bytes into out[2n + 1]. */
void	 hex_encode(const void *, size_t n, char *out);
/* 2n digits of either case; false on any other byte. */
bool	 hex_decode(const char *, size_t digits, void *out);

#endif

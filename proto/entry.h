/* SPDX-License-Identifier: MIT */
/*
 * Entries of the replicated map (proto/state.proto): on the wire and in the
 * database the same bytes, and what their author signs.
 */
#ifndef MICELIO_ENTRY_H
#define MICELIO_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "envelope.h"

struct wbuf;

#define ENTRY_KEY_MAX		256u	/* bytes */
#define ENTRY_VALUE_MAX		16384u	/* bytes; a profile may allow less */
#define ENTRY_ID_LEN		16u
#define ENTRY_AUTHOR_LEN	32u
#define ENTRY_SIG_LEN		64u
#define MESH_ID_LEN		16u
#define ENTRY_DELETED		1u	/* flags; all others are refused */
#define ENTRY_BESIDE_MAX	160u	/* encoded, besides key and value */
#define ENTRY_WIRE_MAX		(ENTRY_KEY_MAX + ENTRY_VALUE_MAX + \
				    ENTRY_BESIDE_MAX)
/* 0xFF "micelio/entry/1" 0, then the fields as entry_signed() says. */
#define ENTRY_PREFIX_LEN	17u
#define ENTRY_SIGNED_MAX	(ENTRY_PREFIX_LEN + MESH_ID_LEN + 1 + 8 + 8 + \
				    ENTRY_AUTHOR_LEN + 2 + ENTRY_KEY_MAX + 4 + 32)

struct entry {
	struct slice	 key, value;
	uint64_t	 hlc;		/* 48 bit unix ms, 16 bit counter */
	uint64_t	 expires_ms;	/* unix ms */
	uint32_t	 flags;
	struct slice	 author;	/* 32 bytes; empty in a StateDelta */
	struct slice	 sig;		/* 64 bytes */
};

struct entry_id {
	uint8_t	b[ENTRY_ID_LEN];
};

/*
 * Reads one entry in place; the bytes must outlive e.  False when they are
 * malformed, hold a field that the schema does not know, one twice, or one in
 * other than its shortest form, or when a length does not fit: key of 1 to
 * ENTRY_KEY_MAX, value to ENTRY_VALUE_MAX, sig of 64, author of 32 bytes (or
 * none, if without_author).  So there is one encoding of an entry, and what
 * is stored is no longer than what is signed.
 */
bool	 entry_read(struct entry *, const void *, size_t, bool without_author);
/* Appends its encoding; an empty author is left out. */
void	 entry_write(struct wbuf *, const struct entry *);
size_t	 entry_size(const struct entry *);

/*
 * The signed bytes: prefix, mesh id, u8 flags, u64 hlc, u64 expires_ms,
 * author, u16 length and key, u32 length and SHA-256 of the value; all
 * big-endian.  Returns their number.  The lengths of e must have been
 * checked.
 */
size_t	 entry_signed(const struct entry *, const uint8_t mesh[MESH_ID_LEN],
	    uint8_t out[ENTRY_SIGNED_MAX]);
/* The first 16 bytes of the SHA-256 of the signed bytes. */
void	 entry_id_of(const void *signed_bytes, size_t, struct entry_id *);
int	 entry_id_cmp(const struct entry_id *, const struct entry_id *);

#endif

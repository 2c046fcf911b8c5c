/* SPDX-License-Identifier: MIT */
/*
 * StateDelta (state.proto, type 34): new entries of the envelope's author,
 * told to all over the trees.
 */
#ifndef MICELIO_DELTA_H
#define MICELIO_DELTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "entry.h"
#include "wire.h"

struct wbuf;

#define DELTA_MAX	49152u	/* bytes of one */
#define DELTA_VERSION	1u
#define DELTA_PROFILE	16u

struct delta {
	const uint8_t	*mesh;		/* MESH_ID_LEN */
	const uint8_t	*profile;	/* DELTA_PROFILE */
	struct wire	 rest;		/* of delta_next() */
	struct wire_field field;	/* the next entry, if more */
	bool		 more, bad;
};

/*
 * Reads what comes before the entries, in place.  False: too long, another
 * version, ids of other lengths, malformed.
 */
bool	 delta_read(struct delta *, const void *, size_t);
/*
 * The next entry; author (32 bytes, to outlive it) is the envelope's.  False
 * at the end; then d->bad tells whether something malformed was there instead
 * of it: the entries before are what they are.
 */
bool	 delta_next(struct delta *, const uint8_t *author, struct entry *);

/* Begin one in a buffer of DELTA_MAX. */
void	 delta_begin(struct wbuf *, const uint8_t mesh[MESH_ID_LEN],
	    const uint8_t profile[DELTA_PROFILE]);
/* Append an entry without its author.  False: no room. */
bool	 delta_add(struct wbuf *, const struct entry *);

#endif

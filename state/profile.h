/* SPDX-License-Identifier: MIT */
/*
 * What the nodes of one mesh agree on about its map, and which entries can be
 * in it at all: questions whose answer is the same everywhere and for good.
 */
#ifndef MICELIO_STATE_PROFILE_H
#define MICELIO_STATE_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/nodeid.h"
#include "proto/entry.h"

#define PROFILE_ID_LEN		16u
#define PROFILE_ALLOW_MAX	1024u
#define MAP_AUTHORS_MAX		1024u
#define MAP_ENTRIES_MAX		262144u
#define MAP_BYTES_MAX		(256u * 1024 * 1024)
#define LEASE_DAYS		30u
#define DELETE_DAYS		63u	/* how long a delete stays */
#define HOUR_MS			(UINT64_C(3600) * 1000)
#define DAY_MS			(24 * HOUR_MS)

enum profile_mode { PROFILE_OPEN = 0, PROFILE_ALLOW = 1 };

struct profile {
	enum profile_mode mode;
	uint8_t		 mesh[MESH_ID_LEN];
	uint32_t	 quota;		/* registers of an author */
	uint32_t	 value_max;	/* bytes */
	uint32_t	 lease_days;
	struct nodeid	*allow;		/* sorted; PROFILE_ALLOW */
	size_t		 nallow;
	uint8_t		 id[PROFILE_ID_LEN];
};

/*
 * No ids: open, 256 registers of 4,096 bytes for each author; otherwise
 * theirs alone, 1,024 of 16,384.  The ids are copied.
 */
void	 profile_init(struct profile *, const uint8_t mesh[MESH_ID_LEN],
	    const struct nodeid *allow, size_t nallow);
void	 profile_free(struct profile *);

/* What is wrong with an entry, for good. */
enum entry_fault {
	FAULT_NONE,
	FAULT_FLAGS,	/* unknown ones, or a delete with a value */
	FAULT_KEY,	/* not UTF-8, control characters, empty segments */
	FAULT_SPACE,	/* a key that its author may not write */
	FAULT_VALUE,	/* longer than the profile allows */
	FAULT_TIME,	/* of before 2024 */
	FAULT_AUTHOR,	/* not one of the mesh */
	FAULT_SIGNATURE, /* found by entry_verify() */
	FAULT_MAX
};
enum entry_fault profile_judge(const struct profile *, const struct entry *);
/* For people: "the value is too long" ... */
const char	*entry_fault_text(enum entry_fault);

/*
 * 1-256 bytes of UTF-8 without control characters, segments between slashes
 * not empty.
 */
bool	 key_valid(const void *, size_t);

#endif

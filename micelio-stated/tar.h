/* SPDX-License-Identifier: MIT */
/* Archives as tar(1) reads them: POSIX ustar. */
#ifndef MICELIO_STATED_TAR_H
#define MICELIO_STATED_TAR_H

#include <stdbool.h>
#include <stdint.h>

#define TAR_BLOCK	512u	/* everything is so long, or so many of it */
#define TAR_END		(2 * TAR_BLOCK)		/* of zeros */

struct tar_member {
	const char	*name;		/* at most 99 bytes; "db/": directory */
	uint32_t	 mode;		/* permissions */
	uint64_t	 uid, gid;
	uint64_t	 size;		/* bytes; of a directory 0 */
	uint64_t	 mtime;		/* unix seconds */
};

/*
 * What stands before the bytes of a member.  False when a field does not
 * hold what it has to: a name too long, 8 GiB or more.
 */
bool	 tar_header(const struct tar_member *, uint8_t out[TAR_BLOCK]);
/* Zeros behind so many bytes of a member. */
uint64_t tar_padding(uint64_t size);

#endif

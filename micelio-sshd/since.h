/* SPDX-License-Identifier: MIT */
/* "40", "11:40", "2h": from where on. */
#ifndef MICELIO_SSHD_SINCE_H
#define MICELIO_SSHD_SINCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct since {
	bool		 is_count;
	uint64_t	 n;		/* lines, or unix ms */
};
/* False with a line for people in why. */
bool	 since_parse(const char *, uint64_t now_ms, int32_t utc_offset_s,
	    struct since *, char *why, size_t);

#endif

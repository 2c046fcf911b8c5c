/* SPDX-License-Identifier: MIT */
/* The options of a line of authorized_keys (sshd(8)). */
#ifndef MICELIO_SSHD_AUTHKEYS_OPTIONS_H
#define MICELIO_SSHD_AUTHKEYS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "authkeys.h"

#define AUTHKEYS_WHY_MAX	256u

/*
 * Apply 'role=user,from="10.*"' to the key, whose from is to be freed then
 * in any case.  False with a line for people in why.  utc_offset_s: as for
 * authkeys_parse().
 */
bool	 authkeys_options(struct authkey *, const char *, size_t,
	    int32_t utc_offset_s, char why[AUTHKEYS_WHY_MAX]);

#endif

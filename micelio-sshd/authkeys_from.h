/* SPDX-License-Identifier: MIT */
/* from="..." of authorized_keys: from where a key may be used. */
#ifndef MICELIO_SSHD_AUTHKEYS_FROM_H
#define MICELIO_SSHD_AUTHKEYS_FROM_H

#include <stdbool.h>

struct addr;

/* "192.0.2.1,10.*,!10.1.*,2001:db8::/32": is the address meant? */
bool	 authkeys_from_match(const char *patterns, const struct addr *);
/* NULL if every pattern of the list can be used, else what is wrong. */
const char *authkeys_from_check(const char *patterns);

#endif

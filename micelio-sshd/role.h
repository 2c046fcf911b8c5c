/* SPDX-License-Identifier: MIT */
/* What a key may do; each role includes the ones before. */
#ifndef MICELIO_SSHD_ROLE_H
#define MICELIO_SSHD_ROLE_H

enum role { ROLE_USER = 1, ROLE_OP, ROLE_ADMIN };
const char *role_name(enum role);

#endif

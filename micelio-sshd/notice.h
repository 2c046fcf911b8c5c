/* SPDX-License-Identifier: MIT */
/* Events of the daemons, for people. */
#ifndef MICELIO_SSHD_NOTICE_H
#define MICELIO_SSHD_NOTICE_H

#include <stdint.h>

#include "imsg.h"
#include "log.h"

struct hub;

void	 notice_event(struct hub *, enum proc_role, struct imsg *);
void	 notice_own(struct hub *, const struct log_told *);

#endif

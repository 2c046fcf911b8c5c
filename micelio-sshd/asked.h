/* SPDX-License-Identifier: MIT */
/* What commands do with answers of daemons. */
#ifndef MICELIO_SSHD_ASKED_H
#define MICELIO_SSHD_ASKED_H

#include <stdbool.h>
#include <stddef.h>

#include "imsg.h"

struct answer;
struct meant;
struct run;

/*
 * No question could be asked, or no answer came: the run ends, or what goes
 * on (live.h) asks again soon.
 */
void	 asked_busy(struct run *);
/* Whoever has to know it has answered; else it is as after asked_busy(). */
bool	 asked_told(struct run *, const struct answer *, size_t n,
	    enum proc_role);
/*
 * The one node the first word means.  Not one: the run has ended, with what
 * there is to choose from.
 */
bool	 asked_one(struct run *, const struct answer *, size_t n,
	    bool linked, struct meant *);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef MICELIO_SIM_SHRINK_H
#define MICELIO_SIM_SHRINK_H

#include "scenario.h"

/*
 * Makes the scenario as small as it still fails.  run: status 0, or it
 * failed; it may end the process.
 */
void	 shrink(struct scenario *, uint64_t seed,
	    int (*run)(struct scenario *, uint64_t seed));

#endif

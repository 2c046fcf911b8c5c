/* SPDX-License-Identifier: MIT */
/* One line per socketpair between two daemons. */
#ifndef MICELIO_MICELIO_WIRING_H
#define MICELIO_MICELIO_WIRING_H

#include "imsg.h"

struct wire {
	enum proc_role	 a, b;
	const char	*what;
};
#define WIRES	5
extern const struct wire wires[WIRES];

#endif

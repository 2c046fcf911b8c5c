/* SPDX-License-Identifier: MIT */
/* The times the core is told. */
#ifndef MICELIO_GOSSIP_GTIME_H
#define MICELIO_GOSSIP_GTIME_H

#include <stdint.h>

#define CLOCK_SET_MS		(UINT64_C(1704067200) * 1000) /* 2024 */
#define NEVER			UINT64_MAX

/* mono: milliseconds of a clock that only runs forward; wall: unix ms. */
struct gtime {
	uint64_t	mono, wall;
};

#endif

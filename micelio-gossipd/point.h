/* SPDX-License-Identifier: MIT */
/* Points of the curve that are no honest key. */
#ifndef MICELIO_GOSSIP_POINT_H
#define MICELIO_GOSSIP_POINT_H

#include <stdbool.h>
#include <stdint.h>

/* Is it of small order, or its y not less than p? */
bool	 point_is_odd(const uint8_t[32]);

#endif

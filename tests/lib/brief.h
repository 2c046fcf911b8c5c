/* SPDX-License-Identifier: MIT */
/* For a slow way to run, as under valgrind, what ran whole in another. */
#ifndef TESTS_BRIEF_H
#define TESTS_BRIEF_H

#include <stdint.h>
#include <stdlib.h>

/* How many of something: few when MICELIO_BRIEF is set. */
static inline uint32_t
brief(uint32_t whole, uint32_t few)
{
	return getenv("MICELIO_BRIEF") != NULL ? few : whole;
}

#endif

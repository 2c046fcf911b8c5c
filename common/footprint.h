/* SPDX-License-Identifier: MIT */
#ifndef MICELIO_FOOTPRINT_H
#define MICELIO_FOOTPRINT_H

/*
 * Give back what only the start needed: the free heap, and the pages of
 * programs and libraries that were read to relocate and initialise them.
 * These are clean and come back from the file when they are used again.
 */
void	footprint_settle(void);

#endif

/* SPDX-License-Identifier: MIT */
/* How far long work is, in words. */
#ifndef MICELIO_SSHD_PROGRESS_H
#define MICELIO_SSHD_PROGRESS_H

#include <stdint.h>

#define PROGRESS_TEXT_MAX 192u

/*
 * After ms of work: "1200 entries, 3.1M of 40M, 600 entries/s, 38s left".
 * Without entries the rate is of bytes; total 0: nobody knows when it ends.
 */
void	 progress_text(uint64_t entries, uint64_t bytes, uint64_t total,
	    uint64_t ms, char out[PROGRESS_TEXT_MAX]);

#endif

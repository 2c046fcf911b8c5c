/* SPDX-License-Identifier: MIT */
#ifndef MICELIO_USAGE_H
#define MICELIO_USAGE_H

struct wbuf;

/*
 * What this process uses of the machine.  Opened before the sandbox, which
 * lets nobody open /proc; without it the memory of now is not told.
 */
void	usage_open(void);
/*
 * Fields of a row: cpu_user and cpu_system (spans since its start), memory
 * (bytes resident now, or none) and memory_peak.
 */
void	usage_row(struct wbuf *);

#endif

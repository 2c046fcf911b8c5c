/* SPDX-License-Identifier: MIT */
/* Pages of a command that goes on, at the terminal of who started it. */
#ifndef MICELIO_MICELIOCTL_LIVE_H
#define MICELIO_MICELIOCTL_LIVE_H

#include <stdbool.h>
#include <stddef.h>

/* False when it could not be written; of no length: no more of them. */
bool	live_page(const char *, size_t);
/* Is a page on the terminal, so that keys are for it? */
bool	live_on(void);
/* Take keys; true if one of them leaves. */
bool	live_keys(void);
/* Was it interrupted (SIGINT and the like)?  The terminal is as it was. */
bool	live_interrupted(void);
/* The terminal as it was; nothing if there was no page. */
void	live_end(void);

#endif

/* SPDX-License-Identifier: MIT */
/* What a reader has not taken yet, bounded. */
#ifndef MICELIO_SSHD_OUTLET_H
#define MICELIO_SSHD_OUTLET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OUTLET_WINDOW	(256u * 1024)

struct outlet {
	size_t		 inflight;
	uint64_t	 skipped;	/* lines */
};

/* May n bytes of so many lines go out?  If not they count as skipped. */
bool	 outlet_take(struct outlet *, size_t n, unsigned int lines);
/* Part of an answer whose next part waits for the reader: never skipped. */
void	 outlet_add(struct outlet *, size_t n);
void	 outlet_ack(struct outlet *, size_t n);
/* There is room again: how many lines to own up to, once. */
uint64_t outlet_missed(struct outlet *);

#endif

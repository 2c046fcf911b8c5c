/* SPDX-License-Identifier: MIT */
/*
 * The clock of the map: 48 bits of unix milliseconds, 16 bits of counter.
 * It stays with the wall clock and goes beyond it only as far as this node's
 * own writes, or earlier writes of the same key, force it to: other people's
 * clocks are not merged, or one writer could push everybody's to the limit.
 */
#ifndef MICELIO_STATE_CLOCK_H
#define MICELIO_STATE_CLOCK_H

#include <stdint.h>

#define HLC_BITS	16
#define HLC_OF_MS(ms)	((uint64_t)(ms) << HLC_BITS)
#define HLC_MS(hlc)	((hlc) >> HLC_BITS)
#define HLC_AHEAD_MS	60000u	/* an entry's time beyond the wall clock */
#define HLC_RESERVE_MS	1000u	/* persisted ahead of the wall clock */
#define HLC_LATE_MAX	5u	/* doublings of it, for a slow disk */
#define HLC_FIRST_MS	(UINT64_C(1704067200) * 1000)	/* 2024 */

struct hlc {
	uint64_t	last;		/* given out, or seen of our own */
	uint64_t	reserved;	/* persisted: all below may be used */
	unsigned int	late;		/* reservations since the last HLC_OK */
};

enum hlc_result {
	HLC_OK,
	HLC_RESERVE,	/* persist *out, call hlc_reserved(), ask again */
	HLC_AHEAD,	/* refused: more than a minute beyond the wall clock */
	HLC_UNSET,	/* refused: the wall clock is before 2024 */
};

/* high_water: what was persisted last; 0: nothing ever. */
void	hlc_init(struct hlc *, uint64_t high_water);
/* The value that HLC_RESERVE asked for is on the disk. */
void	hlc_reserved(struct hlc *, uint64_t);
/* An entry of our own was met, as after a loss of what was persisted. */
void	hlc_seen(struct hlc *, uint64_t own);
/*
 * The time of a local write; key_max is the largest on the key written, 0 if
 * there is none.  Strictly bigger than all before.
 */
enum hlc_result hlc_next(struct hlc *, uint64_t now_ms, uint64_t key_max,
	    uint64_t *out);

#endif

/* SPDX-License-Identifier: MIT */
/* Clocks.  Cores do not call these: they get the time as an argument. */
#ifndef MICELIO_MTIME_H
#define MICELIO_MTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

uint64_t mono_ms(void);		/* monotonic, milliseconds */
uint64_t mono_us(void);
uint64_t wall_ms(void);		/* unix time, milliseconds */

/* RFC 3339 UTC with milliseconds: "2026-11-21T07:20:31.100Z". */
#define TIME_TEXT_MAX	32
char	*time_text(uint64_t unix_ms, char out[TIME_TEXT_MAX]);
/* "20.1s", "3m12s", "2h05m", "4d3h": an age for people. */
char	*span_text(uint64_t ms, char out[TIME_TEXT_MAX]);
/* "85us", "1.2ms", "140ms", "3.1s": a round trip for people. */
char	*latency_text(uint64_t us, char out[TIME_TEXT_MAX]);
/* "1.2M", "312": a size for people. */
char	*size_text(uint64_t bytes, char out[TIME_TEXT_MAX]);
/*
 * Go's duration syntax: sequences of decimals with ns us µs ms s m h; a bare
 * number other than 0 is refused.  Negative durations parse (*ms < 0).
 */
bool	 duration_parse(const char *, int64_t *ms);
/* Shortest text that parses back to ms: "30s", "1h30m0s", "100ms". */
char	*duration_text(uint64_t ms, char out[TIME_TEXT_MAX]);

#endif

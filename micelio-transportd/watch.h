/* SPDX-License-Identifier: MIT */
/*
 * The times of one session (wire-v1 2.6, 3.7, 4.1), without a clock.  All
 * are monotonic milliseconds.  One timer serves a session: events only note
 * the time, and what is due is worked out when it fires.
 */
#ifndef TRANSPORTD_WATCH_H
#define TRANSPORTD_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#define OPENING_MS	10000u	/* accept or dial to the end of the hello */
#define WRITE_MS	10000u	/* one frame into the kernel */
#define IDLE_MS		60000u	/* without a complete frame */
#define KEEPALIVE_MS	20000u	/* without a write of ours */
#define CLOSING_MS	1000u	/* flushing what is queued at the end */

enum watch_phase { WATCH_OPENING, WATCH_READY, WATCH_CLOSING };

enum watch_due {
	WATCH_NOTHING,
	WATCH_DEADLINE,		/* of opening or closing */
	WATCH_WRITE,
	WATCH_IDLE,
	WATCH_KEEPALIVE,
};

struct watch {
	enum watch_phase phase;
	uint64_t	 deadline;
	uint64_t	 last_in;
	uint64_t	 last_out;
	uint64_t	 write_since;
	bool		 writing;	/* something waits to be written */
	bool		 paused;	/* we do not read: no idle time runs */
};

/* since: when the connection was accepted, or its dial began. */
void	 watch_init(struct watch *, uint64_t since);
void	 watch_ready(struct watch *, uint64_t now);
void	 watch_closing(struct watch *, uint64_t now);
/* A complete frame came. */
void	 watch_in(struct watch *, uint64_t now);
void	 watch_pause(struct watch *, bool paused, uint64_t now);
/* Bytes wait to be written / one frame was written, more wait or not. */
void	 watch_out_queued(struct watch *, uint64_t now);
void	 watch_out_done(struct watch *, bool more, uint64_t now);
/* What is due at now; asked again until NOTHING. */
enum watch_due watch_due(const struct watch *, uint64_t now);
/* When something will be due next; UINT64_MAX: never. */
uint64_t watch_next(const struct watch *);

#endif

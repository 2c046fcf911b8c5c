/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "watch.h"

void
watch_init(struct watch *w, uint64_t since)
{
	memset(w, 0, sizeof(*w));
	w->phase = WATCH_OPENING;
	w->deadline = since + OPENING_MS;
}

void
watch_ready(struct watch *w, uint64_t now)
{
	w->phase = WATCH_READY;
	w->last_in = now;
	w->last_out = now;
}

void
watch_closing(struct watch *w, uint64_t now)
{
	w->phase = WATCH_CLOSING;
	w->deadline = now + CLOSING_MS;
}

void
watch_in(struct watch *w, uint64_t now)
{
	w->last_in = now;
}

void
watch_pause(struct watch *w, bool paused, uint64_t now)
{
	/* The peer gets its whole time again once we listen again. */
	if (w->paused && !paused)
		w->last_in = now;
	w->paused = paused;
}

void
watch_out_queued(struct watch *w, uint64_t now)
{
	if (!w->writing)
		w->write_since = now;
	w->writing = true;
}

void
watch_out_done(struct watch *w, bool more, uint64_t now)
{
	w->last_out = now;
	w->write_since = now;
	w->writing = more;
}

/* The earliest of what is running, and what it is. */
static enum watch_due
first_due(const struct watch *w, uint64_t *when)
{
	enum watch_due due = WATCH_DEADLINE;

	if (w->phase != WATCH_READY) {
		*when = w->deadline;
		return due;
	}
	*when = UINT64_MAX;
	due = WATCH_NOTHING;
	if (w->writing) {
		*when = w->write_since + WRITE_MS;
		due = WATCH_WRITE;
	} else {
		*when = w->last_out + KEEPALIVE_MS;
		due = WATCH_KEEPALIVE;
	}
	if (!w->paused && w->last_in + IDLE_MS < *when) {
		*when = w->last_in + IDLE_MS;
		due = WATCH_IDLE;
	}
	return due;
}

enum watch_due
watch_due(const struct watch *w, uint64_t now)
{
	uint64_t when;
	enum watch_due due = first_due(w, &when);

	return now >= when ? due : WATCH_NOTHING;
}

uint64_t
watch_next(const struct watch *w)
{
	uint64_t when;

	(void)first_due(w, &when);
	return when;
}

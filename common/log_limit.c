/* SPDX-License-Identifier: MIT */
/* How often strangers may make us write a line. */
#include "log.h"
#include "ratelimit.h"

#define ALLOWED_SLOTS	256u
#define ALLOWED_MS	60000u
#define EVENT_RATE	2u	/* lines a second of one event, all sources */
#define EVENT_BURST	100u

static struct {
	struct bucket	bucket;
	uint32_t	held;
	bool		used;
} events[EV_MAX];

/* Many sources together: a stranger has as many addresses as he likes. */
static bool
event_allowed(enum log_ev ev, uint64_t now_ms)
{
	if (!events[ev].used) {
		events[ev].used = true;
		bucket_init(&events[ev].bucket, EVENT_BURST, now_ms);
	}
	if (bucket_take(&events[ev].bucket, EVENT_RATE, EVENT_BURST, 1,
	    now_ms))
		return true;
	events[ev].held++;
	return false;
}

/*
 * A small set-associative table: a colliding source takes the place of the
 * one seen longest ago, so the memory is fixed and the worst is a line more.
 */
bool
log_allowed(uint64_t source, enum log_ev ev, uint64_t now_ms, uint32_t *held)
{
	static struct slot {
		uint64_t	source;
		uint64_t	since;
		uint32_t	held;
		uint16_t	event;
	} slots[ALLOWED_SLOTS];
	uint64_t h = (source ^ (uint64_t)ev << 48) * UINT64_C(0x9e3779b97f4a7c15);
	struct slot *set = &slots[(h >> 58) * 4], *s, *oldest = set;

	*held = 0;
	for (s = set; s < set + 4; s++) {
		if (s->event == ev && s->source == source)
			break;
		if (s->since < oldest->since)
			oldest = s;
	}
	if (s < set + 4 && now_ms - s->since < ALLOWED_MS) {
		s->held++;
		return false;
	}
	if (!event_allowed(ev, now_ms))
		return false;
	if (s == set + 4)
		s = oldest;
	else
		*held = s->held;
	*held += events[ev].held;
	events[ev].held = 0;
	s->source = source;
	s->event = (uint16_t)ev;
	s->since = now_ms;
	s->held = 0;
	return true;
}

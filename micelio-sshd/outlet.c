/* SPDX-License-Identifier: MIT */
/*
 * What a reader has been sent and has not taken.  Beyond the window lines
 * are counted, not kept: who does not read is told how much was missed.
 */
#include "outlet.h"

bool
outlet_take(struct outlet *o, size_t n, unsigned int lines)
{
	/* Once lines are missing, later ones wait until that was said. */
	if (o->inflight >= OUTLET_WINDOW || o->skipped > 0) {
		o->skipped += lines;
		return false;
	}
	o->inflight += n;
	return true;
}

void
outlet_add(struct outlet *o, size_t n)
{
	o->inflight += n;
}

void
outlet_ack(struct outlet *o, size_t n)
{
	o->inflight -= n < o->inflight ? n : o->inflight;
}

uint64_t
outlet_missed(struct outlet *o)
{
	uint64_t n = o->skipped;

	if (n == 0 || o->inflight > OUTLET_WINDOW / 2)
		return 0;
	o->skipped = 0;
	return n;
}

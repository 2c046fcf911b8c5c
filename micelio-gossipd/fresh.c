/* SPDX-License-Identifier: MIT */
/* Times that messages tell of themselves, judged. */
#include "beat.h"
#include "core.h"
#include "fresh.h"
#include "gtime.h"
#include "proto/envelope.h"
#include "proto/m2.h"
#include "proto/message.h"

/* A time before there was such a clock is none. */
bool
envelope_clocked(const struct envelope *env)
{
	return (env->msg_type == MSG_CHAT || (env->msg_type >= MSG_OURS_MIN &&
	    env->msg_type <= MSG_OURS_MAX)) &&
	    env->lamport_ts >> 16 >= CLOCK_SET_MS;
}

/* What says itself when it was made needs to be remembered less long. */
bool
clock_fresh(const struct gossip *g, uint64_t lamport_ts)
{
	uint64_t now = g->now.wall, ms = lamport_ts >> 16;
	int64_t ahead = beat_clock(g);

	if (now < CLOCK_SET_MS)
		return true;
	now = (uint64_t)((int64_t)now + ahead);
	return ms <= now + CLOCK_FUTURE_MS && ms + CLOCK_PAST_MS >= now &&
	    ms >= g->seen.horizon;
}

/*
 * A line older than the memory of ids could be one we have forgotten.  A
 * clock that was never set judges nobody.
 */
bool
chat_fresh(const struct gossip *g, const struct chat_msg *c)
{
	uint64_t now = g->now.wall, ts;

	if (now < CLOCK_SET_MS)
		return true;
	if (c->timestamp > UINT64_MAX / 1000)
		return false;
	ts = c->timestamp * 1000;
	if (ts > now + CHAT_FUTURE_MS || ts + CHAT_PAST_MS < now)
		return false;
	return ts >= g->seen.horizon;
}

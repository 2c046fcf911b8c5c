/* SPDX-License-Identifier: MIT */
/*
 * What a session may cost: the credit of its windows both ways, and its
 * budgets for input that is bad or brings nothing.
 */
#include <stddef.h>

#include "admit.h"
#include "budget.h"
#include "common/imsg_types.h"
#include "common/ratelimit.h"
#include "control.h"
#include "core.h"
#include "gossip.h"
#include "peers.h"
#include "session.h"

/* Credit goes back in lumps: a quarter of the window at the latest. */
#define CREDIT_LUMP_FRAMES	(SESSION_WINDOW_FRAMES / 4)
#define CREDIT_LUMP_BYTES	(SESSION_WINDOW_BYTES / 4)

void
gossip_credit(struct gossip *g, uint32_t sid, uint32_t frames, uint32_t bytes)
{
	struct session *s;

	if ((s = peers_session(g, sid)) == NULL)
		return;
	/* Never more than the window, whatever is given back. */
	if (frames > SESSION_WINDOW_FRAMES - s->win_frames)
		frames = SESSION_WINDOW_FRAMES - s->win_frames;
	if (bytes > SESSION_WINDOW_BYTES - s->win_bytes)
		bytes = SESSION_WINDOW_BYTES - s->win_bytes;
	s->win_frames += frames;
	s->win_bytes += bytes;
	if (s->link != NULL)
		payload_pump(g, s->link);
}

bool
peers_charge(struct session *s, size_t len)
{
	if (s->win_frames == 0 || len > s->win_bytes)
		return false;
	s->win_frames--;
	s->win_bytes -= (uint32_t)len;
	s->frames_out++;
	s->bytes_out += len;
	return true;
}

bool
peers_send(struct gossip *g, struct session *s, const void *p, size_t len)
{
	if (!peers_charge(s, len))
		return false;
	g->ops->send(g->arg, &s->sid, 1, p, len);
	return true;
}

void
peers_handled(struct gossip *g, struct session *s, size_t len)
{
	if (s->state == PEER_CLOSING)
		return;
	s->owed_frames++;
	s->owed_bytes += (uint32_t)len;
	if (s->owed_frames < CREDIT_LUMP_FRAMES &&
	    s->owed_bytes < CREDIT_LUMP_BYTES)
		return;
	g->ops->credit(g->arg, s->sid, s->owed_frames, s->owed_bytes);
	s->owed_frames = s->owed_bytes = 0;
}

bool
peers_bad(struct gossip *g, struct session *s, uint32_t points)
{
	if (s->state == PEER_CLOSING)
		return false;
	if (bucket_take(&s->bad, BAD_RATE, BAD_BURST, points, g->now.mono))
		return true;
	if (s->state == PEER_READY)
		offender_add(g, &s->id, DOWN_ABUSE, OFFENDER_MS);
	peers_close(g, s, DOWN_ABUSE);
	return false;
}

void
peers_idle(struct gossip *g, struct session *s, size_t len)
{
	uint32_t n = 1 + (uint32_t)(len / NEIGHBOUR_UNIT);

	if (!bucket_take(&s->idle, IDLE_RATE, IDLE_BURST, n, g->now.mono))
		peers_bad(g, s, 1);
}

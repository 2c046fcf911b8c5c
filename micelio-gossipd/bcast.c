/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "bcast.h"
#include "common/cursor.h"
#include "core.h"
#include "gossip.h"
#include "gtime.h"
#include "lru.h"
#include "msglog.h"
#include "origin.h"
#include "parked.h"
#include "proto/m2.h"
#include "repair.h"
#include "trace.h"

void
bcast_init(struct gossip *g)
{
	struct bcast *b = &g->bcast;
	uint64_t seed;
	int i;

	g->ops->random(g->arg, b->salt, sizeof(b->salt));
	g->ops->random(g->arg, &seed, sizeof(seed));
	b->boot_ms = g->now.wall;
	lru_init(&b->origins, ORIGINS_MAX, offsetof(struct origin, oid),
	    sizeof(uint64_t), seed);
	lru_init(&b->wants, WANTS_MAX, offsetof(struct want, sid),
	    sizeof(uint64_t), seed);
	msglog_init(&b->log, seed);
	parked_init(g, seed);
	TAILQ_INIT(&b->v1);
	/* Patient at first. */
	b->lag_ms = T1_MAX_MS * 8 * 2 / 3;
	b->v1_at = b->flush_at = b->beat_at = NEVER;
	for (i = 0; i < NOTES; i++)
		wbuf_init(&b->note[i], M2_CTRL_MAX);
	wbuf_init(&b->ctrl, 2 * M2_CTRL_MAX);
	wbuf_init(&b->frame, 2 * M2_LINK_MAX);
}

void
bcast_free(struct gossip *g)
{
	struct bcast *b = &g->bcast;
	int i;

	repair_free(g);
	parked_free(g);
	origins_free(g);
	msglog_free(&b->log);
	for (i = 0; i < NOTES; i++)
		wbuf_free(&b->note[i]);
	wbuf_free(&b->ctrl);
	wbuf_free(&b->frame);
	free(b->trace);
}

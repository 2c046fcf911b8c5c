/* SPDX-License-Identifier: MIT */
/* The authors of messages: each has a tree and a share of the log. */
#include <stdlib.h>

#include "bcast.h"
#include "common/log.h"
#include "common/nodeid.h"
#include "common/ratelimit.h"
#include "core.h"
#include "gossip.h"
#include "gtime.h"
#include "lru.h"
#include "msglog.h"
#include "origin.h"
#include "proto/m2.h"
#include "relay.h"

static void
origin_free(struct lru_node *n)
{
	struct origin *o = (struct origin *)n;

	log_share_clear(&o->share);
	free(o);
}

void
origins_free(struct gossip *g)
{
	lru_free(&g->bcast.origins, origin_free);
}

struct origin *
origin_of(const struct logmsg *m)
{
	return m->share == NULL ? NULL : (struct origin *)
	    ((char *)m->share - offsetof(struct origin, share));
}

struct origin *
origin_get(const struct gossip *g, uint64_t oid)
{
	return (struct origin *)lru_get(&g->bcast.origins, &oid);
}

struct origin *
origin_take(struct gossip *g, const struct nodeid *id)
{
	struct bcast *b = &g->bcast;
	uint64_t oid = m2_oid(b->salt, id->b);
	struct origin *o = (struct origin *)lru_get(&b->origins, &oid);

	if (o != NULL) {
		lru_touch(&b->origins, &o->node);
		return o;
	}
	if (lru_full(&b->origins)) {
		struct lru_node *old = lru_oldest(&b->origins);

		lru_remove(&b->origins, old);
		origin_free(old);
	}
	o = xcalloc(1, sizeof(*o));
	o->oid = oid;
	o->id = *id;
	o->parent = o->better = o->swap_slot = NO_SLOT;
	log_share_init(&o->share);
	bucket_init(&o->v1, V1_BURST, g->now.mono);
	lru_put(&b->origins, &o->node);
	return o;
}

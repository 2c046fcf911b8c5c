/* SPDX-License-Identifier: MIT */
/*
 * What is known of nodes (wire-v1 5.1): those whose hello we verified, which
 * stated keeps, and hearsay.  Hearsay never changes what a node said of
 * itself (8, W9).
 */
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "gossip.h"

#define VERIFIED	0
#define HEARSAY		1

/* A record is stored anew when last_seen has moved by so much. */
#define STORE_AGE_S	3600u

static struct book_peer *book_take(struct gossip *, const struct nodeid *);

void
book_init(struct gossip *g, uint64_t seed)
{
	lru_init(&g->book[VERIFIED], BOOK_VERIFIED_MAX,
	    offsetof(struct book_peer, id), NODEID_LEN, seed);
	lru_init(&g->book[HEARSAY], BOOK_HEARSAY_MAX,
	    offsetof(struct book_peer, id), NODEID_LEN, seed);
}

void
book_free(struct gossip *g)
{
	lru_free(&g->book[VERIFIED], NULL);
	lru_free(&g->book[HEARSAY], NULL);
}

struct book_peer *
book_get(const struct gossip *g, const struct nodeid *id)
{
	struct lru_node *n;

	if ((n = lru_get(&g->book[VERIFIED], id)) == NULL)
		n = lru_get(&g->book[HEARSAY], id);
	return (struct book_peer *)n;
}

static void
put(struct lru *l, struct book_peer *p)
{
	struct lru_node *old;

	if (lru_full(l)) {
		old = lru_oldest(l);
		lru_remove(l, old);
		free(old);
	}
	lru_put(l, &p->node);
}

/* The verified record of a node, new or taken over from hearsay. */
static struct book_peer *
book_take(struct gossip *g, const struct nodeid *id)
{
	struct book_peer *p = book_get(g, id);

	if (p != NULL && p->verified) {
		lru_touch(&g->book[VERIFIED], &p->node);
		return p;
	}
	if (p != NULL)
		lru_remove(&g->book[HEARSAY], &p->node);
	else
		p = xcalloc(1, sizeof(*p));
	p->id = *id;
	p->verified = true;
	p->stored_seen = 0;
	put(&g->book[VERIFIED], p);
	return p;
}

static void
store(struct gossip *g, struct book_peer *p)
{
	p->stored_seen = p->last_seen;
	g->ops->peer_put(g->arg, p);
}

void
gossip_peer_record(struct gossip *g, const struct book_peer *rec)
{
	struct book_peer *p;
	struct lru_node node;
	struct nodeid id;

	if (rec->has_key) {
		nodeid_from_pubkey(&id, rec->pubkey);
		if (!nodeid_equal(&id, &rec->id))
			return;
	}
	/* What was said since we started is newer than any record. */
	if ((p = book_get(g, &rec->id)) != NULL && p->verified)
		return;
	p = book_take(g, &rec->id);
	node = p->node;
	*p = *rec;
	p->node = node;
	p->verified = true;
	p->last_seen = p->stored_seen = last_seen_clamp(rec->last_seen,
	    UINT64_MAX);
}

void
book_hello(struct gossip *g, const struct session *s)
{
	struct book_peer *p = book_take(g, &s->id);
	bool changed;

	changed = !p->has_key || p->reachable != s->reachable ||
	    strcmp(p->addr, s->listen_addr) != 0 || p->fail_count != 0;
	memcpy(p->pubkey, s->pubkey, sizeof(p->pubkey));
	p->has_key = true;
	p->reachable = s->reachable;
	text_copy(p->addr, s->listen_addr, sizeof(p->addr));
	p->last_seen = g->now.wall / 1000;
	p->fail_count = 0;
	p->last_fail = 0;
	if (changed || p->last_seen > p->stored_seen + STORE_AGE_S ||
	    p->last_seen < p->stored_seen)
		store(g, p);
}

/* When it was last here. */
void
book_gone(struct gossip *g, const struct session *s)
{
	struct book_peer *p = book_get(g, &s->id);

	if (p == NULL || !p->verified)
		return;
	p->last_seen = g->now.wall / 1000;
	if (p->last_seen > p->stored_seen + STORE_AGE_S)
		store(g, p);
}

/* Only a strictly newer word replaces an older one (wire-v1 5.3). */
void
book_hearsay(struct gossip *g, const struct book_peer *news)
{
	struct book_peer *p = book_get(g, &news->id);

	if (p == NULL) {
		p = xcalloc(1, sizeof(*p));
		*p = *news;
		p->verified = false;
		put(&g->book[HEARSAY], p);
		return;
	}
	if (p->verified || news->last_seen <= p->last_seen)
		return;
	text_copy(p->addr, news->addr, sizeof(p->addr));
	memcpy(p->pubkey, news->pubkey, sizeof(p->pubkey));
	p->reachable = news->reachable;
	p->has_key = true;
	p->last_seen = news->last_seen;
	lru_touch(&g->book[HEARSAY], &p->node);
}

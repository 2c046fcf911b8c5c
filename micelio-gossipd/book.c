/* SPDX-License-Identifier: MIT */
/*
 * What is known of nodes (wire-v1 5.1): those whose hello we verified, which
 * stated keeps, and hearsay.  Hearsay never changes what a node said of
 * itself (8, W9).
 */
#include <stdlib.h>
#include <string.h>

#include "book.h"
#include "common/log.h"
#include "common/nodeid.h"
#include "common/text.h"
#include "core.h"
#include "discovery.h"
#include "exchange.h"
#include "exchange_out.h"
#include "gossip.h"
#include "gtime.h"
#include "lru.h"
#include "proto/m2.h"
#include "record.h"
#include "session.h"

#define VERIFIED	0
#define HEARSAY		1

/* A record is stored anew when last_seen has moved by so much. */
#define STORE_AGE_S	3600u

static void		 record_apply(struct gossip *, struct book_peer *);
static struct book_peer *book_take(struct gossip *, const struct nodeid *);
static void		 heard_add(struct book_peer *, const char *);
static void		 verified_sweep(struct gossip *, uint64_t now_s);
static void		 hearsay_sweep(struct gossip *, uint64_t now_s);

/* A clock that was never set judges nobody. */
#define CLOCK_SET	UINT64_C(1704067200)	/* 2024 */

void
book_init(struct gossip *g, uint64_t seed)
{
	lru_init(&g->book[VERIFIED], BOOK_VERIFIED_MAX,
	    offsetof(struct book_peer, id), NODEID_LEN, seed);
	lru_init(&g->book[HEARSAY], BOOK_HEARSAY_MAX,
	    offsetof(struct book_peer, id), NODEID_LEN, seed);
}

static void
peer_free(struct lru_node *n)
{
	struct book_peer *p = (struct book_peer *)n;

	free(p->record);
	free(p);
}

void
book_free(struct gossip *g)
{
	lru_free(&g->book[VERIFIED], peer_free);
	lru_free(&g->book[HEARSAY], peer_free);
}

struct book_peer *
book_get(const struct gossip *g, const struct nodeid *id)
{
	struct lru_node *n;

	if ((n = lru_get(&g->book[VERIFIED], id)) == NULL)
		n = lru_get(&g->book[HEARSAY], id);
	return (struct book_peer *)n;
}

/* So that no neighbour pushes out what the others say. */
static bool
share_full(const struct lru *l, uint64_t teller)
{
	const struct lru_node *n;
	size_t told = 0;

	for (n = lru_oldest(l); n != NULL; n = lru_younger(n))
		told += ((const struct book_peer *)n)->teller == teller;
	return told >= BOOK_SHARE;
}

/*
 * Who makes room: the hearsay that came first (of that teller, if not NULL),
 * or the node that was seen longest ago; not who is in use.
 */
static struct book_peer *
oldest(const struct lru *l, bool verified, const uint64_t *teller)
{
	struct book_peer *p, *old = NULL;
	struct lru_node *n;

	for (n = lru_oldest(l); n != NULL; n = lru_younger(n)) {
		p = (struct book_peer *)n;
		if (p->linked || p->sought ||
		    (teller != NULL && p->teller != *teller))
			continue;
		if (!verified)
			return p;
		if (old == NULL || p->last_seen < old->last_seen)
			old = p;
	}
	return old != NULL ? old : (struct book_peer *)lru_oldest(l);
}

static void
put(struct lru *l, struct book_peer *p)
{
	struct book_peer *old = NULL;

	if (!p->verified && share_full(l, p->teller))
		old = oldest(l, false, &p->teller);
	else if (lru_full(l))
		old = oldest(l, p->verified, NULL);
	if (old != NULL) {
		lru_remove(l, &old->node);
		peer_free(&old->node);
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
	p->stored_seq = p->record != NULL ? p->record->seq : 0;
	g->ops->peer_put(g->arg, p);
}

void
gossip_peer_record(struct gossip *g, const struct book_peer *rec)
{
	struct peer_record *record;
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
	record = p->record;
	*p = *rec;
	p->node = node;
	p->record = record;
	p->verified = true;
	/* Stated may come back while we know better. */
	p->last_seen = last_seen_clamp(rec->last_seen, g->now.wall / 1000 >
	    CLOCK_SET ? g->now.wall / 1000 : UINT64_MAX);
	p->stored_seen = p->last_seen;
	p->said_ms = p->last_seen * 1000;
	p->next_at = 0;
	record_apply(g, p);
}

void
gossip_peer_end(struct gossip *g, struct gtime now)
{
	g->now = now;
	book_sweep(g);
	discovery_kick(g);
}

void
book_hello(struct gossip *g, const struct session *s)
{
	struct book_peer *p = book_take(g, &s->id);
	bool changed, moved = p->reachable != s->reachable ||
	    strcmp(p->addr, s->listen_addr) != 0;

	changed = !p->has_key || p->reachable != s->reachable ||
	    strcmp(p->addr, s->listen_addr) != 0 || p->fail_count != 0;
	memcpy(p->pubkey, s->pubkey, sizeof(p->pubkey));
	p->has_key = true;
	p->reachable = s->reachable;
	text_copy(p->addr, s->listen_addr, sizeof(p->addr));
	p->last_seen = g->now.wall / 1000;
	p->said_ms = g->now.wall;
	p->fail_count = 0;
	p->last_fail = 0;
	p->linked = true;
	if ((moved || p->shy == 0) && p->reachable && p->addr[0] != '\0')
		exchange_news(g, p);
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
	p->linked = s->twin != NULL;
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
		p->record = NULL;
		put(&g->book[HEARSAY], p);
		discovery_kick(g);
		return;
	}
	if (news->last_seen <= p->last_seen)
		return;
	if (p->verified || p->record != NULL) {
		/* Perhaps it moved; what it said itself comes first. */
		heard_add(p, news->addr);
		discovery_seen(g, p, news->last_seen);
		if (!p->verified)
			p->last_seen = news->last_seen;
		return;
	}
	if (strcmp(p->addr, news->addr) != 0) {
		heard_add(p, p->addr);
		discovery_kick(g);
	}
	text_copy(p->addr, news->addr, sizeof(p->addr));
	memcpy(p->pubkey, news->pubkey, sizeof(p->pubkey));
	p->reachable = news->reachable;
	p->has_key = true;
	p->last_seen = news->last_seen;
	lru_touch(&g->book[HEARSAY], &p->node);
}

/* The newest word of the node itself counts, its hello or its record. */
static void
record_apply(struct gossip *g, struct book_peer *p)
{
	const struct peer_record *r = p->record;
	const char *addr;
	size_t i;

	if (r == NULL || (p->verified && r->seq <= p->said_ms))
		return;
	addr = r->naddrs > 0 ? r->addr[0] : "";
	p->reachable = r->naddrs > 0;
	for (i = 1; i < r->naddrs; i++)
		heard_add(p, r->addr[i]);
	if (strcmp(p->addr, addr) == 0)
		return;
	text_copy(p->addr, addr, sizeof(p->addr));
	discovery_kick(g);
	if (p->verified)
		store(g, p);
}

void
book_record(struct gossip *g, const struct session *s,
    const struct m2_record *r)
{
	uint64_t seen = last_seen_clamp(r->seq / 1000, g->now.wall / 1000);
	struct book_peer *p;
	struct nodeid id;

	nodeid_from_pubkey(&id, r->pubkey);
	if ((p = book_get(g, &id)) == NULL && s == NULL)
		return;
	if (p == NULL) {
		p = xcalloc(1, sizeof(*p));
		p->id = id;
		memcpy(&p->teller, s->id.b, sizeof(p->teller));
		put(&g->book[HEARSAY], p);
		discovery_kick(g);
	}
	if (p->record != NULL && p->record->seq >= r->seq)
		return;
	free(p->record);
	p->record = record_copy(r);
	memcpy(p->pubkey, r->pubkey, sizeof(p->pubkey));
	p->has_key = true;
	if (!p->verified && p->last_seen < seen)
		p->last_seen = seen;
	record_apply(g, p);
	if (s == NULL)
		p->stored_seq = r->seq;
	else if (p->verified && r->seq > p->stored_seq + RECORD_STORE_MS)
		store(g, p);
}

static void
heard_add(struct book_peer *p, const char *addr)
{
	size_t i;

	if (strcmp(p->addr, addr) == 0)
		return;
	for (i = 0; i < BOOK_HEARD - 1; i++)
		if (strcmp(p->heard[i], addr) == 0)
			break;
	for (; i > 0; i--)
		memcpy(p->heard[i], p->heard[i - 1], sizeof(p->heard[i]));
	text_copy(p->heard[0], addr, sizeof(p->heard[0]));
}

static void
record_sweep(const struct gossip *g, struct book_peer *p)
{
	if (p->record == NULL || record_valid(g, p->record->seq))
		return;
	free(p->record);
	p->record = NULL;
}

void
book_sweep(struct gossip *g)
{
	uint64_t now_s = g->now.wall / 1000;

	if (now_s < CLOCK_SET)
		return;
	verified_sweep(g, now_s);
	hearsay_sweep(g, now_s);
}

static void
verified_sweep(struct gossip *g, uint64_t now_s)
{
	struct lru_node *n, *next;
	struct book_peer *p;

	for (n = lru_oldest(&g->book[VERIFIED]); n != NULL; n = next) {
		next = lru_younger(n);
		p = (struct book_peer *)n;
		record_sweep(g, p);
		if (p->linked) {
			p->last_seen = now_s;
			if (p->last_seen > p->stored_seen + STORE_AGE_S)
				store(g, p);
		} else if (!p->sought && p->last_seen + BOOK_LIFE_S < now_s) {
			g->ops->peer_del(g->arg, &p->id);
			lru_remove(&g->book[VERIFIED], n);
			peer_free(n);
		}
	}
}

/* It comes again as long as anybody sees the node. */
static void
hearsay_sweep(struct gossip *g, uint64_t now_s)
{
	struct lru_node *n, *next;
	struct book_peer *p;

	for (n = lru_oldest(&g->book[HEARSAY]); n != NULL; n = next) {
		next = lru_younger(n);
		p = (struct book_peer *)n;
		record_sweep(g, p);
		if (!p->sought && p->last_seen + HEARSAY_LIFE_S < now_s) {
			lru_remove(&g->book[HEARSAY], n);
			peer_free(n);
		}
	}
}

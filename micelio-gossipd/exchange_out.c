/* SPDX-License-Identifier: MIT */
/*
 * Telling others whom we know (wire-v1 5.4): all that is worth it to a new
 * peer and once each interval to everybody; in between only what is new,
 * gathered for a moment.  Never more than EXCHANGE_MAX entries nor a frame
 * that anybody would refuse (8, W1, W21).
 */
#include <stdlib.h>
#include <string.h>

#include "book.h"
#include "budget.h"
#include "common/cursor.h"
#include "common/imsg_types.h"
#include "common/log.h"
#include "common/nodeid.h"
#include "core.h"
#include "envelope_out.h"
#include "exchange_out.h"
#include "hello.h"
#include "lru.h"
#include "peers.h"
#include "proto/envelope.h"
#include "proto/message.h"
#include "session.h"

#define SHARE_RECENT	128u	/* most recently verified; the rest by chance */
#define ENTRY_BESIDE	256u	/* bytes of an entry beside its address */
#define BYTES_MAX	(60u * 1024)	/* what the key service signs */

struct share {
	const struct book_peer	*p;
	uint64_t		 seen;	/* unix s */
};

static bool	sign(struct gossip *, uint32_t sid, bool news);
static size_t	collect(const struct gossip *, const struct session *to,
		    bool news, struct share *list);
static void	sample(struct gossip *, struct share *list, size_t n);
static void	write_one(struct gossip *, const struct share *);
static void	write_self(struct gossip *);

static uint64_t
interval(const struct gossip *g)
{
	uint64_t ms = g->conf->network_exchange_interval;

	return ms > 0 ? ms : EXCHANGE_DEFAULT_MS;
}

/* To a new peer. */
void
exchange_send(struct gossip *g, struct session *s)
{
	if (s->state != PEER_READY)
		return;
	if (g->exchange_at == UINT64_MAX)
		g->exchange_at = g->now.mono + interval(g);
	if (!sign(g, s->sid, false) && s->brief)
		peers_close(g, s, DOWN_FULL);
}

/* Peers hear of it with the next news. */
void
exchange_news(struct gossip *g, struct book_peer *p)
{
	uint64_t at = g->now.mono + NEWS_MS;

	p->news = true;
	if (at < g->news_last + NEWS_PAUSE_MS && g->news_last != 0)
		at = g->news_last + NEWS_PAUSE_MS;
	if (at < g->news_at)
		g->news_at = at;
}

void
exchange_configured(struct gossip *g)
{
	if (g->exchange_at != UINT64_MAX &&
	    g->exchange_at > g->now.mono + interval(g))
		g->exchange_at = g->now.mono + interval(g);
}

void
exchange_tick(struct gossip *g)
{
	struct lru_node *n;

	if (g->now.mono >= g->exchange_at) {
		g->exchange_at = UINT64_MAX;
		if (g->npeers > 0) {
			g->exchange_at = g->now.mono + interval(g);
			sign(g, 0, false);
		}
	}
	if (g->now.mono < g->news_at)
		return;
	g->news_at = UINT64_MAX;
	g->news_last = g->now.mono;
	if (g->npeers > 1)
		sign(g, 0, true);
	for (n = lru_oldest(&g->book[0]); n != NULL; n = lru_younger(n))
		((struct book_peer *)n)->news = false;
}

uint64_t
exchange_next(const struct gossip *g)
{
	return g->exchange_at < g->news_at ? g->exchange_at : g->news_at;
}

/* False: there is nothing to tell, or nobody to sign it. */
static bool
sign(struct gossip *g, uint32_t sid, bool news)
{
	struct session *to = sid != 0 ? peers_session(g, sid) : NULL;
	struct share *list;
	size_t n, i;
	bool given;

	list = xcalloc(BOOK_VERIFIED_MAX + BOOK_HEARSAY_MAX, sizeof(*list));
	n = collect(g, to, news, list);
	sample(g, list, n);
	wbuf_reset(&g->payload);
	if (!news)
		write_self(g);
	for (i = 0; i < n && i < EXCHANGE_MAX - 1; i++) {
		if (g->payload.len + strlen(list[i].p->addr) + ENTRY_BESIDE >
		    BYTES_MAX)
			break;
		write_one(g, &list[i]);
	}
	free(list);
	if (g->payload.len == 0)
		return false;
	/* Signed once for all: who finds himself in it passes over that. */
	given = envelope_sign(g, SIGN_EXCHANGE, sid, false, MSG_PEER_EXCHANGE,
	    g->payload.p, g->payload.len);
	return given;
}

static bool
worth_telling(const struct gossip *g, const struct book_peer *p)
{
	if (!p->reachable || !p->has_key ||
	    !addr_shareable(p->addr, strlen(p->addr)))
		return false;
	if (p->linked)
		return true;
	if (p->fail_count >= FAILS_DOUBTFUL)
		return false;
	return p->verified ||
	    p->last_seen + HEARSAY_LIFE_S >= g->now.wall / 1000;
}

static int
latest_first(const void *a, const void *b)
{
	const struct share *x = a, *y = b;

	if (x->seen == y->seen)
		return 0;
	return x->seen > y->seen ? -1 : 1;
}

/* Verified ones first, the most recently seen of them at the head. */
static size_t
collect(const struct gossip *g, const struct session *to, bool news,
    struct share *list)
{
	const struct lru_node *node;
	const struct book_peer *p;
	size_t n = 0;
	int b;

	for (b = 0; b < (news ? 1 : 2); b++) {
		for (node = lru_oldest(&g->book[b]); node != NULL;
		    node = lru_younger(node)) {
			p = (const struct book_peer *)node;
			if ((news && !p->news) || !worth_telling(g, p) ||
			    (to != NULL && nodeid_equal(&to->id, &p->id)))
				continue;
			list[n].p = p;
			list[n++].seen = p->linked ? g->now.wall / 1000 :
			    p->last_seen;
		}
		if (b == 0)
			qsort(list, n, sizeof(*list), latest_first);
	}
	return n;
}

/* Behind the most recent the order is by chance. */
static void
sample(struct gossip *g, struct share *list, size_t n)
{
	struct share t;
	size_t i, j;

	for (i = SHARE_RECENT; i < n && i < EXCHANGE_MAX; i++) {
		j = i + gossip_random(g, (uint32_t)(n - i));
		t = list[i];
		list[i] = list[j];
		list[j] = t;
	}
}

static void
write_one(struct gossip *g, const struct share *s)
{
	char hex[NODEID_HEX + 1];
	struct peer_msg m;

	nodeid_hex(&s->p->id, hex);
	m.node_id = (struct slice){ (const uint8_t *)hex, NODEID_HEX };
	m.addr = (struct slice){ (const uint8_t *)s->p->addr,
	    strlen(s->p->addr) };
	m.pubkey = (struct slice){ s->p->pubkey, sizeof(s->p->pubkey) };
	m.reachable = true;
	m.last_seen = s->seen;
	exchange_write(&g->payload, &m, 1);
}

static void
write_self(struct gossip *g)
{
	const char *addr = hello_advertise(g);
	struct peer_msg m;

	if (addr[0] == '\0')
		return;
	m.node_id = (struct slice){ (const uint8_t *)g->id_hex, NODEID_HEX };
	m.addr = (struct slice){ (const uint8_t *)addr, strlen(addr) };
	m.pubkey = (struct slice){ g->pubkey, sizeof(g->pubkey) };
	m.reachable = true;
	m.last_seen = g->now.wall / 1000;
	exchange_write(&g->payload, &m, 1);
}

/* A link that is behind does without; there will be another. */
void
exchange_signed(struct gossip *g, const struct signing *sg,
    enum key_status status, const void *frame, size_t len)
{
	struct session *s, *next;

	for (s = TAILQ_FIRST(&g->ready); s != NULL; s = next) {
		next = TAILQ_NEXT(s, ready_entry);
		if (sg->ref != 0 && s->sid != sg->ref)
			continue;
		if (status == KEY_OK && peers_send(g, s, frame, len))
			g->count.exchanges_sent++;
		if (sg->ref != 0 && s->brief) {
			peers_close(g, s, DOWN_FULL);
			return;
		}
	}
}

/* SPDX-License-Identifier: MIT */
/*
 * Peer exchange (wire-v1 5.3): what others say about nodes.  It is hearsay:
 * bounded, never above what a node said of itself, and not acted upon here.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admit.h"
#include "book.h"
#include "budget.h"
#include "common/log.h"
#include "common/nodeid.h"
#include "common/ratelimit.h"
#include "core.h"
#include "drop.h"
#include "exchange.h"
#include "hello.h"
#include "jobs.h"
#include "proto/envelope.h"
#include "proto/message.h"
#include "session.h"

struct merge {
	struct gossip	*g;
	struct session	*s;	/* who tells */
};

static void	seen_key(const struct gossip *, struct slice message_id,
		    const struct nodeid *sender, uint8_t out[16]);
static void	merge_cb(const struct peer_msg *, void *);
static void	clock_check(struct gossip *);
static bool	id_is_new(struct session *, const uint8_t key[16]);

uint64_t
last_seen_clamp(uint64_t claimed, uint64_t now_unix_s)
{
	uint64_t max = INT64_MAX;

	if (now_unix_s < max)
		max = now_unix_s;
	return claimed < max ? claimed : max;
}

/*
 * Unlike v1 nothing is remembered before the signature is good (8, W8); the
 * sender must be the peer itself, under the key of its hello.
 */
void
exchange_in(struct gossip *g, struct session *s, const struct envelope *env)
{
	struct job job = { .kind = JOB_EXCHANGE, .sid = s->sid, .env = *env,
		.len = env->raw.n, .sender = s->id };

	if (env->message_id.n > ENVELOPE_ID_MAX ||
	    env->sender_id.n > ENVELOPE_ID_MAX) {
		drop_count(g, s, DROP_LONG_ID);
		peers_handled(g, s, env->raw.n);
		return;
	}
	/* A frame full of peers costs milliseconds; nobody needs many. */
	if (!bucket_take(&s->exchanges, EXCHANGE_RATE, EXCHANGE_BURST, 1,
	    g->now.mono)) {
		drop_count(g, s, DROP_RATE);
		peers_idle(g, s, env->raw.n);
		peers_handled(g, s, env->raw.n);
		return;
	}
	memcpy(job.pubkey, s->pubkey, sizeof(job.pubkey));
	job_run(g, &job);
}

void
exchange_verified(struct gossip *g, struct session *s, const struct job *job,
    bool good)
{
	struct slice sender = job->env.sender_id;
	char hex[NODEID_HEX + 1];
	uint8_t key[16];
	struct merge m = { g, s };
	size_t total;

	nodeid_hex(&s->id, hex);
	if (!good || sender.n != NODEID_HEX ||
	    memcmp(sender.p, hex, NODEID_HEX) != 0) {
		drop_count(g, s, DROP_EXCHANGE);
		return;
	}
	seen_key(g, job->env.message_id, &s->id, key);
	if (!id_is_new(s, key)) {
		drop_count(g, s, DROP_DUPLICATE);
		return;
	}
	g->count.exchanges++;
	if (!exchange_read(&g->arena, job->env.payload.p, job->env.payload.n,
	    &total, merge_cb, &m))
		drop_count(g, s, DROP_EXCHANGE);
	else
		clock_check(g);
}

/* Of id and sender: nobody can take another's id away from it. */
static void
seen_key(const struct gossip *g, struct slice message_id,
    const struct nodeid *sender, uint8_t out[16])
{
	uint8_t buf[NODEID_LEN + ENVELOPE_ID_MAX];
	size_t n = message_id.n < ENVELOPE_ID_MAX ? message_id.n :
	    ENVELOPE_ID_MAX;

	memcpy(buf, sender->b, NODEID_LEN);
	if (n > 0)
		memcpy(buf + NODEID_LEN, message_id.p, n);
	crypto_shorthash_siphashx24(out, buf, NODEID_LEN + n, g->id_key);
}

static bool
id_is_new(struct session *s, const uint8_t key[16])
{
	size_t i;

	for (i = 0; i < EXCHANGE_IDS && i < s->exchange_next; i++)
		if (memcmp(s->exchange_ids[i], key, 16) == 0)
			return false;
	memcpy(s->exchange_ids[s->exchange_next % EXCHANGE_IDS], key, 16);
	s->exchange_next++;
	return true;
}

static void
merge_cb(const struct peer_msg *m, void *arg)
{
	const struct merge *merge = arg;
	struct gossip *g = merge->g;
	struct book_peer p = { .reachable = true, .has_key = true };
	char hex[NODEID_HEX + 1];

	if (!m->reachable || m->pubkey.n != sizeof(p.pubkey) ||
	    !addr_shareable((const char *)m->addr.p, m->addr.n))
		return;
	nodeid_from_pubkey(&p.id, m->pubkey.p);
	nodeid_hex(&p.id, hex);
	if (m->node_id.n != NODEID_HEX ||
	    memcmp(m->node_id.p, hex, NODEID_HEX) != 0) {
		g->count.exchange_mismatched++;
		return;
	}
	if (nodeid_equal(&p.id, &g->id))
		return;
	/* Its own entry says what time it is there (wire-v1 5.4). */
	if (nodeid_equal(&p.id, &merge->s->id) && m->last_seen < INT64_MAX) {
		merge->s->clock_known = true;
		merge->s->clock_s = (int64_t)m->last_seen -
		    (int64_t)(g->now.wall / 1000);
	}
	memcpy(&p.teller, merge->s->id.b, sizeof(p.teller));
	memcpy(p.pubkey, m->pubkey.p, sizeof(p.pubkey));
	memcpy(p.addr, m->addr.p, m->addr.n);
	p.last_seen = last_seen_clamp(m->last_seen, g->now.wall / 1000);
	book_hearsay(g, &p);
}

static int
by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

size_t
clock_compare(const struct gossip *g, int64_t *ahead_s)
{
	const struct session *s;
	int64_t v[PEERS_MAX];
	size_t n = 0;

	TAILQ_FOREACH(s, &g->ready, ready_entry)
		if (s->primary && s->clock_known && n < PEERS_MAX)
			v[n++] = s->clock_s;
	if (n == 0)
		return 0;
	qsort(v, n, sizeof(v[0]), by_size);
	*ahead_s = v[n / 2];
	return n;
}

/* Said once, and again only after it was right in between. */
static void
clock_check(struct gossip *g)
{
	char text[64];
	int64_t ahead;
	bool off;
	size_t n;

	if ((n = clock_compare(g, &ahead)) == 0)
		return;
	off = ahead > CLOCK_OFF_S || ahead < -CLOCK_OFF_S;
	if (off && !g->clock_off) {
		snprintf(text, sizeof(text), "%llu s %s", (unsigned long long)
		    (ahead < 0 ? -ahead : ahead), ahead > 0 ? "behind" :
		    "ahead");
		gossip_log(g, EV_CLOCK_OFF, 1, LF_STR("text", text),
		    LF_NUM("neighbours", n));
	}
	g->clock_off = off;
}

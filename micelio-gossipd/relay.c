/* SPDX-License-Identifier: MIT */
/*
 * Who gets a message.  v1 relays to three peers by chance and loses messages
 * by design (8, W19); ours go to all nodes of our kind and, while peers are
 * few, to all others, never back to where they came from nor to their author
 * (W34).
 */
#include <sodium.h>
#include <string.h>

#include "gossip.h"

static size_t	send_to(struct gossip *, struct session **, size_t,
		    const void *, size_t);

/* Of id and sender: nobody can take another's id away from it. */
void
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

/* Candidates come first in list, the others are gone. */
static size_t
candidates(struct gossip *g, const struct nodeid *not_from,
    const struct nodeid *not_author, struct session **list)
{
	struct session *s;
	size_t n = 0;

	TAILQ_FOREACH(s, &g->ready, ready_entry) {
		if (not_from != NULL && nodeid_equal(&s->id, not_from))
			continue;
		if (not_author != NULL && nodeid_equal(&s->id, not_author))
			continue;
		if (n < SESSIONS_MAX)
			list[n++] = s;
	}
	return n;
}

/* Nodes of our kind come first; how many they are. */
static size_t
kin_first(struct session **list, size_t n)
{
	struct session *t;
	size_t i, kin = 0;

	for (i = 0; i < n; i++)
		if (list[i]->capable) {
			t = list[kin];
			list[kin++] = list[i];
			list[i] = t;
		}
	return kin;
}

/* The first want of list are a fair choice of all n. */
static void
choose(struct gossip *g, struct session **list, size_t n, size_t want)
{
	struct session *t;
	size_t i, j;

	for (i = 0; i < want; i++) {
		j = i + gossip_random(g, (uint32_t)(n - i));
		t = list[i];
		list[i] = list[j];
		list[j] = t;
	}
}

void
relay_send(struct gossip *g, const struct session *from,
    const struct nodeid *author, const struct envelope *env)
{
	struct session *list[SESSIONS_MAX];
	uint32_t hops = env->hop_count;
	size_t n, sent, kin, want;

	n = candidates(g, from != NULL ? &from->id : NULL, author, list);
	if (n == 0)
		return;
	if (n > RELAY_ALL_MAX) {
		kin = kin_first(list, n);
		want = n - kin < RELAY_V1_MIN ? n - kin : RELAY_V1_MIN;
		if (kin + want < RELAY_ALL_MAX)
			want = RELAY_ALL_MAX - kin;
		choose(g, list + kin, n - kin, want);
		n = kin + want;
	}
	if (hops > ENVELOPE_HOPS)
		hops = ENVELOPE_HOPS;
	wbuf_reset(&g->scratch);
	envelope_write_relay(&g->scratch, env, hops - 1);
	sent = send_to(g, list, n, g->scratch.p, g->scratch.len);
	g->count.forwarded += sent;
	g->count.dropped += n - sent;
}

size_t
relay_broadcast(struct gossip *g, const void *frame, size_t len)
{
	struct session *list[SESSIONS_MAX];
	size_t n, sent;

	n = candidates(g, NULL, NULL, list);
	sent = send_to(g, list, n, frame, len);
	g->count.broadcast += sent;
	g->count.dropped += n - sent;
	if (sent < n)
		gossip_log(g, EV_BROADCAST_PARTIAL, 1, LF_NUM("sent", sent),
		    LF_NUM("total", n));
	return sent;
}

/* One message to the driver for all that have credit. */
static size_t
send_to(struct gossip *g, struct session **list, size_t n, const void *frame,
    size_t len)
{
	uint32_t sids[SESSIONS_MAX];
	size_t i, sent = 0;

	for (i = 0; i < n; i++)
		if (peers_charge(list[i], len))
			sids[sent++] = list[i]->sid;
	if (sent > 0)
		g->ops->send(g->arg, sids, sent, frame, len);
	return sent;
}

/* SPDX-License-Identifier: MIT */
/*
 * A v1 node as the network sees it (wire-v1 4): everybody is told by the
 * author, three by each relay, and nothing is repaired.  Light: no core.
 */
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/nodeid.h"
#include "common/ratelimit.h"
#include "micelio-gossipd/envelope_out.h"
#include "proto/envelope.h"
#include "proto/message.h"
#include "sim.h"

#define FANOUT		3u
#define QUEUE_MAX	64u	/* frames of one peer, then the newest go */
#define RATE		10u
#define BURST		20u
/* Copies that come while the first is still checked take a token too. */
#define RACE_US		200u
#define SEEN_FIRST	64u

struct heard {
	uint64_t	 key;		/* 0: empty */
	uint64_t	 at;		/* us; of a sender: his bucket */
	struct bucket	 bucket;
};

struct known {
	struct heard	*v;
	size_t		 n, cap;
};

struct v1 {
	struct known	 seen, senders;
};

void
v1_start(struct world *w, struct node *n)
{
	(void)w;
	n->v1 = xcalloc(1, sizeof(*n->v1));
}

void
v1_free(struct node *n)
{
	if (n->v1 == NULL)
		return;
	free(n->v1->seen.v);
	free(n->v1->senders.v);
	free(n->v1);
	n->v1 = NULL;
}

static struct heard *
table_at(const struct known *t, uint64_t key)
{
	size_t i = key & (t->cap - 1);

	while (t->v[i].key != 0 && t->v[i].key != key)
		i = (i + 1) & (t->cap - 1);
	return &t->v[i];
}

static struct heard *
table_get(struct known *t, uint64_t key)
{
	struct known old = *t;
	size_t i;

	if (t->n * 2 >= t->cap) {
		t->cap = t->cap > 0 ? t->cap * 2 : SEEN_FIRST;
		t->v = xcalloc(t->cap, sizeof(*t->v));
		for (i = 0; i < old.cap; i++)
			if (old.v[i].key != 0)
				*table_at(t, old.v[i].key) = old.v[i];
		free(old.v);
	}
	return table_at(t, key);
}

static void
table_take(struct known *t, struct heard *h, uint64_t key)
{
	h->key = key;
	t->n++;
}

static bool
can_send(const struct world *w, const struct end *e)
{
	const struct conn *c = conn_get(w, e->number);

	return e->up && e->ready && !e->closing &&
	    c->pipe[e->number & 1].queued < QUEUE_MAX;
}

static void
say(struct world *w, struct node *n, struct end *e, uint32_t type)
{
	char hex[NODEID_HEX + 1], id[UUID_LEN + 1];
	struct hello_msg h = { .pubkey = { n->pub, sizeof(n->pub) } };
	struct frame *f;

	nodeid_hex(&n->id, hex);
	h.node_id = (struct slice){ (const uint8_t *)hex, NODEID_HEX };
	h.version = (struct slice){ (const uint8_t *)HELLO_VERSION,
		sizeof(HELLO_VERSION) - 1 };
	wbuf_reset(&w->payload);
	hello_write(&w->payload, &h);
	craft_uuid(&n->choice, id);
	f = craft(w, n, id, type, 1, w->payload.p, w->payload.len);
	pipe_send(w, e, f);
	frame_unref(f);
}

/* Two of them need no hello to know each other. */
void
v1_up(struct world *w, struct node *n, struct end *e)
{
	if (w->node[end_other(w, e)->node].persona == IS_V1)
		node_ready(w, e);
	else if ((e->number & 1) == 0)
		say(w, n, e, MSG_HELLO);
}

static void
relay(struct world *w, struct node *n, const struct end *from,
    const struct envelope *env)
{
	struct end *e, *list[UINT8_MAX];
	struct frame *f = NULL;
	size_t m = 0, i, j;

	TAILQ_FOREACH(e, &n->ends, entry)
		if (e != from && e->up && e->ready && !e->closing &&
		    m < UINT8_MAX)
			list[m++] = e;
	wbuf_reset(&w->buf);
	envelope_write_relay(&w->buf, env, env->hop_count - 1);
	for (i = 0; i < FANOUT && i < m; i++) {
		j = i + rng_below(&n->choice, m - i);
		e = list[j];
		list[j] = list[i];
		if (!can_send(w, e))
			continue;
		if (f == NULL)
			f = frame_new(w, w->buf.p, w->buf.len);
		pipe_send(w, e, f);
	}
	if (f != NULL)
		frame_unref(f);
}

static bool
genuine(struct world *w, const struct envelope *env)
{
	struct nodeid id, sender;

	if (env->sender_pubkey.n != 32 || env->signature.n != 64 ||
	    !nodeid_parse(&sender, (const char *)env->sender_id.p,
	    env->sender_id.n))
		return false;
	nodeid_from_pubkey(&id, env->sender_pubkey.p);
	if (!nodeid_equal(&id, &sender))
		return false;
	wbuf_reset(&w->buf);
	envelope_write_signed(&w->buf, env);
	return sign_check(w, env->sender_pubkey.p, env->signature.p,
	    w->buf.p, w->buf.len);
}

static bool
allowed(struct world *w, struct node *n, uint64_t sender)
{
	struct heard *h = table_get(&n->v1->senders, sender);

	if (h->key == 0) {
		table_take(&n->v1->senders, h, sender);
		bucket_init(&h->bucket, BURST, w->now / US_PER_MS);
	}
	return bucket_take(&h->bucket, RATE, BURST, 1, w->now / US_PER_MS);
}

static void
gossip(struct world *w, struct node *n, struct end *from,
    const struct envelope *env)
{
	uint64_t key = hash64(3, env->message_id.p, env->message_id.n) | 1;
	uint64_t sender = hash64(4, env->sender_id.p, env->sender_id.n) | 1;
	struct chat_msg c;
	struct heard *h;

	if (env->message_id.n == 0 || env->sender_id.n == 0 ||
	    env->message_id.n > ENVELOPE_ID_MAX ||
	    env->sender_id.n > ENVELOPE_ID_MAX ||
	    env->payload.n > ENVELOPE_PAYLOAD_MAX)
		return;
	h = table_get(&n->v1->seen, key);
	if (h->key != 0) {
		if (w->now - h->at < RACE_US)
			(void)allowed(w, n, sender);
		return;
	}
	if (!genuine(w, env))
		return;
	if (!allowed(w, n, sender)) {
		w->total.muted++;
		return;
	}
	table_take(&n->v1->seen, h, key);
	h->at = w->now;
	if (env->msg_type == MSG_CHAT) {
		arena_reset(&w->arena);
		if (chat_read(&c, &w->arena, env->payload.p, env->payload.n))
			track_delivered(w, n, env->message_id, c.text);
	}
	if (env->hop_count > 1)
		relay(w, n, from, env);
}

void
v1_frame(struct world *w, struct node *n, struct end *e,
    const struct frame *f)
{
	struct envelope env;

	if (!e->up || !envelope_read(&env, f->data, f->len))
		return;
	switch (env.msg_type) {
	case MSG_HELLO:
		if (!e->ready)
			say(w, n, e, MSG_HELLO_ACK);
		node_ready(w, e);
		break;
	case MSG_HELLO_ACK:
		node_ready(w, e);
		break;
	case MSG_PEER_EXCHANGE:
	case MSG_KEEPALIVE:
		break;
	default:
		gossip(w, n, e, &env);
	}
}

void
v1_publish(struct world *w, struct node *n, uint32_t msg)
{
	char id[UUID_LEN + 1];
	struct heard *h;
	struct frame *f;
	struct end *e;
	const char *text;
	uint64_t key;
	size_t len;

	text = track_text(w, msg, &len);
	craft_chat(w, n, text, len);
	craft_uuid(&n->choice, id);
	track_name(w, msg, id, UUID_LEN);
	key = hash64(3, id, UUID_LEN) | 1;
	h = table_get(&n->v1->seen, key);
	table_take(&n->v1->seen, h, key);
	h->at = w->now;
	f = craft(w, n, id, MSG_CHAT, ENVELOPE_HOPS, w->payload.p,
	    w->payload.len);
	TAILQ_FOREACH(e, &n->ends, entry)
		if (can_send(w, e))
			pipe_send(w, e, f);
	frame_unref(f);
}

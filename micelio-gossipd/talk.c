/* SPDX-License-Identifier: MIT */
/*
 * Talk beside the one room of v1: rooms, and what is for one node alone.
 * The latter is sealed here to that node's key; what comes sealed for us is
 * opened with a key that the parent makes.
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "book.h"
#include "common/cursor.h"
#include "common/imsg_types.h"
#include "common/log.h"
#include "common/nodeid.h"
#include "common/text.h"
#include "core.h"
#include "envelope_out.h"
#include "gossip.h"
#include "gtime.h"
#include "jobs.h"
#include "keyring.h"
#include "montgomery.h"
#include "pacer.h"
#include "proto/arena.h"
#include "proto/envelope.h"
#include "proto/m2.h"
#include "proto/talk.h"
#include "seal.h"
#include "talk.h"

#define TALK_FUTURE_S	(9u * 60)
#define TALK_PAST_S	(50u * 60)

static void
result(struct gossip *g, uint32_t req, enum chat_status status,
    uint64_t retry_ms)
{
	if (req != 0)
		g->ops->chat_result(g->arg, req, status, 0,
		    (uint16_t)g->npeers, (uint32_t)retry_ms);
}

/* Receipts, and who is here, wait for every line of people here. */
static void
send_paced(struct gossip *g, enum pace_class class, uint32_t req,
    uint32_t msg_type)
{
	uint64_t wait;

	if (g->npeers == 0)
		result(g, req, CHAT_NO_PEERS, 0);
	else if (pacer_pass(&g->pacer, class, g->now.mono)) {
		if (!envelope_sign(g, SIGN_CHAT, req, req != 0, msg_type,
		    g->payload.p, g->payload.len))
			result(g, req, CHAT_REFUSED, 1000);
	} else if (pacer_push_type(&g->pacer, class, msg_type, g->payload.p,
	    g->payload.len, g->now.mono, &wait))
		result(g, req, CHAT_SLOWED, wait);
	else
		result(g, req, CHAT_REFUSED, wait);
}

static bool
texts_good(struct slice nick, struct slice text)
{
	return nick.n <= CHAT_NICK_MAX && text.n <= CHAT_TEXT_MAX &&
	    utf8_valid(nick.p, nick.n) && utf8_valid(text.p, text.n);
}

void
gossip_room_say(struct gossip *g, struct gtime now, uint32_t req,
    const struct room_msg *said)
{
	struct room_msg m = *said;

	g->now = now;
	if (!texts_good(m.nick, m.text) || (m.room.n > 0 &&
	    !room_name_valid(m.room.p, m.room.n))) {
		result(g, req, CHAT_BAD, 0);
		return;
	}
	m.timestamp = now.wall / 1000;
	wbuf_reset(&g->payload);
	room_msg_write(&g->payload, &m);
	send_paced(g, m.room.n == 0 ? PACE_OTHER : PACE_CHAT,
	    req, MSG_ROOM);
}

/* The key of a node that is linked, was heard, or is told of. */
static const uint8_t *
key_of(struct gossip *g, const struct nodeid *id)
{
	const uint8_t *key = keyring_get(&g->keyring, id, NULL);
	const struct book_peer *b;

	if (key == NULL && (b = book_get(g, id)) != NULL && b->has_key)
		key = b->pubkey;
	return key;
}

static bool
seal(struct gossip *g, const struct nodeid *to, const struct private_msg *m)
{
	struct seal_ends e = { .author = g->id, .recipient = *to };
	uint8_t secret[32], ephemeral[32];
	const uint8_t *key = key_of(g, to);
	struct sealed_msg s = { .to = { to->b, NODEID_LEN },
		.ephemeral = { ephemeral, sizeof(ephemeral) } };
	struct wbuf plain, box;
	bool good;

	if (key == NULL || !montgomery_from_edwards(key, 32,
	    e.recipient_key))
		return false;
	wbuf_init(&plain, CHAT_TEXT_MAX + SEALED_BESIDE_MAX);
	wbuf_init(&box, CHAT_TEXT_MAX + SEALED_BESIDE_MAX + SEALED_MAC);
	private_write(&plain, m);
	g->ops->random(g->arg, secret, sizeof(secret));
	good = seal_make(&e, secret, ephemeral, plain.p, plain.len, &box);
	sodium_memzero(secret, sizeof(secret));
	s.box = (struct slice){ box.p, box.len };
	wbuf_reset(&g->payload);
	if (good)
		sealed_write(&g->payload, &s);
	wbuf_free(&box);
	wbuf_free(&plain);
	return good;
}

void
gossip_private_say(struct gossip *g, struct gtime now, uint32_t req,
    const struct nodeid *to, const struct private_msg *said)
{
	struct private_msg m = *said;

	g->now = now;
	if (!texts_good(m.nick, m.text) || m.to.n > CHAT_NICK_MAX * 4 ||
	    !utf8_valid(m.to.p, m.to.n)) {
		result(g, req, CHAT_BAD, 0);
		return;
	}
	m.timestamp = now.wall / 1000;
	if (!seal(g, to, &m)) {
		result(g, req, CHAT_UNKNOWN, 0);
		return;
	}
	send_paced(g, m.kind == PRIVATE_RECEIPT ? PACE_OTHER : PACE_CHAT,
	    req, MSG_SEALED);
}

/*
 * What comes.
 */

static void
sealed_in(struct gossip *g, const struct job *job)
{
	struct sealed_msg s;
	struct opening *o;

	arena_reset(&g->arena);
	if (!sealed_read(&s, &g->arena, job->env.payload.p,
	    job->env.payload.n)) {
		g->count.talk_bad++;
		return;
	}
	if (memcmp(s.to.p, g->id.b, NODEID_LEN) != 0)
		return;		/* on its way to another */
	if (g->nopenings >= OPENINGS_MAX) {
		g->count.talk_lost++;
		return;
	}
	o = xcalloc(1, sizeof(*o) + s.box.n);
	o->req = ++g->last_req;
	o->author = job->sender;
	o->len = s.box.n;
	memcpy(o->box, s.box.p, s.box.n);
	TAILQ_INSERT_TAIL(&g->openings, o, entry);
	g->nopenings++;
	g->ops->open(g->arg, o->req, &o->author, s.ephemeral.p);
}

static void
opening_free(struct gossip *g, struct opening *o)
{
	TAILQ_REMOVE(&g->openings, o, entry);
	g->nopenings--;
	free(o);
}

void
gossip_opened(struct gossip *g, struct gtime now, uint32_t req,
    enum key_status status, const uint8_t key[32])
{
	struct private_msg m;
	struct opening *o;
	struct wbuf text;

	g->now = now;
	TAILQ_FOREACH(o, &g->openings, entry)
		if (o->req == req)
			break;
	if (o == NULL)
		return;
	wbuf_init(&text, o->len + 1);
	arena_reset(&g->arena);
	if (status == KEY_SLOWED)
		g->count.talk_lost++;
	else if (status != KEY_OK ||
	    !seal_open(key, o->box, o->len, &text) ||
	    !private_read(&m, &g->arena, text.p, text.len))
		g->count.talk_bad++;
	else
		g->ops->private_in(g->arg, &o->author, &m);
	wbuf_free(&text);
	opening_free(g, o);
}

static bool
fresh(const struct gossip *g, uint64_t unix_s)
{
	uint64_t now = g->now.wall / 1000;

	return g->now.wall < CLOCK_SET_MS || (unix_s <= now + TALK_FUTURE_S &&
	    unix_s + TALK_PAST_S >= now);
}

void
talk_in(struct gossip *g, const struct job *job)
{
	struct room_msg m;

	if (job->env.msg_type == MSG_SEALED && g->ops->open != NULL) {
		sealed_in(g, job);
		return;
	}
	if (job->env.msg_type != MSG_ROOM || g->ops->room_in == NULL)
		return;
	arena_reset(&g->arena);
	if (room_msg_read(&m, &g->arena, job->env.payload.p,
	    job->env.payload.n) && fresh(g, m.timestamp))
		g->ops->room_in(g->arg, &job->sender, &m);
	else
		g->count.talk_bad++;
}

void
talk_free(struct gossip *g)
{
	while (!TAILQ_EMPTY(&g->openings))
		opening_free(g, TAILQ_FIRST(&g->openings));
}

/* SPDX-License-Identifier: MIT */
/*
 * Lines of people, out and in.  What goes out is held to a rate that every
 * v1 receiver lets pass; whoever said it is told what became of it.
 */
#include <stdlib.h>
#include <string.h>

#include "chat.h"
#include "common/cursor.h"
#include "common/imsg_types.h"
#include "common/log.h"
#include "common/text.h"
#include "core.h"
#include "envelope_out.h"
#include "gossip.h"
#include "gtime.h"
#include "jobs.h"
#include "orders.h"
#include "pacer.h"
#include "pings.h"
#include "proto/envelope.h"
#include "proto/message.h"
#include "tree.h"

static void	result(struct gossip *, uint32_t req, enum chat_status,
		    size_t given, uint64_t retry_ms);
static void	lost(struct gossip *, const char *cause);

static bool
line_good(const struct chat_msg *c)
{
	return c->nick.n > 0 && c->nick.n <= CHAT_NICK_MAX &&
	    c->text.n > 0 && c->text.n <= CHAT_TEXT_MAX &&
	    utf8_valid(c->nick.p, c->nick.n) &&
	    utf8_valid(c->text.p, c->text.n);
}

void
gossip_chat_say(struct gossip *g, struct gtime now, uint32_t req,
    const struct chat_msg *said)
{
	struct chat_msg c = *said;
	uint64_t wait;

	g->now = now;
	if (!line_good(&c)) {
		result(g, req, CHAT_BAD, 0, 0);
		return;
	}
	if (g->npeers == 0) {
		result(g, req, CHAT_NO_PEERS, 0, 0);
		return;
	}
	c.timestamp = now.wall / 1000;
	c.parent.p = (const uint8_t *)g->last_chat;
	c.parent.n = strlen(g->last_chat);
	wbuf_reset(&g->payload);
	chat_write(&g->payload, &c);
	if (pacer_pass(&g->pacer, PACE_CHAT, now.mono)) {
		if (!envelope_sign(g, SIGN_CHAT, req, true, MSG_CHAT,
		    g->payload.p, g->payload.len))
			result(g, req, CHAT_REFUSED, 0, 1000);
	} else if (pacer_push(&g->pacer, PACE_CHAT, g->payload.p,
	    g->payload.len, now.mono, &wait))
		result(g, req, CHAT_SLOWED, 0, wait);
	else
		result(g, req, CHAT_REFUSED, 0, wait);
}

void
chat_signed(struct gossip *g, const struct signing *sg,
    enum key_status status, const void *frame, size_t len)
{
	size_t sent;

	if (status != KEY_OK) {
		if (sg->tell)
			result(g, sg->ref, CHAT_FAILED, 0, 0);
		else
			lost(g, "no-signature");
		return;
	}
	/* Own messages that come back are told by their author. */
	sent = tree_broadcast(g, frame, len);
	if (sg->tell)
		result(g, sg->ref, g->npeers > 0 ? CHAT_SENT : CHAT_NO_PEERS,
		    sent, 0);
	else if (sent == 0)
		lost(g, "no-peer");
}

/* Lines whose turn has come; those that waited too long for a peer go. */
void
chat_tick(struct gossip *g)
{
	struct paced *i;

	while ((i = pacer_expired(&g->pacer, g->now.mono)) != NULL) {
		lost(g, "no-peer");
		free(i);
	}
	while (g->npeers > 0 &&
	    (i = pacer_pop(&g->pacer, g->now.mono)) != NULL) {
		if (!envelope_sign(g, SIGN_CHAT, 0, false, i->type, i->data,
		    i->len))
			lost(g, "key-service-busy");
		free(i);
	}
}

void
chat_in(struct gossip *g, const struct job *job, const struct chat_msg *c)
{
	const struct slice *mid = &job->env.message_id;

	/* Of another form it is no id of a node we would answer to. */
	if (mid->n == UUID_LEN && memchr(mid->p, '\0', mid->n) == NULL)
		memcpy(g->last_chat, mid->p, UUID_LEN);
	g->ops->chat_in(g->arg, &job->sender, *mid, c);
}

void
gossip_hub_gone(struct gossip *g)
{
	struct signing *sg;

	TAILQ_FOREACH(sg, &g->signings, entry)
		sg->tell = false;
	orders_forget(g);
	pings_forget(g);
}

static void
result(struct gossip *g, uint32_t req, enum chat_status status, size_t given,
    uint64_t retry_ms)
{
	/* Two links to one node while dials cross count as one. */
	if (given > g->npeers)
		given = g->npeers;
	if (retry_ms > UINT32_MAX)
		retry_ms = UINT32_MAX;
	g->ops->chat_result(g->arg, req, status, (uint16_t)given,
	    (uint16_t)g->npeers, (uint32_t)retry_ms);
}

static void
lost(struct gossip *g, const char *cause)
{
	g->count.chat_lost++;
	gossip_log(g, EV_CHAT_LOST, 1, LF_STR("cause", cause));
}

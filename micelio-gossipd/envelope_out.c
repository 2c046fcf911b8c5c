/* SPDX-License-Identifier: MIT */
/*
 * What this node says itself: ids, signatures (by the parent), envelopes.
 */
#include <stdlib.h>
#include <string.h>

#include "chat.h"
#include "common/cursor.h"
#include "common/imsg_types.h"
#include "common/log.h"
#include "common/nodeid.h"
#include "core.h"
#include "envelope_out.h"
#include "exchange_out.h"
#include "gossip.h"
#include "gtime.h"
#include "hello.h"
#include "maplink.h"
#include "proto/envelope.h"
#include "record.h"
#include "suspect.h"

static void	signing_free(struct gossip *, struct signing *);

/* RFC 4122, version 4, lower case. */
static void
uuid_make(struct gossip *g, char out[UUID_LEN + 1])
{
	char hex[33];
	uint8_t b[16];

	g->ops->random(g->arg, b, sizeof(b));
	b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
	b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
	hex_encode(b, sizeof(b), hex);
	memcpy(out, hex, 8);
	out[8] = '-';
	memcpy(out + 9, hex + 8, 4);
	out[13] = '-';
	memcpy(out + 14, hex + 12, 4);
	out[18] = '-';
	memcpy(out + 19, hex + 16, 4);
	out[23] = '-';
	memcpy(out + 24, hex + 20, 12);
	out[UUID_LEN] = '\0';
}

uint64_t
hlc_next(struct gossip *g)
{
	uint64_t now = g->now.wall;

	if (now < CLOCK_SET_MS || now >= UINT64_C(1) << 48)
		return 0;
	g->hlc = now << 16 > g->hlc ? now << 16 : g->hlc + 1;
	return g->hlc;
}

/* Said to all, and relayed. */
static bool
is_gossip(enum sign_use use)
{
	return use == SIGN_CHAT || use == SIGN_DELTA || use == SIGN_SUSPECT;
}

bool
envelope_sign(struct gossip *g, enum sign_use use, uint32_t ref, bool tell,
    uint32_t msg_type, const void *payload, size_t len)
{
	struct signing *sg;

	if (g->nsignings >= SIGNINGS_MAX)
		return false;
	sg = xcalloc(1, sizeof(*sg) + len);
	sg->req = ++g->last_req;
	sg->use = use;
	sg->ref = ref;
	sg->tell = tell;
	sg->msg_type = msg_type;
	sg->hop_count = is_gossip(use) ? ENVELOPE_HOPS : 1;
	/* Hellos and exchanges stay as v1 has them. */
	sg->lamport_ts = is_gossip(use) ? hlc_next(g) : 0;
	sg->len = len;
	if (len > 0)
		memcpy(sg->payload, payload, len);
	uuid_make(g, sg->message_id);
	TAILQ_INSERT_TAIL(&g->signings, sg, entry);
	g->nsignings++;
	g->ops->sign(g->arg, sg->req, sg->message_id, sg->lamport_ts,
	    msg_type, sg->payload, len);
	return true;
}

uint32_t
signing_begin(struct gossip *g, enum sign_use use)
{
	struct signing *sg;

	if (g->nsignings >= SIGNINGS_MAX)
		return 0;
	sg = xcalloc(1, sizeof(*sg));
	if ((sg->req = ++g->last_req) == 0)
		sg->req = ++g->last_req;
	sg->use = use;
	TAILQ_INSERT_TAIL(&g->signings, sg, entry);
	g->nsignings++;
	return sg->req;
}

void
gossip_signed(struct gossip *g, struct gtime now, uint32_t req,
    enum key_status status, const uint8_t sig[64])
{
	struct envelope e = { .msg_type = 0 };
	struct signing *sg;

	g->now = now;
	TAILQ_FOREACH(sg, &g->signings, entry)
		if (sg->req == req)
			break;
	if (sg == NULL)
		return;
	if (sg->use == SIGN_RECORD) {
		record_signed(g, sg, status, sig);
		signing_free(g, sg);
		return;
	}
	e.message_id.p = (const uint8_t *)sg->message_id;
	e.message_id.n = UUID_LEN;
	e.sender_id.p = (const uint8_t *)g->id_hex;
	e.sender_id.n = NODEID_HEX;
	e.lamport_ts = sg->lamport_ts;
	e.hop_count = sg->hop_count;
	e.msg_type = sg->msg_type;
	e.payload = (struct slice){ sg->payload, sg->len };
	e.signature = (struct slice){ sig, 64 };
	if (is_gossip(sg->use))
		e.sender_pubkey = (struct slice){ g->pubkey, 32 };
	wbuf_reset(&g->scratch);
	envelope_write(&g->scratch, &e);
	if (sg->use == SIGN_CHAT)
		chat_signed(g, sg, status, g->scratch.p, g->scratch.len);
	else if (sg->use == SIGN_EXCHANGE)
		exchange_signed(g, sg, status, g->scratch.p,
		    g->scratch.len);
	else if (sg->use == SIGN_SUSPECT)
		suspect_signed(g, sg, status, g->scratch.p, g->scratch.len);
	else if (sg->use == SIGN_DELTA)
		maplink_signed(g, status, g->scratch.p, g->scratch.len);
	else
		hello_signed(g, sg, status, g->scratch.p, g->scratch.len);
	signing_free(g, sg);
}

void
signings_free(struct gossip *g)
{
	while (!TAILQ_EMPTY(&g->signings))
		signing_free(g, TAILQ_FIRST(&g->signings));
}

static void
signing_free(struct gossip *g, struct signing *sg)
{
	TAILQ_REMOVE(&g->signings, sg, entry);
	g->nsignings--;
	free(sg);
}

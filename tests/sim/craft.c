/* SPDX-License-Identifier: MIT */
/* Envelopes made without a core: by v1 nodes and by hostile ones. */
#include <string.h>

#include "common/nodeid.h"
#include "micelio-gossipd/envelope_out.h"
#include "proto/envelope.h"
#include "proto/message.h"
#include "sim.h"

#define PAD_TAG		0x7a	/* field 15, bytes */
#define PAD_HEAD	3u	/* with a length of two bytes */

void
craft_uuid(struct rng *r, char out[UUID_LEN + 1])
{
	uint8_t b[UUID_LEN / 2];

	rng_fill(r, b, sizeof(b));
	b[7] = (uint8_t)((b[7] & 0x0f) | 0x40);
	hex_encode(b, sizeof(b), out);
	out[8] = out[13] = out[18] = out[23] = '-';
}

/* A signed message of that node under that id. */
struct frame *
craft(struct world *w, const struct node *n, const char *id, uint32_t type,
    uint32_t hops, const void *payload, size_t len)
{
	struct envelope env = { .msg_type = type, .hop_count = hops };
	char hex[NODEID_HEX + 1];
	uint8_t sig[64];

	nodeid_hex(&n->id, hex);
	env.message_id = (struct slice){ (const uint8_t *)id, UUID_LEN };
	env.sender_id = (struct slice){ (const uint8_t *)hex, NODEID_HEX };
	env.payload = (struct slice){ payload, len };
	if (type != MSG_HELLO && type != MSG_HELLO_ACK)
		env.sender_pubkey = (struct slice){ n->pub, sizeof(n->pub) };
	wbuf_reset(&w->buf);
	envelope_write_signed(&w->buf, &env);
	sign_bytes(w, n, w->buf.p, w->buf.len, sig);
	env.signature = (struct slice){ sig, sizeof(sig) };
	wbuf_reset(&w->buf);
	envelope_write(&w->buf, &env);
	return frame_new(w, w->buf.p, w->buf.len);
}

/* The payload of a line of people. */
void
craft_chat(struct world *w, const struct node *n, const char *text,
    size_t len)
{
	struct chat_msg c = { .timestamp = node_now(w, n).wall / 1000 };

	c.nick = (struct slice){ (const uint8_t *)"sim", 3 };
	c.text = (struct slice){ (const uint8_t *)text, len };
	wbuf_reset(&w->payload);
	chat_write(&w->payload, &c);
}

struct frame *
craft_large(struct world *w, struct node *n, uint32_t msg)
{
	char id[UUID_LEN + 1];
	const char *text;
	size_t len, pad;

	text = track_text(w, msg, &len);
	craft_chat(w, n, text, len);
	pad = w->msg[msg].size > w->payload.len + PAD_HEAD ?
	    w->msg[msg].size - w->payload.len - PAD_HEAD : 0;
	wbuf_u8(&w->payload, PAD_TAG);
	wbuf_u8(&w->payload, (uint8_t)(pad | 0x80));
	wbuf_u8(&w->payload, (uint8_t)(pad >> 7));
	for (; pad > 0; pad--)
		wbuf_u8(&w->payload, 0);
	craft_uuid(&n->choice, id);
	track_name(w, msg, id, UUID_LEN);
	return craft(w, n, id, MSG_CHAT, ENVELOPE_HOPS, w->payload.p,
	    w->payload.len);
}

void
craft_send(struct world *w, struct node *n, struct frame *f)
{
	struct end *e;

	TAILQ_FOREACH(e, &n->ends, entry)
		if (e->up && e->ready && !e->closing)
			pipe_send(w, e, f);
	frame_unref(f);
}

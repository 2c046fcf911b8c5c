/* SPDX-License-Identifier: MIT */
/* What a core asks for, done in the world. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/imsg_types.h"
#include "common/log.h"
#include "common/nodeid.h"
#include "micelio-gossipd/book.h"
#include "micelio-gossipd/envelope_out.h"
#include "micelio-gossipd/record.h"
#include "proto/envelope.h"
#include "proto/m2.h"
#include "proto/message.h"
#include "sim.h"

#define VERDICT_US	(2 * US_PER_MS)	/* a busy worker, at most */

static void
send_cb(void *arg, const uint32_t *sids, size_t n, const void *p, size_t len)
{
	struct node *node = arg;
	struct world *w = node->world;
	struct frame *f = frame_new(w, p, len);
	struct end *e;
	size_t i;

	for (i = 0; i < n; i++)
		if ((e = end_get(w, sids[i] - 1)) != NULL &&
		    (node->byz == NULL || byz_passes(w, e, f)))
			pipe_send(w, e, f);
	frame_unref(f);
}

static void
ready_cb(void *arg, uint32_t sid)
{
	struct node *n = arg;
	struct end *e = end_get(n->world, sid - 1);

	if (e != NULL)
		node_ready(n->world, e);
}

static void
close_cb(void *arg, uint32_t sid, enum down_reason why)
{
	struct node *n = arg;
	struct end *e = end_get(n->world, sid - 1);

	n->world->total.closes[why]++;
	if (e != NULL)
		end_close(n->world, e, why);
}

static void
credit_cb(void *arg, uint32_t sid, uint32_t frames, uint32_t bytes)
{
	struct node *n = arg;
	struct end *e = end_get(n->world, sid - 1);

	if (e != NULL && e->open)
		pipe_handled(n->world, e, frames, bytes);
}

static void
dial_cb(void *arg, uint32_t number, const struct nodeid *expect,
    const char *hostport, uint8_t flags)
{
	struct node *n = arg;

	(void)flags;
	dial_start(n->world, n, number, expect, hostport);
}

static void
dial_cancel_cb(void *arg, uint32_t number)
{
	(void)arg;
	(void)number;
}

static enum verdict
verify_cb(void *arg, uint64_t job, const uint8_t *pub, const uint8_t *sig,
    const void *msg, size_t len)
{
	struct node *n = arg;
	struct world *w = n->world;
	bool good = sign_check(w, pub, sig, msg, len);
	struct verdict_due *d;

	if (!w->sc->late_verdicts)
		return good ? VERDICT_GOOD : VERDICT_BAD;
	d = xcalloc(1, sizeof(*d));
	d->job = job;
	d->good = good;
	d->life = n->life;
	d->from = n->from;
	if (n->verdict_at < w->now)
		n->verdict_at = w->now;
	n->verdict_at += rng_below(&n->choice, VERDICT_US);
	queue_add(&w->queue, n->verdict_at, DO_VERIFIED, n->i, 0, d);
	return VERDICT_PENDING;
}

/* What was said is known by its text, from here on by its id. */
static void
name_it(struct world *w, const char *message_id, const void *payload,
    size_t len)
{
	struct chat_msg c;
	uint32_t i = 0;
	size_t k;

	arena_reset(&w->arena);
	if (!chat_read(&c, &w->arena, payload, len) || c.text.n < 2 ||
	    c.text.p[0] != 'm')
		return;
	for (k = 1; k < c.text.n && c.text.p[k] >= '0' && c.text.p[k] <= '9';
	    k++)
		i = i * 10 + (uint32_t)(c.text.p[k] - '0');
	if (i < w->nmsg && !w->msg[i].named)
		track_name(w, i, message_id, UUID_LEN);
}

static void
sign_cb(void *arg, uint32_t req, const char *message_id, uint64_t lamport_ts,
    uint32_t msg_type, const void *payload, size_t len)
{
	struct node *n = arg;
	struct world *w = n->world;
	struct signing_due *s = xcalloc(1, sizeof(*s));
	char hex[NODEID_HEX + 1];
	struct envelope e = { .lamport_ts = lamport_ts,
		.msg_type = msg_type };

	nodeid_hex(&n->id, hex);
	e.message_id = (struct slice){ (const uint8_t *)message_id,
		UUID_LEN };
	e.sender_id = (struct slice){ (const uint8_t *)hex, NODEID_HEX };
	e.payload = (struct slice){ payload, len };
	wbuf_reset(&w->buf);
	envelope_write_signed(&w->buf, &e);
	s->req = req;
	sign_bytes(w, n, w->buf.p, w->buf.len, s->sig);
	STAILQ_INSERT_TAIL(&n->signs, s, entry);
	if (msg_type == MSG_CHAT)
		name_it(w, message_id, payload, len);
}

static void
sign_record_cb(void *arg, uint32_t req, const struct m2_record *r)
{
	struct node *n = arg;
	struct world *w = n->world;
	struct signing_due *s = xcalloc(1, sizeof(*s));

	wbuf_reset(&w->buf);
	record_signed_bytes(&w->buf, r);
	s->req = req;
	sign_bytes(w, n, w->buf.p, w->buf.len, s->sig);
	STAILQ_INSERT_TAIL(&n->signs, s, entry);
}

static void
chat_in_cb(void *arg, const struct nodeid *sender, struct slice message_id,
    const struct chat_msg *c)
{
	struct node *n = arg;

	(void)sender;
	track_delivered(n->world, n, message_id, c->text);
}

static void
chat_result_cb(void *arg, uint32_t req, enum chat_status status,
    uint16_t given, uint16_t connected, uint32_t retry_ms)
{
	struct node *n = arg;

	(void)given;
	(void)connected;
	(void)retry_ms;
	if (status != CHAT_SENT && status != CHAT_SLOWED &&
	    req - 1 < n->world->nmsg)
		track_refused(n->world, req - 1);
}

static void
peer_put_cb(void *arg, const struct book_peer *p)
{
	(void)arg;
	(void)p;
}

static void
peer_del_cb(void *arg, const struct nodeid *id)
{
	(void)arg;
	(void)id;
}

static void
event_cb(void *arg, enum log_ev ev, uint64_t limit,
    const struct log_field *fields)
{
	struct node *n = arg;

	(void)limit;
	n->world->total.log[ev]++;
	if (ev == EV_NODE_DOWN)
		suspects_said(n->world, n, fields[0].ptr);
	if (n->world->trace) {
		fprintf(stderr, "%8u.%06u node %u: ",
		    (unsigned int)(n->world->now / US_PER_S),
		    (unsigned int)(n->world->now % US_PER_S), n->i);
		log_event_fields(ev, fields);
	}
}

static void
link_done_cb(void *arg, uint32_t req, enum link_status status,
    enum down_reason why, const struct nodeid *id, uint64_t ms)
{
	(void)arg;
	(void)req;
	(void)status;
	(void)why;
	(void)id;
	(void)ms;
}

static void
random_cb(void *arg, void *buf, size_t len)
{
	struct node *n = arg;

	rng_fill(&n->rng, buf, len);
}

const struct gossip_ops node_ops = {
	.send = send_cb,
	.ready = ready_cb,
	.close = close_cb,
	.credit = credit_cb,
	.dial = dial_cb,
	.dial_cancel = dial_cancel_cb,
	.verify = verify_cb,
	.sign = sign_cb,
	.sign_record = sign_record_cb,
	.chat_in = chat_in_cb,
	.chat_result = chat_result_cb,
	.peer_put = peer_put_cb,
	.peer_del = peer_del_cb,
	.event = event_cb,
	.link_done = link_done_cb,
	.random = random_cb,
};

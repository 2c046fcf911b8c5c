/* SPDX-License-Identifier: MIT */
/*
 * What the core asks for, as messages to the neighbours.
 */
#include <sys/uio.h>

#include <stdlib.h>
#include <string.h>

#include "book.h"
#include "common/cursor.h"
#include "common/imsg.h"
#include "common/imsg_chan.h"
#include "common/imsg_types.h"
#include "common/log.h"
#include "common/mtime.h"
#include "common/nodeid.h"
#include "common/proc.h"
#include "gossip.h"
#include "gossipd.h"
#include "proto/envelope.h"
#include "proto/m2.h"
#include "proto/message.h"
#include "proto/talk.h"
#include "record.h"
#include "verify.h"

#define MULTI_MAX	1024u		/* sessions of one FRAME_MULTI */
#define HUB_QUEUE_MAX	(4u * 1024 * 1024)
#define EVENT_FIELDS	12

static void
send_cb(void *arg, const uint32_t *sids, size_t n, const void *frame,
    size_t len)
{
	struct gossipd *d = arg;
	union {
		const void	*in;
		void		*out;
	} u = { frame };
	struct iovec iov[2];
	uint16_t count;
	size_t part;

	for (; n > 0; sids += part, n -= part) {
		part = n < MULTI_MAX ? n : MULTI_MAX;
		iov[1] = (struct iovec){ u.out, len };
		if (part == 1) {
			imsg_sendv(d->proc->link[PROC_TRANSPORTD],
			    IMSG_FRAME_OUT, sids[0], 0, &iov[1], 1);
			continue;
		}
		count = (uint16_t)part;
		wbuf_reset(&d->body);
		wbuf_u16(&d->body, count);
		wbuf_bytes(&d->body, sids, part * sizeof(*sids));
		iov[0] = (struct iovec){ d->body.p, d->body.len };
		imsg_sendv(d->proc->link[PROC_TRANSPORTD], IMSG_FRAME_MULTI,
		    0, 0, iov, 2);
	}
}

static void
ready_cb(void *arg, uint32_t sid)
{
	struct gossipd *d = arg;

	imsg_send(d->proc->link[PROC_TRANSPORTD], IMSG_SESSION_READY, sid, 0,
	    NULL, 0);
}

static void
close_cb(void *arg, uint32_t sid, enum down_reason reason)
{
	struct gossipd *d = arg;
	uint8_t why = (uint8_t)reason;

	imsg_send(d->proc->link[PROC_TRANSPORTD], IMSG_SESSION_CLOSE, sid, 0,
	    &why, sizeof(why));
}

static void
credit_cb(void *arg, uint32_t sid, uint32_t frames, uint32_t bytes)
{
	struct gossipd *d = arg;

	wbuf_reset(&d->body);
	wbuf_u32(&d->body, frames);
	wbuf_u32(&d->body, bytes);
	imsg_send_wbuf(d->proc->link[PROC_TRANSPORTD], IMSG_CREDIT, sid, 0,
	    &d->body);
}

static void
dial_cb(void *arg, uint32_t number, const struct nodeid *expect,
    const char *hostport, uint8_t flags)
{
	static const struct nodeid none;
	struct gossipd *d = arg;

	wbuf_reset(&d->body);
	wbuf_u8(&d->body, expect != NULL);
	wbuf_bytes(&d->body, expect != NULL ? expect->b : none.b, NODEID_LEN);
	wbuf_u8(&d->body, flags);
	wbuf_str(&d->body, hostport);
	imsg_send_wbuf(d->proc->link[PROC_TRANSPORTD], IMSG_DIAL, number,
	    causes_find(&d->causes, hostport), &d->body);
}

static void
dial_cancel_cb(void *arg, uint32_t number)
{
	struct gossipd *d = arg;

	imsg_send(d->proc->link[PROC_TRANSPORTD], IMSG_DIAL_CANCEL, number, 0,
	    NULL, 0);
}

static enum verdict
verify_cb(void *arg, uint64_t job, const uint8_t *pubkey, const uint8_t *sig,
    const void *msg, size_t len)
{
	(void)arg;
	(void)job;
	return verify_signature(pubkey, sig, 64, msg, len) ? VERDICT_GOOD :
	    VERDICT_BAD;
}

static void
sign_cb(void *arg, uint32_t req, const char *message_id, uint64_t lamport_ts,
    uint32_t msg_type, const void *payload, size_t len)
{
	struct gossipd *d = arg;

	wbuf_reset(&d->body);
	wbuf_u8(&d->body, KEY_ENVELOPE);
	wbuf_str(&d->body, message_id);
	wbuf_u64(&d->body, lamport_ts);
	wbuf_u32(&d->body, msg_type);
	wbuf_blob(&d->body, payload, len);
	imsg_send_wbuf(d->proc->parent, IMSG_KEY_SIGN, req, 0, &d->body);
}

static void
sign_record_cb(void *arg, uint32_t req, const struct m2_record *r)
{
	struct gossipd *d = arg;
	size_t i;

	wbuf_reset(&d->body);
	wbuf_u8(&d->body, KEY_PEER_RECORD);
	wbuf_u64(&d->body, r->seq);
	wbuf_u64(&d->body, r->caps);
	wbuf_u8(&d->body, (uint8_t)r->naddrs);
	for (i = 0; i < r->naddrs; i++)
		wbuf_strn(&d->body, r->addr[i].p, r->addr[i].n);
	imsg_send_wbuf(d->proc->parent, IMSG_KEY_SIGN, req, 0, &d->body);
}

static void
chat_in_cb(void *arg, const struct nodeid *sender, struct slice message_id,
    const struct chat_msg *c)
{
	static const uint8_t none[SPEAKER_LEN];
	struct gossipd *d = arg;
	struct imsgchan *hub = d->proc->link[PROC_SSHD];

	if (hub == NULL)
		return;
	if (imsgchan_queued(hub) > HUB_QUEUE_MAX) {
		d->chat_unheard++;
		return;
	}
	wbuf_reset(&d->body);
	wbuf_bytes(&d->body, sender->b, NODEID_LEN);
	wbuf_u64(&d->body, c->timestamp);
	wbuf_strn(&d->body, message_id.p, message_id.n);
	wbuf_u8(&d->body, (uint8_t)((c->kind == CHAT_KIND_DONE ? CHAT_DONE :
	    CHAT_SAID) | (c->earlier ? CHAT_EARLIER : 0)));
	wbuf_bytes(&d->body, c->speaker.n > 0 ? c->speaker.p : none,
	    SPEAKER_LEN);
	wbuf_strn(&d->body, c->nick.p, c->nick.n);
	wbuf_strn(&d->body, c->text.p, c->text.n);
	imsg_send_wbuf(hub, IMSG_CHAT_IN, 0, 0, &d->body);
}

static void
speaker_put(struct gossipd *d, struct slice speaker)
{
	static const uint8_t none[SPEAKER_LEN];

	wbuf_bytes(&d->body, speaker.n > 0 ? speaker.p : none, SPEAKER_LEN);
}

/* NULL: nobody is there, or does not keep up. */
static struct imsgchan *
hub_ready(struct gossipd *d)
{
	struct imsgchan *hub = d->proc->link[PROC_SSHD];

	if (hub != NULL && imsgchan_queued(hub) > HUB_QUEUE_MAX) {
		d->chat_unheard++;
		return NULL;
	}
	wbuf_reset(&d->body);
	return hub;
}

static void
room_in_cb(void *arg, const struct nodeid *sender, const struct room_msg *m)
{
	struct gossipd *d = arg;
	struct imsgchan *hub = hub_ready(d);

	if (hub == NULL)
		return;
	wbuf_u8(&d->body, (uint8_t)m->kind);
	wbuf_bytes(&d->body, sender->b, NODEID_LEN);
	speaker_put(d, m->speaker);
	wbuf_u64(&d->body, m->timestamp);
	wbuf_strn(&d->body, m->room.p, m->room.n);
	wbuf_strn(&d->body, m->nick.p, m->nick.n);
	wbuf_strn(&d->body, m->text.p, m->text.n);
	imsg_send_wbuf(hub, IMSG_ROOM_IN, 0, 0, &d->body);
}

static void
private_in_cb(void *arg, const struct nodeid *sender,
    const struct private_msg *m)
{
	struct gossipd *d = arg;
	struct imsgchan *hub = hub_ready(d);

	if (hub == NULL)
		return;
	wbuf_u8(&d->body, (uint8_t)m->kind);
	wbuf_u8(&d->body, (uint8_t)m->outcome);
	wbuf_bytes(&d->body, sender->b, NODEID_LEN);
	speaker_put(d, m->speaker);
	wbuf_u64(&d->body, m->timestamp);
	wbuf_u64(&d->body, m->ref);
	wbuf_strn(&d->body, m->to.p, m->to.n);
	wbuf_strn(&d->body, m->nick.p, m->nick.n);
	wbuf_strn(&d->body, m->text.p, m->text.n);
	imsg_send_wbuf(hub, IMSG_PRIVATE_IN, 0, 0, &d->body);
}

static void
open_cb(void *arg, uint32_t req, const struct nodeid *author,
    const uint8_t ephemeral[32])
{
	struct gossipd *d = arg;

	wbuf_reset(&d->body);
	wbuf_bytes(&d->body, author->b, NODEID_LEN);
	wbuf_bytes(&d->body, ephemeral, 32);
	imsg_send_wbuf(d->proc->parent, IMSG_KEY_OPEN, req, 0, &d->body);
}

static void
chat_result_cb(void *arg, uint32_t req, enum chat_status status,
    uint16_t given, uint16_t connected, uint32_t retry_ms)
{
	struct gossipd *d = arg;

	wbuf_reset(&d->body);
	wbuf_u8(&d->body, (uint8_t)status);
	wbuf_u16(&d->body, given);
	wbuf_u16(&d->body, connected);
	wbuf_u32(&d->body, retry_ms);
	imsg_send_wbuf(d->proc->link[PROC_SSHD], IMSG_CHAT_RESULT, req, 0,
	    &d->body);
}

static void
link_done_cb(void *arg, uint32_t req, enum link_status status,
    enum down_reason why, const struct nodeid *id, uint64_t ms)
{
	static const struct nodeid none;
	struct gossipd *d = arg;

	wbuf_reset(&d->body);
	wbuf_u8(&d->body, (uint8_t)status);
	wbuf_u8(&d->body, (uint8_t)why);
	wbuf_u8(&d->body, id != NULL);
	wbuf_bytes(&d->body, id != NULL ? id->b : none.b, NODEID_LEN);
	wbuf_u64(&d->body, ms);
	imsg_send_wbuf(d->proc->link[PROC_SSHD], IMSG_LINK_DONE, req, 0,
	    &d->body);
}

static void
ping_done_cb(void *arg, uint32_t req, enum ping_status status, uint32_t ms,
    uint32_t rtt_us, const char *addr)
{
	struct gossipd *d = arg;

	wbuf_reset(&d->body);
	wbuf_u8(&d->body, (uint8_t)status);
	wbuf_u32(&d->body, ms);
	wbuf_u32(&d->body, rtt_us);
	wbuf_str(&d->body, addr);
	imsg_send_wbuf(d->proc->link[PROC_SSHD], IMSG_NODE_PONG, req, 0,
	    &d->body);
}

static void
peer_put_cb(void *arg, const struct book_peer *p)
{
	struct gossipd *d = arg;
	struct wbuf own;

	wbuf_reset(&d->body);
	wbuf_bytes(&d->body, p->id.b, NODEID_LEN);
	wbuf_u8(&d->body, p->has_key);
	wbuf_bytes(&d->body, p->pubkey, sizeof(p->pubkey));
	wbuf_u8(&d->body, p->reachable);
	wbuf_u64(&d->body, p->last_seen);
	wbuf_u32(&d->body, p->fail_count);
	wbuf_u64(&d->body, p->last_fail);
	wbuf_str(&d->body, p->addr);
	wbuf_init(&own, BODY_MAX);
	record_write(p, &own);
	wbuf_strn(&d->body, own.p, own.len);
	wbuf_free(&own);
	imsg_send_wbuf(d->proc->link[PROC_STATED], IMSG_PEER_PUT, 0, 0,
	    &d->body);
}

static void
peer_del_cb(void *arg, const struct nodeid *id)
{
	struct gossipd *d = arg;

	imsg_send(d->proc->link[PROC_STATED], IMSG_PEER_DEL, 0, 0, id->b,
	    NODEID_LEN);
}

/* A link that ended, or did not come up, is dialled again for that. */
static void
cause_note(struct gossipd *d, enum log_ev ev, const struct log_field *f,
    uint64_t id)
{
	if (ev != EV_PEER_DOWN && ev != EV_GUEST_GONE &&
	    ev != EV_BOOTSTRAP_DOWN)
		return;
	for (; f->type != LF_T_END; f++)
		if (f->type == LF_T_STR && strcmp(f->key, "addr") == 0)
			causes_note(&d->causes, f->ptr, id);
}

static void
event_cb(void *arg, enum log_ev ev, uint64_t limit,
    const struct log_field *fields)
{
	struct log_field f[EVENT_FIELDS + 2];
	struct gossipd *d = arg;
	uint32_t more = 0;
	size_t n;

	if (limit != 0 && !log_allowed(limit, ev, mono_ms(), &more))
		return;
	for (n = 0; n < EVENT_FIELDS && fields[n].type != LF_T_END; n++)
		f[n] = fields[n];
	if (more > 0)
		f[n++] = (struct log_field)LF_NUM("more", more);
	f[n] = (struct log_field)LF_END;
	cause_note(d, ev, f, log_event_fields(ev, f));
}

static void
random_cb(void *arg, void *buf, size_t n)
{
	(void)arg;
	arc4random_buf(buf, n);
}

const struct gossip_ops gossipd_actions = {
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
	.room_in = room_in_cb,
	.private_in = private_in_cb,
	.open = open_cb,
	.chat_result = chat_result_cb,
	.link_done = link_done_cb,
	.ping_done = ping_done_cb,
	.peer_put = peer_put_cb,
	.peer_del = peer_del_cb,
	.event = event_cb,
	.random = random_cb,
};

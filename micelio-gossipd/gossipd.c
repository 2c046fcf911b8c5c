/* SPDX-License-Identifier: MIT */
/*
 * micelio-gossipd: the meaning of messages.
 *
 * It decodes and judges what peers send, and speaks for this node.  It holds
 * no key, opens no file and no socket: bytes of the network come from and go
 * to transportd, signatures come from the parent, lines of people from and to
 * sshd, remembered peers from and to stated.  It must never be able to obtain
 * a signature over anything but its own envelopes.
 *
 * All decisions are in the core (gossip.h); this file carries messages
 * between it and the channels.
 */
#include <sys/uio.h>

#include <stdlib.h>
#include <string.h>

#include "common/cursor.h"
#include "common/mtime.h"
#include "common/proc.h"
#include "gossip.h"

#define MULTI_MAX	1024u		/* sessions of one FRAME_MULTI */
#define HUB_QUEUE_MAX	(4u * 1024 * 1024)
#define BODY_MAX	70000u		/* of what is built here */
#define EVENT_FIELDS	12

struct gossipd {
	struct proc	*proc;
	struct gossip	*core;
	struct event	*timer;
	uint64_t	 timer_at;	/* mono ms */
	uint64_t	 chat_unheard;	/* lines the hub was too slow for */
	struct wbuf	 body;
};

static struct gossipd	self;

static struct gtime
now(void)
{
	return (struct gtime){ mono_ms(), wall_ms() };
}

/*
 * Actions of the core.
 */

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
    const char *hostport)
{
	static const struct nodeid none;
	struct gossipd *d = arg;

	wbuf_reset(&d->body);
	wbuf_u8(&d->body, expect != NULL);
	wbuf_bytes(&d->body, expect != NULL ? expect->b : none.b, NODEID_LEN);
	wbuf_u8(&d->body, DIAL_NAME_OK);
	wbuf_str(&d->body, hostport);
	imsg_send_wbuf(d->proc->link[PROC_TRANSPORTD], IMSG_DIAL, number, 0,
	    &d->body);
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
sign_cb(void *arg, uint32_t req, const char *message_id, uint32_t msg_type,
    const void *payload, size_t len)
{
	struct gossipd *d = arg;

	wbuf_reset(&d->body);
	wbuf_u8(&d->body, KEY_ENVELOPE);
	wbuf_str(&d->body, message_id);
	wbuf_u64(&d->body, 0);
	wbuf_u32(&d->body, msg_type);
	wbuf_blob(&d->body, payload, len);
	imsg_send_wbuf(d->proc->parent, IMSG_KEY_SIGN, req, 0, &d->body);
}

static void
chat_in_cb(void *arg, const struct nodeid *sender, uint64_t unix_s,
    struct slice message_id, struct slice nick, struct slice text)
{
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
	wbuf_u64(&d->body, unix_s);
	wbuf_strn(&d->body, message_id.p, message_id.n);
	wbuf_strn(&d->body, nick.p, nick.n);
	wbuf_strn(&d->body, text.p, text.n);
	imsg_send_wbuf(hub, IMSG_CHAT_IN, 0, 0, &d->body);
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
peer_put_cb(void *arg, const struct book_peer *p)
{
	struct gossipd *d = arg;

	wbuf_reset(&d->body);
	wbuf_bytes(&d->body, p->id.b, NODEID_LEN);
	wbuf_u8(&d->body, p->has_key);
	wbuf_bytes(&d->body, p->pubkey, sizeof(p->pubkey));
	wbuf_u8(&d->body, p->reachable);
	wbuf_u64(&d->body, p->last_seen);
	wbuf_u32(&d->body, p->fail_count);
	wbuf_u64(&d->body, p->last_fail);
	wbuf_str(&d->body, p->addr);
	imsg_send_wbuf(d->proc->link[PROC_STATED], IMSG_PEER_PUT, 0, 0,
	    &d->body);
}

static void
event_cb(void *arg, enum log_ev ev, uint64_t limit,
    const struct log_field *fields)
{
	struct log_field f[EVENT_FIELDS + 2];
	uint32_t more = 0;
	size_t n;

	(void)arg;
	if (limit != 0 && !log_allowed(limit, ev, mono_ms(), &more))
		return;
	for (n = 0; n < EVENT_FIELDS && fields[n].type != LF_T_END; n++)
		f[n] = fields[n];
	if (more > 0)
		f[n++] = (struct log_field)LF_NUM("more", more);
	f[n] = (struct log_field)LF_END;
	log_event_fields(ev, f);
}

static void
random_cb(void *arg, void *buf, size_t n)
{
	(void)arg;
	arc4random_buf(buf, n);
}

static const struct gossip_ops actions = {
	.send = send_cb,
	.ready = ready_cb,
	.close = close_cb,
	.credit = credit_cb,
	.dial = dial_cb,
	.dial_cancel = dial_cancel_cb,
	.verify = verify_cb,
	.sign = sign_cb,
	.chat_in = chat_in_cb,
	.chat_result = chat_result_cb,
	.peer_put = peer_put_cb,
	.event = event_cb,
	.random = random_cb,
};

/*
 * Time: one timer, set to what the core waits for next.
 */

static void
timer_set(struct gossipd *d)
{
	uint64_t at = gossip_next(d->core), t, ms;
	struct timeval tv;

	if (at == d->timer_at)
		return;
	d->timer_at = at;
	if (at == UINT64_MAX) {
		(void)evtimer_del(d->timer);
		return;
	}
	t = mono_ms();
	ms = at > t ? at - t : 0;
	tv.tv_sec = (time_t)(ms / 1000);
	tv.tv_usec = (suseconds_t)(ms % 1000 * 1000);
	if (evtimer_add(d->timer, &tv) == -1)
		fatalx("no timer");
}

static void
timer_cb(evutil_socket_t fd, short what, void *arg)
{
	struct gossipd *d = arg;

	(void)fd;
	(void)what;
	d->timer_at = UINT64_MAX;
	gossip_tick(d->core, now());
	timer_set(d);
}

/*
 * Messages of the neighbours.
 */

static void
session_up(struct gossipd *d, const struct imsg *m, struct rcur *c)
{
	const uint8_t *hash, *key;
	char addr[HOSTPORT_MAX + 1];
	bool outbound;
	uint32_t dial;

	outbound = rcur_u8(c) != 0;
	dial = rcur_u32(c);
	hash = rcur_bytes(c, 32);
	key = rcur_bytes(c, 32);
	rcur_cstr(c, addr, sizeof(addr));
	if (rcur_done(c))
		gossip_session_up(d->core, now(), m->id, outbound, dial, hash,
		    key, addr);
}

static void
session_down(struct gossipd *d, const struct imsg *m, struct rcur *c)
{
	uint8_t reason = rcur_u8(c);
	size_t n;

	(void)rcur_u64(c);
	(void)rcur_u64(c);
	(void)rcur_str(c, 512, &n);
	if (rcur_done(c))
		gossip_session_down(d->core, now(), m->id,
		    (enum down_reason)reason);
}

static void
dial_failed(struct gossipd *d, const struct imsg *m, struct rcur *c)
{
	uint8_t reason = rcur_u8(c);
	char text[512];

	rcur_cstr(c, text, sizeof(text));
	if (rcur_done(c))
		gossip_dial_failed(d->core, now(), m->id,
		    (enum down_reason)reason, text);
}

static void
listening(struct gossipd *d, struct rcur *c)
{
	char addr[HOSTPORT_MAX + 1];

	rcur_cstr(c, addr, sizeof(addr));
	if (rcur_done(c))
		gossip_listening(d->core, addr);
}

static void
gossipd_dispatch_transportd(struct proc *p, struct imsg *m)
{
	struct gossipd *d = p->priv;
	uint32_t frames, bytes;
	struct rcur c;

	rcur_init(&c, m->data, m->len);
	switch (m->type) {
	case IMSG_FRAME_IN:
		gossip_frame(d->core, now(), m->id, m->data, m->len);
		timer_set(d);
		return;
	case IMSG_CREDIT:
		frames = rcur_u32(&c);
		bytes = rcur_u32(&c);
		if (rcur_done(&c))
			gossip_credit(d->core, m->id, frames, bytes);
		break;
	case IMSG_SESSION_UP:
		session_up(d, m, &c);
		break;
	case IMSG_SESSION_DOWN:
		session_down(d, m, &c);
		break;
	case IMSG_DIAL_FAILED:
		dial_failed(d, m, &c);
		break;
	case IMSG_LISTENING:
		listening(d, &c);
		break;
	default:
		fatalx("transportd sent %s", imsg_type_name(m->type));
	}
	if (!rcur_done(&c))
		imsgchan_violation(p->link[PROC_TRANSPORTD], m, "body");
	timer_set(d);
}

static void
gossipd_dispatch_parent(struct proc *p, struct imsg *m)
{
	struct gossipd *d = p->priv;
	const uint8_t *sig;
	uint8_t status;
	struct rcur c;

	if (m->type != IMSG_KEY_SIGNED)
		fatalx("the parent sent %s", imsg_type_name(m->type));
	rcur_init(&c, m->data, m->len);
	status = rcur_u8(&c);
	sig = rcur_bytes(&c, 64);
	if (!rcur_done(&c))
		fatalx("malformed KEY_SIGNED from the parent");
	gossip_signed(d->core, now(), m->id, (enum key_status)status, sig);
	timer_set(d);
}

static void
peer_record(struct gossipd *d, struct rcur *c)
{
	struct book_peer rec = { .has_key = false };

	rcur_copy(c, rec.id.b, NODEID_LEN);
	rec.has_key = rcur_u8(c) != 0;
	rcur_copy(c, rec.pubkey, sizeof(rec.pubkey));
	rec.reachable = rcur_u8(c) != 0;
	rec.last_seen = rcur_u64(c);
	rec.fail_count = rcur_u32(c);
	rec.last_fail = rcur_u64(c);
	rcur_cstr(c, rec.addr, sizeof(rec.addr));
	if (rcur_done(c))
		gossip_peer_record(d->core, &rec);
}

static void
gossipd_dispatch_stated(struct proc *p, struct imsg *m)
{
	struct gossipd *d = p->priv;
	struct rcur c;

	rcur_init(&c, m->data, m->len);
	switch (m->type) {
	case IMSG_PEER_RECORD:
		peer_record(d, &c);
		break;
	case IMSG_PEER_END:
		break;
	default:
		fatalx("stated sent %s", imsg_type_name(m->type));
	}
	if (!rcur_done(&c))
		imsgchan_violation(p->link[PROC_STATED], m, "body");
}

static void
gossipd_dispatch_sshd(struct proc *p, struct imsg *m)
{
	struct gossipd *d = p->priv;
	const char *nick, *text;
	size_t nick_len, text_len;
	struct rcur c;

	if (m->type != IMSG_CHAT_OUT)
		fatalx("sshd sent %s", imsg_type_name(m->type));
	rcur_init(&c, m->data, m->len);
	nick = rcur_str(&c, UINT16_MAX, &nick_len);
	text = rcur_str(&c, UINT16_MAX, &text_len);
	if (!rcur_done(&c)) {
		imsgchan_violation(p->link[PROC_SSHD], m, "body");
		return;
	}
	gossip_chat_out(d->core, now(), m->id, nick, nick_len, text,
	    text_len);
	timer_set(d);
}

/*
 * Life.
 */

static void
prepare(struct proc *p)
{
	struct gossipd *d = p->priv;
	uint8_t warm;

	d->proc = p;
	d->timer_at = UINT64_MAX;
	wbuf_init(&d->body, BODY_MAX);
	verify_init();
	arc4random_buf(&warm, sizeof(warm));
	if ((d->timer = evtimer_new(p->base, timer_cb, d)) == NULL)
		fatalx("no timer");
}

static void
start(struct proc *p)
{
	struct gossipd *d = p->priv;
	struct gossip_id id;

	id.id = p->id;
	memcpy(id.pubkey, p->ed25519_pub, sizeof(id.pubkey));
	memcpy(id.noise_static, p->x25519_pub, sizeof(id.noise_static));
	d->core = gossip_new(&actions, d, &id, &p->conf, now());
	gossip_tick(d->core, now());
	timer_set(d);
}

static void
apply(struct proc *p, const struct conf *old)
{
	struct gossipd *d = p->priv;

	(void)old;
	gossip_configured(d->core, now());
	gossip_tick(d->core, now());
	timer_set(d);
}

static void
link_lost(struct proc *p, enum proc_role peer)
{
	struct gossipd *d = p->priv;

	if (peer == PROC_SSHD && d->core != NULL)
		gossip_hub_gone(d->core);
}

struct rows {
	struct proc	*proc;
	uint32_t	 id;
};

static void
row_cb(const struct wbuf *row, void *arg)
{
	const struct rows *r = arg;

	proc_table_row(r->proc, r->id, row);
}

static bool
table(struct proc *p, enum table which, uint32_t id)
{
	struct gossipd *d = p->priv;
	struct rows r = { p, id };
	struct wbuf b;

	switch (which) {
	case TABLE_STATUS:
		wbuf_init(&b, 8192);
		gossip_status_row(d->core, &b);
		proc_table_row(p, id, &b);
		wbuf_free(&b);
		break;
	case TABLE_PEERS:
		gossip_peer_rows(d->core, now(), row_cb, &r);
		break;
	default:
		return false;
	}
	proc_table_end(p, id, true);
	return true;
}

static const struct proc_ops ops = {
	.prepare = prepare,
	.start = start,
	.apply = apply,
	.dispatch = {
		[PROC_PARENT] = gossipd_dispatch_parent,
		[PROC_TRANSPORTD] = gossipd_dispatch_transportd,
		[PROC_STATED] = gossipd_dispatch_stated,
		[PROC_SSHD] = gossipd_dispatch_sshd,
	},
	.link_lost = link_lost,
	.table = table,
};

int
main(int argc, char **argv)
{
	proc_main(PROC_GOSSIPD, &ops, &self, argc, argv);
}

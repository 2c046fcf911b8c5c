/* SPDX-License-Identifier: MIT */
/*
 * micelio-gossipd: the meaning of messages.
 *
 * It decodes and judges what peers send, and speaks for this node.  It holds
 * no key, opens no file and no socket: bytes of the network come from and go
 * to transportd, signatures come from the parent, lines of people from and to
 * sshd, remembered peers from and to stated.  It must never be able to obtain
 * a signature over anything but its own envelopes and its own record.
 *
 * All decisions are in the core (gossip.h); this file carries messages
 * between it and the channels.
 */
#include <stdlib.h>
#include <string.h>

#include "book.h"
#include "common/addr.h"
#include "common/conf.h"
#include "common/cursor.h"
#include "common/imsg.h"
#include "common/imsg_types.h"
#include "common/log.h"
#include "common/mtime.h"
#include "common/nodeid.h"
#include "common/proc.h"
#include "common/row.h"
#include "common/usage.h"
#include "gossip.h"
#include "gossipd.h"
#include "gtime.h"
#include "proto/envelope.h"
#include "proto/message.h"
#include "proto/talk.h"
#include "verify.h"

static struct gossipd	self;

static struct gtime
now(void)
{
	return (struct gtime){ mono_ms(), wall_ms() };
}

/*
 * Time: one timer, set to what the core waits for next, after everything that
 * happens.
 */

static void
timer_set(struct gossipd *d)
{
	uint64_t at = gossip_next(d->core), t, ms;
	struct timeval tv;

	meshwatch_check(d);
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
	char addr[HOSTPORT_MAX + 1], own[HOSTPORT_MAX + 1];
	bool outbound;
	uint32_t dial;

	outbound = rcur_u8(c) != 0;
	dial = rcur_u32(c);
	hash = rcur_bytes(c, 32);
	key = rcur_bytes(c, 32);
	rcur_cstr(c, addr, sizeof(addr));
	rcur_cstr(c, own, sizeof(own));
	if (!rcur_done(c))
		return;
	gossip_session_up(d->core, now(), m->id, outbound, dial, hash, key,
	    addr);
	gossip_session_local(d->core, m->id, own);
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
	case IMSG_SESSION_RTT:
		gossip_session_rtt(d->core, now(), m->id, rcur_u32(&c));
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
opened(struct gossipd *d, const struct imsg *m, struct rcur *c)
{
	enum key_status status = (enum key_status)rcur_u8(c);
	uint8_t key[32];

	rcur_copy(c, key, sizeof(key));
	if (rcur_done(c))
		gossip_opened(d->core, now(), m->id, status, key);
	explicit_bzero(key, sizeof(key));
}

static void
gossipd_dispatch_parent(struct proc *p, struct imsg *m)
{
	struct gossipd *d = p->priv;
	const uint8_t *sig;
	uint8_t status;
	struct rcur c;

	rcur_init(&c, m->data, m->len);
	if (m->type == IMSG_KEY_OPENED) {
		opened(d, m, &c);
		timer_set(d);
		return;
	}
	if (m->type != IMSG_KEY_SIGNED)
		fatalx("the parent sent %s", imsg_type_name(m->type));
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
	const char *said;
	size_t n = 0;

	rcur_copy(c, rec.id.b, NODEID_LEN);
	rec.has_key = rcur_u8(c) != 0;
	rcur_copy(c, rec.pubkey, sizeof(rec.pubkey));
	rec.reachable = rcur_u8(c) != 0;
	rec.last_seen = rcur_u64(c);
	rec.fail_count = rcur_u32(c);
	rec.last_fail = rcur_u64(c);
	rcur_cstr(c, rec.addr, sizeof(rec.addr));
	said = rcur_str(c, PEER_SIGNED_MAX, &n);
	if (!rcur_done(c))
		return;
	gossip_peer_record(d->core, &rec);
	if (n > 0)
		gossip_peer_signed(d->core, &rec.id, said, n);
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
		gossip_peer_end(d->core, now());
		break;
	default:
		if (!mapchan_dispatch(d, m, &c))
			fatalx("stated sent %s", imsg_type_name(m->type));
	}
	if (!rcur_done(&c))
		imsgchan_violation(p->link[PROC_STATED], m, "body");
	timer_set(d);
}

static void
gossipd_dispatch_sshd(struct proc *p, struct imsg *m)
{
	struct gossipd *d = p->priv;
	struct rcur c;

	rcur_init(&c, m->data, m->len);
	if (!hubchan_dispatch(d, m, &c))
		fatalx("sshd sent %s", imsg_type_name(m->type));
	if (!rcur_done(&c)) {
		imsgchan_violation(p->link[PROC_SSHD], m, "body");
		return;
	}
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
	d->core = gossip_new(&gossipd_actions, d, &id, &p->conf, now());
	gossip_map_start(d->core, &gossipd_map_actions);
	gossip_suspect_start(d->core);
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

	if (peer == PROC_SSHD && d->core != NULL) {
		gossip_hub_gone(d->core);
		meshwatch_set(d, false);
	}
}

static bool
table(struct proc *p, enum table which, uint32_t id)
{
	struct gossipd *d = p->priv;
	struct proc_rows r = { p, id };
	struct wbuf b;

	switch (which) {
	case TABLE_STATUS:
		wbuf_init(&b, 8192);
		gossip_status_row(d->core, &b);
		row_num(&b, "chat_unheard", ROW_U64, d->chat_unheard);
		row_num(&b, "events_dropped", ROW_U64, p->events_dropped);
		usage_row(&b);
		proc_table_row(p, id, &b);
		wbuf_free(&b);
		break;
	case TABLE_PEERS:	/* before MESH, when both are asked for */
		meshwatch_asked(d);
		gossip_peer_rows(d->core, now(), proc_row_cb, &r);
		break;
	case TABLE_TREES:
		gossip_tree_rows(d->core, proc_row_cb, &r);
		break;
	case TABLE_TRACES:
		gossip_trace_rows(d->core, proc_row_cb, &r);
		break;
	case TABLE_NODES:
		gossip_node_rows(d->core, proc_row_cb, &r);
		break;
	case TABLE_MESH:
		gossip_mesh_rows(d->core, now(), proc_row_cb, &r);
		break;
	case TABLE_DROPS:
		gossip_drop_rows(d->core, proc_row_cb, &r);
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

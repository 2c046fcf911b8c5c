/* SPDX-License-Identifier: MIT */
/* The map, between the core and stated. */
#include <sys/uio.h>

#include <string.h>

#include "common/cursor.h"
#include "common/imsg.h"
#include "common/imsg_chan.h"
#include "common/mtime.h"
#include "common/nodeid.h"
#include "common/proc.h"
#include "gossip.h"
#include "gossipd.h"
#include "gtime.h"
#include "proto/m2.h"

static struct imsgchan *
stated(const struct gossipd *d)
{
	return d->proc->link[PROC_STATED];
}

static void
up_cb(void *arg, uint32_t sid, const struct nodeid *id,
    const struct m2_setup *setup)
{
	struct gossipd *d = arg;

	wbuf_reset(&d->body);
	wbuf_bytes(&d->body, id->b, NODEID_LEN);
	wbuf_bytes(&d->body, setup->mesh_id, sizeof(setup->mesh_id));
	wbuf_bytes(&d->body, setup->profile, sizeof(setup->profile));
	wbuf_u64(&d->body, setup->caps);
	imsg_send_wbuf(stated(d), IMSG_LINK_STATE_UP, sid, 0, &d->body);
}

static void
down_cb(void *arg, uint32_t sid)
{
	imsg_send(stated(arg), IMSG_LINK_STATE_DOWN, sid, 0, NULL, 0);
}

static void
root_cb(void *arg, uint32_t sid, const struct m2_root *r)
{
	struct gossipd *d = arg;

	wbuf_reset(&d->body);
	wbuf_u32(&d->body, r->hour);
	wbuf_u64(&d->body, r->count);
	wbuf_bytes(&d->body, r->hash, sizeof(r->hash));
	wbuf_u32(&d->body, r->flags);
	imsg_send_wbuf(stated(d), IMSG_ROOT_IN, sid, 0, &d->body);
}

static void
frame_cb(void *arg, uint32_t sid, const void *p, size_t n)
{
	imsg_send(stated(arg), IMSG_RECON_IN, sid, 0, p, n);
}

static void
sent_cb(void *arg, uint32_t sid, uint32_t bytes)
{
	struct gossipd *d = arg;

	wbuf_reset(&d->body);
	wbuf_u32(&d->body, bytes);
	imsg_send_wbuf(stated(d), IMSG_RECON_CREDIT, sid, 0, &d->body);
}

static void
delta_cb(void *arg, const uint8_t pubkey[32], const void *p, size_t n)
{
	struct gossipd *d = arg;

	wbuf_reset(&d->body);
	wbuf_bytes(&d->body, pubkey, 32);
	wbuf_bytes(&d->body, p, n);
	imsg_send_wbuf(stated(d), IMSG_DELTA_IN, 0, 0, &d->body);
}

static void
delta_sent_cb(void *arg)
{
	imsg_send(stated(arg), IMSG_DELTA_SENT, 0, 0, NULL, 0);
}

static void
alone_cb(void *arg, bool alone)
{
	uint8_t b = alone;

	imsg_send(stated(arg), IMSG_MAP_ALONE, 0, 0, &b, sizeof(b));
}

const struct gossip_map_ops gossipd_map_actions = {
	.up = up_cb,
	.down = down_cb,
	.root = root_cb,
	.frame = frame_cb,
	.sent = sent_cb,
	.delta = delta_cb,
	.delta_sent = delta_sent_cb,
	.alone = alone_cb,
};

bool
mapchan_dispatch(struct gossipd *d, const struct imsg *m, struct rcur *c)
{
	struct gtime now = { mono_ms(), wall_ms() };
	const uint8_t *mesh, *profile;
	struct m2_root root = { 0 };
	size_t n;

	switch (m->type) {
	case IMSG_MAP_PROFILE:
		mesh = rcur_bytes(c, 16);
		profile = rcur_bytes(c, 16);
		if (rcur_done(c))
			gossip_map_profile(d->core, now, mesh, profile);
		return true;
	case IMSG_ROOT_OUT:
		root.hour = rcur_u32(c);
		root.count = rcur_u64(c);
		rcur_copy(c, root.hash, sizeof(root.hash));
		root.flags = rcur_u32(c);
		if (rcur_done(c))
			gossip_map_root(d->core, now, m->id, &root);
		return true;
	case IMSG_RECON_OUT:
		gossip_map_send(d->core, now, m->id, m->data, m->len);
		(void)rcur_bytes(c, m->len);
		return true;
	case IMSG_RECON_CREDIT:
		gossip_map_taken(d->core, m->id, rcur_u32(c));
		return true;
	case IMSG_DELTA_OUT:
		gossip_map_delta(d->core, now, m->data, m->len);
		(void)rcur_bytes(c, m->len);
		return true;
	case IMSG_LINK_CHARGE:
		(void)rcur_str(c, 256, &n);
		gossip_map_charge(d->core, now, m->id);
		return true;
	case IMSG_MAP_GAINED:
		gossip_map_gained(d->core, m->id);
		return true;
	default:
		return false;
	}
}

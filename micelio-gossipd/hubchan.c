/* SPDX-License-Identifier: MIT */
/* What people of this node say and order, from the hub to the core. */
#include <string.h>

#include "common/conf.h"
#include "common/cursor.h"
#include "common/imsg.h"
#include "common/imsg_types.h"
#include "common/mtime.h"
#include "common/nodeid.h"
#include "common/proc.h"
#include "gossip.h"
#include "gossipd.h"
#include "gtime.h"
#include "proto/envelope.h"
#include "proto/message.h"
#include "proto/talk.h"

static struct gtime
now(void)
{
	return (struct gtime){ mono_ms(), wall_ms() };
}

/* A hash of zeros is none. */
static struct slice
speaker_read(struct rcur *c)
{
	static const uint8_t none[SPEAKER_LEN];
	struct slice s = { rcur_bytes(c, SPEAKER_LEN), 0 };

	if (s.p != NULL && memcmp(s.p, none, SPEAKER_LEN) != 0)
		s.n = SPEAKER_LEN;
	return s;
}

static struct slice
text_read(struct rcur *c)
{
	struct slice s;

	s.p = (const uint8_t *)rcur_str(c, UINT16_MAX, &s.n);
	return s;
}

static void
chat_out(struct gossipd *d, const struct imsg *m, struct rcur *c)
{
	struct chat_msg said = { .kind = rcur_u8(c) };

	said.speaker = speaker_read(c);
	said.nick = text_read(c);
	said.text = text_read(c);
	if (rcur_done(c))
		gossip_chat_say(d->core, now(), m->id, &said);
}

static void
room_out(struct gossipd *d, const struct imsg *m, struct rcur *c)
{
	struct room_msg said = { .kind = rcur_u8(c) };

	(void)rcur_bytes(c, NODEID_LEN);
	said.speaker = speaker_read(c);
	(void)rcur_u64(c);
	said.room = text_read(c);
	said.nick = text_read(c);
	said.text = text_read(c);
	if (rcur_done(c))
		gossip_room_say(d->core, now(), m->id, &said);
}

static void
private_out(struct gossipd *d, const struct imsg *m, struct rcur *c)
{
	struct private_msg said = { .kind = rcur_u8(c) };
	struct nodeid to;

	said.outcome = rcur_u8(c);
	rcur_copy(c, to.b, NODEID_LEN);
	said.speaker = speaker_read(c);
	(void)rcur_u64(c);
	said.ref = rcur_u64(c);
	said.to = text_read(c);
	said.nick = text_read(c);
	said.text = text_read(c);
	if (rcur_done(c))
		gossip_private_say(d->core, now(), m->id, &to, &said);
}

static void
link_now(struct gossipd *d, const struct imsg *m, struct rcur *c)
{
	char where[CONF_PEER_MAX + 1];

	rcur_cstr(c, where, sizeof(where));
	if (rcur_done(c))
		gossip_link(d->core, now(), m->id, where);
}

static void
unlink_now(struct gossipd *d, const struct imsg *m, struct rcur *c)
{
	struct nodeid id;
	bool was;

	rcur_copy(c, id.b, NODEID_LEN);
	if (!rcur_done(c))
		return;
	was = gossip_unlink(d->core, now(), &id);
	wbuf_reset(&d->body);
	wbuf_u8(&d->body, was);
	wbuf_u64(&d->body, UNLINK_MS);
	imsg_send_wbuf(d->proc->link[PROC_SSHD], IMSG_UNLINK_DONE, m->id, 0,
	    &d->body);
}

static void
ping_now(struct gossipd *d, const struct imsg *m, struct rcur *c)
{
	struct nodeid id;

	rcur_copy(c, id.b, NODEID_LEN);
	if (rcur_done(c))
		gossip_ping(d->core, now(), m->id, &id);
}

bool
hubchan_dispatch(struct gossipd *d, const struct imsg *m, struct rcur *c)
{
	switch (m->type) {
	case IMSG_CHAT_OUT:
		chat_out(d, m, c);
		break;
	case IMSG_ROOM_OUT:
		room_out(d, m, c);
		break;
	case IMSG_PRIVATE_OUT:
		private_out(d, m, c);
		break;
	case IMSG_LINK:
		link_now(d, m, c);
		break;
	case IMSG_UNLINK:
		unlink_now(d, m, c);
		break;
	case IMSG_NODE_PING:
		ping_now(d, m, c);
		break;
	case IMSG_MESH_WATCH:
		meshwatch_set(d, rcur_u8(c) != 0);
		break;
	default:
		return false;
	}
	return true;
}

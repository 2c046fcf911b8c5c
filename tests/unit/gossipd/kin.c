/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "kin.h"
#include "micelio-gossipd/core.h"
#include "micelio-gossipd/link.h"
#include "micelio-gossipd/peers.h"
#include "micelio-gossipd/session.h"

/* A control frame from the neighbour. */
void
ctrl_in(struct kin *k, uint32_t sid, const struct m2_ctrl *c)
{
	struct wbuf p, e;

	wbuf_init(&p, FRAME_ROOM);
	wbuf_init(&e, FRAME_ROOM);
	m2_ctrl_write(&p, c);
	m2_frame_write(&e, MSG_LINK_CTRL, p.p, p.len);
	gossip_frame(k->f->g, k->f->now, sid, e.p, e.len);
	wbuf_free(&p);
	wbuf_free(&e);
}

void
setup_in(struct kin *k, uint32_t sid)
{
	struct m2_ctrl c = { .has_setup = true };

	c.setup.version = 1;
	c.setup.caps = M2_CAP_TREES;
	memcpy(c.setup.salt, k->salt, sizeof(c.setup.salt));
	ctrl_in(k, sid, &c);
}

/* A node with three links of our kind. */
void
kin_open(struct kin *k)
{
	uint32_t i;

	memset(k->salt, 0x5a, sizeof(k->salt));
	k->f = fake_new(0);
	ident_make(&k->b, 1);
	ident_make(&k->c, 2);
	ident_make(&k->d, 3);
	ident_make(&k->author, 4);
	fake_connect_kin(k->f, 1, &k->b, "");
	fake_connect_kin(k->f, 2, &k->c, "");
	fake_connect_kin(k->f, 3, &k->d, "");
	for (i = 1; i <= 3; i++)
		setup_in(k, i);
	fake_pass(k->f, 100);
	assert_int_equal(k->f->g->bcast.nm2, 3);
	fake_forget(k->f);
}

/* The control frames to a session, in one. */
bool
ctrl_out(const struct fake *f, uint32_t sid, struct m2_ctrl *c)
{
	struct envelope e;
	struct m2_ctrl one;
	bool any = false;
	size_t i;

	memset(c, 0, sizeof(*c));
	for (i = 0; i < f->nsent; i++) {
		if (!frame_went_to(&f->sent[i], sid))
			continue;
		assert_true(envelope_read(&e, f->sent[i].data,
		    f->sent[i].len));
		if (e.msg_type != MSG_LINK_CTRL)
			continue;
		assert_true(m2_ctrl_read(&one, e.payload.p, e.payload.n));
		any = true;
		c->has_setup |= one.has_setup;
		c->has_ping |= one.has_ping;
		if (one.has_ping)
			c->ping = one.ping;
#define TAKE(x)	if (one.x.n > 0) c->x = one.x
		TAKE(ihave);
		TAKE(ihave_big);
		TAKE(graft);
		TAKE(graft_link);
		TAKE(prune);
		TAKE(nohave);
		TAKE(window);
		TAKE(ihave_new);
		TAKE(ihave_big_new);
#undef TAKE
		c->gap += one.gap;
	}
	return any;
}

bool
payload_went(const struct fake *f, uint32_t sid)
{
	struct envelope e;
	size_t i;

	for (i = 0; i < f->nsent; i++)
		if (frame_went_to(&f->sent[i], sid) &&
		    envelope_read(&e, f->sent[i].data, f->sent[i].len) &&
		    e.msg_type == MSG_CHAT)
			return true;
	return false;
}

uint64_t
sid_of(const struct kin *k, struct slice frame, bool theirs)
{
	uint8_t mid[M2_MID];
	struct envelope e;

	assert_true(envelope_read(&e, frame.p, frame.n));
	m2_mid(&e, mid);
	return m2_sid(theirs ? k->salt : k->f->g->bcast.salt, mid);
}

struct slice
kin_name(uint64_t v)
{
	static uint8_t buf[8][8];
	static unsigned int next;
	uint8_t *p = buf[next++ % 8];
	int i;

	for (i = 0; i < 8; i++)
		p[i] = (uint8_t)(v >> (8 * (7 - i)));
	return (struct slice){ p, 8 };
}

void
ihave_in(struct kin *k, uint32_t sid, uint64_t what)
{
	struct m2_ctrl c = { .ihave = kin_name(what) };

	ctrl_in(k, sid, &c);
}

void
ihave_new_in(struct kin *k, uint32_t sid, uint64_t what)
{
	struct m2_ctrl c = { .ihave_new = kin_name(what) };

	ctrl_in(k, sid, &c);
}

/* The link wants what the author says from now on. */
void
graft_link_in(struct kin *k, uint32_t sid)
{
	struct m2_ctrl c = { .graft_link = kin_name(m2_oid(
	    k->f->g->bcast.salt, k->author.id.b)) };

	ctrl_in(k, sid, &c);
}

uint64_t
kin_bit(const struct kin *k, uint32_t sid)
{
	return peers_session(k->f->g, sid)->link->bit;
}

const struct origin *
kin_origin(struct kin *k)
{
	uint64_t oid = m2_oid(k->f->g->bcast.salt, k->author.id.b);
	const struct origin *o = (const struct origin *)
	    lru_get(&k->f->g->bcast.origins, &oid);

	assert_non_null(o);
	return o;
}

/* SPDX-License-Identifier: MIT */
/* Links of our kind: SETUP, trees, repair, windows, pings, v1 neighbours. */
#include "fake.h"
#include "micelio-gossipd/beat.h"
#include "micelio-gossipd/budget.h"
#include "micelio-gossipd/control.h"
#include "micelio-gossipd/core.h"
#include "micelio-gossipd/drop.h"
#include "micelio-gossipd/envelope_out.h"
#include "micelio-gossipd/link.h"
#include "micelio-gossipd/pacer.h"
#include "micelio-gossipd/parked.h"
#include "micelio-gossipd/peers.h"
#include "micelio-gossipd/repair.h"
#include "micelio-gossipd/session.h"
#include "micelio-gossipd/slots.h"
#include "micelio-gossipd/tree.h"
#include "proto/m2.h"
#include "walk.h"

#define U1	"00000000-0000-4000-8000-000000000001"
#define U2	"00000000-0000-4000-8000-000000000002"
#define U3	"00000000-0000-4000-8000-000000000003"

struct kin {
	struct fake	*f;
	struct ident	 b, c, d, author;
	uint8_t		 salt[16];
};

/* A control frame from the neighbour. */
static void
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

static void
setup_in(struct kin *k, uint32_t sid)
{
	struct m2_ctrl c = { .has_setup = true };

	c.setup.version = 1;
	c.setup.caps = M2_CAP_TREES;
	memcpy(c.setup.salt, k->salt, sizeof(c.setup.salt));
	ctrl_in(k, sid, &c);
}

/* A node with three links of our kind. */
static void
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
static bool
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

static bool
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

static uint64_t
sid_of(const struct kin *k, struct slice frame, bool theirs)
{
	uint8_t mid[M2_MID];
	struct envelope e;

	assert_true(envelope_read(&e, frame.p, frame.n));
	m2_mid(&e, mid);
	return m2_sid(theirs ? k->salt : k->f->g->bcast.salt, mid);
}

static struct slice
name(uint64_t v)
{
	static uint8_t buf[8][8];
	static unsigned int next;
	uint8_t *p = buf[next++ % 8];
	int i;

	for (i = 0; i < 8; i++)
		p[i] = (uint8_t)(v >> (8 * (7 - i)));
	return (struct slice){ p, 8 };
}

static void
ihave_in(struct kin *k, uint32_t sid, uint64_t what)
{
	struct m2_ctrl c = { .ihave = name(what) };

	ctrl_in(k, sid, &c);
}

static void
ihave_new_in(struct kin *k, uint32_t sid, uint64_t what)
{
	struct m2_ctrl c = { .ihave_new = name(what) };

	ctrl_in(k, sid, &c);
}

/* The link wants what the author says from now on. */
static void
graft_link_in(struct kin *k, uint32_t sid)
{
	struct m2_ctrl c = { .graft_link = name(m2_oid(
	    k->f->g->bcast.salt, k->author.id.b)) };

	ctrl_in(k, sid, &c);
}

static uint64_t
bit(const struct kin *k, uint32_t sid)
{
	return peers_session(k->f->g, sid)->link->bit;
}

static const struct origin *
origin(struct kin *k)
{
	uint64_t oid = m2_oid(k->f->g->bcast.salt, k->author.id.b);
	const struct origin *o = (const struct origin *)
	    lru_get(&k->f->g->bcast.origins, &oid);

	assert_non_null(o);
	return o;
}

/* Tag and SETUP, in both directions; without it the link is v1. */
static void
test_setup(void **state)
{
	struct m2_ctrl c, empty = { .gap = 0 };
	struct ident b, d;
	struct kin k = { .f = fake_new(0) };

	(void)state;
	ident_make(&b, 1);
	ident_make(&d, 3);
	fake_connect_kin(k.f, 1, &b, "");
	assert_true(ctrl_out(k.f, 1, &c));
	assert_true(c.has_setup);
	assert_int_equal(peers_session(k.f->g, 1)->link->kind, LINK_WAIT);
	/* nothing else before it, and not without the tag */
	ctrl_in(&k, 1, &empty);
	assert_int_equal(k.f->g->count.drops[DROP_LINK], 1);
	fake_connect(k.f, 2, &d);
	setup_in(&k, 2);
	assert_int_equal(k.f->g->count.drops[DROP_LINK], 2);
	assert_int_equal(peers_session(k.f->g, 2)->link->kind, LINK_V1);
	fake_pass(k.f, SETUP_MS);
	assert_int_equal(peers_session(k.f->g, 1)->link->kind, LINK_V1);
	fake_forget(k.f);
	/* late, but welcome: a window, a ping */
	setup_in(&k, 1);
	fake_pass(k.f, 10);
	assert_int_equal(peers_session(k.f->g, 1)->link->kind, LINK_M2);
	assert_true(ctrl_out(k.f, 1, &c));
	assert_false(c.has_setup);
	assert_true(c.window.n == M2_SECOND && c.has_ping);
	/* once */
	setup_in(&k, 1);
	assert_int_equal(k.f->g->count.drops[DROP_LINK], 3);
	fake_free(k.f);
}

/* A line said before the SETUP of the only link came is on its way. */
static void
test_said_before_setup(void **state)
{
	struct ident b;
	struct kin k = { .f = fake_new(0) };

	(void)state;
	ident_make(&b, 1);
	fake_connect_kin(k.f, 1, &b, "");
	assert_int_equal(peers_session(k.f->g, 1)->link->kind, LINK_WAIT);
	fake_chat(k.f, 1, "alice", 5, "early", 5);
	fake_pump(k.f);
	assert_int_equal(k.f->nresults, 1);
	assert_int_equal(k.f->results[0].status, CHAT_SENT);
	assert_int_equal(k.f->results[0].given, 1);
	assert_int_equal(k.f->results[0].of, 1);
	fake_free(k.f);
}

/* With a sender it is no link frame: dropped, charged, not passed on. */
static void
test_injected(void **state)
{
	struct kin k;

	(void)state;
	kin_open(&k);
	fake_frame(k.f, 1, env_make(&k.author, U1, MSG_LINK_CTRL, 10,
	    (struct slice){ NULL, 0 }, true));
	fake_frame(k.f, 1, env_make(&k.author, U1, MSG_PEER_RECORDS, 10,
	    (struct slice){ NULL, 0 }, true));
	assert_int_equal(k.f->g->count.drops[DROP_LINK], 2);
	/* gossip of our types needs ids of our form */
	fake_frame(k.f, 1, env_make(&k.author, "x", 38, 10,
	    (struct slice){ NULL, 0 }, true));
	assert_int_equal(k.f->g->count.drops[DROP_IDS], 1);
	fake_pass(k.f, 300);
	assert_int_equal(k.f->nsent, 0);
	assert_int_equal(k.f->nverifies, 0);
	fake_free(k.f);
}

/* Payload on eager links, notes on the others, never back. */
static void
test_spread(void **state)
{
	struct slice m;
	struct m2_ctrl c;
	struct kin k;

	(void)state;
	kin_open(&k);
	fake_frame(k.f, 2, chat_env(&k.author, U1, 7));
	graft_link_in(&k, 1);
	fake_pass(k.f, BEHIND_MS);
	fake_forget(k.f);
	m = chat_env(&k.author, U2, 7);
	fake_frame(k.f, 2, m);
	assert_int_equal(k.f->nchats, 1);
	assert_true(payload_went(k.f, 1));
	assert_false(payload_went(k.f, 2));
	assert_false(payload_went(k.f, 3));
	/* what it goes on with has its hops unchanged */
	assert_int_equal(k.f->sent[0].len, m.n);
	assert_memory_equal(k.f->sent[0].data, m.p, m.n);
	fake_pass(k.f, BEHIND_MS);
	assert_true(ctrl_out(k.f, 3, &c));
	assert_int_equal(c.ihave.n, 8);
	assert_int_equal(c.ihave_new.n, 0);
	assert_true(m2_load64(c.ihave.p) == sid_of(&k, m, true));
	assert_false(ctrl_out(k.f, 1, &c) && c.ihave.n > 0);
	assert_false(ctrl_out(k.f, 2, &c) && c.ihave.n > 0);
	/* the link of the first copy is eager from now on */
	assert_true((origin(&k)->eager & bit(&k, 2)) != 0);
	fake_free(k.f);
}

/* A large payload of somebody new is only told of; the next one is sent. */
static void
test_large(void **state)
{
	char text[M2_SMALL_MAX + 1];
	struct slice m;
	struct m2_ctrl c;
	struct kin k;
	int i;

	(void)state;
	kin_open(&k);
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (i = 0; i < 2; i++) {
		m = env_make(&k.author, i == 0 ? U1 : U2, MSG_CHAT, 7,
		    chat_make("nick", text, START_WALL / 1000), true);
		fake_forget(k.f);
		fake_frame(k.f, 2, m);
		fake_pass(k.f, BEHIND_MS);
		assert_int_equal(payload_went(k.f, 1), i == 1);
		assert_false(payload_went(k.f, 3));
		assert_true(ctrl_out(k.f, 3, &c));
		if (i == 0)
			c.ihave_big = c.ihave_big_new;
		assert_int_equal(c.ihave_big.n, M2_BIG);
		assert_true(m2_load64(c.ihave_big.p) == sid_of(&k, m, true));
		assert_true(m2_load32(c.ihave_big.p + M2_SID) >
		    M2_SMALL_MAX);
		if (i == 0)
			graft_link_in(&k, 1);
	}
	fake_free(k.f);
}

/* No tree yet: a note, at once, and to be acted upon at once. */
static void
test_new(void **state)
{
	struct m2_ctrl c, graft = { .gap = 0 };
	struct slice m;
	struct kin k;
	uint64_t sid;

	(void)state;
	kin_open(&k);
	m = chat_env(&k.author, U1, 7);
	sid = sid_of(&k, m, false);
	ihave_new_in(&k, 2, sid);
	ihave_new_in(&k, 3, sid);
	fake_pass(k.f, 1);
	assert_true(ctrl_out(k.f, 2, &c));
	assert_int_equal(c.graft.n, 8);
	assert_true(m2_load64(c.graft.p) == sid);
	assert_false(ctrl_out(k.f, 3, &c) && c.graft.n > 0);
	fake_forget(k.f);
	fake_frame(k.f, 2, m);
	/* nobody had to be asked because something went wrong */
	assert_int_equal(k.f->g->bcast.count.repairs, 0);
	fake_pass(k.f, 1);
	assert_false(payload_went(k.f, 1));
	assert_true(ctrl_out(k.f, 1, &c));
	assert_int_equal(c.ihave_new.n, 8);
	assert_int_equal(c.ihave.n, 0);
	assert_true(m2_load64(c.ihave_new.p) == sid_of(&k, m, true));
	/* who told has it */
	assert_false(ctrl_out(k.f, 3, &c) && c.ihave_new.n > 0);
	assert_int_equal(origin(&k)->eager, bit(&k, 2));
	/* who asks is a branch of the tree */
	graft.graft = name(sid_of(&k, m, true));
	ctrl_in(&k, 1, &graft);
	assert_true(payload_went(k.f, 1));
	assert_int_equal(origin(&k)->eager, bit(&k, 1) | bit(&k, 2));
	fake_free(k.f);
}

/* Who did not serve the last time has nobody in a hurry. */
static void
test_new_doubted(void **state)
{
	struct kin k;

	(void)state;
	kin_open(&k);
	link_judge(k.f->g, peers_session(k.f->g, 2)->link, -1);
	ihave_new_in(&k, 2, 4711);
	fake_pass(k.f, T1_MIN_MS - 1);
	assert_int_equal(k.f->g->bcast.count.graft, 0);
	/* another one is believed, though it comes later */
	ihave_new_in(&k, 3, 4711);
	fake_pass(k.f, 1);
	assert_int_equal(k.f->g->bcast.count.graft, 1);
	assert_int_equal(peers_session(k.f->g, 3)->link->asked, 1);
	/* one request is enough */
	ihave_new_in(&k, 1, 4711);
	fake_pass(k.f, 1);
	assert_int_equal(k.f->g->bcast.count.graft, 1);
	fake_free(k.f);
}

/* What we say goes to all at first; a big one is told of. */
static void
test_new_own(void **state)
{
	static const uint8_t big[M2_SMALL_MAX + 1];
	struct m2_ctrl c;
	struct slice m;
	struct ident me;
	struct kin k;

	(void)state;
	kin_open(&k);
	me = k.author;
	me.id = k.f->g->id;
	m = chat_env(&me, U1, 7);
	assert_int_equal(tree_broadcast(k.f->g, m.p, m.n), 3);
	assert_true(payload_went(k.f, 1));
	assert_true(payload_went(k.f, 2));
	assert_true(payload_went(k.f, 3));
	fake_pass(k.f, BEHIND_MS);
	assert_false(ctrl_out(k.f, 1, &c) && c.ihave_new.n + c.ihave.n > 0);
	fake_free(k.f);
	kin_open(&k);
	me.id = k.f->g->id;
	m = env_make(&me, U2, 1000, 10, (struct slice){ big, sizeof(big) },
	    true);
	assert_true(tree_broadcast(k.f->g, m.p, m.n) > 0);
	assert_int_equal(k.f->nsent, 0);
	fake_pass(k.f, BEHIND_MS);
	assert_true(ctrl_out(k.f, 1, &c));
	assert_int_equal(c.ihave_big_new.n, M2_BIG);
	assert_true(m2_load32(c.ihave_big_new.p + M2_SID) == sizeof(big));
	fake_free(k.f);
}

/* A further copy: its link is pruned, for this origin. */
static void
test_prune(void **state)
{
	struct m2_ctrl c, p = { .gap = 0 };
	struct kin k;

	(void)state;
	kin_open(&k);
	fake_frame(k.f, 2, chat_env(&k.author, U1, 7));
	fake_frame(k.f, 1, chat_env(&k.author, U1, 7));
	assert_int_equal(origin(&k)->eager, bit(&k, 2));
	fake_pass(k.f, BATCH_MS);
	assert_true(ctrl_out(k.f, 1, &c));
	assert_true(c.prune.n >= 8);
	assert_true(m2_load64(c.prune.p) == m2_oid(k.salt, k.author.id.b));
	assert_int_equal(k.f->g->bcast.count.duplicates, 1);
	/* the other way round */
	p.prune = name(m2_oid(k.f->g->bcast.salt, k.author.id.b));
	ctrl_in(&k, 2, &p);
	assert_int_equal(origin(&k)->eager, 0);
	p.prune = (struct slice){ NULL, 0 };
	p.graft_link = name(m2_oid(k.f->g->bcast.salt, k.author.id.b));
	ctrl_in(&k, 3, &p);
	assert_int_equal(origin(&k)->eager, bit(&k, 3));
	fake_free(k.f);
}

/* Announced and not coming: one after the other is asked, who has it first. */
static void
test_repair(void **state)
{
	struct m2_ctrl c, no = { .gap = 0 };
	struct slice m;
	uint64_t sid;
	struct kin k;

	(void)state;
	kin_open(&k);
	m = chat_env(&k.author, U1, 7);
	sid = sid_of(&k, m, false);
	ihave_in(&k, 3, sid);
	ihave_in(&k, 2, sid);
	fake_pass(k.f, T1_MIN_MS - 1);
	assert_int_equal(k.f->g->bcast.count.graft, 0);
	fake_pass(k.f, T1_MAX_MS);
	assert_true(ctrl_out(k.f, 3, &c));
	assert_int_equal(c.graft.n, 8);
	assert_true(m2_load64(c.graft.p) == sid);
	assert_false(ctrl_out(k.f, 2, &c) && c.graft.n > 0);
	/* it has it not: the other one, at once */
	no.nohave = name(sid);
	ctrl_in(&k, 3, &no);
	fake_pass(k.f, 1);
	assert_true(ctrl_out(k.f, 2, &c));
	assert_int_equal(c.graft.n, 8);
	assert_int_equal(link_score(k.f->g,
	    peers_session(k.f->g, 3)->link), 0);
	/* it comes, and that is that */
	fake_frame(k.f, 2, m);
	assert_int_equal(k.f->nchats, 1);
	assert_int_equal(k.f->g->bcast.count.repairs, 1);
	assert_int_equal(k.f->g->bcast.wants.n, 0);
	assert_int_equal(k.f->g->bcast.due.n, 0);
	assert_int_equal(link_score(k.f->g,
	    peers_session(k.f->g, 2)->link), 1);
	/* what is known is not asked for */
	ihave_in(&k, 1, sid);
	assert_int_equal(k.f->g->bcast.wants.n, 0);
	fake_free(k.f);
}

/*
 * What a neighbour brings again of the time before the start is marked; a
 * clock of seconds is not taken for finer than it is.
 */
static void
test_earlier(void **state)
{
	static const char *const ids[] = { U1, U2, U3 };
	static const uint64_t boot[] = { 999, 1000, 1000 };
	struct slice m;
	struct kin k;

	(void)state;
	kin_open(&k);
	for (unsigned int i = 0; i < 3; i++) {
		k.f->g->bcast.boot_ms = START_WALL + boot[i];
		m = chat_env(&k.author, ids[i], 7);
		if (i < 2)
			ihave_in(&k, 3, sid_of(&k, m, false));
		fake_frame(k.f, 3, m);
		assert_int_equal(k.f->nchats, i + 1);
		assert_true(k.f->chats[i].earlier == (i == 1));
	}
	fake_free(k.f);
}

/* Nobody serves: all are asked, again and again, and are the worse for it. */
static void
test_withheld(void **state)
{
	struct kin k;
	uint64_t sid = 12345;
	unsigned int i;

	(void)state;
	kin_open(&k);
	ihave_in(&k, 1, sid);
	ihave_in(&k, 2, sid);
	for (i = 0; i < 250; i++)
		fake_pass(k.f, 10);
	assert_true(k.f->g->bcast.count.graft >= 4);
	assert_true(link_score(k.f->g, peers_session(k.f->g, 1)->link) < 0);
	assert_true(link_score(k.f->g, peers_session(k.f->g, 2)->link) < 0);
	fake_free(k.f);
}

/* The link that is asked ends: no waiting for it. */
static void
test_link_lost(void **state)
{
	struct m2_ctrl c;
	struct slice m;
	struct kin k;

	(void)state;
	kin_open(&k);
	m = chat_env(&k.author, U1, 7);
	ihave_in(&k, 3, sid_of(&k, m, false));
	ihave_in(&k, 2, sid_of(&k, m, false));
	fake_pass(k.f, T1_MAX_MS);
	fake_forget(k.f);
	gossip_session_down(k.f->g, k.f->now, 3, DOWN_RESET);
	fake_pass(k.f, 1);
	assert_true(ctrl_out(k.f, 2, &c));
	assert_int_equal(c.graft.n, 8);
	fake_frame(k.f, 2, m);
	/* the parent of the origin ends: no trace of it stays */
	gossip_session_down(k.f->g, k.f->now, 2, DOWN_RESET);
	gossip_session_down(k.f->g, k.f->now, 1, DOWN_RESET);
	assert_int_equal(origin(&k)->eager, 0);
	assert_int_equal(k.f->g->bcast.live, 0);
	fake_free(k.f);
}

/* Asked for what was told: served twice, and eager; else not. */
static void
test_serve(void **state)
{
	struct m2_ctrl c = { .gap = 0 }, out;
	struct slice m;
	struct kin k;
	int i;

	(void)state;
	kin_open(&k);
	m = chat_env(&k.author, U1, 7);
	fake_frame(k.f, 1, m);
	fake_pass(k.f, BEHIND_MS);
	c.graft = name(sid_of(&k, m, true));
	for (i = 0; i < 3; i++) {
		fake_forget(k.f);
		ctrl_in(&k, 3, &c);
		fake_pass(k.f, 1);
		assert_int_equal(payload_went(k.f, 3), i < 2);
		assert_int_equal(ctrl_out(k.f, 3, &out) && out.nohave.n == 8,
		    i == 2);
	}
	assert_true((origin(&k)->eager & bit(&k, 3)) != 0);
	/* never told of, or unknown */
	fake_forget(k.f);
	ctrl_in(&k, 1, &c);
	c.graft = name(4711);
	ctrl_in(&k, 2, &c);
	fake_pass(k.f, 1);
	assert_false(payload_went(k.f, 1));
	assert_true(ctrl_out(k.f, 1, &out) && out.nohave.n == 8);
	assert_true(ctrl_out(k.f, 2, &out) && out.nohave.n == 8);
	assert_int_equal(k.f->g->bcast.count.unannounced, 1);
	/* to guess at what is here costs a point; to be late does not */
	assert_int_equal(peers_session(k.f->g, 1)->bad.millis,
	    (BAD_BURST - 1) * 1000);
	assert_int_equal(peers_session(k.f->g, 2)->bad.millis,
	    BAD_BURST * 1000);
	fake_free(k.f);
}

/* What was given unasked may have found no room: so is asked for again. */
static void
test_serve_again(void **state)
{
	struct m2_ctrl c = { .gap = 0 };
	struct slice m;
	struct kin k;
	int i;

	(void)state;
	kin_open(&k);
	fake_frame(k.f, 2, chat_env(&k.author, U1, 7));
	graft_link_in(&k, 1);
	m = chat_env(&k.author, U2, 7);
	fake_frame(k.f, 2, m);
	assert_true(payload_went(k.f, 1));
	c.graft = name(sid_of(&k, m, true));
	for (i = 0; i < 3; i++) {
		fake_forget(k.f);
		ctrl_in(&k, 1, &c);
		fake_pass(k.f, 1);
		assert_int_equal(payload_went(k.f, 1), i < 2);
	}
	assert_int_equal(k.f->g->bcast.count.unannounced, 0);
	fake_free(k.f);
}

/* Looking for what nobody has is paid for; to ask in order is cheap. */
static void
test_looks(void **state)
{
	struct m2_ctrl c = { .gap = 0 };
	struct link *l;
	uint64_t names[800], left;
	struct slice m;
	struct kin k;
	char mid[40];
	uint32_t i;

	(void)state;
	kin_open(&k);
	for (i = 0; i < 800; i++) {
		(void)snprintf(mid, sizeof(mid),
		    "00000000-0000-4000-8000-%012u", i);
		m = chat_env(&k.author, mid, 7);
		names[i] = sid_of(&k, m, true);
		fake_frame(k.f, 1, m);
		fake_pass(k.f, 100);
		gossip_frame(k.f->g, k.f->now, 2, "\x28\x05", 2);
		gossip_frame(k.f->g, k.f->now, 3, "\x28\x05", 2);
		gossip_credit(k.f->g, 2, 64, 1 << 20);
		gossip_credit(k.f->g, 3, 64, 1 << 20);
		fake_forget(k.f);
	}
	assert_true(k.f->g->bcast.log.map.n == 800);
	l = peers_session(k.f->g, 3)->link;
	left = l->serve.millis;
	for (i = 100; i < 800; i++) {
		c.graft = name(names[i]);
		ctrl_in(&k, 3, &c);
	}
	/* twice the steps of one walk through all of them */
	assert_in_range(left - l->serve.millis, 700 * 1000, 800 * 1000);
	for (i = 0; i < 2000; i++) {
		c.graft = name(i);
		ctrl_in(&k, 3, &c);
		fake_forget(k.f);
	}
	assert_true(l->serve.millis < 1000);
	fake_free(k.f);
}

/* A new link: only what differs is told. */
static void
test_window(void **state)
{
	struct m2_ctrl c = { .gap = 0 }, out;
	uint8_t w[M2_SECOND] = { 0 };
	struct slice m;
	struct kin k;
	uint64_t sid;
	uint32_t s;
	int i;

	(void)state;
	kin_open(&k);
	m = chat_env(&k.author, U1, 7);
	sid = sid_of(&k, m, false);
	fake_frame(k.f, 1, m);
	s = (uint32_t)(k.f->now.wall / 1000);
	fake_pass(k.f, 200);
	gossip_session_down(k.f->g, k.f->now, 3, DOWN_RESET);
	for (i = 0; i < 2; i++) {
		fake_connect_kin(k.f, 4 + (uint32_t)i, &k.d, "");
		setup_in(&k, 4 + (uint32_t)i);
		fake_pass(k.f, 10);
		assert_true(ctrl_out(k.f, 4 + (uint32_t)i, &out));
		assert_int_equal(out.window.n, M2_SECOND);
		assert_int_equal(m2_load32(out.window.p), s);
		assert_true(m2_load64(out.window.p + 4) ==
		    sid_of(&k, m, true));
		fake_forget(k.f);
		memcpy(w, (uint8_t[4]){ (uint8_t)(s >> 24),
		    (uint8_t)(s >> 16), (uint8_t)(s >> 8), (uint8_t)s }, 4);
		memcpy(w + 4, name(i == 0 ? sid : 0).p, 8);
		c.window = (struct slice){ w, sizeof(w) };
		ctrl_in(&k, 4 + (uint32_t)i, &c);
		fake_pass(k.f, 10);
		assert_int_equal(ctrl_out(k.f, 4 + (uint32_t)i, &out) &&
		    out.ihave.n == 8, i == 1);
		/* one is enough */
		ctrl_in(&k, 4 + (uint32_t)i, &c);
		assert_null(peers_session(k.f->g, 4 + (uint32_t)i)->link->window);
		gossip_session_down(k.f->g, k.f->now, 4 + (uint32_t)i,
		    DOWN_RESET);
		fake_forget(k.f);
	}
	fake_free(k.f);
}

/* A silent link is asked, then ended; not after a stall of our own. */
static void
test_ping(void **state)
{
	struct m2_ctrl c, echo = { .has_ping = true };
	struct kin k;
	int i;

	(void)state;
	kin_open(&k);
	/* to the one of the beginning, which has just gone out */
	fake_pass(k.f, 100);
	echo.ping.echo = 1;
	echo.ping.wall_ms = k.f->now.wall + 5000;
	ctrl_in(&k, 1, &echo);
	assert_in_range(link_rtt(peers_session(k.f->g, 1)->link), 90, 110);
	assert_in_range(peers_session(k.f->g, 1)->link->clock_ms, 4900,
	    5200);
	for (i = 0; i < 25; i++)
		fake_pass(k.f, 100);
	assert_true(ctrl_out(k.f, 1, &c));
	assert_true(c.has_ping && c.ping.seq == 2);
	/* stopped for a minute, nobody is blamed */
	fake_pass(k.f, 60000);
	assert_int_equal(k.f->nclosed, 0);
	for (i = 0; i < 20; i++)
		fake_pass(k.f, 1000);
	assert_int_equal(k.f->nclosed, 3);
	assert_int_equal(fake_close_reason(k.f, 1), DOWN_TIMEOUT);
	fake_free(k.f);
}

/* Two thirds of five links or more show another time: it is we who err. */
static void
test_clock(void **state)
{
	static const struct { int64_t ahead, corrected; } t[] = {
		{ 60000, 0 }, { 60000, 0 }, { 60000, 0 },
		{ 0, 0 },			/* 3 of 4 */
		{ 0, 0 },			/* 3 of 5 */
		{ 60000, 60000 },		/* 4 of 6 */
	};
	struct m2_ctrl echo = { .has_ping = true };
	struct ident more[2];
	struct kin k;
	uint32_t i;

	(void)state;
	kin_open(&k);
	for (i = 0; i < 3; i++) {
		if (i < 2)
			ident_make(&more[i], 5 + i);
		fake_connect_kin(k.f, 4 + i, i < 2 ? &more[i] : &k.author, "");
		setup_in(&k, 4 + i);
	}
	fake_pass(k.f, 100);
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		echo.ping.echo = 1;
		echo.ping.wall_ms = (uint64_t)((int64_t)k.f->now.wall +
		    t[i].ahead);
		ctrl_in(&k, 1 + i, &echo);
		assert_in_range(beat_clock(k.f->g) - t[i].corrected + 200, 0,
		    400);
	}
	fake_free(k.f);
}

/* What we say goes out as fast as our kind, of whom one is linked, takes it. */
static void
test_own_rate(void **state)
{
	static const struct { uint32_t conf, rate, burst; } t[] = {
		{ 0, OWN_RATE, OWN_BURST }, { 100, OWN_RATE, OWN_BURST },
		{ 5, 5, 10 },
	};
	struct ident b;
	struct kin k;
	size_t i;

	(void)state;
	memset(&k, 0, sizeof(k));
	ident_make(&b, 1);
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		k.f = fake_new(0);
		k.f->conf.network_author_rate = t[i].conf;
		fake_connect_kin(k.f, 1, &b, "");
		assert_int_equal(k.f->g->pacer.rate, PACER_RATE);
		assert_int_equal(k.f->g->pacer.burst, PACER_BURST);
		setup_in(&k, 1);
		assert_int_equal(k.f->g->pacer.rate, t[i].rate);
		assert_int_equal(k.f->g->pacer.burst, t[i].burst);
		fake_free(k.f);
	}
}

/* No credit: what cannot be sent is queued, control goes first after. */
static void
test_queue(void **state)
{
	struct session *s;
	struct envelope e;
	struct kin k;
	size_t i, first = SIZE_MAX;
	char mid[64];

	(void)state;
	kin_open(&k);
	fake_frame(k.f, 2, chat_env(&k.author, "m", 7));
	graft_link_in(&k, 1);
	fake_pass(k.f, BEHIND_MS);
	fake_forget(k.f);
	s = peers_session(k.f->g, 1);
	s->win_frames = LINK_CTRL_FRAMES;
	for (i = 0; i < 5; i++) {
		snprintf(mid, sizeof(mid), "m%zu", i);
		fake_frame(k.f, 2, chat_env(&k.author, mid, 7));
	}
	assert_false(payload_went(k.f, 1));
	assert_int_equal(s->link->nqueue, 5);
	fake_forget(k.f);
	control_name(&s->link->nohave, 1);
	s->link->flush_at = k.f->now.mono + 5;
	gossip_credit(k.f->g, 1, 3, 0);
	for (i = 0; i < k.f->nsent; i++) {
		assert_true(envelope_read(&e, k.f->sent[i].data,
		    k.f->sent[i].len));
		if (e.msg_type == MSG_LINK_CTRL && first == SIZE_MAX)
			first = i;
	}
	assert_int_equal(first, 0);
	assert_int_equal(s->link->nqueue, 3);
	gossip_credit(k.f->g, 1, 10, 0);
	assert_int_equal(s->link->nqueue, 0);
	fake_free(k.f);
}

/* A v1 neighbour shows that it has it: no copy for it; and no prune. */
static void
test_v1(void **state)
{
	struct slice m;
	struct m2_ctrl c;
	struct ident v;
	struct kin k;

	(void)state;
	kin_open(&k);
	ident_make(&v, 6);
	fake_connect(k.f, 9, &v);
	fake_forget(k.f);
	m = chat_env(&k.author, U1, 7);
	fake_frame(k.f, 1, m);
	fake_frame(k.f, 9, m);
	fake_jitter(k.f);
	assert_false(payload_went(k.f, 9));
	fake_forget(k.f);
	m = chat_env(&k.author, "second", 7);
	fake_frame(k.f, 1, m);
	fake_jitter(k.f);
	assert_true(payload_went(k.f, 9));
	/* by a v1 relay first: the tree is not blamed */
	m = chat_env(&k.author, "third", 7);
	fake_frame(k.f, 9, m);
	fake_forget(k.f);
	fake_frame(k.f, 1, m);
	fake_pass(k.f, BATCH_MS);
	assert_false(ctrl_out(k.f, 1, &c) && c.prune.n > 0);
	assert_true((origin(&k)->eager & bit(&k, 1)) != 0);
	fake_free(k.f);
}

/*
 * A guest that lacks what has been here for long is of another part of the
 * mesh: it gets the place of a link; more than two do not.
 */
static void
test_guest_kept(void **state)
{
	struct m2_ctrl window = { .window = { NULL, 0 } }, graft = { .gap = 0 };
	uint8_t second[M2_SECOND] = { 0 };
	struct m2_ctrl out;
	struct ident late;
	struct slice frame;
	uint32_t sid;
	struct kin k;

	(void)state;
	kin_open(&k);
	k.f->conf.network_max_peers = 3;
	frame = chat_env(&k.author, U1, 5);
	fake_frame(k.f, 1, frame);
	graft.graft = name(sid_of(&k, frame, true));
	fake_awake(k.f, GUEST_MS + 1000);
	for (sid = 4; sid < 7; sid++) {
		ident_make(&late, 10 + sid);
		fake_connect_kin(k.f, sid, &late, "");
		assert_true(peers_session(k.f->g, sid)->guest);
		setup_in(&k, sid);
		window.window = (struct slice){ second, sizeof(second) };
		ctrl_in(&k, sid, &window);
		fake_pass(k.f, 100);
		assert_true(ctrl_out(k.f, sid, &out));
		assert_int_equal(out.ihave.n, M2_SID);
		ctrl_in(&k, sid, &graft);
		assert_true(payload_went(k.f, sid));
		fake_awake(k.f, 1500);
		assert_int_equal(peers_session(k.f->g, sid)->guest,
		    sid == 6);
		fake_forget(k.f);
	}
	assert_int_equal(k.f->g->count.kept, GUESTS_KEPT_MAX);
	assert_int_equal(k.f->g->npeers - k.f->g->nguests, 3);
	fake_free(k.f);
}

/*
 * An author over its rate: its messages wait, in order, those of others do
 * not; over the bound they are refused, and not asked for again.
 */
static void
test_parked(void **state)
{
	char id[UUID_LEN + 1];
	struct slice frame;
	size_t burst, i;
	struct kin k;

	(void)state;
	kin_open(&k);
	k.f->conf.network_author_rate = 20;
	burst = 40;
	for (i = 0; i < burst + 20 * PARKED_S + 5; i++) {
		snprintf(id, sizeof(id),
		    "00000000-0000-4000-8000-%012zu", i);
		frame = chat_env(&k.author, id, 5);
		fake_frame(k.f, 1, frame);
	}
	assert_int_equal(k.f->nchats, burst);
	assert_int_equal(k.f->g->bcast.nparked, 20 * PARKED_S);
	assert_int_equal(k.f->g->bcast.count.refused, 0);
	assert_int_equal(k.f->g->bcast.count.put_off, 5);
	assert_int_equal(k.f->g->bcast.wants.n, 5);
	/* Another copy costs nothing more. */
	fake_frame(k.f, 2, frame);
	assert_int_equal(k.f->g->bcast.count.put_off, 5);
	assert_int_equal(k.f->g->bcast.wants.n, 5);
	/* The others are not held up. */
	fake_frame(k.f, 1, chat_env(&k.d, U1, 5));
	assert_int_equal(k.f->nchats, burst + 1);
	fake_forget(k.f);
	fake_awake(k.f, 1000);
	assert_in_range(k.f->nchats, 15, 20);
	for (i = 0; i < k.f->nchats; i++)
		assert_int_equal(strtoul(k.f->chats[i].mid + 24, NULL, 10),
		    burst + i);
	fake_forget(k.f);
	for (i = 0; i < PARKED_S; i++) {
		fake_awake(k.f, 1000);
		fake_forget(k.f);
	}
	assert_int_equal(k.f->g->bcast.nparked, 0);
	assert_int_equal(k.f->g->bcast.parked_bytes, 0);
	assert_int_equal(k.f->g->bcast.parked_at, NEVER);
	fake_free(k.f);
}

#define FLOOD	600u

/* 50 ms of links that live and drain. */
static void
wake(struct fake *f)
{
	struct session *s;

	fake_pass(f, 50);
	TAILQ_FOREACH(s, &f->g->ready, ready_entry) {
		s->rx_at = f->now.mono;
		gossip_credit(f->g, s->sid, SESSION_WINDOW_FRAMES,
		    SESSION_WINDOW_BYTES);
	}
}

/* Answers what is asked for on link 1 with what was said. */
static size_t
serve(struct kin *k, const struct slice *frame, const uint64_t *sid,
    uint8_t *times)
{
	struct m2_ctrl c;
	size_t i, n, served = 0;

	if (!ctrl_out(k->f, 1, &c))
		return 0;
	for (i = 0; i < c.graft.n; i += M2_SID)
		for (n = 0; n < FLOOD; n++)
			if (m2_load64(c.graft.p + i) == sid[n]) {
				assert_true(++times[n] <= 2);
				fake_frame(k->f, 1, frame[n]);
				served++;
			}
	return served;
}

/*
 * Twenty times the rate, for longer than there is room: nothing is lost, it
 * comes at the rate, others are not held up and memory is bounded.
 */
static void
test_flooded(void **state)
{
	static struct slice frame[FLOOD];
	static uint8_t *kept[FLOOD];
	static uint64_t sid[FLOOD];
	static uint8_t times[FLOOD];
	struct bcast *b;
	char id[UUID_LEN + 1];
	uint64_t had;
	struct kin k;
	size_t i, most = 0;

	(void)state;
	kin_open(&k);
	b = &k.f->g->bcast;
	k.f->conf.network_author_rate = 20;
	for (i = 0; i < FLOOD; i++) {
		snprintf(id, sizeof(id),
		    "00000000-0000-4000-8000-%012zu", i);
		frame[i] = chat_env(&k.author, id, 5);
		kept[i] = malloc(frame[i].n);
		assert_non_null(kept[i]);
		memcpy(kept[i], frame[i].p, frame[i].n);
		frame[i].p = kept[i];
		sid[i] = sid_of(&k, frame[i], false);
		fake_frame(k.f, 1, frame[i]);
		if (i % 20 == 19) {
			wake(k.f);
			serve(&k, frame, sid, times);
			fake_forget(k.f);
		}
	}
	assert_true(b->count.put_off > 200);
	had = k.f->g->count.delivered;
	fake_frame(k.f, 2, chat_env(&k.d, U1, 5));
	assert_int_equal(k.f->g->count.delivered, had + 1);
	for (i = 0; i < 60 * 20; i++) {
		if (b->nparked > most)
			most = b->nparked;
		had = k.f->g->count.delivered;
		wake(k.f);
		serve(&k, frame, sid, times);
		assert_in_range(k.f->g->count.delivered - had, 0, 2);
		fake_forget(k.f);
	}
	assert_int_equal(k.f->g->count.delivered, FLOOD + 1);
	assert_int_equal(b->count.refused, 0);
	assert_true(most <= 2 * 20 * PARKED_S);
	assert_int_equal(b->wants.n, 0);
	assert_int_equal(b->parked.n, 0);
	for (i = 0; i < FLOOD; i++)
		free(kept[i]);
	fake_free(k.f);
}

/* What nobody would keep until its turn is refused, and not asked for. */
static void
test_flooded_for_long(void **state)
{
	char id[UUID_LEN + 1];
	struct slice frame;
	struct kin k;
	size_t i;

	(void)state;
	kin_open(&k);
	k.f->conf.network_author_rate = 1;
	for (i = 0; i < 200; i++) {
		snprintf(id, sizeof(id),
		    "00000000-0000-4000-8000-%012zu", i);
		frame = chat_env(&k.author, id, 5);
		fake_frame(k.f, 1, frame);
	}
	assert_in_range(k.f->g->bcast.count.put_off, 40, 60);
	assert_in_range(k.f->g->bcast.count.refused, 100, 140);
	ihave_in(&k, 2, sid_of(&k, frame, false));
	assert_in_range(k.f->g->bcast.wants.n, 40, 60);
	fake_free(k.f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_setup),
		cmocka_unit_test(test_said_before_setup),
		cmocka_unit_test(test_injected),
		cmocka_unit_test(test_spread),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_new),
		cmocka_unit_test(test_new_doubted),
		cmocka_unit_test(test_new_own),
		cmocka_unit_test(test_prune),
		cmocka_unit_test(test_repair),
		cmocka_unit_test(test_earlier),
		cmocka_unit_test(test_withheld),
		cmocka_unit_test(test_link_lost),
		cmocka_unit_test(test_serve),
		cmocka_unit_test(test_serve_again),
		cmocka_unit_test(test_looks),
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_ping),
		cmocka_unit_test(test_clock),
		cmocka_unit_test(test_own_rate),
		cmocka_unit_test(test_queue),
		cmocka_unit_test(test_v1),
		cmocka_unit_test(test_guest_kept),
		cmocka_unit_test(test_parked),
		cmocka_unit_test(test_flooded),
		cmocka_unit_test(test_flooded_for_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

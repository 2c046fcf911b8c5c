/* SPDX-License-Identifier: MIT */
/* What a node says of those it misses, and answers for itself. */
#include <sodium.h>

#include "fake.h"
#include "micelio-gossipd/beat.h"
#include "micelio-gossipd/core.h"
#include "micelio-gossipd/link.h"
#include "micelio-gossipd/mesh_judge.h"
#include "micelio-gossipd/session.h"
#include "micelio-gossipd/suspect.h"
#include "proto/m2.h"

#define LINKS	5u

struct kin {
	struct fake	*f;
	struct ident	 who[LINKS + 1];	/* by session; 0: nobody's */
	bool		 here[LINKS + 1];
	uint32_t	 said, seen;
	struct m2_suspect word;		/* the last one seen */
	uint8_t		 body[M2_SUSPECT_MAX];
};

static struct kin k;

static void
setup_in(uint32_t sid)
{
	struct m2_ctrl c = { .has_setup = true };
	struct wbuf p, e;

	c.setup.version = 1;
	c.setup.caps = M2_CAP_TREES;
	wbuf_init(&p, FRAME_ROOM);
	wbuf_init(&e, FRAME_ROOM);
	m2_ctrl_write(&p, &c);
	m2_frame_write(&e, MSG_LINK_CTRL, p.p, p.len);
	gossip_frame(k.f->g, k.f->now, sid, e.p, e.len);
	wbuf_free(&p);
	wbuf_free(&e);
}

/* Words that this node had signed since the last look. */
static size_t
words(void)
{
	const struct fake_sign *s;
	size_t n = 0;

	fake_pump(k.f);
	for (; k.seen < k.f->nsigns; k.seen++) {
		s = &k.f->signs[k.seen];
		if (s->type != MSG_SUSPECT)
			continue;
		assert_true(s->len <= sizeof(k.body));
		memcpy(k.body, s->payload, s->len);
		assert_true(m2_suspect_read(&k.word, k.body, s->len));
		n++;
	}
	return n;
}

/* Time goes by, and the links that are there live. */
static size_t
pass(uint64_t ms)
{
	static const uint8_t keepalive[] = { 0x28, MSG_KEEPALIVE };
	uint64_t step;
	uint32_t sid;
	size_t n = 0;

	for (; ms > 0; ms -= step) {
		for (sid = 1; sid <= LINKS; sid++)
			if (k.here[sid])
				fake_frame(k.f, sid, (struct slice){ keepalive,
				    sizeof(keepalive) });
		step = ms > 60000 ? BEAT_MS : ms < 50 ? ms : 50;
		fake_pass(k.f, step);
		n += words();
		fake_forget_sent(k.f);
	}
	return n;
}

static void
connect_kin(uint32_t sid)
{
	fake_connect_kin(k.f, sid, &k.who[sid], "");
	setup_in(sid);
	k.here[sid] = true;
}

static void
lose(uint32_t sid, enum down_reason why)
{
	k.here[sid] = false;
	gossip_session_down(k.f->g, k.f->now, sid, why);
}

/* A word of who, brought by session by. */
static void
hear(const struct ident *who, uint32_t by, const struct m2_suspect *s)
{
	struct envelope e = { .hop_count = 9, .msg_type = MSG_SUSPECT };
	uint8_t sig[64];
	struct wbuf p, b;
	char id[64];

	snprintf(id, sizeof(id), "00000000-0000-4000-9000-%012u", ++k.said);
	wbuf_init(&p, FRAME_ROOM);
	wbuf_init(&b, FRAME_ROOM);
	m2_suspect_write(&p, s);
	e.message_id = (struct slice){ (const uint8_t *)id, UUID_LEN };
	e.sender_id = (struct slice){ (const uint8_t *)who->hex, NODEID_HEX };
	e.lamport_ts = k.f->now.wall << 16 | k.said;
	e.payload = (struct slice){ p.p, p.len };
	envelope_write_signed(&b, &e);
	crypto_sign_detached(sig, NULL, b.p, b.len, who->sec);
	e.signature = (struct slice){ sig, 64 };
	e.sender_pubkey = (struct slice){ who->pub, 32 };
	wbuf_reset(&b);
	envelope_write(&b, &e);
	fake_frame(k.f, by, (struct slice){ b.p, b.len });
	wbuf_free(&p);
	wbuf_free(&b);
}

/* It claims its link with us. */
static void
claims(uint32_t sid)
{
	struct m2_suspect s = { .version = 1, .incarnation = 70 + sid,
		.links = { k.f->me.id.b, M2_HALF } };

	hear(&k.who[sid], sid, &s);
}

static int
open_kin(void **state)
{
	uint32_t i;

	(void)state;
	memset(&k, 0, sizeof(k));
	k.f = fake_new(0);
	gossip_suspect_start(k.f->g);
	for (i = 0; i <= LINKS; i++)
		ident_make(&k.who[i], i + 1);
	for (i = 1; i <= LINKS; i++)
		connect_kin(i);
	assert_int_equal(k.f->g->bcast.nm2, LINKS);
	pass(3000);
	for (i = 1; i <= LINKS; i++)
		claims(i);
	pass(6000);
	return 0;
}

static int
close_kin(void **state)
{
	(void)state;
	fake_free(k.f);
	return 0;
}

static bool
claimed(uint32_t sid)
{
	size_t i;

	for (i = 0; i < k.word.links.n; i += M2_HALF)
		if (memcmp(k.word.links.p + i, k.who[sid].id.b,
		    M2_HALF) == 0)
			return true;
	return false;
}

static void
test_claims(void **state)
{
	(void)state;
	assert_int_equal(k.word.links.n, LINKS * M2_HALF);
	assert_int_equal(k.word.n, 0);
	assert_true(k.word.incarnation >= START_WALL);
	/* All were new; then nothing changes: nothing is said, for long. */
	assert_int_equal(pass(GREET_MS / 2 - 10000), 0);
	assert_int_equal(pass(GREET_MS), 1);
	assert_int_equal(k.word.links.n, LINKS * M2_HALF);
	assert_int_equal(pass(REFRESH_MS - GREET_MS), 0);
	assert_int_equal(pass(REFRESH_MS / 2), 1);
}

/* It has lost its memory: what it was told before is told again, once. */
static void
test_greeting(void **state)
{
	struct m2_suspect anew = { .version = 1, .incarnation = 1000,
		.links = { k.f->me.id.b, M2_HALF } };
	int i;

	(void)state;
	assert_int_equal(pass(2 * GREET_MS), 1);
	for (i = 0; i < 20; i++) {
		anew.incarnation++;
		hear(&k.who[3], 3, &anew);
		assert_int_equal(pass(2000), 0);
	}
	assert_int_equal(pass(GREET_MS), 1);
	assert_int_equal(pass(GREET_MS), 0);
}

static void
test_missed(void **state)
{
	(void)state;
	lose(2, DOWN_EOF);
	assert_int_equal(pass(LOST_EOF_MS - 100), 0);
	assert_int_equal(pass(3000), 1);
	assert_false(claimed(2));
	assert_int_equal(k.word.n, 1);
	assert_memory_equal(k.word.item[0].node, k.who[2].id.b, NODEID_LEN);
	assert_int_equal(k.word.item[0].state, M2_SUSPECTED);
	assert_int_equal(k.word.item[0].incarnation, 72);
	/* It is linked again. */
	connect_kin(2);
	assert_int_equal(pass(3000), 1);
	assert_true(claimed(2));
	assert_int_equal(k.word.item[0].state, M2_HEARD_AGAIN);
}

/* What was our own doing, and what the other says was its own. */
static void
test_ended(void **state)
{
	struct m2_suspect left = { .version = 1, .incarnation = 73,
		.links = { k.who[5].id.b, M2_HALF } };

	(void)state;
	lose(2, DOWN_NEARER);
	assert_int_equal(pass(3000), 1);
	assert_int_equal(k.word.n, 0);
	assert_false(claimed(2));
	lose(3, DOWN_EOF);
	hear(&k.who[3], 1, &left);
	assert_int_equal(pass(5000), 1);
	assert_int_equal(k.word.n, 0);
}

static void
test_stalled(void **state)
{
	(void)state;
	/* We stood still, and the first we hear is how links ended. */
	k.f->now.mono += 20000;
	k.f->now.wall += 20000;
	lose(2, DOWN_EOF);
	lose(3, DOWN_TIMEOUT);
	pass(5000);
	assert_int_equal(k.word.n, 0);
	assert_false(claimed(2));
	/* The machine was suspended: only the wall's clock went on. */
	pass(5000);
	k.f->now.wall += 60000;
	pass(1000);
	lose(4, DOWN_EOF);
	pass(5000);
	assert_int_equal(k.word.n, 0);
	/* Later we judge again. */
	pass(AWAY_MS);
	lose(5, DOWN_EOF);
	pass(5000);
	assert_int_equal(k.word.n, 1);
}

/* Most at once: it may be us, and when all are gone it is. */
static void
test_most(void **state)
{
	uint32_t i;

	(void)state;
	for (i = 1; i <= 3; i++)
		lose(i, DOWN_TIMEOUT);
	pass(LOST_SILENT_MS + 1500);
	assert_int_equal(k.word.n, 0);
	lose(4, DOWN_TIMEOUT);
	lose(5, DOWN_TIMEOUT);
	assert_int_equal(pass(20000), 0);
	assert_int_equal(k.f->g->suspect.ndoubts, 0);
	connect_kin(5);
	assert_int_equal(pass(5000), 1);
	assert_int_equal(k.word.n, 0);
}

static void
suspect_us(uint32_t sid, uint64_t incarnation)
{
	struct m2_suspect s = { .version = 1, .incarnation = 70 + sid,
		.n = 1, .links = { k.who[5].id.b, M2_HALF } };

	s.item[0] = (struct m2_item){ .node = k.f->me.id.b,
		.state = M2_SUSPECTED, .incarnation = incarnation };
	hear(&k.who[sid], sid, &s);
}

static void
test_answer(void **state)
{
	uint64_t was = k.f->g->suspect.incarnation;

	(void)state;
	/* Of no incarnation of ours: not a word. */
	suspect_us(2, was + 1);
	suspect_us(3, UINT64_MAX);
	suspect_us(4, was - 1);
	assert_int_equal(pass(3000), 0);
	assert_false(fake_event(k.f, EV_SUSPECTED, ""));
	suspect_us(1, was);
	assert_int_equal(pass(100), 1);
	assert_true(k.word.incarnation > was);
	assert_int_equal(k.word.item[0].state, M2_ALIVE);
	assert_memory_equal(k.word.item[0].node, k.f->me.id.b, NODEID_LEN);
	/* Its link lives, so it lied: it is claimed no more, for a while. */
	assert_true(fake_event(k.f, EV_SUSPECTED, ""));
	assert_false(claimed(1));
	assert_true(claimed(2));
	pass(LIAR_MS + REFRESH_MS);
	assert_true(claimed(1));
}

/* However often we are suspected, we say no more than we may. */
static void
test_rate(void **state)
{
	size_t said = 0, i;

	(void)state;
	for (i = 0; i < 200; i++) {
		suspect_us(1 + (uint32_t)(i % LINKS),
		    k.f->g->suspect.incarnation);
		said += pass(100);
	}
	assert_in_range(said, 5, 20 + SUSPECT_BURST + 1);
	assert_true(k.f->g->suspect.nliars <= LIARS_MAX);
}

/* More than one word has room for. */
static void
test_many(void **state)
{
	struct suspect *s = &k.f->g->suspect;
	struct m2_suspect word = { .version = 1, .incarnation = 1,
		.links = { k.f->me.id.b, M2_HALF } };
	struct doubt *d;
	struct ident x;
	size_t i, items = 0;

	(void)state;
	for (i = 0; i < 40; i++) {
		ident_make(&x, (unsigned int)(20 + i));
		assert_true(health_take(&s->health, &x.id, 1, &word,
		    k.f->now.mono));
		d = xcalloc(1, sizeof(*d));
		d->id = x.id;
		d->state = DOUBT_DUE;
		d->lost_at = k.f->now.mono;
		TAILQ_INSERT_TAIL(&s->doubts, d, entry);
		s->ndoubts++;
	}
	s->say_at = k.f->now.mono;
	assert_int_equal(pass(50), 1);
	assert_int_equal(k.word.n, M2_ITEMS_MAX);
	items += k.word.n;
	assert_int_equal(pass(2000), 1);
	items += k.word.n;
	assert_int_equal(items, 40);
}

/* A v1 neighbour gets nothing of it. */
static void
test_v1(void **state)
{
	struct envelope e;
	struct ident v1;
	size_t i;

	(void)state;
	ident_make(&v1, 17);
	fake_connect(k.f, 9, &v1);
	fake_forget(k.f);
	k.seen = 0;
	lose(2, DOWN_EOF);
	for (i = 0; i < 60; i++) {
		fake_pass(k.f, 50);
		fake_pump(k.f);
	}
	assert_int_equal(words(), 1);
	for (i = 0; i < k.f->nsent; i++) {
		if (!frame_went_to(&k.f->sent[i], 9))
			continue;
		assert_true(envelope_read(&e, k.f->sent[i].data,
		    k.f->sent[i].len));
		assert_int_not_equal(e.msg_type, MSG_SUSPECT);
	}
}

/* Of one author who says far too much the rest is not passed on. */
static void
test_flood(void **state)
{
	struct m2_suspect s = { .version = 1, .incarnation = 1,
		.links = { k.f->me.id.b, M2_HALF } };
	uint64_t before = k.f->g->count.received;
	size_t i;

	(void)state;
	for (i = 0; i < 150; i++) {
		hear(&k.who[1], 1, &s);
		fake_forget_sent(k.f);
	}
	assert_in_range(k.f->g->count.received - before, 1, HEALTH_BURST + 1);
	assert_true(k.f->g->count.drops[DROP_RATE] >= 80);
}

int
main(void)
{
#define TEST(f)	cmocka_unit_test_setup_teardown(f, open_kin, close_kin)
	const struct CMUnitTest tests[] = {
		TEST(test_claims), TEST(test_greeting), TEST(test_missed),
		TEST(test_ended), TEST(test_stalled), TEST(test_most),
		TEST(test_answer), TEST(test_rate), TEST(test_many),
		TEST(test_v1), TEST(test_flood),
	};

	if (sodium_init() == -1)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* Envelopes that are not taken, and what they cost (wire-v1 4.3, 9.4). */
#include "brief.h"
#include "common/log.h"
#include "common/nodeid.h"
#include "fake.h"
#include "mesh.h"
#include "micelio-gossipd/budget.h"
#include "micelio-gossipd/core.h"
#include "micelio-gossipd/keyring.h"
#include "proto/m2.h"
#include "proto/wire.h"

static void
take(struct mesh *m, const struct envelope *e)
{
	struct wbuf b;

	wbuf_init(&b, FRAME_ROOM);
	envelope_write(&b, e);
	gossip_frame(m->f->g, m->f->now, 1, b.p, b.len);
	wbuf_free(&b);
}

/* An envelope and so many bytes in a field that is not known. */
static struct slice
padded(struct wbuf *b, struct slice env, size_t n)
{
	static const uint8_t pad[ENVELOPE_BESIDE_MAX];

	wbuf_reset(b);
	wbuf_bytes(b, env.p, env.n);
	wire_put_bytes(b, 15, pad, n);
	return (struct slice){ b->p, b->len };
}

/* EngineUnknownSender, BadHash, BadPubkeySize, DroppedMessageNotMarkedSeen */
static void
test_no_key(void **state)
{
	struct slice p;
	struct ident x;
	struct mesh m;

	(void)state;
	mesh_open(&m);
	p = chat_make("n", "t", START_WALL / 1000);
	fake_frame(m.f, 1, env_make(&m.author, "m1", MSG_CHAT, 9, p, false));
	assert_int_equal(drops(&m, DROP_NO_KEY), 1);
	assert_true(fake_event(m.f, EV_MESSAGE_REFUSED, "no_key"));
	/* a key that is not the id's */
	x = m.author;
	memcpy(x.pub, m.b.pub, 32);
	fake_frame(m.f, 1, env_make(&x, "m1", MSG_CHAT, 9, p, true));
	assert_int_equal(drops(&m, DROP_NO_KEY), 2);
	/* an id that is no node id at all */
	strcpy(x.hex, "somebody");
	fake_frame(m.f, 1, env_make(&x, "m1", MSG_CHAT, 9, p, true));
	assert_int_equal(drops(&m, DROP_NO_KEY), 3);
	assert_int_equal(m.f->nverifies, 0);
	assert_quiet(&m);
	/* the same message with its key is a good one */
	fake_frame(m.f, 1, env_make(&m.author, "m1", MSG_CHAT, 9, p, true));
	assert_int_equal(m.f->nchats, 1);
	/* and from then on the key is known */
	fake_frame(m.f, 1, env_make(&m.author, "m2", MSG_CHAT, 9, p, false));
	assert_int_equal(m.f->nchats, 2);
	fake_free(m.f);
}

/* EngineInvalidSignature, AutoLearnKeyBadSignature; W6: not learnt */
static void
test_bad_signature(void **state)
{
	struct ident x;
	struct mesh m;

	(void)state;
	mesh_open(&m);
	x = m.author;
	memcpy(x.sec, m.b.sec, 64);
	fake_frame(m.f, 1, chat_env(&x, "m1", 9));
	assert_int_equal(drops(&m, DROP_SIGNATURE), 1);
	assert_true(fake_event(m.f, EV_MESSAGE_REFUSED, "invalid signature"));
	assert_null(keyring_get(&m.f->g->keyring, &x.id, NULL));
	assert_quiet(&m);
	/* not marked: the true one comes through */
	fake_frame(m.f, 2, chat_env(&m.author, "m1", 9));
	assert_int_equal(m.f->nchats, 1);
	fake_free(m.f);
}

/* hop_count and sender_pubkey are not signed, the rest is. */
static void
test_tampered(void **state)
{
	struct envelope e, t;
	struct slice s;
	struct mesh m;
	int i;

	(void)state;
	mesh_open(&m);
	s = chat_env(&m.b, "m1", 9);
	assert_true(envelope_read(&e, s.p, s.n));
	for (i = 0; i < 7; i++) {
		t = e;
		if (i == 0)
			t.lamport_ts = 1;
		else if (i == 1)
			t.msg_type = 1000;
		else if (i == 2)
			t.payload = t.sender_id;
		else if (i == 3)
			t.message_id = t.sender_id;
		else if (i == 4)
			t.signature.n = 63;
		else if (i == 5)
			t.signature.n = 0;
		else
			t.sender_id = (struct slice){
			    (const uint8_t *)m.c.hex, NODEID_HEX };
		take(&m, &t);
		assert_int_equal(drops(&m, DROP_SIGNATURE), i + 1);
	}
	assert_quiet(&m);
	t = e;
	t.hop_count = 99;
	t.sender_pubkey = t.signature;
	take(&m, &t);
	assert_int_equal(m.f->nchats, 1);
	fake_free(m.f);
}

static struct slice
sized(const struct ident *i, size_t mid, size_t payload)
{
	static uint8_t p[70000];
	static char id[256];

	memset(id, 'x', sizeof(id));
	id[mid] = '\0';
	return env_make(i, id, 1000, 1, (struct slice){ p, payload }, true);
}

/* EngineEmptyEnvelope, EngineSizeValidation */
static void
test_sizes(void **state)
{
	struct mesh m;

	(void)state;
	mesh_open(&m);
	gossip_frame(m.f->g, m.f->now, 1, "", 0);
	assert_int_equal(drops(&m, DROP_EMPTY_ID), 1);
	assert_int_equal(m.f->nevents, 0);
	fake_frame(m.f, 1, sized(&m.author, 129, 1));
	assert_int_equal(drops(&m, DROP_LONG_ID), 1);
	assert_true(fake_event(m.f, EV_MESSAGE_REFUSED, "128 bytes"));
	fake_frame(m.f, 1, sized(&m.author, 1, 65537));
	assert_int_equal(drops(&m, DROP_LONG_PAYLOAD), 1);
	assert_true(fake_event(m.f, EV_MESSAGE_REFUSED, "65536 bytes"));
	assert_quiet(&m);
	fake_frame(m.f, 1, sized(&m.author, 128, 65536));
	assert_int_equal(m.f->g->count.received, 1);
	fake_free(m.f);
}

static void
test_long_sender(void **state)
{
	struct envelope e;
	struct slice s;
	struct mesh m;
	char id[130];

	(void)state;
	mesh_open(&m);
	memset(id, 'a', sizeof(id));
	s = chat_env(&m.author, "m", 3);
	assert_true(envelope_read(&e, s.p, s.n));
	e.sender_id = (struct slice){ (const uint8_t *)id, 129 };
	take(&m, &e);
	assert_int_equal(drops(&m, DROP_LONG_ID), 1);
	e.sender_id.n = 128;
	take(&m, &e);
	assert_int_equal(drops(&m, DROP_NO_KEY), 1);
	fake_free(m.f);
}

/* Unknown fields survive, but not a frame full of them. */
static void
test_padded(void **state)
{
	static const size_t most[] = { ENVELOPE_BESIDE_MAX, 0x3800 };
	struct slice s;
	struct wbuf b;
	struct mesh m;
	int i;

	(void)state;
	mesh_open(&m);
	wbuf_init(&b, FRAME_ROOM);
	s = chat_env(&m.author, "m", 5);
	for (i = 0; i < 2; i++) {
		fake_frame(m.f, 1, padded(&b, s, most[i]));
		assert_int_equal(drops(&m, DROP_PADDED), 1);
		fake_jitter(m.f);
		assert_int_equal(m.f->nsent, i);
	}
	assert_true(m.f->sent[0].len > 0x3800);
	wbuf_free(&b);
	fake_free(m.f);
}

/*
 * What a v1 node passes on for anybody is not held against it: a stranger
 * could have all of them banned.
 */
static void
test_relayed_rubbish(void **state)
{
	static const uint32_t types[] = { MSG_LINK_CTRL, MSG_RECONCILE,
	    MSG_PEER_RECORDS, MSG_OURS_MAX };
	char mid[16];
	struct slice s;
	struct wbuf b;
	struct mesh m;
	unsigned int i;

	(void)state;
	mesh_open(&m);
	wbuf_init(&b, FRAME_ROOM);
	for (i = 0; i < 600; i++) {
		snprintf(mid, sizeof(mid), "m%u", i);
		if (i % 5 == 4)
			s = padded(&b, chat_env(&m.author, mid, 5),
			    ENVELOPE_BESIDE_MAX);
		else
			s = env_make(&m.author, mid, types[i % 5], 5,
			    (struct slice){ (const uint8_t *)"x", 1 }, true);
		fake_frame(m.f, 1, s);
		fake_pass(m.f, 100);
		fake_forget(m.f);
	}
	assert_int_equal(drops(&m, DROP_LINK), 360);
	assert_int_equal(drops(&m, DROP_IDS), 120);
	assert_int_equal(drops(&m, DROP_PADDED), 120);
	assert_int_equal(m.f->g->npeers, 3);
	wbuf_free(&b);
	fake_free(m.f);
}

/* EngineRateLimiting: only the burst; later copies of the rest may come */
static void
test_rate(void **state)
{
	char mid[16];
	struct mesh m;
	int i;

	(void)state;
	mesh_open(&m);
	for (i = 0; i < 30; i++) {
		snprintf(mid, sizeof(mid), "m%d", i);
		fake_frame(m.f, 1, chat_env(&m.author, mid, 10));
	}
	assert_int_equal(m.f->nchats, 20);
	assert_int_equal(drops(&m, DROP_RATE), 10);
	assert_int_equal(m.f->nevents, 0);
	/* others are not concerned */
	fake_frame(m.f, 1, chat_env(&m.d, "m0", 10));
	assert_int_equal(m.f->nchats, 21);
	fake_pass(m.f, 100);
	fake_frame(m.f, 2, chat_env(&m.author, "m29", 10));
	assert_int_equal(m.f->nchats, 22);
	/* W36: copies of one message cost one token */
	fake_pass(m.f, 100);
	fake_frame(m.f, 1, chat_env(&m.author, "n1", 10));
	fake_frame(m.f, 2, chat_env(&m.author, "n1", 10));
	fake_pass(m.f, 100);
	fake_frame(m.f, 3, chat_env(&m.author, "n2", 10));
	assert_int_equal(m.f->nchats, 24);
	fake_free(m.f);
}

/* W7: a neighbour that mints authors is bounded by itself */
static void
test_neighbour_rate(void **state)
{
	const struct ident *authors[] = { NULL, NULL };
	const uint32_t left = brief(NEIGHBOUR_BURST, 200);
	struct ident minted[2];
	struct session *s;
	uint64_t took;
	char mid[16];
	struct mesh m;
	unsigned int i;

	(void)state;
	mesh_open(&m);
	ident_make(&minted[0], 20);
	ident_make(&minted[1], 21);
	authors[0] = &minted[0];
	authors[1] = &minted[1];
	TAILQ_FOREACH(s, &m.f->g->ready, ready_entry)
		s->brought.millis -= (NEIGHBOUR_BURST - left) * UINT64_C(1000);
	for (i = 0; i < left + 100; i++) {
		snprintf(mid, sizeof(mid), "m%u", i);
		fake_frame(m.f, 1, chat_env(authors[i % 2], mid, 1));
		m.f->nchats = 0;
	}
	/* over it, nothing is even checked */
	assert_int_equal(drops(&m, DROP_NEIGHBOUR), 100);
	took = m.f->g->count.verified;
	snprintf(mid, sizeof(mid), "m%u", i);
	fake_frame(m.f, 1, chat_env(&m.d, mid, 1));
	assert_true(m.f->g->count.verified == took);
	assert_int_equal(m.f->nchats, 0);
	assert_true(fake_event(m.f, EV_MESSAGE_REFUSED, "neighbour"));
	/* it may come another way, and others are not concerned */
	fake_frame(m.f, 2, chat_env(&m.d, mid, 1));
	assert_int_equal(m.f->nchats, 1);
	/* the connection stays, and has its rate */
	assert_int_equal(m.f->nclosed, 0);
	fake_pass(m.f, 1000);
	fake_frame(m.f, 1, chat_env(&m.d, "later", 1));
	assert_int_equal(m.f->nchats, 2);
	fake_free(m.f);
}

/* W4: our own message is not taken, shown or relayed again */
static void
test_own(void **state)
{
	struct mesh m;

	(void)state;
	mesh_open(&m);
	fake_frame(m.f, 1, chat_env(&m.f->me, "m1", 10));
	assert_int_equal(drops(&m, DROP_OWN), 1);
	assert_int_equal(m.f->nverifies, 0);
	assert_quiet(&m);
	fake_free(m.f);
}

/* Chat that cannot be read is not shown; v1 relays it, and so do we. */
static void
test_bad_chat(void **state)
{
	struct mesh m;

	(void)state;
	mesh_open(&m);
	fake_frame(m.f, 1, env_make(&m.author, "m", MSG_CHAT, 10,
	    (struct slice){ (const uint8_t *)"\x0a\x01\xff", 3 }, true));
	assert_int_equal(m.f->nchats, 0);
	assert_int_equal(drops(&m, DROP_CHAT), 1);
	fake_jitter(m.f);
	assert_int_equal(m.f->nsent, 1);
	fake_free(m.f);
}

/* Types 1, 2 and 5 after the hello are passed over; rubbish costs points. */
static void
test_direct_types(void **state)
{
	struct mesh m;

	(void)state;
	mesh_open(&m);
	fake_frame(m.f, 1, hello_make(&m.b, MSG_HELLO, ""));
	fake_frame(m.f, 1, hello_make(&m.b, MSG_HELLO_ACK, ""));
	gossip_frame(m.f->g, m.f->now, 1, "\x28\x05", 2);
	assert_int_equal(m.f->nverifies, 0);
	assert_int_equal(m.f->nclosed, 0);
	gossip_frame(m.f->g, m.f->now, 1, "\x07", 1);
	assert_int_equal(drops(&m, DROP_MALFORMED), 1);
	assert_true(fake_event(m.f, EV_MESSAGE_REFUSED, "not an envelope"));
	assert_int_equal(m.f->nclosed, 0);
	assert_quiet(&m);
	/* a session nobody knows */
	gossip_frame(m.f->g, m.f->now, 77, "\x28\x05", 2);
	gossip_credit(m.f->g, 77, 1, 1);
	gossip_session_down(m.f->g, m.f->now, 77, DOWN_EOF);
	fake_free(m.f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_key),
		cmocka_unit_test(test_bad_signature),
		cmocka_unit_test(test_tampered),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_long_sender),
		cmocka_unit_test(test_padded),
		cmocka_unit_test(test_relayed_rubbish),
		cmocka_unit_test(test_rate),
		cmocka_unit_test(test_neighbour_rate),
		cmocka_unit_test(test_own),
		cmocka_unit_test(test_bad_chat),
		cmocka_unit_test(test_direct_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

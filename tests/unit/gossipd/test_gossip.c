/* SPDX-License-Identifier: MIT */
/* Envelopes that are good: taken, and given on (wire-v1 4.3, 9.4). */
#include "common/nodeid.h"
#include "fake.h"
#include "json.h"
#include "mesh.h"
#include "micelio-gossipd/core.h"
#include "micelio-gossipd/jobs.h"
#include "micelio-gossipd/keyring.h"
#include "micelio-gossipd/relay.h"

/* EngineForwarding, EngineForwardDecrementHopCount, EngineAutoLearnKey, W34 */
static void
test_deliver_and_relay(void **state)
{
	const struct fake_frame *o;
	struct envelope e;
	struct mesh m;
	enum trust t;

	(void)state;
	mesh_open(&m);
	fake_frame(m.f, 1, chat_env(&m.author, "m1", 5));
	assert_int_equal(m.f->nchats, 1);
	assert_true(nodeid_equal(&m.f->chats[0].id, &m.author.id));
	assert_string_equal(m.f->chats[0].mid, "m1");
	assert_string_equal(m.f->chats[0].nick, "nick");
	assert_string_equal(m.f->chats[0].text, "text");
	assert_true(m.f->chats[0].ts == START_WALL / 1000);
	assert_int_equal(m.f->nsent, 0);
	fake_jitter(m.f);
	assert_int_equal(m.f->nsent, 1);
	o = fake_last(m.f, &e);
	assert_int_equal(o->n, 2);
	assert_false(frame_went_to(o, 1));
	assert_true(frame_went_to(o, 2));
	assert_true(frame_went_to(o, 3));
	assert_int_equal(e.hop_count, 4);
	assert_non_null(keyring_get(&m.f->g->keyring, &m.author.id, &t));
	assert_int_equal(t, TRUST_LEARNT);
	/* not to the author either */
	fake_frame(m.f, 1, chat_env(&m.c, "m2", 5));
	fake_jitter(m.f);
	o = fake_last(m.f, &e);
	assert_int_equal(o->n, 1);
	assert_true(frame_went_to(o, 3));
	assert_int_equal(m.f->g->count.received, 2);
	assert_int_equal(m.f->g->count.delivered, 2);
	assert_int_equal(m.f->g->count.forwarded, 3);
	assert_int_equal(m.f->g->count.dropped, 0);
	fake_free(m.f);
}

/* vector group forwarding: equal, through the whole core */
static void
test_vector_relay(void **state)
{
	struct json *v = json_vectors();
	const struct json *g = json_get(v, "forwarding");
	uint8_t in[4096], want[4096];
	const struct fake_frame *o;
	struct envelope e;
	struct ident b, c;
	struct fake *f;
	size_t n;
	int i;

	(void)state;
	ident_make(&b, 1);
	ident_make(&c, 2);
	for (i = 0; i < 2; i++) {
		/* node D relays what A said, from B to C */
		f = fake_new(3);
		fake_connect(f, 1, &b);
		fake_connect(f, 2, &c);
		fake_forget(f);
		n = json_hex(json_get(g, i == 0 ? "input_envelope_hex" :
		    "unknown_field_input_hex"), in, sizeof(in));
		gossip_frame(f->g, f->now, 1, in, n);
		assert_int_equal(f->nchats, 1);
		assert_string_equal(f->chats[0].text, "hello from node A");
		fake_jitter(f);
		o = fake_last(f, &e);
		n = json_hex(json_get(g, i == 0 ? "output_envelope_hex" :
		    "unknown_field_output_hex"), want, sizeof(want));
		assert_int_equal(o->len, n);
		assert_memory_equal(o->data, want, n);
		fake_free(f);
	}
	json_free(v);
}

/* vector group envelopes: equal (each verifies, and what becomes of it) */
static void
test_vector_envelopes(void **state)
{
	struct json *v = json_vectors();
	const struct json *group = json_get(v, "envelopes"), *e;
	uint8_t raw[4096];
	const char *name;
	struct ident b;
	struct fake *f;
	size_t i, n;

	(void)state;
	ident_make(&b, 1);
	for (i = 0; i < json_len(group); i++) {
		e = json_at(group, i);
		name = json_str(json_get(e, "name"));
		n = json_hex(json_get(e, "envelope_hex"), raw, sizeof(raw));
		f = fake_new(3);
		fake_connect(f, 1, &b);
		gossip_frame(f->g, f->now, 1, raw, n);
		if (strcmp(name, "chat_A_no_pubkey") == 0)
			assert_int_equal(f->g->count.drops[DROP_NO_KEY], 1);
		else if (strncmp(name, "hello", 5) == 0)
			assert_int_equal(f->g->count.drops[DROP_TYPE], 1);
		else if (strcmp(name, "peer_exchange_B_to_A") == 0)
			assert_int_equal(f->g->count.exchanges, 1);
		else if (strcmp(name, "peer_exchange_A_to_B") == 0)
			assert_int_equal(f->g->count.drops[DROP_EXCHANGE], 1);
		else
			assert_int_equal(f->g->count.received, 1);
		assert_int_equal(f->nchats, strncmp(name, "chat_A", 6) == 0 &&
		    strcmp(name, "chat_A_no_pubkey") != 0 ? 1 :
		    strcmp(name, "lamport_be") == 0);
		fake_free(f);
	}
	json_free(v);
}

/* EngineDedup, SeenCacheBasic through the core */
static void
test_duplicate(void **state)
{
	struct mesh m;

	(void)state;
	mesh_open(&m);
	fake_frame(m.f, 1, chat_env(&m.author, "m1", 10));
	fake_frame(m.f, 2, chat_env(&m.author, "m1", 9));
	fake_frame(m.f, 1, chat_env(&m.author, "m1", 10));
	assert_int_equal(m.f->nchats, 1);
	assert_int_equal(m.f->nverifies, 1);
	assert_int_equal(drops(&m, DROP_DUPLICATE), 2);
	fake_jitter(m.f);
	/* session 2 has shown that it has it */
	assert_int_equal(m.f->nsent, 1);
	assert_false(frame_went_to(&m.f->sent[0], 2));
	/* another author may use the same id: nobody can take it away */
	fake_frame(m.f, 1, chat_env(&m.d, "m1", 10));
	assert_int_equal(m.f->nchats, 2);
	fake_free(m.f);
}

/* EngineHopCountZero, EngineHopCountZeroNotForwarded, EngineMaxHops, W5 */
static void
test_hops(void **state)
{
	struct envelope e;
	struct mesh m;

	(void)state;
	assert_int_equal(ENVELOPE_HOPS, 10);
	mesh_open(&m);
	fake_frame(m.f, 1, chat_env(&m.author, "m0", 0));
	fake_frame(m.f, 1, chat_env(&m.author, "m1", 1));
	assert_int_equal(m.f->nchats, 2);
	fake_jitter(m.f);
	assert_int_equal(m.f->nsent, 0);
	fake_frame(m.f, 1, chat_env(&m.author, "m2", 2));
	fake_jitter(m.f);
	fake_last(m.f, &e);
	assert_int_equal(e.hop_count, 1);
	fake_frame(m.f, 1, chat_env(&m.author, "m3", UINT32_MAX));
	fake_jitter(m.f);
	fake_last(m.f, &e);
	assert_int_equal(e.hop_count, 9);
	fake_frame(m.f, 1, chat_env(&m.author, "m4", 11));
	fake_jitter(m.f);
	fake_last(m.f, &e);
	assert_int_equal(e.hop_count, 9);
	fake_free(m.f);
}

/* EngineUnknownMsgType: relayed, not delivered */
static void
test_unknown_type(void **state)
{
	static const uint32_t types[] = { 0, 6, 7, 8, 99, 1000, UINT32_MAX };
	char mid[16];
	struct mesh m;
	size_t i;

	(void)state;
	mesh_open(&m);
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		snprintf(mid, sizeof(mid), "m%zu", i);
		fake_frame(m.f, 1, env_make(&m.author, mid, types[i], 10,
		    (struct slice){ (const uint8_t *)"\xff", 1 }, true));
		fake_jitter(m.f);
		assert_int_equal(m.f->nsent, i + 1);
	}
	assert_int_equal(m.f->nchats, 0);
	assert_int_equal(m.f->g->count.delivered, 0);
	assert_int_equal(m.f->g->count.received, i);
	fake_free(m.f);
}

/* EngineForwardNoCandidates, ForwardToZeroCandidates */
static void
test_no_candidates(void **state)
{
	struct fake *f = fake_new(0);
	struct ident b;

	(void)state;
	ident_make(&b, 1);
	fake_connect(f, 1, &b);
	fake_forget(f);
	fake_frame(f, 1, chat_env(&b, "m", 10));
	assert_int_equal(f->nchats, 1);
	assert_int_equal(f->nsent, 0);
	assert_int_equal(f->g->count.received, 1);
	assert_int_equal(f->g->count.forwarded, 0);
	assert_int_equal(f->g->count.dropped, 0);
	fake_free(f);
}

/*
 * EngineFanoutLimit: superseded by W19, our test asserts ours: all peers
 * while they are few, RELAY_ALL_MAX chosen by chance of many.
 */
static void
test_fanout(void **state)
{
	struct fake *f = fake_new(0);
	unsigned int i, hits[41] = { 0 }, k;
	const struct fake_frame *o;
	struct ident id, author;
	struct envelope e;
	char mid[16];

	(void)state;
	ident_make(&author, 99);
	for (i = 1; i <= 40; i++) {
		ident_make(&id, i);
		fake_connect(f, i, &id);
		if (i == 16) {
			fake_frame(f, 1, chat_env(&author, "few", 10));
			fake_jitter(f);
			assert_int_equal(fake_last(f, &e)->n, 15);
		}
	}
	for (i = 0; i < 60; i++) {
		snprintf(mid, sizeof(mid), "m%u", i);
		fake_pass(f, 200);
		fake_frame(f, 1, chat_env(&author, mid, 10));
		fake_jitter(f);
		o = fake_last(f, &e);
		assert_int_equal(o->n, RELAY_ALL_MAX);
		for (k = 0; k < o->n; k++)
			hits[o->sids[k]]++;
		for (k = 1; k <= 40; k++)
			gossip_credit(f->g, k, 64, 1 << 20);
	}
	assert_int_equal(hits[1], 0);
	for (k = 2; k <= 40; k++)
		assert_in_range(hits[k], 5, 50);
	fake_free(f);
}

/* One copy is being checked, others come: one check, no message lost. */
static void
test_copies_good(void **state)
{
	struct mesh m;

	(void)state;
	mesh_open(&m);
	m.f->defer = true;
	fake_frame(m.f, 1, chat_env(&m.author, "m", 10));
	fake_frame(m.f, 2, chat_env(&m.author, "m", 10));
	fake_frame(m.f, 3, chat_env(&m.author, "m", 10));
	assert_int_equal(m.f->nverifies, 1);
	assert_true(fake_verify_next(m.f));
	assert_int_equal(m.f->nchats, 1);
	assert_int_equal(m.f->nverifies, 1);
	assert_int_equal(drops(&m, DROP_DUPLICATE), 2);
	assert_int_equal(m.f->g->njobs, 0);
	fake_free(m.f);
}

static void
test_copies_first_bad(void **state)
{
	struct ident x;
	struct mesh m;
	int i;

	(void)state;
	mesh_open(&m);
	m.f->defer = true;
	x = m.author;
	memcpy(x.sec, m.b.sec, 64);
	fake_frame(m.f, 1, chat_env(&x, "m", 10));
	fake_frame(m.f, 2, chat_env(&m.author, "m", 10));
	for (i = 0; i < 5; i++)
		fake_frame(m.f, 3, chat_env(&m.author, "m", 10));
	assert_int_equal(m.f->g->njobs, 1 + JOB_COPIES_MAX);
	assert_true(fake_verify_next(m.f));
	assert_int_equal(drops(&m, DROP_SIGNATURE), 1);
	assert_int_equal(m.f->nchats, 0);
	assert_true(fake_verify_next(m.f));
	assert_int_equal(m.f->nchats, 1);
	assert_int_equal(m.f->nverifies, 2);
	assert_int_equal(m.f->g->njobs, 0);
	/* the window of every copy was given back */
	assert_int_equal(m.f->nclosed, 0);
	fake_free(m.f);
}

/* The connection ends while its message is checked: still a message. */
static void
test_source_gone(void **state)
{
	struct mesh m;

	(void)state;
	mesh_open(&m);
	m.f->defer = true;
	fake_frame(m.f, 1, chat_env(&m.author, "m", 10));
	gossip_session_down(m.f->g, m.f->now, 1, DOWN_EOF);
	assert_true(fake_verify_next(m.f));
	assert_int_equal(m.f->nchats, 1);
	fake_jitter(m.f);
	assert_int_equal(m.f->nsent, 1);
	fake_free(m.f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_deliver_and_relay),
		cmocka_unit_test(test_vector_relay),
		cmocka_unit_test(test_vector_envelopes),
		cmocka_unit_test(test_duplicate),
		cmocka_unit_test(test_hops),
		cmocka_unit_test(test_unknown_type),
		cmocka_unit_test(test_no_candidates),
		cmocka_unit_test(test_fanout),
		cmocka_unit_test(test_copies_good),
		cmocka_unit_test(test_copies_first_bad),
		cmocka_unit_test(test_source_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

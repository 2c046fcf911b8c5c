/* SPDX-License-Identifier: MIT */
#include "common/log.h"
#include "common/nodeid.h"
#include "common/text.h"
#include "fake.h"
#include "json.h"
#include "micelio-gossipd/core.h"
#include "micelio-gossipd/envelope_out.h"
#include "micelio-gossipd/hello.h"
#include "micelio-gossipd/peers.h"
#include "proto/arena.h"
#include "proto/message.h"

static const uint8_t	hash[32];

static void
up(struct fake *f, uint32_t sid, const struct ident *i)
{
	gossip_session_up(f->g, f->now, sid, false, 0, hash, i->noise,
	    "127.0.0.1:40000");
}

static void
assert_refused(struct fake *f, uint32_t sid, enum down_reason why,
    const char *text)
{
	assert_int_equal(fake_close_reason(f, sid), why);
	assert_true(fake_event(f, EV_HELLO_REFUSED, text));
	assert_int_equal(f->nready, 0);
	assert_int_equal(f->g->npeers, 0);
	/* nothing was said back */
	fake_pump(f);
	assert_int_equal(f->nsent, 0);
}

/* As responder: nothing is sent before their hello; then our answer. */
static void
test_responder(void **state)
{
	struct fake *f = fake_new(0);
	struct hello_msg h;
	struct envelope e;
	struct arena a;
	struct ident b;

	(void)state;
	ident_make(&b, 1);
	up(f, 7, &b);
	assert_int_equal(f->nsent + f->nsigns, 0);
	fake_frame(f, 7, hello_make(&b, MSG_HELLO, "10.0.0.1:4000"));
	assert_int_equal(f->nsigns, 1);
	assert_int_equal(f->signs[0].type, MSG_HELLO_ACK);
	assert_int_equal(f->nready, 0);
	fake_pump(f);
	assert_int_equal(f->nready, 1);
	assert_int_equal(f->g->npeers, 1);
	assert_true(fake_event(f, EV_PEER_UP, "dir=in"));
	assert_true(frame_went_to(fake_last(f, &e), 7));
	assert_int_equal(e.msg_type, MSG_HELLO_ACK);
	assert_int_equal(e.hop_count, 1);
	assert_int_equal(e.sender_pubkey.n, 0);
	assert_true(e.canonical);
	arena_init(&a, MESSAGE_ARENA);
	assert_true(hello_read(&h, &a, e.payload.p, e.payload.n));
	assert_memory_equal(h.node_id.p, f->me.hex, 64);
	assert_int_equal(h.version.n, 5);
	assert_false(h.reachable);
	arena_free(&a);
	/* what it said of itself is kept and stored */
	assert_int_equal(f->nputs, 1);
	assert_string_equal(f->puts[0].addr, "10.0.0.1:4000");
	assert_true(f->puts[0].reachable);
	fake_free(f);
}

/* As initiator: our hello first, then theirs. */
static void
test_initiator(void **state)
{
	struct fake *f = fake_new(0);
	struct envelope e;
	struct ident b;

	(void)state;
	ident_make(&b, 1);
	gossip_session_up(f->g, f->now, 3, true, 0, hash, b.noise, "x:1");
	assert_int_equal(f->signs[0].type, MSG_HELLO);
	fake_pump(f);
	fake_last(f, &e);
	assert_int_equal(e.msg_type, MSG_HELLO);
	assert_int_equal(f->nready, 0);
	fake_frame(f, 3, hello_make(&b, MSG_HELLO_ACK, ""));
	assert_int_equal(f->nready, 1);
	assert_true(fake_event(f, EV_PEER_UP, "dir=out"));
	fake_free(f);
}

/*
 * The hello of the vectors, by this code: the same bytes, but that our own
 * tag is behind the operator's.
 */
static void
test_vector_hello(void **state)
{
	struct json *vectors = json_vectors();
	struct fake *f = fake_new(0);
	static const char tag[] = "\x1a\x09" "cap/m2.1d";
	const size_t len = sizeof(tag) - 1;
	uint8_t want[1024];
	const uint8_t *at;
	size_t n;
	struct ident b;

	(void)state;
	n = json_hex(json_get(json_get(vectors, "protobuf_payloads"),
	    "hello_A"), want, sizeof(want) - len);
	at = memmem(want, n, "\x1a\x04prod", 6);
	assert_non_null(at);
	at += 6;
	memmove(want + (at - want) + len, at, n - (size_t)(at - want));
	memcpy(want + (at - want), tag, len);
	n += len;
	strlist_add(&f->conf.node_tags, "EU");
	strlist_add(&f->conf.node_tags, "prod");
	gossip_listening(f->g, "127.0.0.1:4000");
	ident_make(&b, 1);
	gossip_session_up(f->g, f->now, 3, true, 0, hash, b.noise, "x:1");
	assert_int_equal(f->signs[0].len, n);
	assert_memory_equal(f->signs[0].payload, want, n);
	fake_free(f);
	json_free(vectors);
}

/* A node that is called as this one is told of; v1 nodes have no names. */
static void
test_name(void **state)
{
	static const struct { const char *tag, *name; bool taken; } t[] = {
		{ "cap/name.attic", "attic", true }, { "attic", "", false },
		{ "cap/name.Attic", "Attic", false }, { NULL, "", false },
		{ "cap/name.", "", false },
		{ "cap/name.0123456789abcdef0123456789abcdef0123456789abcdef"
		    "0123456789abcdef0", "", false },
		{ "cap/name.a,cap/name.attic", "a", false },
	};
	struct fake *f = fake_new(0);
	struct ident b;
	uint32_t i;

	(void)state;
	text_copy(f->conf.node_name, "attic", sizeof(f->conf.node_name));
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		ident_make(&b, i + 1);
		gossip_session_up(f->g, f->now, i + 1, false, 0, hash,
		    b.noise, "127.0.0.1:9");
		fake_frame(f, i + 1, hello_tagged(&b, MSG_HELLO, "",
		    t[i].tag));
		assert_non_null(memmem(f->signs[f->nsigns - 1].payload,
		    f->signs[f->nsigns - 1].len, "cap/name.attic", 14));
		fake_pump(f);
		assert_string_equal(peers_session(f->g, i + 1)->name,
		    t[i].name);
		assert_int_equal(fake_event(f, EV_NAME_TAKEN, "name=attic"),
		    t[i].taken);
		fake_forget(f);
	}
	fake_free(f);
}

/* One tag says that a node is of our kind; nobody here may type it. */
static void
test_tag(void **state)
{
	static const struct { const char *tag; bool ours; } t[] = {
		{ "cap/m2.0", true }, { "cap/m2.1f", true },
		{ "cap/m2.0123456789abcdef", true }, { NULL, false },
		{ "", false }, { "cap/m2.", false }, { "cap/m2.A", false },
		{ "cap/m2.00123456789abcdef", false }, { "cap/m2.0 ", false },
		{ "cap/m3.0", false }, { "Cap/m2.0", false },
		{ "cap/m2.1f,cap/m2.1f", false },
	};
	struct fake *f = fake_new(0);
	struct hello_msg h;
	struct arena a;
	struct ident b;
	uint32_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		ident_make(&b, i + 1);
		up(f, i + 1, &b);
		fake_frame(f, i + 1, hello_tagged(&b, MSG_HELLO, "",
		    t[i].tag));
		assert_int_equal(peers_session(f->g, i + 1)->capable,
		    t[i].ours);
		/* People are shown those of people only. */
		assert_string_equal(peers_session(f->g, i + 1)->tags,
		    t[i].tag == NULL || strncmp(t[i].tag, "cap/", 4) == 0 ?
		    "" : t[i].tag);
	}
	fake_forget(f);
	strlist_add(&f->conf.node_tags, "cap/m2.f");
	gossip_session_up(f->g, f->now, 99, true, 0, hash, b.noise, "x:1");
	arena_init(&a, MESSAGE_ARENA);
	assert_true(hello_read(&h, &a, f->signs[0].payload,
	    f->signs[0].len));
	assert_int_equal(h.ntags, 1);
	assert_memory_equal(h.tags[0].p, "cap/m2.1d", 9);
	arena_free(&a);
	fake_free(f);
}

/* wire-v1 9.5 AdvertiseAddr */
static void
test_advertise(void **state)
{
	struct fake *f = fake_new(0);

	(void)state;
	assert_string_equal(hello_advertise(f->g), "");
	gossip_listening(f->g, "0.0.0.0:4000");
	assert_string_equal(hello_advertise(f->g), "");
	gossip_listening(f->g, "[::]:4000");
	assert_string_equal(hello_advertise(f->g), "");
	gossip_listening(f->g, "127.0.0.1:4000");
	assert_string_equal(hello_advertise(f->g), "127.0.0.1:4000");
	strcpy(f->conf.network_advertise_addr, "example.com:9");
	assert_string_equal(hello_advertise(f->g), "example.com:9");
	fake_free(f);
}

static void
test_envelope_and_type(void **state)
{
	struct fake *f = fake_new(0);
	struct slice s;
	struct ident b;

	(void)state;
	ident_make(&b, 1);
	up(f, 1, &b);
	gossip_frame(f->g, f->now, 1, "\xff\xff", 2);
	assert_refused(f, 1, DOWN_HELLO, "unmarshal hello envelope");
	up(f, 2, &b);
	fake_frame(f, 2, hello_make(&b, MSG_HELLO_ACK, ""));
	assert_refused(f, 2, DOWN_HELLO, "expected msg_type 1, got 2");
	up(f, 3, &b);
	gossip_frame(f->g, f->now, 3, "\x28\x05", 2);
	assert_refused(f, 3, DOWN_HELLO, "expected msg_type 1, got 5");
	up(f, 4, &b);
	s = (struct slice){ (const uint8_t *)"\x0a\x01\xff", 3 };
	fake_frame(f, 4, env_make(&b, "m", MSG_HELLO, 1, s, false));
	assert_refused(f, 4, DOWN_HELLO, "unmarshal hello: ");
	fake_free(f);
}

static void
test_signature(void **state)
{
	struct fake *f = fake_new(0);
	struct ident b, c, liar;
	struct slice s;
	uint8_t *p;

	(void)state;
	ident_make(&b, 1);
	ident_make(&c, 2);
	up(f, 1, &b);
	s = hello_make(&b, MSG_HELLO, "");
	p = malloc(s.n);
	memcpy(p, s.p, s.n);
	p[s.n - 1] ^= 1;
	gossip_frame(f->g, f->now, 1, p, s.n);
	free(p);
	assert_refused(f, 1, DOWN_HELLO, "invalid signature on hello from ");

	/* signed by another than the key in it */
	liar = b;
	memcpy(liar.sec, c.sec, sizeof(liar.sec));
	up(f, 2, &b);
	fake_frame(f, 2, hello_make(&liar, MSG_HELLO, ""));
	assert_refused(f, 2, DOWN_HELLO, "invalid signature on hello from ");
	fake_free(f);
}

static void
test_ids(void **state)
{
	struct fake *f = fake_new(0);
	struct ident b, c, mix;
	struct slice hello;
	struct envelope e;

	(void)state;
	ident_make(&b, 1);
	ident_make(&c, 2);
	/* sender_id is another than the hello's node_id */
	hello = hello_make(&b, MSG_HELLO, "");
	assert_true(envelope_read(&e, hello.p, hello.n));
	mix = b;
	memcpy(mix.hex, c.hex, sizeof(mix.hex));
	up(f, 1, &b);
	fake_frame(f, 1, env_make(&mix, "m", MSG_HELLO, 1, e.payload, false));
	assert_refused(f, 1, DOWN_HELLO, "sender_id mismatch: envelope ");
	/* both name an id that is not the key's */
	up(f, 2, &b);
	fake_frame(f, 2, hello_make(&mix, MSG_HELLO, ""));
	assert_refused(f, 2, DOWN_HELLO, "node_id mismatch: claimed ");
	/* all fine, but another key holds the connection */
	up(f, 3, &c);
	fake_frame(f, 3, hello_make(&b, MSG_HELLO, ""));
	assert_refused(f, 3, DOWN_HELLO, "x25519 key mismatch: ");
	fake_free(f);
}

/* Upper-case hex is another id. */
static void
test_upper_case(void **state)
{
	struct fake *f = fake_new(0);
	struct ident b;
	size_t i;

	(void)state;
	ident_make(&b, 1);
	for (i = 0; i < NODEID_HEX; i++)
		if (b.hex[i] >= 'a')
			b.hex[i] = (char)(b.hex[i] - 32);
	up(f, 1, &b);
	fake_frame(f, 1, hello_make(&b, MSG_HELLO, ""));
	assert_refused(f, 1, DOWN_HELLO, "node_id mismatch");
	fake_free(f);
}

static void
test_early_frame(void **state)
{
	struct fake *f = fake_new(0);
	struct ident b;

	(void)state;
	ident_make(&b, 1);
	up(f, 1, &b);
	fake_frame(f, 1, hello_make(&b, MSG_HELLO, ""));
	/* our answer is not out yet */
	gossip_frame(f->g, f->now, 1, "\x28\x05", 2);
	assert_refused(f, 1, DOWN_HELLO, "before it was its turn");
	fake_free(f);
}

static void
test_own_key(void **state)
{
	struct fake *f = fake_new(0);

	(void)state;
	up(f, 1, &f->me);
	assert_int_equal(fake_close_reason(f, 1), DOWN_SELF);
	gossip_session_up(f->g, f->now, 2, true, 0, hash, f->me.noise, "x:1");
	assert_int_equal(fake_close_reason(f, 2), DOWN_SELF);
	assert_int_equal(f->nsigns, 0);
	fake_free(f);
}

static void
test_allow(void **state)
{
	struct fake *f = fake_new(0);
	struct ident b, c;

	(void)state;
	ident_make(&b, 1);
	ident_make(&c, 2);
	strlist_add(&f->conf.network_allow, b.hex);
	up(f, 1, &c);
	fake_frame(f, 1, hello_make(&c, MSG_HELLO, ""));
	assert_refused(f, 1, DOWN_NOT_ALLOWED, "not in network.allow");
	fake_connect(f, 2, &b);
	assert_int_equal(f->g->npeers, 1);
	/* a reload that drops it ends it */
	strlist_free(&f->conf.network_allow);
	strlist_add(&f->conf.network_allow, c.hex);
	gossip_configured(f->g, f->now);
	assert_int_equal(fake_close_reason(f, 2), DOWN_NOT_ALLOWED);
	assert_int_equal(f->g->npeers, 0);
	fake_free(f);
}

/* The key service is busy: asked again a little later. */
static void
test_sign_slowed(void **state)
{
	struct fake *f = fake_new(0);
	struct ident b;

	(void)state;
	ident_make(&b, 1);
	f->sign_status = KEY_SLOWED;
	gossip_session_up(f->g, f->now, 1, true, 0, hash, b.noise, "x:1");
	fake_pump(f);
	assert_int_equal(f->nsent, 0);
	assert_true(gossip_next(f->g) == f->now.mono + SIGN_RETRY_MS);
	f->sign_status = KEY_OK;
	fake_pass(f, SIGN_RETRY_MS);
	fake_pump(f);
	assert_int_equal(f->nsigns, 2);
	assert_int_equal(f->nsent, 1);
	f->sign_status = KEY_REFUSED;
	gossip_session_up(f->g, f->now, 2, true, 0, hash, b.noise, "x:1");
	fake_pump(f);
	assert_int_equal(fake_close_reason(f, 2), DOWN_RESOURCE);
	fake_free(f);
}

/* Verdicts that come later: what follows the hello waits for it. */
static void
test_deferred(void **state)
{
	struct fake *f = fake_new(0);
	struct ident b;

	(void)state;
	ident_make(&b, 1);
	f->defer = true;
	gossip_session_up(f->g, f->now, 1, true, 0, hash, b.noise, "x:1");
	fake_pump(f);
	fake_frame(f, 1, hello_make(&b, MSG_HELLO_ACK, ""));
	fake_frame(f, 1, chat_env(&b, "m1", 10));
	assert_int_equal(f->nready, 0);
	assert_int_equal(f->nchats, 0);
	assert_true(fake_verify_next(f));
	assert_int_equal(f->nready, 1);
	assert_true(fake_verify_next(f));
	assert_int_equal(f->nchats, 1);
	assert_false(fake_verify_next(f));
	/* gone before the verdict: nothing happens */
	gossip_session_up(f->g, f->now, 2, false, 0, hash, b.noise, "x:1");
	fake_frame(f, 2, hello_make(&b, MSG_HELLO, ""));
	gossip_session_down(f->g, f->now, 2, DOWN_EOF);
	assert_true(fake_verify_next(f));
	assert_int_equal(f->nready, 1);
	assert_int_equal(f->g->njobs, 0);
	fake_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_responder),
		cmocka_unit_test(test_initiator),
		cmocka_unit_test(test_vector_hello),
		cmocka_unit_test(test_tag),
		cmocka_unit_test(test_advertise),
		cmocka_unit_test(test_envelope_and_type),
		cmocka_unit_test(test_name),
		cmocka_unit_test(test_signature),
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_upper_case),
		cmocka_unit_test(test_early_frame),
		cmocka_unit_test(test_own_key),
		cmocka_unit_test(test_allow),
		cmocka_unit_test(test_sign_slowed),
		cmocka_unit_test(test_deferred),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "common/log.h"
#include "fake.h"
#include "micelio-gossipd/core.h"
#include "micelio-gossipd/drop.h"
#include "micelio-gossipd/envelope_out.h"
#include "micelio-gossipd/exchange_out.h"
#include "micelio-gossipd/pacer.h"
#include "micelio-gossipd/peers.h"
#include "micelio-gossipd/seen.h"

static void
say(struct fake *f, uint32_t req, const char *text)
{
	fake_chat(f, req, "alice", 5, text, strlen(text));
}

static bool
is_uuid4(struct slice s)
{
	size_t i;

	if (s.n != UUID_LEN)
		return false;
	for (i = 0; i < s.n; i++) {
		if (i == 8 || i == 13 || i == 18 || i == 23) {
			if (s.p[i] != '-')
				return false;
		} else if (strchr("0123456789abcdef", s.p[i]) == NULL)
			return false;
	}
	return s.p[14] == '4' && strchr("89ab", s.p[19]) != NULL;
}

/* EngineBroadcast, EngineBroadcastMarksSeen, BroadcastAllSuccess */
static void
test_say(void **state)
{
	struct fake *f = fake_new(0), *g = fake_new(3);
	const struct fake_frame *o;
	struct envelope e;
	struct ident b, c;

	(void)state;
	ident_make(&b, 1);
	ident_make(&c, 2);
	fake_connect(f, 1, &b);
	fake_connect(f, 2, &c);
	say(f, 7, "hello");
	assert_int_equal(f->nresults, 0);
	fake_pump(f);
	assert_int_equal(f->nresults, 1);
	assert_int_equal(f->results[0].req, 7);
	assert_int_equal(f->results[0].status, CHAT_SENT);
	assert_int_equal(f->results[0].given, 2);
	assert_int_equal(f->results[0].of, 2);
	o = fake_last(f, &e);
	assert_int_equal(o->n, 2);
	assert_true(e.canonical);
	assert_true(is_uuid4(e.message_id));
	assert_int_equal(e.msg_type, MSG_CHAT);
	assert_int_equal(e.hop_count, 10);
	assert_true(e.lamport_ts == START_WALL << 16);
	assert_memory_equal(e.sender_pubkey.p, f->me.pub, 32);
	assert_int_equal(f->g->count.broadcast, 2);
	assert_int_equal(f->g->count.dropped, 0);
	/* what comes back is known by its author (EngineBroadcastMarksSeen) */
	gossip_frame(f->g, f->now, 1, o->data, o->len);
	assert_int_equal(f->g->count.drops[DROP_OWN], 1);
	assert_int_equal(f->nchats, 0);
	/* another node takes it */
	fake_connect(g, 1, &b);
	gossip_frame(g->g, g->now, 1, o->data, o->len);
	assert_int_equal(g->nchats, 1);
	assert_string_equal(g->chats[0].nick, "alice");
	assert_string_equal(g->chats[0].text, "hello");
	assert_true(g->chats[0].ts == START_WALL / 1000);
	fake_free(f);
	fake_free(g);
}

/* EngineBroadcastNoPeers, BroadcastNoPeers */
static void
test_alone(void **state)
{
	struct fake *f = fake_new(0);

	(void)state;
	say(f, 1, "hello");
	assert_int_equal(f->results[0].status, CHAT_NO_PEERS);
	assert_int_equal(f->nsigns, 0);
	assert_int_equal(f->nevents, 0);
	assert_int_equal(f->g->count.broadcast, 0);
	fake_free(f);
}

static void
test_bad_text(void **state)
{
	static char big[CHAT_TEXT_MAX + 2];
	struct fake *f = fake_new(0);
	struct ident b;
	size_t i;

	(void)state;
	ident_make(&b, 1);
	fake_connect(f, 1, &b);
	fake_forget(f);
	memset(big, 'a', CHAT_TEXT_MAX + 1);
	say(f, 1, big);
	fake_chat(f, 2, "alice", 5, "\xff", 1);
	fake_chat(f, 3, "\xc0\x80", 2, "x", 1);
	fake_chat(f, 4, "", 0, "x", 1);
	fake_chat(f, 5, big, CHAT_NICK_MAX + 1, "x", 1);
	fake_chat(f, 6, "alice", 5, "", 0);
	assert_int_equal(f->nresults, 6);
	for (i = 0; i < 6; i++)
		assert_int_equal(f->results[i].status, CHAT_BAD);
	assert_int_equal(f->nsigns, 0);
	big[CHAT_TEXT_MAX] = '\0';
	fake_chat(f, 7, big, CHAT_NICK_MAX, big,
	    CHAT_TEXT_MAX);
	fake_pump(f);
	assert_int_equal(f->results[6].status, CHAT_SENT);
	assert_true(f->signs[0].len <= ENVELOPE_PAYLOAD_MAX);
	fake_free(f);
}

/* Thirty lines at once: all arrive at a v1 receiver, in order. */
static void
test_paste(void **state)
{
	struct fake *f = fake_new(0), *g = fake_new(3);
	size_t i, slowed = 0, seen = 0;
	struct ident b, d;
	char text[16];
	uint64_t end;

	(void)state;
	ident_make(&b, 1);
	ident_make(&d, 3);
	fake_connect(f, 1, &d);
	fake_connect(g, 1, &b);
	fake_forget(f);
	for (i = 0; i < 30; i++) {
		snprintf(text, sizeof(text), "line %zu", i);
		say(f, (uint32_t)i, text);
	}
	fake_pump(f);
	for (i = 0; i < f->nresults; i++)
		if (f->results[i].status == CHAT_SLOWED) {
			slowed++;
			assert_in_range(f->results[i].retry, 1, 2000);
		} else
			assert_int_equal(f->results[i].status, CHAT_SENT);
	assert_int_equal(f->nresults, 30);
	assert_int_equal(slowed, 30 - PACER_BURST);
	for (end = f->now.mono + 3000; f->now.mono < end;) {
		for (; seen < f->nsent; seen++)
			gossip_frame(g->g, g->now, 1, f->sent[seen].data,
			    f->sent[seen].len);
		fake_pass(g, 10);
		fake_pass(f, 10);
		fake_pump(f);
	}
	assert_int_equal(g->nchats, 30);
	for (i = 0; i < 30; i++) {
		snprintf(text, sizeof(text), "line %zu", i);
		assert_string_equal(g->chats[i].text, text);
	}
	assert_int_equal(g->g->count.drops[DROP_RATE], 0);
	/* one answer for each line, no more */
	assert_int_equal(f->nresults, 30);
	fake_free(f);
	fake_free(g);
}

static void
test_queue_full(void **state)
{
	struct fake *f = fake_new(0);
	struct ident b;
	size_t i;

	(void)state;
	ident_make(&b, 1);
	fake_connect(f, 1, &b);
	fake_forget(f);
	for (i = 0; i < PACER_BURST + PACER_ITEMS_MAX + 3; i++)
		say(f, (uint32_t)i, "x");
	assert_int_equal(f->nresults, PACER_ITEMS_MAX + 3);
	assert_int_equal(f->results[PACER_ITEMS_MAX - 1].status, CHAT_SLOWED);
	assert_int_equal(f->results[PACER_ITEMS_MAX].status, CHAT_REFUSED);
	assert_true(f->results[PACER_ITEMS_MAX].retry > 0);
	fake_free(f);
}

/* The last peer goes while lines wait: they are given up, and it is said. */
static void
test_peer_goes(void **state)
{
	struct fake *f = fake_new(0);
	struct ident b;
	size_t i;

	(void)state;
	ident_make(&b, 1);
	fake_connect(f, 1, &b);
	for (i = 0; i < PACER_BURST + 2; i++)
		say(f, (uint32_t)i, "x");
	fake_pump(f);
	gossip_session_down(f->g, f->now, 1, DOWN_EOF);
	fake_forget(f);
	fake_pass(f, 10000);
	assert_int_equal(f->nsigns, 0);
	assert_true(gossip_next(f->g) != UINT64_MAX);
	fake_connect(f, 2, &b);
	fake_forget(f);
	fake_pass(f, 1);
	assert_int_equal(f->nsigns, 2);
	gossip_session_down(f->g, f->now, 2, DOWN_EOF);
	/* signed too late for the peer */
	fake_pump(f);
	assert_int_equal(f->g->count.chat_lost, 2);
	fake_forget(f);
	fake_connect(f, 3, &b);
	for (i = 0; i < PACER_BURST + 2; i++)
		say(f, (uint32_t)i, "x");
	gossip_session_down(f->g, f->now, 3, DOWN_EOF);
	fake_pass(f, PACER_LIFE_MS);
	assert_int_equal(f->g->pacer.n, 0);
	assert_int_equal(f->g->count.chat_lost, 6);
	assert_true(fake_event(f, EV_CHAT_LOST, "no-peer"));
	fake_free(f);
}

/* BroadcastReturnsCorrectCounts, BroadcastPartialDeliveryWarning */
static void
test_partial(void **state)
{
	struct fake *f = fake_new(0);
	struct ident b, c, d;

	(void)state;
	ident_make(&b, 1);
	ident_make(&c, 2);
	ident_make(&d, 3);
	fake_connect(f, 1, &b);
	fake_connect(f, 2, &c);
	fake_connect(f, 3, &d);
	fake_forget(f);
	peers_session(f->g, 2)->win_frames = 0;
	say(f, 1, "x");
	fake_pump(f);
	assert_int_equal(f->results[0].status, CHAT_SENT);
	assert_int_equal(f->results[0].given, 2);
	assert_int_equal(f->results[0].of, 3);
	assert_int_equal(f->g->count.broadcast, 2);
	assert_int_equal(f->g->count.dropped, 1);
	assert_true(fake_event(f, EV_BROADCAST_PARTIAL, ""));
	fake_free(f);
}

static void
test_key_service_refuses(void **state)
{
	struct fake *f = fake_new(0);
	struct ident b;

	(void)state;
	ident_make(&b, 1);
	fake_connect(f, 1, &b);
	fake_forget(f);
	f->sign_status = KEY_REFUSED;
	say(f, 1, "x");
	fake_pump(f);
	assert_int_equal(f->results[0].status, CHAT_FAILED);
	assert_int_equal(f->nsent, 0);
	/* an answer nobody asked for */
	gossip_signed(f->g, f->now, 999, KEY_OK, (uint8_t[64]){ 0 });
	assert_int_equal(f->nsent, 0);
	/* the hub is gone: nobody to tell */
	f->sign_status = KEY_OK;
	say(f, 2, "y");
	gossip_hub_gone(f->g);
	fake_pump(f);
	assert_int_equal(f->nresults, 1);
	assert_int_equal(f->nsent, 1);
	fake_free(f);
}

/* wire-v1 9.4 Stats: two received (one of them chat), one broadcast */
static void
test_stats(void **state)
{
	struct fake *f = fake_new(0);
	struct ident b, c, author;

	(void)state;
	ident_make(&b, 1);
	ident_make(&c, 2);
	ident_make(&author, 9);
	fake_connect(f, 1, &b);
	fake_connect(f, 2, &c);
	fake_frame(f, 1, chat_env(&author, "m1", 5));
	fake_frame(f, 1, env_make(&author, "m2", 1000, 5,
	    (struct slice){ NULL, 0 }, true));
	fake_jitter(f);
	say(f, 1, "x");
	fake_pump(f);
	assert_int_equal(f->g->count.received, 2);
	assert_int_equal(f->g->count.delivered, 1);
	assert_int_equal(f->g->count.forwarded, 2);
	assert_int_equal(f->g->count.broadcast, 2);
	assert_int_equal(f->g->count.dropped, 0);
	fake_free(f);
}

/* Nothing to do: no timer, or a rare one, so an idle node sleeps. */
static void
test_idle(void **state)
{
	struct fake *f = fake_new(0);
	struct ident b;

	(void)state;
	assert_true(gossip_next(f->g) == UINT64_MAX);
	ident_make(&b, 1);
	fake_connect(f, 1, &b);
	fake_pass(f, 1000);
	assert_true(gossip_next(f->g) >= f->now.mono +
	    EXCHANGE_DEFAULT_MS - 1000);
	fake_frame(f, 1, chat_env(&b, "m", 1));
	fake_pass(f, SEEN_MS + SWEEP_MS);
	gossip_session_down(f->g, f->now, 1, DOWN_IDLE);
	fake_pass(f, 1000);
	assert_true(gossip_next(f->g) >= f->now.mono +
	    EXCHANGE_DEFAULT_MS - 1000);
	fake_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_say),
		cmocka_unit_test(test_alone),
		cmocka_unit_test(test_bad_text),
		cmocka_unit_test(test_paste),
		cmocka_unit_test(test_queue_full),
		cmocka_unit_test(test_peer_goes),
		cmocka_unit_test(test_partial),
		cmocka_unit_test(test_key_service_refuses),
		cmocka_unit_test(test_stats),
		cmocka_unit_test(test_idle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* Peer exchange, what we say (wire-v1 5). */
#include "brief.h"
#include "common/text.h"
#include "hearsay.h"
#include "micelio-gossipd/book.h"
#include "micelio-gossipd/core.h"
#include "micelio-gossipd/discovery.h"
#include "micelio-gossipd/exchange_out.h"
#include "micelio-gossipd/hello.h"
#include "proto/arena.h"

static char	last_ids[EXCHANGE_MAX][64], last_addrs[EXCHANGE_MAX][300];
static uint64_t	last_seens[EXCHANGE_MAX];

static void
told_cb(const struct peer_msg *m, void *arg)
{
	size_t *n = arg;

	assert_true(m->reachable);
	assert_int_equal(m->pubkey.n, 32);
	assert_int_equal(m->node_id.n, 64);
	memcpy(last_ids[*n], m->node_id.p, 64);
	memcpy(last_addrs[*n], m->addr.p, m->addr.n);
	last_addrs[*n][m->addr.n] = '\0';
	last_seens[(*n)++] = m->last_seen;
}

/* The n-th list among the frames, or how many there are. */
static size_t
list_at(const struct fake *f, size_t n, struct envelope *e)
{
	size_t i, had = 0;

	for (i = 0; i < f->nsent; i++) {
		assert_true(envelope_read(e, f->sent[i].data,
		    f->sent[i].len));
		if (e->msg_type == MSG_PEER_EXCHANGE && had++ == n)
			break;
	}
	return had;
}

static size_t
lists(const struct fake *f)
{
	struct envelope e;

	return list_at(f, SIZE_MAX, &e);
}

/* How many nodes a frame tells of; they are in last_* then. */
static size_t
told(struct fake *f, size_t n_th)
{
	struct arena arena;
	struct envelope e;
	size_t total = 0, n = 0;

	assert_int_equal(list_at(f, n_th, &e), n_th + 1);
	assert_int_equal(e.hop_count, 1);
	arena_init(&arena, MESSAGE_ARENA);
	assert_true(exchange_read(&arena, e.payload.p, e.payload.n, &total,
	    told_cb, &n));
	assert_int_equal(n, total);
	arena_free(&arena);
	return n;
}

/* A new peer hears of us and of the others, not of itself; then regularly. */
static void
test_tell(void **state)
{
	struct fake *f = fake_new(0);
	struct ident b, c;

	(void)state;
	ident_make(&b, 1);
	ident_make(&c, 2);
	gossip_listening(f->g, "127.0.0.1:4000");
	fake_connect_kin(f, 1, &b, "8.8.4.4:4000");
	assert_int_equal(lists(f), 1);
	assert_int_equal(told(f, 0), 1);
	assert_memory_equal(last_ids[0], f->me.hex, 64);
	assert_string_equal(last_addrs[0], "127.0.0.1:4000");
	assert_true(last_seens[0] == START_WALL / 1000);
	fake_forget(f);
	fake_connect_kin(f, 2, &c, "");
	assert_int_equal(told(f, 0), 2);
	assert_memory_equal(last_ids[0], f->me.hex, 64);
	assert_memory_equal(last_ids[1], b.hex, 64);
	assert_string_equal(last_addrs[1], "8.8.4.4:4000");
	fake_forget(f);
	/* what is new goes to all soon; b's own news are no news to itself */
	fake_pass(f, NEWS_MS);
	fake_pump(f);
	assert_int_equal(lists(f), 2);
	assert_int_equal(told(f, 0), 1);
	assert_memory_equal(last_ids[0], b.hex, 64);
	fake_forget(f);
	fake_pass(f, EXCHANGE_DEFAULT_MS);
	fake_pump(f);
	assert_int_equal(lists(f), 2);
	assert_int_equal(told(f, 1), 2);
	assert_true(last_seens[1] == f->now.wall / 1000);
	assert_int_equal(f->g->count.exchanges_sent, 6);
	fake_free(f);
}

/* W1: who knows thousands, with the longest addresses, sends a fair share. */
static void
test_tell_capped(void **state)
{
	struct book_peer r = { .has_key = true, .reachable = true };
	struct fake *f = fake_new(0);
	struct ident b, c;
	unsigned int i, k;

	(void)state;
	for (k = 0; k < 2; k++) {
		for (i = 0; i < 1024; i++) {
			ident_make(&c, 8 + k * 1024 + i);
			r.id = c.id;
			memcpy(r.pubkey, c.pub, 32);
			r.last_seen = START_WALL / 1000 - i;
			memset(r.addr, 'h', 255);
			strcpy(r.addr + (k == 0 ? 255 : 8), ":65535");
			if (k == 0)
				gossip_peer_record(f->g, &r);
			else
				book_hearsay(f->g, &r);
		}
		ident_make(&b, 1 + k);
		fake_forget(f);
		fake_connect(f, k + 1, &b);
		assert_in_range(told(f, 0), 100, EXCHANGE_MAX);
		assert_true(f->sent[1].len < 65536);
		/* the most recently seen first */
		assert_true(last_seens[0] == START_WALL / 1000);
		assert_true(last_seens[9] == START_WALL / 1000 - 9);
	}
	fake_free(f);
}

/* More known nodes than there is room for: bounded, and the node works. */
static void
test_thousands(void **state)
{
	struct book_peer r = { .has_key = true, .reachable = true,
		.addr = "8.8.4.4:4000" };
	struct fake *f = fake_new(0);
	struct ident b, c;
	unsigned int i;

	(void)state;
	ident_make(&b, 1);
	ident_make(&c, 2);
	for (i = 0; i < 20000; i++) {
		r.has_key = i % 2;
		memcpy(r.id.b, &i, sizeof(i));
		r.last_seen = START_WALL / 1000 - i % 1000;
		r.teller = i % 7;
		if (r.has_key)
			book_hearsay(f->g, &r);
		else
			gossip_peer_record(f->g, &r);
	}
	gossip_peer_end(f->g, f->now);
	assert_int_equal(f->g->book[0].n, BOOK_VERIFIED_MAX);
	assert_int_equal(f->g->book[1].n, BOOK_HEARSAY_MAX);
	for (i = 0; i < brief(100, 25); i++)
		fake_pass(f, 10);
	assert_in_range(f->ndials, 1, QUESTS_MAX);
	fake_forget(f);
	fake_connect(f, 1, &b);
	fake_connect(f, 2, &c);
	assert_int_equal(f->nready, 2);
	assert_in_range(told(f, 0), 100, EXCHANGE_MAX);
	fake_frame(f, 1, chat_env(&b, "m", 10));
	assert_int_equal(f->nchats, 1);
	assert_true(frame_went_to(&f->sent[f->nsent - 1], 2));
	fake_free(f);
}

/*
 * Who failed again and again is not passed on, nor who moved away, nor where
 * nobody is (BuildPeerInfoExcludesWildcard).
 */
static void
test_tell_whom(void **state)
{
	struct book_peer rec = { .has_key = true, .reachable = true,
		.last_seen = START_WALL / 1000 };
	struct fake *f = fake_new(0);
	struct peer_msg m;
	struct ident b, c, d;

	(void)state;
	ident_make(&b, 1);
	ident_make(&c, 2);
	ident_make(&d, 3);
	fake_connect(f, 1, &b);
	m = peer_of(&c, "8.8.4.4:4000", START_WALL / 1000 - 5);
	hearsay_tell(f, &b, &m, 1);
	m = peer_of(&d, "8.8.4.5:4000", START_WALL / 1000 -
	    HEARSAY_LIFE_S - 1);
	hearsay_tell(f, &b, &m, 1);
	fake_forget(f);
	fake_pass(f, EXCHANGE_DEFAULT_MS - 2000);
	fake_pump(f);
	assert_int_equal(f->nsent, 0);
	fake_pass(f, 2000);
	fake_pump(f);
	assert_int_equal(told(f, 0), 1);
	assert_memory_equal(last_ids[0], c.hex, 64);
	ident_make(&d, 4);
	fake_connect_kin(f, 2, &d, "0.0.0.0:4000");
	text_copy(rec.addr, "[::]:4000", sizeof(rec.addr));
	ident_make(&d, 5);
	rec.id = d.id;
	memcpy(rec.pubkey, d.pub, 32);
	gossip_peer_record(f->g, &rec);
	assert_non_null(book_get(f->g, &d.id));
	fake_forget(f);
	fake_pass(f, EXCHANGE_DEFAULT_MS);
	fake_pump(f);
	assert_int_equal(told(f, 0), 1);
	assert_memory_equal(last_ids[0], c.hex, 64);
	book_get(f->g, &c.id)->fail_count = FAILS_DOUBTFUL;
	fake_forget(f);
	fake_pass(f, EXCHANGE_DEFAULT_MS);
	fake_pump(f);
	/* nothing to say, nothing said */
	assert_int_equal(f->nsent, 0);
	fake_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tell),
		cmocka_unit_test(test_tell_capped),
		cmocka_unit_test(test_tell_whom),
		cmocka_unit_test(test_thousands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

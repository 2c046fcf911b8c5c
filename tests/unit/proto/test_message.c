/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/cursor.h"
#include "json.h"
#include "proto/arena.h"
#include "proto/message.h"
#include "proto/wire.h"

#define BUF_MAX	4096

static struct json	*vectors;
static struct arena	 arena;
static struct wbuf	 out;

static int
setup(void **state)
{
	(void)state;
	vectors = json_vectors();
	arena_init(&arena, MESSAGE_ARENA);
	wbuf_init(&out, 2 * 1024 * 1024);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	json_free(vectors);
	arena_free(&arena);
	wbuf_free(&out);
	return 0;
}

static size_t
payload(const char *name, uint8_t buf[BUF_MAX])
{
	arena_reset(&arena);
	wbuf_reset(&out);
	return json_hex(json_get(json_get(vectors, "protobuf_payloads"), name),
	    buf, BUF_MAX);
}

static void
assert_out(const uint8_t *want, size_t n)
{
	assert_int_equal(out.len, n);
	assert_memory_equal(out.p, want, n);
}

/* The key a payload carries is that of an identity of the vectors. */
static void
assert_key_of(struct slice s, size_t identity)
{
	uint8_t key[32];

	assert_int_equal(json_hex(json_get(json_at(json_get(vectors,
	    "identities"), identity), "ed25519_pub_hex"), key, sizeof(key)),
	    32);
	assert_int_equal(s.n, sizeof(key));
	assert_memory_equal(s.p, key, sizeof(key));
}

static void
assert_text(struct slice s, const char *want)
{
	assert_int_equal(s.n, strlen(want));
	assert_memory_equal(s.p, want, s.n);
}

/* vector group protobuf_payloads: equal (with the two tests below) */
static void
test_hello(void **state)
{
	uint8_t buf[BUF_MAX];
	struct hello_msg h;
	size_t n;

	(void)state;
	assert_int_equal(json_len(json_get(vectors, "protobuf_payloads")), 7);
	n = payload("hello_A", buf);
	assert_true(hello_read(&h, &arena, buf, n));
	assert_text(h.version, "0.1.0");
	assert_int_equal(h.ntags, 2);
	assert_text(h.tags[0], "EU");
	assert_text(h.tags[1], "prod");
	assert_true(h.reachable);
	assert_text(h.listen_addr, "127.0.0.1:4000");
	assert_int_equal(h.node_id.n, 64);
	assert_key_of(h.pubkey, 0);
	hello_write(&out, &h);
	assert_out(buf, n);

	n = payload("hello_B", buf);
	assert_true(hello_read(&h, &arena, buf, n));
	assert_false(h.reachable);
	assert_int_equal(h.listen_addr.n, 0);
	assert_int_equal(h.ntags, 0);
	assert_key_of(h.pubkey, 1);
	hello_write(&out, &h);
	assert_out(buf, n);
}

static void
test_chat(void **state)
{
	static const char *const names[] = { "chat_1", "chat_2_utf8" };
	uint8_t buf[BUF_MAX];
	struct chat_msg c;
	size_t i, n;

	(void)state;
	for (i = 0; i < 2; i++) {
		n = payload(names[i], buf);
		assert_true(chat_read(&c, &arena, buf, n));
		assert_true(c.timestamp == 1770000000 + i);
		chat_write(&out, &c);
		assert_out(buf, n);
	}
	n = payload("chat_1", buf);
	assert_true(chat_read(&c, &arena, buf, n));
	assert_text(c.nick, "alice");
	assert_text(c.text, "hello from node A");
}

static struct peer_msg	got[EXCHANGE_MAX];
static uint8_t		got_text[EXCHANGE_MAX][1024];
static size_t		ngot;

static struct slice
keep(size_t *at, struct slice s)
{
	struct slice r = { got_text[ngot] + *at, s.n };

	assert_true(*at + s.n <= sizeof(got_text[0]));
	if (s.n > 0)
		memcpy(got_text[ngot] + *at, s.p, s.n);
	*at += s.n;
	return r;
}

static void
each(const struct peer_msg *p, void *arg)
{
	size_t at = 0;

	(void)arg;
	assert_true(ngot < EXCHANGE_MAX);
	got[ngot] = *p;
	got[ngot].node_id = keep(&at, p->node_id);
	got[ngot].addr = keep(&at, p->addr);
	got[ngot].pubkey = keep(&at, p->pubkey);
	ngot++;
}

static void
test_exchange(void **state)
{
	static const char *const names[] = { "peer_exchange_A_C",
		"peer_exchange_C" };
	static const size_t counts[] = { 2, 1 };
	uint8_t buf[BUF_MAX];
	struct peer_msg p;
	size_t i, n, total;

	(void)state;
	for (i = 0; i < 2; i++) {
		n = payload(names[i], buf);
		ngot = 0;
		assert_true(exchange_read(&arena, buf, n, &total, each, NULL));
		assert_int_equal(total, counts[i]);
		assert_int_equal(ngot, counts[i]);
		exchange_write(&out, got, ngot);
		assert_out(buf, n);
	}
	n = payload("peer_info_C", buf);
	assert_true(peer_read(&p, &arena, buf, n));
	assert_text(p.addr, "203.0.113.30:4000");
	assert_true(p.reachable);
	peer_write(&out, &p);
	assert_out(buf, n);
}

/* Texts: NUL passes, anything but UTF-8 spoils the message. */
static void
test_texts(void **state)
{
	static const uint8_t nul[] = { 0x0a, 3, 'a', 0, 'b', 0x12, 1, 'x' };
	static const uint8_t bad_nick[] = { 0x0a, 1, 0x80, 0x12, 1, 'x' };
	static const uint8_t bad_text[] = { 0x12, 3, 0xed, 0xa0, 0x80 };
	static const uint8_t early[] = { 0x0a, 1, 0x80, 0x0a, 1, 'x' };
	static const uint8_t bad_tag[] = { 0x1a, 1, 'a', 0x1a, 1, 0xff };
	static const uint8_t raw_key[] = { 0x32, 1, 0xff };
	struct hello_msg h;
	struct chat_msg c;

	(void)state;
	arena_reset(&arena);
	assert_true(chat_read(&c, &arena, nul, sizeof(nul)));
	assert_int_equal(c.nick.n, 3);
	assert_memory_equal(c.nick.p, "a\0b", 3);
	assert_false(chat_read(&c, &arena, bad_nick, sizeof(bad_nick)));
	assert_false(chat_read(&c, &arena, bad_text, sizeof(bad_text)));
	assert_false(chat_read(&c, &arena, early, sizeof(early)));
	assert_false(hello_read(&h, &arena, bad_tag, sizeof(bad_tag)));
	assert_true(hello_read(&h, &arena, raw_key, sizeof(raw_key)));
}

/* What protobuf-c alone would judge otherwise than protobuf-go. */
static void
test_like_go(void **state)
{
	/* nick as varint: kept as unknown, so absent */
	static const uint8_t type[] = { 0x08, 0x01, 0x12, 1, 'x' };
	/* unknown group */
	static const uint8_t group[] = { 0x7b, 0x08, 0x01, 0x7c, 0x12, 1,
		'x' };
	/* long tag, long length */
	static const uint8_t lengthy[] = { 0x92, 0x80, 0x80, 0x80, 0x80, 0x00,
		0x81, 0x80, 0x80, 0x80, 0x80, 0x00, 'x' };
	/* 65 bits */
	static const uint8_t wide[] = { 0x18, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0x03 };
	struct hello_msg h;
	struct chat_msg c;
	struct peer_msg p;
	size_t total;

	(void)state;
	arena_reset(&arena);
	assert_true(chat_read(&c, &arena, type, sizeof(type)));
	assert_int_equal(c.nick.n, 0);
	assert_text(c.text, "x");
	assert_true(chat_read(&c, &arena, group, sizeof(group)));
	assert_text(c.text, "x");
	assert_true(chat_read(&c, &arena, lengthy, sizeof(lengthy)));
	assert_text(c.text, "x");
	assert_false(chat_read(&c, &arena, wide, sizeof(wide)));
	/* absent reads as defaults (wire-v1 9.2, *NilGetters) */
	assert_true(chat_read(&c, &arena, "", 0));
	assert_int_equal(c.nick.n + c.text.n, 0);
	assert_true(c.timestamp == 0);
	assert_true(hello_read(&h, &arena, "", 0));
	assert_int_equal(h.node_id.n + h.version.n + h.listen_addr.n +
	    h.pubkey.n + h.ntags, 0);
	assert_false(h.reachable);
	assert_true(peer_read(&p, &arena, "", 0));
	assert_int_equal(p.node_id.n + p.addr.n + p.pubkey.n, 0);
	assert_false(p.reachable);
	assert_true(p.last_seen == 0);
	ngot = 0;
	assert_true(exchange_read(&arena, "", 0, &total, each, NULL));
	assert_int_equal(total + ngot, 0);
}

/* 30,000 tags of nothing: 60 kB that would become megabytes. */
static void
test_budget(void **state)
{
	static uint8_t bomb[60000];
	struct hello_msg h;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bomb); i += 2)
		bomb[i] = 0x1a;
	arena_reset(&arena);
	assert_false(hello_read(&h, &arena, bomb, sizeof(bomb)));
	arena_reset(&arena);
	assert_true(hello_read(&h, &arena, bomb, 2000));
	assert_int_equal(h.ntags, 1000);
}

static void
test_exchange_limits(void **state)
{
	struct peer_msg p = { .addr = { (const uint8_t *)"h:1", 3 },
		.reachable = true };
	size_t i, total;

	(void)state;
	wbuf_reset(&out);
	for (i = 0; i < EXCHANGE_MAX + 100; i++) {
		p.last_seen = i + 1;
		exchange_write(&out, &p, 1);
	}
	ngot = 0;
	assert_true(exchange_read(&arena, out.p, out.len, &total, each, NULL));
	assert_int_equal(total, EXCHANGE_MAX + 100);
	assert_int_equal(ngot, EXCHANGE_MAX);
	assert_true(got[EXCHANGE_MAX - 1].last_seen == EXCHANGE_MAX);

	/* one bad entry past the limit spoils all of it */
	wbuf_bytes(&out, "\x0a\x03\x0a\x01\xff", 5);
	ngot = 0;
	assert_false(exchange_read(&arena, out.p, out.len, &total, each,
	    NULL));
	assert_int_equal(ngot, 0);
}

static void
test_exchange_long_entry(void **state)
{
	static uint8_t addr[EXCHANGE_ENTRY_MAX + 1];
	uint8_t len[WIRE_VARINT_MAX];
	size_t total;

	(void)state;
	memset(addr, 'a', sizeof(addr));
	wbuf_reset(&out);
	wbuf_u8(&out, 0x0a);
	wbuf_bytes(&out, len, wire_put_varint(len, 3 + sizeof(addr)));
	wbuf_u8(&out, 0x12);
	wbuf_bytes(&out, len, wire_put_varint(len, sizeof(addr)));
	wbuf_bytes(&out, addr, sizeof(addr));
	wbuf_bytes(&out, "\x0a\x03\x12\x01x", 5);
	ngot = 0;
	assert_true(exchange_read(&arena, out.p, out.len, &total, each, NULL));
	assert_int_equal(total, 2);
	assert_int_equal(ngot, 1);
	assert_text(got[0].addr, "x");
}

static void
test_arena(void **state)
{
	struct arena a;
	uint8_t *p, *q;

	(void)state;
	arena_init(&a, 64);
	p = arena_take(&a, 1);
	q = arena_take(&a, 17);
	assert_non_null(p);
	assert_int_equal(q - p, 16);
	assert_null(arena_take(&a, 17));
	assert_non_null(arena_take(&a, 16));
	assert_null(arena_take(&a, 1));
	assert_null(arena_take(&a, SIZE_MAX));
	arena_reset(&a);
	assert_ptr_equal(arena_take(&a, 64), p);
	arena_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hello),
		cmocka_unit_test(test_chat),
		cmocka_unit_test(test_exchange),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_like_go),
		cmocka_unit_test(test_budget),
		cmocka_unit_test(test_exchange_limits),
		cmocka_unit_test(test_exchange_long_entry),
		cmocka_unit_test(test_arena),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

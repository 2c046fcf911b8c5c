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
#include "proto/envelope.h"

#define BUF_MAX	4096

static struct json	*vectors;

static int
setup(void **state)
{
	(void)state;
	vectors = json_vectors();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	json_free(vectors);
	return 0;
}

static struct slice
text_slice(const struct json *j)
{
	return (struct slice){ (const uint8_t *)json_str(j), json_len(j) };
}

static void
assert_slice(struct slice s, const void *p, size_t n)
{
	assert_int_equal(s.n, n);
	if (n > 0)
		assert_memory_equal(s.p, p, n);
}

static void
check_fields(const struct envelope *e, const struct json *fields,
    const struct json *sig)
{
	uint8_t b[BUF_MAX];
	struct slice s;

	s = text_slice(json_get(fields, "message_id"));
	assert_slice(e->message_id, s.p, s.n);
	s = text_slice(json_get(fields, "sender_id"));
	assert_slice(e->sender_id, s.p, s.n);
	assert_true(e->lamport_ts == json_u64(json_get(fields, "lamport_ts")));
	assert_true(e->hop_count == json_u64(json_get(fields, "hop_count")));
	assert_true(e->msg_type == json_u64(json_get(fields, "msg_type")));
	assert_slice(e->payload, b,
	    json_hex(json_get(fields, "payload_hex"), b, sizeof(b)));
	assert_slice(e->sender_pubkey, b,
	    json_hex(json_get(fields, "sender_pubkey_hex"), b, sizeof(b)));
	assert_slice(e->signature, b, json_hex(sig, b, sizeof(b)));
}

/* vector group envelopes: equal (fields, signed bytes, encoding, frame) */
static void
test_vectors(void **state)
{
	const struct json *group = json_get(vectors, "envelopes"), *v;
	uint8_t raw[BUF_MAX], frame[BUF_MAX], sd[BUF_MAX];
	struct envelope e, built;
	struct wbuf b;
	size_t i, n;

	(void)state;
	wbuf_init(&b, BUF_MAX);
	assert_int_equal(json_len(group), 13);
	for (i = 0; i < json_len(group); i++) {
		v = json_at(group, i);
		n = json_hex(json_get(v, "envelope_hex"), raw, sizeof(raw));
		assert_true(envelope_read(&e, raw, n));
		assert_true(e.canonical);
		check_fields(&e, json_get(v, "fields"),
		    json_get(v, "signature_hex"));

		wbuf_reset(&b);
		envelope_write_signed(&b, &e);
		assert_int_equal(b.len, json_hex(json_get(v,
		    "sign_data_hex"), sd, sizeof(sd)));
		assert_memory_equal(b.p, sd, b.len);

		built = e;
		built.raw.p = NULL;
		wbuf_reset(&b);
		envelope_write(&b, &built);
		assert_int_equal(b.len, n);
		assert_memory_equal(b.p, raw, n);

		assert_int_equal(json_hex(json_get(v, "frame_hex"), frame,
		    sizeof(frame)), n + 8);
		assert_memory_equal(frame + 8, b.p, n);
	}
	wbuf_free(&b);
}

/* vector group keepalive: equal */
static void
test_keepalive(void **state)
{
	struct envelope e = { .msg_type = MSG_KEEPALIVE };
	uint8_t raw[16];
	struct wbuf b;
	size_t n;

	(void)state;
	n = json_hex(json_get(json_get(vectors, "keepalive"), "envelope_hex"),
	    raw, sizeof(raw));
	wbuf_init(&b, 64);
	envelope_write(&b, &e);
	assert_int_equal(b.len, n);
	assert_memory_equal(b.p, raw, n);
	assert_true(envelope_read(&e, raw, n));
	assert_int_equal(e.msg_type, MSG_KEEPALIVE);
	assert_int_equal(e.message_id.n, 0);
	wbuf_free(&b);
}

static void
check_relay(const char *in, const char *out)
{
	const struct json *g = json_get(vectors, "forwarding");
	uint8_t raw[BUF_MAX], want[BUF_MAX];
	struct envelope e;
	struct wbuf b;
	size_t n;

	n = json_hex(json_get(g, in), raw, sizeof(raw));
	assert_true(envelope_read(&e, raw, n));
	assert_true(e.canonical);
	wbuf_init(&b, BUF_MAX);
	envelope_write_relay(&b, &e, e.hop_count - 1);
	n = json_hex(json_get(g, out), want, sizeof(want));
	assert_int_equal(b.len, n);
	assert_memory_equal(b.p, want, n);
	wbuf_free(&b);
}

/* vector group forwarding: equal */
static void
test_forwarding(void **state)
{
	(void)state;
	check_relay("input_envelope_hex", "output_envelope_hex");
	check_relay("unknown_field_input_hex", "unknown_field_output_hex");
}

static void
relay(const void *in, size_t n, uint32_t hop, bool canonical,
    const void *want, size_t m)
{
	struct envelope e;
	struct wbuf b;

	assert_true(envelope_read(&e, in, n));
	assert_int_equal(e.canonical, canonical);
	wbuf_init(&b, BUF_MAX);
	envelope_write_relay(&b, &e, hop);
	assert_int_equal(b.len, m);
	assert_memory_equal(b.p, want, m);
	wbuf_free(&b);
}

/* What an encoder would not have written is written its way. */
static void
test_relay_not_canonical(void **state)
{
	/* fields out of order; duplicate id; unknown in the middle */
	static const uint8_t mixed[] = { 0x20, 0x05, 0x0a, 1, 'x', 0x78, 0x07,
		0x0a, 1, 'y', 0x28, 0x03 };
	static const uint8_t mixed_out[] = { 0x0a, 1, 'y', 0x20, 0x04, 0x28,
		0x03, 0x78, 0x07 };
	/* known number with another wire type is kept as unknown */
	static const uint8_t type[] = { 0x20, 0x05, 0x08, 0x01 };
	static const uint8_t type_out[] = { 0x20, 0x04, 0x08, 0x01 };
	/* long tag of an unknown field is shortened, its long value stays */
	static const uint8_t tag[] = { 0x20, 0x05, 0xf8, 0x80, 0x00, 0x87,
		0x00 };
	static const uint8_t tag_out[] = { 0x20, 0x04, 0x78, 0x87, 0x00 };
	/* uint32 takes the low 32 bits */
	static const uint8_t wide[] = { 0x20, 0x05, 0x28, 0x83, 0x80, 0x80,
		0x80, 0x10 };
	static const uint8_t wide_out[] = { 0x20, 0x04, 0x28, 0x03 };
	/* an unknown group */
	static const uint8_t group[] = { 0x20, 0x05, 0x7b, 0x08, 0x01, 0x7c };
	static const uint8_t group_out[] = { 0x20, 0x04, 0x7b, 0x08, 0x01,
		0x7c };

	(void)state;
	relay(mixed, sizeof(mixed), 4, false, mixed_out, sizeof(mixed_out));
	/* nothing but an unknown one behind the hop: still canonical */
	relay(type, sizeof(type), 4, true, type_out, sizeof(type_out));
	relay(tag, sizeof(tag), 4, false, tag_out, sizeof(tag_out));
	relay(wide, sizeof(wide), 4, false, wide_out, sizeof(wide_out));
	relay(group, sizeof(group), 4, true, group_out, sizeof(group_out));
}

/* A hop count of five bytes shrinks to one. */
static void
test_relay_hop_shrinks(void **state)
{
	static const uint8_t in[] = { 0x0a, 1, 'x', 0x20, 0xff, 0xff, 0xff,
		0xff, 0x0f, 0x28, 0x03 };
	static const uint8_t out[] = { 0x0a, 1, 'x', 0x20, 0x09, 0x28, 0x03 };

	(void)state;
	relay(in, sizeof(in), 9, true, out, sizeof(out));
}

/* Non-canonical again and again gives the canonical form, then itself. */
static void
test_relay_settles(void **state)
{
	static const uint8_t in[] = { 0x42, 0x00, 0x20, 0x85, 0x00, 0x12, 1,
		'b', 0x0a, 1, 'a', 0x18, 0x00 };
	static const uint8_t out[] = { 0x0a, 1, 'a', 0x12, 1, 'b', 0x20,
		0x04 };
	static const uint8_t again[] = { 0x0a, 1, 'a', 0x12, 1, 'b', 0x20,
		0x03 };

	(void)state;
	relay(in, sizeof(in), 4, false, out, sizeof(out));
	relay(out, sizeof(out), 3, true, again, sizeof(again));
}

static void
refused(const void *p, size_t n)
{
	struct envelope e;

	assert_false(envelope_read(&e, p, n));
}

static void
test_refused(void **state)
{
	static const uint8_t utf8_id[] = { 0x0a, 1, 0xff, 0x28, 0x03 };
	static const uint8_t utf8_sender[] = { 0x12, 2, 0xc0, 0x80 };
	/* an invalid text that a later one replaces still spoils it */
	static const uint8_t utf8_early[] = { 0x0a, 1, 0xff, 0x0a, 1, 'a' };
	static const uint8_t field0[] = { 0x00, 0x01 };
	static const uint8_t field0_long[] = { 0x80, 0x00, 0x01 };
	static const uint8_t cut[] = { 0x0a, 5, 'a' };
	static const uint8_t cut_varint[] = { 0x20, 0x80 };
	static const uint8_t wide[] = { 0x18, 0x80, 0x80, 0x80, 0x80, 0x80,
		0x80, 0x80, 0x80, 0x80, 0x02 };
	static const uint8_t type7[] = { 0x7f };
	static const uint8_t group_end[] = { 0x7c };
	static const uint8_t group_open[] = { 0x7b, 0x08, 0x01 };
	static const uint8_t group_other[] = { 0x7b, 0x74 };
	struct envelope e;
	static const uint8_t nul[] = { 0x0a, 3, 'a', 0, 'b' };

	(void)state;
	refused(utf8_id, sizeof(utf8_id));
	refused(utf8_sender, sizeof(utf8_sender));
	refused(utf8_early, sizeof(utf8_early));
	refused(field0, sizeof(field0));
	refused(field0_long, sizeof(field0_long));
	refused(cut, sizeof(cut));
	refused(cut_varint, sizeof(cut_varint));
	refused(wide, sizeof(wide));
	refused(type7, sizeof(type7));
	refused(group_end, sizeof(group_end));
	refused(group_open, sizeof(group_open));
	refused(group_other, sizeof(group_other));
	/* a NUL inside a text is a character like another */
	assert_true(envelope_read(&e, nul, sizeof(nul)));
	assert_slice(e.message_id, "a\0b", 3);
	/* no bytes at all are an envelope of defaults */
	assert_true(envelope_read(&e, "", 0));
	assert_int_equal(e.msg_type, 0);
}

/* wire-v1 9.2 EnvelopeSignData_*: what is covered, and that it differs. */
static void
test_signed_bytes(void **state)
{
	struct envelope e = { .message_id = { (const uint8_t *)"m", 1 },
		.sender_id = { (const uint8_t *)"s", 1 }, .lamport_ts = 7,
		.msg_type = 3, .payload = { (const uint8_t *)"p", 1 } };
	struct wbuf a, b;

	(void)state;
	wbuf_init(&a, 256);
	wbuf_init(&b, 256);
	envelope_write_signed(&a, &e);
	e.hop_count = 99;
	e.sender_pubkey = e.payload;
	e.signature = e.payload;
	envelope_write_signed(&b, &e);
	assert_int_equal(a.len, b.len);
	assert_memory_equal(a.p, b.p, a.len);
	wbuf_reset(&b);
	e.msg_type = 4;
	envelope_write_signed(&b, &e);
	assert_int_equal(a.len, b.len);
	assert_memory_not_equal(a.p, b.p, a.len);
	wbuf_free(&a);
	wbuf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_keepalive),
		cmocka_unit_test(test_forwarding),
		cmocka_unit_test(test_relay_not_canonical),
		cmocka_unit_test(test_relay_hop_shrinks),
		cmocka_unit_test(test_relay_settles),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_signed_bytes),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/cursor.h"
#include "m2.pb-c.h"
#include "proto/m2.h"
#include "proto/siphash.h"

static struct wbuf	 out;

static int
setup(void **state)
{
	(void)state;
	wbuf_init(&out, 200000);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	wbuf_free(&out);
	return 0;
}

/* The key 00 01 .. 0f over 00, 00 01, ...: of the authors' reference. */
static void
test_siphash(void **state)
{
	static const struct { size_t n; uint64_t want; } v[] = {
		{ 0, UINT64_C(0x726fdb47dd0e0e31) },
		{ 1, UINT64_C(0x74f839c593dc67fd) },
		{ 2, UINT64_C(0x0d6c8009d9a94f5a) },
		{ 3, UINT64_C(0x85676696d7fb7e2d) },
		{ 7, UINT64_C(0xab0200f58b01d137) },
		{ 8, UINT64_C(0x93f5f5799a932462) },
		{ 15, UINT64_C(0xa129ca6149be45e5) },
		{ 63, UINT64_C(0x958a324ceb064572) },
	};
	uint8_t key[16], in[64];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)i;
	memcpy(key, in, sizeof(key));
	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++)
		assert_true(siphash24(key, in, v[i].n) == v[i].want);
}

static struct slice
of(const char *s, size_t n)
{
	return (struct slice){ (const uint8_t *)s, n };
}

static void
full(struct m2_ctrl *c)
{
	static const char bytes[120] = "some bytes";

	memset(c, 0, sizeof(*c));
	c->has_setup = c->has_ping = c->has_root = true;
	c->setup.version = 1;
	c->setup.caps = 0x1d;
	memset(c->setup.salt, 7, 16);
	memset(c->setup.mesh_id, 8, 16);
	c->setup.boot_ms = UINT64_C(1770000000123);
	c->ihave = of(bytes, 16);
	c->ihave_big = of(bytes, 24);
	c->graft = of(bytes, 8);
	c->graft_link = of(bytes, 32);
	c->prune = of(bytes, 40);
	c->nohave = of(bytes, 48);
	c->window = of(bytes, 120);
	c->gap = 300;
	c->ihave_new = of(bytes, 56);
	c->ihave_big_new = of(bytes, 36);
	c->ping = (struct m2_ping){ 1, 2, 3000, UINT64_C(1770000000999) };
	c->root.hour = 490000;
	c->root.count = 5;
	memset(c->root.hash, 9, 32);
	c->root.flags = 2;
}

static void
test_ctrl_as_schema(void **state)
{
	Micelio__M2__LinkCtrl *m;
	struct m2_ctrl c, r;
	uint8_t again[2048];

	(void)state;
	full(&c);
	wbuf_reset(&out);
	m2_ctrl_write(&out, &c);
	m = micelio__m2__link_ctrl__unpack(NULL, out.len, out.p);
	assert_non_null(m);
	assert_int_equal(m->setup->caps, 0x1d);
	assert_int_equal(m->setup->salt.len, 16);
	assert_int_equal(m->setup->profile.len, 0);
	assert_int_equal(m->ihave.len, 16);
	assert_int_equal(m->ihave_big.len, 24);
	assert_int_equal(m->graft.len, 8);
	assert_int_equal(m->graft_link.len, 32);
	assert_int_equal(m->prune.len, 40);
	assert_int_equal(m->nohave.len, 48);
	assert_int_equal(m->window.len, 120);
	assert_int_equal(m->gap, 300);
	assert_int_equal(m->ihave_new.len, 56);
	assert_int_equal(m->ihave_big_new.len, 36);
	assert_int_equal(m->ping->hold_us, 3000);
	assert_int_equal(m->root->hash.len, 32);
	/* and in the same order, with the same bytes */
	assert_int_equal(micelio__m2__link_ctrl__pack(m, again), out.len);
	assert_memory_equal(again, out.p, out.len);
	micelio__m2__link_ctrl__free_unpacked(m, NULL);
	assert_true(m2_ctrl_read(&r, out.p, out.len));
	assert_true(r.has_setup && r.has_ping && r.has_root);
	assert_memory_equal(&r.setup, &c.setup, sizeof(r.setup));
	assert_memory_equal(&r.ping, &c.ping, sizeof(r.ping));
	assert_memory_equal(r.root.hash, c.root.hash, 32);
	assert_int_equal(r.window.n, 120);
	assert_int_equal(r.nohave.n, 48);
	assert_int_equal(r.gap, 300);
	assert_int_equal(r.ihave_new.n, 56);
	assert_int_equal(r.ihave_big_new.n, 36);
}

/* Field number, length, and whether it is taken. */
static void
test_ctrl_multiples(void **state)
{
	static const struct { uint8_t field; size_t n; bool good; } v[] = {
		{ 2, 8, true }, { 2, 7, false }, { 2, 0, true },
		{ 3, 12, true }, { 3, 8, false }, { 4, 16, true },
		{ 4, 15, false }, { 5, 9, false }, { 6, 1, false },
		{ 7, 4, false }, { 8, 3, true }, { 9, 12, true },
		{ 9, 13, false }, { 9, 60 * 12, true }, { 9, 61 * 12, false },
		{ 13, 16, true }, { 13, 15, false }, { 14, 24, true },
		{ 14, 16, false }, { 15, 3, true },
	};
	uint8_t zeros[1000] = { 0 };
	struct m2_ctrl c;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		wbuf_reset(&out);
		wbuf_u8(&out, (uint8_t)(v[i].field << 3 | 2));
		if (v[i].n > 127) {
			wbuf_u8(&out, (uint8_t)(v[i].n | 0x80));
			wbuf_u8(&out, (uint8_t)(v[i].n >> 7));
		} else
			wbuf_u8(&out, (uint8_t)v[i].n);
		wbuf_bytes(&out, zeros, v[i].n);
		assert_int_equal(m2_ctrl_read(&c, out.p, out.len), v[i].good);
	}
	/* a salt of 15 bytes */
	assert_false(m2_ctrl_read(&c, "\x0a\x11\x1a\x0f" "0123456789abcde", 19));
	/* over the limit, though well formed */
	wbuf_reset(&out);
	wbuf_bytes(&out, "\x12\x80\x80\x01", 4);
	memset(wbuf_reserve(&out, M2_CTRL_MAX), 0, M2_CTRL_MAX);
	assert_false(m2_ctrl_read(&c, out.p, out.len));
	/* cut off anywhere: no read beyond, no crash */
	full(&c);
	wbuf_reset(&out);
	m2_ctrl_write(&out, &c);
	for (i = 0; i < out.len; i++)
		(void)m2_ctrl_read(&c, out.p, i);
	assert_false(m2_ctrl_read(&c, out.p, out.len - 1));
}

static void
test_suspect(void **state)
{
	uint8_t node[32] = { 1, 2, 3 }, half[65 * M2_HALF] = { 9 };
	struct m2_suspect s = { .version = 1, .incarnation = 9, .n = 2 }, r;
	Micelio__M2__Suspect *m;

	(void)state;
	s.item[0] = (struct m2_item){ node, 1, 77, 3500 };
	s.item[1] = (struct m2_item){ node, 3, 78, 0 };
	s.links = (struct slice){ half, 2 * M2_HALF };
	wbuf_reset(&out);
	m2_suspect_write(&out, &s);
	m = micelio__m2__suspect__unpack(NULL, out.len, out.p);
	assert_non_null(m);
	assert_int_equal(m->n_i, 2);
	assert_int_equal(m->i[0]->quiet_ms, 3500);
	assert_int_equal(m->links.len, 2 * M2_HALF);
	micelio__m2__suspect__free_unpacked(m, NULL);
	assert_true(m2_suspect_read(&r, out.p, out.len));
	assert_int_equal(r.n, 2);
	assert_int_equal(r.item[1].incarnation, 78);
	assert_memory_equal(r.item[1].node, node, 32);
	assert_int_equal(r.links.n, 2 * M2_HALF);
	assert_memory_equal(r.links.p, half, 2 * M2_HALF);
	/* links: half a one, and one more than there may be */
	s.links.n = M2_HALF / 2;
	wbuf_reset(&out);
	m2_suspect_write(&out, &s);
	assert_false(m2_suspect_read(&r, out.p, out.len));
	s.links.n = sizeof(half);
	wbuf_reset(&out);
	m2_suspect_write(&out, &s);
	assert_false(m2_suspect_read(&r, out.p, out.len));
	s.links.n = sizeof(half) - M2_HALF;
	wbuf_reset(&out);
	m2_suspect_write(&out, &s);
	assert_true(m2_suspect_read(&r, out.p, out.len));
	s.links.n = 0;
	/* one more than there may be */
	s.n = M2_ITEMS_MAX;
	for (size_t i = 0; i < s.n; i++)
		s.item[i] = s.item[0];
	wbuf_reset(&out);
	m2_suspect_write(&out, &s);
	assert_true(m2_suspect_read(&r, out.p, out.len));
	wbuf_bytes(&out, "\x1a\x00", 2);
	assert_false(m2_suspect_read(&r, out.p, out.len));
	/* a node of 31 bytes */
	wbuf_reset(&out);
	wbuf_bytes(&out, "\x1a\x21\x0a\x1f", 4);
	wbuf_bytes(&out, node, 31);
	assert_false(m2_suspect_read(&r, out.p, out.len));
}

static void
test_records(void **state)
{
	uint8_t key[32] = { 5 }, sig[64] = { 6 }, mesh[16] = { 0 };
	static struct m2_records s, r;
	Micelio__M2__PeerRecords *m;

	(void)state;
	s.want = true;
	s.n = 1;
	s.r[0] = (struct m2_record){ .pubkey = key, .seq = 1000, .caps = 29,
		.naddrs = 2, .sig = sig };
	s.r[0].addr[0] = of("10.0.0.1:4000", 13);
	s.r[0].addr[1] = of("[::1]:4000", 10);
	wbuf_reset(&out);
	m2_records_write(&out, &s);
	m = micelio__m2__peer_records__unpack(NULL, out.len, out.p);
	assert_non_null(m);
	assert_int_equal(m->want, 1);
	assert_int_equal(m->r[0]->n_addrs, 2);
	micelio__m2__peer_records__free_unpacked(m, NULL);
	assert_true(m2_records_read(&r, out.p, out.len));
	assert_true(r.want && r.n == 1 && r.r[0].naddrs == 2);
	assert_memory_equal(r.r[0].sig, sig, 64);
	wbuf_reset(&out);
	m2_record_signed(&out, mesh, &s.r[0]);
	assert_int_equal(out.len, 16 + 16 + 32 + 8 + 8 + 1 + 2 + 13 + 2 + 10);
	assert_memory_equal(out.p, "\xff" "micelio/peer/1", 16);
	assert_memory_equal(out.p + 64, "\0\0\0\0\0\0\x03\xe8", 8);
	/* five addresses; an address that is no text; no key */
	s.r[0].naddrs = M2_ADDRS_MAX;
	s.r[0].addr[2] = s.r[0].addr[3] = of("\xff\xff", 2);
	wbuf_reset(&out);
	m2_records_write(&out, &s);
	assert_false(m2_records_read(&r, out.p, out.len));
	assert_false(m2_records_read(&r, "\x12\x00", 2));
}

static void
test_names(void **state)
{
	struct envelope e = { .message_id = of("id", 2),
		.sender_id = of("from", 4), .lamport_ts = 3, .msg_type = 4,
		.payload = of("payload", 7) };
	uint8_t a[M2_MID], b[M2_MID], salt[16] = { 1 }, id[32] = { 2 };
	int i;

	(void)state;
	m2_mid(&e, a);
	/* made with sha256sum(1) from the text of micelio-protocol(7) */
	assert_memory_equal(a, 
	    "\x7a\xeb\x9d\x22\x4f\xd1\xfc\x1c"
	    "\x25\x3a\xcb\x9b\x04\x17\xc3\xb1", M2_MID);
	for (i = 0; i < 5; i++) {
		struct envelope t = e;

		if (i == 0)
			t.payload.n--;
		else if (i == 1)
			t.lamport_ts++;
		else if (i == 2)
			t.msg_type++;
		else if (i == 3)
			t.sender_id.n--;
		else {
			/* the border between the ids counts */
			t.message_id = of("idf", 3);
			t.sender_id = of("rom", 3);
		}
		m2_mid(&t, b);
		assert_memory_not_equal(a, b, M2_MID);
	}
	/* hops and signature do not */
	e.hop_count = 7;
	e.signature = of("x", 1);
	m2_mid(&e, b);
	assert_memory_equal(a, b, M2_MID);
	assert_true(m2_sid(salt, a) != m2_oid(salt, id));
	assert_true(m2_sid(salt, a) == siphash24(salt, a, 16));
	assert_true(m2_load64((const uint8_t *)"\0\0\0\1\0\0\0\2") ==
	    UINT64_C(0x100000002));
}

static void
test_frames(void **state)
{
	struct envelope e, g = {
		.message_id = of("00000000-0000-4000-8000-0000000000ff", 36),
		.sender_id = of("0123456789abcdef0123456789abcdef"
		    "0123456789abcdef0123456789abcdef", 64) };

	(void)state;
	wbuf_reset(&out);
	m2_frame_write(&out, MSG_LINK_CTRL, "abc", 3);
	assert_int_equal(out.len, 7);
	assert_true(envelope_read(&e, out.p, out.len));
	assert_true(m2_frame_bare(&e) && e.msg_type == 32);
	assert_false(m2_ids_good(&e));
	assert_false(m2_frame_bare(&g));
	assert_true(m2_ids_good(&g));
	g.message_id = of("00000000-0000-4000-8000-0000000000FF", 36);
	assert_false(m2_ids_good(&g));
	g.message_id = of("00000000x0000-4000-8000-0000000000ff", 36);
	assert_false(m2_ids_good(&g));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_siphash),
		cmocka_unit_test(test_ctrl_as_schema),
		cmocka_unit_test(test_ctrl_multiples),
		cmocka_unit_test(test_suspect),
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_frames),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

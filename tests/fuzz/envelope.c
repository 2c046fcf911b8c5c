/* SPDX-License-Identifier: MIT */
/*
 * Feeds: a hop count, then an envelope of wire v1 as a frame carries it.
 * Holds: what is canonical encodes to the same bytes; what is read, encoded
 * and read again is the same; relaying changes the hop count alone, adds no
 * more than a varint, and what is signed stays the same.
 * Reads with: proto/envelope.c proto/wire.c
 */
#include "common/cursor.h"
#include "common/text.h"
#include "fuzz.h"
#include "proto/envelope.h"
#include "proto/m2.h"
#include "proto/wire.h"

#define ROOM	(4u * 1024 * 1024)

static void
same(const struct envelope *a, const struct envelope *b)
{
	HOLDS(fuzz_same(a->message_id.p, a->message_id.n, b->message_id.p,
	    b->message_id.n));
	HOLDS(fuzz_same(a->sender_id.p, a->sender_id.n, b->sender_id.p,
	    b->sender_id.n));
	HOLDS(fuzz_same(a->payload.p, a->payload.n, b->payload.p,
	    b->payload.n));
	HOLDS(fuzz_same(a->signature.p, a->signature.n, b->signature.p,
	    b->signature.n));
	HOLDS(fuzz_same(a->sender_pubkey.p, a->sender_pubkey.n,
	    b->sender_pubkey.p, b->sender_pubkey.n));
	HOLDS(a->lamport_ts == b->lamport_ts && a->msg_type == b->msg_type);
}

static void
within(const struct slice *s, const uint8_t *p, size_t n)
{
	HOLDS(s->n == 0 || (s->p >= p && s->n <= (size_t)(p + n - s->p)));
}

static void
relay(const struct envelope *e, uint32_t hops)
{
	struct envelope back;
	struct wbuf out, a, b;

	wbuf_init(&out, ROOM);
	wbuf_init(&a, ROOM);
	wbuf_init(&b, ROOM);
	envelope_write_relay(&out, e, hops);
	HOLDS(out.len <= e->raw.n + WIRE_VARINT_MAX);
	HOLDS(envelope_read(&back, out.p, out.len));
	HOLDS(back.hop_count == hops);
	HOLDS(back.canonical);
	same(e, &back);
	envelope_write_signed(&a, e);
	envelope_write_signed(&b, &back);
	HOLDS(fuzz_same(a.p, a.len, b.p, b.len));
	wbuf_free(&out);
	wbuf_free(&a);
	wbuf_free(&b);
}

FUZZ_TARGET(envelope)(const uint8_t *data, size_t size)
{
	struct fuzz_in in = fuzz_begin(data, size);
	uint32_t hops = 1 + (uint32_t)fuzz_u8(&in) * 131u;
	uint8_t mid[M2_MID], again[M2_MID];
	struct envelope e, back;
	struct wbuf out;

	if (!envelope_read(&e, in.p, in.left))
		return 0;
	within(&e.message_id, in.p, in.left);
	within(&e.sender_id, in.p, in.left);
	within(&e.payload, in.p, in.left);
	within(&e.signature, in.p, in.left);
	within(&e.sender_pubkey, in.p, in.left);
	HOLDS(utf8_valid(e.message_id.p, e.message_id.n));
	HOLDS(utf8_valid(e.sender_id.p, e.sender_id.n));
	HOLDS(e.raw.p == in.p && e.raw.n == in.left);

	wbuf_init(&out, ROOM);
	envelope_write(&out, &e);
	HOLDS(out.len <= in.left);
	HOLDS(envelope_read(&back, out.p, out.len));
	same(&e, &back);
	HOLDS(back.hop_count == e.hop_count && back.canonical);
	if (out.len == in.left && e.canonical)
		HOLDS(fuzz_same(out.p, out.len, in.p, in.left));
	HOLDS(m2_frame_bare(&e) == m2_frame_bare(&back) ||
	    out.len != in.left);
	if (e.message_id.n <= ENVELOPE_ID_MAX) {
		m2_mid(&e, mid);
		m2_mid(&back, again);
		HOLDS(memcmp(mid, again, sizeof(mid)) == 0);
	}
	(void)m2_ids_good(&e);
	wbuf_free(&out);
	relay(&e, hops);
	return 0;
}

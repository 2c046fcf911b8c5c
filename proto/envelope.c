/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "common/cursor.h"
#include "common/text.h"
#include "envelope.h"
#include "wire.h"

#define FIELD_LAST	8u	/* highest number of the schema */

static bool	field_set(struct envelope *, const struct wire_field *);
static bool	field_is_default(const struct wire_field *);
static struct slice *field_slice(struct envelope *, uint32_t number);
static void	put_unknown(struct wbuf *, const struct envelope *);

bool
envelope_read(struct envelope *e, const void *p, size_t n)
{
	struct wire_field f;
	uint32_t last = 0;
	struct wire w;

	memset(e, 0, sizeof(*e));
	e->raw.p = p;
	e->raw.n = n;
	e->canonical = true;
	wire_init(&w, p, n);
	while (wire_next(&w, &f)) {
		if (!field_set(e, &f)) {
			/* Unknown ones go last; only their tag is rewritten. */
			if (f.tag_len !=
			    wire_varint_len((uint64_t)f.number << 3))
				e->canonical = false;
			last = FIELD_LAST;
			continue;
		}
		if (f.number <= 2 && !utf8_valid(f.bytes, f.len))
			return false;
		if (!f.minimal || f.number <= last || field_is_default(&f))
			e->canonical = false;
		last = f.number;
	}
	return !w.bad;
}

/* False: not a field of the schema, or not of its wire type. */
static bool
field_set(struct envelope *e, const struct wire_field *f)
{
	struct slice *s;

	if ((s = field_slice(e, f->number)) != NULL) {
		if (f->type != WIRE_BYTES)
			return false;
		s->p = f->bytes;
		s->n = f->len;
		return true;
	}
	if (f->type != WIRE_VARINT)
		return false;
	switch (f->number) {
	case 3:
		e->lamport_ts = f->value;
		return true;
	case 4:
		e->hop_count = (uint32_t)f->value;
		e->hop_at = (size_t)(f->raw - e->raw.p) + f->tag_len;
		e->hop_len = f->raw_len - f->tag_len;
		break;
	case 5:
		e->msg_type = (uint32_t)f->value;
		break;
	default:
		return false;
	}
	return true;
}

/* Would an encoder leave the field out, or shorten it to 32 bits? */
static bool
field_is_default(const struct wire_field *f)
{
	if (f->type == WIRE_BYTES)
		return f->len == 0;
	return f->value == 0 || (f->number != 3 && f->value > UINT32_MAX);
}

static struct slice *
field_slice(struct envelope *e, uint32_t number)
{
	switch (number) {
	case 1:
		return &e->message_id;
	case 2:
		return &e->sender_id;
	case 6:
		return &e->payload;
	case 7:
		return &e->signature;
	case 8:
		return &e->sender_pubkey;
	default:
		return NULL;
	}
}

void
envelope_write(struct wbuf *b, const struct envelope *e)
{
	wire_put_bytes(b, 1, e->message_id.p, e->message_id.n);
	wire_put_bytes(b, 2, e->sender_id.p, e->sender_id.n);
	wire_put_num(b, 3, e->lamport_ts);
	wire_put_num(b, 4, e->hop_count);
	wire_put_num(b, 5, e->msg_type);
	wire_put_bytes(b, 6, e->payload.p, e->payload.n);
	wire_put_bytes(b, 7, e->signature.p, e->signature.n);
	wire_put_bytes(b, 8, e->sender_pubkey.p, e->sender_pubkey.n);
}

void
envelope_write_relay(struct wbuf *b, const struct envelope *e,
    uint32_t hop_count)
{
	uint8_t hop[WIRE_VARINT_MAX];
	struct envelope copy;
	size_t end;

	if (e->canonical && e->hop_len != 0) {
		end = e->hop_at + e->hop_len;
		wbuf_bytes(b, e->raw.p, e->hop_at);
		wbuf_bytes(b, hop, wire_put_varint(hop, hop_count));
		wbuf_bytes(b, e->raw.p + end, e->raw.n - end);
		return;
	}
	copy = *e;
	copy.hop_count = hop_count;
	envelope_write(b, &copy);
	put_unknown(b, e);
}

/* In the order they came; the value as it came, the tag in shortest form. */
static void
put_unknown(struct wbuf *b, const struct envelope *e)
{
	uint8_t tag[WIRE_VARINT_MAX];
	struct envelope scratch = *e;
	struct wire_field f;
	struct wire w;

	wire_init(&w, e->raw.p, e->raw.n);
	while (wire_next(&w, &f)) {
		if (field_set(&scratch, &f))
			continue;
		wbuf_bytes(b, tag, wire_put_varint(tag,
		    (uint64_t)f.number << 3 | (uint64_t)f.type));
		wbuf_bytes(b, f.raw + f.tag_len, f.raw_len - f.tag_len);
	}
}

void
envelope_write_signed(struct wbuf *b, const struct envelope *e)
{
	wbuf_bytes(b, e->message_id.p, e->message_id.n);
	wbuf_bytes(b, e->sender_id.p, e->sender_id.n);
	wbuf_u64be(b, e->lamport_ts);
	wbuf_u32be(b, e->msg_type);
	wbuf_bytes(b, e->payload.p, e->payload.n);
}

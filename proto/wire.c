/* SPDX-License-Identifier: MIT */
#include "common/cursor.h"
#include "wire.h"

#define FIELD_MAX	((1u << 29) - 1)	/* of a message */
#define GROUP_FIELD_MAX	((1u << 31) - 1)	/* inside a group */

static bool	get_varint(struct wire *, uint64_t *, bool *minimal);
static bool	get_tag(struct wire *, struct wire_field *, uint32_t max);
static bool	get_value(struct wire *, struct wire_field *);
static bool	skip(struct wire *, size_t);
static bool	skip_group(struct wire *, uint32_t number);

void
wire_init(struct wire *w, const void *p, size_t n)
{
	w->p = p;
	w->left = n;
	w->bad = false;
}

bool
wire_next(struct wire *w, struct wire_field *f)
{
	if (w->bad || w->left == 0)
		return false;
	f->raw = w->p;
	f->minimal = true;
	f->value = 0;
	f->bytes = NULL;
	f->len = 0;
	if (!get_tag(w, f, FIELD_MAX))
		goto bad;
	f->tag_len = (size_t)(w->p - f->raw);
	if (f->type == WIRE_GROUP) {
		if (!skip_group(w, f->number))
			goto bad;
	} else if (!get_value(w, f))
		goto bad;
	f->raw_len = (size_t)(w->p - f->raw);
	return true;
bad:
	w->bad = true;
	return false;
}

/* At most 64 bits: the tenth byte may hold one. */
static bool
get_varint(struct wire *w, uint64_t *out, bool *minimal)
{
	uint64_t v = 0;
	unsigned int i;
	uint8_t b;

	for (i = 0; i < WIRE_VARINT_MAX; i++) {
		if (w->left == 0)
			return false;
		b = *w->p++;
		w->left--;
		if (i == WIRE_VARINT_MAX - 1 && b > 1)
			return false;
		v |= (uint64_t)(b & 0x7f) << (7 * i);
		if (b < 0x80) {
			if (i > 0 && b == 0)
				*minimal = false;
			*out = v;
			return true;
		}
	}
	return false;
}

static bool
get_tag(struct wire *w, struct wire_field *f, uint32_t max)
{
	uint64_t tag;

	if (!get_varint(w, &tag, &f->minimal))
		return false;
	if (tag >> 3 == 0 || tag >> 3 > max)
		return false;
	f->number = (uint32_t)(tag >> 3);
	f->type = (enum wire_type)(tag & 7);
	return true;
}

static bool
get_value(struct wire *w, struct wire_field *f)
{
	uint64_t n;

	switch (f->type) {
	case WIRE_VARINT:
		return get_varint(w, &f->value, &f->minimal);
	case WIRE_FIXED64:
		return skip(w, 8);
	case WIRE_FIXED32:
		return skip(w, 4);
	case WIRE_BYTES:
		if (!get_varint(w, &n, &f->minimal) || n > w->left)
			return false;
		f->bytes = w->p;
		f->len = (size_t)n;
		return skip(w, f->len);
	default:
		return false;
	}
}

static bool
skip(struct wire *w, size_t n)
{
	if (n > w->left)
		return false;
	w->p += n;
	w->left -= n;
	return true;
}

static bool
skip_group(struct wire *w, uint32_t number)
{
	uint32_t open[WIRE_GROUP_MAX];
	struct wire_field f;
	size_t depth = 0;

	open[depth++] = number;
	while (depth > 0) {
		if (!get_tag(w, &f, GROUP_FIELD_MAX))
			return false;
		if (f.type == WIRE_GROUP) {
			if (depth == WIRE_GROUP_MAX)
				return false;
			open[depth++] = f.number;
		} else if (f.type == WIRE_GROUP_END) {
			if (open[--depth] != f.number)
				return false;
		} else if (!get_value(w, &f))
			return false;
	}
	return true;
}

size_t
wire_put_varint(uint8_t out[WIRE_VARINT_MAX], uint64_t v)
{
	size_t n = 0;

	while (v >= 0x80) {
		out[n++] = (uint8_t)(v | 0x80);
		v >>= 7;
	}
	out[n++] = (uint8_t)v;
	return n;
}

size_t
wire_varint_len(uint64_t v)
{
	size_t n = 1;

	while (v >= 0x80) {
		v >>= 7;
		n++;
	}
	return n;
}

static void
put_varint(struct wbuf *b, uint64_t v)
{
	uint8_t tmp[WIRE_VARINT_MAX];

	wbuf_bytes(b, tmp, wire_put_varint(tmp, v));
}

void
wire_put_num(struct wbuf *b, uint32_t number, uint64_t v)
{
	if (v == 0)
		return;
	put_varint(b, (uint64_t)number << 3 | WIRE_VARINT);
	put_varint(b, v);
}

void
wire_put_head(struct wbuf *b, uint32_t number, size_t n)
{
	put_varint(b, (uint64_t)number << 3 | WIRE_BYTES);
	put_varint(b, n);
}

void
wire_put_bytes(struct wbuf *b, uint32_t number, const void *p, size_t n)
{
	if (n == 0)
		return;
	wire_put_head(b, number, n);
	wbuf_bytes(b, p, n);
}

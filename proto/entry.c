/* SPDX-License-Identifier: MIT */
#include <sodium.h>
#include <string.h>

#include "common/cursor.h"
#include "entry.h"
#include "wire.h"

#define FIELDS	7u

static bool	field_set(struct entry *, const struct wire_field *);
static bool	lengths_good(const struct entry *, bool without_author);
static size_t	bytes_size(struct slice);
static uint8_t	*put_be(uint8_t *, uint64_t, unsigned int bytes);

bool
entry_read(struct entry *e, const void *p, size_t n, bool without_author)
{
	struct wire_field f;
	uint32_t last = 0;
	struct wire w;

	memset(e, 0, sizeof(*e));
	if (n > ENTRY_WIRE_MAX)
		return false;
	wire_init(&w, p, n);
	while (wire_next(&w, &f)) {
		if (!f.minimal || f.number <= last || f.number > FIELDS ||
		    !field_set(e, &f))
			return false;
		last = f.number;
	}
	return !w.bad && lengths_good(e, without_author);
}

/* A default that is spelled out would be a second encoding. */
static bool
field_set(struct entry *e, const struct wire_field *f)
{
	struct slice *s[FIELDS + 1] = { [1] = &e->key, [2] = &e->value,
	    [6] = &e->author, [7] = &e->sig };
	struct rcur c;

	if (s[f->number] != NULL) {
		*s[f->number] = (struct slice){ f->bytes, f->len };
		return f->type == WIRE_BYTES && f->len > 0;
	}
	if (f->number == 3) {
		if (f->type != WIRE_FIXED64)
			return false;
		rcur_init(&c, f->raw + f->tag_len, 8);
		for (unsigned int i = 0; i < 8; i++)
			e->hlc |= (uint64_t)rcur_u8(&c) << (8 * i);
		return e->hlc != 0;
	}
	if (f->type != WIRE_VARINT || f->value == 0)
		return false;
	if (f->number == 4)
		e->expires_ms = f->value;
	else if (f->value > UINT32_MAX)
		return false;
	else
		e->flags = (uint32_t)f->value;
	return true;
}

static bool
lengths_good(const struct entry *e, bool without_author)
{
	return e->key.n >= 1 && e->key.n <= ENTRY_KEY_MAX &&
	    e->value.n <= ENTRY_VALUE_MAX && e->sig.n == ENTRY_SIG_LEN &&
	    e->author.n == (without_author ? 0 : ENTRY_AUTHOR_LEN);
}

void
entry_write(struct wbuf *b, const struct entry *e)
{
	wire_put_bytes(b, 1, e->key.p, e->key.n);
	wire_put_bytes(b, 2, e->value.p, e->value.n);
	if (e->hlc != 0) {
		wbuf_u8(b, 3 << 3 | WIRE_FIXED64);
		for (unsigned int i = 0; i < 8; i++)
			wbuf_u8(b, (uint8_t)(e->hlc >> (8 * i)));
	}
	wire_put_num(b, 4, e->expires_ms);
	wire_put_num(b, 5, e->flags);
	wire_put_bytes(b, 6, e->author.p, e->author.n);
	wire_put_bytes(b, 7, e->sig.p, e->sig.n);
}

size_t
entry_size(const struct entry *e)
{
	size_t n = bytes_size(e->key) + bytes_size(e->value) +
	    bytes_size(e->author) + bytes_size(e->sig);

	if (e->hlc != 0)
		n += 1 + 8;
	if (e->expires_ms != 0)
		n += 1 + wire_varint_len(e->expires_ms);
	if (e->flags != 0)
		n += 1 + wire_varint_len(e->flags);
	return n;
}

static size_t
bytes_size(struct slice s)
{
	return s.n == 0 ? 0 : 1 + wire_varint_len(s.n) + s.n;
}

static uint8_t *
put_be(uint8_t *p, uint64_t v, unsigned int bytes)
{
	while (bytes-- > 0)
		*p++ = (uint8_t)(v >> (8 * bytes));
	return p;
}

size_t
entry_signed(const struct entry *e, const uint8_t mesh[MESH_ID_LEN],
    uint8_t out[ENTRY_SIGNED_MAX])
{
	static const char prefix[ENTRY_PREFIX_LEN] = "\xffmicelio/entry/1";
	uint8_t *p = out;

	memcpy(p, prefix, sizeof(prefix));
	p += sizeof(prefix);
	memcpy(p, mesh, MESH_ID_LEN);
	p += MESH_ID_LEN;
	p = put_be(p, e->flags, 1);
	p = put_be(p, e->hlc, 8);
	p = put_be(p, e->expires_ms, 8);
	memcpy(p, e->author.p, ENTRY_AUTHOR_LEN);
	p += ENTRY_AUTHOR_LEN;
	p = put_be(p, e->key.n, 2);
	memcpy(p, e->key.p, e->key.n);
	p += e->key.n;
	p = put_be(p, e->value.n, 4);
	crypto_hash_sha256(p, e->value.n > 0 ? e->value.p : p, e->value.n);
	return (size_t)(p + 32 - out);
}

void
entry_id_of(const void *signed_bytes, size_t n, struct entry_id *id)
{
	uint8_t hash[32];

	crypto_hash_sha256(hash, signed_bytes, n);
	memcpy(id->b, hash, sizeof(id->b));
}

int
entry_id_cmp(const struct entry_id *a, const struct entry_id *b)
{
	return memcmp(a->b, b->b, sizeof(a->b));
}

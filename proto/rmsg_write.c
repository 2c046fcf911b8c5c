/* SPDX-License-Identifier: MIT */
/* Writing Reconcile; see rmsg.c for reading. */
#include "common/cursor.h"
#include "rmsg.h"

static void
put_varint(struct wbuf *b, uint64_t v)
{
	uint8_t tmp[WIRE_VARINT_MAX];

	wbuf_bytes(b, tmp, wire_put_varint(tmp, v));
}

static size_t
num_size(uint64_t v)
{
	return v == 0 ? 0 : 1 + wire_varint_len(v);
}

void
rmsg_write(struct wbuf *b, uint32_t session, bool from_opener,
    enum rmsg_op op, const void *body, size_t n)
{
	wire_put_num(b, 1, session);
	wire_put_num(b, 2, from_opener);
	wire_put_head(b, op, n);
	wbuf_bytes(b, body, n);
}

void
rmsg_put_open(struct wbuf *b, const struct rmsg_open *o)
{
	const struct m2_root *r = &o->root;

	wire_put_num(b, 1, o->mode);
	wire_put_head(b, 2, num_size(r->hour) + num_size(r->count) + 2 +
	    sizeof(r->hash) + num_size(r->flags));
	wire_put_num(b, 1, r->hour);
	wire_put_num(b, 2, r->count);
	wire_put_bytes(b, 3, r->hash, sizeof(r->hash));
	wire_put_num(b, 4, r->flags);
	if (o->mode == RMSG_BY_RANGES)
		wire_put_bytes(b, 3, o->range_salt, sizeof(o->range_salt));
	if (o->has_from)
		wire_put_bytes(b, 4, o->from.b, sizeof(o->from.b));
}

void
rmsg_put_symbols(struct wbuf *b, const struct rmsg_symbols *s)
{
	wire_put_num(b, 1, s->first);
	wire_put_bytes(b, 2, s->salt, RMSG_SALT);
	wire_put_bytes(b, 3, s->cells, s->k * RMSG_CELL);
	wire_put_bytes(b, 4, s->counts.p, s->counts.n);
	wire_put_num(b, 5, s->end);
}

void
rmsg_put_count(struct wbuf *b, int64_t c)
{
	put_varint(b, (uint64_t)c << 1 ^ (uint64_t)(c >> 63));
}

void
rmsg_put_more(struct wbuf *b, const struct rmsg_more *m)
{
	wire_put_num(b, 1, m->upto);
	wire_put_num(b, 2, m->estimate);
	wire_put_num(b, 3, m->credit);
}

void
rmsg_put_range(struct wbuf *b, const struct rmsg_range *r)
{
	size_t n = num_size(r->kind) + num_size(r->count);

	n += r->last ? 0 : 2 + sizeof(r->upper.b);
	if (r->data.n > 0)
		n += 1 + wire_varint_len(r->data.n) + r->data.n;
	wire_put_head(b, 1, n);
	if (!r->last)
		wire_put_bytes(b, 1, r->upper.b, sizeof(r->upper.b));
	wire_put_num(b, 2, r->kind);
	wire_put_bytes(b, 3, r->data.p, r->data.n);
	wire_put_num(b, 4, r->count);
}

void
rmsg_put_prefixes(struct wbuf *b, bool gone, const void *p, size_t n)
{
	wire_put_bytes(b, gone ? 2 : 1, p, n);
}

void
rmsg_put_entry(struct wbuf *b, const struct entry *e)
{
	wire_put_head(b, 1, entry_size(e));
	entry_write(b, e);
}

void
rmsg_put_done(struct wbuf *b, const struct rmsg_done *d)
{
	wire_put_num(b, 1, d->reason);
	wire_put_num(b, 2, d->applied);
	wire_put_num(b, 3, d->held);
	wire_put_num(b, 4, d->refused);
	wire_put_num(b, 5, d->retry_ms);
}

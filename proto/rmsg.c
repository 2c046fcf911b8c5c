/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "common/cursor.h"
#include "rmsg.h"

static bool	op_read(struct rmsg *, const struct wire_field *);
static bool	open_read(struct rmsg_open *, const struct wire_field *);
static bool	root_read(struct m2_root *, const struct wire_field *);
static bool	symbols_read(struct rmsg_symbols *, const struct wire_field *);
static bool	counts_good(const struct rmsg_symbols *);
static bool	ranges_read(const struct wire_field *);
static bool	range_read(struct rmsg_range *, const struct wire_field *);
static bool	range_good(const struct rmsg_range *);
static bool	entries_read(struct rmsg *, const struct wire_field *);
static bool	numbers_read(uint32_t *, uint32_t max,
		    const struct wire_field *);

bool
rmsg_read(struct rmsg *m, const void *p, size_t n)
{
	struct wire_field f;
	struct wire w;

	memset(m, 0, sizeof(*m));
	if (n > RMSG_MAX)
		return false;
	wire_init(&w, p, n);
	while (wire_next(&w, &f)) {
		if (f.number == 1 && f.type == WIRE_VARINT &&
		    f.value <= UINT32_MAX)
			m->session = (uint32_t)f.value;
		else if (f.number == 2 && f.type == WIRE_VARINT &&
		    f.value <= 1)
			m->from_opener = f.value == 1;
		else if (f.number < RMSG_OPEN || (f.number <= RMSG_DONE &&
		    (f.type != WIRE_BYTES || m->op != 0 || !op_read(m, &f))))
			return false;
	}
	return !w.bad && m->op != 0;
}

static bool
op_read(struct rmsg *m, const struct wire_field *f)
{
	struct wire_field in;
	struct wire w;

	m->op = (enum rmsg_op)f->number;
	m->body = (struct slice){ f->bytes, f->len };
	switch (m->op) {
	case RMSG_OPEN:
		return open_read(&m->u.open, f);
	case RMSG_SYMBOLS:
		return symbols_read(&m->u.symbols, f);
	case RMSG_MORE:
		return numbers_read(&m->u.more.upto, 3, f) &&
		    m->u.more.upto <= RMSG_SYMBOLS_MAX;
	case RMSG_RANGES:
		return ranges_read(f);
	case RMSG_NEED:
		wire_init(&w, f->bytes, f->len);
		while (wire_next(&w, &in))
			if (in.number == 1 && in.type == WIRE_BYTES)
				m->ids = (struct slice){ in.bytes, in.len };
		return !w.bad && m->ids.n % RMSG_PREFIX == 0;
	case RMSG_ENTRIES:
		return entries_read(m, f);
	case RMSG_DONE:
		return numbers_read(&m->u.done.reason, 5, f);
	}
	return false;
}

/* Of a message of u32s, in a struct of them in the same order. */
static bool
numbers_read(uint32_t *out, uint32_t max, const struct wire_field *in)
{
	struct wire_field f;
	struct wire w;

	wire_init(&w, in->bytes, in->len);
	while (wire_next(&w, &f)) {
		if (f.number > max)
			continue;
		if (f.type != WIRE_VARINT || f.value > UINT32_MAX)
			return false;
		out[f.number - 1] = (uint32_t)f.value;
	}
	return !w.bad;
}

static bool
open_read(struct rmsg_open *o, const struct wire_field *in)
{
	bool root = false, salt = false, good = true;
	struct wire_field f;
	struct wire w;

	wire_init(&w, in->bytes, in->len);
	while (good && wire_next(&w, &f)) {
		if (f.number > 4)
			continue;
		if (f.number == 1) {
			good = f.type == WIRE_VARINT && f.value <= UINT32_MAX;
			o->mode = (uint32_t)f.value;
		} else if (f.type != WIRE_BYTES) {
			good = false;
		} else if (f.number == 2) {
			good = root = root_read(&o->root, &f);
		} else if ((good = f.len == RMSG_SALT)) {
			salt = salt || f.number == 3;
			o->has_from = o->has_from || f.number == 4;
			memcpy(f.number == 3 ? o->range_salt : o->from.b,
			    f.bytes, RMSG_SALT);
		}
	}
	return good && !w.bad && root && (o->mode == RMSG_BY_SYMBOLS ||
	    (o->mode == RMSG_BY_RANGES && salt));
}

static bool
root_read(struct m2_root *r, const struct wire_field *in)
{
	struct wire_field f;
	bool hash = false;
	struct wire w;

	wire_init(&w, in->bytes, in->len);
	while (wire_next(&w, &f)) {
		if (f.number > 4)
			continue;
		if (f.number == 3) {
			if (f.type != WIRE_BYTES || f.len != sizeof(r->hash))
				return false;
			memcpy(r->hash, f.bytes, f.len);
			hash = true;
			continue;
		}
		if (f.type != WIRE_VARINT ||
		    (f.number != 2 && f.value > UINT32_MAX))
			return false;
		if (f.number == 1)
			r->hour = (uint32_t)f.value;
		else if (f.number == 2)
			r->count = f.value;
		else
			r->flags = (uint32_t)f.value;
	}
	return !w.bad && hash;
}

static bool
symbols_read(struct rmsg_symbols *s, const struct wire_field *in)
{
	struct wire_field f;
	struct wire w;

	wire_init(&w, in->bytes, in->len);
	while (wire_next(&w, &f)) {
		if (f.number > 5)
			continue;
		if (f.type != (f.number == 1 || f.number == 5 ? WIRE_VARINT :
		    WIRE_BYTES))
			return false;
		if (f.number == 1 && f.value > RMSG_SYMBOLS_MAX)
			return false;
		if (f.number == 1)
			s->first = (uint32_t)f.value;
		else if (f.number == 2 && f.len == RMSG_SALT)
			s->salt = f.bytes;
		else if (f.number == 3 && f.len % RMSG_CELL == 0) {
			s->cells = f.bytes;
			s->k = f.len / RMSG_CELL;
		} else if (f.number == 4)
			s->counts = (struct slice){ f.bytes, f.len };
		else if (f.number == 5 && f.value <= 1)
			s->end = f.value == 1;
		else
			return false;
	}
	return !w.bad && s->salt != NULL && counts_good(s);
}

/* One varint; false: it does not end, or is too long for a count. */
static bool
count_take(struct slice *s, uint64_t *v)
{
	*v = 0;
	for (unsigned int i = 0; i < RMSG_COUNT_LEN && i < s->n; i++) {
		*v |= (uint64_t)(s->p[i] & 0x7f) << (7 * i);
		if ((s->p[i] & 0x80) == 0) {
			if (i > 0 && s->p[i] == 0)
				return false;
			s->p += i + 1;
			s->n -= i + 1;
			return true;
		}
	}
	return false;
}

static int64_t
unzigzag(uint64_t v)
{
	return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}

static bool
counts_good(const struct rmsg_symbols *s)
{
	struct slice left = s->counts;
	uint64_t v;
	int64_t c;

	if (s->k > RMSG_SYMBOLS_MAX - s->first)
		return false;
	for (size_t i = 0; i < s->k; i++) {
		if (!count_take(&left, &v))
			return false;
		c = unzigzag(v);
		if (c > RMSG_COUNT_MAX || c < -RMSG_COUNT_MAX)
			return false;
	}
	return left.n == 0;
}

int64_t
rmsg_next_count(struct slice *s)
{
	uint64_t v;

	return count_take(s, &v) ? unzigzag(v) : 0;
}

/* Every part is a good one, and each begins where the last one ended. */
static bool
ranges_read(const struct wire_field *in)
{
	struct rmsg_range r, before = { .last = false };
	struct wire_field f;
	bool first = true;
	struct wire w;

	wire_init(&w, in->bytes, in->len);
	while (wire_next(&w, &f)) {
		if (f.number != 1)
			continue;
		if (f.type != WIRE_BYTES || !range_read(&r, &f) ||
		    !range_good(&r))
			return false;
		if (!first && (before.last || (!r.last &&
		    entry_id_cmp(&before.upper, &r.upper) >= 0)))
			return false;
		before = r;
		first = false;
	}
	return !w.bad && !first;
}

static bool
range_read(struct rmsg_range *r, const struct wire_field *in)
{
	struct wire_field f;
	struct wire w;

	memset(r, 0, sizeof(*r));
	r->last = true;
	wire_init(&w, in->bytes, in->len);
	while (wire_next(&w, &f)) {
		if (f.number > 4)
			continue;
		if (f.type != (f.number % 2 == 1 ? WIRE_BYTES : WIRE_VARINT))
			return false;
		if (f.number == 1) {
			if (f.len != sizeof(r->upper.b))
				return false;
			memcpy(r->upper.b, f.bytes, f.len);
			r->last = false;
		} else if (f.number == 2) {
			r->kind = f.value > 2 ? 3 : (uint32_t)f.value;
		} else if (f.number == 3) {
			r->data = (struct slice){ f.bytes, f.len };
		} else {
			r->count = f.value;
		}
	}
	return !w.bad;
}

static bool
range_good(const struct rmsg_range *r)
{
	switch (r->kind) {
	case 0:
		return r->data.n == 0;
	case 1:
		return r->data.n == ENTRY_ID_LEN;
	case 2:
		return r->data.n % ENTRY_ID_LEN == 0 &&
		    r->data.n / ENTRY_ID_LEN <= RMSG_IDS_MAX &&
		    r->count == r->data.n / ENTRY_ID_LEN;
	default:
		return false;
	}
}

static bool
entries_read(struct rmsg *m, const struct wire_field *in)
{
	struct wire_field f;
	struct entry e;
	struct wire w;

	wire_init(&w, in->bytes, in->len);
	while (wire_next(&w, &f)) {
		if (f.number == 1 && (f.type != WIRE_BYTES ||
		    !entry_read(&e, f.bytes, f.len, false)))
			return false;
		if (f.number == 2 && (f.type != WIRE_BYTES ||
		    f.len % RMSG_PREFIX != 0))
			return false;
		if (f.number == 2)
			m->ids = (struct slice){ f.bytes, f.len };
	}
	return !w.bad;
}

void
rmsg_parts(const struct rmsg *m, struct wire *w)
{
	wire_init(w, m->body.p, m->body.n);
}

bool
rmsg_next_range(struct wire *w, struct rmsg_range *r)
{
	struct wire_field f;

	while (wire_next(w, &f))
		if (f.number == 1)
			return range_read(r, &f);
	return false;
}

bool
rmsg_next_entry(struct wire *w, struct entry *e)
{
	struct wire_field f;

	while (wire_next(w, &f))
		if (f.number == 1)
			return entry_read(e, f.bytes, f.len, false);
	return false;
}

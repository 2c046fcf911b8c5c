/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "common/cursor.h"
#include "delta.h"

#define FIELD_ENTRY	4u

/* Fields come in the order of their numbers; unknown ones are passed over. */
static bool
next_field(struct delta *d, uint32_t *last)
{
	while (wire_next(&d->rest, &d->field)) {
		if (d->field.number < *last ||
		    (d->field.number == *last && *last != FIELD_ENTRY))
			break;
		*last = d->field.number;
		if (*last <= FIELD_ENTRY)
			return true;
	}
	d->bad = d->rest.bad || d->rest.left > 0;
	return false;
}

bool
delta_read(struct delta *d, const void *p, size_t n)
{
	const struct wire_field *f = &d->field;
	uint32_t version = 0, last = 0;

	memset(d, 0, sizeof(*d));
	if (n > DELTA_MAX)
		return false;
	wire_init(&d->rest, p, n);
	while ((d->more = next_field(d, &last)) && last != FIELD_ENTRY) {
		if (last == 1 && f->type == WIRE_VARINT &&
		    f->value == DELTA_VERSION)
			version = DELTA_VERSION;
		else if (last == 2 && f->type == WIRE_BYTES &&
		    f->len == MESH_ID_LEN)
			d->mesh = f->bytes;
		else if (last == 3 && f->type == WIRE_BYTES &&
		    f->len == DELTA_PROFILE)
			d->profile = f->bytes;
		else
			return false;
	}
	return !d->bad && version != 0 && d->mesh != NULL &&
	    d->profile != NULL;
}

bool
delta_next(struct delta *d, const uint8_t *author, struct entry *e)
{
	uint32_t last = FIELD_ENTRY;

	if (!d->more || d->bad)
		return false;
	if (d->field.type != WIRE_BYTES ||
	    !entry_read(e, d->field.bytes, d->field.len, true)) {
		d->bad = true;
		return false;
	}
	e->author = (struct slice){ author, ENTRY_AUTHOR_LEN };
	d->more = next_field(d, &last);
	return true;
}

void
delta_begin(struct wbuf *b, const uint8_t mesh[MESH_ID_LEN],
    const uint8_t profile[DELTA_PROFILE])
{
	wbuf_reset(b);
	wire_put_num(b, 1, DELTA_VERSION);
	wire_put_bytes(b, 2, mesh, MESH_ID_LEN);
	wire_put_bytes(b, 3, profile, DELTA_PROFILE);
}

bool
delta_add(struct wbuf *b, const struct entry *e)
{
	struct entry bare = *e;
	size_t n;

	bare.author.n = 0;
	n = entry_size(&bare);
	if (b->len + 1 + wire_varint_len(n) + n > DELTA_MAX)
		return false;
	wire_put_head(b, FIELD_ENTRY, n);
	entry_write(b, &bare);
	return true;
}

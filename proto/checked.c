/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <string.h>

#include "arena.h"
#include "checked.h"
#include "common/text.h"
#include "wire.h"

static bool	type_fits(const ProtobufCFieldDescriptor *, enum wire_type);
static bool	field_fits(const ProtobufCMessageDescriptor *,
		    const struct wire_field *);
static uint8_t *put_field(uint8_t *, const struct wire_field *);

void *
checked_unpack(const ProtobufCMessageDescriptor *desc, struct arena *a,
    const void *p, size_t n, uint64_t texts)
{
	struct wire_field f;
	bool clean = true;
	uint8_t *buf, *o;
	struct wire w;

	wire_init(&w, p, n);
	while (wire_next(&w, &f)) {
		if (!f.minimal || !field_fits(desc, &f))
			clean = false;
		if (f.type == WIRE_BYTES && f.number < 64 &&
		    (texts & CHECKED_TEXT(f.number)) != 0 &&
		    !utf8_valid(f.bytes, f.len))
			return NULL;
	}
	if (w.bad)
		return NULL;
	if (!clean) {
		/* Shortest forms of fewer fields: n bytes suffice. */
		if ((buf = o = arena_take(a, n)) == NULL)
			return NULL;
		wire_init(&w, p, n);
		while (wire_next(&w, &f))
			if (field_fits(desc, &f))
				o = put_field(o, &f);
		p = buf;
		n = (size_t)(o - buf);
	}
	return protobuf_c_message_unpack(desc, &a->allocator, n, p);
}

static bool
field_fits(const ProtobufCMessageDescriptor *desc, const struct wire_field *f)
{
	const ProtobufCFieldDescriptor *fd;

	fd = protobuf_c_message_descriptor_get_field(desc, f->number);
	return fd != NULL && type_fits(fd, f->type);
}

static bool
type_fits(const ProtobufCFieldDescriptor *fd, enum wire_type type)
{
	switch (fd->type) {
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_BYTES:
		return type == WIRE_BYTES;
	case PROTOBUF_C_TYPE_MESSAGE:
		return false;
	default:
		break;
	}
	if (fd->label == PROTOBUF_C_LABEL_REPEATED && type == WIRE_BYTES)
		return true;	/* packed */
	switch (fd->type) {
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_FLOAT:
		return type == WIRE_FIXED32;
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_DOUBLE:
		return type == WIRE_FIXED64;
	default:
		return type == WIRE_VARINT;
	}
}

static uint8_t *
put_field(uint8_t *o, const struct wire_field *f)
{
	size_t n;

	o += wire_put_varint(o, (uint64_t)f->number << 3 | (uint64_t)f->type);
	switch (f->type) {
	case WIRE_VARINT:
		return o + wire_put_varint(o, f->value);
	case WIRE_BYTES:
		o += wire_put_varint(o, f->len);
		if (f->len > 0)
			memcpy(o, f->bytes, f->len);
		return o + f->len;
	default:
		n = f->raw_len - f->tag_len;
		memcpy(o, f->raw + f->tag_len, n);
		return o + n;
	}
}

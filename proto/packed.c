/* SPDX-License-Identifier: MIT */
#include "common/cursor.h"
#include "packed.h"

struct slice
packed_slice(ProtobufCBinaryData b)
{
	return (struct slice){ b.data, b.len };
}

ProtobufCBinaryData
packed_data(struct slice s)
{
	union {
		const uint8_t	*in;
		uint8_t		*out;
	} u = { s.p };

	return (ProtobufCBinaryData){ s.n, u.out };
}

void
packed_write(struct wbuf *b, const ProtobufCMessage *m)
{
	size_t n = protobuf_c_message_get_packed_size(m);

	protobuf_c_message_pack(m, wbuf_reserve(b, n));
}

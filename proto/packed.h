/* SPDX-License-Identifier: MIT */
/* Between what protobuf-c packs and our own types. */
#ifndef MICELIO_PACKED_H
#define MICELIO_PACKED_H

#include <protobuf-c/protobuf-c.h>

#include "envelope.h"

struct wbuf;

struct slice packed_slice(ProtobufCBinaryData);
/* protobuf-c only reads what it packs, but its type has no const. */
ProtobufCBinaryData packed_data(struct slice);
/* Appends the message; it must fit. */
void	 packed_write(struct wbuf *, const ProtobufCMessage *);

#endif

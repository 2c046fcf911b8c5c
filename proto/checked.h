/* SPDX-License-Identifier: MIT */
/*
 * Decoding by protobuf-c of what protobuf-go would decode, and of nothing
 * else.
 */
#ifndef MICELIO_CHECKED_H
#define MICELIO_CHECKED_H

#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

struct arena;

/* The bit of field number n (< 64) in a set of fields. */
#define CHECKED_TEXT(n)	(UINT64_C(1) << (n))

/*
 * The decoded message, in the arena; NULL when the bytes are malformed, when
 * one of the fields in texts holds anything but UTF-8 (in any occurrence), or
 * when the arena's budget does not suffice.  Fields that the schema does not
 * know or that came with another wire type are left out, as if absent.  Of a
 * message with nested messages these are not accepted: read them one by one
 * with wire_next() and decode each by itself.
 */
void	*checked_unpack(const ProtobufCMessageDescriptor *, struct arena *,
	    const void *, size_t, uint64_t texts);

#endif

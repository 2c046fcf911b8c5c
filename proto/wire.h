/* SPDX-License-Identifier: MIT */
/*
 * The protobuf wire format, field by field and in place, with the verdicts
 * of protobuf-go: what it refuses is refused, what it keeps as unknown is
 * handed out as it is.  protobuf-c judges some inputs otherwise (groups,
 * wrong wire types, endless varints), so it only gets what passed here.
 */
#ifndef MICELIO_WIRE_H
#define MICELIO_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wbuf;

/* Nesting of unknown groups; no message of ours has any. */
#define WIRE_GROUP_MAX	32

enum wire_type {
	WIRE_VARINT = 0,
	WIRE_FIXED64 = 1,
	WIRE_BYTES = 2,
	WIRE_GROUP = 3,
	WIRE_GROUP_END = 4,
	WIRE_FIXED32 = 5,
};

struct wire {
	const uint8_t	*p;
	size_t		 left;
	bool		 bad;
};

struct wire_field {
	uint32_t	 number;
	enum wire_type	 type;
	uint64_t	 value;		/* WIRE_VARINT */
	const uint8_t	*bytes;		/* WIRE_BYTES: the content */
	size_t		 len;
	const uint8_t	*raw;		/* whole field, from its tag */
	size_t		 raw_len;
	size_t		 tag_len;	/* raw + tag_len: value as encoded */
	bool		 minimal;	/* shortest tag, length and varint */
};

void	 wire_init(struct wire *, const void *, size_t);
/* The next field; false at the end, or with w->bad when malformed. */
bool	 wire_next(struct wire *, struct wire_field *);

#define WIRE_VARINT_MAX	10
/* Shortest form; returns its length. */
size_t	 wire_put_varint(uint8_t out[WIRE_VARINT_MAX], uint64_t);
size_t	 wire_varint_len(uint64_t);

/* Fields as proto3 has them: nothing for 0, or for no bytes. */
void	 wire_put_num(struct wbuf *, uint32_t number, uint64_t);
void	 wire_put_bytes(struct wbuf *, uint32_t number, const void *, size_t);
/* What is before a content of so many bytes, none among them. */
void	 wire_put_head(struct wbuf *, uint32_t number, size_t);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Feeds: a chat message of wire v1.
 * Holds: texts are UTF-8, the speaker is a hash or nobody; what is read,
 * written and read again is the same.
 * Reads with: proto/message.c proto/checked.c proto/wire.c
 */
#include "common/cursor.h"
#include "common/text.h"
#include "fuzz.h"
#include "proto/arena.h"
#include "proto/message.h"

FUZZ_TARGET(chat)(const uint8_t *data, size_t size)
{
	struct chat_msg c, back;
	struct arena a, b;
	struct wbuf out;

	arena_init(&a, MESSAGE_ARENA);
	arena_init(&b, MESSAGE_ARENA);
	wbuf_init(&out, 4u * 1024 * 1024);
	if (chat_read(&c, &a, data, size)) {
		HOLDS(utf8_valid(c.nick.p, c.nick.n));
		HOLDS(utf8_valid(c.text.p, c.text.n));
		HOLDS(utf8_valid(c.parent.p, c.parent.n));
		HOLDS(c.speaker.n == 0 || c.speaker.n == SPEAKER_LEN);
		HOLDS(c.parent.n <= ENVELOPE_ID_MAX && !c.earlier);
		chat_write(&out, &c);
		HOLDS(out.len <= size);
		HOLDS(chat_read(&back, &b, out.p, out.len));
		HOLDS(fuzz_same(c.nick.p, c.nick.n, back.nick.p, back.nick.n));
		HOLDS(fuzz_same(c.text.p, c.text.n, back.text.p, back.text.n));
		HOLDS(fuzz_same(c.speaker.p, c.speaker.n, back.speaker.p,
		    back.speaker.n));
		HOLDS(fuzz_same(c.parent.p, c.parent.n, back.parent.p,
		    back.parent.n));
		HOLDS(c.timestamp == back.timestamp && c.kind == back.kind);
	}
	wbuf_free(&out);
	arena_free(&a);
	arena_free(&b);
	return 0;
}

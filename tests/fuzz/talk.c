/* SPDX-License-Identifier: MIT */
/*
 * Feeds: one byte for which, then a message of a room, a sealed message, or
 * what is in one when it is open.
 * Holds: kinds and lengths are within their limits, texts are UTF-8, a room
 * has a name it may have; writing gives what reads as the same bytes.
 * Reads with: proto/talk.c proto/checked.c
 */
#include "common/cursor.h"
#include "common/text.h"
#include "fuzz.h"
#include "proto/arena.h"
#include "proto/talk.h"

static bool
room(struct arena *a, const void *p, size_t n, struct wbuf *out)
{
	struct room_msg m;

	if (!room_msg_read(&m, a, p, n))
		return false;
	HOLDS(m.kind < ROOM_MSG_MAX);
	HOLDS(m.room.n == 0 || room_name_valid(m.room.p, m.room.n));
	HOLDS(m.room.n <= ROOM_NAME_MAX && m.text.n <= CHAT_TEXT_MAX);
	HOLDS(utf8_valid(m.nick.p, m.nick.n));
	HOLDS(utf8_valid(m.text.p, m.text.n));
	HOLDS(m.speaker.n == 0 || m.speaker.n == SPEAKER_LEN);
	room_msg_write(out, &m);
	return true;
}

static bool
sealed(struct arena *a, const void *p, size_t n, struct wbuf *out)
{
	struct sealed_msg m;

	if (!sealed_read(&m, a, p, n))
		return false;
	HOLDS(m.to.n == 32 && m.ephemeral.n == 32);
	HOLDS(m.box.n >= SEALED_MAC &&
	    m.box.n <= CHAT_TEXT_MAX + SEALED_BESIDE_MAX + SEALED_MAC);
	sealed_write(out, &m);
	return true;
}

static bool
private(struct arena *a, const void *p, size_t n, struct wbuf *out)
{
	struct private_msg m;

	if (!private_read(&m, a, p, n))
		return false;
	HOLDS(m.kind < PRIVATE_MAX && m.outcome < PRIVATE_OUTCOMES);
	HOLDS(m.text.n <= CHAT_TEXT_MAX);
	HOLDS(utf8_valid(m.nick.p, m.nick.n) && utf8_valid(m.to.p, m.to.n));
	HOLDS(utf8_valid(m.text.p, m.text.n));
	HOLDS(m.speaker.n == 0 || m.speaker.n == SPEAKER_LEN);
	private_write(out, &m);
	return true;
}

FUZZ_TARGET(talk)(const uint8_t *data, size_t size)
{
	static bool (*const reads[])(struct arena *, const void *, size_t,
	    struct wbuf *) = { room, sealed, private };
	struct fuzz_in in = fuzz_begin(data, size);
	unsigned int which = fuzz_u8(&in) % 3;
	struct wbuf once, twice;
	struct arena a;

	arena_init(&a, MESSAGE_ARENA);
	wbuf_init(&once, 4u * 1024 * 1024);
	wbuf_init(&twice, 4u * 1024 * 1024);
	if (reads[which](&a, in.p, in.left, &once)) {
		arena_reset(&a);
		HOLDS(reads[which](&a, once.p, once.len, &twice));
		HOLDS(fuzz_same(once.p, once.len, twice.p, twice.len));
	}
	wbuf_free(&once);
	wbuf_free(&twice);
	arena_free(&a);
	return 0;
}

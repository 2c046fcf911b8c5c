/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "arena.h"
#include "checked.h"
#include "common/cursor.h"
#include "talk.h"
#include "talk.pb-c.h"

#define NICK_MAX	128u	/* bytes that are read of a nick */
#define TEXT_MAX	60000u

static struct slice
slice_of(ProtobufCBinaryData b)
{
	return (struct slice){ b.data, b.len };
}

/* protobuf-c only reads what it packs, but its type has no const. */
static ProtobufCBinaryData
data_of(struct slice s)
{
	union {
		const uint8_t	*in;
		uint8_t		*out;
	} u = { s.p };

	return (ProtobufCBinaryData){ s.n, u.out };
}

static void
pack(struct wbuf *b, const ProtobufCMessage *m)
{
	size_t n = protobuf_c_message_get_packed_size(m);

	protobuf_c_message_pack(m, wbuf_reserve(b, n));
}

bool
room_name_valid(const void *p, size_t n)
{
	const char *s = p;

	if (n < 2 || n > ROOM_NAME_MAX || s[0] != '#')
		return false;
	for (size_t i = 1; i < n; i++)
		if (!((s[i] >= 'a' && s[i] <= 'z') ||
		    (s[i] >= '0' && s[i] <= '9') || s[i] == '-' ||
		    s[i] == '_'))
			return false;
	return true;
}

bool
room_msg_read(struct room_msg *r, struct arena *a, const void *p, size_t n)
{
	Micelio__Talk__Room *m;

	m = checked_unpack(&micelio__talk__room__descriptor, a, p, n,
	    CHECKED_TEXT(2) | CHECKED_TEXT(4) | CHECKED_TEXT(5));
	if (m == NULL || m->version != TALK_VERSION ||
	    m->kind >= ROOM_MSG_MAX)
		return false;
	r->room = slice_of(m->room);
	r->nick = slice_of(m->nick);
	r->text = slice_of(m->text);
	r->kind = m->kind;
	r->timestamp = m->timestamp;
	r->speaker = slice_of(m->speaker);
	if (r->speaker.n != SPEAKER_LEN)
		r->speaker.n = 0;
	if (r->nick.n > NICK_MAX || r->text.n > TEXT_MAX)
		return false;
	return m->kind == ROOM_MSG_WHO || m->kind == ROOM_MSG_PEOPLE ?
	    r->room.n == 0 : room_name_valid(r->room.p, r->room.n);
}

bool
sealed_read(struct sealed_msg *s, struct arena *a, const void *p, size_t n)
{
	Micelio__Talk__Sealed *m;

	m = checked_unpack(&micelio__talk__sealed__descriptor, a, p, n, 0);
	if (m == NULL || m->version != TALK_VERSION)
		return false;
	s->to = slice_of(m->to);
	s->ephemeral = slice_of(m->ephemeral);
	s->box = slice_of(m->box);
	return s->to.n == 32 && s->ephemeral.n == 32 &&
	    s->box.n >= SEALED_MAC &&
	    s->box.n <= TEXT_MAX + SEALED_BESIDE_MAX + SEALED_MAC;
}

bool
private_read(struct private_msg *x, struct arena *a, const void *p, size_t n)
{
	Micelio__Talk__Private *m;

	m = checked_unpack(&micelio__talk__private__descriptor, a, p, n,
	    CHECKED_TEXT(2) | CHECKED_TEXT(3) | CHECKED_TEXT(4));
	if (m == NULL || m->kind >= PRIVATE_MAX ||
	    m->outcome >= PRIVATE_OUTCOMES)
		return false;
	x->kind = m->kind;
	x->outcome = m->outcome;
	x->nick = slice_of(m->nick);
	x->to = slice_of(m->to);
	x->text = slice_of(m->text);
	x->timestamp = m->timestamp;
	x->ref = m->ref;
	x->speaker = slice_of(m->speaker);
	if (x->speaker.n != SPEAKER_LEN)
		x->speaker.n = 0;
	return x->nick.n <= NICK_MAX && x->to.n <= NICK_MAX &&
	    x->text.n <= TEXT_MAX;
}

void
room_msg_write(struct wbuf *b, const struct room_msg *r)
{
	Micelio__Talk__Room m = MICELIO__TALK__ROOM__INIT;

	m.version = TALK_VERSION;
	m.room = data_of(r->room);
	m.kind = r->kind;
	m.nick = data_of(r->nick);
	m.text = data_of(r->text);
	m.timestamp = r->timestamp;
	m.speaker = data_of(r->speaker);
	pack(b, &m.base);
}

void
sealed_write(struct wbuf *b, const struct sealed_msg *s)
{
	Micelio__Talk__Sealed m = MICELIO__TALK__SEALED__INIT;

	m.version = TALK_VERSION;
	m.to = data_of(s->to);
	m.ephemeral = data_of(s->ephemeral);
	m.box = data_of(s->box);
	pack(b, &m.base);
}

void
private_write(struct wbuf *b, const struct private_msg *x)
{
	Micelio__Talk__Private m = MICELIO__TALK__PRIVATE__INIT;

	m.kind = x->kind;
	m.nick = data_of(x->nick);
	m.to = data_of(x->to);
	m.text = data_of(x->text);
	m.timestamp = x->timestamp;
	m.speaker = data_of(x->speaker);
	m.ref = x->ref;
	m.outcome = x->outcome;
	pack(b, &m.base);
}

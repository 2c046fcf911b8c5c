/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "arena.h"
#include "checked.h"
#include "packed.h"
#include "talk.h"
#include "talk.pb-c.h"

#define NICK_MAX	128u	/* bytes that are read of a nick */
#define TEXT_MAX	60000u

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
	r->room = packed_slice(m->room);
	r->nick = packed_slice(m->nick);
	r->text = packed_slice(m->text);
	r->kind = m->kind;
	r->timestamp = m->timestamp;
	r->speaker = packed_slice(m->speaker);
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
	s->to = packed_slice(m->to);
	s->ephemeral = packed_slice(m->ephemeral);
	s->box = packed_slice(m->box);
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
	x->nick = packed_slice(m->nick);
	x->to = packed_slice(m->to);
	x->text = packed_slice(m->text);
	x->timestamp = m->timestamp;
	x->ref = m->ref;
	x->speaker = packed_slice(m->speaker);
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
	m.room = packed_data(r->room);
	m.kind = r->kind;
	m.nick = packed_data(r->nick);
	m.text = packed_data(r->text);
	m.timestamp = r->timestamp;
	m.speaker = packed_data(r->speaker);
	packed_write(b, &m.base);
}

void
sealed_write(struct wbuf *b, const struct sealed_msg *s)
{
	Micelio__Talk__Sealed m = MICELIO__TALK__SEALED__INIT;

	m.version = TALK_VERSION;
	m.to = packed_data(s->to);
	m.ephemeral = packed_data(s->ephemeral);
	m.box = packed_data(s->box);
	packed_write(b, &m.base);
}

void
private_write(struct wbuf *b, const struct private_msg *x)
{
	Micelio__Talk__Private m = MICELIO__TALK__PRIVATE__INIT;

	m.kind = x->kind;
	m.nick = packed_data(x->nick);
	m.to = packed_data(x->to);
	m.text = packed_data(x->text);
	m.timestamp = x->timestamp;
	m.speaker = packed_data(x->speaker);
	m.ref = x->ref;
	m.outcome = x->outcome;
	packed_write(b, &m.base);
}

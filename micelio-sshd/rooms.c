/* SPDX-License-Identifier: MIT */
/*
 * Rooms beside the one everybody is in.  Each has its people on many nodes;
 * what is said in one goes to all nodes and is shown to who is in it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "announce.h"
#include "caller.h"
#include "conn.h"
#include "contact.h"
#include "cursor.h"
#include "imsg.h"
#include "log.h"
#include "nodeid.h"
#include "people.h"
#include "private.h"
#include "proc.h"
#include "record.h"
#include "room.h"
#include "rooms.h"
#include "sshd.h"
#include "sshkey.h"
#include "text.h"

#define BODY_MAX	65535u

unsigned int
rooms_here(const struct hub *hub, const char *name)
{
	const struct conn *c;
	unsigned int n = 0;

	TAILQ_FOREACH(c, &hub->conns, entry)
		n += c->caller.in_room && strcmp(c->caller.room, name) == 0;
	return n;
}

struct sideroom *
rooms_find(const struct hub *hub, const char *name)
{
	struct sideroom *x;

	TAILQ_FOREACH(x, &hub->siderooms, entry)
		if (strcmp(x->name, name) == 0)
			return x;
	return NULL;
}

/* Of those nobody here is in the one heard of longest ago makes room. */
static struct sideroom *
find_or_make(struct hub *hub, const char *name)
{
	struct sideroom *x = rooms_find(hub, name), *old;

	if (x == NULL && hub->nsiderooms >= ROOMS_MAX) {
		TAILQ_FOREACH_REVERSE(old, &hub->siderooms, sideroom_list, entry)
			if (rooms_here(hub, old->name) == 0)
				break;
		if (old == NULL)
			return NULL;
		TAILQ_REMOVE(&hub->siderooms, old, entry);
		hub->nsiderooms--;
		free(old);
	}
	if (x == NULL) {
		x = xcalloc(1, sizeof(*x));
		text_copy(x->name, name, sizeof(x->name));
	} else {
		TAILQ_REMOVE(&hub->siderooms, x, entry);
		hub->nsiderooms--;
	}
	TAILQ_INSERT_HEAD(&hub->siderooms, x, entry);
	hub->nsiderooms++;
	x->heard_ms = hub_now(hub);
	return x;
}

static void
out(struct hub *hub, enum room_msg_kind kind, const char *name,
    const struct caller *from, const char *text, size_t n, uint32_t req)
{
	static const uint8_t none[NODEID_LEN];
	struct wbuf w;

	wbuf_init(&w, BODY_MAX);
	wbuf_u8(&w, (uint8_t)kind);
	wbuf_bytes(&w, none, sizeof(none));
	wbuf_bytes(&w, from->key, SSHKEY_HASH_LEN);
	wbuf_u64(&w, 0);
	wbuf_str(&w, name);
	wbuf_str(&w, from->member.nick);
	wbuf_strn(&w, text, n);
	imsg_send_wbuf(hub->proc->link[PROC_GOSSIPD], IMSG_ROOM_OUT, req, 0,
	    &w);
	wbuf_free(&w);
}

static void
note(struct hub *hub, const char *name, const uint8_t *key,
    const char *text)
{
	struct conn *c;

	TAILQ_FOREACH(c, &hub->conns, entry)
		if (c->caller.in_room &&
		    strcmp(c->caller.room, name) == 0 &&
		    !person_ignores(c->caller.person, key))
			caller_text(&c->caller, OUT_ROOM, "-- %s: %s\n", name,
			    text);
}

static void
show(struct hub *hub, const char *name, const char *label,
    const uint8_t *key, bool action, const char *text, size_t n,
    uint64_t sent_s)
{
	char who[LABEL_MAX + ROOM_NAME_MAX + 2];
	struct conn *c;

	(void)snprintf(who, sizeof(who), "%s %s", label, name);
	TAILQ_FOREACH(c, &hub->conns, entry) {
		struct caller *to = &c->caller;

		if (!to->in_room || strcmp(to->room, name) != 0 ||
		    person_ignores(to->person, key))
			continue;
		caller_line(to, who, action, text, n, hub_now(hub), sent_s,
		    memcmp(to->key, key, SSHKEY_HASH_LEN) != 0 &&
		    text_names(text, n, to->member.nick));
	}
}

void
rooms_say(struct caller *caller, const char *text, size_t n, bool action)
{
	struct hub *hub = caller->hub;
	char why[256];

	while (n > 0 && (text[n - 1] == ' ' || text[n - 1] == '\n'))
		n--;
	if (n == 0)
		return;
	if (n > CHAT_TEXT_MAX || !utf8_valid(text, n)) {
		say_status_text(n > CHAT_TEXT_MAX ? SAY_TOO_LONG :
		    SAY_NOT_TEXT, n, why, sizeof(why));
		caller_text(caller, OUT_ROOM, "-- %s\n", why);
		return;
	}
	caller->member.spoke_ms = hub_now(hub);
	show(hub, caller->room, caller->member.nick, caller->key, action,
	    text, n, 0);
	caller->room_request = ++hub->next_request;
	out(hub, action ? ROOM_MSG_DONE : ROOM_MSG_SAID, caller->room, caller,
	    text, n, caller->room_request);
}

bool
rooms_result(struct hub *hub, struct imsg *m)
{
	const uint8_t *p = m->data;
	struct conn *c;
	char text[256];

	TAILQ_FOREACH(c, &hub->conns, entry)
		if (c->caller.room_request == m->id)
			break;
	if (c == NULL || m->id == 0)
		return false;
	if (p[0] != CHAT_SENT && p[0] != CHAT_NO_PEERS &&
	    p[0] != CHAT_SLOWED) {
		chat_result_text(p[0], 1000, 0, text, sizeof(text));
		caller_text(&c->caller, OUT_ROOM, "-- %s\n", text);
	}
	return true;
}

bool
rooms_join(struct caller *caller, const char *name)
{
	struct hub *hub = caller->hub;
	struct sideroom *x = find_or_make(hub, name);
	char text[CHAT_NICK_MAX + 32];

	if (x == NULL)
		return false;
	(void)snprintf(text, sizeof(text), "%s joined", caller->member.nick);
	note(hub, name, caller->key, text);
	text_copy(caller->room, name, sizeof(caller->room));
	out(hub, ROOM_MSG_JOINED, name, caller, "", 0, 0);
	return true;
}

void
rooms_part(struct caller *caller)
{
	char text[CHAT_NICK_MAX + 32], name[ROOM_NAME_MAX + 1];

	if (caller->room[0] == '\0')
		return;
	text_copy(name, caller->room, sizeof(name));
	caller->room[0] = '\0';
	out(caller->hub, ROOM_MSG_LEFT, name, caller, "", 0, 0);
	(void)snprintf(text, sizeof(text), "%s left", caller->member.nick);
	note(caller->hub, name, caller->key, text);
}

static void
topic_take(struct hub *hub, struct sideroom *x, const char *label,
    const uint8_t *key, const char *text, size_t n)
{
	char safe[TOPIC_MAX * 6 + 1], line[sizeof(safe) + LABEL_MAX + 32];

	n = n < TOPIC_MAX ? n : TOPIC_MAX;
	text_safe(text, n, safe, sizeof(safe), true);
	text_copy(x->topic, safe, sizeof(x->topic));
	(void)snprintf(line, sizeof(line), "%s set the topic: %s", label,
	    x->topic);
	note(hub, x->name, key, line);
}

void
rooms_topic(struct caller *caller, const char *text, size_t n)
{
	struct sideroom *x = find_or_make(caller->hub, caller->room);

	if (x == NULL)
		return;
	topic_take(caller->hub, x, caller->member.nick, caller->key, text, n);
	out(caller->hub, ROOM_MSG_TOPIC, x->name, caller, text, n, 0);
}

void
rooms_in(struct hub *hub, struct imsg *m)
{
	char name[ROOM_NAME_MAX + 1], label[LABEL_MAX], line[LABEL_MAX + 16];
	struct contact from = { .remote = true };
	uint8_t key[SSHKEY_HASH_LEN];
	const char *nick, *text;
	enum room_msg_kind kind;
	size_t nick_len, n;
	struct sideroom *x;
	struct rcur r;
	uint64_t sent;

	rcur_init(&r, m->data, m->len);
	kind = (enum room_msg_kind)rcur_u8(&r);
	rcur_copy(&r, from.id.b, NODEID_LEN);
	rcur_copy(&r, key, sizeof(key));
	sent = rcur_u64(&r);
	rcur_cstr(&r, name, sizeof(name));
	nick = rcur_str(&r, BODY_MAX, &nick_len);
	text = rcur_str(&r, BODY_MAX, &n);
	if (!rcur_done(&r)) {
		imsgchan_violation(hub->proc->link[PROC_GOSSIPD], m,
		    "malformed ROOM_IN");
		return;
	}
	if (name[0] == '\0') {
		announce_in(hub, kind, &from.id, nick, nick_len, text, n);
		return;
	}
	if ((x = find_or_make(hub, name)) == NULL)
		return;
	contact_remote(&from, &hub->room, &hub->presence, key, nick,
	    nick_len);
	contact_label(&from, label);
	if (kind == ROOM_MSG_SAID || kind == ROOM_MSG_DONE) {
		show(hub, name, label, from.key, kind == ROOM_MSG_DONE, text,
		    n, sent);
		heard_note(&hub->heard, &from.id, from.nick, from.tag,
		    from.key, hub_now(hub));
	} else if (kind == ROOM_MSG_TOPIC)
		topic_take(hub, x, label, from.key, text, n);
	else {
		(void)snprintf(line, sizeof(line), "%s %s", label,
		    kind == ROOM_MSG_JOINED ? "joined" : "left");
		note(hub, name, from.key, line);
	}
}

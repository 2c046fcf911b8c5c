/* SPDX-License-Identifier: MIT */
/*
 * Who is in the partyline here, told to the other nodes, and what they tell:
 * carries the words of presence.c.
 */
#include <event2/event.h>
#include <string.h>

#include "announce.h"
#include "cursor.h"
#include "imsg.h"
#include "log.h"
#include "mtime.h"
#include "nodeid.h"
#include "presence.h"
#include "proc.h"
#include "room.h"
#include "sshd.h"
#include "sshkey.h"
#include "text.h"

#define WORD_MAX	65535u

static void	arm(struct hub *);

static void
out(struct hub *hub, enum room_msg_kind kind, const struct wbuf *text)
{
	static const uint8_t none[NODEID_LEN + SSHKEY_HASH_LEN];
	char name[CHAT_NICK_MAX + 1];
	struct wbuf w;

	/* The node's name, cut between two characters. */
	text_copy(name, hub->proc->conf.node_name, sizeof(name));
	while (!utf8_valid(name, strlen(name)))
		name[strlen(name) - 1] = '\0';
	wbuf_init(&w, WORD_MAX);
	wbuf_u8(&w, (uint8_t)kind);
	wbuf_bytes(&w, none, sizeof(none));
	wbuf_u64(&w, 0);
	wbuf_str(&w, "");
	wbuf_str(&w, name);
	wbuf_strn(&w, text->p, text->len);
	imsg_send_wbuf(hub->proc->link[PROC_GOSSIPD], IMSG_ROOM_OUT, 0, 0,
	    &w);
	wbuf_free(&w);
}

static void
tick(struct hub *hub)
{
	unsigned int todo = presence_tick(&hub->presence, mono_ms(),
	    hub->room.people);
	struct wbuf text;

	wbuf_init(&text, CHAT_TEXT_MAX);
	if ((todo & PRESENCE_ASK) != 0)
		out(hub, ROOM_MSG_WHO, &text);
	if ((todo & PRESENCE_SAY) != 0) {
		presence_write(&hub->presence, &hub->room, hub_now(hub),
		    &text);
		out(hub, ROOM_MSG_PEOPLE, &text);
	}
	wbuf_free(&text);
	arm(hub);
}

static void
tick_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	tick(arg);
}

static void
arm(struct hub *hub)
{
	uint64_t at = presence_next(&hub->presence), now = mono_ms(), ms;
	struct timeval tv;

	if (hub->presence_timer == NULL)
		hub->presence_timer = evtimer_new(hub->proc->base, tick_cb,
		    hub);
	if (hub->presence_timer == NULL)
		fatalx("no memory for a timer");
	if (at == UINT64_MAX) {
		event_del(hub->presence_timer);
		return;
	}
	ms = at > now ? at - now : 0;
	tv.tv_sec = (time_t)(ms / 1000);
	tv.tv_usec = (suseconds_t)(ms % 1000 * 1000);
	event_add(hub->presence_timer, &tv);
}

void
announce_changed(struct hub *hub)
{
	presence_changed(&hub->presence, mono_ms());
	/* Whoever comes will want to know who is there. */
	if (hub->room.people > 0 && hub->links > 0 &&
	    !hub->presence.complete)
		presence_want(&hub->presence, mono_ms());
	arm(hub);
}

/* Where nobody is, nobody need know: who asks there asks the others then. */
void
announce_links(struct hub *hub, bool up)
{
	if (up)
		presence_linked(&hub->presence, mono_ms());
	if (hub->room.people + hub->room.watchers > 0)
		presence_want(&hub->presence, mono_ms());
	arm(hub);
}

void
announce_ask(struct hub *hub)
{
	presence_want(&hub->presence, mono_ms());
	tick(hub);
}

void
announce_in(struct hub *hub, enum room_msg_kind kind,
    const struct nodeid *id, const char *name, size_t name_len,
    const char *text, size_t n)
{
	if (kind == ROOM_MSG_WHO)
		presence_asked(&hub->presence, mono_ms());
	else if (!presence_take(&hub->presence, id, name, name_len, text, n,
	    mono_ms()))
		return;
	arm(hub);
}

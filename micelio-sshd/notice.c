/* SPDX-License-Identifier: MIT */
/*
 * Events of the daemons: as they are for those who tail, and of a few a line
 * in plain words for everybody in the room.
 */
#include <stdio.h>
#include <string.h>

#include "announce.h"
#include "commands_log.h"
#include "conn.h"
#include "console.h"
#include "cursor.h"
#include "imsg.h"
#include "log.h"
#include "logring.h"
#include "mtime.h"
#include "nodeid.h"
#include "notice.h"
#include "presence.h"
#include "ratelimit.h"
#include "room.h"
#include "splits.h"
#include "sshd.h"
#include "text.h"

#define NOTES_PER_S	1
#define NOTES_BURST	20

static void
node_note(struct hub *hub, const char *text)
{
	if (bucket_take(&hub->notes, NOTES_PER_S, NOTES_BURST, 1, mono_ms()))
		room_note(&hub->room, false, text, hub_now(hub));
}

/* One line, and who was there. */
static void
lost_note(struct hub *hub, const char *id, const char *cause)
{
	const struct present_node *x = presence_find(&hub->presence, id);
	char label[PRESENCE_LABEL_MAX], text[PRESENCE_LABEL_MAX + 128];

	if (!splits_lose(&hub->splits, id, x == NULL ? NULL : x->name,
	    mono_ms()))
		return;
	presence_label(&hub->presence, id, label);
	(void)snprintf(text, sizeof(text), "split: lost %s cause=%s", label,
	    cause);
	node_note(hub, text);
}

/* Once, whether others tell first or its link; false: it was not lost. */
static bool
back_note(struct hub *hub, const char *id, bool linked)
{
	char text[256], span[TIME_TEXT_MAX];
	struct split was;

	if (!splits_heal(&hub->splits, id, linked, &was))
		return false;
	if (was.back)
		return true;
	(void)snprintf(text, sizeof(text), "heal: %s is back after %s",
	    was.name, span_text(mono_ms() - was.since, span));
	node_note(hub, text);
	return true;
}

static void
peer_note(struct hub *hub, enum log_ev ev, const char *fields)
{
	char id[NODEID_SHORT + 1] = "?", addr[128] = "", cause[64] = "";
	char text[256];

	(void)logline_field(fields, "id", id, sizeof(id));
	(void)logline_field(fields, "addr", addr, sizeof(addr));
	(void)logline_field(fields, "cause", cause, sizeof(cause));
	if (ev == EV_PEER_DOWN)
		lost_note(hub, id, cause);
	else if (!back_note(hub, id, true)) {
		(void)snprintf(text, sizeof(text), "linked: node %s (%s)",
		    id, addr);
		node_note(hub, text);
	}
	announce_links(hub, ev == EV_PEER_UP);
}

/* Of a node that is not linked people hear if somebody is there. */
static void
mesh_note(struct hub *hub, enum log_ev ev, const char *fields)
{
	char id[NODEID_SHORT + 1] = "?";

	(void)logline_field(fields, "id", id, sizeof(id));
	if (ev == EV_NODE_BACK) {
		(void)back_note(hub, id, false);
		return;
	}
	if (presence_find(&hub->presence, id) != NULL)
		lost_note(hub, id, ev == EV_NODE_DOWN ? "down" :
		    "unreachable");
	presence_gone(&hub->presence, id);
}

/* Kept for Tab only: an event that was lost does no harm. */
static void
linked_note(struct hub *hub, enum log_ev ev, const char *fields)
{
	char id[NODEID_SHORT + 1] = "";
	size_t i;

	(void)logline_field(fields, "id", id, sizeof(id));
	for (i = 0; i < hub->nlinked; i++)
		if (strcmp(hub->linked[i], id) == 0)
			break;
	if (ev == EV_PEER_UP && i == hub->nlinked && i < LINKED_MAX)
		memcpy(hub->linked[hub->nlinked++], id, sizeof(id));
	else if (ev == EV_PEER_DOWN && i < hub->nlinked &&
	    i != --hub->nlinked)
		memcpy(hub->linked[i], hub->linked[hub->nlinked],
		    sizeof(id));
}

/* What people say may be refused elsewhere: they should know why. */
static void
clock_note(struct hub *hub, const char *fields)
{
	char how[80] = "off", text[256];

	(void)logline_field(fields, "text", how, sizeof(how));
	(void)snprintf(text, sizeof(text), "clock: this node is %s its "
	    "neighbours; other nodes may not take what is said here", how);
	room_note(&hub->room, false, text, hub_now(hub));
}

/* Those who want to see events of that name, as they are. */
static void
console_show(struct hub *hub, const char *event, const char *text)
{
	struct conn *c;
	struct wbuf w;

	wbuf_init(&w, 8192);
	wbuf_bytes(&w, "-- ", 3);
	wbuf_bytes(&w, text, strlen(text));
	wbuf_u8(&w, '\n');
	TAILQ_FOREACH(c, &hub->conns, entry)
		if (c->state == CONN_IN && c->caller.in_room &&
		    c->caller.role >= ROLE_OP && c->caller.person != NULL &&
		    console_sees(&c->caller.person->console, event))
			c->caller.out(&c->caller, OUT_ROOM,
			    (const char *)w.p, w.len);
	wbuf_free(&w);
}

static void
show(struct hub *hub, const char *daemon, const struct log_told *told)
{
	const char *fields = told->fields;
	const enum log_ev ev = told->ev;
	char text[4600], name[64];

	hub->count.events[ev]++;
	log_seen(hub, logring_add(&hub->log, told, daemon));
	if (told->level < LOG_LVL_INFO)
		return;
	(void)snprintf(text, sizeof(text), "%s %s %s %s",
	    log_level_name(told->level), daemon, event_name(ev, name),
	    fields);
	room_note(&hub->room, true, text, hub_now(hub));
	console_show(hub, name, text);
	if (ev == EV_PEER_UP || ev == EV_PEER_DOWN) {
		linked_note(hub, ev, fields);
		peer_note(hub, ev, fields);
		hub_links_ask(hub);
	} else if (ev == EV_NODE_DOWN || ev == EV_NODE_UNREACHABLE ||
	    ev == EV_NODE_BACK)
		mesh_note(hub, ev, fields);
	else if (ev == EV_CLOCK_OFF)
		clock_note(hub, fields);
}

void
notice_event(struct hub *hub, enum proc_role from, struct imsg *m)
{
	char fields[4096];
	struct rcur r;
	struct log_told told = { .fields = fields };
	unsigned int ev, level;
	size_t n;
	const char *s;

	rcur_init(&r, m->data, m->len);
	ev = rcur_u16(&r);
	level = rcur_u8(&r);
	told.unix_ms = rcur_u64(&r);
	told.id = rcur_u64(&r);
	told.cause = rcur_u64(&r);
	s = rcur_str(&r, 4090, &n);
	if (!rcur_done(&r) || ev == EV_NONE || ev >= EV_MAX ||
	    level > LOG_LVL_ERROR)
		return;
	/* As the daemon should have it; one that was taken over may not. */
	(void)text_safe(s, n, fields, sizeof(fields), true);
	told.ev = (enum log_ev)ev;
	told.level = (enum log_level)level;
	hub->count.events_in++;
	show(hub, proc_role_name(from), &told);
}

void
notice_own(struct hub *hub, const struct log_told *told)
{
	show(hub, "sshd", told);
}

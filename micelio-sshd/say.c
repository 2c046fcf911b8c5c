/* SPDX-License-Identifier: MIT */
/* Lines on their way to the network, and those that come from it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "sshd.h"

struct say {
	TAILQ_ENTRY(say)	 entry;
	uint32_t		 id;
	struct caller		*caller;	/* NULL: gone meanwhile */
	struct run		*run;		/* the command, or NULL */
};

static struct say *
say_find(struct hub *hub, uint32_t id)
{
	struct say *s;

	TAILQ_FOREACH(s, &hub->says, entry)
		if (s->id == id)
			return s;
	return NULL;
}

static void
say_free(struct hub *hub, struct say *s)
{
	TAILQ_REMOVE(&hub->says, s, entry);
	hub->nsays--;
	free(s);
}

void
say_forget(struct hub *hub, const struct caller *caller,
    const struct run *run)
{
	struct say *s;

	TAILQ_FOREACH(s, &hub->says, entry) {
		if (caller != NULL && s->caller == caller)
			s->caller = NULL;
		if (run != NULL && s->run == run)
			s->run = NULL;
	}
}

/* What was held back of a storm is summed up once a second. */
static void
unsent_cb(evutil_socket_t fd, short what, void *arg)
{
	struct hub *hub = arg;
	struct conn *c;

	(void)fd;
	(void)what;
	TAILQ_FOREACH(c, &hub->conns, entry) {
		if (c->caller.unsent > 0)
			caller_text(&c->caller, OUT_ROOM, "-- %u more line%s "
			    "not sent to other nodes\n", c->caller.unsent,
			    c->caller.unsent == 1 ? "" : "s");
		c->caller.unsent = 0;
		c->caller.refused = false;
	}
}

static void
tell_refused(struct caller *caller, const char *text)
{
	struct timeval second = { 1, 0 };
	struct hub *hub = caller->hub;

	if (caller->refused) {
		caller->unsent++;
		return;
	}
	caller_text(caller, OUT_ROOM, "-- %s\n", text);
	caller->refused = true;
	if (hub->says_timer == NULL)
		hub->says_timer = evtimer_new(hub->proc->base, unsent_cb, hub);
	if (hub->says_timer == NULL)
		fatalx("no memory for a timer");
	if (!evtimer_pending(hub->says_timer, NULL))
		event_add(hub->says_timer, &second);
}

void
say_send(struct hub *hub, struct caller *caller, struct run *run,
    const char *nick, const char *text, size_t n)
{
	struct say *s;
	struct wbuf w;

	if (hub->nsays >= SAYS_MAX) {
		if (run != NULL)
			run_fail(run, 1, "not sent to other nodes: too much "
			    "is waiting; say it again later");
		else
			tell_refused(caller, "not sent to other nodes: too "
			    "much is waiting; say it again later");
		return;
	}
	s = xcalloc(1, sizeof(*s));
	s->id = ++hub->next_request;
	s->caller = caller;
	s->run = run;
	TAILQ_INSERT_TAIL(&hub->says, s, entry);
	hub->nsays++;
	wbuf_init(&w, 65535);
	wbuf_str(&w, nick);
	wbuf_strn(&w, text, n);
	imsg_send_wbuf(hub->proc->link[PROC_GOSSIPD], IMSG_CHAT_OUT, s->id, 0,
	    &w);
	wbuf_free(&w);
}

/* 0: somebody else had it or will have it. */
static int
exit_status(unsigned int status, unsigned int others)
{
	switch (status) {
	case CHAT_SENT:
	case CHAT_SLOWED:
		return EX_OK;
	case CHAT_NO_PEERS:
		return others > 0 ? EX_OK : 1;
	case CHAT_BAD:
		return EX_DATAERR;
	default:
		return 1;
	}
}

static void
tell_run(struct run *run, unsigned int status, unsigned int others,
    const char *text)
{
	int rc = exit_status(status, others);

	if (rc != EX_OK) {
		run_fail(run, rc, "%s", text);
		return;
	}
	if (text[0] != '\0')
		caller_text(run->caller, run->caller->door == DOOR_SHELL ?
		    OUT_STDOUT : OUT_STDERR, "-- %s\n", text);
	run_done(run, EX_OK);
}

/* A storm of lines is told once that it is slowed, not line by line. */
static void
tell_speaker(struct caller *caller, unsigned int status, const char *text)
{
	bool slowed = status == CHAT_SLOWED || status == CHAT_NO_PEERS;

	if (text[0] != '\0' && !slowed)
		tell_refused(caller, text);
	else if (text[0] != '\0' && !caller->slowed)
		caller_text(caller, OUT_ROOM, "-- %s\n", text);
	caller->slowed = slowed;
}

void
say_result(struct hub *hub, struct imsg *m)
{
	struct say *s = say_find(hub, m->id);
	unsigned int status, given, others;
	char text[256];
	struct rcur r;
	uint32_t retry;

	if (s == NULL)
		return;
	rcur_init(&r, m->data, m->len);
	status = rcur_u8(&r);
	given = rcur_u16(&r);
	(void)rcur_u16(&r);
	retry = rcur_u32(&r);
	if (s->caller != NULL) {
		others = hub->room.people + hub->room.watchers;
		others -= s->caller->in_room && others > 0;
		chat_result_text(status, given, retry, others, text,
		    sizeof(text));
		if (s->run != NULL)
			tell_run(s->run, status, others, text);
		else
			tell_speaker(s->caller, status, text);
	}
	say_free(hub, s);
}

void
say_line(struct caller *caller, const char *text, size_t n)
{
	struct hub *hub = caller->hub;
	enum say_status st;
	char why[256];

	st = room_say(&hub->room, caller, caller->member.nick, text, n,
	    hub_now(hub));
	if (st == SAY_OK || st == SAY_EMPTY)
		return;
	say_status_text(st, n, why, sizeof(why));
	caller_text(caller, OUT_ROOM, "-- %s\n", why);
}

void
say_chat_in(struct hub *hub, struct imsg *m)
{
	const char *nick, *text;
	struct nodeid id;
	struct rcur r;
	size_t id_len, nick_len, len;
	uint64_t sent;

	rcur_init(&r, m->data, m->len);
	rcur_copy(&r, id.b, sizeof(id.b));
	sent = rcur_u64(&r);
	(void)rcur_str(&r, 65535, &id_len);
	nick = rcur_str(&r, 65535, &nick_len);
	text = rcur_str(&r, 65535, &len);
	if (!rcur_done(&r)) {
		imsgchan_violation(hub->proc->link[PROC_GOSSIPD], m,
		    "malformed CHAT_IN");
		return;
	}
	room_remote(&hub->room, &id, sent, nick, nick_len, text, len,
	    hub_now(hub));
}

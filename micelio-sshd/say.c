/* SPDX-License-Identifier: MIT */
/* Lines on their way to the network, and those that come from it. */
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "burst.h"
#include "caller.h"
#include "cmdline.h"
#include "conn.h"
#include "cursor.h"
#include "doc.h"
#include "imsg.h"
#include "log.h"
#include "moderate.h"
#include "mtime.h"
#include "proc.h"
#include "ratelimit.h"
#include "room.h"
#include "rooms.h"
#include "row.h"
#include "run.h"
#include "say.h"
#include "sshd.h"
#include "sshkey.h"

#define AGAIN_MIN_MS	100u	/* before another try */

struct say {
	TAILQ_ENTRY(say)	 entry;
	uint32_t		 id;
	struct hub		*hub;
	struct caller		*caller;	/* NULL: gone meanwhile */
	struct run		*run;		/* the command, or NULL */
	bool			 is_line;	/* of the partyline */
	struct event		*timer;		/* its turn, or another try */
	bool			 again;
	bool			 alone;		/* its turn has a price */
	struct wbuf		 body;		/* CHAT_OUT, for another try */
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
say_free(struct say *s)
{
	if (s->caller != NULL && s->caller->saying == s)
		s->caller->saying = NULL;
	if (s->timer != NULL)
		event_free(s->timer);
	wbuf_free(&s->body);
	TAILQ_REMOVE(&s->hub->says, s, entry);
	s->hub->nsays--;
	free(s);
}

/* A line of the partyline is dealt with: its speaker's next one comes. */
static void
say_end(struct say *s)
{
	struct caller *caller = s->caller;
	bool next = caller != NULL && caller->saying == s;

	say_free(s);
	if (next)
		conn_in_next((struct conn *)(void *)caller);
}

void
say_forget(struct hub *hub, const struct caller *caller,
    const struct run *run)
{
	struct say *s;

	TAILQ_FOREACH(s, &hub->says, entry) {
		if (caller != NULL && s->caller == caller) {
			s->caller->saying = NULL;
			s->caller = NULL;
		}
		if (run != NULL && s->run == run)
			s->run = NULL;
	}
}

static void
tell_unsent(struct caller *caller)
{
	if (caller->unsent > 0)
		caller_text(caller, OUT_ROOM, "-- %u more line%s not sent to "
		    "other nodes\n", caller->unsent,
		    caller->unsent == 1 ? "" : "s");
	caller->unsent = 0;
	caller->refused = false;
}

static void
tell_over(struct caller *caller, bool now_over)
{
	char text[128];

	if (burst_over(&caller->burst, now_over, mono_ms(), text,
	    sizeof(text)))
		caller_text(caller, OUT_ROOM, "-- %s\n", text);
}

void
say_settle(struct caller *caller)
{
	tell_unsent(caller);
	tell_over(caller, true);
}

/* What a storm came to is summed up once a second. */
static void
sum_cb(evutil_socket_t fd, short what, void *arg)
{
	struct timeval second = { 1, 0 };
	struct hub *hub = arg;
	struct conn *c;
	bool more = false;

	(void)fd;
	(void)what;
	TAILQ_FOREACH(c, &hub->conns, entry) {
		tell_unsent(&c->caller);
		if (c->caller.saying == NULL)
			tell_over(&c->caller, false);
		more = more || c->caller.burst.slowed;
	}
	if (more)
		event_add(hub->says_timer, &second);
}

static void
sum_later(struct hub *hub)
{
	struct timeval second = { 1, 0 };

	if (hub->says_timer == NULL)
		hub->says_timer = evtimer_new(hub->proc->base, sum_cb, hub);
	if (hub->says_timer == NULL)
		fatalx("no memory for a timer");
	if (!evtimer_pending(hub->says_timer, NULL))
		event_add(hub->says_timer, &second);
}

static void
tell_refused(struct caller *caller, const char *text)
{
	if (caller->refused) {
		caller->unsent++;
		return;
	}
	caller_text(caller, OUT_ROOM, "-- %s\n", text);
	caller->refused = true;
	sum_later(caller->hub);
}

static void
say_out(struct say *s)
{
	s->id = ++s->hub->next_request;
	s->hub->count.lines_out++;
	imsg_send_wbuf(s->hub->proc->link[PROC_GOSSIPD], IMSG_CHAT_OUT,
	    s->id, 0, &s->body);
	/* What else is done with the line need not be waited for. */
	(void)imsgchan_flush(s->hub->proc->link[PROC_GOSSIPD]);
}

void
say_unsent(struct caller *caller, struct run *run)
{
	static const char busy[] = "not sent to other nodes: too much is "
	    "waiting; say it again later";

	if (run != NULL)
		say_fail(run, 1, busy);
	else
		tell_refused(caller, busy);
}

bool
say_send(struct hub *hub, struct caller *caller, struct run *run,
    const char *nick, const char *text, size_t n)
{
	static const uint8_t none[SSHKEY_HASH_LEN];
	struct say *s;

	/* Commands only: in the partyline each has one line on its way. */
	if (hub->nsays >= SAYS_MAX)
		return false;
	s = xcalloc(1, sizeof(*s));
	s->hub = hub;
	s->caller = caller;
	s->run = run;
	TAILQ_INSERT_TAIL(&hub->says, s, entry);
	hub->nsays++;
	wbuf_init(&s->body, 65535);
	wbuf_u8(&s->body, hub->room.speaker.action ? CHAT_DONE : CHAT_SAID);
	wbuf_bytes(&s->body, hub->room.speaker.key == NULL ? none :
	    hub->room.speaker.key, SSHKEY_HASH_LEN);
	wbuf_str(&s->body, nick);
	wbuf_strn(&s->body, text, n);
	if (run == NULL) {
		s->is_line = true;
		caller->saying = s;
		burst_said(&caller->burst, mono_ms());
	}
	say_out(s);
	return true;
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

/* For programs: one object, of success and of failure. */
void
say_answer_json(struct run *run, int rc, unsigned int links, uint32_t wait_ms,
    const char *text)
{
	struct doc d;

	doc_init(&d);
	row_bool(&d.head, "ok", rc == EX_OK);
	row_num(&d.head, "links", ROW_U64, links);
	row_num(&d.head, "wait", ROW_MS, wait_ms);
	row_str(&d.head, "text", text);
	run_doc(run, &d, doc_text);
	doc_free(&d);
	run_done(run, rc);
}

static void
tell_run(struct run *run, unsigned int status, unsigned int links,
    uint32_t wait_ms, unsigned int others, const char *text)
{
	int rc = exit_status(status, others);

	if (run->line.form == DOC_JSON) {
		say_answer_json(run, rc, links, wait_ms, text);
		return;
	}
	if (rc != EX_OK) {
		run_fail(run, rc, "%s", text);
		return;
	}
	if (text[0] != '\0')
		caller_text(run->caller, run->caller->door == DOOR_SHELL ?
		    OUT_STDOUT : OUT_STDERR, "-- %s\n", text);
	run_done(run, EX_OK);
}

static void
say_turn_cb(evutil_socket_t fd, short what, void *arg)
{
	struct say *s = arg;

	(void)fd;
	(void)what;
	if (s->alone && s->caller != NULL)
		(void)bucket_take(&s->caller->alone, ALONE_RATE, ALONE_BURST,
		    1, mono_ms());
	if (s->again)
		say_out(s);
	else
		say_end(s);
}

/* Held back: until its turn has come, or until there may be room for it. */
static void
say_wait(struct say *s, uint32_t retry_ms, bool again)
{
	struct timeval tv = { retry_ms / 1000, retry_ms % 1000 * 1000 };

	s->again = again;
	if (s->timer == NULL)
		s->timer = evtimer_new(s->hub->proc->base, say_turn_cb, s);
	if (s->timer == NULL)
		fatalx("no memory for a timer");
	if (again && retry_ms < AGAIN_MIN_MS)
		tv.tv_usec = AGAIN_MIN_MS * 1000;
	event_add(s->timer, &tv);
}

/* A line of the partyline: of a person, even if gone meanwhile. */
static void
line_result(struct say *s, unsigned int status, uint32_t retry_ms,
    const char *text)
{
	static const char slowed[] = "slowed: the node takes a few lines a "
	    "second";
	struct burst gone = { 0 }, *b = &gone;
	struct caller *caller = s->caller;
	enum burst_next next;
	bool tell;

	if (caller != NULL)
		b = &caller->burst;
	next = burst_result(b, status, mono_ms(), &tell);
	if (caller != NULL && status == CHAT_NO_PEERS &&
	    !burst_alone(b, &caller->alone, mono_ms(), &tell, &retry_ms)) {
		next = BURST_WAIT;
		s->alone = true;
		text = slowed;
	}
	if (caller != NULL && tell && text[0] != '\0') {
		if (next == BURST_GO_ON && status != CHAT_NO_PEERS)
			tell_refused(caller, text);
		else
			caller_text(caller, OUT_ROOM, "-- %s\n", text);
	}
	if (next == BURST_GO_ON) {
		say_end(s);
		return;
	}
	if (caller != NULL)
		sum_later(s->hub);
	say_wait(s, retry_ms, next == BURST_AGAIN);
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
	others = hub->room.people + hub->room.watchers;
	if (s->caller != NULL)
		others -= s->caller->in_room && others > 0;
	chat_result_text(status, retry, others, text, sizeof(text));
	if (!s->is_line) {
		if (s->caller != NULL && s->run != NULL)
			tell_run(s->run, status, given, retry, others,
			    text);
		say_free(s);
		return;
	}
	if (status == CHAT_REFUSED)
		chat_result_text(CHAT_SLOWED, retry, others, text,
		    sizeof(text));
	line_result(s, status, retry, text);
}

static void
talk(struct caller *caller, const char *text, size_t n, bool action)
{
	struct speaker who = { caller->key, action };
	struct hub *hub = caller->hub;
	enum say_status st;
	char why[256];

	if (moderate_muted(caller, why, sizeof(why))) {
		caller_text(caller, OUT_ROOM, "-- %s\n", why);
		return;
	}
	if (caller->room[0] != '\0') {
		rooms_say(caller, text, n, action);
		return;
	}
	st = room_say(&hub->room, caller, caller->member.nick, &who, text, n,
	    hub_now(hub));
	if (st == SAY_OK || st == SAY_EMPTY)
		return;
	say_status_text(st, n, why, sizeof(why));
	caller_text(caller, OUT_ROOM, "-- %s\n", why);
}

void
say_line(struct caller *caller, const char *text, size_t n)
{
	talk(caller, text, n, false);
}

void
say_action(struct caller *caller, const char *text, size_t n)
{
	talk(caller, text, n, true);
}

void
say_chat_in(struct hub *hub, struct imsg *m)
{
	static const uint8_t none[SSHKEY_HASH_LEN];
	struct speaker who = { NULL, false, false };
	uint8_t key[SSHKEY_HASH_LEN], kind;
	const char *nick, *text;
	struct nodeid id;
	struct rcur r;
	size_t id_len, nick_len, len;
	uint64_t sent;

	rcur_init(&r, m->data, m->len);
	rcur_copy(&r, id.b, sizeof(id.b));
	sent = rcur_u64(&r);
	(void)rcur_str(&r, 65535, &id_len);
	kind = rcur_u8(&r);
	who.earlier = (kind & CHAT_EARLIER) != 0;
	who.action = (kind & ~CHAT_EARLIER) == CHAT_DONE;
	rcur_copy(&r, key, sizeof(key));
	if (memcmp(key, none, sizeof(key)) != 0)
		who.key = key;
	nick = rcur_str(&r, 65535, &nick_len);
	text = rcur_str(&r, 65535, &len);
	if (!rcur_done(&r)) {
		imsgchan_violation(hub->proc->link[PROC_GOSSIPD], m,
		    "malformed CHAT_IN");
		return;
	}
	hub->count.lines_in++;
	room_remote(&hub->room, &id, sent, nick, nick_len, &who, text, len,
	    hub_now(hub));
}

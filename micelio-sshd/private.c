/* SPDX-License-Identifier: MIT */
/*
 * What one person says to another: shown where they are, kept where they are
 * not, and the speaker is told which.  Between nodes it is sealed (gossipd).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "caller.h"
#include "cmdline.h"
#include "contact.h"
#include "cursor.h"
#include "imsg.h"
#include "log.h"
#include "mtime.h"
#include "nick.h"
#include "nodeid.h"
#include "notes.h"
#include "people.h"
#include "private.h"
#include "proc.h"
#include "room.h"
#include "run.h"
#include "settings.h"
#include "sshd.h"
#include "sshkey.h"
#include "text.h"

#define PENDING_MAX	256u
#define BODY_MAX	65535u

/* Sent to another node, and its word on it is not here yet. */
struct private {
	TAILQ_ENTRY(private) entry;
	uint64_t	 ref;
	uint32_t	 req;
	struct nodeid	 node;
	struct caller	*caller;	/* NULL: gone */
	struct run	*run;		/* a command that waits, or NULL */
	char		 label[LABEL_MAX];
};

static void
private_free(struct hub *hub, struct private *p)
{
	TAILQ_REMOVE(&hub->privates, p, entry);
	hub->nprivates--;
	free(p);
}

void
private_forget(struct hub *hub, const struct caller *caller,
    const struct run *run)
{
	struct private *p;

	TAILQ_FOREACH(p, &hub->privates, entry) {
		if (caller != NULL && p->caller == caller)
			p->caller = NULL;
		if (run != NULL && p->run == run)
			p->run = NULL;
	}
}

void
caller_line(struct caller *to, const char *who, bool action, const char *text,
    size_t n, uint64_t ms, uint64_t sent_s, bool named)
{
	struct hub *hub = to->hub;
	const struct settings *set = to->person == NULL ? NULL :
	    &to->person->set;
	struct room_item item = { .kind = action ? ROOM_ACTION : ROOM_CHAT,
	    .now_ms = ms, .sent_s = sent_s, .nick = who, .text = text,
	    .len = n };
	struct wbuf w;

	wbuf_init(&w, 1024 * 1024);
	room_render_for(&item, set, hub->room.utc_offset_s, true, &w);
	to->out(to, named ? OUT_NAMED : OUT_ROOM, (const char *)w.p, w.len);
	wbuf_free(&w);
	if (named && set != NULL && set->bell != BELL_OFF)
		hub->room.ops->bell(to);
}

/* To every session of the person; false: none is there. */
static bool
show_here(struct hub *hub, const uint8_t key[SSHKEY_HASH_LEN],
    const struct contact *from, const char *from_label, bool action,
    const char *text, size_t n, uint64_t sent_s)
{
	char who[LABEL_MAX + 16];
	struct member *m;
	bool any = false;

	(void)snprintf(who, sizeof(who), "%s to you", from_label);
	TAILQ_FOREACH(m, &hub->room.members, entry) {
		struct caller *to = m->arg;

		if (m->watcher || memcmp(m->key, key, sizeof(m->key)) != 0)
			continue;
		any = true;
		if (person_ignores(m->self, from->key))
			continue;
		to->answer_to = *from;
		to->answer_to.member = NULL;
		caller_line(to, who, action, text, n, hub_now(hub), sent_s,
		    true);
	}
	return any;
}

static const struct person *
person_called(const struct hub *hub, const char *nick)
{
	const struct person *x;

	TAILQ_FOREACH(x, &hub->people.list, entry)
		if (x->nick[0] != '\0' && nick_same(x->nick, nick))
			return x;
	return NULL;
}

static void
note_store(struct hub *hub, const struct note *x, bool keep)
{
	struct wbuf w;

	wbuf_init(&w, 62256);
	wbuf_u8(&w, KEEP_NOTES);
	note_key(x, &w);
	if (keep)
		note_write(x, &w);
	imsg_send_wbuf(hub->proc->link[PROC_STATED], IMSG_KEEP_PUT, 0, 0,
	    &w);
	wbuf_free(&w);
}

void
notes_deliver(struct caller *caller)
{
	struct hub *hub = caller->hub;
	char who[LABEL_MAX + 16];
	struct note *x;

	while ((x = notes_next(&hub->kept_notes, caller->key)) != NULL) {
		(void)snprintf(who, sizeof(who), "%s to you", x->from);
		caller_line(caller, who, x->action, x->text, x->len,
		    hub_now(hub), x->ms / 1000, true);
		note_store(hub, x, false);
		notes_remove(&hub->kept_notes, x);
	}
}

/* What becomes of a message for somebody of this node. */
static unsigned int
take(struct hub *hub, const char *nick, const struct contact *from,
    const char *from_label, bool action, const char *text, size_t n,
    uint64_t sent_s, const struct person **away)
{
	const struct member *m = room_find(&hub->room, nick);
	const struct person *x = m != NULL ? people_find(&hub->people,
	    m->key) : person_called(hub, nick);
	const struct note *note;

	*away = x != NULL && x->away ? x : NULL;
	if (m != NULL && show_here(hub, m->key, from, from_label, action,
	    text, n, sent_s))
		return PRIVATE_SHOWN;
	if (x == NULL)
		return PRIVATE_NOBODY;
	if (show_here(hub, x->key, from, from_label, action, text, n,
	    sent_s) || person_ignores(x, from->key))
		return PRIVATE_SHOWN;
	note = notes_add(&hub->kept_notes, x->key, from_label, action, text, n,
	    hub_now(hub));
	if (note == NULL)
		return PRIVATE_FULL;
	note_store(hub, note, true);
	return PRIVATE_KEPT;
}

static void
outcome_text(unsigned int outcome, const char *label,
    const struct person *away, char *out, size_t size)
{
	char safe[AWAY_MAX * 6];

	out[0] = '\0';
	switch (outcome) {
	case PRIVATE_SHOWN:
		if (away == NULL)
			return;
		text_safe(away->away_text, strlen(away->away_text), safe,
		    sizeof(safe), true);
		(void)snprintf(out, size, "%s is away%s%s", label,
		    safe[0] == '\0' ? "" : ": ", safe);
		return;
	case PRIVATE_KEPT:
		(void)snprintf(out, size, "%s is not here: it is kept, and "
		    "shown when they come", label);
		return;
	case PRIVATE_FULL:
		(void)snprintf(out, size, "not kept: %s is not here, and has "
		    "as many messages as are kept, or it is longer than %u "
		    "bytes", label, NOTE_TEXT_MAX);
		return;
	default:
		(void)snprintf(out, size, "nobody called %s is known there; "
		    "who there, or history, tells what they are called", label);
	}
}

/* The end of it, for its speaker. */
static void
tell(struct caller *caller, struct run *run, int rc, const char *text)
{
	if (run != NULL && rc != EX_OK) {
		run_fail(run, rc, "%s", text);
		return;
	}
	if (text[0] != '\0')
		caller_text(caller, caller->door == DOOR_SHELL ? OUT_ROOM :
		    OUT_STDERR, "-- %s\n", text);
	if (run != NULL)
		run_done(run, EX_OK);
}

static void
echo(struct caller *caller, const char *label, bool action, const char *text,
    size_t n)
{
	char who[LABEL_MAX + 16];

	if (caller->door != DOOR_SHELL)
		return;
	(void)snprintf(who, sizeof(who), "you to %s", label);
	caller_line(caller, who, action, text, n, hub_now(caller->hub), 0,
	    false);
}

void
private_here(struct run *run, const char *nick, const char *from,
    const char *text, size_t n)
{
	struct caller *caller = run->caller;
	struct contact me = { .remote = false };
	const struct person *away;
	char why[2048], safe[CHAT_NICK_MAX * 4];
	unsigned int outcome;

	memcpy(me.key, caller->key, sizeof(me.key));
	text_copy(me.nick, from, sizeof(me.nick));
	nick_show(nick, strlen(nick), safe, sizeof(safe));
	echo(caller, safe, false, text, n);
	outcome = take(caller->hub, nick, &me, from, false, text, n, 0,
	    &away);
	outcome_text(outcome, safe, away, why, sizeof(why));
	tell(caller, run, outcome <= PRIVATE_KEPT ? EX_OK : 1, why);
}

static void
body_put(struct wbuf *w, unsigned int kind, unsigned int outcome,
    const struct nodeid *node, const uint8_t *key, uint64_t ref)
{
	static const uint8_t none[SSHKEY_HASH_LEN];

	wbuf_init(w, BODY_MAX);
	wbuf_u8(w, (uint8_t)kind);
	wbuf_u8(w, (uint8_t)outcome);
	wbuf_bytes(w, node->b, NODEID_LEN);
	wbuf_bytes(w, key == NULL ? none : key, SSHKEY_HASH_LEN);
	wbuf_u64(w, 0);
	wbuf_u64(w, ref);
}

void
private_there(struct run *run, const struct nodeid *node, const char *nick,
    const char *from, const char *text, size_t n)
{
	struct caller *caller = run->caller;
	struct hub *hub = caller->hub;
	char hex[NODEID_SHORT + 1], safe[CHAT_NICK_MAX * 4];
	struct private *p;
	struct wbuf w;

	if (hub->nprivates >= PENDING_MAX)
		private_free(hub, TAILQ_FIRST(&hub->privates));
	p = xcalloc(1, sizeof(*p));
	p->ref = wall_ms() << 12 | (++hub->private_serial & 0xfff);
	p->req = ++hub->next_request;
	p->node = *node;
	p->caller = caller;
	nick_show(nick, strlen(nick), safe, sizeof(safe));
	(void)snprintf(p->label, sizeof(p->label), "%s@%s", safe,
	    nodeid_short(node, hex));
	TAILQ_INSERT_TAIL(&hub->privates, p, entry);
	hub->nprivates++;
	echo(caller, p->label, false, text, n);
	body_put(&w, PRIVATE_SAID, 0, node, caller->door == DOOR_CONTROL ?
	    NULL : caller->key, p->ref);
	wbuf_str(&w, nick);
	wbuf_str(&w, from);
	wbuf_strn(&w, text, n);
	imsg_send_wbuf(hub->proc->link[PROC_GOSSIPD], IMSG_PRIVATE_OUT,
	    p->req, 0, &w);
	wbuf_free(&w);
	if (caller->door == DOOR_SHELL)
		run_done(run, EX_OK);
	else
		p->run = run;
}

/* CHAT_RESULT; false: of something else. */
bool
private_result(struct hub *hub, struct imsg *m)
{
	struct private *p;
	unsigned int status;
	char text[256];
	struct rcur r;
	uint32_t retry;

	TAILQ_FOREACH(p, &hub->privates, entry)
		if (p->req == m->id)
			break;
	if (p == NULL)
		return false;
	rcur_init(&r, m->data, m->len);
	status = rcur_u8(&r);
	(void)rcur_u16(&r);	/* links it was given to */
	(void)rcur_u16(&r);
	retry = rcur_u32(&r);
	if (status == CHAT_SENT)
		return true;	/* the other node has the last word */
	if (status == CHAT_UNKNOWN)
		(void)snprintf(text, sizeof(text), "not sent to %s: the key "
		    "of that node is not known yet; say it again when it was "
		    "heard", p->label);
	else if (status == CHAT_NO_PEERS)
		(void)snprintf(text, sizeof(text), "not sent to %s: no other "
		    "node is linked", p->label);
	else
		chat_result_text(status, retry, 0, text, sizeof(text));
	if (status == CHAT_SLOWED) {
		if (p->caller != NULL)
			tell(p->caller, NULL, EX_OK, text);
		return true;
	}
	if (p->caller != NULL)
		tell(p->caller, p->run, 1, text);
	private_free(hub, p);
	return true;
}

static void
receipt_in(struct hub *hub, const struct nodeid *node, uint64_t ref,
    unsigned int outcome)
{
	struct private *p;
	char why[512];

	TAILQ_FOREACH(p, &hub->privates, entry)
		if (p->ref == ref && nodeid_equal(&p->node, node))
			break;
	if (p == NULL)
		return;
	outcome_text(outcome, p->label, NULL, why, sizeof(why));
	if (p->caller != NULL)
		tell(p->caller, p->run, outcome <= PRIVATE_KEPT ? EX_OK : 1,
		    why);
	private_free(hub, p);
}

static void
receipt_out(struct hub *hub, const struct nodeid *node, uint64_t ref,
    unsigned int outcome)
{
	struct wbuf w;

	body_put(&w, PRIVATE_RECEIPT, outcome, node, NULL, ref);
	for (unsigned int i = 0; i < 3; i++)
		wbuf_str(&w, "");
	imsg_send_wbuf(hub->proc->link[PROC_GOSSIPD], IMSG_PRIVATE_OUT, 0, 0,
	    &w);
	wbuf_free(&w);
}

void
private_in(struct hub *hub, struct imsg *m)
{
	struct contact from = { .remote = true };
	char label[LABEL_MAX], to[LABEL_MAX];
	uint8_t key[SSHKEY_HASH_LEN];
	const char *nick, *text, *whom;
	unsigned int kind, outcome;
	const struct person *away;
	size_t nick_len, len, whom_len;
	uint64_t sent, ref;
	struct rcur r;

	rcur_init(&r, m->data, m->len);
	kind = rcur_u8(&r);
	outcome = rcur_u8(&r);
	rcur_copy(&r, from.id.b, NODEID_LEN);
	rcur_copy(&r, key, sizeof(key));
	sent = rcur_u64(&r);
	ref = rcur_u64(&r);
	whom = rcur_str(&r, BODY_MAX, &whom_len);
	nick = rcur_str(&r, BODY_MAX, &nick_len);
	text = rcur_str(&r, BODY_MAX, &len);
	if (!rcur_done(&r)) {
		imsgchan_violation(hub->proc->link[PROC_GOSSIPD], m,
		    "malformed PRIVATE_IN");
		return;
	}
	if (kind == PRIVATE_RECEIPT) {
		receipt_in(hub, &from.id, ref, outcome);
		return;
	}
	hub->count.lines_in++;
	contact_remote(&from, &hub->room, &hub->presence, key, nick,
	    nick_len);
	contact_label(&from, label);
	(void)snprintf(to, sizeof(to), "%.*s", (int)whom_len, whom);
	outcome = take(hub, to, &from, label, kind == PRIVATE_DONE, text, len,
	    sent, &away);
	receipt_out(hub, &from.id, ref, outcome);
}

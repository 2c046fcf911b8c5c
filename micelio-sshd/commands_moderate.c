/* SPDX-License-Identifier: MIT */
/* kick, ban, bans, unban, mute, unmute: who may come in and speak. */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "authkeys.h"
#include "authkeys_from.h"
#include "bans.h"
#include "caller.h"
#include "cmdline.h"
#include "commands.h"
#include "conn.h"
#include "cursor.h"
#include "doc.h"
#include "imsg.h"
#include "log.h"
#include "moderate.h"
#include "mtime.h"
#include "people.h"
#include "proc.h"
#include "role.h"
#include "room.h"
#include "row.h"
#include "run.h"
#include "sshd.h"
#include "text.h"

#define MUTE_MS		(10u * 60 * 1000)
#define REASON_MAX	200u
#define SPAN_MAX_MS	(UINT64_C(366) * 24 * 3600 * 1000)

static enum role
role_of_key(const struct hub *hub, const uint8_t key[SSHKEY_HASH_LEN])
{
	enum role role = ROLE_USER;

	for (size_t i = 0; i < hub->keys.n; i++)
		if (memcmp(hub->keys.v[i].hash, key, SSHKEY_HASH_LEN) == 0 &&
		    hub->keys.v[i].role > role)
			role = hub->keys.v[i].role;
	return role;
}

/* False: the run has ended, with the reason. */
static bool
may_act(struct run *run, const struct ban *x)
{
	const struct caller *caller = run->caller;
	const struct conn *self = (const struct conn *)(const void *)caller;
	const char *name = run->line.cmd->name;

	if (caller->door != DOOR_CONTROL && (x->kind == BAN_NET ?
	    authkeys_from_match(x->net, &self->addr) :
	    memcmp(caller->key, x->key, sizeof(x->key)) == 0)) {
		run_fail(run, 1, "%s: that is you", name);
		return false;
	}
	if (x->kind != BAN_NET &&
	    role_of_key(caller->hub, x->key) > caller->role) {
		run_fail(run, EX_NOPERM, "%s: that key has the role %s, you "
		    "have %s; an admin of the node can do it", name,
		    role_name(role_of_key(caller->hub, x->key)),
		    role_name(caller->role));
		return false;
	}
	return true;
}

/* By nick of who is here, or was; by fingerprint; by address if net. */
static bool
target_find(struct run *run, bool net, struct ban *x)
{
	struct hub *hub = run->caller->hub;
	const char *word = run->line.argv[0];
	const struct member *m = room_find(&hub->room, word);
	const struct person *p;
	char safe[160];

	memset(x, 0, sizeof(*x));
	if (m != NULL && !m->watcher) {
		x->kind = BAN_KEY;
		memcpy(x->key, m->key, sizeof(x->key));
		text_copy(x->name, m->nick, sizeof(x->name));
		return true;
	}
	if (ban_word(word, x) && (net || x->kind == BAN_KEY))
		return true;
	TAILQ_FOREACH(p, &hub->people.list, entry)
		if (strcmp(p->nick, word) == 0) {
			x->kind = BAN_KEY;
			memcpy(x->key, p->key, sizeof(x->key));
			text_copy(x->name, p->nick, sizeof(x->name));
			return true;
		}
	text_safe(word, strnlen(word, 64), safe, sizeof(safe), true);
	run_fail(run, 1, "%s: nobody of this node is known as \"%s\"; want a "
	    "nick (who lists them), a fingerprint SHA256:...%s",
	    run->line.cmd->name, safe, net ? ", or an address or net as "
	    "192.0.2.0/24" : "");
	return false;
}

/* End what they have open here; how many. */
static unsigned int
sessions_end(struct hub *hub, const struct ban *x, const char *cause,
    const char *text)
{
	struct conn *c, *next;
	unsigned int n = 0;

	TAILQ_FOREACH_SAFE(c, &hub->conns, entry, next) {
		if (c->state != CONN_IN || (x->kind == BAN_NET ?
		    !authkeys_from_match(x->net, &c->addr) :
		    memcmp(c->hash, x->key, sizeof(x->key)) != 0))
			continue;
		conn_bye(c, cause, text);
		n++;
	}
	return n;
}

static const char *
label(const struct ban *x, char fp[SSHKEY_FP_MAX])
{
	return x->name[0] != '\0' ? x->name : ban_what(x, fp);
}

/* For who has not been told with the other ops. */
static void
answer(struct run *run, const char *act, const struct ban *x,
    unsigned int sessions)
{
	char fp[SSHKEY_FP_MAX];
	struct doc d;

	if (run->line.form == DOC_TEXT && moderate_tells(run->caller)) {
		run_done(run, EX_OK);
		return;
	}
	doc_init(&d);
	row_str(&d.head, "done", act);
	row_str(&d.head, "name", label(x, fp));
	row_str(&d.head, "of", ban_what(x, fp));
	row_num(&d.head, "sessions_ended", ROW_U64, sessions);
	if (x->until_ms == 0)
		row_none(&d.head, "until", ROW_TIME);
	else
		row_num(&d.head, "until", ROW_TIME, x->until_ms);
	run_doc(run, &d, doc_text);
	doc_free(&d);
	run_done(run, EX_OK);
}

/* The words behind the first, joined and made safe. */
static void
reason_text(const struct run *run, size_t from, char out[REASON_MAX * 6])
{
	char text[REASON_MAX] = "";
	size_t n = 0;

	for (size_t i = from; i < run->line.argc && n < sizeof(text); i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s",
		    i > from ? " " : "", run->line.argv[i]);
	text_safe(text, strlen(text), out, REASON_MAX * 6, true);
}

void
cmd_kick(struct run *run)
{
	struct hub *hub = run->caller->hub;
	char reason[REASON_MAX * 6], text[REASON_MAX * 6 + 256];
	char fp[SSHKEY_FP_MAX];
	unsigned int n;
	struct ban x;

	if (!target_find(run, false, &x) || !may_act(run, &x))
		return;
	reason_text(run, 1, reason);
	(void)snprintf(text, sizeof(text), "%s has ended your session%s%s",
	    moderate_by(run->caller), reason[0] == '\0' ? "" : ": ", reason);
	n = sessions_end(hub, &x, ROOM_KICKED, text);
	if (n == 0) {
		run_fail(run, 1, "kick: %s has no session here",
		    label(&x, fp));
		return;
	}
	/* Of this everybody hears, whatever they see of who comes and goes. */
	(void)snprintf(text, sizeof(text), "%s was kicked by %s%s%s",
	    label(&x, fp), moderate_by(run->caller), reason[0] == '\0' ? "" :
	    ": ", reason);
	room_note_kick(&hub->room, text, hub_now(hub), moderate_tells);
	moderate_told(run->caller, "kick", label(&x, fp), ban_what(&x, fp),
	    reason);
	answer(run, "kick", &x, n);
}

/* The span behind the first word; 0: no end. */
static bool
span_take(struct run *run, uint64_t otherwise, uint64_t *ms)
{
	int64_t v = (int64_t)otherwise;

	if (run->line.argc > 1 && (!duration_parse(run->line.argv[1], &v) ||
	    v < 1000 || v > (int64_t)SPAN_MAX_MS)) {
		run_fail(run, EX_USAGE, "%s: for how long? want 1s to 8784h, "
		    "for example 2h", run->line.cmd->name);
		return false;
	}
	*ms = (uint64_t)v;
	return true;
}

static void
ban_or_mute(struct run *run, const char *act, bool mute, uint64_t ms)
{
	struct hub *hub = run->caller->hub;
	char fp[SSHKEY_FP_MAX], span[TIME_TEXT_MAX] = "", text[256];
	struct ban x;
	unsigned int n = 0;

	if (!target_find(run, !mute, &x) || !may_act(run, &x) ||
	    !span_take(run, ms, &ms))
		return;
	if (mute)
		x.kind = BAN_MUTE;
	x.since_ms = hub_now(hub);
	x.until_ms = ms == 0 ? 0 : x.since_ms + ms;
	text_copy(x.by, moderate_by(run->caller), sizeof(x.by));
	if (moderate_add(hub, &x) == NULL) {
		run_fail(run, EX_TEMPFAIL, "%s: %u bans and mutes are in "
		    "force, the limit; end one: bans lists them", act,
		    BANS_MAX);
		return;
	}
	if (ms != 0)
		(void)snprintf(text, sizeof(text), "for %s",
		    span_text(ms, span));
	else
		text_copy(text, "until it is ended", sizeof(text));
	moderate_told(run->caller, act, label(&x, fp), ban_what(&x, fp), text);
	if (!mute) {
		(void)snprintf(text, sizeof(text), "%s has banned you from "
		    "this node%s%s", moderate_by(run->caller),
		    ms == 0 ? "" : " for ", span);
		n = sessions_end(hub, &x, "banned", text);
	}
	answer(run, act, &x, n);
}

void
cmd_ban(struct run *run)
{
	ban_or_mute(run, "ban", false, 0);
}

void
cmd_mute(struct run *run)
{
	ban_or_mute(run, "mute", true, MUTE_MS);
}

static void
end_one(struct run *run, const char *act, bool mute)
{
	struct hub *hub = run->caller->hub;
	struct ban *x = bans_find(&hub->bans, mute, run->line.argv[0]), was;
	char fp[SSHKEY_FP_MAX];

	if (x == NULL) {
		run_fail(run, 1, "%s: nothing of that name; bans lists them",
		    act);
		return;
	}
	was = *x;
	moderate_remove(hub, x);
	was.until_ms = 0;
	moderate_told(run->caller, act, label(&was, fp), ban_what(&was, fp),
	    "");
	answer(run, act, &was, 0);
}

void
cmd_unban(struct run *run)
{
	end_one(run, "unban", false);
}

void
cmd_unmute(struct run *run)
{
	end_one(run, "unmute", true);
}

void
cmd_bans(struct run *run)
{
	struct hub *hub = run->caller->hub;
	struct doc d;

	doc_init(&d);
	bans_build(&hub->bans, hub_now(hub), &d);
	run_doc(run, &d, bans_text);
	doc_free(&d);
	run_done(run, EX_OK);
}

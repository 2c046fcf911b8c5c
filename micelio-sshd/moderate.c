/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "bans.h"
#include "caller.h"
#include "conn.h"
#include "cursor.h"
#include "imsg.h"
#include "log.h"
#include "moderate.h"
#include "mtime.h"
#include "proc.h"
#include "sshd.h"
#include "sshkey.h"

static void
store(struct hub *hub, const struct ban *x, bool keep)
{
	struct wbuf w;

	wbuf_init(&w, 4096);
	wbuf_u8(&w, KEEP_BANS);
	ban_write_key(x, &w);
	if (keep)
		ban_write(x, &w);
	imsg_send_wbuf(hub->proc->link[PROC_STATED], IMSG_KEEP_PUT, 0, 0,
	    &w);
	wbuf_free(&w);
}

void
moderate_row(struct hub *hub, const void *key, size_t klen,
    const void *value, size_t n)
{
	struct ban x;

	if (ban_read(&x, key, klen, value, n))
		(void)bans_add(&hub->bans, &x);
}

struct ban *
moderate_add(struct hub *hub, const struct ban *given)
{
	struct ban *x;

	while ((x = bans_over(&hub->bans, hub_now(hub))) != NULL)
		moderate_remove(hub, x);
	x = bans_add(&hub->bans, given);
	if (x != NULL)
		store(hub, x, true);
	return x;
}

void
moderate_remove(struct hub *hub, struct ban *x)
{
	store(hub, x, false);
	bans_remove(&hub->bans, x);
}

const struct ban *
moderate_login(struct hub *hub, const unsigned char *key,
    const struct addr *a)
{
	const uint64_t now = hub_now(hub);
	const struct ban *x = bans_key(&hub->bans, BAN_KEY, key, now);

	return x != NULL ? x : bans_addr(&hub->bans, a, now);
}

bool
moderate_muted(struct caller *caller, char *why, size_t size)
{
	const uint64_t now = hub_now(caller->hub);
	const struct ban *x;
	char span[TIME_TEXT_MAX];

	if (caller->door == DOOR_CONTROL)
		return false;
	x = bans_key(&caller->hub->bans, BAN_MUTE, caller->key, now);
	if (x == NULL)
		return false;
	if (x->until_ms == 0)
		(void)snprintf(why, size, "not said: %s has muted you; ask "
		    "them", x->by);
	else
		(void)snprintf(why, size, "not said: %s has muted you for "
		    "another %s", x->by, span_text(x->until_ms - now, span));
	return true;
}

/* Who gives the order: the name others know, and by what they are known. */
const char *
moderate_by(const struct caller *caller)
{
	if (caller->in_room && !caller->member.watcher)
		return caller->member.nick;
	return caller->nick[0] == '\0' ? "the operator" : caller->nick;
}

static const char *
by_key(const struct caller *caller, char fp[SSHKEY_FP_MAX])
{
	if (caller->door == DOOR_CONTROL)
		return "control socket";
	return sshkey_fingerprint(caller->key, fp);
}

bool
moderate_tells(const void *arg)
{
	const struct caller *caller = arg;

	return caller->door == DOOR_SHELL && caller->in_room &&
	    caller->role >= ROLE_OP;
}

/* Every op of the node sees what is done to people, and by which key. */
void
moderate_told(struct caller *caller, const char *act, const char *target,
    const char *what, const char *text)
{
	char fp[SSHKEY_FP_MAX];
	struct conn *c;

	log_event(EV_MODERATED, LF_STR("act", act), LF_STR("target", target),
	    LF_STR("of", what), LF_STR("by", moderate_by(caller)),
	    LF_STR("key", by_key(caller, fp)), LF_STR("text", text));
	TAILQ_FOREACH(c, &caller->hub->conns, entry)
		if (c->state == CONN_IN && moderate_tells(&c->caller))
			caller_text(&c->caller, &c->caller == caller ?
			    OUT_STDOUT : OUT_ROOM, "-- %s (%s): %s %s "
			    "(%s)%s%s\n", moderate_by(caller),
			    by_key(caller, fp), act, target, what,
			    text[0] == '\0' ? "" : ": ", text);
}

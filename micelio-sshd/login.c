/* SPDX-License-Identifier: MIT */
/* A connection before it is let in: which key, and is it proven. */
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"
#include "auth.h"
#include "budget.h"
#include "conn.h"
#include "cursor.h"
#include "imsg.h"
#include "log.h"
#include "moderate.h"
#include "mtime.h"
#include "proc.h"
#include "ratelimit.h"
#include "role.h"
#include "sshd.h"
#include "text.h"

#define REFUSALS_PER_S		2
#define REFUSALS_BURST		100
#define EXPIRY_CHECK_MS		60000	/* the wall clock may jump */

static void
auth_done(struct conn *c, uint32_t id, bool allowed, bool pty,
    const char *text)
{
	struct wbuf w;

	wbuf_init(&w, 1024);
	wbuf_u8(&w, allowed);
	wbuf_u8(&w, pty);
	wbuf_strn(&w, text, strlen(text) < 1000 ? strlen(text) : 1000);
	imsg_send_wbuf(c->chan, IMSG_SES_AUTH_DONE, id, 0, &w);
	wbuf_free(&w);
}

/* Where the file is, as far as this reader may know. */
static const char *
keys_file(const struct conn *c)
{
	if (addr_is_loopback(&c->addr) && c->hub->keys_file[0] != '\0')
		return c->hub->keys_file;
	return c->hub->proc->mode == MODE_SERVICE ?
	    "/var/lib/micelio/authorized_keys" : "~/.micelio/authorized_keys";
}

static void
log_refusal(struct conn *c, const struct login_request *q,
    const struct login_answer *a)
{
	struct hub *hub = c->hub;

	hub->count.logins_refused++;
	if (!bucket_take(&hub->refusals, REFUSALS_PER_S, REFUSALS_BURST, 1,
	    mono_ms())) {
		hub->unlogged++;
		return;
	}
	log_event(EV_LOGIN_REFUSED,
	    LF_STRN("user", q->user, q->user_len < 64 ? q->user_len : 64),
	    LF_ADDR("addr", &c->addr), LF_STR("key", a->fp),
	    LF_STR("cause", a->cause), LF_NUM("more", hub->unlogged));
	hub->unlogged = 0;
}

static void
refuse(struct conn *c, uint32_t id, const struct login_request *q,
    const struct login_answer *a)
{
	char text[1000];

	log_refusal(c, q, a);
	auth_refusal_text(q, a, keys_file(c), text, sizeof(text));
	auth_done(c, id, false, false, text);
	if (++c->tries < SSH_TRIES_MAX)
		return;
	conn_bye(c, "too-many-tries", "too many keys tried; name one: "
	    "ssh -o IdentitiesOnly=yes -i KEYFILE ...");
}

/* What the person will be called: the key's name, or the SSH user. */
static void
caller_name(struct conn *c, const struct login_request *q,
    const struct authkey *k)
{
	if (k->name[0] != '\0')
		text_copy(c->caller.nick, k->name, sizeof(c->caller.nick));
	else if (q->user_len <= CHAT_NICK_MAX &&
	    text_tame(q->user, q->user_len))
		(void)snprintf(c->caller.nick, sizeof(c->caller.nick), "%.*s",
		    (int)q->user_len, q->user);
	else
		text_copy(c->caller.nick, c->user, sizeof(c->caller.nick));
}

/*
 * A session process chooses what it has signed first.  One that saw a login
 * and another that repeats it under the same id must not get far.
 */
static bool
sid_used(const struct hub *hub, const uint8_t sid[32])
{
	size_t n = hub->nsids < SIDS_MAX ? hub->nsids : SIDS_MAX;

	for (size_t i = 0; i < n; i++)
		if (memcmp(hub->sids[i], sid, 32) == 0)
			return true;
	return false;
}

static void
sid_keep(struct hub *hub, const uint8_t sid[32])
{
	memcpy(hub->sids[hub->nsids++ % SIDS_MAX], sid, 32);
}

static void
let_in(struct conn *c, uint32_t id, const struct login_request *q,
    struct login_answer *a)
{
	const struct authkey *k = a->key;

	a->cause = budget_finish(&c->hub->budget, &c->budget,
	    c->hub->proc->conf.ssh_max_sessions);
	if (a->cause != NULL) {
		log_refusal(c, q, a);
		auth_done(c, id, false, false, "this node has its limit of sessions "
		    "(ssh.max_sessions); try again later\n");
		return;
	}
	sid_keep(c->hub, c->sid);
	c->state = CONN_IN;
	c->since_ms = mono_ms();
	c->pty = k->pty;
	c->expires = k->expires;
	c->caller.role = k->role;
	memcpy(c->hash, a->hash, sizeof(c->hash));
	memcpy(c->caller.key, a->hash, sizeof(c->caller.key));
	memcpy(c->fp, a->fp, sizeof(c->fp));
	text_safe(q->user, q->user_len, c->user, sizeof(c->user), true);
	caller_name(c, q, k);
	login_arm_expiry(c);
	c->hub->count.logins++;
	log_event(EV_LOGIN, LF_STR("user", c->user),
	    LF_ADDR("addr", &c->addr), LF_STR("key", c->fp),
	    LF_STR("role", role_name(k->role)));
	auth_done(c, id, true, c->pty, "");
}

static void
decide(struct conn *c, uint32_t id, const struct login_request *q)
{
	struct login_answer a;

	auth_decide(&c->hub->keys, q, c->sid, &c->addr,
	    hub_now(c->hub) / 1000, &a);
	if ((a.verdict == LOGIN_MAY || a.verdict == LOGIN_IN) &&
	    moderate_login(c->hub, a.hash, &c->addr) != NULL) {
		a.verdict = LOGIN_REFUSE;
		a.cause = "banned";
	}
	if (a.verdict == LOGIN_IN && sid_used(c->hub, c->sid)) {
		a.verdict = LOGIN_LIED;
		a.cause = "session-id-used-before";
	}
	switch (a.verdict) {
	case LOGIN_REFUSE:
		refuse(c, id, q, &a);
		break;
	case LOGIN_MAY:
		auth_done(c, id, true, false, "");
		break;
	case LOGIN_IN:
		let_in(c, id, q, &a);
		break;
	case LOGIN_LIED:
		log_refusal(c, q, &a);
		login_lied(c, a.cause);
		break;
	}
}

void
login_auth(struct conn *c, struct imsg *m)
{
	struct login_request q;

	if (c->state != CONN_LOGIN || c->parked != NULL) {
		login_lied(c, "login-twice");
		return;
	}
	/* Ours asks less often: one that does not is not ours any more. */
	if (++c->asked > SSH_ASKED_MAX) {
		login_lied(c, "asks-for-ever");
		return;
	}
	if (!login_request_read(&q, m->data, m->len)) {
		login_lied(c, "malformed-login");
		return;
	}
	if (!q.is_signed || c->has_sid) {
		decide(c, m->id, &q);
		return;
	}
	/* The parent's word on this session comes by another channel. */
	c->parked = xcalloc(1, m->len);
	memcpy(c->parked, m->data, m->len);
	c->parked_len = m->len;
	c->parked_id = m->id;
}

void
login_sid(struct conn *c)
{
	struct login_request q;
	uint8_t *body = c->parked;

	if (body == NULL || c->state != CONN_LOGIN)
		return;
	c->parked = NULL;
	if (login_request_read(&q, body, c->parked_len))
		decide(c, c->parked_id, &q);
	free(body);
}

void
login_arm_expiry(struct conn *c)
{
	uint64_t now = hub_now(c->hub), ms = EXPIRY_CHECK_MS;
	struct timeval tv;

	event_del(c->timer);
	if (c->expires == 0)
		return;
	if (c->expires * 1000 <= now)
		ms = 1;
	else if (c->expires * 1000 - now < ms)
		ms = c->expires * 1000 - now + 1;
	tv.tv_sec = (time_t)(ms / 1000);
	tv.tv_usec = (suseconds_t)(ms % 1000 * 1000);
	event_add(c->timer, &tv);
}

/* SPDX-License-Identifier: MIT */
/* What the hub says. */
#include <string.h>

#include "log.h"
#include "session.h"

#define EXIT_REFUSED	77	/* sysexits: no permission */

static void	hub_auth_done(struct session *, const struct imsg *,
		    struct rcur *);
static void	hub_opened(struct session *, struct rcur *);
static void	hub_out(struct session *, struct rcur *);
static void	hub_set(struct session *, struct rcur *);
static void	hub_taken(struct session *, uint32_t);
static void	hub_text(struct session *, struct rcur *, uint8_t status);

void
hub_dispatch(struct imsgchan *c, struct imsg *m, void *arg)
{
	struct session *s = arg;
	struct rcur cur;

	rcur_init(&cur, m->data, m->len);
	switch (m->type) {
	case IMSG_SES_AUTH_DONE:
		hub_auth_done(s, m, &cur);
		break;
	case IMSG_SES_OPENED:
		hub_opened(s, &cur);
		break;
	case IMSG_SES_REFUSE:
		hub_text(s, &cur, EXIT_REFUSED);
		break;
	case IMSG_SES_PROMPT:
		rcur_cstr(&cur, s->prompt, sizeof(s->prompt));
		break;
	case IMSG_SES_OUT:
		hub_out(s, &cur);
		break;
	case IMSG_SES_TAKEN:
		hub_taken(s, rcur_u32(&cur));
		break;
	case IMSG_SES_EXIT:
		client_finish(s, rcur_u8(&cur));
		break;
	case IMSG_SES_COMPLETED:
		shell_completed(s, m->id, &cur);
		break;
	case IMSG_SES_SET:
		hub_set(s, &cur);
		break;
	case IMSG_SES_BELL:
		shell_bell(s);
		break;
	case IMSG_SES_CLEAR:
		shell_clear(s);
		break;
	case IMSG_SES_PAGE:
		if (s->phase == SES_PH_RUN)
			shell_page(s, (const char *)m->data, m->len);
		(void)rcur_rest(&cur, &(size_t){ 0 });
		break;
	case IMSG_SES_BYE:
		hub_text(s, &cur, 0);
		break;
	default:
		imsgchan_violation(c, m, "not for a session");
		return;
	}
	if (cur.bad)
		imsgchan_violation(c, m, "malformed");
}

void
hub_closed(struct imsgchan *c, enum imsgchan_end end, const char *text,
    void *arg)
{
	struct session *s = arg;

	(void)c;
	(void)end;
	log_debug("channel to the hub: %s", text);
	s->hub_gone = true;
}

static void
hub_auth_done(struct session *s, const struct imsg *m, struct rcur *cur)
{
	bool allowed = rcur_u8(cur) == 1, pty = rcur_u8(cur) == 1;

	rcur_cstr(cur, s->auth_text, sizeof(s->auth_text));
	if (m->id != s->auth_id || s->auth_done || !rcur_done(cur))
		return;
	s->auth_allowed = allowed;
	s->may_pty = allowed && pty;
	s->auth_done = true;
}

static void
hub_opened(struct session *s, struct rcur *cur)
{
	rcur_cstr(cur, s->prompt, sizeof(s->prompt));
	if (s->phase == SES_PH_RUN && s->kind == SES_SHELL)
		shell_start(s);
	(void)rcur_rest(cur, &(size_t){ 0 });
}

static void
hub_out(struct session *s, struct rcur *cur)
{
	int stream = rcur_u8(cur);
	const uint8_t *text;
	size_t len;

	text = rcur_rest(cur, &len);
	if (cur->bad || s->phase != SES_PH_RUN)
		return;
	s->unacked += (uint32_t)len;
	shell_output(s, stream, (const char *)text, len);
}

static void
hub_set(struct session *s, struct rcur *cur)
{
	char name[64], value[64];

	rcur_cstr(cur, name, sizeof(name));
	rcur_cstr(cur, value, sizeof(value));
	if (rcur_done(cur))
		shell_set(s, name, value);
}

static void
hub_taken(struct session *s, uint32_t n)
{
	s->untaken -= n < s->untaken ? n : s->untaken;
}

static void
hub_text(struct session *s, struct rcur *cur, uint8_t status)
{
	char text[1024];

	rcur_cstr(cur, text, sizeof(text));
	if (!cur->bad)
		session_bye(s, text, status);
}

/* SPDX-License-Identifier: MIT */
/* A connection that is let in: somebody in the partyline, or one command. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "caller.h"
#include "cmdline.h"
#include "commands.h"
#include "commands_record.h"
#include "complete.h"
#include "conf.h"
#include "conn.h"
#include "cursor.h"
#include "doc.h"
#include "imsg.h"
#include "intake.h"
#include "live.h"
#include "log.h"
#include "outlet.h"
#include "page.h"
#include "persons.h"
#include "proc.h"
#include "room.h"
#include "run.h"
#include "say.h"
#include "sshd.h"
#include "text.h"

#define STATUS_INTR	130	/* as a shell has it after C-c */
#define TERM_MAX	64u
#define NAMED_MAX	8u	/* of those who are here, in the greeting */

static void
prompt_text(const struct caller *caller, char *out, size_t size)
{
	(void)snprintf(out, size, "[%s]> ", caller->member.nick);
}

static void
send_opened(struct conn *c, const char *prompt, const char *nick)
{
	struct wbuf w;

	wbuf_init(&w, 1024);
	wbuf_str(&w, prompt);
	wbuf_str(&w, nick);
	imsg_send_wbuf(c->chan, IMSG_SES_OPENED, 0, 0, &w);
	wbuf_free(&w);
}

static void
greet(struct conn *c, const char *note)
{
	struct hub *hub = c->hub;
	unsigned int others = hub->room.people - 1;
	const char *node = hub->proc->conf.node_name;
	struct member *m;
	struct wbuf w;
	char safe[CONF_NODE_NAME_MAX * 6];

	text_safe(node, strlen(node), safe, sizeof(safe), true);
	wbuf_init(&w, 4096);
	wbuf_printf(&w, "Welcome to %s partyline! You are %s.\n", safe,
	    c->caller.member.nick);
	if (hub->links == 0)
		wbuf_printf(&w, "No other node is linked now: only people "
		    "here see what you say.\n");
	else if (hub->links > 0)
		wbuf_printf(&w, "Linked with %d other node%s.\n", hub->links,
		    hub->links == 1 ? "" : "s");
	if (others == 0)
		wbuf_printf(&w, "Nobody else is on this node.");
	else
		wbuf_printf(&w, "%u other%s on this node%s", others,
		    others == 1 ? "" : "s", others <= NAMED_MAX ? ":" : ".");
	if (others <= NAMED_MAX)
		TAILQ_FOREACH(m, &hub->room.members, entry)
			if (!m->watcher && m != &c->caller.member)
				wbuf_printf(&w, " %s", m->nick);
	wbuf_printf(&w, "\nType /help for commands; anything else is said to "
	    "everybody.\n%s", note);
	c->caller.out(&c->caller, OUT_STDOUT, (const char *)w.p, w.len);
	wbuf_free(&w);
}

static void
open_shell(struct conn *c)
{
	struct caller *caller = &c->caller;
	char note[512], prompt[CHAT_NICK_MAX + 8];

	c->shell = true;
	caller->door = DOOR_SHELL;
	room_join(&c->hub->room, &caller->member, caller->nick, caller->key,
	    hub_now(c->hub), caller, note, sizeof(note));
	caller->in_room = true;
	prompt_text(caller, prompt, sizeof(prompt));
	send_opened(c, prompt, caller->member.nick);
	greet(c, note);
	persons_join(caller);
	motd_greet(caller);
}

static void
open_exec(struct conn *c, const char *command, size_t n)
{
	c->caller.door = DOOR_EXEC;
	send_opened(c, "", c->caller.nick);
	while (n > 0 && *command == ' ') {
		command++;
		n--;
	}
	if (n > 1 && *command == '/') {	/* as one types it in the room */
		command++;
		n--;
	}
	command_line(&c->caller, command, n);
}

static void
ses_open(struct conn *c, struct imsg *m)
{
	unsigned int columns, rows;
	const char *command;
	char term[TERM_MAX + 1];
	struct rcur r;
	size_t n, skip;
	uint8_t kind;
	bool pty;

	rcur_init(&r, m->data, m->len);
	kind = rcur_u8(&r);
	pty = rcur_u8(&r) != 0;
	columns = rcur_u16(&r);
	rows = rcur_u16(&r);
	rcur_cstr(&r, term, sizeof(term));
	(void)rcur_str(&r, 8192, &skip);	/* the environment */
	command = rcur_str(&r, 8192, &n);
	if (!rcur_done(&r) || c->opened ||
	    (kind != SES_SHELL && kind != SES_EXEC)) {
		login_lied(c, "malformed or second SES_OPEN");
		return;
	}
	/* The session was told what the key may. */
	if (pty && !c->pty) {
		login_lied(c, "a terminal this key may not have");
		return;
	}
	c->opened = true;
	if (pty) {
		c->caller.columns = columns;
		c->caller.rows = rows;
		c->caller.draws = page_possible(term);
	}
	if (kind == SES_SHELL)
		open_shell(c);
	else
		open_exec(c, command, n);
}

static void
ses_line(struct conn *c, const char *s, size_t n)
{
	struct caller *caller = &c->caller;

	while (n > 0 && (*s == ' ' || *s == '\t')) {
		s++;
		n--;
	}
	record_typed(c, s, n);
	if (n > 0 && s[0] == '/' && (n == 1 || s[1] != '/'))
		command_line(caller, s + 1, n - 1);
	else if (n > 1 && s[0] == '/')
		say_line(caller, s + 1, n - 1);
	else
		say_line(caller, s, n);
}

/* The session may send as much more as is no longer in our hands. */
static void
taken(struct conn *c, enum imsg_type type, size_t len)
{
	uint32_t cost = (uint32_t)(SES_LINE_COST + len);

	if (c->chan != NULL && c->state == CONN_IN && type != IMSG_SES_EOF)
		imsg_send(c->chan, IMSG_SES_TAKEN, 0, 0, &cost, sizeof(cost));
}

/* Of a shell: what is said and what has to stay in order with that. */
static void
ses_said(struct conn *c, enum imsg_type type, const uint8_t *p, size_t n)
{
	if (type == IMSG_SES_LINE)
		ses_line(c, (const char *)p, n);
	else if (type == IMSG_SES_PASTE) {
		/* Talk, whatever it begins with. */
		record_pasted(c, (const char *)p, n);
		say_line(&c->caller, (const char *)p, n);
	} else
		command_line(&c->caller, "quit", 4);
	taken(c, type, n);
}

void
conn_in_next(struct conn *c)
{
	struct intake_item *i;

	while (c->state == CONN_IN && c->caller.saying == NULL &&
	    (i = intake_take(&c->intake)) != NULL) {
		ses_said(c, i->type, i->data, i->len);
		free(i);
	}
	if (c->chan == NULL && c->state == CONN_IN &&
	    c->caller.saying == NULL)
		conn_drained(c);
}

static void
ses_ordered(struct conn *c, struct imsg *m)
{
	if (!intake_add(&c->intake, m->type, m->data, m->len))
		login_lied(c, "more lines than the window allows");
	else
		conn_in_next(c);
}

static void
ses_complete(struct conn *c, struct imsg *m)
{
	struct completion_nodes nodes = { c->hub->linked, c->hub->nlinked };
	struct completion done;
	struct rcur r;
	const char *line;
	uint16_t cursor;
	struct wbuf w;
	size_t n;

	rcur_init(&r, m->data, m->len);
	cursor = rcur_u16(&r);
	line = rcur_str(&r, 8192, &n);
	if (!rcur_done(&r)) {
		login_lied(c, "malformed SES_COMPLETE");
		return;
	}
	complete(commands, &c->hub->room, &nodes, line, n, cursor, &done);
	wbuf_init(&w, 16384);
	wbuf_u16(&w, done.start);
	wbuf_u8(&w, done.n);
	for (size_t i = 0; i < done.n; i++)
		wbuf_str(&w, done.v[i]);
	imsg_send_wbuf(c->chan, IMSG_SES_COMPLETED, m->id, 0, &w);
	wbuf_free(&w);
	completion_free(&done);
}

static void
ses_ack(struct conn *c, struct imsg *m)
{
	struct rcur r;
	uint64_t missed;

	rcur_init(&r, m->data, m->len);
	outlet_ack(&c->outlet, rcur_u32(&r));
	missed = outlet_missed(&c->outlet);
	if (missed > 0)
		caller_text(&c->caller, c->shell ? OUT_ROOM : OUT_STDERR,
		    "-- %llu line%s skipped: you were not reading\n",
		    (unsigned long long)missed, missed == 1 ? "" : "s");
	run_taken(&c->caller);
}

static void
ses_intr(struct conn *c)
{
	struct run *run;

	while ((run = TAILQ_FIRST(&c->caller.runs)) != NULL)
		run_free(run);
	if (!c->shell)
		c->caller.exit(&c->caller, STATUS_INTR);
}

static void
ses_input(struct conn *c, const void *p, size_t n)
{
	struct run *run = TAILQ_FIRST(&c->caller.runs);

	if (run != NULL)
		run_input(run, p, n);
}

/* Of a shell. */
static void
dispatch_shell(struct conn *c, struct imsg *m)
{
	switch (m->type) {
	case IMSG_SES_LINE:
	case IMSG_SES_PASTE:
	case IMSG_SES_EOF:
		ses_ordered(c, m);
		break;
	case IMSG_SES_COMPLETE:
		ses_complete(c, m);
		break;
	default:
		break;
	}
}

/* The session draws; but some pictures are made to fit. */
static void
ses_window(struct conn *c, struct imsg *m)
{
	struct rcur r;

	rcur_init(&r, m->data, m->len);
	c->caller.columns = rcur_u16(&r);
	c->caller.rows = rcur_u16(&r);
	live_resized(&c->caller);
}

/* A key that leaves a page, where ^D is no end of anything else. */
static void
ses_leave(struct conn *c)
{
	struct run *run = TAILQ_FIRST(&c->caller.runs);

	if (run != NULL && run->live != NULL)
		run_done(run, EX_OK);
	else
		ses_input(c, NULL, 0);
}

void
conn_in_dispatch(struct conn *c, struct imsg *m)
{
	if (m->type == IMSG_SES_OPEN)
		ses_open(c, m);
	else if (m->type == IMSG_SES_ACK)
		ses_ack(c, m);
	else if (!c->opened)
		login_lied(c, "a message before SES_OPEN");
	else if (m->type == IMSG_SES_INTR)
		ses_intr(c);
	else if (m->type == IMSG_SES_WINDOW)
		ses_window(c, m);
	else if (c->shell)
		dispatch_shell(c, m);
	else if (m->type == IMSG_SES_IN)
		ses_input(c, m->data, m->len);
	else if (m->type == IMSG_SES_EOF)
		ses_leave(c);
}

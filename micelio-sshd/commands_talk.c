/* SPDX-License-Identifier: MIT */
/* help, who, nick, say, tail, quit. */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "burst.h"
#include "caller.h"
#include "cmdline.h"
#include "commands.h"
#include "conn.h"
#include "cursor.h"
#include "doc.h"
#include "help.h"
#include "imsg.h"
#include "mtime.h"
#include "proc.h"
#include "ratelimit.h"
#include "role.h"
#include "room.h"
#include "run.h"
#include "say.h"
#include "sshd.h"
#include "who.h"

#define SAY_MS		5000

static void
about_one(struct run *run, const char *name)
{
	const struct command *cmd;
	struct wbuf w;
	char why[256];

	name += name[0] == '/';
	cmd = command_find(commands, name, strlen(name), why, sizeof(why));
	if (cmd == NULL) {
		run_fail(run, EX_USAGE, "help: %s", why);
		return;
	}
	wbuf_init(&w, 8192);
	help_one(cmd, run->caller->door, run->line.form, &w);
	run_out(run, OUT_STDOUT, (const char *)w.p, w.len);
	wbuf_free(&w);
	run_done(run, EX_OK);
}

static void
shell_text(const struct doc *d, struct wbuf *w)
{
	(void)d;
	help_shell_text(commands, w);
}

void
cmd_help(struct run *run)
{
	struct doc d;

	if (run->line.argc == 1) {
		about_one(run, run->line.argv[0]);
		return;
	}
	doc_init(&d);
	help_list(commands, run->caller->door, &d);
	run_doc(run, &d, run->caller->door == DOOR_SHELL ? shell_text :
	    help_list_text);
	doc_free(&d);
	run_done(run, EX_OK);
}

void
cmd_who(struct run *run)
{
	struct hub *hub = run->caller->hub;
	struct doc d;

	doc_init(&d);
	who_build(&hub->room, hub->proc->conf.node_name, hub_now(hub), &d);
	run_doc(run, &d, who_text);
	doc_free(&d);
	run_done(run, EX_OK);
}

void
cmd_nick(struct run *run)
{
	struct caller *caller = run->caller;
	const char *nick = run->line.argv[0];
	char why[512];

	if (!room_nick(&caller->hub->room, &caller->member, nick,
	    strlen(nick), hub_now(caller->hub), why, sizeof(why))) {
		run_fail(run, 1, "%s", why);
		return;
	}
	caller_prompt(caller);
	run_done(run, EX_OK);
}

/* These two only a partyline has, and that is always a conn. */
void
cmd_clear(struct run *run)
{
	struct conn *c = (struct conn *)(void *)run->caller;

	if (c->chan != NULL)
		imsg_send(c->chan, IMSG_SES_CLEAR, 0, 0, NULL, 0);
	run_done(run, EX_OK);
}

void
cmd_quit(struct run *run)
{
	struct caller *caller = run->caller;

	say_settle(caller);
	caller_text(caller, OUT_STDOUT, "Goodbye.\n");
	run_free(run);
	caller->exit(caller, EX_OK);
}

void
say_fail(struct run *run, int rc, const char *why)
{
	if (run->line.form == DOC_JSON)
		say_answer_json(run, rc, 0, 0, why);
	else
		run_fail(run, rc, "%s", why);
}

static void
say_timeout(struct run *run)
{
	say_fail(run, EX_TEMPFAIL, "say: no answer in 5 s; it may have been "
	    "sent");
}

/* Who comes by the control socket has none. */
static const uint8_t *
key_of(const struct caller *caller)
{
	return caller->door == DOOR_CONTROL ? NULL : caller->key;
}

static void
say_text(struct run *run, const char *text, size_t n, bool action)
{
	struct caller *caller = run->caller;
	struct speaker who = { key_of(caller), action };
	struct hub *hub = caller->hub;
	char nick[CHAT_NICK_MAX + 1], why[256];
	enum say_status st;

	if (caller->door == DOOR_SHELL) {
		if (action)
			say_action(caller, text, n);
		else
			say_line(caller, text, n);
		run_done(run, EX_OK);
		return;
	}
	/* With links the mesh's rate holds it. */
	if (hub->links == 0 && !bucket_take(&hub->alone, ALONE_RATE,
	    ALONE_BURST, 1, mono_ms())) {
		say_fail(run, 1, "not said: too many lines a second; say it "
		    "again in a moment");
		return;
	}
	room_guest_nick(&hub->room, caller->nick, caller->key, nick);
	run_deadline(run, SAY_MS, say_timeout);
	st = room_say(&hub->room, caller, nick, &who, text, n, hub_now(hub));
	if (st == SAY_OK)
		return;		/* the answer ends it */
	say_status_text(st, n, why, sizeof(why));
	say_fail(run, st == SAY_EMPTY ? EX_USAGE : EX_DATAERR, why);
}

void
cmd_say(struct run *run)
{
	if (run->line.text_len == 1 && run->line.text[0] == '-' &&
	    run->caller->door != DOOR_SHELL) {
		run->wants_input = true;
		return;
	}
	say_text(run, run->line.text, run->line.text_len, false);
}

void
cmd_me(struct run *run)
{
	say_text(run, run->line.text, run->line.text_len, true);
}

void
cmd_say_input(struct run *run)
{
	char why[128];

	if (run->in_over) {
		(void)snprintf(why, sizeof(why), "not sent: the text has more "
		    "than the limit of %u bytes; say it in parts",
		    CHAT_TEXT_MAX);
		say_fail(run, EX_DATAERR, why);
	}
	else
		say_text(run, (const char *)run->in.p, run->in.len, false);
}

/* Until the reader leaves: caller_gone() takes it out of the room again. */
void
cmd_tail(struct run *run)
{
	struct caller *caller = run->caller;

	room_watch(&caller->hub->room, &caller->member,
	    run->line.form == DOC_JSON, caller->role >= ROLE_OP, caller);
	caller->in_room = true;
}

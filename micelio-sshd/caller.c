/* SPDX-License-Identifier: MIT */
/* Somebody a command runs for, whatever door they came in by. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "caller.h"
#include "cmdline.h"
#include "commands_record.h"
#include "conn.h"
#include "cursor.h"
#include "imsg.h"
#include "persons.h"
#include "private.h"
#include "recall.h"
#include "role.h"
#include "room.h"
#include "rooms.h"
#include "run.h"
#include "say.h"
#include "sshd.h"

void
caller_init(struct caller *caller, struct hub *hub)
{
	memset(caller, 0, sizeof(*caller));
	caller->hub = hub;
	caller->role = ROLE_USER;
	TAILQ_INIT(&caller->runs);
}

void
caller_gone(struct caller *caller, const char *why)
{
	struct run *run;

	while ((run = TAILQ_FIRST(&caller->runs)) != NULL)
		run_free(run);
	say_forget(caller->hub, caller, NULL);
	private_forget(caller->hub, caller, NULL);
	rooms_part(caller);
	if (caller->recall != NULL)
		recall_cancel(caller->recall);
	persons_leave(caller);
	record_end(caller);
	if (!caller->in_room)
		return;
	caller->in_room = false;
	room_leave(&caller->hub->room, &caller->member, why,
	    hub_now(caller->hub));
}

void
caller_text(struct caller *caller, int stream, const char *fmt, ...)
{
	char text[2048];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	if ((size_t)n >= sizeof(text))
		n = sizeof(text) - 1;
	caller->out(caller, stream, text, (size_t)n);
}

void
caller_refuse(struct caller *caller, int status, const char *why)
{
	if (caller->door == DOOR_SHELL) {
		caller_text(caller, OUT_STDOUT, "-- %s\n", why);
		return;
	}
	caller_text(caller, OUT_STDERR, "micelio: %s\n", why);
	caller->exit(caller, status);
}

/* A conn's prompt carries the nick; the session is told by this. */
void
caller_prompt(struct caller *caller)
{
	struct conn *c = (struct conn *)(void *)caller;
	char prompt[CHAT_NICK_MAX + ROOM_NAME_MAX + 8];
	struct wbuf w;

	if (c->chan == NULL)	/* its last words, and gone */
		return;
	(void)snprintf(prompt, sizeof(prompt), "[%s%s%s]> ",
	    caller->member.nick, caller->room[0] == '\0' ? "" : " ",
	    caller->room);
	wbuf_init(&w, 128);
	wbuf_str(&w, prompt);
	imsg_send_wbuf(c->chan, IMSG_SES_PROMPT, 0, 0, &w);
	wbuf_free(&w);
}

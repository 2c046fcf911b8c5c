/* SPDX-License-Identifier: MIT */
/* msg, reply: to one person. */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "caller.h"
#include "cmdline.h"
#include "commands.h"
#include "contact.h"
#include "gather.h"
#include "imsg.h"
#include "nodeid.h"
#include "peers.h"
#include "people.h"
#include "private.h"
#include "proc.h"
#include "room.h"
#include "run.h"
#include "sshd.h"
#include "text.h"

#define MSG_MS		5000

static void
timed_out(struct run *run)
{
	run_fail(run, EX_TEMPFAIL, "msg: that node did not answer in 5 s; it "
	    "may have come all the same");
}

/* "bob@5647 hello": the word and the rest. */
static bool
cut(const struct run *run, char word[LABEL_MAX], const char **text, size_t *n)
{
	const char *s = run->line.text;
	size_t len = run->line.text_len, k;

	for (k = 0; k < len && s[k] != ' ' && s[k] != '\t' && s[k] != '\n';)
		k++;
	if (k == 0 || k >= LABEL_MAX)
		return false;
	memcpy(word, s, k);
	word[k] = '\0';
	while (k < len && (s[k] == ' ' || s[k] == '\t' || s[k] == '\n'))
		k++;
	*text = s + k;
	*n = len - k;
	return *n > 0;
}

static void
from_nick(const struct caller *caller, char out[CHAT_NICK_MAX + 1])
{
	if (caller->in_room && !caller->member.watcher)
		text_copy(out, caller->member.nick, CHAT_NICK_MAX + 1);
	else
		room_guest_nick(&caller->hub->room, caller->nick, caller->key,
		    out);
}

static void
send_there(struct run *run, const struct nodeid *node, const char *nick,
    const char *text, size_t n)
{
	char from[CHAT_NICK_MAX + 1];

	from_nick(run->caller, from);
	if (run->caller->door != DOOR_SHELL)
		run_deadline(run, MSG_MS, timed_out);
	private_there(run, node, nick, from, text, n);
}

/* The node was named by a begin of its id, and nobody of it was heard. */
static void
nodes_answer(struct run *run, const struct answer *a, size_t na)
{
	char word[LABEL_MAX], why[512], *at;
	struct nodeid id;
	struct meant m;
	const char *text;
	size_t n;

	if (!cut(run, word, &text, &n) || (at = strchr(word, '@')) == NULL) {
		run_fail(run, EX_USAGE, "msg: to whom? usage: msg "
		    "NICK[@NODE] TEXT");
		return;
	}
	*at++ = '\0';
	meant_find(&m, a, na, at, false);
	if (m.n != 1 || !nodeid_parse(&id, m.id[0], strlen(m.id[0]))) {
		meant_text(&m, at, false, why, sizeof(why));
		run_fail(run, 1, "msg: %s", why);
		return;
	}
	send_there(run, &id, word, text, n);
}

static bool
is_self(const struct hub *hub, const char *at)
{
	char hex[NODEID_HEX + 1];

	nodeid_hex(&hub->proc->id, hex);
	return at[0] != '\0' && strncasecmp(hex, at, strlen(at)) == 0;
}

static bool
text_good(struct run *run, const char *text, size_t n)
{
	char why[256];

	if (n <= CHAT_TEXT_MAX && utf8_valid(text, n))
		return true;
	say_status_text(n > CHAT_TEXT_MAX ? SAY_TOO_LONG : SAY_NOT_TEXT, n,
	    why, sizeof(why));
	run_fail(run, EX_DATAERR, "%s", why);
	return false;
}

void
cmd_msg(struct run *run)
{
	static const struct gather_want want = { PROC_GOSSIPD, TABLE_NODES };
	struct hub *hub = run->caller->hub;
	char word[LABEL_MAX], why[256], from[CHAT_NICK_MAX + 1], *at;
	struct contact c;
	const char *text;
	size_t n;

	if (!cut(run, word, &text, &n)) {
		run_fail(run, EX_USAGE, "msg: what? usage: msg NICK[@NODE] "
		    "TEXT");
		return;
	}
	if (!text_good(run, text, n))
		return;
	if (contact_find(&hub->room, &hub->heard, &hub->presence,
	    &hub->proc->id, word, &c, why, sizeof(why)) && c.remote) {
		send_there(run, &c.id, c.nick, text, n);
		return;
	}
	if ((at = strchr(word, '@')) != NULL && !is_self(hub, at + 1)) {
		if (!gather_start(run, &want, 1, nodes_answer))
			run_fail(run, EX_TEMPFAIL, "msg: too many are asking "
			    "at once; say it again");
		return;
	}
	if (at != NULL)
		*at = '\0';
	from_nick(run->caller, from);
	private_here(run, word, from, text, n);
}

void
cmd_reply(struct run *run)
{
	struct caller *caller = run->caller;
	struct contact to = caller->answer_to;
	const char *text = run->line.text;
	char from[CHAT_NICK_MAX + 1];
	size_t n = run->line.text_len;

	if (to.nick[0] == '\0') {
		run_fail(run, 1, "reply: nobody has said anything to you "
		    "alone; msg NICK TEXT begins");
		return;
	}
	if (!text_good(run, text, n))
		return;
	if (to.remote) {
		send_there(run, &to.id, to.nick, text, n);
		return;
	}
	from_nick(caller, from);
	private_here(run, to.nick, from, text, n);
}

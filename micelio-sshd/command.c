/* SPDX-License-Identifier: MIT */
/* The command table, and what happens to a command from line to status. */
#include <event2/event.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "caller.h"
#include "cmdline.h"
#include "commands.h"
#include "commands_map.h"
#include "cursor.h"
#include "doc.h"
#include "gather.h"
#include "help.h"
#include "import.h"
#include "imsg.h"
#include "log.h"
#include "persons.h"
#include "private.h"
#include "proc.h"
#include "recall.h"
#include "role.h"
#include "room.h"
#include "rooms.h"
#include "run.h"
#include "say.h"
#include "sshd.h"
#include "verdict.h"

#define RESULT_MAX	(8u * 1024 * 1024)
#define INPUT_MAX	(CHAT_TEXT_MAX + 1)
#define READER_MS	300000	/* for somebody who reads with a pager */

const struct command commands[] = {
	{ "help", "[COMMAND]", "what there is, or more about one command",
	    { "help", "help say" }, ROLE_USER, DOOR_ANY, .max_args = 1,
	    .start = cmd_help },
	{ "who", "", "who is here on this node",
	    { "who", "who --json" }, ROLE_USER, DOOR_ANY, .start = cmd_who },
	{ "say", "TEXT", "say it to everybody; \"-\" takes standard input",
	    { "say good morning", "say -" }, ROLE_USER, DOOR_ANY,
	    .changes = true, .talk = true, .min_args = 1,
	    .start = cmd_say },
	{ "nick", "NAME", "be called something else",
	    { "nick alice", "nick \xc3\x89lodie" }, ROLE_USER, DOOR_SHELL,
	    .changes = true, .min_args = 1, .max_args = 1,
	    .start = cmd_nick },
	{ "me", "TEXT", "say what you do: \"* alice waves\"",
	    { "me waves", "me is at lunch" }, ROLE_USER, DOOR_ANY,
	    .changes = true, .talk = true, .min_args = 1, .start = cmd_me },
	{ "msg", "NICK[@NODE] TEXT", "to one alone; kept if they are not here",
	    { "msg bob see you at 3", "msg bob@5647 hello" }, ROLE_USER,
	    DOOR_ANY, .changes = true, .talk = true, .min_args = 1,
	    .start = cmd_msg },
	{ "reply", "TEXT", "to who spoke to you alone last",
	    { "reply yes", "reply at once" }, ROLE_USER, DOOR_SHELL,
	    .changes = true, .talk = true, .min_args = 1,
	    .start = cmd_reply },
	{ "join", "#ROOM", "speak in a room from now on",
	    { "join #dev", "join #ops-eu" }, ROLE_USER, DOOR_SHELL,
	    .min_args = 1, .max_args = 1, .start = cmd_join },
	{ "part", "", "speak to everybody again",
	    { "part", "part" }, ROLE_USER, DOOR_SHELL, .start = cmd_part },
	{ "rooms", "", "rooms that were heard of, and their topics",
	    { "rooms", "rooms --json" }, ROLE_USER, DOOR_ANY,
	    .start = cmd_rooms },
	{ "topic", "[TEXT]", "what your room is about",
	    { "topic", "topic releases only" }, ROLE_USER, DOOR_SHELL,
	    .talk = true, .start = cmd_topic },
	{ "history", "[N|11:40|2h]", "what was said: so many lines, or since",
	    { "history 50", "history 11:40" }, ROLE_USER, DOOR_ANY,
	    .max_args = 1, .start = cmd_history },
	{ "missed", "", "what was said since you were here last",
	    { "missed", "missed --json" }, ROLE_USER, DOOR_ANY,
	    .start = cmd_missed },
	{ "search", "WORDS", "lines with these words, of all that are kept",
	    { "search backup disk", "search alice" }, ROLE_USER, DOOR_ANY,
	    .talk = true, .min_args = 1, .start = cmd_search },
	{ "whois", "NICK[@NODE]", "who somebody is, by whose word",
	    { "whois bob", "whois bob@5647" }, ROLE_USER, DOOR_ANY,
	    .nick = true, .min_args = 1, .max_args = 1, .start = cmd_whois },
	{ "set", "[KEY [VALUE]]", "time, bell, joins ...: for you alone, kept",
	    { "set", "set bell mention" }, ROLE_USER, DOOR_SHELL,
	    .max_args = 2, .start = cmd_set },
	{ "away", "[TEXT]", "say that you are not reading",
	    { "away", "away until noon" }, ROLE_USER, DOOR_SHELL,
	    .talk = true, .start = cmd_away },
	{ "back", "", "you are reading again",
	    { "back", "back" }, ROLE_USER, DOOR_SHELL, .start = cmd_back },
	{ "ignore", "[NICK[@NODE]]", "see nothing of somebody's key any more",
	    { "ignore bob", "ignore" }, ROLE_USER, DOOR_SHELL, .nick = true,
	    .changes = true, .max_args = 1, .start = cmd_ignore },
	{ "unignore", "NICK[@NODE]", "see somebody again",
	    { "unignore bob", "unignore bob@56475aa75463" }, ROLE_USER,
	    DOOR_SHELL, .changes = true, .min_args = 1, .max_args = 1,
	    .start = cmd_unignore },
	{ "status", "[--check]", "is the node healthy; --check: exit 1 if not",
	    { "status", "status --check --json" }, ROLE_USER, DOOR_ANY,
	    .group = GROUP_NODE, .options = "--check ", .start = cmd_status },
	{ "peers", "", "connected and configured nodes",
	    { "peers", "peers --plain" }, ROLE_USER, DOOR_ANY,
	    .group = GROUP_NODE, .start = cmd_peers },
	{ "peer", "NODE", "all about one: begin of its id, name or address",
	    { "peer 5647", "peer 192.0.2.10:4000 --json" }, ROLE_USER,
	    DOOR_ANY, .group = GROUP_NODE, .node = true, .min_args = 1,
	    .max_args = 1, .start = cmd_peer },
	{ "nodes", "[WORD] [page=N]", "all nodes known, last seen first",
	    { "nodes", "nodes hearsay page=2" }, ROLE_USER, DOOR_ANY,
	    .group = GROUP_NODE, .max_args = 2, .start = cmd_nodes },
	{ "links", "", "what each link does to spread messages",
	    { "links", "links --json" }, ROLE_USER, DOOR_ANY,
	    .group = GROUP_NODE, .start = cmd_links },
	{ "trace", "[MESSAGE]", "how a message came; the last ones",
	    { "trace", "trace 1b4e28ba" }, ROLE_USER, DOOR_ANY,
	    .group = GROUP_NODE, .max_args = 1, .start = cmd_trace },
	{ "stats", "", "counters of all daemons, what was dropped and why",
	    { "stats", "stats --json" }, ROLE_USER, DOOR_ANY,
	    .group = GROUP_NODE, .start = cmd_stats },
	{ "log", "[LEVEL] [DAEMON] [--watch]", "what was logged lately, or is",
	    { "log warn", "log gossipd --watch" }, ROLE_OP, DOOR_ANY,
	    .group = GROUP_NODE, .max_args = 2, .options = "--watch ",
	    .start = cmd_log },
	{ "events", "[EVENT] [--watch]", "the same by the begin of its name",
	    { "events peer_", "events login --watch" }, ROLE_OP, DOOR_ANY,
	    .group = GROUP_NODE, .max_args = 1, .options = "--watch ",
	    .start = cmd_events },
	{ "loglevel", "[DAEMON LEVEL [TIME]]", "log more or less, for a time",
	    { "loglevel", "loglevel gossipd debug 5m" }, ROLE_OP, DOOR_ANY,
	    .group = GROUP_NODE, .changes = true, .max_args = 3,
	    .start = cmd_loglevel },
	{ "link", "[ID@]HOST:PORT", "connect with a node now",
	    { "link 192.0.2.10:4000", "link eu.example.org:4000" }, ROLE_OP,
	    DOOR_ANY, .group = GROUP_NODE, .changes = true, .min_args = 1,
	    .max_args = 1, .start = cmd_link },
	{ "unlink", "NODE", "end the connection, for ten minutes at least",
	    { "unlink 5647", "unlink 192.0.2.10:4000" }, ROLE_OP, DOOR_ANY,
	    .group = GROUP_NODE, .changes = true, .node = true, .min_args = 1,
	    .max_args = 1, .start = cmd_unlink },
	{ "put", "KEY [VALUE]", "write into the map all nodes share; without "
	    "VALUE: standard input",
	    { "put o/motd \"good morning\"", "put note remember the milk" },
	    ROLE_OP, DOOR_ANY, .group = GROUP_MAP, .changes = true,
	    .min_args = 1, .max_args = CMD_ARGS_MAX, .start = cmd_put },
	{ "get", "KEY", "what the map says under a key",
	    { "get o/motd", "get o/motd --json" }, ROLE_USER, DOOR_ANY,
	    .group = GROUP_MAP, .min_args = 1, .max_args = 1,
	    .options = "--raw ", .start = cmd_get },
	{ "del", "KEY", "delete a key of the map, for all nodes",
	    { "del o/motd", "del note" }, ROLE_OP, DOOR_ANY, .group = GROUP_MAP,
	    .changes = true, .min_args = 1, .max_args = 1, .start = cmd_del },
	{ "ls", "[PREFIX]", "keys of the map",
	    { "ls", "ls o/ --json" }, ROLE_USER, DOOR_ANY, .group = GROUP_MAP,
	    .max_args = 1, .start = cmd_ls },
	{ "versions", "KEY", "who wrote what under a key, and when",
	    { "versions o/motd", "versions o/motd --json" }, ROLE_USER,
	    DOOR_ANY, .group = GROUP_MAP, .min_args = 1, .max_args = 1,
	    .start = cmd_versions },
	{ "watch", "[PREFIX]", "keys of the map as they change",
	    { "watch o/", "watch --json" }, ROLE_USER,
	    DOOR_ANY, .group = GROUP_MAP, .streams = true, .max_args = 1,
	    .start = cmd_watch },
	{ "unwatch", "[PREFIX]", "show them no longer; without PREFIX: none",
	    { "unwatch o/", "unwatch" }, ROLE_USER, DOOR_SHELL,
	    .group = GROUP_MAP, .max_args = 1, .start = cmd_unwatch },
	{ "state", "", "how the map is: entries, digest, who uses how much",
	    { "state", "state --json" }, ROLE_USER, DOOR_ANY,
	    .group = GROUP_MAP, .start = cmd_state },
	{ "export", "[PREFIX]", "keys and values of the map as JSON lines",
	    { "export", "export o/" }, ROLE_USER, DOOR_EXEC | DOOR_CONTROL,
	    .group = GROUP_MAP, .slow = true, .max_args = 1,
	    .start = cmd_export },
	{ "import", "", "write JSON lines, as of export, from standard input",
	    { "import", "import --json" }, ROLE_OP, DOOR_EXEC | DOOR_CONTROL,
	    .group = GROUP_MAP, .changes = true, .start = cmd_import },
	{ "backup", "[-]", "copy the database to state/backup; -: a tar to "
	    "standard output",
	    { "backup", "backup -" }, ROLE_OP, DOOR_ANY,
	    .group = GROUP_NODE, .changes = true, .slow = true,
	    .max_args = 1, .start = cmd_backup },
	{ "verify", "", "read a copy of the database to its end",
	    { "verify", "verify --json" }, ROLE_OP, DOOR_ANY,
	    .group = GROUP_NODE, .changes = true, .slow = true,
	    .start = cmd_verify },
	{ "tail", "", "what is said, as it comes (ops: and events)",
	    { "tail", "tail --json" }, ROLE_USER, DOOR_EXEC | DOOR_CONTROL,
	    .streams = true, .start = cmd_tail },
	{ "reload", "", "read the configuration again, all or nothing",
	    { "reload", "reload --json" }, ROLE_OP, DOOR_ANY,
	    .group = GROUP_NODE, .changes = true, .start = cmd_reload },
	{ "version", "", "which micelio this is",
	    { "version", "version --json" }, ROLE_USER, DOOR_ANY,
	    .group = GROUP_NODE, .start = cmd_version },
	{ "quit", "", "leave the partyline",
	    { "quit", "quit" }, ROLE_USER, DOOR_SHELL, .start = cmd_quit },
	{ .name = NULL }
};

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

/* A refusal: to the speaker in the partyline, to standard error elsewhere. */
static void
caller_refuse(struct caller *caller, int status, const char *why)
{
	if (caller->door == DOOR_SHELL) {
		caller_text(caller, OUT_STDOUT, "-- %s\n", why);
		return;
	}
	caller_text(caller, OUT_STDERR, "micelio: %s\n", why);
	caller->exit(caller, status);
}

static struct run *
run_new(struct caller *caller, const struct cmdline *line)
{
	struct run *run = xcalloc(1, sizeof(*run));

	run->caller = caller;
	run->line = *line;
	wbuf_init(&run->in, INPUT_MAX);
	TAILQ_INSERT_TAIL(&caller->runs, run, entry);
	TAILQ_INSERT_TAIL(&caller->hub->runs, run, all);
	caller->nruns++;
	return run;
}

void
run_free(struct run *run)
{
	struct caller *caller = run->caller;

	TAILQ_REMOVE(&caller->runs, run, entry);
	TAILQ_REMOVE(&caller->hub->runs, run, all);
	caller->nruns--;
	if (run->gather != NULL)
		gather_cancel(run->gather);
	if (run->recall != NULL)
		recall_cancel(run->recall);
	say_forget(caller->hub, NULL, run);
	private_forget(caller->hub, NULL, run);
	map_run_free(run);
	import_free(run);
	if (run->deadline != NULL)
		event_free(run->deadline);
	cmdline_free(&run->line);
	wbuf_free(&run->in);
	free(run);
}

struct run *
run_by_request(struct hub *hub, uint32_t id)
{
	struct run *run;

	TAILQ_FOREACH(run, &hub->runs, all)
		if (run->request == id || import_has(run, id))
			return run;
	return NULL;
}

static void
run_help(struct caller *caller, const struct cmdline *line)
{
	struct wbuf w;

	wbuf_init(&w, RESULT_MAX);
	help_one(line->cmd, caller->door, line->form, &w);
	caller->out(caller, OUT_STDOUT, (const char *)w.p, w.len);
	wbuf_free(&w);
	if (caller->door != DOOR_SHELL)
		caller->exit(caller, EX_OK);
}

static void
command_start(struct caller *caller, int rc, struct cmdline *line,
    char *why, size_t size)
{
	if (rc == EX_OK && line->help) {
		run_help(caller, line);
		cmdline_free(line);
		return;
	}
	if (rc == EX_OK)
		rc = command_allowed(line->cmd, caller->role, caller->door,
		    why, size);
	if (rc == EX_OK && caller->nruns >= CALLER_RUNS_MAX) {
		(void)snprintf(why, size, "%s: %d commands are still at "
		    "work; wait for one", line->cmd->name, CALLER_RUNS_MAX);
		rc = EX_TEMPFAIL;
	}
	if (rc != EX_OK) {
		cmdline_free(line);
		caller_refuse(caller, rc, why);
		return;
	}
	caller->hub->count.commands++;
	line->cmd->start(run_new(caller, line));
}

void
command_line(struct caller *caller, const char *s, size_t n)
{
	struct cmdline line;
	char why[512];
	int rc = cmdline_parse(commands, s, n, &line, why, sizeof(why));

	command_start(caller, rc, &line, why, sizeof(why));
}

void
command_words(struct caller *caller, const char *const *words, size_t n)
{
	struct cmdline line;
	char why[512];
	int rc = cmdline_from_words(commands, words, n, &line, why,
	    sizeof(why));

	command_start(caller, rc, &line, why, sizeof(why));
}

void
run_out(struct run *run, int stream, const char *s, size_t n)
{
	run->caller->out(run->caller, stream, s, n);
}

void
run_doc(struct run *run, const struct doc *d,
    void (*text)(const struct doc *, struct wbuf *))
{
	struct wbuf w;

	wbuf_init(&w, RESULT_MAX);
	if (run->line.form == DOC_JSON)
		doc_json(d, &w);
	else if (run->line.form == DOC_PLAIN)
		doc_plain(d, &w);
	else
		text(d, &w);
	run_out(run, OUT_STDOUT, (const char *)w.p, w.len);
	wbuf_free(&w);
}

void
run_verdict(struct run *run, const struct doc *d, int status)
{
	struct caller *caller = run->caller;
	struct wbuf w;

	if (status == EX_OK || run->line.form != DOC_TEXT) {
		run_doc(run, d, verdict_text);
		return;
	}
	wbuf_init(&w, RESULT_MAX);
	wbuf_printf(&w, caller->door == DOOR_SHELL ? "-- %s: " :
	    "micelio: %s: ", run->line.cmd->name);
	verdict_text(d, &w);
	run_out(run, caller->door == DOOR_SHELL ? OUT_STDOUT : OUT_STDERR,
	    (const char *)w.p, w.len);
	wbuf_free(&w);
}

void
run_done(struct run *run, int status)
{
	struct caller *caller = run->caller;

	run_free(run);
	if (caller->door != DOOR_SHELL)
		caller->exit(caller, status);
}

void
run_fail(struct run *run, int status, const char *fmt, ...)
{
	struct caller *caller = run->caller;
	char why[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	run_free(run);
	caller_refuse(caller, status, why);
}

void
run_input(struct run *run, const void *p, size_t n)
{
	if (!run->wants_input)
		return;
	if (run->import != NULL) {
		import_input(run, p, n);
		return;
	}
	if (n == 0) {
		run->wants_input = false;
		if (run->line.cmd->start == cmd_put)
			cmd_put_input(run);
		else
			cmd_say_input(run);
		return;
	}
	/* One byte more than is allowed tells that it is too much. */
	if (n > INPUT_MAX - run->in.len) {
		n = INPUT_MAX - run->in.len;
		run->in_over = true;
	}
	wbuf_bytes(&run->in, p, n);
}

static void
deadline_cb(evutil_socket_t fd, short what, void *arg)
{
	struct run *run = arg;

	(void)fd;
	(void)what;
	run->timeout(run);
}

void
run_deadline(struct run *run, unsigned int ms, void (*cb)(struct run *))
{
	struct timeval tv = { ms / 1000, ms % 1000 * 1000 };

	run->timeout = cb;
	if (run->deadline == NULL)
		run->deadline = evtimer_new(run->caller->hub->proc->base,
		    deadline_cb, run);
	if (run->deadline == NULL)
		fatalx("no memory for a timer");
	event_add(run->deadline, &tv);
}

static void
reader_gone(struct run *run)
{
	run_fail(run, EX_TEMPFAIL, "%s: nobody has read any of it for %d "
	    "minutes; it is not whole", run->line.cmd->name,
	    READER_MS / 60000);
}

void
run_when(struct run *run, size_t below, void (*more)(struct run *))
{
	struct caller *caller = run->caller;

	if (caller->untaken(caller) <= below) {
		more(run);
		return;
	}
	run->more = more;
	run->more_below = below;
	run_deadline(run, READER_MS, reader_gone);
}

void
caller_taken(struct caller *caller)
{
	size_t n = caller->untaken(caller);
	struct run *run, *next;

	TAILQ_FOREACH_SAFE(run, &caller->runs, entry, next) {
		void (*more)(struct run *) = run->more;

		if (more == NULL)
			continue;
		if (n > run->more_below) {
			run_deadline(run, READER_MS, reader_gone);
			continue;
		}
		event_del(run->deadline);
		run->more = NULL;
		more(run);
	}
}

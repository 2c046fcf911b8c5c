/* SPDX-License-Identifier: MIT */
/* The command table, and how a command of it begins. */
#include <stdio.h>
#include <sysexits.h>

#include "caller.h"
#include "cmdline.h"
#include "commands.h"
#include "cursor.h"
#include "help.h"
#include "moderate.h"
#include "role.h"
#include "run.h"
#include "sshd.h"

#define HELP_MAX	65536u

const struct command commands[] = {
	{ "help", "[COMMAND]", "what there is, or more about one command",
	    { "help", "help say" }, ROLE_USER, DOOR_ANY, .max_args = 1,
	    .start = cmd_help },
	{ "who", "", "who is here on this node",
	    { "who", "who --json" }, ROLE_USER, DOOR_ANY, .start = cmd_who },
	{ "whom", "", "who is here, on the whole mesh",
	    { "whom", "whom --json" }, ROLE_USER, DOOR_ANY,
	    .start = cmd_whom },
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
	{ "console", "[+EVENT|-EVENT...]", "which events you see here",
	    { "console", "console +peer -login" }, ROLE_OP, DOOR_SHELL,
	    .dashes = true, .max_args = CMD_ARGS_MAX, .start = cmd_console },
	{ "motd", "", "the message of the day, o/motd of the map",
	    { "motd", "motd --json" }, ROLE_USER, DOOR_ANY,
	    .start = cmd_motd },
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
	{ "ping", "NODE", "is it there: by a link, by way of others, or not",
	    { "ping 5647", "ping 192.0.2.10:4000 --json" }, ROLE_USER,
	    DOOR_ANY, .group = GROUP_NODE, .node = true, .min_args = 1,
	    .max_args = 1, .start = cmd_ping },
	{ "stats", "", "counters of all daemons, what was dropped and why",
	    { "stats", "stats --json" }, ROLE_USER, DOOR_ANY,
	    .group = GROUP_NODE, .start = cmd_stats },
	{ "metrics", "", "the same numbers for Prometheus, as text",
	    { "metrics", "metrics --json" }, ROLE_USER, DOOR_ANY,
	    .group = GROUP_NODE, .start = cmd_metrics },
	{ "tree", "", "the mesh from this node on, as far as it is known",
	    { "tree", "tree --json" }, ROLE_USER, DOOR_ANY,
	    .group = GROUP_NODE, .start = cmd_tree },
	{ "graph", "[--dot]", "its nodes and links, also for Graphviz, NetJSON",
	    { "graph --dot", "graph --json" }, ROLE_USER, DOOR_ANY,
	    .group = GROUP_NODE, .options = "--dot ", .start = cmd_graph },
	{ "map", "[--list] [--watch]", "a picture of the mesh; --list: in "
	    "words", { "map --list", "map --watch" }, ROLE_USER, DOOR_ANY,
	    .group = GROUP_NODE, .options = "--list --watch ",
	    .start = cmd_map },
	{ "top", "[--watch]", "what daemons and links are busy with now",
	    { "top", "top --watch" }, ROLE_USER, DOOR_ANY,
	    .group = GROUP_NODE, .options = "--watch ", .start = cmd_top },
	{ "kick", "WHO [REASON]", "end somebody's sessions on this node",
	    { "kick bob", "kick bob too loud" }, ROLE_OP, DOOR_ANY,
	    .group = GROUP_NODE, .changes = true, .nick = true,
	    .min_args = 1, .max_args = CMD_ARGS_MAX, .start = cmd_kick },
	{ "ban", "WHO|KEY|NET [TIME]", "let them in no more, for a time",
	    { "ban bob 2h", "ban 192.0.2.0/24" }, ROLE_OP, DOOR_ANY,
	    .group = GROUP_NODE, .changes = true, .nick = true,
	    .min_args = 1, .max_args = 2, .start = cmd_ban },
	{ "bans", "", "who is banned or muted, by whom, how long",
	    { "bans", "bans --json" }, ROLE_OP, DOOR_ANY,
	    .group = GROUP_NODE, .start = cmd_bans },
	{ "unban", "WHO|KEY|NET", "let them in again",
	    { "unban bob", "unban 192.0.2.0/24" }, ROLE_OP, DOOR_ANY,
	    .group = GROUP_NODE, .changes = true, .min_args = 1,
	    .max_args = 1, .start = cmd_unban },
	{ "mute", "WHO|KEY [TIME]", "take nothing they say; 10m if not said",
	    { "mute bob", "mute bob 1h" }, ROLE_OP, DOOR_ANY,
	    .group = GROUP_NODE, .changes = true, .nick = true,
	    .min_args = 1, .max_args = 2, .start = cmd_mute },
	{ "unmute", "WHO|KEY", "let them speak again",
	    { "unmute bob", "unmute SHA256:9aXw1hQ2mN5p" }, ROLE_OP, DOOR_ANY,
	    .group = GROUP_NODE, .changes = true, .min_args = 1,
	    .max_args = 1, .start = cmd_unmute },
	{ "key", "[ls|add LINE|rm WHO]", "which keys may log in, as what; "
	    "add or rm: for admins",
	    { "key add name=bob role=user ssh-ed25519 AAAA...",
	    "key rm bob" }, ROLE_OP, DOOR_ANY,
	    .group = GROUP_NODE, .changes = true, .max_args = CMD_ARGS_MAX,
	    .start = cmd_key },
	{ "log", "[LEVEL] [DAEMON] [--watch]", "what was logged lately, or is",
	    { "log warn", "log gossipd --watch" }, ROLE_OP, DOOR_ANY,
	    .group = GROUP_NODE, .max_args = 2, .options = "--watch ",
	    .start = cmd_log },
	{ "events", "[EVENT] [--watch]", "the same by the begin of its name",
	    { "events peer_", "events login --watch" }, ROLE_OP, DOOR_ANY,
	    .group = GROUP_NODE, .max_args = 1, .options = "--watch ",
	    .start = cmd_events },
	{ "why", "NODE|EVENT_ID", "what led to it, from cause to effect",
	    { "why 5647", "why gossipd-12" }, ROLE_OP, DOOR_ANY,
	    .group = GROUP_NODE, .node = true, .min_args = 1, .max_args = 1,
	    .start = cmd_why },
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
	{ "record", "", "what you type and read here, as it comes",
	    { "record", "record >talk.mic" }, ROLE_USER, DOOR_EXEC,
	    .streams = true, .start = cmd_record },
	{ "health", "", "one word, and why; exit 1 when it is \"unhealthy\"",
	    { "health", "health --json" }, ROLE_USER, DOOR_ANY,
	    .group = GROUP_NODE, .start = cmd_health },
	{ "retry", "NODE", "dial a configured peer that is down, now",
	    { "retry 5647", "retry eu.example.org:4000" }, ROLE_OP, DOOR_ANY,
	    .group = GROUP_NODE, .changes = true, .node = true, .min_args = 1,
	    .max_args = 1, .start = cmd_retry },
	{ "config", "", "the configuration in force, as a file",
	    { "config", "config --json" }, ROLE_OP, DOOR_ANY,
	    .group = GROUP_NODE, .start = cmd_config },
	{ "check", "", "is the configuration on the disk good to be read",
	    { "check", "check --json" }, ROLE_OP, DOOR_ANY,
	    .group = GROUP_NODE, .start = cmd_check },
	{ "reload", "", "read the configuration again, all or nothing",
	    { "reload", "reload --json" }, ROLE_OP, DOOR_ANY,
	    .group = GROUP_NODE, .changes = true, .start = cmd_reload },
	{ "uptime", "", "since when this node runs",
	    { "uptime", "uptime --json" }, ROLE_USER, DOOR_ANY,
	    .group = GROUP_NODE, .start = cmd_uptime },
	{ "version", "", "which micelio this is",
	    { "version", "version --json" }, ROLE_USER, DOOR_ANY,
	    .group = GROUP_NODE, .start = cmd_version },
	{ "clear", "", "clear your screen",
	    { "clear", "clear" }, ROLE_USER, DOOR_SHELL, .start = cmd_clear },
	{ "quit", "", "leave the partyline",
	    { "quit", "quit" }, ROLE_USER, DOOR_SHELL, .start = cmd_quit },
	{ .name = NULL }
};

static void
run_help(struct caller *caller, const struct cmdline *line)
{
	struct wbuf w;

	wbuf_init(&w, HELP_MAX);
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
	if (rc == EX_OK && line->cmd->talk && (line->cmd->changes ||
	    line->cmd->start == cmd_topic) &&
	    moderate_muted(caller, why, size))
		rc = EX_NOPERM;
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

/* SPDX-License-Identifier: MIT */
/*
 * Feeds: one byte for the way, then a command as it is typed, or its words
 * with NULs between them.
 * Holds: it is a command of the table with as many words as that takes, each
 * inside the line, or an exit status with a line of why that is safe to show.
 * Reads with: micelio-sshd/cmdline.c micelio-sshd/complete.c
 */
#include <sysexits.h>

#include "common/text.h"
#include "fuzz.h"
#include "micelio-sshd/cmdline.h"
#include "micelio-sshd/complete.h"
#include "micelio-sshd/room.h"

#define WORDS_MAX	40

static const struct command table[] = {
	{ .name = "say", .args = "TEXT", .help = "x", .role = ROLE_USER,
	    .doors = DOOR_ANY, .talk = true, .min_args = 1, .max_args = 1 },
	{ .name = "put", .args = "KEY VALUE", .help = "x", .role = ROLE_OP,
	    .doors = DOOR_ANY, .dashes = true, .min_args = 1, .max_args = 2,
	    .changes = true },
	{ .name = "peers", .args = "", .help = "x", .role = ROLE_USER,
	    .doors = DOOR_ANY, .options = "--watch --check " },
	{ .name = "ping", .args = "NODE", .help = "x", .role = ROLE_OP,
	    .doors = DOOR_SHELL, .node = true, .min_args = 1, .max_args = 1 },
	{ .name = "msg", .args = "NICK TEXT", .help = "x", .role = ROLE_USER,
	    .doors = DOOR_ANY, .nick = true, .talk = true, .min_args = 2,
	    .max_args = 2 },
	{ .name = "words", .args = "[WORD...]", .help = "x",
	    .role = ROLE_ADMIN, .doors = DOOR_EXEC,
	    .max_args = CMD_ARGS_MAX, .options = "--raw --list --dot " },
	{ .name = NULL },
};

static void
judge(int status, const struct cmdline *l, const char *why)
{
	char out[256];

	HOLDS(memchr(why, '\0', sizeof(out)) != NULL);
	if (status != EX_OK) {
		HOLDS(why[0] != '\0' && utf8_valid(why, strlen(why)));
		text_safe(why, strlen(why), out, sizeof(out), true);
		HOLDS(strncmp(out, why, sizeof(out) - 8) == 0);
		return;
	}
	HOLDS(l->cmd >= table && l->cmd->name != NULL);
	HOLDS(l->argc <= CMD_ARGS_MAX);
	for (size_t i = 0; i < l->argc; i++)
		HOLDS(strlen(l->argv[i]) <= CMD_LINE_MAX);
	if (!l->help && !l->cmd->talk)
		HOLDS(l->argc >= l->cmd->min_args &&
		    l->argc <= l->cmd->max_args);
	if (!l->help && l->cmd->talk && l->cmd->min_args > 0)
		HOLDS(l->text_len > 0);
}

static size_t
words_of(char *s, size_t n, const char **words)
{
	size_t k = 0;

	for (char *end = s + n; s < end && k < WORDS_MAX; s += strlen(s) + 1)
		words[k++] = s;
	return k;
}

static void
completed(const char *s, size_t n, size_t cursor)
{
	static const char nodes[2][NODEID_SHORT + 1] = { "0123456789ab",
	    "0123456789ac" };
	const struct completion_nodes linked = { nodes, 2 };
	static const struct room_ops ops;
	struct completion c;
	struct room room;

	room_init(&room, &ops, NULL);
	complete(table, &room, &linked, s, n, cursor, &c);
	HOLDS(c.start <= (cursor < n ? cursor : n) && c.n <= COMPLETE_MAX);
	for (size_t i = 1; i < c.n; i++)
		HOLDS(strcmp(c.v[i - 1], c.v[i]) <= 0);
	completion_free(&c);
}

FUZZ_TARGET(cmdline)(const uint8_t *data, size_t size)
{
	struct fuzz_in in = fuzz_begin(data, size);
	uint8_t way = fuzz_u8(&in);
	const char *words[WORDS_MAX];
	struct cmdline l = { 0 };
	char *s, why[256] = "";
	int status;

	s = malloc(in.left + 1);
	HOLDS(s != NULL);
	if (in.left > 0)
		memcpy(s, in.p, in.left);
	s[in.left] = '\0';
	if (way % 4 == 0)
		status = cmdline_from_words(table, words, words_of(s, in.left,
		    words), &l, why, sizeof(why));
	else
		status = cmdline_parse(table, s, in.left, &l, why,
		    sizeof(why));
	judge(status, &l, why);
	if (status == EX_OK)
		(void)command_allowed(l.cmd, ROLE_USER, DOOR_SHELL, why,
		    sizeof(why));
	cmdline_free(&l);
	completed(s, in.left, way / 4u);
	free(s);
	return 0;
}

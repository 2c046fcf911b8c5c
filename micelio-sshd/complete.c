/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmdline.h"
#include "complete.h"
#include "log.h"
#include "room.h"

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
add(struct completion *c, const char *before, const char *word,
    const char *after)
{
	char text[128];

	if (c->n == COMPLETE_MAX)
		return;
	(void)snprintf(text, sizeof(text), "%s%s%s", before, word, after);
	c->v[c->n++] = xstrdup(text);
}

static void
add_commands(struct completion *c, const struct command *t, const char *slash,
    const char *s, size_t n)
{
	for (; t->name != NULL; t++)
		if ((t->doors & DOOR_SHELL) != 0 &&
		    strncmp(t->name, s, n) == 0)
			add(c, slash, t->name, " ");
}

static void
add_options(struct completion *c, const struct command *cmd, const char *s,
    size_t n)
{
	static const char *const common[] = { "--json", "--plain", "--help" };

	for (size_t i = 0; i < 3; i++)
		if (strncmp(common[i], s, n) == 0)
			add(c, "", common[i], " ");
	if (cmd->options != NULL && strncmp(cmd->options, s, n) == 0)
		add(c, "", cmd->options, "");
}

static void
add_nicks(struct completion *c, const struct room *r, const char *after,
    const char *s, size_t n)
{
	struct member **v;
	size_t k = room_sorted(r, &v);

	for (size_t i = 0; i < k; i++)
		if (strncasecmp(v[i]->nick, s, n) == 0)
			add(c, "", v[i]->nick, after);
	free(v);
}

/* What may stand where the cursor is, in the arguments of a command. */
static void
add_arguments(struct completion *c, const struct command *t,
    const struct room *r, const struct completion_nodes *nodes,
    const char *line, const char *word, size_t n)
{
	size_t verb = strcspn(line + 1, " ");
	char why[256];
	const struct command *cmd = command_find(t, line + 1, verb, why,
	    sizeof(why));

	if (cmd == NULL)
		return;
	if (n > 0 && word[0] == '-')
		add_options(c, cmd, word, n);
	else if (strcmp(cmd->name, "help") == 0)
		add_commands(c, t, "", word, n);
	else if (cmd->talk || cmd->nick)
		add_nicks(c, r, " ", word, n);
	else if (cmd->node)
		for (size_t i = 0; i < nodes->n; i++)
			if (strncasecmp(nodes->v[i], word, n) == 0)
				add(c, "", nodes->v[i], " ");
}

void
complete(const struct command *t, const struct room *r,
    const struct completion_nodes *nodes, const char *line, size_t len,
    size_t cursor, struct completion *c)
{
	char *s;
	size_t start;

	memset(c, 0, sizeof(*c));
	if (cursor > len)
		cursor = len;
	s = xcalloc(1, cursor + 1);
	memcpy(s, line, cursor);
	for (start = cursor; start > 0 && s[start - 1] != ' ';)
		start--;
	c->start = (uint16_t)start;
	if (memchr(s, '\0', cursor) != NULL || cursor > UINT16_MAX)
		;	/* not a line of text */
	else if (s[0] == '/' && start == 0)
		add_commands(c, t, "/", s + 1, cursor - 1);
	else if (s[0] == '/' && s[1] != '/')
		add_arguments(c, t, r, nodes, s, s + start, cursor - start);
	else
		add_nicks(c, r, start == 0 ? ": " : " ", s + start,
		    cursor - start);
	free(s);
	if (c->n > 0)
		qsort(c->v, c->n, sizeof(c->v[0]), by_text);
}

void
completion_free(struct completion *c)
{
	for (size_t i = 0; i < c->n; i++)
		free(c->v[i]);
	c->n = 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * The grammar: verb, words, options.  The same for the partyline, for
 * ssh NODE VERB and for micelioctl.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "cmdline.h"
#include "doc.h"
#include "log.h"
#include "role.h"
#include "text.h"

#define NAMES_MAX	64

/* What people's fingers know from elsewhere. */
static const char *const spellings[][2] = {
	{ "names", "who" }, { "exit", "quit" }, { "bye", "quit" },
	{ "?", "help" }, { "list", "rooms" }, { "j", "join" }, { "w", "who" },
	{ "m", "msg" }, { "r", "reply" },
};

static bool
blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static const struct command *
find_exact(const struct command *t, const char *s, size_t n)
{
	for (; t->name != NULL; t++)
		if (strlen(t->name) == n && memcmp(t->name, s, n) == 0)
			return t;
	return NULL;
}

static const struct command *
find_spelling(const struct command *t, const char *s, size_t n)
{
	for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++)
		if (strlen(spellings[i][0]) == n &&
		    memcmp(spellings[i][0], s, n) == 0)
			return find_exact(t, spellings[i][1],
			    strlen(spellings[i][1]));
	return NULL;
}

/* Commands that begin so, as a list for people. */
static unsigned int
find_prefix(const struct command *t, const char *s, size_t n,
    const struct command **one, char *list, size_t size)
{
	unsigned int found = 0;
	size_t used = 0;

	list[0] = '\0';
	for (; t->name != NULL && n > 0; t++) {
		if (strncmp(t->name, s, n) != 0)
			continue;
		*one = t;
		if (used < size)
			used += (size_t)snprintf(list + used, size - used,
			    "%s%s", found > 0 ? ", " : "", t->name);
		found++;
	}
	return found;
}

static void
unknown_text(const struct command *t, const char *s, size_t n, char *why,
    size_t size)
{
	const char *names[NAMES_MAX], *near;
	char word[64], safe[256];
	size_t k = 0;

	for (; t->name != NULL && k + 1 < NAMES_MAX; t++)
		names[k++] = t->name;
	names[k] = NULL;
	(void)snprintf(word, sizeof(word), "%.*s", (int)n, s);
	text_safe(s, n < 48 ? n : 48, safe, sizeof(safe), true);
	near = text_nearest(word, names);
	if (near != NULL)
		(void)snprintf(why, size, "unknown command \"%s\"; did you "
		    "mean \"%s\"? help lists them all", safe, near);
	else
		(void)snprintf(why, size, "unknown command \"%s\"; help "
		    "lists them all", safe);
}

const struct command *
command_find(const struct command *t, const char *s, size_t n, char *why,
    size_t size)
{
	const struct command *c = find_exact(t, s, n), *one = NULL;
	unsigned int found;
	char list[256];

	if (c == NULL)
		c = find_spelling(t, s, n);
	if (c != NULL)
		return c;
	found = find_prefix(t, s, n, &one, list, sizeof(list));
	if (found == 1 && !one->changes)
		return one;
	if (found == 1)
		(void)snprintf(why, size, "\"%.*s\": write \"%s\" in full, "
		    "because it changes something", (int)n, s, one->name);
	else if (found > 1)
		(void)snprintf(why, size, "\"%.*s\" could be: %s", (int)n, s,
		    list);
	else
		unknown_text(t, s, n, why, size);
	return NULL;
}

/* 1: taken, 0: not an option, -1: unknown (why). */
static int
option_take(struct cmdline *l, const char *s, size_t n, char *why,
    size_t size)
{
	char word[64], safe[256], spaced[66];

	if (n < 2 || s[0] != '-' || n >= sizeof(word))
		return 0;
	(void)snprintf(word, sizeof(word), "%.*s", (int)n, s);
	if (strcmp(word, "--json") == 0)
		l->form = DOC_JSON;
	else if (strcmp(word, "--plain") == 0)
		l->form = DOC_PLAIN;
	else if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
		l->help = true;
	else {
		(void)snprintf(spaced, sizeof(spaced), "%s ", word);
		if (l->cmd->options != NULL &&
		    strstr(l->cmd->options, spaced) != NULL) {
			if (strcmp(word, "--check") == 0)
				l->check = true;
			if (strcmp(word, "--raw") == 0)
				l->raw = true;
			if (strcmp(word, "--watch") == 0)
				l->watch = true;
			if (strcmp(word, "--dot") == 0)
				l->dot = true;
			if (strcmp(word, "--list") == 0)
				l->list = true;
			return 1;
		}
		if (l->cmd->talk || (l->cmd->dashes && s[1] != '-'))
			return 0;	/* people say "-1" and "--" */
		text_safe(word, strlen(word), safe, sizeof(safe), true);
		(void)snprintf(why, size, "%s: unknown option \"%s\"; want "
		    "%s--json or --plain", l->cmd->name, safe,
		    l->cmd->options == NULL ? "" : l->cmd->options);
		return -1;
	}
	return 1;
}

static int
count_check(const struct cmdline *l, char *why, size_t size)
{
	const struct command *c = l->cmd;

	if (l->help)
		return EX_OK;
	if (c->talk && l->text_len == 0 && c->min_args > 0) {
		(void)snprintf(why, size, "%s: what? usage: %s %s", c->name,
		    c->name, c->args);
		return EX_USAGE;
	}
	if (c->talk)
		return EX_OK;
	if (l->argc < c->min_args || l->argc > c->max_args) {
		(void)snprintf(why, size, "%s: %s; usage: %s%s%s", c->name,
		    l->argc < c->min_args ? "something is missing" :
		    "too many words", c->name, c->args[0] == '\0' ? "" : " ",
		    c->args);
		return EX_USAGE;
	}
	return EX_OK;
}

/* The next word, cut in place; quotes group.  NULL at the end. */
static char *
word_next(char **sp, bool *open)
{
	char *s = *sp, *out, *start;
	bool quoted = false;

	while (blank(*s))
		s++;
	if (*s == '\0')
		return NULL;
	for (out = start = s; *s != '\0' && (quoted || !blank(*s)); s++) {
		if (*s == '"')
			quoted = !quoted;
		else if (*s == '\\' && s[1] == '"')
			*out++ = *++s;
		else
			*out++ = *s;
	}
	*open = quoted;
	*sp = *s == '\0' ? s : s + 1;
	*out = '\0';
	return start;
}

static int
words_parse(struct cmdline *l, char *s, char *why, size_t size)
{
	bool open = false, words_only = false;
	char *w;
	int rc;

	while ((w = word_next(&s, &open)) != NULL) {
		if (open) {
			(void)snprintf(why, size, "%s: a quote is not closed",
			    l->cmd->name);
			return EX_USAGE;
		}
		if (!words_only && strcmp(w, "--") == 0) {
			words_only = true;
			continue;
		}
		rc = words_only ? 0 : option_take(l, w, strlen(w), why, size);
		if (rc == -1)
			return EX_USAGE;
		if (rc == 1)
			continue;
		if (l->argc == CMD_ARGS_MAX) {
			(void)snprintf(why, size, "%s: more than %d words",
			    l->cmd->name, CMD_ARGS_MAX);
			return EX_USAGE;
		}
		l->argv[l->argc++] = w;
	}
	return count_check(l, why, size);
}

/* Options first, then everything else as it is. */
static int
text_parse(struct cmdline *l, const char *s, size_t n, char *why, size_t size)
{
	size_t k;

	for (;;) {
		while (n > 0 && blank(*s)) {
			s++;
			n--;
		}
		for (k = 0; k < n && !blank(s[k]); k++)
			;
		if (k == 2 && memcmp(s, "--", 2) == 0) {
			s += 2;
			n -= 2;
			while (n > 0 && blank(*s)) {
				s++;
				n--;
			}
			break;
		}
		if (option_take(l, s, k, why, size) != 1)
			break;
		s += k;
		n -= k;
	}
	while (n > 0 && blank(s[n - 1]))
		n--;
	l->text = s;
	l->text_len = n;
	return count_check(l, why, size);
}

int
cmdline_parse(const struct command *table, const char *s, size_t n,
    struct cmdline *l, char *why, size_t size)
{
	size_t k;

	memset(l, 0, sizeof(*l));
	while (n > 0 && blank(*s)) {
		s++;
		n--;
	}
	for (k = 0; k < n && !blank(s[k]); k++)
		;
	if (n > CMD_LINE_MAX) {
		(void)snprintf(why, size, "the line has %zu bytes, the limit "
		    "is %u", n, CMD_LINE_MAX);
		return EX_DATAERR;
	}
	if (memchr(s, '\0', n) != NULL) {
		(void)snprintf(why, size, "the line holds a NUL byte");
		return EX_DATAERR;
	}
	if (k == 0) {
		(void)snprintf(why, size, "no command; help lists them");
		return EX_USAGE;
	}
	if ((l->cmd = command_find(table, s, k, why, size)) == NULL)
		return EX_USAGE;
	l->buf = xcalloc(1, n - k + 1);
	memcpy(l->buf, s + k, n - k);
	if (l->cmd->talk)
		return text_parse(l, l->buf, n - k, why, size);
	return words_parse(l, l->buf, why, size);
}

int
cmdline_from_words(const struct command *table, const char *const *words,
    size_t n, struct cmdline *l, char *why, size_t size)
{
	size_t total = 1;
	bool words_only = false;
	char *p;
	int rc;

	memset(l, 0, sizeof(*l));
	if (n == 0) {
		(void)snprintf(why, size, "no command; help lists them");
		return EX_USAGE;
	}
	l->cmd = command_find(table, words[0], strlen(words[0]), why, size);
	if (l->cmd == NULL)
		return EX_USAGE;
	for (size_t i = 1; i < n; i++)
		total += strlen(words[i]) + 1;
	p = l->buf = xcalloc(1, total);
	for (size_t i = 1; i < n; i++) {
		size_t k = strlen(words[i]);

		memcpy(p, words[i], k);
		p[k] = l->cmd->talk && i + 1 < n ? ' ' : '\0';
		if (!l->cmd->talk && !words_only && strcmp(p, "--") == 0)
			words_only = true;
		else if (!l->cmd->talk) {
			rc = words_only ? 0 : option_take(l, p, k, why, size);
			if (rc == -1)
				return EX_USAGE;
			if (rc == 0 && l->argc == CMD_ARGS_MAX) {
				(void)snprintf(why, size,
				    "%s: more than %d words", l->cmd->name,
				    CMD_ARGS_MAX);
				return EX_USAGE;
			}
			if (rc == 0)
				l->argv[l->argc++] = p;
		}
		p += k + 1;
	}
	if (l->cmd->talk)
		return text_parse(l, l->buf, n == 1 ? 0 : total - 2, why,
		    size);
	return count_check(l, why, size);
}

void
cmdline_free(struct cmdline *l)
{
	free(l->buf);
	memset(l, 0, sizeof(*l));
}

const char *
command_where(const struct command *c)
{
	if ((c->doors & DOOR_SHELL) != 0)
		return "in the partyline";
	if ((c->doors & DOOR_CONTROL) != 0)
		return "as a command (ssh NODE, micelioctl)";
	return "as a command by ssh (ssh NODE)";
}

int
command_allowed(const struct command *c, enum role role, enum door door,
    char *why, size_t size)
{
	if ((c->doors & door) == 0) {
		(void)snprintf(why, size, "%s: works %s only", c->name,
		    command_where(c));
		return EX_USAGE;
	}
	if (role < c->role) {
		(void)snprintf(why, size, "%s: needs the role %s, you have "
		    "%s; an admin of the node can grant it (role=\"%s\" in "
		    "authorized_keys)", c->name, role_name(c->role),
		    role_name(role), role_name(c->role));
		return EX_NOPERM;
	}
	return EX_OK;
}

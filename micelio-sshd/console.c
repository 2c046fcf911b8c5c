/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "console.h"
#include "logring.h"
#include "text.h"

static void
drop(struct console *c, size_t i)
{
	memmove(c->rule[i], c->rule[i + 1], (c->n - i - 1) *
	    sizeof(c->rule[0]));
	c->n--;
}

bool
console_set(struct console *c, const char *rule, char *why, size_t size)
{
	bool all = strcmp(rule + (rule[0] != '\0'), "all") == 0;
	struct logwant want;

	if ((rule[0] != '+' && rule[0] != '-') || rule[1] == '\0' ||
	    strlen(rule) >= CONSOLE_RULE_MAX) {
		(void)snprintf(why, size, "want + or - and the begin of an "
		    "event's name, or all; for example +peer -peer_up");
		return false;
	}
	if (!all && !logwant_events(&want, rule + 1, why, size))
		return false;
	/* What is said of all ends what was said before. */
	for (size_t i = c->n; i-- > 0;)
		if (all || strcmp(c->rule[i] + 1, rule + 1) == 0)
			drop(c, i);
	if (strcmp(rule, "-all") == 0)
		return true;
	if (c->n == CONSOLE_RULES_MAX) {
		(void)snprintf(why, size, "there are %u rules, the limit; "
		    "-all ends them", CONSOLE_RULES_MAX);
		return false;
	}
	text_copy(c->rule[c->n++], rule, CONSOLE_RULE_MAX);
	return true;
}

bool
console_sees(const struct console *c, const char *event)
{
	const char *what;

	for (size_t i = c->n; i-- > 0;) {
		what = c->rule[i] + 1;
		if (strcmp(what, "all") == 0 ||
		    strncmp(event, what, strlen(what)) == 0)
			return c->rule[i][0] == '+';
	}
	return false;
}

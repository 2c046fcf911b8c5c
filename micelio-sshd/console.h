/* SPDX-License-Identifier: MIT */
/* Which events of the daemons somebody sees in the partyline. */
#ifndef MICELIO_SSHD_CONSOLE_H
#define MICELIO_SSHD_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>

#define CONSOLE_RULES_MAX	16u
#define CONSOLE_RULE_MAX	40u

/*
 * "+peer" or "-peer_up": events whose name begins so, or "+all"; of those
 * that fit an event the last counts, and without one it is not seen.
 */
struct console {
	char	 rule[CONSOLE_RULES_MAX][CONSOLE_RULE_MAX];
	size_t	 n;
};

/* Take a rule; false with a line for people in why. */
bool	 console_set(struct console *, const char *rule, char *why, size_t);
bool	 console_sees(const struct console *, const char *event);

#endif

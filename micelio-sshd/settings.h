/* SPDX-License-Identifier: MIT */
/* What each may set for themselves. */
#ifndef MICELIO_SSHD_SETTINGS_H
#define MICELIO_SSHD_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BELL_OFF, BELL_MENTION, BELL_ALL };
enum { JOINS_AUTO, JOINS_ALL, JOINS_OFF };
#define TZ_LOCAL	(24 * 60)	/* of the node; else minutes east */
#define SETTINGS_N	8u
#define SETTING_TEXT_MAX 32u

struct settings {
	int	 time, bell, color, plain, joins, width, paste, tz;
};
void	 settings_default(struct settings *);
/* By index: the word, what it may be, what it does, how it stands. */
const char *setting_name(size_t);
const char *setting_want(size_t);
const char *setting_help(size_t);
const char *setting_text(const struct settings *, size_t,
	    char out[SETTING_TEXT_MAX]);
int	 setting_index(const char *name);	/* -1: there is none */
/* False with a line for people in why. */
bool	 setting_set(struct settings *, const char *name, const char *value,
	    char *why, size_t);
/* Seconds east of UTC for this reader; local: of the node. */
int32_t	 settings_offset(const struct settings *, int32_t local);

#endif

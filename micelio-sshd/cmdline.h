/* SPDX-License-Identifier: MIT */
/* The one grammar of commands. */
#ifndef MICELIO_SSHD_CMDLINE_H
#define MICELIO_SSHD_CMDLINE_H

#include <stdbool.h>
#include <stddef.h>

#include "doc.h"
#include "imsg_types.h"
#include "role.h"

struct run;

#define CMD_ARGS_MAX	32
#define CMD_LINE_MAX	(CHAT_TEXT_MAX + 1024)

enum door { DOOR_SHELL = 1, DOOR_EXEC = 2, DOOR_CONTROL = 4 };
#define DOOR_ANY	(DOOR_SHELL | DOOR_EXEC | DOOR_CONTROL)

/* Under which heading the partyline's help names it. */
enum command_group { GROUP_TALK, GROUP_NODE, GROUP_MAP };

struct command {
	const char	*name;
	const char	*args;		/* "TEXT", "[--check]" */
	const char	*help;		/* one line */
	const char	*examples[2];	/* without the / */
	enum role	 role;
	unsigned int	 doors;
	enum command_group group;	/* GROUP_TALK unless said */
	bool		 changes;	/* no abbreviation */
	bool		 talk;		/* the rest is text, not words */
	bool		 dashes;	/* "-word" is a word of it */
	bool		 node;		/* its word names another node */
	bool		 nick;		/* its word names a person */
	bool		 streams;	/* goes on until the reader leaves */
	bool		 slow;		/* may take minutes, with good reason */
	unsigned int	 min_args, max_args;
	const char	*options;	/* own ones: "--check " */
	void		(*start)(struct run *);
};

struct cmdline {
	const struct command	*cmd;
	char			*buf;		/* owns the words */
	const char		*argv[CMD_ARGS_MAX];
	size_t			 argc;
	const char		*text;		/* of a talk command */
	size_t			 text_len;
	enum doc_form		 form;
	bool			 check, raw, watch, dot, list;
	bool			 help;		/* --help */
};

/*
 * Find a command by name, unique abbreviation or IRC spelling.  NULL with a
 * line for people in why.
 */
const struct command *command_find(const struct command *table, const char *,
	    size_t, char *why, size_t);
/*
 * Cut "verb args" (without '/'): words at white space, "double quotes"
 * group; of a talk command the rest is taken as it is.  Returns EX_OK, or an
 * exit status with a line in why.  cmdline_free() in any case.
 */
int	 cmdline_parse(const struct command *table, const char *, size_t,
	    struct cmdline *, char *why, size_t);
/* The same of words already cut; a talk command's are joined by spaces. */
int	 cmdline_from_words(const struct command *table,
	    const char *const *words, size_t n, struct cmdline *, char *why,
	    size_t);
void	 cmdline_free(struct cmdline *);
/* May it run here?  EX_OK, or the exit status and why. */
int	 command_allowed(const struct command *, enum role, enum door,
	    char *why, size_t);
/* Where one runs that does not run everywhere, in words. */
const char *command_where(const struct command *);

#endif

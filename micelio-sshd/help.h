/* SPDX-License-Identifier: MIT */
/* What people are told of the commands there are. */
#ifndef MICELIO_SSHD_HELP_H
#define MICELIO_SSHD_HELP_H

#include "cmdline.h"

struct wbuf;

/* The commands of a door, and this as text with a line for each. */
void	 help_list(const struct command *table, enum door, struct doc *);
void	 help_list_text(const struct doc *, struct wbuf *);
/* The names of those of the partyline, by group: fits 24 rows of 80. */
void	 help_shell_text(const struct command *table, struct wbuf *);
/* All about one; DOC_PLAIN is as DOC_TEXT, there are no rows in it. */
void	 help_one(const struct command *, enum door, enum doc_form,
	    struct wbuf *);

#endif

/* SPDX-License-Identifier: MIT */
/* A line editor, and all that it calls written down. */
#ifndef MICELIO_TESTS_SESSION_EDITRIG_H
#define MICELIO_TESTS_SESSION_EDITRIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lineedit.h"

struct seen {
	char	 log[8192];	/* "line(text) ", in order */
	size_t	 len;
	size_t	 biggest;	/* text of a call */
	uint32_t complete_id;
	bool	 valid;		/* UTF-8, all of it */
};

/* lineedit_free() is the caller's. */
void	 edit_start(struct lineedit *, struct seen *);
/* The log is empty again. */
void	 edit_forget(struct seen *);
void	 edit_type(struct lineedit *, const char *keys, uint64_t now);
/* The line with '|' where the cursor is. */
void	 assert_line(const struct lineedit *, const char *want);

#endif

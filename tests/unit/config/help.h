/* SPDX-License-Identifier: MIT */
/* What the tests of the configuration share. */
#ifndef TESTS_CONFIG_HELP_H
#define TESTS_CONFIG_HELP_H

#include "../common/t.h"

#include "config_load.h"
#include "config_parse.h"

/* A text read in this process; HOME is /home/ann. */
struct reading {
	struct conf	conf;
	struct problems	problems;
	uint32_t	given;
	bool		ok;
};

void	reading_of(struct reading *, const char *text);
void	reading_of_bytes(struct reading *, const void *, size_t);
void	reading_free(struct reading *);
/* The one problem of a text is line (without "t.conf:"). */
void	expect_problem(const char *text, const char *line);
void	expect_good(const char *text);
/* Every setting of two configurations is equal. */
void	expect_equal(const struct conf *, const struct conf *);
/* A whole file, terminated; NULL when there is none. */
char	*file_text(const char *path, size_t *len);

#endif

/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "help.h"

void
reading_of_bytes(struct reading *r, const void *buf, size_t len)
{
	struct config_text text = { "t.conf", "/home/ann", buf, len };

	memset(r, 0, sizeof(*r));
	conf_init(&r->conf);
	problems_init(&r->problems, text.name);
	r->ok = config_parse(&text, &r->conf, &r->given, &r->problems);
	assert_int_equal(r->ok, r->problems.n == 0);
}

void
reading_of(struct reading *r, const char *text)
{
	reading_of_bytes(r, text, strlen(text));
}

void
reading_free(struct reading *r)
{
	conf_free(&r->conf);
	problems_free(&r->problems);
}

void
expect_problem(const char *text, const char *line)
{
	struct reading r;

	reading_of(&r, text);
	assert_int_equal(r.problems.n, 1);
	assert_memory_equal(r.problems.v[0].text, "t.conf:", 7);
	assert_string_equal(r.problems.v[0].text + 7, line);
	reading_free(&r);
}

void
expect_good(const char *text)
{
	struct reading r;

	reading_of(&r, text);
	if (!r.ok)
		fail_msg("%s", r.problems.v[0].text);
	reading_free(&r);
}

void
expect_equal(const struct conf *a, const struct conf *b)
{
	for (const struct conf_setting *s = conf_settings; s->key != 0; s++)
		if (conf_differs(a, b, s))
			fail_msg("setting %d (%s) differs", (int)s->key,
			    s->name == NULL ? "internal" : s->name);
}

char *
file_text(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	char *buf;

	if (f == NULL)
		return NULL;
	buf = calloc(1, CONFIG_FILE_MAX + 2);
	assert_non_null(buf);
	*len = fread(buf, 1, CONFIG_FILE_MAX + 1, f);
	fclose(f);
	return buf;
}

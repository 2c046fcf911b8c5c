/* SPDX-License-Identifier: MIT */
/*
 * Feeds: the text of a configuration file.
 * Holds: it is good, or there is at least one line of what is wrong, in the
 * order of the file, safe for a terminal; a good one is printed (-nv) as a
 * text that is good and gives the same, and libconfig finds nothing that the
 * scan before it has not found.
 * Reads with: micelio/config_lex.c micelio/config_scan.c
 * micelio/config_parse.c micelio/config_value.c
 */
#include "common/text.h"
#include "fuzz.h"
#include "micelio/config_load.h"
#include "micelio/config_parse.h"

static void
lines_good(const struct problems *bad, const uint8_t *data, size_t size)
{
	static const char form[] = ", want the form";
	bool quoted = memmem(data, size, form, sizeof(form) - 1) != NULL;
	unsigned int lines = 1;

	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n';
	for (size_t i = 0; i < bad->n; i++) {
		const struct problem *p = &bad->v[i];

		HOLDS(p->line <= lines);
		HOLDS(i == 0 || p[-1].line <= p->line);
		HOLDS(strlen(p->text) < CONFIG_LINE_MAX);
		HOLDS(utf8_valid(p->text, strlen(p->text)));
		HOLDS(strpbrk(p->text, "\n\r\033") == NULL);
		HOLDS(quoted || strstr(p->text, form) == NULL);
	}
}

static bool
parse(const void *data, size_t size, struct conf *c)
{
	struct config_text text = { "t.conf", "/home/ann", data, size };
	struct problems bad;
	uint32_t given = 0;
	bool ok;

	conf_init(c);
	problems_init(&bad, text.name);
	ok = config_parse(&text, c, &given, &bad);
	HOLDS(ok == (bad.n == 0));
	lines_good(&bad, data, size);
	problems_free(&bad);
	return ok;
}

FUZZ_TARGET(config)(const uint8_t *data, size_t size)
{
	struct conf c, again;
	char *text = NULL;
	size_t len = 0;
	FILE *f;

	if (parse(data, size, &c)) {
		if (c.data_dir[0] == '\0')
			snprintf(c.data_dir, sizeof(c.data_dir), "/x");
		f = open_memstream(&text, &len);
		HOLDS(f != NULL && config_print(f, &c) == 0);
		fclose(f);
		HOLDS(parse(text, len, &again));
		for (const struct conf_setting *s = conf_settings; s->key != 0;
		    s++)
			HOLDS(!conf_differs(&c, &again, s));
		conf_free(&again);
		free(text);
	}
	conf_free(&c);
	return 0;
}

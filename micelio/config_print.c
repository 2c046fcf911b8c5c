/* SPDX-License-Identifier: MIT */
/* -nv: the configuration in force, as a file that reads back equal. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "config_parse.h"
#include "mtime.h"

static void	print_setting(FILE *, const struct conf *,
		    const struct conf_setting *, const char *);
static void	print_range(FILE *, const struct conf_setting *);
static void	print_list(FILE *, const struct strlist *);
static void	print_text(FILE *, const char *);

int
config_print(FILE *f, const struct conf *c)
{
	const struct conf_setting *s;
	char group[32] = "";

	fputs("# Micelio: the configuration in force.\n", f);
	for (s = conf_settings; s->key != 0; s++) {
		size_t n = s->name == NULL ? 0 : strcspn(s->name, ".");

		if (n == 0)
			continue;
		if (strlen(group) != n || strncmp(group, s->name, n) != 0) {
			if (group[0] != '\0')
				fputs("};\n", f);
			snprintf(group, sizeof(group), "%.*s", (int)n, s->name);
			fprintf(f, "\n%s = {\n", group);
		}
		print_setting(f, c, s, s->name + n + 1);
	}
	fputs("};\n", f);
	for (size_t i = 0; i < c->nameservers.n; i++)
		fprintf(f, "# name server (/etc/resolv.conf): %s\n",
		    c->nameservers.v[i]);
	return fflush(f) == 0 && !ferror(f) ? 0 : -1;
}

static void
print_setting(FILE *f, const struct conf *c, const struct conf_setting *s,
    const char *leaf)
{
	char text[TIME_TEXT_MAX];

	fprintf(f, "\t# %s", s->help);
	print_range(f, s);
	fprintf(f, "\n\t%s = ", leaf);
	switch (s->type) {
	case CONF_T_STRING:
		print_text(f, conf_str(c, s));
		break;
	case CONF_T_INT:
		fprintf(f, "%" PRIu32, *conf_int(c, s));
		break;
	case CONF_T_DURATION:
		print_text(f, duration_text(*conf_ms(c, s), text));
		break;
	case CONF_T_LIST:
		print_list(f, conf_list(c, s));
		break;
	case CONF_T_LEVEL:
		print_text(f, log_level_name(c->logging_level));
		break;
	case CONF_T_FORMAT:
		print_text(f, c->logging_format == LOG_JSON ? "json" : "text");
		break;
	}
	fputs(";\n", f);
}

static void
print_range(FILE *f, const struct conf_setting *s)
{
	char low[32], high[32];

	if (s->type == CONF_T_INT)
		fprintf(f, " (%" PRIu64 "..%" PRIu64 ")", s->min, s->max);
	else if (s->type == CONF_T_DURATION)
		fprintf(f, " (%s..%s)", want_span(s->min, low),
		    want_span(s->max, high));
}

static void
print_list(FILE *f, const struct strlist *l)
{
	fputc('(', f);
	for (size_t i = 0; i < l->n; i++) {
		fputs(i == 0 ? " " : ",\n\t    ", f);
		print_text(f, l->v[i]);
	}
	fputs(l->n > 0 ? " )" : ")", f);
}

/* No text of a configuration has control characters. */
static void
print_text(FILE *f, const char *s)
{
	fputc('"', f);
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			fputc('\\', f);
		fputc(*s, f);
	}
	fputc('"', f);
}

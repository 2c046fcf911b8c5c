/* SPDX-License-Identifier: MIT */
/* What each may set for themselves. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "settings.h"
#include "text.h"

static const char *const on_off[] = { "off", "on", NULL };
static const char *const bells[] = { "off", "mention", "all", NULL };
static const char *const joins[] = { "auto", "all", "off", NULL };

enum kind { WORD, COLUMNS, ZONE };
static const struct {
	const char		*name, *want, *help;
	enum kind		 kind;
	const char *const	*words;
	size_t			 offset;
	int			 first;		/* the default */
} table[SETTINGS_N] = {
#define AT(field)	offsetof(struct settings, field)
	{ "time", "on or off", "the time before each line", WORD, on_off,
	    AT(time), 1 },
	{ "bell", "off, mention or all", "the terminal's bell for lines",
	    WORD, bells, AT(bell), BELL_OFF },
	{ "color", "on or off", "your own nick stands out in lines", WORD,
	    on_off, AT(color), 0 },
	{ "plain", "on or off", "no line is ever drawn again", WORD, on_off,
	    AT(plain), 0 },
	{ "joins", "auto, all or off", "who comes and goes; auto: in a "
	    "crowd only who spoke lately", WORD, joins, AT(joins),
	    JOINS_AUTO },
	{ "width", "0, or 20 to 500 columns; 0: as the terminal says",
	    "columns to draw in", COLUMNS, NULL, AT(width), 0 },
	{ "paste", "on or off", "several lines pasted are one message",
	    WORD, on_off, AT(paste), 1 },
	{ "tz", "local, utc, or an offset as +01:00", "zone of the times "
	    "shown", ZONE, NULL, AT(tz), TZ_LOCAL },
#undef AT
};

static int *
value_at(struct settings *s, size_t i)
{
	return (int *)(void *)((char *)s + table[i].offset);
}

void
settings_default(struct settings *s)
{
	for (size_t i = 0; i < SETTINGS_N; i++)
		*value_at(s, i) = table[i].first;
}

const char *
setting_name(size_t i)
{
	return table[i].name;
}

const char *
setting_help(size_t i)
{
	return table[i].help;
}

const char *
setting_want(size_t i)
{
	return table[i].want;
}

const char *
setting_text(const struct settings *s, size_t i, char out[SETTING_TEXT_MAX])
{
	int v = *(const int *)(const void *)((const char *)s +
	    table[i].offset);

	if (table[i].kind == WORD)
		return table[i].words[v];
	if (table[i].kind == COLUMNS)
		(void)snprintf(out, SETTING_TEXT_MAX, "%d", v);
	else if (v == TZ_LOCAL || v == 0)
		return v == 0 ? "utc" : "local";
	else
		(void)snprintf(out, SETTING_TEXT_MAX, "%c%02d:%02d",
		    v < 0 ? '-' : '+', abs(v) / 60, abs(v) % 60);
	return out;
}

static bool
digits2(const char *s, int *v)
{
	if (s[0] < '0' || s[0] > '9' || s[1] < '0' || s[1] > '9')
		return false;
	*v = (s[0] - '0') * 10 + s[1] - '0';
	return true;
}

/* Minutes east. */
static bool
zone_parse(const char *s, int *v)
{
	int h, m;

	if (strcmp(s, "local") == 0)
		*v = TZ_LOCAL;
	else if (strcmp(s, "utc") == 0 || strcmp(s, "UTC") == 0)
		*v = 0;
	else if (strlen(s) == 6 && (s[0] == '+' || s[0] == '-') &&
	    s[3] == ':' && digits2(s + 1, &h) && digits2(s + 4, &m) &&
	    h <= 14 && m < 60)
		*v = (s[0] == '-' ? -1 : 1) * (h * 60 + m);
	else
		return false;
	return true;
}

static bool
value_parse(size_t i, const char *s, int *v)
{
	long n;
	char *end;

	if (table[i].kind == ZONE)
		return zone_parse(s, v);
	if (table[i].kind == COLUMNS) {
		n = strtol(s, &end, 10);
		if (s[0] < '0' || s[0] > '9' || *end != '\0' ||
		    (n != 0 && (n < 20 || n > 500)))
			return false;
		*v = (int)n;
		return true;
	}
	for (*v = 0; table[i].words[*v] != NULL; ++*v)
		if (strcmp(table[i].words[*v], s) == 0)
			return true;
	return false;
}

int
setting_index(const char *name)
{
	for (size_t i = 0; i < SETTINGS_N; i++)
		if (strcmp(table[i].name, name) == 0)
			return (int)i;
	return -1;
}

bool
setting_set(struct settings *s, const char *name, const char *value,
    char *why, size_t size)
{
	char safe[128];
	int i = setting_index(name), v;

	text_safe(i == -1 ? name : value, strlen(i == -1 ? name : value) < 20 ?
	    strlen(i == -1 ? name : value) : 20, safe, sizeof(safe), true);
	if (i == -1) {
		(void)snprintf(why, size, "there is no setting \"%s\"; there "
		    "are time, bell, color, plain, joins, width, paste, tz",
		    safe);
		return false;
	}
	if (!value_parse((size_t)i, value, &v)) {
		(void)snprintf(why, size, "%s: got \"%s\", want %s", name,
		    safe, table[i].want);
		return false;
	}
	*value_at(s, (size_t)i) = v;
	return true;
}

int32_t
settings_offset(const struct settings *s, int32_t local)
{
	return s == NULL || s->tz == TZ_LOCAL ? local : s->tz * 60;
}

/* SPDX-License-Identifier: MIT */
/* Lines about what is wrong in a configuration file. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_parse.h"
#include "text.h"

#define QUOTE_BYTES	80	/* more of a value helps nobody */

void
problems_init(struct problems *ps, const char *file)
{
	memset(ps, 0, sizeof(*ps));
	ps->file = file;
}

void
problems_free(struct problems *ps)
{
	for (size_t i = 0; i < ps->n; i++)
		free(ps->v[i].text);
	free(ps->v);
	memset(ps, 0, sizeof(*ps));
}

void
problem_add(struct problems *ps, unsigned int line, const char *setting,
    const char *fmt, ...)
{
	char raw[CONFIG_LINE_MAX * 2], safe[CONFIG_LINE_MAX];
	size_t used;
	va_list ap;

	if (ps->n >= CONFIG_PROBLEMS_MAX) {
		ps->more++;
		return;
	}
	text_safe(ps->file, strlen(ps->file), safe, sizeof(safe) / 2, true);
	if (line > 0)
		snprintf(raw, sizeof(raw), "%s:%u: ", safe, line);
	else
		snprintf(raw, sizeof(raw), "%s: ", safe);
	used = strlen(raw);
	if (setting != NULL)
		snprintf(raw + used, sizeof(raw) - used, "%s: ", setting);
	used = strlen(raw);
	va_start(ap, fmt);
	vsnprintf(raw + used, sizeof(raw) - used, fmt, ap);
	va_end(ap);
	text_safe(raw, strlen(raw), safe, sizeof(safe), true);
	ps->v = xreallocarray(ps->v, ps->n + 1, sizeof(*ps->v));
	ps->v[ps->n].line = line;
	ps->v[ps->n].text = xstrdup(safe);
	ps->n++;
}

/* Insertion: the list is short and nearly sorted; qsort is not stable. */
void
problems_sort(struct problems *ps)
{
	for (size_t i = 1; i < ps->n; i++) {
		struct problem p = ps->v[i];
		size_t j = i;

		for (; j > 0 && ps->v[j - 1].line > p.line; j--)
			ps->v[j] = ps->v[j - 1];
		ps->v[j] = p;
	}
}

char *
quote(const char *s, char out[QUOTE_MAX])
{
	size_t n = strlen(s), keep = n, used;

	if (n > QUOTE_BYTES) {
		/* Not within a character. */
		for (keep = QUOTE_BYTES; keep > QUOTE_BYTES - 4 &&
		    ((unsigned char)s[keep] & 0xc0) == 0x80; keep--)
			;
	}
	out[0] = '"';
	used = 1 + text_safe(s, keep, out + 1, QUOTE_MAX - 6, true);
	text_copy(out + used, keep < n ? "...\"" : "\"", QUOTE_MAX - used);
	return out;
}

/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mtime.h"
#include "since.h"
#include "text.h"

#define LINES_MAX	500u
#define DAY_MS		(UINT64_C(86400) * 1000)

static bool
digits(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] < '0' || s[i] > '9')
			return false;
	return n > 0;
}

/* The last time it was so late, here. */
static bool
clock_parse(const char *s, uint64_t now_ms, int32_t offset, uint64_t *ms)
{
	const char *colon = strchr(s, ':');
	unsigned long h, m;
	uint64_t here, then;

	if (colon == NULL || colon - s > 2 || strlen(colon + 1) != 2 ||
	    !digits(s, (size_t)(colon - s)) || !digits(colon + 1, 2))
		return false;
	h = strtoul(s, NULL, 10);
	m = strtoul(colon + 1, NULL, 10);
	if (h > 23 || m > 59)
		return false;
	here = now_ms + (uint64_t)((int64_t)offset * 1000);
	then = here / DAY_MS * DAY_MS + (h * 60 + m) * 60000;
	if (then > here)
		then -= DAY_MS;
	*ms = then - (uint64_t)((int64_t)offset * 1000);
	return true;
}

bool
since_parse(const char *s, uint64_t now_ms, int32_t offset,
    struct since *since, char *why, size_t size)
{
	char safe[128];
	int64_t ms;

	since->is_count = digits(s, strlen(s));
	if (since->is_count && strlen(s) <= 3) {
		since->n = strtoul(s, NULL, 10);
		if (since->n > 0 && since->n <= LINES_MAX)
			return true;
	} else if (!since->is_count && clock_parse(s, now_ms, offset,
	    &since->n))
		return true;
	else if (!since->is_count && duration_parse(s, &ms) && ms > 0) {
		since->n = (uint64_t)ms < now_ms ? now_ms - (uint64_t)ms : 0;
		return true;
	}
	text_safe(s, strlen(s) < 20 ? strlen(s) : 20, safe, sizeof(safe),
	    true);
	(void)snprintf(why, size, "got \"%s\", want how many lines (1 to %u), "
	    "a time as 11:40, or how long ago, as 2h or 30m", safe, LINES_MAX);
	return false;
}

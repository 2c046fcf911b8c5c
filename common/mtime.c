/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "mtime.h"

uint64_t
mono_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

uint64_t
mono_ms(void)
{
	return mono_us() / 1000;
}

uint64_t
wall_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

char *
time_text(uint64_t unix_ms, char out[TIME_TEXT_MAX])
{
	time_t t = (time_t)(unix_ms / 1000);
	struct tm tm;
	size_t n;

	if (gmtime_r(&t, &tm) == NULL || tm.tm_year > 8099) {
		snprintf(out, TIME_TEXT_MAX, "-");
		return out;
	}
	n = strftime(out, TIME_TEXT_MAX, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out + n, TIME_TEXT_MAX - n, ".%03uZ",
	    (unsigned int)(unix_ms % 1000));
	return out;
}

char *
span_text(uint64_t ms, char out[TIME_TEXT_MAX])
{
	uint64_t s = ms / 1000;

	if (s < 60)
		snprintf(out, TIME_TEXT_MAX, "%" PRIu64 ".%us", s,
		    (unsigned int)(ms % 1000 / 100));
	else if (s < 3600)
		snprintf(out, TIME_TEXT_MAX, "%" PRIu64 "m%02us", s / 60,
		    (unsigned int)(s % 60));
	else if (s < 86400)
		snprintf(out, TIME_TEXT_MAX, "%" PRIu64 "h%02um", s / 3600,
		    (unsigned int)(s % 3600 / 60));
	else
		snprintf(out, TIME_TEXT_MAX, "%" PRIu64 "d%" PRIu64 "h",
		    s / 86400, s % 86400 / 3600);
	return out;
}

char *
latency_text(uint64_t us, char out[TIME_TEXT_MAX])
{
	if (us < 1000)
		snprintf(out, TIME_TEXT_MAX, "%" PRIu64 "us", us);
	else if (us < 10000)
		snprintf(out, TIME_TEXT_MAX, "%.1fms", (double)us / 1e3);
	else if (us < 1000000)
		snprintf(out, TIME_TEXT_MAX, "%" PRIu64 "ms", us / 1000);
	else
		snprintf(out, TIME_TEXT_MAX, "%.1fs", (double)us / 1e6);
	return out;
}

char *
size_text(uint64_t bytes, char out[TIME_TEXT_MAX])
{
	static const char units[] = "KMGTPE";
	double v = (double)bytes;
	size_t i;

	if (bytes < 1024) {
		snprintf(out, TIME_TEXT_MAX, "%" PRIu64, bytes);
		return out;
	}
	for (i = 0, v /= 1024; v >= 1024 && units[i + 1] != '\0'; i++)
		v /= 1024;
	snprintf(out, TIME_TEXT_MAX, "%.1f%c", v, units[i]);
	return out;
}

static const struct unit {
	const char	*name;
	double		 ns;
} units[] = {
	{ "ns", 1 }, { "us", 1e3 }, { "\xc2\xb5s", 1e3 }, { "\xce\xbcs", 1e3 },
	{ "ms", 1e6 }, { "s", 1e9 }, { "m", 60e9 }, { "h", 3600e9 },
};

static const struct unit *
unit_find(const char *s)
{
	const struct unit *best = NULL;

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		size_t n = strlen(units[i].name);

		if (strncmp(s, units[i].name, n) == 0 &&
		    (best == NULL || n > strlen(best->name)))
			best = &units[i];
	}
	return best;
}

/* A decimal number without sign; NULL if there is none. */
static const char *
decimal_parse(const char *s, double *v)
{
	const char *start = s;
	double scale = 1;

	for (*v = 0; *s >= '0' && *s <= '9'; s++)
		*v = *v * 10 + (*s - '0');
	if (*s == '.') {
		if (s == start && (s[1] < '0' || s[1] > '9'))
			return NULL;
		for (s++; *s >= '0' && *s <= '9'; s++) {
			scale /= 10;
			*v += (*s - '0') * scale;
		}
	}
	return s == start ? NULL : s;
}

bool
duration_parse(const char *s, int64_t *ms)
{
	double ns = 0, v;
	bool negative = *s == '-';

	if (*s == '-' || *s == '+')
		s++;
	if (strcmp(s, "0") == 0) {
		*ms = 0;
		return true;
	}
	if (*s == '\0')
		return false;
	while (*s != '\0') {
		const struct unit *u;

		if ((s = decimal_parse(s, &v)) == NULL ||
		    (u = unit_find(s)) == NULL)
			return false;
		ns += v * u->ns;
		if (ns > 9.2e18)
			return false;
		s += strlen(u->name);
	}
	*ms = (int64_t)(ns / 1e6 + 0.0000001);
	if (negative)
		*ms = -*ms;
	return true;
}

char *
duration_text(uint64_t ms, char out[TIME_TEXT_MAX])
{
	uint64_t h = ms / 3600000, m = ms / 60000 % 60, s = ms / 1000 % 60;

	if (ms == 0)
		snprintf(out, TIME_TEXT_MAX, "0s");
	else if (ms % 1000 != 0)
		snprintf(out, TIME_TEXT_MAX, "%" PRIu64 "ms", ms);
	else if (h > 0)
		snprintf(out, TIME_TEXT_MAX,
		    "%" PRIu64 "h%" PRIu64 "m%" PRIu64 "s", h, m, s);
	else if (m > 0 && s > 0)
		snprintf(out, TIME_TEXT_MAX, "%" PRIu64 "m%" PRIu64 "s", m, s);
	else if (m > 0)
		snprintf(out, TIME_TEXT_MAX, "%" PRIu64 "m", m);
	else
		snprintf(out, TIME_TEXT_MAX, "%" PRIu64 "s", s);
	return out;
}

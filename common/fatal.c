/* SPDX-License-Identifier: MIT */
/* The end of a program, in words; and memory that is there or ends it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "log_line.h"

void
fatalx(const char *fmt, ...)
{
	char text[LOG_VALUE_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_set_sink(NULL);
	log_event(EV_FATAL, LF_STR("text", text));
	_exit(EX_SOFTWARE);
}

void
fatal(const char *fmt, ...)
{
	char text[LOG_VALUE_MAX], whole[LOG_VALUE_MAX + 128];
	int saved = errno;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_set_sink(NULL);
	snprintf(whole, sizeof(whole), "%s: %s", text, strerror(saved));
	log_event(EV_FATAL, LF_STR("text", whole));
	_exit(EX_SOFTWARE);
}

void *
xcalloc(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (p == NULL)
		fatalx("out of memory (%zu x %zu bytes)", n, size);
	return p;
}

void *
xreallocarray(void *old, size_t n, size_t size)
{
	void *p = reallocarray(old, n, size);

	if (p == NULL && n > 0 && size > 0)
		fatalx("out of memory (%zu x %zu bytes)", n, size);
	return p;
}

char *
xstrdup(const char *s)
{
	char *p = strdup(s);

	if (p == NULL)
		fatalx("out of memory (string)");
	return p;
}

/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "micelioctl.h"
#include "mtime.h"

#define TIMEOUT_MS	5000
#define TIMEOUT_MAX_MS	(24u * 3600 * 1000)

void
usage(void)
{
	(void)fputs("usage: micelioctl [-s SOCKET | --data-dir DIR] "
	    "[--timeout TIME] [--json] COMMAND ...\n"
	    "       micelioctl help\n", stderr);
}

bool
timeout_parse(const char *s, uint64_t *ms)
{
	char *end;
	double seconds;
	int64_t v;

	if (!duration_parse(s, &v)) {
		seconds = strtod(s, &end);
		if (end == s || *end != '\0' || !(seconds > 0) ||
		    seconds > TIMEOUT_MAX_MS / 1000.0)
			return false;
		v = (int64_t)(seconds * 1000);
	}
	if (v <= 0 || v > (int64_t)TIMEOUT_MAX_MS)
		return false;
	*ms = (uint64_t)v;
	return true;
}

/* "--name=VALUE" or "--name VALUE": the value, or NULL if not that option. */
static const char *
value_of(const char *name, int argc, char **argv, int *i)
{
	size_t n = strlen(name);
	const char *a = argv[*i];

	if (strncmp(a, name, n) != 0)
		return NULL;
	if (a[n] == '=' && name[1] == '-')
		return a + n + 1;
	if (a[n] != '\0')
		return NULL;
	if (*i + 1 >= argc)
		return "";
	return argv[++*i];
}

static int
option_take(struct options *o, int argc, char **argv, int *i, char *why,
    size_t size)
{
	const char *v, *name = argv[*i];

	if ((v = value_of("-s", argc, argv, i)) != NULL ||
	    (v = value_of("--socket", argc, argv, i)) != NULL)
		o->socket = v;
	else if ((v = value_of("--data-dir", argc, argv, i)) != NULL)
		o->data_dir = v;
	else if ((v = value_of("--timeout", argc, argv, i)) != NULL) {
		if (!timeout_parse(v, &o->timeout_ms)) {
			(void)snprintf(why, size, "--timeout: got \"%s\", want "
			    "a time, for example 5s", v);
			return EX_USAGE;
		}
	} else if (strcmp(name, "--json") == 0)
		o->json = true;
	else if (strcmp(name, "-h") == 0 || strcmp(name, "--help") == 0)
		o->help = true;
	else if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0)
		o->version = true;
	else {
		(void)snprintf(why, size, "unknown option \"%s\", want "
		    "one of these before the command", name);
		return EX_USAGE;
	}
	if (v != NULL && v[0] == '\0') {
		(void)snprintf(why, size, "%s: got nothing, want a value "
		    "after it", name);
		return EX_USAGE;
	}
	return EX_OK;
}

int
options_parse(struct options *o, int argc, char **argv, char *why,
    size_t size)
{
	int i, rc;

	memset(o, 0, sizeof(*o));
	o->timeout_ms = TIMEOUT_MS;
	for (i = 1; i < argc && argv[i][0] == '-'; i++) {
		if (strcmp(argv[i], "--") == 0) {
			i++;
			break;
		}
		rc = option_take(o, argc, argv, &i, why, size);
		if (rc != EX_OK)
			return rc;
	}
	if (o->help || o->version)
		return EX_OK;
	if (i == argc) {
		(void)snprintf(why, size, "no command; \"micelioctl help\" "
		    "lists them");
		return EX_USAGE;
	}
	if (argc - i > WORDS_MAX) {
		(void)snprintf(why, size, "more than %d words; quote the "
		    "text", WORDS_MAX);
		return EX_USAGE;
	}
	o->words[o->n++] = argv[i++];
	if (o->json)
		o->words[o->n++] = "--json";
	while (i < argc)
		o->words[o->n++] = argv[i++];
	return EX_OK;
}

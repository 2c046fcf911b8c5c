/* SPDX-License-Identifier: MIT */
/*
 * The command line.  Long options take one dash or two (an existing node's
 * scripts use one); short ones may be joined, as in -nv.
 */
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "errtext.h"
#include "log.h"
#include "options.h"
#include "text.h"

enum option_id {
	OPT_CONFIG, OPT_CHECK, OPT_STDERR, OPT_VERBOSE, OPT_NAME,
	OPT_DATA_DIR, OPT_SSH_LISTEN, OPT_LOG_LEVEL, OPT_LIBEXEC,
	OPT_SHOW_ID, OPT_INIT, OPT_VERSION, OPT_HELP,
};

static const struct option_def {
	enum option_id	 id;
	char		 letter;	/* 0: none */
	const char	*word;		/* NULL: none */
	const char	*arg;		/* what it takes, NULL: nothing */
} defs[] = {
	{ OPT_CONFIG,	'c', "config",		"a file name" },
	{ OPT_CHECK,	'n', NULL,		NULL },
	{ OPT_STDERR,	'd', NULL,		NULL },
	{ OPT_VERBOSE,	'v', NULL,		NULL },
	{ OPT_NAME,	0,   "name",		"a name" },
	{ OPT_DATA_DIR,	0,   "data-dir",	"a directory" },
	{ OPT_SSH_LISTEN, 0, "ssh-listen",	"an address" },
	{ OPT_LOG_LEVEL, 0,  "log-level",	"a level" },
	{ OPT_LIBEXEC,	0,   "libexec",		"a directory" },
	{ OPT_SHOW_ID,	0,   "show-id",		NULL },
	{ OPT_INIT,	0,   "init",		NULL },
	{ OPT_VERSION,	0,   "version",		NULL },
	{ OPT_HELP,	'h', "help",		NULL },
};
#define NDEFS	(sizeof(defs) / sizeof(defs[0]))

const char options_usage[] =
    "usage: micelio [-dnv] [-c FILE] [--name NAME] [--data-dir DIR]\n"
    "               [--ssh-listen HOST:PORT] [--log-level LEVEL]\n"
    "               [--libexec DIR] [--show-id | --init | --version | -h]\n"
    "\n"
    "  -c, --config FILE   configuration file (else DIR/micelio.conf if there;\n"
    "                      as a service " MICELIO_SYSCONFDIR "/micelio.conf)\n"
    "  -n                  check the configuration and exit; with -v show what\n"
    "                      would be in force\n"
    "  -d                  log to standard error, never to the journal\n"
    "  -v                  log debug lines\n"
    "  --name NAME         node.name\n"
    "  --data-dir DIR      node.data_dir\n"
    "  --ssh-listen ADDR   ssh.listen (several with commas; '' for none)\n"
    "  --log-level LEVEL   debug, info, warn or error\n"
    "  --libexec DIR       where the daemons' programs are (a build tree, too)\n"
    "  --show-id           print node id, public key and host key, and exit\n"
    "  --init              the same; make the directory and the keys before\n"
    "  --version, -h       print the version, this text\n";

/* Where reading the arguments stands. */
struct argcur {
	int	 argc, i;
	char	**argv;
};

static enum options_action take(struct options *, const struct option_def *,
    const char *, char *);
static enum options_action take_long(struct options *, struct argcur *,
    const char *, bool, char *);
static enum options_action take_short(struct options *, struct argcur *,
    const char *, char *);
static const struct option_def *find_long(const char *, size_t);
static enum options_action unknown(const char *, const char *, size_t, char *);
static enum options_action operand(const char *, char *);

enum options_action
options_parse(struct options *o, int argc, char **argv, char err[ERR_MAX])
{
	struct argcur a = { argc, 1, argv };
	enum options_action act;

	memset(o, 0, sizeof(*o));
	err[0] = '\0';
	for (; a.i < argc; a.i++) {
		const char *s = argv[a.i];

		if (s[0] != '-' || s[1] == '\0' || strcmp(s, "--") == 0) {
			if (strcmp(s, "--") == 0 && a.i + 1 == argc)
				break;
			return operand(s[0] == '-' && s[1] == '-' ?
			    argv[a.i + 1] : s, err);
		}
		if (s[1] == '-')
			act = take_long(o, &a, s + 2, true, err);
		else if (find_long(s + 1, strcspn(s + 1, "=")) != NULL)
			act = take_long(o, &a, s + 1, false, err);
		else
			act = take_short(o, &a, s + 1, err);
		if (act != OPTIONS_RUN)
			return act;
	}
	return OPTIONS_RUN;
}

static const struct option_def *
find_long(const char *word, size_t n)
{
	for (size_t i = 0; i < NDEFS; i++)
		if (defs[i].word != NULL && strlen(defs[i].word) == n &&
		    memcmp(defs[i].word, word, n) == 0)
			return &defs[i];
	return NULL;
}

static enum options_action
take_long(struct options *o, struct argcur *a, const char *word, bool two,
    char *err)
{
	size_t n = strcspn(word, "=");
	const struct option_def *d = find_long(word, n);
	const char *arg = word[n] == '=' ? word + n + 1 : NULL;

	if (d == NULL)
		return unknown(two ? "--" : "-", word, n, err);
	if (d->arg == NULL && arg != NULL) {
		snprintf(err, ERR_MAX, "%s%s: takes no value; try: micelio -h",
		    two ? "--" : "-", d->word);
		return OPTIONS_BAD;
	}
	if (d->arg != NULL && arg == NULL && a->i + 1 < a->argc)
		arg = a->argv[++a->i];
	return take(o, d, arg, err);
}

static enum options_action
take_short(struct options *o, struct argcur *a, const char *s, char *err)
{
	enum options_action act;

	for (const char *whole = s; *s != '\0'; s++) {
		const struct option_def *d = NULL;
		const char *arg = NULL;

		for (size_t i = 0; i < NDEFS; i++)
			if (defs[i].letter == *s)
				d = &defs[i];
		if (d == NULL)
			return unknown("-", whole, strlen(whole), err);
		if (d->arg != NULL && s[1] != '\0')
			arg = s + 1;
		else if (d->arg != NULL && a->i + 1 < a->argc)
			arg = a->argv[++a->i];
		if ((act = take(o, d, arg, err)) != OPTIONS_RUN)
			return act;
		if (d->arg != NULL)
			break;
	}
	return OPTIONS_RUN;
}

static enum options_action
unknown(const char *dashes, const char *word, size_t n, char *err)
{
	const char *words[NDEFS + 1];
	const char *near;
	char given[65], shown[160];
	size_t k = 0;

	for (size_t i = 0; i < NDEFS; i++)
		if (defs[i].word != NULL)
			words[k++] = defs[i].word;
	words[k] = NULL;
	snprintf(given, sizeof(given), "%.*s", (int)(n < 64 ? n : 64), word);
	text_safe(given, strlen(given), shown, sizeof(shown), true);
	near = n > 2 ? text_nearest(given, words) : NULL;
	if (near != NULL)
		snprintf(err, ERR_MAX, "%s%s: unknown option; did you mean "
		    "--%s?", dashes, shown, near);
	else
		snprintf(err, ERR_MAX, "%s%s: unknown option; try: micelio -h",
		    dashes, shown);
	return OPTIONS_BAD;
}

static enum options_action
operand(const char *s, char *err)
{
	char shown[160];

	text_safe(s, strlen(s), shown, sizeof(shown), true);
	snprintf(err, ERR_MAX, "\"%s\": want options only; "
	    "try: micelio -h", shown);
	return OPTIONS_BAD;
}

static enum options_action
take(struct options *o, const struct option_def *d, const char *arg, char *err)
{
	enum log_level level;

	if (d->arg != NULL && (arg == NULL || (*arg == '\0' &&
	    d->id != OPT_SSH_LISTEN))) {
		snprintf(err, ERR_MAX, "--%s: got %s, want %s after it; "
		    "try: micelio -h", d->word, arg == NULL ? "nothing" :
		    "\"\"", d->arg);
		return OPTIONS_BAD;
	}
	switch (d->id) {
	case OPT_CONFIG:	o->config_file = arg; break;
	case OPT_CHECK:		o->check = true; break;
	case OPT_STDERR:	o->stderr_log = true; break;
	case OPT_VERBOSE:	o->verbose++; break;
	case OPT_NAME:		o->name = arg; break;
	case OPT_DATA_DIR:	o->data_dir = arg; break;
	case OPT_SSH_LISTEN:	o->ssh_listen = arg; break;
	case OPT_LIBEXEC:	o->libexec = arg; break;
	case OPT_SHOW_ID:	o->show_id = true; break;
	case OPT_INIT:		o->init = true; break;
	case OPT_VERSION:	return OPTIONS_VERSION;
	case OPT_HELP:		return OPTIONS_HELP;
	case OPT_LOG_LEVEL:
		if (!log_level_parse(arg, &level)) {
			char shown[160];

			text_safe(arg, strlen(arg), shown, sizeof(shown),
			    true);
			snprintf(err, ERR_MAX, "--log-level: got \"%s\", want "
			    "debug, info, warn or error", shown);
			return OPTIONS_BAD;
		}
		o->log_level = arg;
		break;
	}
	return OPTIONS_RUN;
}

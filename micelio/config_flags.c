/* SPDX-License-Identifier: MIT */
/*
 * Beside the file: flags, the environment, and what is said about it all.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config_load.h"
#include "text.h"

/* A flag being applied. */
struct flag {
	const char		*name;		/* "--name" */
	enum conf_key		 key;
	const char		*want;
};

static void	flag_text(struct conf *, const struct flag *, const char *,
		    struct config_problems *);
static void	flag_list(struct conf *, const struct flag *, const char *,
		    struct config_problems *);
static void	flag_level(struct conf *, const char *, const char *,
		    struct config_problems *);
static void	data_dir(struct conf *, const struct config_source *, bool,
		    struct config_problems *);

void
config_problem(struct config_problems *ps, const char *fmt, ...)
{
	char raw[CONFIG_LINE_MAX + 1], safe[CONFIG_LINE_MAX + 1];
	va_list ap;

	if (ps->n >= CONFIG_PROBLEMS_MAX) {
		ps->more++;
		return;
	}
	va_start(ap, fmt);
	vsnprintf(raw, sizeof(raw), fmt, ap);
	va_end(ap);
	text_safe(raw, strlen(raw), safe, sizeof(safe), true);
	ps->line = xreallocarray(ps->line, ps->n + 1, sizeof(*ps->line));
	ps->line[ps->n++] = xstrdup(safe);
}

void
config_problems_print(FILE *f, const struct config_problems *ps)
{
	for (size_t i = 0; i < ps->n; i++)
		fprintf(f, "%s\n", ps->line[i]);
	if (ps->more > 0)
		fprintf(f, "... and %zu more problems\n", ps->more);
}

void
config_problems_free(struct config_problems *ps)
{
	for (size_t i = 0; i < ps->n; i++)
		free(ps->line[i]);
	free(ps->line);
	memset(ps, 0, sizeof(*ps));
}

char *
config_summary(char *out, size_t size, const struct config_source *src,
    const struct config_problems *ps, const char *tail)
{
	const char *where = src->path;
	size_t n = ps->n + ps->more;
	char raw[CONFIG_LINE_MAX];

	/* Those of flags come last, and do not begin with a file's name. */
	if (ps->n > 0 && strncmp(ps->line[0], "micelio: ", 9) == 0)
		where = "the flags and the environment";
	snprintf(raw, sizeof(raw), "micelio: %zu error%s in %s%s%s", n,
	    n == 1 ? "" : "s", where == NULL ? "the settings given" : where,
	    tail == NULL ? "" : ", ", tail == NULL ? "" : tail);
	text_safe(raw, strlen(raw), out, size, true);
	return out;
}

void
config_apply_flags(const struct config_source *src, struct conf *c,
    uint32_t given, struct config_problems *ps)
{
	static const struct flag name = { "--name", CONF_NODE_NAME,
	    "1..64 bytes of text without control characters or spaces at its "
	    "ends" };
	static const struct flag listen = { "--ssh-listen", CONF_SSH_LISTEN,
	    "host:port, for example 127.0.0.1:2222" };
	const char *level = src->flag_log_level, *from = "--log-level";

	if (src->flag_name != NULL && *src->flag_name != '\0')
		flag_text(c, &name, src->flag_name, ps);
	if (src->flag_ssh_listen != NULL)
		flag_list(c, &listen, src->flag_ssh_listen, ps);
	if ((level == NULL || *level == '\0') &&
	    (given & UINT32_C(1) << CONF_LOGGING_LEVEL) == 0) {
		level = src->env_log_level;
		from = "MICELIO_LOG_LEVEL";
	}
	if (level != NULL && *level != '\0')
		flag_level(c, from, level, ps);
	data_dir(c, src, (given & UINT32_C(1) << CONF_NODE_DATA_DIR) != 0, ps);
}

static void
flag_text(struct conf *c, const struct flag *f, const char *value,
    struct config_problems *ps)
{
	const struct conf_setting *s = conf_setting_by_key(f->key);
	const char *why = conf_check_text(s, value);

	if (why == NULL)
		text_copy(conf_str(c, s), value, s->max + 1);
	else
		config_problem(ps, "micelio: %s: got \"%.100s\": %s, want %s",
		    f->name, value, why, f->want);
}

static void
flag_list(struct conf *c, const struct flag *f, const char *value,
    struct config_problems *ps)
{
	const struct conf_setting *s = conf_setting_by_key(f->key);
	struct strlist *l = conf_list(c, s);
	char *copy = xstrdup(value), *rest = copy, *one;
	const char *why;

	strlist_free(l);
	while (*value != '\0' && (one = strsep(&rest, ",")) != NULL) {
		one += strspn(one, " ");
		one[strcspn(one, " ")] = '\0';
		why = l->n >= s->max ? "too many addresses" :
		    conf_check_text(s, one);
		if (why == NULL) {
			strlist_add(l, one);
			continue;
		}
		config_problem(ps, "micelio: %s: got \"%.100s\": %s, want %s",
		    f->name, one, why, f->want);
		break;
	}
	free(copy);
}

static void
flag_level(struct conf *c, const char *from, const char *value,
    struct config_problems *ps)
{
	char word[16] = "";
	size_t n;

	value += strspn(value, " \t");
	n = strcspn(value, " \t");
	if (n == 0)
		return;
	if (n < sizeof(word) && value[n + strspn(value + n, " \t")] == '\0') {
		memcpy(word, value, n);
		word[n] = '\0';
	}
	if (!log_level_parse(word, &c->logging_level))
		config_problem(ps, "micelio: %s: got \"%.100s\", want debug, "
		    "info, warn or error; choose one of them", from, value);
}

/* Flag, file or default, in this order; "~" and "." are expanded. */
static void
data_dir(struct conf *c, const struct config_source *src, bool in_file,
    struct config_problems *ps)
{
	const struct conf_setting *s = conf_setting_by_key(CONF_NODE_DATA_DIR);
	const char *path = src->flag_data_dir, *why;
	char cwd[CONF_DATA_DIR_MAX + 1], full[2 * CONF_DATA_DIR_MAX + 8];

	if (path == NULL || *path == '\0') {
		if (in_file)
			return;
		path = src->default_data_dir != NULL ? src->default_data_dir :
		    "~/.micelio";
	}
	why = config_expand_home(path, src->home, full, sizeof(full));
	if (why == NULL && full[0] != '/') {
		if (getcwd(cwd, sizeof(cwd)) == NULL)
			why = "the working directory has no name";
		else
			snprintf(full, sizeof(full), "%s%s%.*s",
			    strcmp(cwd, "/") == 0 ? "" : cwd, "/",
			    CONF_DATA_DIR_MAX, path);
	}
	if (why == NULL)
		why = conf_check_text(s, full);
	if (why == NULL)
		text_copy(conf_str(c, s), full, s->max + 1);
	else
		config_problem(ps, "micelio: data directory: got \"%.100s\": "
		    "%s, want a path; give it with --data-dir or "
		    "node.data_dir", path, why);
}

const char *
config_expand_home(const char *path, const char *home, char *out, size_t size)
{
	int n;

	if (path[0] != '~' || (path[1] != '/' && path[1] != '\0'))
		n = snprintf(out, size, "%s", path);
	else if (home == NULL || home[0] != '/')
		return "\"~\" means nothing here, as HOME is not set";
	else
		n = snprintf(out, size, "%s%s", strcmp(home, "/") == 0 &&
		    path[1] == '/' ? "" : home, path + 1);
	if (n < 0 || (size_t)n >= size)
		return "longer than 1024 bytes";
	return NULL;
}

static void
add_name(char *out, size_t size, const char *name)
{
	size_t used = strlen(out);

	if (used + strlen(name) + 3 > size)
		return;
	snprintf(out + used, size - used, "%s%s", used == 0 ? "" : ", ", name);
}

void
config_changes(const struct conf *old, const struct conf *next, char *changed,
    size_t csize, char *restart, size_t rsize)
{
	const struct conf_setting *s;

	changed[0] = restart[0] = '\0';
	for (s = conf_settings; s->key != 0; s++) {
		if (s->name == NULL || !conf_differs(old, next, s))
			continue;
		if (s->reloadable)
			add_name(changed, csize, s->name);
		else
			add_name(restart, rsize, s->name);
	}
}

/* SPDX-License-Identifier: MIT */
/*
 * The grammar of a configuration file, read so that one slip costs one
 * setting: what is complained of is left out of the mended text, or replaced
 * by something harmless.
 *
 *	settings: { name ( "=" | ":" ) value [ ";" | "," ] }
 *	value:    text | number | true | false | group | list
 *	group:    "{" settings "}"
 *	list:     "(" [ value { "," value } ] ")", or the same in "[" "]"
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config_parse.h"
#include "text.h"

#define MENDED_MAX	(4u * CONFIG_FILE_MAX)

struct group {
	const char		*path;		/* "" for the whole file */
	unsigned int		 line;		/* of its "{" */
};

static void	settings(struct scan *, const struct group *);
static bool	setting(struct scan *, const struct group *);
static bool	path_join(struct scan *, const struct group *, const char *,
		    char[SCAN_PATH_MAX]);
static bool	odd_name(const char *);
static void	say_dropped(struct scan *, const char *,
		    const struct scan_value *);
static void	equals(struct scan *, const struct scan_value *, const char *);
static void	value(struct scan *, struct scan_value *, const char *);
static void	group(struct scan *, const char *);
static void	list(struct scan *, const char *);
static bool	list_ends(struct scan *, char, unsigned int, const char *);
static void	item(struct scan *, const char *, size_t);
static void	texts(struct scan *, struct scan_value *, const char *, bool);
static void	stray(struct scan *, const struct group *);
static bool	looks_like_setting(struct scan *);
static bool	guess_unclosed(struct scan *, const struct group *,
		    const char *);

static int
value_cmp(struct scan_value *a, struct scan_value *b)
{
	return strcmp(a->path, b->path);
}
/* Not RB_GENERATE_STATIC: it wants a __unused that glibc does not have. */
RB_PROTOTYPE_INTERNAL(scan_tree, scan_value, entry, value_cmp,
    __attribute__((unused)) static);
RB_GENERATE_INTERNAL(scan_tree, scan_value, entry, value_cmp,
    __attribute__((unused)) static)

void
scan_init(struct scan *s, struct problems *ps)
{
	memset(s, 0, sizeof(*s));
	s->problems = ps;
	RB_INIT(&s->values);
	wbuf_init(&s->out, MENDED_MAX);
}

void
scan_free(struct scan *s)
{
	struct scan_value *v;

	while ((v = RB_MIN(scan_tree, &s->values)) != NULL) {
		RB_REMOVE(scan_tree, &s->values, v);
		free(v);
	}
	wbuf_free(&s->out);
}

void
scan_text(struct scan *s, const char *text, size_t len)
{
	static const struct group top = { "", 0 };

	s->start = s->p = text;
	s->end = text + len;
	s->line = s->out_line = 1;
	settings(s, &top);
	wbuf_u8(&s->out, '\0');
}

struct scan_value *
scan_find(struct scan *s, const char *path)
{
	struct scan_value key;

	if (text_copy(key.path, path, sizeof(key.path)) >= sizeof(key.path))
		return NULL;
	return RB_FIND(scan_tree, &s->values, &key);
}

char *
scan_last(const struct scan *s, char out[SCAN_LAST_MAX])
{
	if (s->last_line == 0)
		text_copy(out, "there is no complete setting before it",
		    SCAN_LAST_MAX);
	else
		snprintf(out, SCAN_LAST_MAX, "the last complete setting is %s "
		    "(line %u)", s->last, s->last_line);
	return out;
}

/* NULL when there are too many; the scan has stopped then. */
static struct scan_value *
value_new(struct scan *s, const char *path)
{
	struct scan_value *v;

	if (++s->nvalues > SCAN_VALUES_MAX) {
		problem_add(s->problems, s->line, NULL, "more than %u settings "
		    "and items, want a smaller file; is this the right one?",
		    SCAN_VALUES_MAX);
		s->stopped = true;
		return NULL;
	}
	v = xcalloc(1, sizeof(*v));
	text_copy(v->path, path, sizeof(v->path));
	v->line = s->line;
	return v;
}

/* Everything up to the end of this group, or of the file. */
static void
settings(struct scan *s, const struct group *g)
{
	char last[SCAN_LAST_MAX];

	while (!s->stopped) {
		lex_space(s);
		if (s->p < s->end && *s->p == '}' && s->depth > 0) {
			s->p++;
			break;
		}
		if (s->p >= s->end) {
			if (s->depth == 0)
				break;
			s->unclosed = true;
			lex_syntax(s, s->line, NULL, "end of file, but the "
			    "\"{\" of %s (line %u) is not closed; %s: look for "
			    "a missing \";\" or \"}\" after it", g->path,
			    g->line, scan_last(s, last));
			break;
		}
		if (!setting(s, g))
			break;
	}
	if (s->depth > 0)
		lex_emit(s, "}");
}

/* One setting.  False: this group ends here although nothing closes it. */
static bool
setting(struct scan *s, const struct group *g)
{
	char name[SCAN_NAME_MAX + 1], path[SCAN_PATH_MAX];
	unsigned int mark_line = s->out_line;
	size_t mark = s->out.len;
	const char *begin = s->p;
	struct scan_value *v, *twin;
	bool dropped;

	lex_name(s, name);
	if (name[0] == '\0') {
		stray(s, g);
		return true;
	}
	if (guess_unclosed(s, g, name)) {
		s->p = begin;
		return false;
	}
	if (!path_join(s, g, name, path))
		return true;
	if ((v = value_new(s, path)) == NULL)
		return true;
	twin = RB_INSERT(scan_tree, &s->values, v);
	dropped = twin != NULL || odd_name(name);
	if (dropped && s->muted++ == 0)
		say_dropped(s, path, twin);
	lex_emit(s, name);
	equals(s, v, name);
	value(s, v, path);
	lex_space(s);
	if (s->p < s->end && (*s->p == ';' || *s->p == ','))
		s->p++;
	lex_emit(s, ";");
	if (dropped) {
		s->muted--;
		s->mended = true;
		s->out.len = mark;
		s->out_line = mark_line;
	}
	if (twin != NULL)
		free(v);
	return true;
}

static bool
path_join(struct scan *s, const struct group *g, const char *name,
    char path[SCAN_PATH_MAX])
{
	if ((size_t)snprintf(path, SCAN_PATH_MAX, "%s%s%s", g->path,
	    g->path[0] == '\0' ? "" : ".", name) < SCAN_PATH_MAX)
		return true;
	problem_add(s->problems, s->line, NULL, "a name longer than %d bytes, "
	    "want a setting of Micelio", SCAN_PATH_MAX);
	s->stopped = true;
	return false;
}

/* A name that libconfig does not take for one. */
static bool
odd_name(const char *name)
{
	if (!isalpha((unsigned char)*name) && *name != '*')
		return true;
	for (const char *c = name; *c != '\0'; c++)
		if ((*c & 0x80) != 0 || *c == '.')
			return true;
	return strcasecmp(name, "true") == 0 || strcasecmp(name, "false") == 0;
}

static void
say_dropped(struct scan *s, const char *path, const struct scan_value *twin)
{
	if (twin != NULL)
		problem_add(s->problems, s->line, path, "is there twice, "
		    "first in line %u, want it once; keep one of them",
		    twin->line);
	else
		problem_unknown(s->problems, path, s->line, false);
}

static void
equals(struct scan *s, const struct scan_value *v, const char *name)
{
	lex_space(s);
	if (s->p < s->end && (*s->p == '=' || *s->p == ':')) {
		s->p++;
		lex_space(s);
	} else
		lex_syntax(s, v->line, v->path, "no \"=\" after the name, "
		    "want %s = ...; add it", name);
	lex_emit(s, "=");
}

static void
value(struct scan *s, struct scan_value *v, const char *path)
{
	char c = s->p < s->end ? *s->p : '\0';

	if (c == '{') {
		group(s, path);
		return;
	}
	if (c == '(' || c == '[') {
		list(s, path);
	} else if (c == '"') {
		texts(s, v, path, false);
	} else if (c == '\0' || strchr(";,)]}=", c) != NULL ||
	    looks_like_setting(s)) {
		v->said = true;
		lex_syntax(s, v->line, path, "no value after the \"=\"; add "
		    "it, or remove the line");
		lex_emit(s, "0");
		return;
	} else {
		v->line = s->line;
		lex_word(s, v);
	}
	if (s->muted == 0) {
		text_copy(s->last, path, sizeof(s->last));
		s->last_line = v->line;
	}
}

static void
group(struct scan *s, const char *path)
{
	struct group g = { path, s->line };

	s->p++;
	lex_emit(s, "{");
	if (++s->depth > SCAN_DEPTH_MAX) {
		problem_add(s->problems, s->line, NULL, "groups and lists "
		    "inside each other more than %d deep, want at most one "
		    "group around a setting", SCAN_DEPTH_MAX);
		s->stopped = true;
	}
	settings(s, &g);
	s->depth--;
}

/* Arrays and lists alike become lists, which may hold anything. */
static void
list(struct scan *s, const char *path)
{
	char close = *s->p == '(' ? ')' : ']';
	unsigned int opened = s->line;
	size_t i = 0;

	s->p++;
	lex_emit(s, "(");
	if (++s->depth > SCAN_DEPTH_MAX) {
		problem_add(s->problems, s->line, NULL, "groups and lists "
		    "inside each other more than %d deep, want at most one "
		    "group around a setting", SCAN_DEPTH_MAX);
		s->stopped = true;
	}
	while (!s->stopped && !list_ends(s, close, opened, path)) {
		if (*s->p == ',') {
			s->p++;		/* one too many: harmless */
			s->mended = true;
			continue;
		}
		if (i > 0)
			lex_emit(s, ",");
		item(s, path, i++);
		lex_space(s);
		if (s->p < s->end && *s->p == ',') {
			s->p++;
			lex_space(s);
			if (s->p < s->end && *s->p == close)
				s->mended = true;
		} else if (s->p < s->end && *s->p != close)
			s->mended = true;	/* no comma */
	}
	s->depth--;
	lex_emit(s, ")");
}

static bool
list_ends(struct scan *s, char close, unsigned int opened, const char *path)
{
	char c, open = close == ')' ? '(' : '[';

	lex_space(s);
	c = s->p < s->end ? *s->p : '\0';
	if (c == close) {
		s->p++;
		return true;
	}
	if (c == ')' || c == ']') {
		s->p++;
		lex_syntax(s, s->line, path, "the \"%c\" of line %u is closed "
		    "by \"%c\", want \"%c\"; use a matching pair", open, opened,
		    c, close);
		return true;
	}
	if (c == '\0' || c == ';' || c == '}' || looks_like_setting(s)) {
		lex_syntax(s, opened, path, "the \"%c\" that begins here is "
		    "not closed, want \"%c\" after the last item; add it", open,
		    close);
		return true;
	}
	return false;
}

static void
item(struct scan *s, const char *path, size_t i)
{
	char sub[SCAN_PATH_MAX];
	struct scan_value *v;

	snprintf(sub, sizeof(sub), "%.*s[%zu]", SCAN_PATH_MAX - 24, path, i);
	if ((v = value_new(s, sub)) == NULL)
		return;
	if (*s->p == '{')
		group(s, sub);
	else if (*s->p == '(' || *s->p == '[')
		list(s, sub);
	else if (*s->p == '"')
		texts(s, v, sub, true);
	else if (*s->p == '=' || *s->p == ':') {
		lex_syntax(s, s->line, sub, "got \"%c\", want an item of the "
		    "list; remove it", *s->p);
		s->p++;
		v->said = true;
		lex_emit(s, "0");
	} else
		lex_word(s, v);
	if (RB_INSERT(scan_tree, &s->values, v) != NULL)
		free(v);
}

/*
 * libconfig joins texts that follow each other.  In a list that is a
 * forgotten comma, and it would hide two addresses in one.
 */
static void
texts(struct scan *s, struct scan_value *v, const char *path, bool in_list)
{
	unsigned int line = s->line;

	lex_string(s, v, path);
	if (s->problems->syntax && v->said)
		return;
	for (;;) {
		lex_space(s);
		if (s->p >= s->end || *s->p != '"')
			return;
		if (in_list) {
			s->mended = true;
			if (s->muted == 0)
				problem_add(s->problems, line, path, "no comma "
				    "after this text, want one between the "
				    "items of a list; add it");
			return;
		}
		lex_string(s, v, path);
	}
}

/* Not a name where a setting should begin. */
static void
stray(struct scan *s, const struct group *g)
{
	char c = *s->p, show[8] = "";
	const char *nl;
	uint32_t cp;
	size_t k;

	s->mended = true;
	if (c == ';' || c == ',') {
		s->p++;		/* one too many: harmless */
		return;
	}
	if (c == '}' || c == ')' || c == ']') {
		s->p++;
		lex_syntax(s, s->line, NULL, "\"%c\" closes nothing, want a "
		    "setting here; remove it, or look for one too many "
		    "before it", c);
		return;
	}
	k = utf8_decode(s->p, (size_t)(s->end - s->p), &cp);
	memcpy(show, s->p, k == 0 ? 1 : k);
	lex_syntax(s, s->line, g->path[0] == '\0' ? NULL : g->path,
	    "got '%s', want the name of a setting; %s", show,
	    c == '=' || c == ':' ? "write a name before it" :
	    c == '[' ? "a group is written \"node = { ... };\"" :
	    "look for a missing \"#\" before a comment, or a stray value");
	nl = memchr(s->p, '\n', (size_t)(s->end - s->p));
	s->p = nl == NULL ? s->end : nl;
}

/* Does "name =" or "name :" follow?  Leaves the place as it was. */
static bool
looks_like_setting(struct scan *s)
{
	const char *p = s->p;

	if (p >= s->end || !isalpha((unsigned char)*p))
		return false;
	while (p < s->end && (isalnum((unsigned char)*p) || *p == '_' ||
	    *p == '-'))
		p++;
	while (p < s->end && (*p == ' ' || *p == '\t'))
		p++;
	if (p >= s->end || (*p != '=' && *p != ':'))
		return false;
	/* host:4000 without quotes is a value. */
	return *p == '=' || p + 1 >= s->end || !isdigit((unsigned char)p[1]);
}

/*
 * The file ends inside a group (first pass), and here a known group begins
 * inside another: the missing brace belongs before it.
 */
static bool
guess_unclosed(struct scan *s, const struct group *g, const char *name)
{
	char last[SCAN_LAST_MAX];

	if (!s->guess || s->depth == 0 || !want_is_group(name))
		return false;
	lex_syntax(s, s->line, name, "begins inside %s, whose \"{\" (line %u) "
	    "is not closed; %s: look for a missing \"}\" after it", g->path,
	    g->line, scan_last(s, last));
	return true;
}

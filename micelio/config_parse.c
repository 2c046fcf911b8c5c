/* SPDX-License-Identifier: MIT */
/* From the text of a file to a configuration: scan, libconfig, table. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libconfig.h>

#include "config_parse.h"
#include "text.h"

static void	parse_text(struct parse *, char *, size_t, bool mended);
static void	scan_twice(struct scan *, struct problems *, const char *,
		    size_t);
static void	root(struct parse *, config_setting_t *);
static void	group(struct parse *, config_setting_t *, const char *);
static void	not_a_group(struct parse *, config_setting_t *,
		    const struct scan_value *);

bool
config_parse(const struct config_text *text, struct conf *conf,
    uint32_t *given, struct problems *ps)
{
	struct parse p = { text, NULL, ps, conf, 0 };
	size_t skip;
	char *copy;

	*given = 0;
	if (text->len > CONFIG_FILE_MAX) {
		problem_add(ps, 0, NULL, "larger than %u KiB, want a "
		    "configuration file; is this the right file?",
		    CONFIG_FILE_MAX / 1024);
		return false;
	}
	copy = lex_bytes(text->buf, text->len, &skip, ps);
	if (copy != NULL)
		parse_text(&p, copy + skip, text->len - skip, ps->n > 0);
	free(copy);
	problems_sort(ps);
	*given = p.given;
	return ps->n == 0;
}

static void
parse_text(struct parse *p, char *text, size_t len, bool mended)
{
	struct scan scan;
	config_t tree;
	int ok;

	scan_twice(&scan, p->problems, text, len);
	p->scan = &scan;
	config_init(&tree);
	if (!scan.stopped) {
		if (mended || scan.mended)
			text = (char *)scan.out.p;
		ok = config_read_string(&tree, text);
		if (ok == CONFIG_FALSE && text != (char *)scan.out.p)
			ok = config_read_string(&tree, (char *)scan.out.p);
		if (ok == CONFIG_TRUE)
			root(p, config_root_setting(&tree));
		else if (!p->problems->syntax)
			problem_add(p->problems,
			    (unsigned int)config_error_line(&tree), NULL,
			    "%s, want the form \"name = value;\"",
			    config_error_text(&tree));
	}
	config_destroy(&tree);
	scan_free(&scan);
}

/*
 * A file that ends inside a group is read again with the guess that a known
 * group inside another is where the brace is missing: the guess is wrong for
 * files that are closed properly, so it is not made for those.
 */
static void
scan_twice(struct scan *scan, struct problems *ps, const char *text,
    size_t len)
{
	size_t before = ps->n;

	scan_init(scan, ps);
	scan_text(scan, text, len);
	if (!scan->unclosed || scan->stopped)
		return;
	scan_free(scan);
	while (ps->n > before)
		free(ps->v[--ps->n].text);
	ps->more = 0;
	ps->syntax = false;
	scan_init(scan, ps);
	scan->guess = true;
	scan_text(scan, text, len);
}

static unsigned int
line_of(struct parse *p, const char *path, config_setting_t *node)
{
	const struct scan_value *v = scan_find(p->scan, path);

	return v != NULL ? v->line :
	    (unsigned int)config_setting_source_line(node);
}

static void
root(struct parse *p, config_setting_t *top)
{
	config_setting_t *node;
	const char *name, *near;

	for (unsigned int i = 0;
	    (node = config_setting_get_elem(top, i)) != NULL; i++) {
		name = config_setting_name(node);
		near = want_is_group(name) ? name : NULL;
		if (near == NULL) {
			problem_unknown(p->problems, name,
			    line_of(p, name, node),
			    config_setting_is_group(node));
			if (!config_setting_is_group(node) ||
			    (near = want_nearest_group(name)) == NULL)
				continue;
		} else if (!config_setting_is_group(node)) {
			not_a_group(p, node, scan_find(p->scan, name));
			continue;
		}
		group(p, node, near);
	}
}

/*
 * known: the group's right name.  Its settings are checked even when it is
 * misspelled, since whoever mends it wants to hear of them too.
 */
static void
group(struct parse *p, config_setting_t *node, const char *known)
{
	char path[SCAN_PATH_MAX], right[SCAN_PATH_MAX];
	const struct conf_setting *s;
	config_setting_t *sub;
	struct scan_value *v;

	for (unsigned int i = 0;
	    (sub = config_setting_get_elem(node, i)) != NULL; i++) {
		snprintf(path, sizeof(path), "%s.%s", config_setting_name(node),
		    config_setting_name(sub));
		snprintf(right, sizeof(right), "%s.%s", known,
		    config_setting_name(sub));
		for (s = conf_settings; s->key != 0; s++)
			if (s->name != NULL && strcmp(s->name, right) == 0)
				break;
		if (s->key == 0)
			problem_unknown(p->problems, right,
			    line_of(p, path, sub), false);
		else if ((v = scan_find(p->scan, path)) != NULL)
			value_read(p, s, sub, v);
	}
}

static void
not_a_group(struct parse *p, config_setting_t *node,
    const struct scan_value *v)
{
	const char *name = config_setting_name(node);
	char what[WANT_MAX];

	if (v == NULL || v->said)
		return;
	problem_add(p->problems, v->line, name, "got %s, want a group of "
	    "settings; write %s = { ... };", value_got(node, v, what), name);
}

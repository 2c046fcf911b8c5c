/* SPDX-License-Identifier: MIT */
/* What there is to say about commands: of all, of one, for each door. */
#include <stdio.h>
#include <string.h>

#include "cmdline.h"
#include "cursor.h"
#include "doc.h"
#include "help.h"
#include "role.h"
#include "row.h"

#define HELP_COLUMNS	80	/* of the narrowest usual terminal */
#define TITLE_WIDTH	6

static const struct {
	enum command_group	 group;
	const char		*title;
} groups[] = {
	{ GROUP_TALK, "talk" }, { GROUP_NODE, "node" }, { GROUP_MAP, "map" },
};

void
help_list(const struct command *t, enum door door, struct doc *d)
{
	size_t list = doc_list(d, "commands");
	struct wbuf w;

	wbuf_init(&w, 4096);
	for (; t->name != NULL; t++) {
		if ((t->doors & door) == 0)
			continue;
		wbuf_reset(&w);
		row_str(&w, "name", t->name);
		row_str(&w, "args", t->args);
		row_str(&w, "help", t->help);
		row_str(&w, "role", role_name(t->role));
		(void)doc_row(d, list, w.p, w.len);
	}
	wbuf_free(&w);
}

void
help_list_text(const struct doc *d, struct wbuf *w)
{
	struct row_field name, args, help;

	wbuf_printf(w, "commands (help COMMAND tells more):\n");
	for (size_t i = 0; i < d->list[0].n; i++) {
		const struct wbuf *row = &d->list[0].rows[i];
		char left[64];

		if (!row_find(row->p, row->len, "name", &name) ||
		    !row_find(row->p, row->len, "args", &args) ||
		    !row_find(row->p, row->len, "help", &help))
			continue;
		(void)snprintf(left, sizeof(left), "%.*s %.*s",
		    (int)name.str_len, name.str, (int)args.str_len, args.str);
		wbuf_printf(w, "  %-22s %.*s\n", left, (int)help.str_len,
		    help.str);
	}
}

/* One width for all groups, so that their columns are below each other. */
static size_t
name_width(const struct command *t)
{
	size_t width = 0;

	for (; t->name != NULL; t++)
		if ((t->doors & DOOR_SHELL) != 0 && strlen(t->name) > width)
			width = strlen(t->name);
	return width;
}

static void
group_text(const struct command *t, size_t group, size_t width,
    struct wbuf *w)
{
	const size_t per_row = (HELP_COLUMNS - TITLE_WIDTH) / (width + 3);
	size_t n = 0, pad = 0;

	for (; t->name != NULL; t++) {
		if ((t->doors & DOOR_SHELL) == 0 ||
		    t->group != groups[group].group)
			continue;
		if (n % per_row == 0)
			wbuf_printf(w, "%s%-*s", n > 0 ? "\n" : "",
			    TITLE_WIDTH, n > 0 ? "" : groups[group].title);
		else
			wbuf_printf(w, "%*s", (int)pad, "");
		wbuf_printf(w, "/%s", t->name);
		pad = width + 2 - strlen(t->name);
		n++;
	}
	if (n > 0)
		wbuf_u8(w, '\n');
}

void
help_shell_text(const struct command *t, struct wbuf *w)
{
	size_t width = name_width(t);

	wbuf_printf(w, "commands (/help COMMAND tells more):\n");
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		group_text(t, i, width, w);
	wbuf_printf(w, "Anything without / is said to everybody; "
	    "//x says \"/x\".\n");
}

static void
one_text(const struct command *c, enum door door, struct wbuf *w)
{
	const char *before = door == DOOR_SHELL ? "/" :
	    door == DOOR_EXEC ? "ssh NODE " : "micelioctl ";

	wbuf_printf(w, "%s%s%s%s\n  %s\n", before, c->name,
	    c->args[0] == '\0' ? "" : " ", c->args, c->help);
	wbuf_printf(w, "examples:\n");
	for (size_t i = 0; i < 2; i++)
		wbuf_printf(w, "  %s%s\n", before, c->examples[i]);
	wbuf_printf(w, "role: %s%s\n", role_name(c->role), c->role ==
	    ROLE_USER ? " (everybody)" : "");
	if ((c->doors & door) == 0)
		wbuf_printf(w, "not available here, but %s\n",
		    command_where(c));
}

static void
one_doc(const struct command *c, enum door door, struct doc *d)
{
	size_t list;
	struct wbuf w;

	row_str(&d->head, "name", c->name);
	row_str(&d->head, "args", c->args);
	row_str(&d->head, "help", c->help);
	row_str(&d->head, "role", role_name(c->role));
	row_bool(&d->head, "here", (c->doors & door) != 0);
	list = doc_list(d, "examples");
	wbuf_init(&w, 1024);
	for (size_t i = 0; i < 2; i++) {
		wbuf_reset(&w);
		row_str(&w, "line", c->examples[i]);
		(void)doc_row(d, list, w.p, w.len);
	}
	wbuf_free(&w);
}

void
help_one(const struct command *c, enum door door, enum doc_form form,
    struct wbuf *w)
{
	struct doc d;

	if (form != DOC_JSON) {
		one_text(c, door, w);
		return;
	}
	doc_init(&d);
	one_doc(c, door, &d);
	doc_json(&d, w);
	doc_free(&d);
}

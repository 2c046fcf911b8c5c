/* SPDX-License-Identifier: MIT */
#include "editrig.h"
#include "text.h"

static void
note(struct seen *s, const char *what, const char *text, size_t len)
{
	int n;

	if (len > s->biggest)
		s->biggest = len;
	if (!utf8_valid(text, len))
		s->valid = false;
	n = snprintf(s->log + s->len, sizeof(s->log) - s->len, "%s(%.*s) ",
	    what, len > 200 ? 200 : (int)len, text);
	if (n > 0 && s->len + (size_t)n < sizeof(s->log))
		s->len += (size_t)n;
}

void
edit_forget(struct seen *s)
{
	s->len = 0;
	s->log[0] = '\0';
}

static void
on_entered(void *arg)
{
	(void)arg;
}

static void
on_line(void *arg, const char *text, size_t len)
{
	note(arg, "line", text, len);
}

static void
on_paste(void *arg, const char *text, size_t len)
{
	note(arg, "paste", text, len);
}

static void
on_pasted(void *arg, size_t lines)
{
	char n[24];

	snprintf(n, sizeof(n), "%zu", lines);
	note(arg, "pasted", n, strlen(n));
}

static void
on_too_big(void *arg, size_t bytes, size_t limit)
{
	char n[48];

	snprintf(n, sizeof(n), "%zu>%zu", bytes, limit);
	note(arg, "too_big", n, strlen(n));
}

static void
on_too_long(void *arg, size_t bytes)
{
	char n[24];

	snprintf(n, sizeof(n), "%zu", bytes);
	note(arg, "too_long", n, strlen(n));
}

static void
on_complete(void *arg, uint32_t id, const char *text, size_t len,
    size_t cursor)
{
	struct seen *s = arg;

	s->complete_id = id;
	note(s, "complete", text, cursor < len ? cursor : len);
}

static void
on_list(void *arg)
{
	note(arg, "list", "", 0);
}

static void
on_interrupt(void *arg, bool was_empty)
{
	note(arg, "interrupt", was_empty ? "empty" : "", was_empty ? 5 : 0);
}

static void
on_eof(void *arg)
{
	note(arg, "eof", "", 0);
}

static void
on_clear(void *arg)
{
	note(arg, "clear", "", 0);
}

static void
on_bell(void *arg)
{
	note(arg, "bell", "", 0);
}

static const struct lineedit_ops ops = {
	on_entered, on_line, on_paste, on_pasted, on_too_big, on_too_long,
	on_complete, on_list, on_interrupt, on_eof, on_clear, on_bell,
};

void
edit_start(struct lineedit *le, struct seen *s)
{
	memset(s, 0, sizeof(*s));
	s->valid = true;
	lineedit_init(le, &ops, s);
}

void
edit_type(struct lineedit *le, const char *keys, uint64_t now)
{
	lineedit_feed(le, keys, strlen(keys), now);
}

void
assert_line(const struct lineedit *le, const char *want)
{
	char got[1024], prompt[256];
	const char *text;
	size_t len, cursor;
	bool own;

	lineedit_view(le, prompt, sizeof(prompt), &own, &text, &len, &cursor);
	snprintf(got, sizeof(got), "%s%.*s|%.*s", own ? prompt : "",
	    (int)cursor, text, (int)(len - cursor), text + cursor);
	assert_string_equal(got, want);
}

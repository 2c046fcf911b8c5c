/* SPDX-License-Identifier: MIT */
/*
 * What the hub shows anew at the same place: over the whole terminal until
 * the client leaves it.  Where that cannot be, page after page.
 */
#include <string.h>

#include "page.h"
#include "session.h"

static bool
possible(const struct session *s)
{
	if (s->kind == SES_SHELL)
		return s->screen_on && !s->screen.dumb && !s->screen.plain;
	return s->pty && page_possible(s->term);
}

/* The partyline as it is by now, with what was said meanwhile. */
void
shell_page_end(struct session *s)
{
	if (!s->page_on)
		return;
	s->page_on = false;
	page_end(&s->out.buf);
	if (!s->screen_on)
		return;
	screen_cover(&s->screen, false);
	shell_refresh(s);
}

void
shell_page(struct session *s, const char *text, size_t len)
{
	bool first = !s->page_on;

	s->unacked += (uint32_t)len;
	if (len == 0) {
		shell_page_end(s);
		return;
	}
	if (first && !possible(s)) {
		shell_output(s, 1, text, len);
		return;
	}
	s->page_on = true;
	s->page_left = s->page_left && !first;
	if (s->screen_on && first)
		screen_cover(&s->screen, true);
	page_draw(&s->out.buf, text, len, s->rows, first);
}

/* Keys while a page is shown: the hub is told once, and ends it. */
void
shell_page_keys(struct session *s, const uint8_t *keys, size_t n)
{
	enum imsg_type type = s->kind == SES_SHELL ||
	    memchr(keys, 0x03, n) != NULL ? IMSG_SES_INTR : IMSG_SES_EOF;

	if (s->page_left || !page_left(keys, n))
		return;
	s->page_left = true;
	imsg_send(s->hub, type, 0, 0, NULL, 0);
}

/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "cursor.h"
#include "page.h"

/* Other screen, no new line at the right margin, no cursor; and back. */
#define PAGE_ENTER	"\033[?1049h\033[?7l\033[?25l\033[2J"
#define PAGE_LEAVE	"\033[?25h\033[?7h\033[?1049l"
#define PAGE_HINT	"-- q ends"

bool
page_possible(const char *term)
{
	return term != NULL && term[0] != '\0' && strcmp(term, "dumb") != 0 &&
	    strcmp(term, "unknown") != 0;
}

static void
put(struct wbuf *w, const char *s)
{
	wbuf_bytes(w, s, strlen(s));
}

void
page_draw(struct wbuf *w, const char *text, size_t len, unsigned int rows,
    bool first)
{
	const char *nl;
	char go[32];
	size_t n;

	put(w, first ? PAGE_ENTER "\033[H" : "\033[H");
	/* What is drawn over is erased row by row: nothing flickers. */
	for (unsigned int row = 1; len > 0 && row < rows; row++) {
		nl = memchr(text, '\n', len);
		n = nl == NULL ? len : (size_t)(nl - text);
		wbuf_bytes(w, text, n);
		put(w, "\033[K\r\n");
		n += nl != NULL;
		text += n;
		len -= n;
	}
	put(w, "\033[J");
	(void)snprintf(go, sizeof(go), "\033[%u;1H", rows);
	put(w, go);
	put(w, PAGE_HINT);
}

void
page_end(struct wbuf *w)
{
	put(w, PAGE_LEAVE);
}

bool
page_left(const void *keys, size_t n)
{
	const char *s = keys;

	for (size_t i = 0; i < n; i++)
		if (s[i] == 'q' || s[i] == 'Q' || s[i] == 0x03 ||
		    s[i] == 0x04)
			return true;
	return false;
}

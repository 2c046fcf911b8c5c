/* SPDX-License-Identifier: MIT */
/* How a session is written down.  Pure. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cursor.h"
#include "doc.h"
#include "log.h"
#include "text.h"
#include "transcript.h"

#define SAFE_FACTOR	4u	/* a byte is shown as four at most: \x1b */

/* A name of a transcript is letters, digits, "-" and "_". */
static void
name_put(const char *s, struct wbuf *w)
{
	for (; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;
		bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9') || c == '_' || c >= 0x80;

		wbuf_u8(w, good ? c : '-');
	}
}

static void
who_put(const char *nick, const char *node, const char *kind, struct wbuf *w)
{
	name_put(nick, w);
	wbuf_u8(w, '@');
	name_put(node, w);
	wbuf_printf(w, "%s ", kind);
}

/* A file is shown on a terminal some day. */
static void
safe_put(const char *s, size_t n, struct wbuf *w)
{
	size_t size = n * SAFE_FACTOR + 16;
	char *safe = xcalloc(1, size);

	wbuf_bytes(w, safe, text_safe(s, n, safe, size, true));
	free(safe);
}

void
transcript_typed(const char *nick, const char *node, const char *s, size_t n,
    struct wbuf *w)
{
	while (n > 0 && (*s == ' ' || *s == '\t')) {
		s++;
		n--;
	}
	if (n == 0)
		return;
	who_put(nick, node, ">", w);
	if (s[0] == '/') {
		s++;
		n--;
		if (n > 0 && s[0] == '/')	/* "//x" says "/x" */
			wbuf_printf(w, "say ");
	} else
		wbuf_printf(w, "say ");
	safe_put(s, n, w);
	wbuf_u8(w, '\n');
}

void
transcript_pasted(const char *nick, const char *node, const char *s, size_t n,
    struct wbuf *w)
{
	const char *first = memchr(s, '\n', n);

	if (first == NULL) {
		who_put(nick, node, ">", w);
		wbuf_printf(w, "say ");
	} else {
		wbuf_printf(w, "# ");
		who_put(nick, node, " pasted several lines:", w);
	}
	safe_put(s, n, w);
	wbuf_u8(w, '\n');
}

size_t
transcript_shown(const char *nick, const char *node, const char *s, size_t n,
    struct wbuf *w)
{
	const char *end = memchr(s, '\n', n);
	size_t len = end == NULL ? n : (size_t)(end - s);

	if (len > 0) {
		who_put(nick, node, "<", w);
		wbuf_bytes(w, s, len);
		wbuf_u8(w, '\n');
	}
	return end == NULL ? len : len + 1;
}

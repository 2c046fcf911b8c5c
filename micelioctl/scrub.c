/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "cursor.h"
#include "scrub.h"

static const char removed[] = "[removed]";

static bool
is_base64(char c)
{
	return isalnum((unsigned char)c) || c == '+' || c == '/' || c == '=';
}

static void
line_scrub(const char *s, size_t n, struct wbuf *w)
{
	size_t run, hex;

	for (; n > 0; s += run, n -= run) {
		for (run = hex = 0; run < n && is_base64(s[run]); run++)
			hex += isxdigit((unsigned char)s[run]) != 0;
		if (run >= SCRUB_RUN && hex < run)
			wbuf_bytes(w, removed, sizeof(removed) - 1);
		else if (run > 0)
			wbuf_bytes(w, s, run);
		else {
			wbuf_u8(w, (uint8_t)*s);
			run = 1;
		}
	}
}

void
scrub(const char *s, size_t n, struct wbuf *w)
{
	const char *end = s + n, *nl;
	bool pem = false;

	for (; s < end; s = nl + 1) {
		size_t len;

		nl = memchr(s, '\n', (size_t)(end - s));
		if (nl == NULL)
			nl = end;
		len = (size_t)(nl - s);
		if (memmem(s, len, "-----BEGIN ", 11) != NULL)
			pem = true;
		if (pem)
			wbuf_bytes(w, removed, sizeof(removed) - 1);
		else
			line_scrub(s, len, w);
		if (memmem(s, len, "-----END ", 9) != NULL)
			pem = false;
		if (nl < end)
			wbuf_u8(w, '\n');
	}
}

/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include <utf8proc.h>

#include "glyph.h"
#include "text.h"

#define DOTTED_CIRCLE	"\xe2\x97\x8c"
#define VS16		0xfe0f	/* emoji presentation */
#define FLAG_A		0x1f1e6	/* regional indicators */
#define FLAG_Z		0x1f1ff

static bool	is_plain_ascii(char);

size_t
glyph_next(const char *s, size_t len, size_t pos)
{
	uint32_t prev, cp;
	int32_t state = 0;
	size_t n;

	n = utf8_decode(s + pos, len - pos, &prev);
	if (n == 0)
		return pos + 1;
	/* Two plain characters never join: the common case, cheaply. */
	if (is_plain_ascii(s[pos]) &&
	    (pos + 1 == len || is_plain_ascii(s[pos + 1])))
		return pos + 1;
	pos += n;
	while (pos < len) {
		n = utf8_decode(s + pos, len - pos, &cp);
		if (n == 0)
			break;
		if (utf8proc_grapheme_break_stateful((int32_t)prev,
		    (int32_t)cp, &state))
			break;
		prev = cp;
		pos += n;
	}
	return pos;
}

size_t
glyph_prev(const char *s, size_t len, size_t pos)
{
	size_t start = pos - 1, next;

	/* A plain character always begins a cluster: count from there. */
	while (start > 0 && !is_plain_ascii(s[start]))
		start--;
	while ((next = glyph_next(s, len, start)) < pos)
		start = next;
	return start;
}

size_t
glyph_show(const char *s, size_t len, char out[GLYPH_TEXT_MAX],
    unsigned int *width)
{
	size_t n, used = 0, pos = 0;
	unsigned int w, widest = 0;
	uint32_t cp;
	int made;

	while (pos < len) {
		n = utf8_decode(s + pos, len - pos, &cp);
		if (n == 0 || text_unsafe_cp(cp)) {
			if (n == 0) {
				cp = 0xfffd;
				n = 1;
			}
			made = snprintf(out, GLYPH_TEXT_MAX, "<U+%04X>",
			    (unsigned int)cp);
			*width = (unsigned int)made;
			return (size_t)made;
		}
		w = (unsigned int)utf8proc_charwidth((int32_t)cp);
		if (cp == VS16)
			w = 2;
		else if (cp >= FLAG_A && cp <= FLAG_Z)	/* two are one flag */
			w = widest + 1;
		if (w > widest)
			widest = w;
		/* Endless stacks of marks are cut, in sight only. */
		if (used + n + sizeof(DOTTED_CIRCLE) <= GLYPH_TEXT_MAX) {
			memcpy(out + used, s + pos, n);
			used += n;
		}
		pos += n;
	}
	if (widest == 0) {
		memmove(out + sizeof(DOTTED_CIRCLE) - 1, out, used);
		memcpy(out, DOTTED_CIRCLE, sizeof(DOTTED_CIRCLE) - 1);
		used += sizeof(DOTTED_CIRCLE) - 1;
		widest = 1;
	}
	*width = widest > 2 ? 2 : widest;
	return used;
}

size_t
glyph_columns(const char *s, size_t len)
{
	char out[GLYPH_TEXT_MAX];
	unsigned int w;
	size_t pos, next, columns = 0;

	for (pos = 0; pos < len; pos = next) {
		next = glyph_next(s, len, pos);
		glyph_show(s + pos, next - pos, out, &w);
		columns += w;
	}
	return columns;
}

bool
glyph_is_space(const char *s, size_t len)
{
	return len == 1 && (*s == ' ' || *s == '\t');
}

bool
glyph_is_word(const char *s, size_t len)
{
	if (len == 1)
		return isalnum((unsigned char)*s) || *s == '_';
	return len > 1;
}

static bool
is_plain_ascii(char c)
{
	return (unsigned char)c >= 0x20 && (unsigned char)c < 0x7f;
}

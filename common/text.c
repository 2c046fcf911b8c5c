/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "text.h"

/* RFC 3629: the table of well-formed byte sequences, as code. */
size_t
utf8_decode(const void *src, size_t n, uint32_t *cp)
{
	const uint8_t *s = src;
	uint32_t c, min;
	size_t len;

	if (n == 0)
		return 0;
	if (s[0] < 0x80) {
		*cp = s[0];
		return 1;
	}
	if (s[0] >= 0xc2 && s[0] <= 0xdf) {
		len = 2;
		c = s[0] & 0x1f;
		min = 0x80;
	} else if ((s[0] & 0xf0) == 0xe0) {
		len = 3;
		c = s[0] & 0x0f;
		min = 0x800;
	} else if (s[0] >= 0xf0 && s[0] <= 0xf4) {
		len = 4;
		c = s[0] & 0x07;
		min = 0x10000;
	} else
		return 0;
	if (n < len)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < min || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*cp = c;
	return len;
}

size_t
utf8_encode(uint32_t cp, char out[4])
{
	if (cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = (char)(0xc0 | cp >> 6);
		out[1] = (char)(0x80 | (cp & 0x3f));
		return 2;
	}
	if (cp < 0x10000) {
		out[0] = (char)(0xe0 | cp >> 12);
		out[1] = (char)(0x80 | (cp >> 6 & 0x3f));
		out[2] = (char)(0x80 | (cp & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | cp >> 18);
	out[1] = (char)(0x80 | (cp >> 12 & 0x3f));
	out[2] = (char)(0x80 | (cp >> 6 & 0x3f));
	out[3] = (char)(0x80 | (cp & 0x3f));
	return 4;
}

bool
utf8_valid(const void *src, size_t n)
{
	const uint8_t *s = src;
	uint32_t cp;
	size_t k;

	while (n > 0) {
		if ((k = utf8_decode(s, n, &cp)) == 0)
			return false;
		s += k;
		n -= k;
	}
	return true;
}

bool
text_unsafe_cp(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x061c ||
	    c == 0x180e || (c >= 0x200b && c <= 0x200c) ||
	    c == 0x200e || c == 0x200f ||
	    (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x2069) ||
	    (c >= 0x206a && c <= 0x206f) || c == 0xfeff ||
	    (c >= 0xfff9 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe007f);
}

/* How one character is shown; its bytes in out (<= 12), at most 11. */
static size_t
show_cp(uint32_t cp, bool one_line, char out[12])
{
	if (cp == '\t' || (cp == '\n' && one_line)) {
		out[0] = ' ';
		return 1;
	}
	if (cp == '\n' || !text_unsafe_cp(cp))
		return utf8_encode(cp, out);
	if (cp < 0x100)
		return (size_t)snprintf(out, 12, "\\x%02x", cp);
	return (size_t)snprintf(out, 12, "<U+%04X>", cp);
}

size_t
text_safe(const char *s, size_t n, char *out, size_t size, bool one_line)
{
	size_t used = 0, k, len;
	char piece[12];
	uint32_t cp;

	while (n > 0) {
		if ((k = utf8_decode(s, n, &cp)) == 0) {
			k = 1;
			len = (size_t)snprintf(piece, sizeof(piece), "\\x%02x",
			    (unsigned int)(uint8_t)*s);
		} else
			len = show_cp(cp, one_line, piece);
		if (used + len >= size)
			break;
		memcpy(out + used, piece, len);
		used += len;
		s += k;
		n -= k;
	}
	out[used] = '\0';
	return used;
}

bool
text_tame(const char *s, size_t n)
{
	uint32_t cp;
	size_t k;

	for (; n > 0; s += k, n -= k)
		if ((k = utf8_decode(s, n, &cp)) == 0 || text_unsafe_cp(cp))
			return false;
	return true;
}

static bool
log_value_plain(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] == ' ' || s[i] == '"' || s[i] == '=' || s[i] == '\\')
			return false;
	return n > 0;
}

size_t
text_log_value(const char *s, size_t n, char *out, size_t size)
{
	char safe[1024];
	size_t used = 0, len = text_safe(s, n, safe, sizeof(safe), true), k;
	uint32_t cp;

	if (log_value_plain(safe, len)) {
		for (; len >= size || ((uint8_t)safe[len] & 0xc0) == 0x80;
		    len--)
			continue;
		memcpy(out, safe, len);
		out[len] = '\0';
		return len;
	}
	if (size < 3) {
		out[0] = '\0';
		return 0;
	}
	out[used++] = '"';
	for (size_t i = 0; i < len; i += k, used += k) {
		k = utf8_decode(safe + i, len - i, &cp);
		if (used + k + 3 >= size)
			break;
		if (safe[i] == '"' || (safe[i] == '\\' && safe[i + 1] != 'x'))
			out[used++] = '\\';
		memcpy(out + used, safe + i, k);
	}
	out[used++] = '"';
	out[used] = '\0';
	return used;
}

static size_t
json_piece(uint32_t cp, char out[16])
{
	switch (cp) {
	case '"':
	case '\\':
		out[0] = '\\';
		out[1] = (char)cp;
		return 2;
	case '\n':
		memcpy(out, "\\n", 2);
		return 2;
	case '\t':
		memcpy(out, "\\t", 2);
		return 2;
	}
	if (cp < 0x20 || (cp >= 0x7f && cp < 0x10000 && text_unsafe_cp(cp)))
		return (size_t)snprintf(out, 16, "\\u%04x", cp);
	if (cp >= 0x10000 && text_unsafe_cp(cp))
		return (size_t)snprintf(out, 16, "\\u%04x\\u%04x",
		    0xd800 + ((cp - 0x10000) >> 10),
		    0xdc00 + ((cp - 0x10000) & 0x3ff));
	return utf8_encode(cp, out);
}

size_t
text_json(const char *s, size_t n, char *out, size_t size)
{
	size_t used = 0, k, len;
	char piece[16];
	uint32_t cp;

	if (size < 3) {
		out[0] = '\0';
		return 0;
	}
	out[used++] = '"';
	while (n > 0) {
		if ((k = utf8_decode(s, n, &cp)) == 0) {
			k = 1;
			cp = 0xfffd;
		}
		len = json_piece(cp, piece);
		if (used + len + 2 > size)
			break;
		memcpy(out + used, piece, len);
		used += len;
		s += k;
		n -= k;
	}
	out[used++] = '"';
	out[used] = '\0';
	return used;
}

#define NEAR_MAX	64u

static unsigned int
least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/*
 * How many letters were added, left out, mistaken or swapped with the next
 * (optimal string alignment); a large number for long words.
 */
static unsigned int
distance(const char *a, const char *b)
{
	unsigned int rows[3][NEAR_MAX + 1], *before = rows[0], *last = rows[1],
	    *row = rows[2], *spare;
	size_t n = strlen(a), m = strlen(b);

	if (n > NEAR_MAX || m > NEAR_MAX)
		return UINT32_MAX;
	for (size_t j = 0; j <= m; j++)
		row[j] = (unsigned int)j;
	for (size_t i = 1; i <= n; i++) {
		spare = before;
		before = last;
		last = row;
		row = spare;
		row[0] = (unsigned int)i;
		for (size_t j = 1; j <= m; j++) {
			row[j] = least(last[j - 1] + (a[i - 1] != b[j - 1]),
			    least(last[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				row[j] = least(row[j], before[j - 2] + 1);
		}
	}
	return row[m];
}

const char *
text_nearest(const char *word, const char *const *list)
{
	const char *best = NULL;
	unsigned int best_d = 4, d;

	for (; *list != NULL; list++) {
		d = distance(word, *list);
		/* "ab" is not a slip of "xy": most letters must agree. */
		if (d < best_d && d * 2 <= strlen(*list) + 1) {
			best = *list;
			best_d = d;
		}
	}
	return best;
}

size_t
text_copy(char *dst, const char *src, size_t size)
{
	size_t n = strlen(src);

	if (size > 0) {
		size_t k = n < size - 1 ? n : size - 1;

		memcpy(dst, src, k);
		dst[k] = '\0';
	}
	return n;
}

/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "sshd.h"
#include "text.h"

#define NICK_SHOWN_MAX	(CHAT_NICK_MAX * 2)

static const char *const reserved[] = { "all", "everyone", "here", "micelio",
	"node", "system" };

static bool
cp_letter(uint32_t cp)
{
	switch (utf8proc_category((utf8proc_int32_t)cp)) {
	case UTF8PROC_CATEGORY_LU:
	case UTF8PROC_CATEGORY_LL:
	case UTF8PROC_CATEGORY_LT:
	case UTF8PROC_CATEGORY_LM:
	case UTF8PROC_CATEGORY_LO:
	case UTF8PROC_CATEGORY_ND:
		return true;
	default:
		return false;
	}
}

static bool
cp_mark(uint32_t cp)
{
	switch (utf8proc_category((utf8proc_int32_t)cp)) {
	case UTF8PROC_CATEGORY_MN:
	case UTF8PROC_CATEGORY_MC:
		return true;
	default:
		return false;
	}
}

static bool
cp_sign(uint32_t cp)
{
	return cp < 0x80 && cp != 0 && strchr("_-.[]`^{}|", (int)cp) != NULL;
}

static const char *
chars_check(const char *s, size_t n)
{
	unsigned int marks = 0;
	bool letter = false;
	uint32_t cp;
	size_t k;

	for (; n > 0; s += k, n -= k) {
		if ((k = utf8_decode(s, n, &cp)) == 0)
			return "is not UTF-8";
		if (cp_mark(cp) && letter && marks < 2) {
			marks++;
			continue;
		}
		letter = cp_letter(cp);
		marks = 0;
		/* Filler letters show as nothing at all. */
		if (cp == 0x115f || cp == 0x1160 || cp == 0x3164 ||
		    cp == 0xffa0 || (!letter && !cp_sign(cp)))
			return "may hold letters, digits and _-.[]`^{}| only";
	}
	return NULL;
}

const char *
nick_check(const char *s, size_t n)
{
	const char *why;
	char copy[CHAT_NICK_MAX + 1];

	if (n == 0)
		return "is empty";
	if (n > CHAT_NICK_MAX)
		return "is longer than 32 bytes";
	if (s[0] == '-')
		return "may not begin with '-'";
	if ((why = chars_check(s, n)) != NULL)
		return why;
	memcpy(copy, s, n);
	copy[n] = '\0';
	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		if (nick_same(copy, reserved[i]))
			return "is reserved: it would look like the node";
	return NULL;
}

static char *
folded(const char *s)
{
	utf8proc_uint8_t *out = NULL;

	if (utf8proc_map((const utf8proc_uint8_t *)s, 0, &out,
	    UTF8PROC_NULLTERM | UTF8PROC_STABLE | UTF8PROC_COMPOSE |
	    UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE) < 0) {
		free(out);
		return NULL;
	}
	return (char *)out;
}

bool
nick_same(const char *a, const char *b)
{
	char *fa = folded(a), *fb = folded(b);
	bool same = fa != NULL && fb != NULL ? strcmp(fa, fb) == 0 :
	    strcmp(a, b) == 0;

	free(fa);
	free(fb);
	return same;
}

void
nick_show(const char *s, size_t n, char *out, size_t size)
{
	char safe[NICK_SHOWN_MAX * 6];
	size_t len, used = 0, k;
	uint32_t cp;

	len = text_safe(s, n < NICK_SHOWN_MAX ? n : NICK_SHOWN_MAX, safe,
	    sizeof(safe), true);
	for (size_t i = 0; i < len; i += k) {
		bool bad;

		k = utf8_decode(safe + i, len - i, &cp);
		if (k == 0 || used + k >= size || used + k > NICK_SHOWN_MAX)
			break;
		/* What would make <nick@node> mean something else. */
		bad = cp == '@' || cp == '<' || cp == '>' ||
		    (k == 1 && cp == ' ') ||
		    utf8proc_category((utf8proc_int32_t)cp) ==
		    UTF8PROC_CATEGORY_ZS;
		if (bad)
			out[used++] = '?';
		else {
			memcpy(out + used, safe + i, k);
			used += k;
		}
	}
	if (used == 0)
		out[used++] = '?';
	out[used] = '\0';
}

/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "imsg.h"
#include "nick.h"
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

/* Blocks with letters that look like Latin ones. */
static const struct {
	uint32_t	 first, last;
} lookalikes[] = {
	{ 0x0250, 0x02af },	/* phonetic */
	{ 0x0370, 0x03ff },	/* Greek */
	{ 0x0400, 0x052f },	/* Cyrillic */
	{ 0x0531, 0x058f },	/* Armenian */
	{ 0x05d0, 0x05f2 },	/* Hebrew */
	{ 0x10a0, 0x10ff },	/* Georgian */
	{ 0x13a0, 0x13ff },	/* Cherokee */
	{ 0x1400, 0x167f },	/* Canadian syllabics */
	{ 0x1c80, 0x1cbf },	/* Cyrillic, Georgian */
	{ 0x1d00, 0x1dbf },	/* phonetic */
	{ 0x1f00, 0x1fff },	/* Greek */
	{ 0x2070, 0x209c },	/* raised, lowered */
	{ 0x2100, 0x214f },	/* letterlike */
	{ 0x2c80, 0x2d2d },	/* Coptic, Georgian */
	{ 0x2d30, 0x2d7f },	/* Tifinagh */
	{ 0xa4d0, 0xa4ff },	/* Lisu */
	{ 0xa640, 0xa69f },	/* Cyrillic */
	{ 0xab30, 0xabbf },	/* phonetic, Cherokee */
	{ 0xff10, 0xff5a },	/* full width */
	{ 0x10280, 0x1044f },	/* Lycian to Deseret */
	{ 0x104b0, 0x104ff },	/* Osage */
	{ 0x10780, 0x107bf },	/* raised */
	{ 0x118a0, 0x118df },	/* Warang Citi */
	{ 0x16f00, 0x16f9f },	/* Miao */
	{ 0x1d400, 0x1d7ff },	/* mathematical */
	{ 0x1df00, 0x1dfff },	/* phonetic */
};

static bool
cp_lookalike(uint32_t cp)
{
	for (size_t i = 0; i < sizeof(lookalikes) / sizeof(lookalikes[0]);
	    i++)
		if (cp >= lookalikes[i].first && cp <= lookalikes[i].last)
			return cp_letter(cp);
	return false;
}

static bool
cp_latin(uint32_t cp)
{
	return (cp < 0x250 || (cp >= 0x1e00 && cp <= 0x1eff)) &&
	    cp_letter(cp) && !(cp >= '0' && cp <= '9');
}

/* "alice" with one letter of another script would be read as alice. */
static bool
is_mixed(const char *s, size_t n)
{
	bool latin = false, other = false;
	uint32_t cp;
	size_t k;

	for (; n > 0 && (k = utf8_decode(s, n, &cp)) > 0; s += k, n -= k) {
		latin = latin || cp_latin(cp);
		other = other || cp_lookalike(cp);
	}
	return latin && other;
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
	if (is_mixed(s, n))
		return "mixes Latin letters with some of another script that "
		    "look like them";
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

/*
 * Letters of other scripts that look like a small Latin one in common fonts,
 * after case folding (from Unicode's confusables.txt, UTS 39).
 */
static const struct {
	uint32_t	 cp;
	char		 latin;
} twins[] = {
	{ 0x0251, 'a' }, { 0x0261, 'g' }, { 0x0269, 'i' }, { 0x0131, 'i' },
	{ 0x03b1, 'a' }, { 0x03b3, 'y' }, { 0x03b9, 'i' }, { 0x03ba, 'k' },
	{ 0x03bd, 'v' }, { 0x03bf, 'o' }, { 0x03c1, 'p' }, { 0x03c3, 'o' },
	{ 0x03c5, 'u' }, { 0x03c7, 'x' }, { 0x03f2, 'c' }, { 0x03f3, 'j' },
	{ 0x0430, 'a' }, { 0x0435, 'e' }, { 0x0437, '3' }, { 0x043a, 'k' },
	{ 0x043e, 'o' }, { 0x0440, 'p' }, { 0x0441, 'c' }, { 0x0443, 'y' },
	{ 0x0445, 'x' }, { 0x044c, 'b' }, { 0x0455, 's' }, { 0x0456, 'i' },
	{ 0x0457, 'i' }, { 0x0458, 'j' }, { 0x0475, 'v' }, { 0x04bb, 'h' },
	{ 0x04cf, 'l' }, { 0x0501, 'd' }, { 0x051b, 'q' }, { 0x051d, 'w' },
	{ 0x0561, 'w' }, { 0x0563, 'q' }, { 0x0566, 'q' }, { 0x0570, 'h' },
	{ 0x0578, 'n' }, { 0x057c, 'n' }, { 0x057d, 'u' }, { 0x0581, 'g' },
	{ 0x0582, 'i' }, { 0x0584, 'f' }, { 0x0585, 'o' }, { 0x10e7, 'y' },
};

/* The Latin letter a reader may take it for, or NUL. */
static char
twin_of(uint32_t cp)
{
	for (size_t i = 0; i < sizeof(twins) / sizeof(twins[0]); i++)
		if (twins[i].cp == cp)
			return twins[i].latin;
	return '\0';
}

/* What a reader may take it for; in place, as it gets no longer. */
static void
skeleton(char *s)
{
	size_t n = strlen(s), used = 0, k;
	uint32_t cp;
	char twin;

	for (size_t i = 0; i < n; i += k) {
		if ((k = utf8_decode(s + i, n - i, &cp)) == 0) {
			cp = 0;
			k = 1;
		}
		if ((twin = twin_of(cp)) != '\0') {
			s[used++] = twin;
			continue;
		}
		memmove(s + used, s + i, k);
		used += k;
	}
	s[used] = '\0';
}

bool
nick_same(const char *a, const char *b)
{
	char *fa = folded(a), *fb = folded(b);
	bool same;

	if (fa != NULL && fb != NULL) {
		skeleton(fa);
		skeleton(fb);
	}
	same = fa != NULL && fb != NULL ? strcmp(fa, fb) == 0 :
	    strcmp(a, b) == 0;

	free(fa);
	free(fb);
	return same;
}

uint64_t
nick_hash(const char *s)
{
	uint64_t h = 0xcbf29ce484222325u;	/* FNV-1a */
	char *f = folded(s);

	if (f != NULL)
		skeleton(f);
	for (const char *c = f != NULL ? f : s; *c != '\0'; c++)
		h = (h ^ (unsigned char)*c) * 0x100000001b3u;
	free(f);
	return h;
}

/* One character of a stranger's nick; its length in out. */
static size_t
char_show(const char *s, size_t k, uint32_t cp, bool mixed, char out[12])
{
	/* What would make <nick@node> mean something else. */
	if (cp == '@' || cp == '<' || cp == '>' || (k == 1 && cp == ' ') ||
	    utf8proc_category((utf8proc_int32_t)cp) == UTF8PROC_CATEGORY_ZS) {
		out[0] = '?';
		return 1;
	}
	if (mixed && cp_lookalike(cp))
		return (size_t)snprintf(out, 12, "\\u%04x", cp);
	memcpy(out, s, k);
	return k;
}

void
nick_show(const char *s, size_t n, char *out, size_t size)
{
	char safe[NICK_SHOWN_MAX * 6], one[12];
	size_t len, used = 0, k, shown;
	uint32_t cp;
	bool mixed;

	len = text_safe(s, n < NICK_SHOWN_MAX ? n : NICK_SHOWN_MAX, safe,
	    sizeof(safe), true);
	mixed = is_mixed(safe, len);
	for (size_t i = 0; i < len; i += k) {
		k = utf8_decode(safe + i, len - i, &cp);
		if (k == 0)
			break;
		shown = char_show(safe + i, k, cp, mixed, one);
		if (used + shown >= size || used + shown > NICK_SHOWN_MAX)
			break;
		memcpy(out + used, one, shown);
		used += shown;
	}
	if (used == 0)
		out[used++] = '?';
	out[used] = '\0';
}

/* SPDX-License-Identifier: MIT */
/* Words, texts and spaces of a configuration file. */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config_parse.h"
#include "text.h"

static void	bytes_utf8(const char *, size_t, struct problems *);
static void	skip_line(struct scan *);
static void	comment(struct scan *);
static void	include(struct scan *);
static size_t	escape(struct scan *, struct scan_value *, const char *);
static void	classify(struct scan_value *, const char *, size_t);
static bool	at(const struct scan *, const char *);

char *
lex_bytes(const void *buf, size_t len, size_t *skip, struct problems *ps)
{
	unsigned int line = 1;
	bool said = false;
	char *copy;

	*skip = 0;
	if (len >= 2 && (memcmp(buf, "\xff\xfe", 2) == 0 ||
	    memcmp(buf, "\xfe\xff", 2) == 0)) {
		problem_add(ps, 1, NULL, "the file is UTF-16, want UTF-8; "
		    "save it as UTF-8 without byte order mark");
		return NULL;
	}
	if (len >= 3 && memcmp(buf, "\xef\xbb\xbf", 3) == 0) {
		problem_add(ps, 1, NULL, "a byte order mark begins the file, "
		    "want plain UTF-8; save it without byte order mark");
		*skip = 3;
	}
	copy = xcalloc(1, len + 1);
	if (len > 0)
		memcpy(copy, buf, len);
	for (size_t i = 0; i < len; i++) {
		if (copy[i] == '\n')
			line++;
		if (copy[i] != '\0')
			continue;
		if (!said)
			problem_add(ps, line, NULL, "a NUL byte, want text; "
			    "is this the right file?");
		said = true;
		copy[i] = ' ';
	}
	bytes_utf8(copy, len, ps);
	return copy;
}

/* One problem for each line that has bytes which are not UTF-8. */
static void
bytes_utf8(const char *s, size_t n, struct problems *ps)
{
	unsigned int line = 1, said = 0;
	uint32_t cp;
	size_t k;

	while (n > 0) {
		if ((k = utf8_decode(s, n, &cp)) == 0) {
			if (said != line)
				problem_add(ps, line, NULL, "the byte 0x%02x "
				    "is not UTF-8, want UTF-8 text; save the "
				    "file as UTF-8", (unsigned char)*s);
			said = line;
			k = 1;
		} else if (cp == '\n')
			line++;
		s += k;
		n -= k;
	}
}

void
lex_syntax(struct scan *s, unsigned int line, const char *setting,
    const char *fmt, ...)
{
	char text[CONFIG_LINE_MAX];
	va_list ap;

	s->mended = true;
	if (s->problems->syntax)
		return;
	s->problems->syntax = true;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	problem_add(s->problems, line, setting, "%s", text);
}

/* Lines of the mended text are those of the file, for libconfig's errors. */
void
lex_emit(struct scan *s, const char *text)
{
	for (; s->out_line < s->line; s->out_line++)
		wbuf_u8(&s->out, '\n');
	wbuf_bytes(&s->out, text, strlen(text));
	wbuf_u8(&s->out, ' ');
}

static bool
at(const struct scan *s, const char *word)
{
	size_t n = strlen(word);

	return (size_t)(s->end - s->p) >= n && memcmp(s->p, word, n) == 0;
}

void
lex_space(struct scan *s)
{
	while (s->p < s->end) {
		if (*s->p == '\n') {
			s->line++;
			s->p++;
		} else if (*s->p == ' ' || *s->p == '\t' || *s->p == '\r') {
			s->p++;
		} else if (*s->p == '\f' || *s->p == '\v') {
			s->mended = true;	/* libconfig does not */
			s->p++;
		} else if (*s->p == '#' || at(s, "//")) {
			skip_line(s);
		} else if (at(s, "/*")) {
			comment(s);
		} else if (at(s, "@include")) {
			include(s);
		} else
			return;
	}
}

static void
skip_line(struct scan *s)
{
	const char *nl = memchr(s->p, '\n', (size_t)(s->end - s->p));

	s->p = nl == NULL ? s->end : nl;
	if (nl == NULL)
		s->mended = true;	/* libconfig wants the line's end */
}

static void
comment(struct scan *s)
{
	unsigned int opened = s->line;
	char last[SCAN_LAST_MAX];

	for (s->p += 2; s->p < s->end; s->p++) {
		if (at(s, "*/")) {
			s->p += 2;
			return;
		}
		if (*s->p == '\n')
			s->line++;
	}
	lex_syntax(s, opened, NULL, "the comment that begins here is never "
	    "closed, want \"*/\" after it; %s", scan_last(s, last));
}

static void
include(struct scan *s)
{
	s->mended = true;
	if (s->muted == 0)
		problem_add(s->problems, s->line, NULL, "\"@include\" is not "
		    "known here, want all settings in one file; copy the "
		    "lines of the other file to this place");
	skip_line(s);
}

/*
 * Wider than libconfig's, so that "max.peers" or "größe" is one unknown name
 * and not a syntax error in the middle of a word.
 */
static bool
name_byte(char c, bool first)
{
	if (isalpha((unsigned char)c) || (c & 0x80) != 0 || c == '*' ||
	    c == '_')
		return true;
	return !first && (isdigit((unsigned char)c) || c == '-' || c == '.');
}

void
lex_name(struct scan *s, char out[SCAN_NAME_MAX + 1])
{
	size_t n = 0;

	out[0] = '\0';
	if (s->p >= s->end || !name_byte(*s->p, true))
		return;
	for (; s->p < s->end && name_byte(*s->p, false); s->p++)
		if (n < SCAN_NAME_MAX)
			out[n++] = *s->p;
	out[n] = '\0';
}

/*
 * A text ends on its line: no setting holds a line end, and so a forgotten
 * quote is found where it was forgotten.
 */
void
lex_string(struct scan *s, struct scan_value *v, const char *path)
{
	const char *begin = s->p++, *piece;
	size_t k;

	lex_emit(s, "");
	wbuf_u8(&s->out, '"');
	while (s->p < s->end && *s->p != '"' && *s->p != '\n') {
		piece = s->p;
		k = *piece == '\\' ? escape(s, v, path) : 1;
		s->p = piece + k;
		if (k > 0)
			wbuf_bytes(&s->out, piece, k);
		else {
			wbuf_u8(&s->out, '?');
			s->p = piece + 1;
		}
	}
	wbuf_bytes(&s->out, "\" ", 2);
	if (!utf8_valid(begin, (size_t)(s->p - begin)))
		v->said = true;
	if (s->p < s->end && *s->p == '"') {
		s->p++;
		return;
	}
	v->said = true;
	lex_syntax(s, s->line, path, "the text that begins here is not closed "
	    "on its line, want '\"' at its end; add it");
}

/* Length of the escape at s->p, or 0 when it is refused. */
static size_t
escape(struct scan *s, struct scan_value *v, const char *path)
{
	char code[3] = "", show[8] = "\\";
	char c = s->p + 1 < s->end ? s->p[1] : '\n';

	if (c == '\\' || c == '"' || c == 'n' || c == 't' || c == 'r' ||
	    c == 'f')
		return 2;
	if (c == '\n')
		return 0;	/* not closed: said by the caller */
	if (c == 'x' && s->end - s->p >= 4 &&
	    isxdigit((unsigned char)s->p[2]) &&
	    isxdigit((unsigned char)s->p[3])) {
		memcpy(code, s->p + 2, 2);
		if (strtoul(code, NULL, 16) != 0)
			return 4;
	}
	show[1] = c;
	if ((c & 0x80) != 0)
		show[1] = '\0';
	s->mended = true;
	if (!v->said && s->muted == 0)
		problem_add(s->problems, s->line, path, "got \"%s\" in a text, "
		    "want a plain character; write \"\\\\\" for a backslash, "
		    "and other characters as they are", show);
	v->said = true;
	return 0;
}

/* Does anything end a bare word here? */
static bool
word_ends(const struct scan *s)
{
	if (isspace((unsigned char)*s->p) || *s->p == '#' || at(s, "//") ||
	    at(s, "/*"))
		return true;
	return strchr(";,(){}[]\"=", *s->p) != NULL;
}

void
lex_word(struct scan *s, struct scan_value *v)
{
	const char *begin = s->p, *q;

	if (*s->p == '\'' && (q = memchr(s->p + 1, '\'',
	    (size_t)(s->end - s->p - 1))) != NULL &&
	    memchr(s->p, '\n', (size_t)(q - s->p)) == NULL)
		s->p = q + 1;
	while (s->p < s->end && !word_ends(s))
		s->p++;
	classify(v, begin, (size_t)(s->p - begin));
	/* info" has lost its first quote: what follows is not to be read. */
	if (s->p < s->end && *s->p == '"') {
		s->mended = v->word = true;
		skip_line(s);
	}
	if (v->word || v->wraps || v->zeros) {
		s->mended = true;
		lex_emit(s, "0");
	} else
		lex_emit(s, v->raw);
}

static size_t
digits(const char *s, bool hex)
{
	size_t n = 0;

	while (hex ? isxdigit((unsigned char)s[n]) != 0 :
	    isdigit((unsigned char)s[n]) != 0)
		n++;
	return n;
}

static bool
is_float(const char *s)
{
	size_t before, after = 0;

	s += *s == '+' || *s == '-';
	s += before = digits(s, false);
	if (*s == '.')
		s += 1 + (after = digits(s + 1, false));
	if (before + after == 0)
		return false;
	if (*s == 'e' || *s == 'E') {
		s++;
		s += *s == '+' || *s == '-';
		if ((before = digits(s, false)) == 0)
			return false;
		s += before;
	}
	return *s == '\0';
}

/*
 * Numbers as libconfig's own lexer knows them.  It reads decimals and hex
 * digits into 32 bits and lets them wrap, and those with an L into 64 bits.
 */
static void
classify(struct scan_value *v, const char *word, size_t len)
{
	const char *s = v->raw, *tail;
	bool hex;
	size_t n;
	long long num;

	if (len >= sizeof(v->raw))
		len = sizeof(v->raw) - 1;
	memcpy(v->raw, word, len);
	v->raw[len] = '\0';
	if (strcasecmp(s, "true") == 0 || strcasecmp(s, "false") == 0)
		return;
	hex = s[0] == '0' && (s[1] == 'x' || s[1] == 'X');
	s += hex ? 2 : (*s == '+' || *s == '-');
	n = digits(s, hex);
	tail = s + n;
	if (n == 0 || (*tail != '\0' && strcmp(tail, "L") != 0 &&
	    strcmp(tail, "LL") != 0)) {
		v->word = !is_float(v->raw);
		return;
	}
	v->zeros = !hex && n > 1 && *s == '0';
	errno = 0;
	num = strtoll(v->raw, NULL, hex ? 16 : 10);
	v->wraps = errno == ERANGE;
	if (*tail == '\0')
		v->wraps = v->wraps || num > INT32_MAX || num < INT32_MIN;
}

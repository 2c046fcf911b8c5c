/* SPDX-License-Identifier: MIT */
#include <sys/types.h>

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

#define JSON_DEPTH_MAX	64
#define JSON_FILE_MAX	(64u * 1024 * 1024)

struct json {
	enum json_type	 type;
	bool		 truth;
	char		*text;		/* number as written, or string */
	size_t		 len;		/* of text, or number of members */
	size_t		 cap;
	char		**keys;		/* object */
	struct json	**members;	/* object, array */
};

struct parser {
	const char	*start, *p, *end;
};

static struct json	*parse_value(struct parser *, int);

static void die(const char *, ...)
    __attribute__((noreturn, format(printf, 1, 2)));

static void
die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("json: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(99);
}

static void *
need(void *p)
{
	if (p == NULL)
		die("out of memory");
	return p;
}

static void bad(const struct parser *, const char *) __attribute__((noreturn));

static void
bad(const struct parser *ps, const char *what)
{
	die("offset %zd: %s", ps->p - ps->start, what);
}

struct json *
json_parse(const char *text, size_t n)
{
	struct parser ps = { text, text, text + n };
	struct json *j;

	j = parse_value(&ps, 0);
	while (ps.p < ps.end && isspace((unsigned char)*ps.p))
		ps.p++;
	if (ps.p != ps.end)
		bad(&ps, "text after the value");
	return j;
}

struct json *
json_load(const char *path)
{
	struct json *j;
	char *buf;
	size_t n;
	FILE *f;

	if ((f = fopen(path, "rb")) == NULL)
		die("%s: %s", path, strerror(errno));
	if (fseek(f, 0, SEEK_END) == -1)
		die("%s: %s", path, strerror(errno));
	n = (size_t)ftell(f);
	if (n > JSON_FILE_MAX)
		die("%s: too large", path);
	rewind(f);
	buf = need(malloc(n + 1));
	if (fread(buf, 1, n, f) != n)
		die("%s: short read", path);
	fclose(f);
	j = json_parse(buf, n);
	free(buf);
	return j;
}

struct json *
json_vectors(void)
{
	const char *path;

	if ((path = getenv("MICELIO_VECTORS")) == NULL)
		die("MICELIO_VECTORS is not set");
	return json_load(path);
}

void
json_free(struct json *j)
{
	size_t i;

	if (j == NULL)
		return;
	if (j->type == JSON_ARRAY || j->type == JSON_OBJECT)
		for (i = 0; i < j->len; i++) {
			json_free(j->members[i]);
			if (j->keys != NULL)
				free(j->keys[i]);
		}
	free(j->members);
	free(j->keys);
	free(j->text);
	free(j);
}

const struct json *
json_get(const struct json *j, const char *key)
{
	size_t i;

	if (j == NULL || j->type != JSON_OBJECT)
		return NULL;
	for (i = 0; i < j->len; i++)
		if (strcmp(j->keys[i], key) == 0)
			return j->members[i];
	return NULL;
}

const struct json *
json_at(const struct json *j, size_t i)
{
	if (j == NULL || i >= json_len(j) ||
	    (j->type != JSON_ARRAY && j->type != JSON_OBJECT))
		return NULL;
	return j->members[i];
}

const char *
json_key(const struct json *j, size_t i)
{
	if (j == NULL || j->type != JSON_OBJECT || i >= j->len)
		return NULL;
	return j->keys[i];
}

bool
json_has(const struct json *j, const char *key)
{
	return json_get(j, key) != NULL;
}

size_t
json_len(const struct json *j)
{
	if (j == NULL || j->type < JSON_STR)
		return 0;
	return j->len;
}

enum json_type
json_type(const struct json *j)
{
	return j == NULL ? JSON_NULL : j->type;
}

const char *
json_str(const struct json *j)
{
	if (j == NULL || j->type == JSON_NULL)
		return NULL;
	if (j->type != JSON_STR)
		die("a string was wanted");
	return j->text;
}

static const char *
number_text(const struct json *j)
{
	if (j == NULL || (j->type != JSON_NUM && j->type != JSON_STR))
		die("a number was wanted");
	return j->text;
}

int64_t
json_int(const struct json *j)
{
	const char *s = number_text(j);
	char *end;
	long long v;

	errno = 0;
	v = strtoll(s, &end, 10);
	if (errno != 0 || end == s || *end != '\0')
		die("not a whole number: %s", s);
	return v;
}

uint64_t
json_u64(const struct json *j)
{
	const char *s = number_text(j);
	char *end;
	unsigned long long v;

	errno = 0;
	v = strtoull(s, &end, 10);
	if (errno != 0 || end == s || *end != '\0' || *s == '-')
		die("not a number from 0: %s", s);
	return v;
}

bool
json_bool(const struct json *j)
{
	if (j == NULL || j->type != JSON_BOOL)
		die("true or false was wanted");
	return j->truth;
}

static unsigned int
hex_digit(int c)
{
	if (c >= '0' && c <= '9')
		return (unsigned int)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned int)(c - 'a') + 10;
	if (c >= 'A' && c <= 'F')
		return (unsigned int)(c - 'A') + 10;
	die("not a hex digit: %c", c);
}

size_t
json_hex(const struct json *j, uint8_t *buf, size_t max)
{
	const char *s = json_str(j);
	size_t i, n;

	if (s == NULL)
		die("a hex string was wanted");
	n = json_len(j);
	if (n % 2 != 0 || n / 2 > max)
		die("hex string of %zu digits, room for %zu bytes", n, max);
	for (i = 0; i < n / 2; i++)
		buf[i] = (uint8_t)(hex_digit(s[2 * i]) << 4 |
		    hex_digit(s[2 * i + 1]));
	return n / 2;
}

static struct json *
new_value(enum json_type type)
{
	struct json *j = need(calloc(1, sizeof(*j)));

	j->type = type;
	return j;
}

static int
next_char(struct parser *ps)
{
	while (ps->p < ps->end && isspace((unsigned char)*ps->p))
		ps->p++;
	if (ps->p == ps->end)
		bad(ps, "the text ends too early");
	return *ps->p;
}

static unsigned int
parse_u4(struct parser *ps)
{
	unsigned int v = 0;
	int i;

	if (ps->end - ps->p < 4)
		bad(ps, "short \\u");
	for (i = 0; i < 4; i++)
		v = v << 4 | hex_digit(*ps->p++);
	return v;
}

static char *
put_utf8(char *o, unsigned int cp)
{
	if (cp < 0x80) {
		*o++ = (char)cp;
	} else if (cp < 0x800) {
		*o++ = (char)(0xc0 | cp >> 6);
		*o++ = (char)(0x80 | (cp & 0x3f));
	} else if (cp < 0x10000) {
		*o++ = (char)(0xe0 | cp >> 12);
		*o++ = (char)(0x80 | (cp >> 6 & 0x3f));
		*o++ = (char)(0x80 | (cp & 0x3f));
	} else {
		*o++ = (char)(0xf0 | cp >> 18);
		*o++ = (char)(0x80 | (cp >> 12 & 0x3f));
		*o++ = (char)(0x80 | (cp >> 6 & 0x3f));
		*o++ = (char)(0x80 | (cp & 0x3f));
	}
	return o;
}

static char *
parse_escape(struct parser *ps, char *o)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	unsigned int cp;
	const char *f;

	if (ps->p == ps->end)
		bad(ps, "the text ends in an escape");
	if (*ps->p == 'u') {
		ps->p++;
		cp = parse_u4(ps);
		if (cp >= 0xd800 && cp < 0xdc00 && ps->end - ps->p >= 6 &&
		    ps->p[0] == '\\' && ps->p[1] == 'u') {
			ps->p += 2;
			cp = 0x10000 + ((cp - 0xd800) << 10) +
			    (parse_u4(ps) - 0xdc00);
		}
		return put_utf8(o, cp);
	}
	if (*ps->p == '\0' || (f = strchr(from, *ps->p)) == NULL)
		bad(ps, "unknown escape");
	ps->p++;
	*o++ = to[f - from];
	return o;
}

static struct json *
parse_string(struct parser *ps)
{
	struct json *j = new_value(JSON_STR);
	char *o;

	ps->p++;
	/* What an escape stands for is never longer than itself. */
	o = j->text = need(malloc((size_t)(ps->end - ps->p) + 1));
	while (ps->p < ps->end && *ps->p != '"') {
		if (*ps->p == '\\') {
			ps->p++;
			o = parse_escape(ps, o);
		} else
			*o++ = *ps->p++;
	}
	if (ps->p == ps->end)
		bad(ps, "the text ends in a string");
	ps->p++;
	*o = '\0';
	j->len = (size_t)(o - j->text);
	j->text = need(realloc(j->text, j->len + 1));
	return j;
}

static struct json *
parse_word(struct parser *ps)
{
	const char *s = ps->p;
	struct json *j;
	size_t n;

	while (ps->p < ps->end && (isalnum((unsigned char)*ps->p) ||
	    *ps->p == '-' || *ps->p == '+' || *ps->p == '.'))
		ps->p++;
	n = (size_t)(ps->p - s);
	if (n == 4 && memcmp(s, "null", 4) == 0)
		return new_value(JSON_NULL);
	if ((n == 4 && memcmp(s, "true", 4) == 0) ||
	    (n == 5 && memcmp(s, "false", 5) == 0)) {
		j = new_value(JSON_BOOL);
		j->truth = n == 4;
		return j;
	}
	if (n == 0 || (!isdigit((unsigned char)*s) && *s != '-'))
		bad(ps, "not a value");
	j = new_value(JSON_NUM);
	j->text = need(strndup(s, n));
	j->len = n;
	return j;
}

static void
add_member(struct json *j, char *key, struct json *v)
{
	if (j->len == j->cap) {
		j->cap = j->cap == 0 ? 8 : j->cap * 2;
		j->members = need(reallocarray(j->members, j->cap,
		    sizeof(*j->members)));
		if (j->type == JSON_OBJECT)
			j->keys = need(reallocarray(j->keys, j->cap,
			    sizeof(*j->keys)));
	}
	if (j->type == JSON_OBJECT)
		j->keys[j->len] = key;
	j->members[j->len++] = v;
}

static char *
parse_key(struct parser *ps)
{
	struct json *k;
	char *key;

	if (next_char(ps) != '"')
		bad(ps, "a key was expected");
	k = parse_string(ps);
	key = k->text;
	k->text = NULL;
	json_free(k);
	if (next_char(ps) != ':')
		bad(ps, "':' was expected");
	ps->p++;
	return key;
}

static struct json *
parse_members(struct parser *ps, enum json_type type, int depth)
{
	int close = type == JSON_OBJECT ? '}' : ']', c;
	struct json *j = new_value(type);
	char *key = NULL;

	ps->p++;
	if (next_char(ps) == close) {
		ps->p++;
		return j;
	}
	for (;;) {
		if (type == JSON_OBJECT)
			key = parse_key(ps);
		add_member(j, key, parse_value(ps, depth + 1));
		c = next_char(ps);
		ps->p++;
		if (c == close)
			return j;
		if (c != ',')
			bad(ps, "',' or an end was expected");
	}
}

static struct json *
parse_value(struct parser *ps, int depth)
{
	if (depth > JSON_DEPTH_MAX)
		bad(ps, "too deep");
	switch (next_char(ps)) {
	case '{':
		return parse_members(ps, JSON_OBJECT, depth);
	case '[':
		return parse_members(ps, JSON_ARRAY, depth);
	case '"':
		return parse_string(ps);
	default:
		return parse_word(ps);
	}
}

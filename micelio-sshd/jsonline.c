/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "jsonline.h"
#include "nodeid.h"
#include "text.h"

struct at {
	const char	*p, *end;
};

static void
blank(struct at *a)
{
	while (a->p < a->end && (*a->p == ' ' || *a->p == '\t' ||
	    *a->p == '\r' || *a->p == '\n'))
		a->p++;
}

static bool
take(struct at *a, char c)
{
	blank(a);
	if (a->p == a->end || *a->p != c)
		return false;
	a->p++;
	return true;
}

static bool
hex4(struct at *a, uint32_t *v)
{
	*v = 0;
	for (int i = 0; i < 4; i++, a->p++) {
		if (a->p == a->end)
			return false;
		*v <<= 4;
		if (*a->p >= '0' && *a->p <= '9')
			*v |= (uint32_t)(*a->p - '0');
		else if (*a->p >= 'a' && *a->p <= 'f')
			*v |= (uint32_t)(*a->p - 'a' + 10);
		else if (*a->p >= 'A' && *a->p <= 'F')
			*v |= (uint32_t)(*a->p - 'A' + 10);
		else
			return false;
	}
	return true;
}

/* Behind "\u"; pairs of surrogates are one code point. */
static bool
escape_u(struct at *a, uint32_t *cp)
{
	uint32_t low;

	if (!hex4(a, cp))
		return false;
	if (*cp < 0xd800 || *cp > 0xdfff)
		return true;
	if (*cp > 0xdbff || a->end - a->p < 2 || a->p[0] != '\\' ||
	    a->p[1] != 'u')
		return false;
	a->p += 2;
	if (!hex4(a, &low) || low < 0xdc00 || low > 0xdfff)
		return false;
	*cp = 0x10000 + ((*cp - 0xd800) << 10) + (low - 0xdc00);
	return true;
}

static bool
escape(struct at *a, uint32_t *cp)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at;

	if (a->p == a->end)
		return false;
	if (*a->p == 'u') {
		a->p++;
		return escape_u(a, cp);
	}
	if (*a->p == '\0' || (at = strchr(from, *a->p)) == NULL)
		return false;
	a->p++;
	*cp = (uint8_t)to[at - from];
	return true;
}

/* A text; what does not fit is refused.  out NULL: passed over. */
static bool
text(struct at *a, char *out, size_t max, size_t *n)
{
	uint32_t cp;
	size_t len;
	char one[4];

	*n = 0;
	if (!take(a, '"'))
		return false;
	for (; a->p < a->end && *a->p != '"'; *n += len) {
		if (*a->p == '\\') {
			a->p++;
			if (!escape(a, &cp))
				return false;
		} else {
			len = utf8_decode(a->p, (size_t)(a->end - a->p), &cp);
			if (len == 0 || cp < 0x20)
				return false;
			a->p += len;
		}
		len = utf8_encode(cp, one);
		if (out != NULL && len > max - *n)
			return false;
		if (out != NULL)
			memcpy(out + *n, one, len);
	}
	return take(a, '"');
}

/* A number, true, false or null: not looked at any closer. */
static bool
scalar(struct at *a)
{
	const char *from;

	blank(a);
	for (from = a->p; a->p < a->end && (strchr("+-.", *a->p) != NULL ||
	    (*a->p >= '0' && *a->p <= '9') || (*a->p >= 'a' && *a->p <= 'z') ||
	    *a->p == 'E'); a->p++)
		if (*a->p == '\0')
			return false;
	return a->p > from;
}

static bool
unhex(struct jsonline *j)
{
	uint32_t v;
	struct at a;
	char four[4] = "00";

	if (j->value_len % 2 != 0)
		return false;
	for (size_t i = 0; i < j->value_len; i += 2) {
		memcpy(four + 2, j->value + i, 2);
		a = (struct at){ four, four + 4 };
		if (!hex4(&a, &v))
			return false;
		j->value[i / 2] = (char)v;
	}
	j->value_len /= 2;
	return true;
}

static bool
field(struct jsonline *j, struct at *a, const char *name, size_t n)
{
	size_t ignored;

	if (n == 3 && memcmp(name, "key", n) == 0) {
		j->has_key = true;
		return text(a, j->key, JSONLINE_KEY_MAX, &j->key_len);
	}
	if (n == 5 && memcmp(name, "value", n) == 0) {
		j->has_value = true;
		return text(a, j->value, JSONLINE_VALUE_MAX, &j->value_len);
	}
	if (n == 9 && memcmp(name, "value_hex", n) == 0) {
		j->has_value = true;
		return text(a, j->value, JSONLINE_VALUE_MAX,
		    &j->value_len) && unhex(j);
	}
	blank(a);
	if (a->p < a->end && *a->p == '"')
		return text(a, NULL, 0, &ignored);
	return scalar(a);
}

const char *
jsonline_read(struct jsonline *j, const char *p, size_t len)
{
	struct at a = { p, p + len };
	char name[32];
	size_t n;

	j->has_key = j->has_value = false;
	j->key_len = j->value_len = 0;
	if (!take(&a, '{'))
		return "not a JSON object";
	do
		if (!text(&a, name, sizeof(name), &n) || !take(&a, ':') ||
		    !field(j, &a, name, n))
			return "malformed, or a key or value that is too long";
	while (take(&a, ','));
	if (!take(&a, '}'))
		return "malformed, or not of texts, numbers and booleans only";
	blank(&a);
	if (a.p != a.end)
		return "something follows the object";
	j->key[j->key_len] = '\0';
	if (!j->has_key || !j->has_value ||
	    memchr(j->key, '\0', j->key_len) != NULL)
		return "it needs \"key\" and \"value\" (or \"value_hex\")";
	return NULL;
}

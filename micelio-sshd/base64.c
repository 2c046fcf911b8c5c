/* SPDX-License-Identifier: MIT */
/* RFC 4648 section 4, strict in reading: one text for one value. */
#include <string.h>

#include "base64.h"

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int
digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

/* One group of four; the number of bytes it gives, or 0 if malformed. */
static size_t
group(const char *s, bool last, uint8_t out[3])
{
	uint32_t v = 0;
	size_t pad = 0;
	int d;

	if (last && s[3] == '=')
		pad = s[2] == '=' ? 2 : 1;
	for (size_t i = 0; i < 4; i++) {
		d = i >= 4 - pad ? 0 : digit(s[i]);
		if (d == -1)
			return 0;
		v = v << 6 | (uint32_t)d;
	}
	/* Bits that no byte takes must be zero. */
	if ((pad == 2 && (v & 0xffff) != 0) || (pad == 1 && (v & 0xff) != 0))
		return 0;
	out[0] = (uint8_t)(v >> 16);
	out[1] = (uint8_t)(v >> 8);
	out[2] = (uint8_t)v;
	return 3 - pad;
}

bool
base64_decode(const char *s, size_t n, uint8_t *out, size_t max, size_t *len)
{
	uint8_t three[3];
	size_t k;

	*len = 0;
	if (n == 0 || n % 4 != 0)
		return false;
	for (; n > 0; s += 4, n -= 4) {
		k = group(s, n == 4, three);
		if (k == 0 || *len + k > max)
			return false;
		memcpy(out + *len, three, k);
		*len += k;
	}
	return true;
}

size_t
base64_encode(const void *src, size_t n, bool pad, char *out, size_t size)
{
	const uint8_t *s = src;
	size_t used = 0;

	for (; n > 0 && used + 5 <= size; used += 4) {
		uint32_t v = (uint32_t)s[0] << 16;
		size_t k = n < 3 ? n : 3;

		if (k > 1)
			v |= (uint32_t)s[1] << 8;
		if (k > 2)
			v |= s[2];
		for (size_t i = 0; i < 4; i++)
			out[used + i] = i > k ? '=' :
			    alphabet[v >> (18 - 6 * i) & 63];
		s += k;
		n -= k;
	}
	while (!pad && used > 0 && out[used - 1] == '=')
		used--;
	if (size > 0)
		out[used] = '\0';
	return used;
}

/* SPDX-License-Identifier: MIT */
#include <sodium.h>
#include <string.h>

#include "nodeid.h"

void
nodeid_from_pubkey(struct nodeid *id, const uint8_t pub[32])
{
	crypto_hash_sha256(id->b, pub, 32);
}

void
hex_encode(const void *src, size_t n, char *out)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *p = src;

	for (size_t i = 0; i < n; i++) {
		out[2 * i] = digits[p[i] >> 4];
		out[2 * i + 1] = digits[p[i] & 15];
	}
	out[2 * n] = '\0';
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool
hex_decode(const char *s, size_t digits, void *out)
{
	uint8_t *p = out;

	if (digits % 2 != 0)
		return false;
	for (size_t i = 0; i < digits; i += 2) {
		int hi = hex_digit(s[i]), lo = hex_digit(s[i + 1]);

		if (hi < 0 || lo < 0)
			return false;
		p[i / 2] = (uint8_t)(hi << 4 | lo);
	}
	return true;
}

bool
nodeid_parse(struct nodeid *id, const char *s, size_t n)
{
	if (n != NODEID_HEX)
		return false;
	/* Ids are compared as text in v1: upper case is another id. */
	for (size_t i = 0; i < n; i++)
		if (s[i] >= 'A' && s[i] <= 'F')
			return false;
	return hex_decode(s, n, id->b);
}

void
nodeid_hex(const struct nodeid *id, char out[NODEID_HEX + 1])
{
	hex_encode(id->b, NODEID_LEN, out);
}

char *
nodeid_short(const struct nodeid *id, char out[NODEID_SHORT + 1])
{
	hex_encode(id->b, NODEID_SHORT / 2, out);
	return out;
}

bool
nodeid_equal(const struct nodeid *a, const struct nodeid *b)
{
	return memcmp(a->b, b->b, NODEID_LEN) == 0;
}

int
nodeid_cmp(const struct nodeid *a, const struct nodeid *b)
{
	return memcmp(a->b, b->b, NODEID_LEN);
}

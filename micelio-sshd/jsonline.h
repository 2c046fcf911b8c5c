/* SPDX-License-Identifier: MIT */
/*
 * One line of JSON as export writes it: an object of texts, numbers, true,
 * false and null.  Strict (RFC 8259): what is not such an object is refused.
 */
#ifndef MICELIO_JSONLINE_H
#define MICELIO_JSONLINE_H

#include <stdbool.h>
#include <stddef.h>

#define JSONLINE_KEY_MAX	1024u
#define JSONLINE_VALUE_MAX	16384u

struct jsonline {
	char	key[JSONLINE_KEY_MAX + 1];
	char	value[JSONLINE_VALUE_MAX + 1];
	size_t	key_len, value_len;
	bool	has_key, has_value;	/* value, or value_hex */
};

/* NULL, or what is wrong with it, for people. */
const char	*jsonline_read(struct jsonline *, const char *, size_t);

#endif

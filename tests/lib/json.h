/* SPDX-License-Identifier: MIT */
/*
 * A JSON reader for the tests (vectors, output of micelioctl --json).  The
 * text is the project's own, so whatever is wrong with it ends the test
 * program with a message.
 */
#ifndef TESTS_JSON_H
#define TESTS_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum json_type {
	JSON_NULL,
	JSON_BOOL,
	JSON_NUM,
	JSON_STR,
	JSON_ARRAY,
	JSON_OBJECT,
};

struct json;

/* The file parsed, or of n bytes of text; exits with a message if it fails. */
struct json	*json_load(const char *path);
struct json	*json_parse(const char *text, size_t n);
void		 json_free(struct json *);

/* The vector file named by the environment variable MICELIO_VECTORS. */
struct json	*json_vectors(void);

/*
 * Look-ups.  A NULL value, an absent key and an index out of range give NULL,
 * so that a path can be walked without checks in between.
 */
const struct json *json_get(const struct json *, const char *key);
const struct json *json_at(const struct json *, size_t i);
/* Name of the i-th member of an object, or NULL. */
const char	*json_key(const struct json *, size_t i);
bool		 json_has(const struct json *, const char *key);
/* Members of an object or array; bytes of a string; 0 of anything else. */
size_t		 json_len(const struct json *);
enum json_type	 json_type(const struct json *);	/* NULL: JSON_NULL */

/*
 * Values; asking for the wrong type exits with a message, as does NULL
 * except for json_str, which gives NULL for NULL and for JSON null.  The
 * integers also take a string of digits (the vectors write 64-bit numbers
 * so).  json_str is terminated; its bytes may hold NULs, see json_len.
 */
const char	*json_str(const struct json *);
int64_t		 json_int(const struct json *);
uint64_t	 json_u64(const struct json *);
bool		 json_bool(const struct json *);
/* A string of hex digits decoded; the number of bytes, at most max. */
size_t		 json_hex(const struct json *, uint8_t *buf, size_t max);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Text from strangers.  Nothing of it reaches a terminal or a log line
 * without passing here.
 */
#ifndef MICELIO_TEXT_H
#define MICELIO_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* RFC 3629, no surrogates, no overlong forms; NUL is allowed. */
bool	 utf8_valid(const void *, size_t);
/* Decode one character: its length, or 0 if malformed. */
size_t	 utf8_decode(const void *, size_t, uint32_t *cp);
/* Encode: 1-4 bytes into out. */
size_t	 utf8_encode(uint32_t cp, char out[4]);

/*
 * Is the code point unsafe to show as it is: C0, DEL, C1, bidi controls
 * (U+061C, U+200E/F, U+202A-E, U+2066-9), line and paragraph separators,
 * what is invisible (U+180E, U+200B/C, U+2060-5, U+206A-F, U+FEFF), tags
 * (U+E0000-7F), interlinear annotation (U+FFF9-B)?
 */
bool	 text_unsafe_cp(uint32_t);

/*
 * Copy text so that it can be shown: unsafe characters and malformed bytes
 * become visible ("\x1b", "<U+202E>"), TAB becomes a space, LF a space when
 * one_line, else it stays.  Writes at most size - 1 bytes and a NUL, never
 * half a character; returns the length written.
 */
size_t	 text_safe(const char *, size_t, char *out, size_t size, bool one_line);

/* Would text_safe on one line leave it as it is? */
bool	 text_tame(const char *, size_t);

/*
 * For log values: as text_safe on one line, and wrapped in double quotes with
 * \" and \\ when it is empty or holds a space, '"', '=' or a backslash.
 */
size_t	 text_log_value(const char *, size_t, char *out, size_t size);

/* A JSON string with its quotes; malformed bytes become U+FFFD. */
size_t	 text_json(const char *, size_t, char *out, size_t size);

/* Nearest of a NULL-terminated list by edit distance <= 3, or NULL. */
const char *text_nearest(const char *word, const char *const *list);

/* strlcpy(3), which this libc lacks. */
size_t	 text_copy(char *dst, const char *src, size_t size);

#endif

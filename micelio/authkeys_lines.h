/* SPDX-License-Identifier: MIT */
/* authorized_keys, line by line. */
#ifndef MICELIO_MICELIO_AUTHKEYS_LINES_H
#define MICELIO_MICELIO_AUTHKEYS_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wbuf;

#define AUTHKEYS_FILE		"authorized_keys"
#define AUTHKEYS_MAX		(1024u * 1024)
#define AUTHKEYS_LINE_MAX	16384u

/* One line that no reader takes for more, or for none. */
bool	 authkeys_line_good(const uint8_t *, size_t);
/* The file and one more line. */
void	 authkeys_with(const uint8_t *file, size_t n, const uint8_t *line,
	    size_t len, struct wbuf *);
/*
 * The file without that line, counted from 1; false: there is none, or its
 * SHA-256 is another.
 */
bool	 authkeys_without(const uint8_t *file, size_t n, uint32_t line,
	    const uint8_t digest[32], struct wbuf *);

#endif

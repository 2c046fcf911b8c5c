/* SPDX-License-Identifier: MIT */
/*
 * Characters as people see them: grapheme clusters (Unicode UAX 29) and the
 * columns a terminal gives them.  Text is valid UTF-8 in one line.
 */
#ifndef MICELIO_SSHD_GLYPH_H
#define MICELIO_SSHD_GLYPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GLYPH_TEXT_MAX	64	/* bytes of one cluster as shown */

/* Offset behind the cluster at pos (pos < len). */
size_t	 glyph_next(const char *, size_t len, size_t pos);
/* Offset of the cluster before pos (pos > 0). */
size_t	 glyph_prev(const char *, size_t len, size_t pos);

/*
 * How the cluster [pos, next) is shown: its bytes into out, length returned,
 * columns in *width (1 or 2; more for characters made visible, which come as
 * "<U+202E>").  A lone mark gets a dotted circle to sit on.
 */
size_t	 glyph_show(const char *, size_t len, char out[GLYPH_TEXT_MAX],
	    unsigned int *width);

/* Columns of a whole text shown that way. */
size_t	 glyph_columns(const char *, size_t len);

bool	 glyph_is_space(const char *, size_t len);
/* Letters, digits, marks and everything above ASCII: part of a word. */
bool	 glyph_is_word(const char *, size_t len);

#endif

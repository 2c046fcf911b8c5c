/* SPDX-License-Identifier: MIT */
/*
 * authorized_keys as lines.  What a line says is the hub's to know: here it is
 * bytes without an end of line, and one that goes must be the one that was
 * read.
 */
#include <sodium.h>
#include <string.h>

#include "authkeys_lines.h"
#include "cursor.h"

bool
authkeys_line_good(const uint8_t *line, size_t n)
{
	if (n == 0 || n > AUTHKEYS_LINE_MAX || line[0] == '#')
		return false;
	for (size_t i = 0; i < n; i++)
		if ((line[i] < 0x20 && line[i] != '\t') || line[i] == 0x7f)
			return false;
	return true;
}

void
authkeys_with(const uint8_t *file, size_t n, const uint8_t *line, size_t len,
    struct wbuf *out)
{
	wbuf_bytes(out, file, n);
	if (n > 0 && file[n - 1] != '\n')
		wbuf_u8(out, '\n');
	wbuf_bytes(out, line, len);
	wbuf_u8(out, '\n');
}

bool
authkeys_without(const uint8_t *file, size_t n, uint32_t line,
    const uint8_t digest[32], struct wbuf *out)
{
	const uint8_t *at = file, *end = file + n, *nl;
	uint8_t is[32];

	for (uint32_t i = 1; at < end; i++, at = nl + 1) {
		nl = memchr(at, '\n', (size_t)(end - at));
		if (nl == NULL)
			nl = end;
		if (i < line)
			continue;
		crypto_hash_sha256(is, at, (size_t)(nl - at));
		if (line == 0 || memcmp(is, digest, sizeof(is)) != 0)
			return false;
		wbuf_bytes(out, file, (size_t)(at - file));
		if (nl < end)
			wbuf_bytes(out, nl + 1, (size_t)(end - nl - 1));
		return true;
	}
	return false;
}

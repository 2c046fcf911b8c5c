/* SPDX-License-Identifier: MIT */
/*
 * Feeds: a size of pieces, then what comes from a client without a terminal.
 * Holds: the lines are those of the whole, however it is cut; none is longer
 * than its limit, and one that was is told with its length.
 * Reads with: micelio-sshd/plainline.c common/page.c
 */
#include "common/cursor.h"
#include "common/page.h"
#include "fuzz.h"
#include "micelio-sshd/plainline.h"

static void
line_cb(void *arg, const char *s, size_t n)
{
	struct wbuf *w = arg;

	HOLDS(n <= LINE_MAX_BYTES);
	HOLDS(memchr(s, '\n', n) == NULL);
	wbuf_bytes(w, s, n);
	wbuf_u8(w, '\n');
}

static void
too_long_cb(void *arg, size_t bytes)
{
	HOLDS(bytes > LINE_MAX_BYTES);
	wbuf_u32(arg, (uint32_t)bytes);
}

FUZZ_TARGET(plainline)(const uint8_t *data, size_t size)
{
	static const struct plainline_ops ops = { line_cb, too_long_cb };
	struct fuzz_in in = fuzz_begin(data, size);
	size_t piece = 1 + fuzz_u8(&in), n;
	struct plainline *l = calloc(2, sizeof(*l));
	struct wbuf whole, cut;
	const uint8_t *p;

	HOLDS(l != NULL);
	wbuf_init(&whole, 4u * 1024 * 1024);
	wbuf_init(&cut, 4u * 1024 * 1024);
	plainline_feed(&l[0], in.p, in.left, &ops, &whole);
	plainline_eof(&l[0], &ops, &whole);
	wbuf_init(&cut, 4u * 1024 * 1024);
	(void)page_left(in.p, in.left);
	while (in.left > 0) {
		p = fuzz_bytes(&in, piece, &n);
		plainline_feed(&l[1], p, n, &ops, &cut);
	}
	plainline_eof(&l[1], &ops, &cut);
	HOLDS(fuzz_same(whole.p, whole.len, cut.p, cut.len));
	wbuf_free(&whole);
	wbuf_free(&cut);
	free(l);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * Feeds: a row of a table, as a daemon that was taken over may send it.
 * Holds: names and texts lie within it; what is read of it, written and read
 * again, is the same.
 * Reads with: common/row.c common/cursor.c
 */
#include "common/row.h"
#include "fuzz.h"

#define NAME_MAX_HERE	256

static void
write_field(struct wbuf *w, const struct row_field *f)
{
	char name[NAME_MAX_HERE + 1];

	memcpy(name, f->name, f->name_len);
	name[f->name_len] = '\0';
	if (f->type == ROW_NULL)
		row_none(w, name, f->of);
	else if (f->type == ROW_STR)
		row_strn(w, name, f->str, f->str_len);
	else if (f->type == ROW_BOOL)
		row_bool(w, name, f->num != 0);
	else
		row_num(w, name, f->type, f->num);
}

FUZZ_TARGET(row)(const uint8_t *data, size_t size)
{
	struct row_field f, g;
	struct rcur a, b;
	struct wbuf out;

	rcur_init(&a, data, size);
	while (row_next(&a, &f)) {
		if (f.name_len > NAME_MAX_HERE ||
		    memchr(f.name, '\0', f.name_len) != NULL)
			continue;
		wbuf_init(&out, 128u * 1024);
		write_field(&out, &f);
		rcur_init(&b, out.p, out.len);
		HOLDS(row_next(&b, &g));
		HOLDS(fuzz_same(f.name, f.name_len, g.name, g.name_len));
		HOLDS(f.type == g.type && f.of == g.of);
		if (f.type == ROW_STR)
			HOLDS(fuzz_same(f.str, f.str_len, g.str, g.str_len));
		else if (f.type == ROW_BOOL)
			HOLDS((f.num != 0) == (g.num != 0));
		else if (f.type != ROW_NULL)
			HOLDS(f.num == g.num);
		HOLDS(!row_next(&b, &g) && !b.bad);
		wbuf_free(&out);
	}
	HOLDS(a.bad || a.left == 0);
	return 0;
}

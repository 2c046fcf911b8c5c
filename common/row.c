/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "log.h"
#include "nodeid.h"
#include "row.h"

#define ROW_NAME_MAX	64u
#define ROW_STR_MAX	4096u	/* written; longer ones are cut */

void
row_strn(struct wbuf *w, const char *name, const char *s, size_t n)
{
	wbuf_str(w, name);
	wbuf_u8(w, ROW_STR);
	wbuf_strn(w, s, n < ROW_STR_MAX ? n : ROW_STR_MAX);
}

void
row_str(struct wbuf *w, const char *name, const char *s)
{
	row_strn(w, name, s, strlen(s));
}

void
row_id(struct wbuf *w, const char *name, const struct nodeid *id)
{
	char hex[NODEID_HEX + 1];

	if (id == NULL) {
		row_null(w, name);
		return;
	}
	nodeid_hex(id, hex);
	row_str(w, name, hex);
}

void
row_num(struct wbuf *w, const char *name, enum row_type type, uint64_t v)
{
	wbuf_str(w, name);
	wbuf_u8(w, (uint8_t)type);
	wbuf_u64(w, v);
}

void
row_bool(struct wbuf *w, const char *name, bool v)
{
	wbuf_str(w, name);
	wbuf_u8(w, ROW_BOOL);
	wbuf_u8(w, v);
}

void
row_none(struct wbuf *w, const char *name, enum row_type type)
{
	wbuf_str(w, name);
	wbuf_u8(w, ROW_NULL);
	wbuf_u8(w, (uint8_t)type);
}

void
row_null(struct wbuf *w, const char *name)
{
	row_none(w, name, ROW_STR);
}

/* It is shown as it is, in JSON too. */
static bool
name_good(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] <= ' ' || s[i] > '~' || s[i] == '"' || s[i] == '\\')
			return false;
	return n > 0;
}

bool
row_next(struct rcur *c, struct row_field *f)
{
	memset(f, 0, sizeof(*f));
	if (c->bad || c->left == 0)
		return false;
	f->name = rcur_str(c, ROW_NAME_MAX, &f->name_len);
	if (f->name == NULL || !name_good(f->name, f->name_len))
		c->bad = true;
	f->type = f->of = rcur_u8(c);
	switch (f->type) {
	case ROW_STR:
		f->str = rcur_str(c, UINT16_MAX, &f->str_len);
		break;
	case ROW_U64:
	case ROW_I64:
	case ROW_MS:
	case ROW_TIME:
	case ROW_BYTES:
	case ROW_US:
		f->num = rcur_u64(c);
		break;
	case ROW_BOOL:
		f->num = rcur_u8(c) != 0;
		break;
	case ROW_NULL:
		f->of = rcur_u8(c);
		break;
	default:
		c->bad = true;
	}
	return !c->bad;
}

/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "cursor.h"
#include "log.h"

void
rcur_init(struct rcur *c, const void *p, size_t len)
{
	c->p = p;
	c->left = len;
	c->bad = false;
}

const uint8_t *
rcur_bytes(struct rcur *c, size_t n)
{
	const uint8_t *p = c->p;

	if (c->bad || n > c->left) {
		c->bad = true;
		return NULL;
	}
	if (n > 0) {
		c->p += n;
		c->left -= n;
	}
	return p;
}

void
rcur_copy(struct rcur *c, void *dst, size_t n)
{
	const uint8_t *p = rcur_bytes(c, n);

	if (p == NULL || c->bad)
		memset(dst, 0, n);
	else if (n > 0)
		memcpy(dst, p, n);
}

uint8_t
rcur_u8(struct rcur *c)
{
	uint8_t v;

	rcur_copy(c, &v, sizeof(v));
	return v;
}

uint16_t
rcur_u16(struct rcur *c)
{
	uint16_t v;

	rcur_copy(c, &v, sizeof(v));
	return v;
}

uint32_t
rcur_u32(struct rcur *c)
{
	uint32_t v;

	rcur_copy(c, &v, sizeof(v));
	return v;
}

uint64_t
rcur_u64(struct rcur *c)
{
	uint64_t v;

	rcur_copy(c, &v, sizeof(v));
	return v;
}

static uint64_t
rcur_be(struct rcur *c, size_t n)
{
	uint8_t b[8];
	uint64_t v = 0;

	rcur_copy(c, b, n);
	for (size_t i = 0; i < n; i++)
		v = v << 8 | b[i];
	return v;
}

uint16_t
rcur_u16be(struct rcur *c)
{
	return (uint16_t)rcur_be(c, 2);
}

uint32_t
rcur_u32be(struct rcur *c)
{
	return (uint32_t)rcur_be(c, 4);
}

uint64_t
rcur_u64be(struct rcur *c)
{
	return rcur_be(c, 8);
}

const char *
rcur_str(struct rcur *c, size_t max, size_t *len)
{
	size_t n = rcur_u16(c);
	const uint8_t *p;

	*len = 0;
	if (n > max) {
		c->bad = true;
		return NULL;
	}
	if ((p = rcur_bytes(c, n)) == NULL)
		return NULL;
	*len = n;
	return (const char *)p;
}

void
rcur_cstr(struct rcur *c, char *dst, size_t size)
{
	size_t n;
	const char *s = rcur_str(c, size - 1, &n);

	dst[0] = '\0';
	if (s == NULL)
		return;
	if (memchr(s, '\0', n) != NULL) {
		c->bad = true;
		return;
	}
	memcpy(dst, s, n);
	dst[n] = '\0';
}

const uint8_t *
rcur_blob(struct rcur *c, size_t max, size_t *len)
{
	size_t n = rcur_u32(c);
	const uint8_t *p;

	*len = 0;
	if (n > max) {
		c->bad = true;
		return NULL;
	}
	if ((p = rcur_bytes(c, n)) == NULL)
		return NULL;
	*len = n;
	return p;
}

const uint8_t *
rcur_rest(struct rcur *c, size_t *len)
{
	const uint8_t *p;

	*len = c->bad ? 0 : c->left;
	if ((p = rcur_bytes(c, *len)) == NULL)
		*len = 0;
	return p;
}

bool
rcur_done(const struct rcur *c)
{
	return !c->bad && c->left == 0;
}

#define WBUF_FIRST	256u

void
wbuf_init(struct wbuf *w, size_t max)
{
	memset(w, 0, sizeof(*w));
	w->max = max;
}

void
wbuf_reset(struct wbuf *w)
{
	w->len = 0;
}

void
wbuf_free(struct wbuf *w)
{
	free(w->p);
	w->p = NULL;
	w->len = w->cap = 0;
}

uint8_t *
wbuf_reserve(struct wbuf *w, size_t n)
{
	size_t want;
	uint8_t *p;

	if (n > w->max || w->len > w->max - n)
		fatalx("wbuf: %zu + %zu bytes over the limit of %zu",
		    w->len, n, w->max);
	if (n > w->cap - w->len || w->p == NULL) {
		want = w->cap > 0 ? w->cap : WBUF_FIRST;
		while (want < w->len + n)
			want *= 2;
		w->p = xreallocarray(w->p, want, 1);
		w->cap = want;
	}
	p = w->p + w->len;
	w->len += n;
	return p;
}

void
wbuf_bytes(struct wbuf *w, const void *p, size_t n)
{
	if (n > 0)
		memcpy(wbuf_reserve(w, n), p, n);
}

void
wbuf_u8(struct wbuf *w, uint8_t v)
{
	wbuf_bytes(w, &v, sizeof(v));
}

void
wbuf_u16(struct wbuf *w, uint16_t v)
{
	wbuf_bytes(w, &v, sizeof(v));
}

void
wbuf_u32(struct wbuf *w, uint32_t v)
{
	wbuf_bytes(w, &v, sizeof(v));
}

void
wbuf_u64(struct wbuf *w, uint64_t v)
{
	wbuf_bytes(w, &v, sizeof(v));
}

static void
wbuf_be(struct wbuf *w, uint64_t v, size_t n)
{
	uint8_t *p = wbuf_reserve(w, n);

	while (n-- > 0) {
		p[n] = (uint8_t)v;
		v >>= 8;
	}
}

void
wbuf_u16be(struct wbuf *w, uint16_t v)
{
	wbuf_be(w, v, 2);
}

void
wbuf_u32be(struct wbuf *w, uint32_t v)
{
	wbuf_be(w, v, 4);
}

void
wbuf_u64be(struct wbuf *w, uint64_t v)
{
	wbuf_be(w, v, 8);
}

void
wbuf_strn(struct wbuf *w, const void *p, size_t n)
{
	if (n > UINT16_MAX)
		fatalx("wbuf: string of %zu bytes", n);
	wbuf_u16(w, (uint16_t)n);
	wbuf_bytes(w, p, n);
}

void
wbuf_str(struct wbuf *w, const char *s)
{
	wbuf_strn(w, s, strlen(s));
}

void
wbuf_blob(struct wbuf *w, const void *p, size_t n)
{
	if (n > UINT32_MAX)
		fatalx("wbuf: blob of %zu bytes", n);
	wbuf_u32(w, (uint32_t)n);
	wbuf_bytes(w, p, n);
}

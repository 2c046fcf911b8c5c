/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "lineindex.h"

#define ROOM_MIN	64u

void
lineindex_init(struct lineindex *x)
{
	memset(x, 0, sizeof(*x));
	x->first = 1;
}

void
lineindex_free(struct lineindex *x)
{
	free(x->at);
	lineindex_init(x);
}

uint64_t
lineindex_end(const struct lineindex *x)
{
	return x->first + x->n;
}

static struct line_at *
place(const struct lineindex *x, uint64_t number)
{
	return &x->at[number % x->room];
}

static bool
grow(struct lineindex *x)
{
	size_t room = x->room == 0 ? ROOM_MIN : x->room * 2;
	struct line_at *at = calloc(room, sizeof(*at));

	if (at == NULL)
		return false;
	for (uint64_t i = x->first; i < lineindex_end(x); i++)
		at[i % room] = *place(x, i);
	free(x->at);
	x->at = at;
	x->room = room;
	return true;
}

/* FNV-1a: enough to know a line again; nothing is lost by its likeness. */
static uint64_t
hash(const void *line, size_t len)
{
	const uint8_t *p = line;
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * UINT64_C(0x100000001b3);
	return h;
}

static bool
append(struct lineindex *x, uint64_t ms, uint64_t h, size_t len)
{
	struct line_at *at;

	if (x->n == x->room && !grow(x))
		return false;
	at = place(x, lineindex_end(x));
	at->ms = ms;
	at->hash = h;
	at->len = (uint32_t)len;
	x->n++;
	x->bytes += LINE_COST + len;
	return true;
}

static void
drop_first(struct lineindex *x)
{
	x->bytes -= LINE_COST + place(x, x->first)->len;
	x->first++;
	x->n--;
}

bool
lineindex_load(struct lineindex *x, uint64_t number, uint64_t ms,
    const void *line, size_t len)
{
	if (number == 0 || number < lineindex_end(x))
		return true;
	/* What is missing on the disk counts for nothing. */
	if (x->n == 0 || number - lineindex_end(x) > LINES_KEPT_MAX) {
		x->n = 0;
		x->bytes = 0;
		x->first = number;
	}
	while (number > lineindex_end(x)) {
		if (!append(x, ms, 0, 0))
			return false;
		if (x->n > LINES_KEPT_MAX)
			drop_first(x);
	}
	return append(x, ms, hash(line, len), len);
}

uint64_t
lineindex_add(struct lineindex *x, uint64_t ms, const void *line, size_t len)
{
	return append(x, ms, hash(line, len), len) ? lineindex_end(x) - 1 : 0;
}

bool
lineindex_has(const struct lineindex *x, uint64_t since, const void *line,
    size_t len)
{
	uint64_t h = hash(line, len);

	for (uint64_t i = lineindex_end(x); i > x->first &&
	    place(x, i - 1)->ms >= since; i--)
		if (place(x, i - 1)->len == len && place(x, i - 1)->hash == h)
			return true;
	return false;
}

uint64_t
lineindex_over(struct lineindex *x)
{
	if (x->n <= LINES_KEPT_MAX && x->bytes <= LINES_BYTES_MAX)
		return 0;
	drop_first(x);
	return x->first - 1;
}

uint64_t
lineindex_since(const struct lineindex *x, uint64_t ms)
{
	uint64_t i = lineindex_end(x);

	while (i > x->first && place(x, i - 1)->ms >= ms)
		i--;
	return i;
}

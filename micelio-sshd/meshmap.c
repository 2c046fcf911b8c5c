/* SPDX-License-Identifier: MIT */
/*
 * The mesh on a screen: nodes on an ellipse in the order in which they are
 * reached, so that neighbours stand together; links as lines of braille dots,
 * of which a character has two by four.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cursor.h"
#include "doc.h"
#include "graph.h"
#include "log.h"
#include "text.h"

#define DOTS_X		2u
#define DOTS_Y		4u
#define LABEL_CHARS	12u
#define SIZE_MIN_X	20u
#define SIZE_MIN_Y	5u
#define SIZE_MAX_X	500u
#define SIZE_MAX_Y	200u

struct canvas {
	size_t		 columns, rows;
	uint8_t		*dots;		/* of each cell, as U+2800 has them */
	char		(*text)[8];	/* instead of the dots, or "" */
};

static void
dot(struct canvas *c, long x, long y)
{
	static const uint8_t bits[DOTS_Y][DOTS_X] = { { 0x01, 0x08 },
	    { 0x02, 0x10 }, { 0x04, 0x20 }, { 0x40, 0x80 } };

	if (x < 0 || y < 0 || (size_t)x >= c->columns * DOTS_X ||
	    (size_t)y >= c->rows * DOTS_Y)
		return;
	c->dots[(size_t)y / DOTS_Y * c->columns + (size_t)x / DOTS_X] |=
	    bits[(size_t)y % DOTS_Y][(size_t)x % DOTS_X];
}

/* every: each dot (1), or each third of a link only one side claims. */
static void
line(struct canvas *c, long x0, long y0, long x1, long y1, long every)
{
	long dx = labs(x1 - x0), dy = labs(y1 - y0);
	long n = dx > dy ? dx : dy;

	for (long i = 0; i <= n; i++)
		if (i % every == 0)
			dot(c, n == 0 ? x0 : x0 + (x1 - x0) * i / n,
			    n == 0 ? y0 : y0 + (y1 - y0) * i / n);
}

/* In a box of one line: "[name]"; this node "<name>". */
static void
label_put(struct canvas *c, size_t column, size_t row,
    const struct graph_node *x)
{
	char label[256], text[LABEL_CHARS * 4 + 3];
	size_t n, k, width = 0, begin;
	uint32_t cp;

	graph_label(x, label, sizeof(label));
	if (x->name[0] == '\0')
		label[4] = '\0';	/* of an id; map --list has more */
	text[0] = x->self ? '<' : '[';
	for (n = 0; label[n] != '\0' && width < LABEL_CHARS; n += k) {
		k = utf8_decode(label + n, strlen(label + n), &cp);
		/* One cell each: what is wider or narrower is left out. */
		if (k == 0 || text_width(label + n, k) != 1)
			break;
		width++;
	}
	memcpy(text + 1, label, n);
	text[n + 1] = x->self ? '>' : ']';
	text[n + 2] = '\0';
	width += 2;
	begin = column > width / 2 ? column - width / 2 : 0;
	if (begin + width > c->columns)
		begin = c->columns - width;
	for (size_t i = 0, at = 0; i < width; i++, at += k) {
		k = utf8_decode(text + at, strlen(text + at), &cp);
		memcpy(c->text[row * c->columns + begin + i], text + at, k);
		c->text[row * c->columns + begin + i][k] = '\0';
	}
}

static void
canvas_print(const struct canvas *c, struct wbuf *w)
{
	char utf8[4];

	for (size_t y = 0; y < c->rows; y++) {
		size_t last = 0;

		for (size_t x = 0; x < c->columns; x++)
			if (c->text[y * c->columns + x][0] != '\0' ||
			    c->dots[y * c->columns + x] != 0)
				last = x + 1;
		for (size_t x = 0; x < last; x++) {
			size_t i = y * c->columns + x;

			if (c->text[i][0] != '\0')
				wbuf_bytes(w, c->text[i],
				    strlen(c->text[i]));
			else if (c->dots[i] == 0)
				wbuf_u8(w, ' ');
			else
				wbuf_bytes(w, utf8, utf8_encode(0x2800u +
				    c->dots[i], utf8));
		}
		wbuf_u8(w, '\n');
	}
}

/* Where node number k of n stands, in characters. */
static void
place(const struct canvas *c, size_t k, size_t n, size_t *x, size_t *y)
{
	const double turn = 2 * M_PI * (double)k / (double)n - M_PI / 2;
	const double half_x = (double)(c->columns - LABEL_CHARS - 3) / 2;
	const double half_y = (double)(c->rows - 1) / 2;

	*x = (size_t)((double)c->columns / 2 + cos(turn) * half_x);
	*y = (size_t)(half_y + sin(turn) * half_y + 0.5);
}

bool
meshmap_draw(const struct graph *g, size_t columns, size_t rows,
    struct wbuf *w)
{
	size_t from[MESHMAP_NODES_MAX], order[MESHMAP_NODES_MAX], n;
	size_t x[MESHMAP_NODES_MAX], y[MESHMAP_NODES_MAX];
	struct canvas c;

	if (g->n > MESHMAP_NODES_MAX || g->n == 0)
		return false;
	c.columns = columns < SIZE_MIN_X ? SIZE_MIN_X :
	    columns > SIZE_MAX_X ? SIZE_MAX_X : columns;
	c.rows = rows < SIZE_MIN_Y ? SIZE_MIN_Y : rows > SIZE_MAX_Y ?
	    SIZE_MAX_Y : rows;
	c.dots = xcalloc(c.columns * c.rows, 1);
	c.text = xcalloc(c.columns * c.rows, sizeof(*c.text));
	graph_reach(g, from, order, &n);
	for (size_t i = 0; i < g->n; i++)	/* those not reached last */
		if (from[i] == SIZE_MAX)
			order[n++] = i;
	for (size_t k = 0; k < n; k++)
		place(&c, k, n, &x[order[k]], &y[order[k]]);
	for (size_t i = 0; i < g->nlinks; i++) {
		size_t a = g->link[i].a, b = g->link[i].b;

		line(&c, (long)(x[a] * DOTS_X), (long)(y[a] * DOTS_Y + 1),
		    (long)(x[b] * DOTS_X), (long)(y[b] * DOTS_Y + 1),
		    g->link[i].claimed ? 3 : 1);
	}
	for (size_t i = 0; i < g->n; i++)
		label_put(&c, x[i], y[i], &g->node[i]);
	canvas_print(&c, w);
	free(c.dots);
	free(c.text);
	return true;
}

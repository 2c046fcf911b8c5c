/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "cursor.h"
#include "doc.h"
#include "graph.h"
#include "imsg.h"
#include "log.h"
#include "row.h"
#include "text.h"

/* The one with that id, or with the same first half; made if need be. */
static size_t
node_of(struct graph *g, const char *id, size_t n)
{
	const size_t half = NODEID_HEX / 2;
	uint8_t digits[NODEID_LEN];

	/* It is shown as it is. */
	if ((n != NODEID_HEX && n != half) || !hex_decode(id, n, digits))
		return SIZE_MAX;
	for (size_t i = 0; i < g->n; i++)
		if (memcmp(g->node[i].id, id, half) == 0) {
			if (n == NODEID_HEX)
				memcpy(g->node[i].id, id, n);
			return i;
		}
	if (g->n == GRAPH_NODES_MAX) {
		g->more = true;
		return SIZE_MAX;
	}
	memset(&g->node[g->n], 0, sizeof(g->node[0]));
	memcpy(g->node[g->n].id, id, n);
	return g->n++;
}

static void
link_add(struct graph *g, size_t a, size_t b, bool claimed)
{
	if (a == b || a == SIZE_MAX || b == SIZE_MAX)
		return;
	if (a > b) {
		size_t c = a;

		a = b;
		b = c;
	}
	for (size_t i = 0; i < g->nlinks; i++)
		if (g->link[i].a == a && g->link[i].b == b) {
			g->link[i].claimed = g->link[i].claimed && claimed;
			return;
		}
	if (g->nlinks == GRAPH_LINKS_MAX) {
		g->more = true;
		return;
	}
	g->link[g->nlinks++] = (struct graph_link){ .a = (uint16_t)a,
	    .b = (uint16_t)b, .claimed = claimed };
}

static void
str_field(const void *row, size_t len, const char *name, char *out,
    size_t size)
{
	struct row_field f;

	if (row_find(row, len, name, &f) && f.type == ROW_STR &&
	    f.str_len > 0 && text_tame(f.str, f.str_len))
		(void)snprintf(out, size, "%.*s", (int)f.str_len, f.str);
}

static void
peers_add(struct graph *g, const struct answer *a)
{
	const void *row = NULL;
	struct row_field id, state;
	struct rcur c;
	size_t len, i;

	while (a != NULL && answer_next(&c, a, &row, &len)) {
		if (!row_find(row, len, "id", &id) || id.type != ROW_STR ||
		    !row_find(row, len, "state", &state) ||
		    !field_is(&state, "up"))
			continue;
		i = node_of(g, id.str, id.str_len);
		if (i == SIZE_MAX)
			continue;
		str_field(row, len, "name", g->node[i].name,
		    sizeof(g->node[i].name));
		text_copy(g->node[i].state, "up", sizeof(g->node[i].state));
		link_add(g, 0, i, false);
	}
}

static void
ids_add(struct graph *g, size_t from, const struct row_field *f,
    bool claimed)
{
	const char *s = f->str, *end = s + f->str_len;
	size_t n;

	for (; s < end; s += n + 1) {
		const char *blank = memchr(s, ' ', (size_t)(end - s));

		n = (size_t)((blank == NULL ? end : blank) - s);
		link_add(g, from, node_of(g, s, n), claimed);
	}
}

static void
mesh_add(struct graph *g, const struct answer *a)
{
	const void *row = NULL;
	struct row_field id, f;
	struct rcur c;
	size_t len, i;

	while (a != NULL && answer_next(&c, a, &row, &len)) {
		if (!row_find(row, len, "id", &id) || id.type != ROW_STR)
			continue;
		i = node_of(g, id.str, id.str_len);
		if (i == SIZE_MAX)
			continue;
		str_field(row, len, "state", g->node[i].state,
		    sizeof(g->node[i].state));
		if (row_find(row, len, "links", &f) && f.type == ROW_STR)
			ids_add(g, i, &f, false);
		if (row_find(row, len, "claims", &f) && f.type == ROW_STR)
			ids_add(g, i, &f, true);
	}
}

static int
by_id(const void *a, const void *b)
{
	const struct graph_node *const *x = a, *const *y = b;

	if ((*x)->self != (*y)->self)
		return (*x)->self ? -1 : 1;
	return strcmp((*x)->id, (*y)->id);
}

static int
by_ends(const void *a, const void *b)
{
	const struct graph_link *x = a, *y = b;

	return x->a != y->a ? (int)x->a - (int)y->a : (int)x->b - (int)y->b;
}

/* The same mesh is told in the same order every time. */
static void
sort(struct graph *g)
{
	const struct graph_node **v = xcalloc(g->n, sizeof(*v));
	struct graph_node *sorted = xcalloc(g->n, sizeof(*sorted));
	size_t *place = xcalloc(g->n, sizeof(*place));

	for (size_t i = 0; i < g->n; i++)
		v[i] = &g->node[i];
	qsort(v, g->n, sizeof(*v), by_id);
	for (size_t i = 0; i < g->n; i++) {
		sorted[i] = *v[i];
		place[v[i] - g->node] = i;
	}
	free(v);
	free(g->node);
	g->node = sorted;
	for (size_t i = 0; i < g->nlinks; i++) {
		size_t a = place[g->link[i].a], b = place[g->link[i].b];

		g->link[i].a = (uint16_t)(a < b ? a : b);
		g->link[i].b = (uint16_t)(a < b ? b : a);
	}
	free(place);
	if (g->nlinks > 0)
		qsort(g->link, g->nlinks, sizeof(*g->link), by_ends);
}

void
graph_build(struct graph *g, const char *self_id, const char *self_name,
    const struct answer *a, size_t n)
{
	memset(g, 0, sizeof(*g));
	g->node = xcalloc(GRAPH_NODES_MAX, sizeof(*g->node));
	g->link = xcalloc(GRAPH_LINKS_MAX, sizeof(*g->link));
	(void)node_of(g, self_id, strlen(self_id));
	g->node[0].self = true;
	text_copy(g->node[0].name, self_name, sizeof(g->node[0].name));
	text_copy(g->node[0].state, "up", sizeof(g->node[0].state));
	peers_add(g, answer_of(a, n, PROC_GOSSIPD, TABLE_PEERS));
	mesh_add(g, answer_of(a, n, PROC_GOSSIPD, TABLE_MESH));
	sort(g);
}

void
graph_free(struct graph *g)
{
	free(g->node);
	free(g->link);
	memset(g, 0, sizeof(*g));
}

void
graph_label(const struct graph_node *x, char *out, size_t size)
{
	if (x->name[0] != '\0')
		text_safe(x->name, strlen(x->name), out, size, true);
	else
		(void)snprintf(out, size, "%.12s", x->id);
}

static size_t
degree(const struct graph *g, size_t i)
{
	size_t n = 0;

	for (size_t k = 0; k < g->nlinks; k++)
		n += g->link[k].a == i || g->link[k].b == i;
	return n;
}

void
graph_doc(const struct graph *g, struct doc *d)
{
	size_t list;
	struct wbuf w;

	row_num(&d->head, "count", ROW_U64, g->n);
	row_num(&d->head, "link_count", ROW_U64, g->nlinks);
	row_bool(&d->head, "more", g->more);
	wbuf_init(&w, 1024);
	list = doc_list(d, "nodes");
	for (size_t i = 0; i < g->n; i++) {
		wbuf_reset(&w);
		row_str(&w, "id", g->node[i].id);
		if (g->node[i].name[0] != '\0')
			row_str(&w, "name", g->node[i].name);
		else
			row_null(&w, "name");
		if (g->node[i].state[0] != '\0')
			row_str(&w, "state", g->node[i].state);
		else
			row_null(&w, "state");
		row_num(&w, "links", ROW_U64, degree(g, i));
		row_bool(&w, "self", g->node[i].self);
		(void)doc_row(d, list, w.p, w.len);
	}
	list = doc_list(d, "links");
	for (size_t i = 0; i < g->nlinks; i++) {
		wbuf_reset(&w);
		row_str(&w, "source", g->node[g->link[i].a].id);
		row_str(&w, "target", g->node[g->link[i].b].id);
		row_str(&w, "by", g->link[i].claimed ? "one" : "both");
		(void)doc_row(d, list, w.p, w.len);
	}
	wbuf_free(&w);
}

static void
short_id(const struct wbuf *row, const char *name, struct wbuf *w)
{
	struct row_field f;

	if (row_find(row->p, row->len, name, &f))
		wbuf_bytes(w, f.str, f.str_len < NODEID_SHORT ? f.str_len :
		    NODEID_SHORT);
}

void
graph_list_text(const struct doc *d, struct wbuf *w)
{
	struct row_field f;

	doc_table_used(&d->list[0], "id name state links self", w);
	wbuf_u8(w, '\n');
	for (size_t i = 0; i < d->list[1].n; i++) {
		const struct wbuf *row = &d->list[1].rows[i];

		short_id(row, "source", w);
		wbuf_printf(w, " is linked with ");
		short_id(row, "target", w);
		if (row_find(row->p, row->len, "by", &f) && f.str_len == 3)
			wbuf_printf(w, ", as one of them says");
		wbuf_u8(w, '\n');
	}
	if (d->list[1].n == 0)
		wbuf_printf(w, "no links: peers tells why\n");
}

void
graph_dot(const struct graph *g, struct wbuf *w)
{
	char label[256];

	wbuf_printf(w, "graph micelio {\n");
	for (size_t i = 0; i < g->n; i++) {
		graph_label(&g->node[i], label, sizeof(label));
		wbuf_printf(w, "\t\"%.12s\" [label=\"", g->node[i].id);
		for (const char *p = label; *p != '\0'; p++) {
			if (*p == '"' || *p == '\\')
				wbuf_u8(w, '\\');
			wbuf_u8(w, (uint8_t)*p);
		}
		wbuf_printf(w, "\"%s];\n", g->node[i].self ?
		    " shape=box" : strcmp(g->node[i].state, "up") != 0 ?
		    " style=dashed" : "");
	}
	for (size_t i = 0; i < g->nlinks; i++)
		wbuf_printf(w, "\t\"%.12s\" -- \"%.12s\"%s;\n",
		    g->node[g->link[i].a].id, g->node[g->link[i].b].id,
		    g->link[i].claimed ? " [style=dashed]" : "");
	wbuf_printf(w, "}\n");
}

void
graph_netjson(const struct graph *g, struct wbuf *w)
{
	wbuf_printf(w, "{\"v\":1,\"type\":\"NetworkGraph\","
	    "\"protocol\":\"micelio\",\"version\":\"1\",\"metric\":null,"
	    "\"nodes\":[");
	for (size_t i = 0; i < g->n; i++) {
		const struct graph_node *x = &g->node[i];

		wbuf_printf(w, "%s{\"id\":\"%s\",\"label\":", i > 0 ? "," :
		    "", x->id);
		wbuf_json(w, x->name, strlen(x->name));
		wbuf_printf(w, ",\"properties\":{\"self\":%s,\"state\":",
		    x->self ? "true" : "false");
		if (x->state[0] != '\0')
			wbuf_json(w, x->state, strlen(x->state));
		else
			wbuf_printf(w, "null");
		wbuf_printf(w, "}}");
	}
	wbuf_printf(w, "],\"links\":[");
	for (size_t i = 0; i < g->nlinks; i++)
		wbuf_printf(w, "%s{\"source\":\"%s\",\"target\":\"%s\","
		    "\"cost\":1,\"properties\":{\"by\":\"%s\"}}", i > 0 ?
		    "," : "", g->node[g->link[i].a].id,
		    g->node[g->link[i].b].id, g->link[i].claimed ? "one" :
		    "both");
	wbuf_printf(w, "]}\n");
}

void
graph_reach(const struct graph *g, size_t *from, size_t *order,
    size_t *norder)
{
	size_t n = 0;

	for (size_t i = 0; i < g->n; i++)
		from[i] = SIZE_MAX;
	from[0] = 0;
	order[n++] = 0;
	for (size_t k = 0; k < n; k++)
		for (size_t i = 0; i < g->nlinks; i++) {
			size_t a = g->link[i].a, b = g->link[i].b;
			size_t other = a == order[k] ? b : b == order[k] ? a :
			    SIZE_MAX;

			if (other == SIZE_MAX || from[other] != SIZE_MAX)
				continue;
			from[other] = order[k];
			order[n++] = other;
		}
	*norder = n;
}

static void
tree_node(const struct graph *g, const size_t *from, size_t i,
    const char *indent, struct wbuf *w)
{
	char label[256], next[512];
	size_t left = 0;

	for (size_t k = 1; k < g->n; k++)
		left += from[k] == i && k != i;
	for (size_t k = 1; k < g->n; k++) {
		if (from[k] != i || k == i)
			continue;
		left--;
		graph_label(&g->node[k], label, sizeof(label));
		wbuf_printf(w, "%s%s %s", indent, left > 0 ?
		    "\xe2\x94\x9c\xe2\x94\x80" : "\xe2\x94\x94\xe2\x94\x80",
		    label);
		if (g->node[k].name[0] != '\0')
			wbuf_printf(w, " (%.12s)", g->node[k].id);
		if (strcmp(g->node[k].state, "up") != 0 &&
		    g->node[k].state[0] != '\0')
			wbuf_printf(w, " %s", g->node[k].state);
		wbuf_u8(w, '\n');
		if ((size_t)snprintf(next, sizeof(next), "%s%s", indent,
		    left > 0 ? "\xe2\x94\x82  " : "   ") < sizeof(next))
			tree_node(g, from, k, next, w);
		else		/* deeper than can be drawn */
			wbuf_printf(w, "%s...\n", indent);
	}
}

void
graph_tree(const struct graph *g, struct wbuf *w)
{
	size_t *from = xcalloc(g->n, sizeof(*from));
	size_t *order = xcalloc(g->n, sizeof(*order));
	size_t n;
	char label[256];

	graph_reach(g, from, order, &n);
	graph_label(&g->node[0], label, sizeof(label));
	wbuf_printf(w, "%s (%.12s), this node\n", label, g->node[0].id);
	tree_node(g, from, 0, "", w);
	if (n < g->n)
		wbuf_printf(w, "and %zu that %s not reached from here\n",
		    g->n - n, g->n - n == 1 ? "is" : "are");
	free(from);
	free(order);
}

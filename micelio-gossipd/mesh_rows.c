/* SPDX-License-Identifier: MIT */
/* The mesh, as its nodes claim their links: a row a node, for people. */
#include <string.h>

#include "common/row.h"
#include "core.h"
#include "gossip.h"
#include "gtime.h"
#include "suspect.h"

#define MESH_ROW_MAX	8192u

/*
 * Ids of linked nodes with a blank between them; of one that has not been
 * heard itself the half that is known.
 */
static void
row_links(struct wbuf *b, const struct health *h, const char *name,
    const struct health_node *x, bool back)
{
	char text[M2_CLAIMS_MAX * (NODEID_HEX + 1) + 1] = "";
	const struct health_node *o;
	size_t i, n = 0;

	for (i = 0; i < x->nlinks; i++) {
		if (x->link[i].back != back)
			continue;
		if (n > 0)
			text[n++] = ' ';
		o = health_get(h, x->link[i].id);
		hex_encode(o != NULL ? o->id.b : x->link[i].id,
		    o != NULL ? NODEID_LEN : M2_HALF, text + n);
		n += strlen(text + n);
	}
	row_str(b, name, text);
}

static void
mesh_row(const struct health *h, const struct health_node *x,
    struct gtime now, struct wbuf *b)
{
	row_id(b, "id", &x->id);
	row_str(b, "state", health_text(x->shown));
	row_bool(b, "linked", x->linked);
	row_num(b, "heard", ROW_MS, now.mono - x->heard_at);
	row_num(b, "observers", ROW_U64, x->observers);
	row_num(b, "missing", ROW_U64, x->missing);
	row_links(b, h, "links", x, true);
	row_links(b, h, "claims", x, false);
}

void
gossip_mesh_rows(const struct gossip *g, struct gtime now,
    void (*emit)(const struct wbuf *, void *), void *arg)
{
	const struct health *h = &g->suspect.health;
	const struct lru_node *n;
	struct wbuf b;

	wbuf_init(&b, MESH_ROW_MAX);
	for (n = lru_oldest(&h->nodes); n != NULL; n = lru_younger(n)) {
		wbuf_reset(&b);
		mesh_row(h, (const struct health_node *)n, now, &b);
		emit(&b, arg);
	}
	wbuf_free(&b);
}

uint64_t
gossip_mesh_changes(const struct gossip *g)
{
	return g->peer_changes + g->suspect.health.changes;
}

void
suspect_status(const struct suspect *s, struct wbuf *b)
{
	row_num(b, "mesh_nodes", ROW_U64, s->health.nodes.n);
	row_num(b, "mesh_unreachable", ROW_U64,
	    s->health.count[HEALTH_UNREACHABLE]);
	row_num(b, "mesh_down", ROW_U64, s->health.count[HEALTH_DOWN]);
	row_num(b, "mesh_refused", ROW_U64, s->health.refused);
	row_num(b, "suspects", ROW_U64, s->count.out);
	row_num(b, "suspects_in", ROW_U64, s->count.in);
	row_num(b, "suspects_bad", ROW_U64, s->count.bad);
	row_num(b, "suspects_answered", ROW_U64, s->count.answers);
}

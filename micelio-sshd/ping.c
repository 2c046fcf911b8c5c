/* SPDX-License-Identifier: MIT */
/*
 * Three things can be said of another node: it is linked with this one, and
 * answered; it is not, but links of others lead to it, as they say; or
 * neither is known.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "cursor.h"
#include "doc.h"
#include "graph.h"
#include "imsg.h"
#include "log.h"
#include "nodeid.h"
#include "ping.h"
#include "row.h"

static void
text_or_null(struct wbuf *w, const char *name, const char *s)
{
	if (s != NULL && s[0] != '\0')
		row_str(w, name, s);
	else
		row_null(w, name);
}

static void
us_or_none(struct wbuf *w, const char *name, uint64_t us)
{
	if (us > 0)
		row_num(w, name, ROW_US, us);
	else
		row_none(w, name, ROW_US);
}

/* What all of them tell, in one order. */
struct said {
	const char	*id, *way, *addr, *via, *text, *hint;
	bool		 ok, answered;
	uint64_t	 ms, rtt_us, links;
};

static int
said(const struct said *s, struct doc *d)
{
	row_bool(&d->head, "ok", s->ok);
	row_str(&d->head, "id", s->id);
	row_str(&d->head, "way", s->way);
	text_or_null(&d->head, "addr", s->addr);
	if (s->answered)
		row_num(&d->head, "took", ROW_MS, s->ms);
	else
		row_none(&d->head, "took", ROW_MS);
	us_or_none(&d->head, "rtt", s->rtt_us);
	if (s->links > 0)
		row_num(&d->head, "links", ROW_U64, s->links);
	else
		row_none(&d->head, "links", ROW_U64);
	text_or_null(&d->head, "via", s->via);
	row_str(&d->head, "text", s->text);
	text_or_null(&d->head, "hint", s->hint);
	return s->ok ? EX_OK : 1;
}

int
ping_direct_build(const struct ping_result *r, struct doc *d)
{
	char text[256], rtt[64] = "";
	struct said s = { .id = r->id, .way = "direct", .addr = r->addr,
	    .ms = r->ms, .rtt_us = r->rtt_us, .links = 1, .text = text };
	int rc;

	if (r->rtt_us > 0)
		(void)snprintf(rtt, sizeof(rtt), ", the connection alone "
		    "%u.%03u ms", r->rtt_us / 1000, r->rtt_us % 1000);
	switch (r->status) {
	case PING_ANSWERED:
		s.ok = s.answered = true;
		if (r->ms == 0)
			(void)snprintf(text, sizeof(text), "direct: %.12s "
			    "answered within 1 ms%s", r->id, rtt);
		else
			(void)snprintf(text, sizeof(text), "direct: %.12s "
			    "answered in %u ms%s", r->id, r->ms, rtt);
		break;
	case PING_V1:
		s.ok = true;
		(void)snprintf(text, sizeof(text), "direct: %.12s is linked; "
		    "nodes of v1 answer no ping%s", r->id, rtt);
		break;
	case PING_BUSY:
		(void)snprintf(text, sizeof(text), "%.12s is linked, but too "
		    "many are waiting for answers; ask again", r->id);
		break;
	default:
		s.way = "unknown";
		s.links = 0;
		(void)snprintf(text, sizeof(text), "%.12s: the link with it "
		    "ended meanwhile", r->id);
		s.hint = "peers tells why, and when it is tried again";
		break;
	}
	rc = said(&s, d);
	return r->status == PING_BUSY ? EX_TEMPFAIL : rc;
}

/* Of some nodes only the first half of the id is known. */
static size_t
node_find(const struct graph *g, const char *id)
{
	for (size_t i = 0; i < g->n; i++)
		if (strncmp(g->node[i].id, id, strlen(g->node[i].id)) == 0)
			return i;
	return SIZE_MAX;
}

int
ping_far_build(const struct graph *g, const char *id, struct doc *d)
{
	size_t *from = xcalloc(2 * g->n, sizeof(*from)), norder;
	size_t at = node_find(g, id), hops = 0;
	const char *state = at == SIZE_MAX ? "" : g->node[at].state;
	char text[256];
	struct said s = { .id = id, .text = text };
	int rc;

	graph_reach(g, from, from + g->n, &norder);
	if (strcmp(state, "up") == 0 && from[at] != SIZE_MAX) {
		for (hops = 1; !g->node[from[at]].self; at = from[at])
			hops++;
		s.ok = true;
		s.way = "relayed";
		s.links = hops;
		s.via = g->node[at].id;
		(void)snprintf(text, sizeof(text), "relayed: no link with "
		    "%.12s, but by way of %.12s, %zu links away, as nodes "
		    "say; what is said reaches it", id, s.via, hops);
	} else {
		s.way = "unknown";
		(void)snprintf(text, sizeof(text), "unknown: no link with "
		    "%.12s, and %s%s", id, state[0] == '\0' ?
		    "no way to it is known" : "as nodes say it is ",
		    state);
		s.hint = "nodes tells when it was seen last; link HOST:PORT "
		    "dials it";
	}
	rc = said(&s, d);
	free(from);
	return rc;
}

int
ping_self_build(const char *id, struct doc *d)
{
	struct said s = { .id = id, .way = "self", .ok = true,
	    .text = "that is this node itself" };

	return said(&s, d);
}

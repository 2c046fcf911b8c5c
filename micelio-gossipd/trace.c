/* SPDX-License-Identifier: MIT */
/* How the last messages came, and what each link does, for people. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bcast.h"
#include "common/cursor.h"
#include "common/log.h"
#include "common/nodeid.h"
#include "common/row.h"
#include "core.h"
#include "envelope_out.h"
#include "fresh.h"
#include "gossip.h"
#include "link.h"
#include "lru.h"
#include "maplink.h"
#include "msglog.h"
#include "origin.h"
#include "proto/envelope.h"
#include "proto/m2.h"
#include "repair.h"
#include "session.h"
#include "trace.h"

static uint32_t
slots(uint64_t bits)
{
	uint32_t n = 0;

	for (; bits != 0; bits &= bits - 1)
		n++;
	return n;
}

static void
id_text(char out[UUID_LEN + 1], struct slice id)
{
	size_t n = id.n < UUID_LEN ? id.n : UUID_LEN;

	if (n > 0)
		memcpy(out, id.p, n);
	out[n] = '\0';
}

void
trace_add(struct gossip *g, const struct logmsg *m, const struct session *s,
    const struct envelope *e, const struct want *w)
{
	struct bcast *b = &g->bcast;
	struct trace *t;

	/* Grown as it fills: many a node never hears so much. */
	if (b->ntraces < TRACES_MAX && b->ntraces == b->traces_cap) {
		b->traces_cap = b->traces_cap > 0 ? 2 * b->traces_cap : 8;
		b->trace = xreallocarray(b->trace, b->traces_cap,
		    sizeof(*b->trace));
	}
	t = &b->trace[b->next_trace++ % TRACES_MAX];
	if (b->ntraces < TRACES_MAX)
		b->ntraces++;
	memset(t, 0, sizeof(*t));
	id_text(t->message_id, e->message_id);
	t->author = origin_of(m)->id;
	t->at = g->now.wall;
	t->type = e->msg_type;
	t->hops = e->hop_count;
	t->age = envelope_clocked(e) ? (int64_t)(g->now.wall -
	    (e->lamport_ts >> 16)) : -1;
	if (s != NULL) {
		t->from = s->id;
		t->by = s->link == NULL || s->link->kind != LINK_M2 ? "v1" :
		    w != NULL && w->from == s->sid ? "graft" : "tree";
	} else
		t->by = m->own ? "own" : "gone";
	if (w == NULL)
		return;
	t->late = g->now.mono - w->first_at;
	t->announced = slots(w->by);
	t->grafts = slots(w->ever);
}

/* What it is, for those who know no numbers. */
static void
row_type(struct wbuf *b, uint32_t type)
{
	static const struct { uint32_t type; const char *name; } names[] = {
		{ MSG_CHAT, "chat" }, { MSG_ROOM, "room" },
		{ MSG_SEALED, "private" }, { MSG_STATE_DELTA, "delta" },
		{ MSG_SUSPECT, "suspect" },
	};
	char number[12];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].type == type) {
			row_str(b, "type", names[i].name);
			return;
		}
	(void)snprintf(number, sizeof(number), "%u", type);
	row_str(b, "type", number);
}

/* The youngest first. */
void
gossip_trace_rows(const struct gossip *g,
    void (*emit)(const struct wbuf *, void *), void *arg)
{
	const struct bcast *b = &g->bcast;
	const struct trace *t;
	struct wbuf w;
	size_t i;

	wbuf_init(&w, 4096);
	for (i = 1; i <= b->ntraces; i++) {
		t = &b->trace[(b->next_trace - i) % TRACES_MAX];
		wbuf_reset(&w);
		row_str(&w, "message", t->message_id);
		row_type(&w, t->type);
		row_id(&w, "author", &t->author);
		row_num(&w, "at", ROW_TIME, t->at);
		row_str(&w, "by", t->by);
		if (strcmp(t->by, "own") == 0 || strcmp(t->by, "gone") == 0)
			row_null(&w, "from");
		else
			row_id(&w, "from", &t->from);
		if (t->age >= 0)
			row_num(&w, "took", ROW_MS, (uint64_t)t->age);
		else
			row_none(&w, "took", ROW_MS);
		row_num(&w, "late", ROW_MS, t->late);
		row_num(&w, "announced", ROW_U64, t->announced);
		row_num(&w, "grafts", ROW_U64, t->grafts);
		row_num(&w, "hops", ROW_U64, t->hops);
		emit(&w, arg);
	}
	wbuf_free(&w);
}

static size_t
eager_for(const struct gossip *g, const struct link *l)
{
	const struct lru_node *n;
	size_t eager = 0;

	for (n = lru_oldest(&g->bcast.origins); n != NULL; n = lru_younger(n))
		eager += (((const struct origin *)n)->eager & l->bit) != 0;
	return eager;
}

void
gossip_tree_rows(const struct gossip *g,
    void (*emit)(const struct wbuf *, void *), void *arg)
{
	static const char *const kinds[] = { "v1", "waits", "m2" };
	const struct session *s;
	const struct link *l;
	struct wbuf w;

	wbuf_init(&w, 4096);
	TAILQ_FOREACH(s, &g->ready, ready_entry) {
		if ((l = s->link) == NULL)
			continue;
		wbuf_reset(&w);
		row_id(&w, "id", &s->id);
		row_str(&w, "addr", s->addr);
		row_str(&w, "kind", kinds[l->kind]);
		row_str(&w, "map", maplink_text(g, l));
		row_num(&w, "eager", ROW_U64, eager_for(g, l));
		if (l->rtt_ms > 0 || s->rtt_us > 0)
			row_num(&w, "rtt", ROW_US, s->rtt_us > 0 ? s->rtt_us :
			    link_rtt(l) * 1000);
		else
			row_none(&w, "rtt", ROW_US);
		row_num(&w, "saved", ROW_U64, l->count.saved);
		row_num(&w, "sent", ROW_U64, l->count.payload);
		row_num(&w, "brought", ROW_U64, l->count.payload_in);
		row_num(&w, "duplicates", ROW_U64, l->count.duplicate);
		row_num(&w, "ihave", ROW_U64, l->count.ihave);
		row_num(&w, "ihave_in", ROW_U64, l->count.ihave_in);
		row_num(&w, "graft", ROW_U64, l->count.graft);
		row_num(&w, "graft_in", ROW_U64, l->count.graft_in);
		row_num(&w, "prune", ROW_U64, l->count.prune);
		row_num(&w, "prune_in", ROW_U64, l->count.prune_in);
		row_num(&w, "queue", ROW_U64, l->nqueue);
		row_num(&w, "session", ROW_U64, s->sid);
		emit(&w, arg);
	}
	wbuf_free(&w);
}

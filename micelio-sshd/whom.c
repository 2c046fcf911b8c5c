/* SPDX-License-Identifier: MIT */
/* Who is in the partyline, on the whole mesh. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cursor.h"
#include "doc.h"
#include "label.h"
#include "log.h"
#include "nodeid.h"
#include "people.h"
#include "presence.h"
#include "room.h"
#include "row.h"
#include "sshkey.h"
#include "whom.h"

struct one {
	char		 nick[LABEL_MAX];
	const char	*node;		/* as shown, or "" */
	const struct nodeid *id;
	const uint8_t	*key;		/* or NULL */
	const char	*away;		/* raw; NULL: not away */
	uint64_t	 since_s, spoke_s;
};

static int
by_nick(const void *a, const void *b)
{
	const struct one *x = a, *y = b;
	int c = strcasecmp(x->nick, y->nick);

	if (c == 0)
		c = strcmp(x->nick, y->nick);
	return c != 0 ? c : nodeid_cmp(x->id, y->id);
}

static void
of_member(struct one *x, const struct member *m, const struct nodeid *self,
    const char *node)
{
	static const uint8_t none[SSHKEY_HASH_LEN];

	(void)snprintf(x->nick, sizeof(x->nick), "%s", m->nick);
	x->node = node;
	x->id = self;
	x->key = memcmp(m->key, none, sizeof(none)) == 0 ? NULL : m->key;
	x->away = m->self != NULL && m->self->away ? m->self->away_text :
	    NULL;
	x->since_s = m->joined_ms / 1000;
	x->spoke_s = m->spoke_ms / 1000;
}

static void
of_present(struct one *x, const struct present_node *n,
    const struct present *v, const struct room *r, const struct presence *p)
{
	struct stranger who = { &n->id, v->nick, v->has_key ? v->key : NULL };

	label_stranger(r, p, &who, x->nick, sizeof(x->nick));
	x->node = n->name;
	x->id = &n->id;
	x->key = v->has_key ? v->key : NULL;
	x->away = v->away ? v->away_text : NULL;
	x->since_s = v->since_s;
	x->spoke_s = v->spoke_s;
}

/* A span that began then; what lies ahead has just begun. */
static void
since_put(struct wbuf *w, const char *name, uint64_t then_s, uint64_t now_s)
{
	row_num(w, name, ROW_MS, then_s < now_s ? (now_s - then_s) * 1000 :
	    0);
}

static void
one_row(const struct one *x, uint64_t now_s, struct wbuf *w)
{
	char fp[SSHKEY_FP_MAX];

	row_str(w, "nick", x->nick);
	if (x->node[0] != '\0')
		row_str(w, "node", x->node);
	else
		row_null(w, "node");
	row_id(w, "id", x->id);
	since_put(w, "here", x->since_s, now_s);
	since_put(w, "idle", x->spoke_s != 0 ? x->spoke_s : x->since_s,
	    now_s);
	if (x->away != NULL)
		row_str(w, "away", x->away[0] == '\0' ? "yes" : x->away);
	else
		row_null(w, "away");
	if (x->key != NULL)
		row_str(w, "key", sshkey_fingerprint(x->key, fp));
	else
		row_null(w, "key");
}

void
whom_build(const struct room *r, const struct presence *p,
    const struct nodeid *self, const char *node, uint64_t unix_ms,
    struct doc *d)
{
	struct one *v = xcalloc(r->people + p->npeople + 1, sizeof(*v));
	uint64_t count = r->people, nodes = r->people > 0;
	const struct present_node *x;
	size_t n = 0, list;
	const struct member *m;
	struct wbuf w;

	TAILQ_FOREACH(m, &r->members, entry)
		if (!m->watcher)
			of_member(&v[n++], m, self, node);
	TAILQ_FOREACH(x, &p->list, entry) {
		count += x->total;
		nodes++;
		for (size_t i = 0; i < x->n; i++)
			of_present(&v[n++], x, &x->v[i], r, p);
	}
	qsort(v, n, sizeof(*v), by_nick);
	row_num(&d->head, "count", ROW_U64, count);
	row_num(&d->head, "nodes", ROW_U64, nodes);
	list = doc_list(d, "people");
	wbuf_init(&w, 2048);
	for (size_t i = 0; i < n; i++) {
		wbuf_reset(&w);
		one_row(&v[i], unix_ms / 1000, &w);
		(void)doc_row(d, list, w.p, w.len);
	}
	wbuf_free(&w);
	free(v);
}

static unsigned long long
head(const struct doc *d, const char *name)
{
	struct row_field f;

	return row_find(d->head.p, d->head.len, name, &f) ? f.num : 0;
}

void
whom_text(const struct doc *d, struct wbuf *w)
{
	unsigned long long count = head(d, "count"), nodes = head(d, "nodes");

	if (count == 0) {
		wbuf_printf(w, "Nobody is in the partyline, as far as is "
		    "known here\n");
		return;
	}
	wbuf_printf(w, "%llu %s on %llu node%s\n", count, count == 1 ?
	    "person" : "people", nodes, nodes == 1 ? "" : "s");
	doc_table_used(&d->list[0], "nick node id here idle away", w);
	if (count > d->list[0].n)
		wbuf_printf(w, "and %llu more; each node tells of %u by "
		    "name\n", count - d->list[0].n, PRESENCE_OF_NODE_MAX);
}

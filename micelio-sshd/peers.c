/* SPDX-License-Identifier: MIT */
/*
 * Other nodes as people are shown them: what gossipd says of its sessions,
 * what transportd says of their connections, and what is known of nodes, put
 * together; and which node somebody means.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"
#include "answer.h"
#include "cursor.h"
#include "doc.h"
#include "imsg.h"
#include "nodeid.h"
#include "peers.h"
#include "row.h"
#include "text.h"

#define ROW_ROOM	8192u
#define MEANT_SHOWN	6u

/* Columns of a list for people. */
#define COLUMNS_ALL	"id name addr dir kind state up rtt in out queue " \
			"cause next"

const void *
peers_link(const struct answer *links, const void *peer, size_t peer_len,
    size_t *len)
{
	struct row_field session, f;
	const void *row = NULL;
	struct rcur c;

	if (!row_find(peer, peer_len, "session", &session) ||
	    session.type != ROW_U64)
		return NULL;
	while (links != NULL && answer_next(&c, links, &row, len))
		if (row_find(row, *len, "session", &f) &&
		    f.num == session.num)
			return row;
	return NULL;
}

static bool
field_named(const struct row_field *f, const char *const *names)
{
	for (; *names != NULL; names++)
		if (f->name_len == strlen(*names) &&
		    memcmp(f->name, *names, f->name_len) == 0)
			return true;
	return false;
}

/* All fields but those named. */
static void
fields_add(struct wbuf *w, const void *row, size_t len,
    const char *const *but)
{
	struct row_field f;
	struct rcur c;

	rcur_init(&c, row, len);
	while (row_next(&c, &f))
		if (!field_named(&f, but))
			row_field_copy(w, &f);
}

/* What transportd measures, or nothing of the same types. */
static void
link_fields(struct wbuf *w, const struct answer *links, const void *peer,
    size_t peer_len)
{
	static const char *const but[] = { "session", NULL };
	const void *row;
	size_t len = 0;

	row = peers_link(links, peer, peer_len, &len);
	if (row != NULL) {
		fields_add(w, row, len, but);
		return;
	}
	row_none(w, "rtt_kernel", ROW_US);
	row_none(w, "rtt_smoothed", ROW_US);
	row_none(w, "in", ROW_BYTES);
	row_none(w, "out", ROW_BYTES);
	row_none(w, "queue", ROW_BYTES);
}

void
peers_build(const struct answer *a, size_t n, struct doc *d)
{
	const struct answer *peers = answer_of(a, n, PROC_GOSSIPD,
	    TABLE_PEERS), *links = answer_of(a, n, PROC_TRANSPORTD,
	    TABLE_LINKS);
	static const char *const none[] = { NULL };
	size_t list = doc_list(d, "peers"), len;
	const void *row = NULL;
	struct wbuf w;
	struct rcur c;

	wbuf_init(&w, ROW_ROOM);
	while (peers != NULL && answer_next(&c, peers, &row, &len)) {
		wbuf_reset(&w);
		fields_add(&w, row, len, none);
		link_fields(&w, links, row, len);
		(void)doc_row(d, list, w.p, w.len);
	}
	wbuf_free(&w);
}

void
peers_text(const struct doc *d, struct wbuf *w)
{
	if (d->list[0].n == 0)
		wbuf_printf(w, "no peers: none is connected or configured; "
		    "add one to network.bootstrap, or: link HOST:PORT\n");
	else
		doc_table_used(&d->list[0], COLUMNS_ALL, w);
}

/*
 * Which node is meant.
 */

static bool
text_is(const struct row_field *f, const char *word, size_t n)
{
	return f->type == ROW_STR && f->str_len == n &&
	    memcmp(f->str, word, n) == 0;
}

/* A word names a node by the begin of its id, its names, or its address. */
static bool
row_meant(const void *row, size_t len, const char *word)
{
	size_t n = strlen(word);
	struct row_field f;

	if (n == 0)
		return false;
	if (row_find(row, len, "id", &f) && f.type == ROW_STR &&
	    f.str_len >= n && strncasecmp(f.str, word, n) == 0)
		return true;
	if (row_find(row, len, "name", &f) && text_is(&f, word, n))
		return true;
	if (row_find(row, len, "listens", &f) && text_is(&f, word, n))
		return true;
	if (row_find(row, len, "node_name", &f) && text_is(&f, word, n))
		return true;
	return row_find(row, len, "addr", &f) && text_is(&f, word, n);
}

static bool
known_id(const struct meant *m, const struct row_field *id)
{
	for (size_t i = 0; i < m->n; i++)
		if (memcmp(m->id[i], id->str, NODEID_HEX) == 0)
			return true;
	return false;
}

static void
meant_add(struct meant *m, const void *row, size_t len)
{
	struct row_field id, addr;
	struct nodeid whole;

	/* It is shown as it is. */
	if (!row_find(row, len, "id", &id) || id.type != ROW_STR ||
	    !nodeid_parse(&whole, id.str, id.str_len) || known_id(m, &id))
		return;
	if (m->n < MEANT_MAX) {
		memcpy(m->id[m->n], id.str, NODEID_HEX);
		(void)row_find(row, len, "addr", &addr);
		(void)snprintf(m->addr[m->n], sizeof(m->addr[0]), "%.*s",
		    addr.type == ROW_STR ? (int)addr.str_len : 0,
		    addr.type == ROW_STR ? addr.str : "");
		m->n++;
	} else
		m->more = true;
}

void
meant_find(struct meant *m, const struct answer *a, size_t n,
    const char *word, bool linked)
{
	struct row_field f;
	const void *row;
	struct rcur c;
	size_t len;

	memset(m, 0, sizeof(*m));
	for (size_t i = 0; i < n; i++) {
		if (a[i].table != TABLE_PEERS &&
		    a[i].table != TABLE_NODES && a[i].table != TABLE_MESH)
			continue;
		row = NULL;
		while (answer_next(&c, &a[i], &row, &len))
			if ((!linked || (row_find(row, len, "state", &f) &&
			    field_is(&f, "up"))) &&
			    row_meant(row, len, word))
				meant_add(m, row, len);
	}
}

void
meant_down(struct meant *m, const struct answer *a, const char *word)
{
	struct row_field state, id, addr;
	const void *row = NULL;
	struct nodeid whole;
	struct rcur c;
	size_t len;

	memset(m, 0, sizeof(*m));
	while (answer_next(&c, a, &row, &len)) {
		if (!row_find(row, len, "state", &state) ||
		    field_is(&state, "up") ||
		    !row_find(row, len, "session", &id) ||
		    id.type != ROW_NULL || !row_meant(row, len, word) ||
		    !row_find(row, len, "addr", &addr) ||
		    addr.type != ROW_STR)
			continue;
		if (m->n == MEANT_MAX) {
			m->more = true;
			return;
		}
		if (row_find(row, len, "id", &id) && id.type == ROW_STR &&
		    nodeid_parse(&whole, id.str, id.str_len))
			(void)snprintf(m->id[m->n], sizeof(m->id[0]), "%.*s",
			    (int)id.str_len, id.str);
		(void)snprintf(m->addr[m->n++], sizeof(m->addr[0]), "%.*s",
		    (int)addr.str_len, addr.str);
	}
}

void
meant_text(const struct meant *m, const char *word, bool linked, char *out,
    size_t size)
{
	char safe[128], addr[HOSTPORT_MAX * 2];
	size_t n;

	text_safe(word, strnlen(word, 80), safe, sizeof(safe), true);
	if (m->n == 0) {
		(void)snprintf(out, size, "no node %s \"%s\" (begin of an "
		    "id, name, or host:port); %s lists them", linked ?
		    "is linked that fits" : "is known that fits", safe,
		    linked ? "peers" : "nodes");
		return;
	}
	n = (size_t)snprintf(out, size, "\"%s\" could be: ", safe);
	for (size_t i = 0; i < m->n && i < MEANT_SHOWN && n < size; i++) {
		text_safe(m->addr[i], strlen(m->addr[i]), addr, sizeof(addr),
		    true);
		n += (size_t)snprintf(out + n, size - n, "%s%.12s%s%s%s",
		    i > 0 ? ", " : "", m->id[i], addr[0] != '\0' ? " (" : "",
		    addr, addr[0] != '\0' ? ")" : "");
	}
	if (n < size)
		(void)snprintf(out + n, size - n, "%s; write more of the id",
		    m->more || m->n > MEANT_SHOWN ? ", ..." : "");
}

/*
 * Everything about one.
 */

static const void *
row_of_id(const struct answer *a, const char *id, size_t *len)
{
	const void *row = NULL, *found = NULL;
	size_t found_len = 0;
	struct row_field f;
	struct rcur c;

	while (a != NULL && answer_next(&c, a, &row, len)) {
		if (!row_find(row, *len, "id", &f) ||
		    !text_is(&f, id, NODEID_HEX))
			continue;
		/* Of several the link that is up. */
		if (found == NULL || (row_find(row, *len, "state", &f) &&
		    field_is(&f, "up"))) {
			found = row;
			found_len = *len;
		}
	}
	*len = found_len;
	return found;
}

/* The field of the row that is called as this one. */
static bool
same_field(const void *row, size_t len, const struct row_field *as,
    struct row_field *f)
{
	char name[64];

	(void)snprintf(name, sizeof(name), "%.*s", (int)as->name_len,
	    as->name);
	return row_find(row, len, name, f);
}

/* A field that is not there yet, or was there without a value. */
static void
missing_add(struct wbuf *w, const void *row, size_t len)
{
	struct row_field f, have;
	struct rcur c;

	rcur_init(&c, row, len);
	while (row_next(&c, &f)) {
		if (!same_field(w->p, w->len, &f, &have))
			row_field_copy(w, &f);
	}
}

/* What the session does not tell is taken from what is known of the node. */
static void
peer_fields(struct wbuf *w, const void *row, size_t len, const void *node,
    size_t node_len)
{
	struct row_field f, known;
	struct rcur c;

	rcur_init(&c, row, len);
	while (row_next(&c, &f)) {
		if (f.type == ROW_NULL && node != NULL &&
		    same_field(node, node_len, &f, &known))
			f = known;
		row_field_copy(w, &f);
	}
}

void
peer_build(const struct answer *a, size_t n, const char *id, struct doc *d)
{
	const struct answer *peers = answer_of(a, n, PROC_GOSSIPD,
	    TABLE_PEERS);
	size_t peer_len = 0, node_len = 0, stored_len = 0;
	const void *peer = row_of_id(peers, id, &peer_len);
	const void *node = row_of_id(answer_of(a, n, PROC_GOSSIPD,
	    TABLE_NODES), id, &node_len);
	const void *stored = row_of_id(answer_of(a, n, PROC_STATED,
	    TABLE_NODES), id, &stored_len);

	if (node == NULL) {
		node = stored;
		node_len = stored_len;
	}
	if (peer != NULL) {
		peer_fields(&d->head, peer, peer_len, node, node_len);
		link_fields(&d->head, answer_of(a, n, PROC_TRANSPORTD,
		    TABLE_LINKS), peer, peer_len);
	}
	if (node != NULL)
		missing_add(&d->head, node, node_len);
}

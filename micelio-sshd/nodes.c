/* SPDX-License-Identifier: MIT */
/*
 * All nodes that are known, a page at a time: those gossipd keeps at hand, and
 * those that only stated remembers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "cursor.h"
#include "doc.h"
#include "imsg.h"
#include "log.h"
#include "nodeid.h"
#include "nodes.h"
#include "row.h"

struct known {
	const void	*row;
	size_t		 len;
	const char	*id;		/* NODEID_HEX bytes, in row */
	uint64_t	 seen;
	bool		 linked;
	bool		 stored;	/* by stated's word only */
};

static int
by_id(const void *a, const void *b)
{
	const struct known *x = a, *y = b;
	int c = memcmp(x->id, y->id, NODEID_HEX);

	return c != 0 ? c : (int)x->stored - (int)y->stored;
}

/* Linked ones first, then who was seen last. */
static int
by_interest(const void *a, const void *b)
{
	const struct known *x = a, *y = b;

	if (x->linked != y->linked)
		return x->linked ? -1 : 1;
	if (x->seen != y->seen)
		return x->seen > y->seen ? -1 : 1;
	return memcmp(x->id, y->id, NODEID_HEX);
}

static bool
holds(const struct row_field *f, const char *word)
{
	return f->type == ROW_STR &&
	    memmem(f->str, f->str_len, word, strlen(word)) != NULL;
}

/* The word begins the id, or is in the name, address or source. */
static bool
fits(const void *row, size_t len, const struct row_field *id,
    const char *word)
{
	static const char *const where[] = { "name", "addr", "source" };
	struct row_field f;

	if (word == NULL || (strlen(word) <= id->str_len &&
	    strncasecmp(id->str, word, strlen(word)) == 0))
		return true;
	for (size_t i = 0; i < 3; i++)
		if (row_find(row, len, where[i], &f) && holds(&f, word))
			return true;
	return false;
}

static size_t
collect(const struct answer *a, const char *word, struct known *v)
{
	const void *row = NULL;
	struct row_field f;
	struct rcur c;
	size_t n = 0, len;

	while (answer_next(&c, a, &row, &len)) {
		if (!row_find(row, len, "id", &f) || f.type != ROW_STR ||
		    f.str_len != NODEID_HEX || !fits(row, len, &f, word))
			continue;
		v[n] = (struct known){ .row = row, .len = len, .id = f.str,
		    .stored = a->from == PROC_STATED };
		if (row_find(row, len, "last_seen", &f))
			v[n].seen = f.num;
		v[n++].linked = row_find(row, len, "linked", &f) &&
		    f.num != 0;
	}
	return n;
}

/* Of two words about a node gossipd's is the newer. */
static size_t
once(struct known *v, size_t n)
{
	size_t kept = 0;

	qsort(v, n, sizeof(*v), by_id);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || memcmp(v[i].id, v[i - 1].id, NODEID_HEX) != 0)
			v[kept++] = v[i];
	return kept;
}

static void
rows_put(struct doc *d, const struct known *v, size_t n, uint64_t now_ms)
{
	size_t list = doc_list(d, "nodes");
	struct row_field f;
	struct wbuf w;
	struct rcur c;

	wbuf_init(&w, 8192);
	for (size_t i = 0; i < n; i++) {
		wbuf_reset(&w);
		rcur_init(&c, v[i].row, v[i].len);
		while (row_next(&c, &f))
			row_field_copy(&w, &f);
		if (v[i].seen == 0)
			row_none(&w, "seen", ROW_MS);
		else
			row_num(&w, "seen", ROW_MS, now_ms > v[i].seen ?
			    now_ms - v[i].seen : 0);
		(void)doc_row(d, list, w.p, w.len);
	}
	wbuf_free(&w);
}

void
nodes_build(const struct answer *a, size_t n, const char *word,
    uint64_t page, uint64_t now_ms, struct doc *d)
{
	size_t total = 0, linked = 0, stored = 0, kept = 0, first, shown;
	struct known *v;

	for (size_t i = 0; i < n; i++)
		total += a[i].n;
	v = xcalloc(total + 1, sizeof(*v));
	for (size_t i = 0; i < n; i++)
		if (a[i].table == TABLE_NODES)
			kept += collect(&a[i], word, v + kept);
	kept = once(v, kept);
	qsort(v, kept, sizeof(*v), by_interest);
	for (size_t i = 0; i < kept; i++) {
		linked += v[i].linked;
		stored += v[i].stored;
	}
	first = page > kept / NODES_PAGE + 1 ? kept :
	    (size_t)(page - 1) * NODES_PAGE;
	shown = kept - first < NODES_PAGE ? kept - first : NODES_PAGE;
	row_num(&d->head, "known", ROW_U64, kept);
	row_num(&d->head, "linked", ROW_U64, linked);
	row_num(&d->head, "stored", ROW_U64, stored);
	row_num(&d->head, "page", ROW_U64, page);
	row_num(&d->head, "pages", ROW_U64, (kept + NODES_PAGE - 1) /
	    NODES_PAGE);
	rows_put(d, v + first, shown, now_ms);
	free(v);
}

static uint64_t
head_num(const struct doc *d, const char *name)
{
	struct row_field f;

	return row_find(d->head.p, d->head.len, name, &f) ? f.num : 0;
}

void
nodes_text(const struct doc *d, struct wbuf *w)
{
	unsigned long long all = head_num(d, "known"), page =
	    head_num(d, "page"), pages = head_num(d, "pages");

	if (d->list[0].n == 0) {
		wbuf_printf(w, all == 0 ? "no node is known that fits; nodes "
		    "without a word lists all, link HOST:PORT makes one "
		    "known\n" : "there are %llu pages only\n", pages);
		return;
	}
	doc_table_used(&d->list[0], "id name addr source linked state seen "
	    "fails rtt", w);
	if (pages > 1)
		wbuf_printf(w, "page %llu of %llu (%llu nodes)%s\n", page,
		    pages, all, page < pages ? "; next: add page=N" : "");
}

/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "cursor.h"
#include "doc.h"
#include "imsg.h"
#include "log.h"
#include "mtime.h"
#include "peers.h"
#include "row.h"
#include "status.h"
#include "text.h"
#include "top.h"

#define PEERS_SHOWN	11u
#define ROW_ROOM	8192u
#define LIST_DAEMONS	0u
#define LIST_PEERS	1u

static const struct {
	enum proc_role	 role;
	const char	*name;
} daemons[] = {
	{ PROC_PARENT, "micelio" }, { PROC_TRANSPORTD, "transportd" },
	{ PROC_GOSSIPD, "gossipd" }, { PROC_STATED, "stated" },
	{ PROC_SSHD, "sshd" },
};
#define NDAEMONS	(sizeof(daemons) / sizeof(daemons[0]))

/* The number of a field, or false where there is none. */
static bool
number(const void *row, size_t len, const char *name, uint64_t *n)
{
	struct row_field f;

	*n = 0;
	if (row == NULL || !row_find(row, len, name, &f) ||
	    f.type == ROW_NULL || f.type == ROW_STR)
		return false;
	*n = f.num;
	return true;
}

static void
number_copy(struct wbuf *w, const void *row, size_t len, const char *from,
    const char *name, enum row_type type)
{
	uint64_t n;

	if (number(row, len, from, &n))
		row_num(w, name, type, n);
	else
		row_none(w, name, type);
}

static void
text_copy_field(struct wbuf *w, const void *row, size_t len, const char *name)
{
	struct row_field f;

	if (row_find(row, len, name, &f) && f.type == ROW_STR)
		row_strn(w, name, f.str, f.str_len);
	else
		row_null(w, name);
}

/* What it grew a second; a counter that began anew tells nothing. */
static void
rate(struct wbuf *w, const char *name, bool known, uint64_t now,
    bool was_known, uint64_t before, uint64_t over_ms)
{
	if (known && was_known && now >= before && over_ms > 0)
		row_num(w, name, ROW_U64, (now - before) * 1000 / over_ms);
	else
		row_none(w, name, ROW_U64);
}

/* The row of before in which that field has the same value. */
static const struct wbuf *
row_before(const struct doc *before, size_t list, const char *name,
    const struct wbuf *row)
{
	struct row_field f, was;

	if (before == NULL || !row_find(row->p, row->len, name, &f) ||
	    f.type == ROW_NULL)
		return NULL;
	for (size_t i = 0; i < before->list[list].n; i++) {
		const struct wbuf *b = &before->list[list].rows[i];

		if (row_find(b->p, b->len, name, &was) &&
		    was.type == f.type && was.num == f.num &&
		    was.str_len == f.str_len && (f.type != ROW_STR ||
		    memcmp(was.str, f.str, f.str_len) == 0))
			return b;
	}
	return NULL;
}

static void
rate_of(struct wbuf *w, const char *name, const struct wbuf *was,
    const char *of, uint64_t over_ms)
{
	uint64_t now, then;
	bool known = number(w->p, w->len, of, &now);
	bool was_known = was != NULL && number(was->p, was->len, of, &then);

	rate(w, name, known, now, was_known, was_known ? then : 0, over_ms);
}

/* usage_row() of a daemon, however it came here. */
static const void *
usage_of(const struct top_facts *facts, const struct answer *a, size_t n,
    enum proc_role role, size_t *len)
{
	const struct answer *one;

	if (role == PROC_SSHD) {
		*len = facts->hub->len;
		return facts->hub->p;
	}
	one = answer_of(a, n, role, TABLE_STATUS);
	return one != NULL && one->n > 0 ? answer_row(one, 0, len) : NULL;
}

static void
daemon_row(const struct top_facts *facts, const struct answer *a, size_t n,
    size_t i, const struct doc *before, uint64_t over_ms, struct wbuf *w)
{
	const struct answer *procs = answer_of(a, n, PROC_PARENT,
	    TABLE_PROCS);
	size_t proc_len = 0, len = 0;
	const void *proc = status_proc(procs, daemons[i].name, &proc_len);
	const void *usage = usage_of(facts, a, n, daemons[i].role, &len);
	uint64_t user, kernel;

	row_str(w, "name", daemons[i].name);
	number_copy(w, proc, proc_len, "pid", "pid", ROW_U64);
	number_copy(w, proc, proc_len, "uptime", "up", ROW_MS);
	if (number(usage, len, "cpu_user", &user) &&
	    number(usage, len, "cpu_system", &kernel))
		row_num(w, "cpu", ROW_US, user + kernel);
	else
		row_none(w, "cpu", ROW_US);
	number_copy(w, usage, len, "memory", "memory", ROW_BYTES);
	number_copy(w, usage, len, "memory_peak", "memory_peak", ROW_BYTES);
	rate_of(w, "cpu_us_per_s", row_before(before, LIST_DAEMONS, "pid", w),
	    "cpu", over_ms);
}

static void
peer_row(const struct answer *links, const void *peer, size_t len,
    const struct doc *before, uint64_t over_ms, struct wbuf *w)
{
	static const char *const counters[][2] = {
		{ "in", "in_bytes_per_s" }, { "out", "out_bytes_per_s" },
		{ "frames_in", "frames_in_per_s" },
		{ "frames_out", "frames_out_per_s" },
	};
	const struct wbuf *was;
	const void *link;
	size_t link_len = 0;

	link = peers_link(links, peer, len, &link_len);
	text_copy_field(w, peer, len, "id");
	text_copy_field(w, peer, len, "name");
	text_copy_field(w, peer, len, "addr");
	number_copy(w, peer, len, "session", "session", ROW_U64);
	number_copy(w, peer, len, "rtt", "rtt", ROW_US);
	number_copy(w, link, link_len, "queue", "queue", ROW_BYTES);
	number_copy(w, link, link_len, "in", "in", ROW_BYTES);
	number_copy(w, link, link_len, "out", "out", ROW_BYTES);
	number_copy(w, peer, len, "frames_in", "frames_in", ROW_U64);
	number_copy(w, peer, len, "frames_out", "frames_out", ROW_U64);
	was = row_before(before, LIST_PEERS, "session", w);
	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++)
		rate_of(w, counters[i][1], was, counters[i][0], over_ms);
}

static bool
is_up(const void *row, size_t len)
{
	struct row_field f;

	return row_find(row, len, "state", &f) && field_is(&f, "up");
}

static void
head_row(const struct top_facts *facts, const struct doc *d, bool known,
    uint64_t over_ms, struct wbuf *w)
{
	row_str(w, "node", facts->node);
	row_num(w, "up", ROW_MS, facts->up_ms);
	row_num(w, "peer_count", ROW_U64, d->list[LIST_PEERS].n);
	row_num(w, "people", ROW_U64, facts->people);
	if (known)
		row_num(w, "over", ROW_MS, over_ms);
	else
		row_none(w, "over", ROW_MS);
}

void
top_build(const struct top_facts *facts, const struct answer *a, size_t n,
    const struct doc *before, uint64_t over_ms, struct doc *d)
{
	const struct answer *peers = answer_of(a, n, PROC_GOSSIPD,
	    TABLE_PEERS), *links = answer_of(a, n, PROC_TRANSPORTD,
	    TABLE_LINKS);
	const void *row = NULL;
	struct rcur c;
	struct wbuf w;
	size_t len;

	(void)doc_list(d, "daemons");
	(void)doc_list(d, "peers");
	wbuf_init(&w, ROW_ROOM);
	for (size_t i = 0; i < NDAEMONS; i++) {
		wbuf_reset(&w);
		daemon_row(facts, a, n, i, before, over_ms, &w);
		(void)doc_row(d, LIST_DAEMONS, w.p, w.len);
	}
	while (peers != NULL && answer_next(&c, peers, &row, &len)) {
		if (!is_up(row, len))
			continue;
		wbuf_reset(&w);
		peer_row(links, row, len, before, over_ms, &w);
		(void)doc_row(d, LIST_PEERS, w.p, w.len);
	}
	wbuf_free(&w);
	head_row(facts, d, before != NULL, over_ms, &d->head);
}

/*
 * For people.
 */

static void
percent(struct wbuf *w, const struct wbuf *row)
{
	char text[32];
	uint64_t us;

	if (!number(row->p, row->len, "cpu_us_per_s", &us)) {
		row_null(w, "cpu");
		return;
	}
	us += 500;	/* to a tenth, rounded */
	(void)snprintf(text, sizeof(text), "%llu.%llu%%",
	    (unsigned long long)(us / 10000),
	    (unsigned long long)(us % 10000 / 1000));
	row_str(w, "cpu", text);
}

static void
daemons_text(const struct doc_list *l, struct wbuf *w)
{
	struct wbuf row;
	struct doc view;

	doc_init(&view);
	(void)doc_list(&view, "daemons");
	wbuf_init(&row, ROW_ROOM);
	for (size_t i = 0; i < l->n; i++) {
		const struct wbuf *r = &l->rows[i];

		wbuf_reset(&row);
		text_copy_field(&row, r->p, r->len, "name");
		number_copy(&row, r->p, r->len, "pid", "pid", ROW_U64);
		percent(&row, r);
		number_copy(&row, r->p, r->len, "memory", "memory",
		    ROW_BYTES);
		number_copy(&row, r->p, r->len, "memory_peak", "peak",
		    ROW_BYTES);
		number_copy(&row, r->p, r->len, "up", "up", ROW_MS);
		(void)doc_row(&view, 0, row.p, row.len);
	}
	doc_table(&view.list[0], "name pid cpu memory peak up", w);
	wbuf_free(&row);
	doc_free(&view);
}

static uint64_t
traffic(const struct wbuf *row)
{
	uint64_t in, out;

	(void)number(row->p, row->len, "in_bytes_per_s", &in);
	(void)number(row->p, row->len, "out_bytes_per_s", &out);
	return in + out;
}

static int
by_traffic(const void *a, const void *b)
{
	const struct wbuf *x = *(const struct wbuf *const *)a;
	const struct wbuf *y = *(const struct wbuf *const *)b;
	uint64_t n = traffic(x), k = traffic(y);

	return n != k ? (n > k ? -1 : 1) : x < y ? -1 : x > y;
}

static void
peer_view(const struct wbuf *r, struct wbuf *row)
{
	text_copy_field(row, r->p, r->len, "id");
	text_copy_field(row, r->p, r->len, "name");
	text_copy_field(row, r->p, r->len, "addr");
	number_copy(row, r->p, r->len, "in_bytes_per_s", "in/s", ROW_BYTES);
	number_copy(row, r->p, r->len, "out_bytes_per_s", "out/s", ROW_BYTES);
	number_copy(row, r->p, r->len, "frames_in_per_s", "msg-in/s",
	    ROW_U64);
	number_copy(row, r->p, r->len, "frames_out_per_s", "msg-out/s",
	    ROW_U64);
	number_copy(row, r->p, r->len, "rtt", "rtt", ROW_US);
	number_copy(row, r->p, r->len, "queue", "queue", ROW_BYTES);
}

static void
peers_view(const struct doc_list *l, struct wbuf *w)
{
	const struct wbuf **v = xcalloc(l->n, sizeof(*v));
	struct wbuf row;
	struct doc view;

	for (size_t i = 0; i < l->n; i++)
		v[i] = &l->rows[i];
	qsort(v, l->n, sizeof(*v), by_traffic);
	doc_init(&view);
	(void)doc_list(&view, "peers");
	wbuf_init(&row, ROW_ROOM);
	for (size_t i = 0; i < l->n && i < PEERS_SHOWN; i++) {
		wbuf_reset(&row);
		peer_view(v[i], &row);
		(void)doc_row(&view, 0, row.p, row.len);
	}
	free(v);
	doc_table_used(&view.list[0],
	    "id name addr in/s out/s msg-in/s msg-out/s rtt queue", w);
	wbuf_free(&row);
	doc_free(&view);
}

static void
head_text(const struct doc *d, struct wbuf *w)
{
	static const char *const fields[][2] = {
		{ "node", "" }, { "up", "up " }, { "peer_count", "peers " },
		{ "people", "people " }, { "over", "in the last " },
	};
	struct row_field f;

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (row_find(d->head.p, d->head.len, fields[i][0], &f) &&
		    f.type != ROW_NULL) {
			wbuf_printf(w, "%s%s", i > 0 ? ", " : "",
			    fields[i][1]);
			field_text(&f, w);
		}
	wbuf_u8(w, '\n');
}

void
top_text(const struct doc *d, struct wbuf *w)
{
	const struct doc_list *peers = &d->list[LIST_PEERS];

	head_text(d, w);
	daemons_text(&d->list[LIST_DAEMONS], w);
	wbuf_u8(w, '\n');
	if (peers->n == 0)
		wbuf_printf(w, "no node is connected; peers tells why\n");
	else
		peers_view(peers, w);
	if (peers->n > PEERS_SHOWN)
		wbuf_printf(w, "and %zu more, less busy\n", peers->n -
		    PEERS_SHOWN);
}

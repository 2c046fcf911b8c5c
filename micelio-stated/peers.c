/* SPDX-License-Identifier: MIT */
/*
 * The remembered peers: gossipd says what it learns, the book keeps it, the
 * worker writes what changed in batches, and gossipd hears it all at its
 * start.
 */
#include <stdlib.h>
#include <string.h>

#include "mtime.h"
#include "row.h"
#include "stated.h"

#define GATHER_MS	250	/* changes of this long become one batch */
#define RETRY_MS	5000	/* after a batch that failed */
#define BATCH_MAX	256u	/* records */
#define OP_MAX		(NODEID_LEN + 4 + PEERREC_MAX)
#define LOAD_MAX	(2u * PEERBOOK_MAX)

/* Ops: 32 node id, blob value; an empty value deletes. */
struct flush {
	struct job	 job;		/* first: cast */
	struct wbuf	 ops;
	bool		 busy;
	bool		 full;		/* more than this was dirty */
};

struct load {
	struct job	 job;		/* first: cast */
	struct peerrec	*rec;
	size_t		 n, room, bad;
	bool		 nomem;
};

struct peers {
	struct proc	*proc;
	struct worker	*worker;
	struct peerbook	*book;
	struct event	*timer;
	struct flush	 flush;
	struct load	 load;
	bool		 loaded, told, failed;
	void		(*finish)(void *);
	void		*finish_arg;
	uint64_t	 puts, dels, refused;
};

static void flush_now(struct peers *);

static void
timer_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	flush_now(arg);
}

struct peers *
peers_new(struct proc *proc, struct worker *worker)
{
	struct peers *p = xcalloc(1, sizeof(*p));

	p->proc = proc;
	p->worker = worker;
	p->book = peerbook_new(PEERBOOK_MAX);
	p->timer = evtimer_new(proc->base, timer_cb, p);
	if (p->book == NULL || p->timer == NULL)
		fatalx("no memory for the remembered peers");
	wbuf_init(&p->flush.ops, BATCH_MAX * OP_MAX);
	return p;
}

static void
flush_soon(struct peers *p, unsigned int ms)
{
	struct timeval tv = { ms / 1000, (ms % 1000) * 1000 };

	if (p->loaded && !p->flush.busy && peerbook_dirty(p->book) &&
	    !evtimer_pending(p->timer, NULL))
		evtimer_add(p->timer, &tv);
}

void
peers_put(struct peers *p, struct imsg *m)
{
	struct imsgchan *gossipd = p->proc->link[PROC_GOSSIPD];
	struct peerrec r;
	struct rcur c;
	const char *why;

	rcur_init(&c, m->data, m->len);
	if (!peerrec_read_msg(&c, &r)) {
		imsgchan_violation(gossipd, m, "malformed peer");
		return;
	}
	p->puts++;
	if ((why = peerrec_check(&r)) != NULL) {
		p->refused++;
		log_debug("peer not remembered: %s", why);
		return;
	}
	if (peerbook_put(p->book, &r, wall_ms() / 1000) == PEERBOOK_NOMEM)
		p->refused++;
	flush_soon(p, GATHER_MS);
}

void
peers_del(struct peers *p, struct imsg *m)
{
	struct nodeid id;
	struct rcur c;

	rcur_init(&c, m->data, m->len);
	rcur_copy(&c, id.b, sizeof(id.b));
	if (!rcur_done(&c)) {
		imsgchan_violation(p->proc->link[PROC_GOSSIPD], m,
		    "malformed node id");
		return;
	}
	p->dels++;
	(void)peerbook_del(p->book, &id);
	flush_soon(p, GATHER_MS);
}

/* On the worker's thread. */
static enum store_err
flush_run(struct store *s, struct job *j)
{
	struct flush *f = (struct flush *)(void *)j;
	enum store_err err = STORE_OK;
	const uint8_t *id, *value;
	struct rcur c;
	size_t n;

	rcur_init(&c, f->ops.p, f->ops.len);
	while (c.left > 0 && err == STORE_OK) {
		id = rcur_bytes(&c, NODEID_LEN);
		value = rcur_blob(&c, PEERREC_MAX, &n);
		if (c.bad)
			return STORE_INVAL;
		err = n == 0 ?
		    store_del(s, PEERBOOK_TABLE, id, NODEID_LEN) :
		    store_put(s, PEERBOOK_TABLE, id, NODEID_LEN, value, n);
	}
	return err;
}

static void
finish_step(struct peers *p)
{
	void (*finish)(void *) = p->finish;

	if (finish == NULL || p->flush.busy)
		return;
	if (peerbook_dirty(p->book) && !p->failed) {
		flush_now(p);
		if (p->flush.busy)
			return;
	}
	p->finish = NULL;
	finish(p->finish_arg);
}

static void
flush_done(struct job *j, void *arg)
{
	struct peers *p = arg;

	p->flush.busy = false;
	p->failed = j->result != STORE_OK;
	peerbook_flush_end(p->book, !p->failed);
	if (j->result == STORE_INVAL)
		log_debug("peers: a batch was refused as malformed");
	wbuf_free(&p->flush.ops);
	if (!p->failed && p->flush.full)
		flush_now(p);	/* as much again may wait already */
	flush_soon(p, p->failed ? RETRY_MS : GATHER_MS);
	finish_step(p);
}

static void
flush_op(const struct nodeid *id, const struct peerrec *r, void *arg)
{
	struct wbuf *ops = arg, value;

	wbuf_init(&value, PEERREC_MAX);
	if (r != NULL)
		peerrec_encode(&value, r);
	wbuf_bytes(ops, id->b, sizeof(id->b));
	wbuf_blob(ops, value.p, value.len);
	wbuf_free(&value);
}

static void
flush_now(struct peers *p)
{
	if (p->flush.busy || !peerbook_dirty(p->book))
		return;
	wbuf_init(&p->flush.ops, BATCH_MAX * OP_MAX);
	p->flush.full = peerbook_flush_begin(p->book, BATCH_MAX, flush_op,
	    &p->flush.ops) == BATCH_MAX;
	p->flush.job = (struct job){ .kind = JOB_WRITE, .run = flush_run,
	    .done = flush_done, .arg = p };
	p->flush.busy = worker_submit(p->worker, &p->flush.job);
	if (!p->flush.busy) {
		wbuf_free(&p->flush.ops);
		peerbook_flush_end(p->book, false);
		flush_soon(p, RETRY_MS);
	}
}

static int
by_seen(const void *a, const void *b)
{
	const struct peerrec *x = a, *y = b;

	return x->last_seen == y->last_seen ? 0 :
	    x->last_seen > y->last_seen ? -1 : 1;
}

/* All are looked at, and those seen last are kept. */
static bool
load_pair(const void *key, size_t klen, const void *value, size_t vlen,
    void *arg)
{
	struct load *l = arg;
	struct peerrec r, *more;

	if (!peerrec_decode(key, klen, value, vlen, &r)) {
		l->bad++;
		return true;
	}
	if (l->n == l->room) {
		more = reallocarray(l->rec, l->room + 256, sizeof(*more));
		l->nomem = more == NULL;
		if (l->nomem)
			return false;
		l->rec = more;
		l->room += 256;
	}
	l->rec[l->n++] = r;
	if (l->n == LOAD_MAX) {
		qsort(l->rec, l->n, sizeof(*l->rec), by_seen);
		l->n = PEERBOOK_MAX;
	}
	return true;
}

/* On the worker's thread. */
static enum store_err
load_run(struct store *s, struct job *j)
{
	struct load *l = (struct load *)(void *)j;
	enum store_err err;

	l->n = l->bad = 0;
	l->nomem = false;
	err = store_iterate(s, PEERBOOK_TABLE, NULL, 0, load_pair, l);
	return err == STORE_OK && l->nomem ? STORE_FAILED : err;
}

static void
load_done(struct job *j, void *arg)
{
	struct peers *p = arg;
	struct load *l = &p->load;
	uint64_t now = wall_ms() / 1000;

	/* What was read before a failure is good; a later start has more. */
	for (size_t i = 0; i < l->n; i++)
		peerbook_load(p->book, &l->rec[i], now);
	if (l->bad > 0)
		log_event(EV_STORE_RECORDS, LF_STR("table", PEERBOOK_TABLE),
		    LF_NUM("count", l->bad));
	free(l->rec);
	l->rec = NULL;
	l->n = l->room = 0;
	if (j->result == STORE_OK)
		peerbook_loaded(p->book);
	p->loaded = true;
	peers_tell(p);
	flush_soon(p, GATHER_MS);
	finish_step(p);
}

void
peers_load(struct peers *p)
{
	p->load.job = (struct job){ .kind = JOB_READ, .run = load_run,
	    .done = load_done, .arg = p };
	if (!worker_submit(p->worker, &p->load.job)) {
		p->loaded = true;
		peers_tell(p);
	}
}

static void
tell_one(const struct peerrec *r, void *arg)
{
	struct wbuf w;

	wbuf_init(&w, PEERREC_MAX);
	peerrec_write_msg(&w, r);
	imsg_send_wbuf(arg, IMSG_PEER_RECORD, 0, 0, &w);
	wbuf_free(&w);
}

void
peers_tell(struct peers *p)
{
	struct imsgchan *gossipd = p->proc->link[PROC_GOSSIPD];

	if (p->told || gossipd == NULL)
		return;
	p->told = true;
	peerbook_recent(p->book, PEERBOOK_TELL, tell_one, gossipd);
	imsg_send(gossipd, IMSG_PEER_END, 0, 0, NULL, 0);
}

void
peers_lost(struct peers *p)
{
	peerbook_rewrite(p->book);
	flush_soon(p, GATHER_MS);
}

void
peers_finish(struct peers *p, void (*done)(void *), void *arg)
{
	evtimer_del(p->timer);
	p->finish = done;
	p->finish_arg = arg;
	p->failed = false;
	finish_step(p);
}

void
peers_row(const struct peers *p, struct wbuf *w)
{
	row_num(w, "records", ROW_U64, peerbook_count(p->book));
	row_num(w, "records_max", ROW_U64, PEERBOOK_MAX);
	row_num(w, "peer_puts", ROW_U64, p->puts);
	row_num(w, "peer_dels", ROW_U64, p->dels);
	row_num(w, "peers_refused", ROW_U64, p->refused);
	row_num(w, "peers_evicted", ROW_U64, peerbook_evicted(p->book));
	row_bool(w, "unsaved", peerbook_dirty(p->book) || p->flush.busy);
}

struct rows {
	void		(*emit)(const struct wbuf *, void *);
	void		*arg;
	struct wbuf	 w;
};

static void
node_row(const struct peerrec *r, void *arg)
{
	struct rows *rows = arg;
	char hex[NODEID_HEX + 1];

	nodeid_hex(&r->id, hex);
	wbuf_reset(&rows->w);
	row_str(&rows->w, "id", hex);
	row_null(&rows->w, "name");
	if (r->addr[0] != '\0')
		row_str(&rows->w, "addr", r->addr);
	else
		row_null(&rows->w, "addr");
	row_str(&rows->w, "source", "stored");
	row_bool(&rows->w, "linked", false);
	row_bool(&rows->w, "reachable", r->reachable);
	row_num(&rows->w, "last_seen", ROW_TIME, r->last_seen * 1000);
	row_num(&rows->w, "fails", ROW_U64, r->fail_count);
	if (r->last_fail > 0)
		row_num(&rows->w, "last_fail", ROW_TIME, r->last_fail * 1000);
	else
		row_none(&rows->w, "last_fail", ROW_TIME);
	row_none(&rows->w, "rtt", ROW_US);
	row_null(&rows->w, "heard");
	rows->emit(&rows->w, rows->arg);
}

void
peers_node_rows(const struct peers *p,
    void (*emit)(const struct wbuf *, void *), void *arg)
{
	struct rows r = { emit, arg, { NULL, 0, 0, 0 } };

	wbuf_init(&r.w, 2048);
	peerbook_recent(p->book, PEERBOOK_MAX, node_row, &r);
	wbuf_free(&r.w);
}

static void
drop_row(struct rows *r, const char *what, uint64_t count, const char *why)
{
	wbuf_reset(&r->w);
	row_str(&r->w, "what", what);
	row_num(&r->w, "count", ROW_U64, count);
	row_str(&r->w, "why", why);
	r->emit(&r->w, r->arg);
}

void
peers_drop_rows(const struct peers *p,
    void (*emit)(const struct wbuf *, void *), void *arg)
{
	struct rows r = { emit, arg, { NULL, 0, 0, 0 } };

	wbuf_init(&r.w, 1024);
	drop_row(&r, "peer", p->refused, "a record that does not fit its key "
	    "or is not an address");
	drop_row(&r, "evicted", peerbook_evicted(p->book),
	    "the nodes seen longest ago made room");
	wbuf_free(&r.w);
}

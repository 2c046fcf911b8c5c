/* SPDX-License-Identifier: MIT */
/*
 * What was said, for those who come later: lines of the hub, by number, in a
 * table of a bounded size.  A line is written as soon as it comes; those that
 * come while one is on its way to the disk go together.  Whoever asks is
 * answered after what came before the question is written.
 */
#include <stdlib.h>
#include <string.h>

#include "lineindex.h"
#include "mtime.h"
#include "row.h"
#include "stated.h"

#define HISTORY_TABLE	"history"	/* u64be number -> u64be ms, line */
#define NUMBER_LEN	8u
#define OPS_MAX		(4u * 1024 * 1024)
#define OP_COST		64u
#define DELS_AT_ONCE	256u
#define ANSWER_MAX	(256u * 1024)
#define ASKS_MAX	64u		/* waiting */
#define RETRY_MS	5000u
#define ONCE_MS		(15u * 60 * 1000) /* > what neighbours bring again */

/* Ops: u64be number, blob value; an empty one removes. */
struct linewrite {
	struct job	 job;		/* first: cast */
	struct wbuf	 ops;
	bool		 busy;
};

struct lineload {
	struct job	 job;		/* first: cast */
	struct lineindex index;
	size_t		 bad;
	bool		 nomem;
};

struct lineask {
	struct job	 job;		/* first: cast */
	TAILQ_ENTRY(lineask) entry;
	uint32_t	 req;
	uint8_t		 from;		/* enum history_from */
	uint64_t	 which, number, next;
	uint16_t	 most;
	size_t		 n;
	struct wbuf	 found;		/* u64 number, u64 ms, blob */
};
TAILQ_HEAD(lineasks, lineask);

struct lines {
	struct proc	*proc;
	struct worker	*worker;
	struct event	*timer;
	struct lineindex index;
	struct linewrite write;
	struct lineload	 load;
	struct wbuf	 next;		/* ops that gather */
	struct lineasks	 asks;		/* until they may be read */
	size_t		 nasks;
	bool		 loaded, failed;
	void		(*finish)(void *);
	void		*finish_arg;
	uint64_t	 put, lost;
};

static void	flush_now(struct lines *);
static void	asks_go(struct lines *);

static void
timer_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	flush_now(arg);
}

struct lines *
lines_new(struct proc *proc, struct worker *worker)
{
	struct lines *l = xcalloc(1, sizeof(*l));

	l->proc = proc;
	l->worker = worker;
	lineindex_init(&l->index);
	TAILQ_INIT(&l->asks);
	wbuf_init(&l->next, OPS_MAX);
	l->timer = evtimer_new(proc->base, timer_cb, l);
	if (l->timer == NULL)
		fatalx("no memory for the history");
	return l;
}

static void
op_add(struct wbuf *ops, uint64_t number, uint64_t ms, const void *line,
    size_t n)
{
	wbuf_u64be(ops, number);
	wbuf_u32(ops, (uint32_t)(NUMBER_LEN + n));
	wbuf_u64be(ops, ms);
	wbuf_bytes(ops, line, n);
}

static void
over_remove(struct lines *l)
{
	uint64_t number;

	for (unsigned int i = 0; i < DELS_AT_ONCE &&
	    l->next.len + OP_COST <= OPS_MAX &&
	    (number = lineindex_over(&l->index)) != 0; i++) {
		wbuf_u64be(&l->next, number);
		wbuf_u32(&l->next, 0);
	}
}

void
lines_put(struct lines *l, struct imsg *m)
{
	const uint8_t *line;
	struct rcur c;
	uint64_t ms, number;
	size_t n;
	bool once;

	rcur_init(&c, m->data, m->len);
	ms = rcur_u64(&c);
	once = rcur_u8(&c) != 0;
	line = rcur_rest(&c, &n);
	if (once && lineindex_has(&l->index, ms > ONCE_MS ? ms - ONCE_MS : 0,
	    line, n))
		return;
	l->put++;
	/* Before the numbers are known they are given from 1; see load_done. */
	if (l->next.len + n + OP_COST > OPS_MAX ||
	    (number = lineindex_add(&l->index, ms, line, n)) == 0) {
		l->lost++;
		return;
	}
	op_add(&l->next, number, ms, line, n);
	over_remove(l);
	flush_now(l);
}

/* On the worker's thread. */
static enum store_err
write_run(struct store *s, struct job *j)
{
	struct linewrite *w = (struct linewrite *)(void *)j;
	enum store_err err = STORE_OK;
	const uint8_t *key, *value;
	struct rcur c;
	size_t n;

	rcur_init(&c, w->ops.p, w->ops.len);
	while (c.left > 0 && err == STORE_OK) {
		key = rcur_bytes(&c, NUMBER_LEN);
		value = rcur_blob(&c, HISTORY_LINE_MAX + NUMBER_LEN, &n);
		if (c.bad)
			return STORE_INVAL;
		err = n == 0 ? store_del(s, HISTORY_TABLE, key, NUMBER_LEN) :
		    store_put(s, HISTORY_TABLE, key, NUMBER_LEN, value, n);
	}
	return err;
}

/* What could not be written waits with what came since, if there is room. */
static void
again(struct lines *l)
{
	struct wbuf *old = &l->write.ops;

	if (old->len + l->next.len > OPS_MAX) {
		l->lost++;
		return;
	}
	wbuf_bytes(old, l->next.p, l->next.len);
	wbuf_free(&l->next);
	l->next = *old;
	wbuf_init(old, OPS_MAX);
}

static void
finish_step(struct lines *l)
{
	void (*finish)(void *) = l->finish;

	if (finish == NULL || l->write.busy ||
	    (l->loaded && l->next.len > 0 && !l->failed))
		return;
	l->finish = NULL;
	finish(l->finish_arg);
}

static void
write_done(struct job *j, void *arg)
{
	static const struct timeval retry = { RETRY_MS / 1000, 0 };
	struct lines *l = arg;

	l->write.busy = false;
	l->failed = j->result != STORE_OK;
	if (j->result == STORE_INVAL)
		log_debug("history: a batch was refused as malformed");
	else if (l->failed)
		again(l);
	wbuf_free(&l->write.ops);
	if (l->failed) {
		evtimer_add(l->timer, &retry);
		asks_go(l);
	} else {
		over_remove(l);
		flush_now(l);
	}
	finish_step(l);
}

static void
flush_now(struct lines *l)
{
	if (!l->loaded || l->write.busy)
		return;
	if (l->next.len > 0) {
		l->write.ops = l->next;
		wbuf_init(&l->next, OPS_MAX);
		l->write.job = (struct job){ .kind = JOB_WRITE,
		    .run = write_run, .done = write_done, .arg = l };
		l->write.busy = worker_submit(l->worker, &l->write.job);
		if (!l->write.busy) {
			l->write.busy = true;
			l->write.job.result = STORE_FAILED;
			write_done(&l->write.job, l);
			return;
		}
	}
	asks_go(l);
}

/*
 * Reading.
 */

static uint64_t
be64(const void *p)
{
	struct rcur c;

	rcur_init(&c, p, NUMBER_LEN);
	return rcur_u64be(&c);
}

static bool
ask_pair(const void *key, size_t klen, const void *value, size_t vlen,
    void *arg)
{
	struct lineask *a = arg;
	const uint8_t *p = value;

	if (klen != NUMBER_LEN || vlen < NUMBER_LEN ||
	    vlen > HISTORY_LINE_MAX + NUMBER_LEN)
		return true;
	if (a->n == a->most || (a->n > 0 && a->found.len + vlen > ANSWER_MAX))
		return false;
	a->next = be64(key) + 1;
	wbuf_u64(&a->found, be64(key));
	wbuf_u64(&a->found, be64(p));
	wbuf_blob(&a->found, p + NUMBER_LEN, vlen - NUMBER_LEN);
	a->n++;
	return true;
}

/* On the worker's thread. */
static enum store_err
ask_run(struct store *s, struct job *j)
{
	struct lineask *a = (struct lineask *)(void *)j;
	uint8_t key[NUMBER_LEN];

	for (unsigned int i = 0; i < NUMBER_LEN; i++)
		key[i] = (uint8_t)(a->number >> (56 - 8 * i));
	wbuf_reset(&a->found);
	a->n = 0;
	return store_iterate(s, HISTORY_TABLE, key, NUMBER_LEN, ask_pair, a);
}

static void
answer_line(struct imsgchan *hub, uint32_t req, struct rcur *c)
{
	const uint8_t *line;
	struct wbuf w;
	size_t n;

	wbuf_init(&w, HISTORY_LINE_MAX + 16);
	wbuf_u64(&w, rcur_u64(c));
	wbuf_u64(&w, rcur_u64(c));
	line = rcur_blob(c, HISTORY_LINE_MAX, &n);
	wbuf_bytes(&w, line, n);
	imsg_send_wbuf(hub, IMSG_HISTORY_LINE, req, 0, &w);
	wbuf_free(&w);
}

static void
answer_end(struct lines *l, uint32_t req, bool good, uint64_t next)
{
	struct wbuf w;

	wbuf_init(&w, 32);
	wbuf_u8(&w, good);
	wbuf_u64(&w, next);
	wbuf_u64(&w, lineindex_end(&l->index));
	imsg_send_wbuf(l->proc->link[PROC_SSHD], IMSG_HISTORY_DONE, req, 0,
	    &w);
	wbuf_free(&w);
}

static void
ask_done(struct job *j, void *arg)
{
	struct lineask *a = (struct lineask *)(void *)j;
	struct lines *l = arg;
	struct rcur c;
	bool good = j->result == STORE_OK;

	/* All there is was read, if it was less than might be. */
	if (good && a->n < a->most && a->found.len < ANSWER_MAX / 2)
		a->next = lineindex_end(&l->index);
	if (l->proc->link[PROC_SSHD] != NULL) {
		rcur_init(&c, a->found.p, good ? a->found.len : 0);
		while (c.left > 0)
			answer_line(l->proc->link[PROC_SSHD], a->req, &c);
		answer_end(l, a->req, good, a->next);
	}
	wbuf_free(&a->found);
	free(a);
}

static void
ask_start(struct lines *l, struct lineask *a)
{
	uint64_t end = lineindex_end(&l->index);

	a->number = a->which;
	if (a->from == HISTORY_LAST)
		a->number = end > a->which ? end - a->which : 1;
	else if (a->from == HISTORY_SINCE)
		a->number = lineindex_since(&l->index, a->which);
	if (a->number < l->index.first)
		a->number = l->index.first;
	a->next = a->number;
	a->job = (struct job){ .kind = JOB_READ, .run = ask_run,
	    .done = ask_done, .arg = l };
	wbuf_init(&a->found, ANSWER_MAX + HISTORY_LINE_MAX + 64);
	if (!worker_submit(l->worker, &a->job)) {
		a->job.result = STORE_FAILED;
		ask_done(&a->job, l);
	}
}

static void
asks_go(struct lines *l)
{
	struct lineask *a;

	while (l->loaded && (l->next.len == 0 || l->failed) &&
	    (a = TAILQ_FIRST(&l->asks)) != NULL) {
		TAILQ_REMOVE(&l->asks, a, entry);
		l->nasks--;
		ask_start(l, a);
	}
}

void
lines_ask(struct lines *l, struct imsg *m)
{
	struct lineask *a;
	struct rcur c;

	if (l->nasks >= ASKS_MAX) {
		answer_end(l, m->id, false, 0);
		return;
	}
	a = xcalloc(1, sizeof(*a));
	a->req = m->id;
	rcur_init(&c, m->data, m->len);
	a->from = rcur_u8(&c);
	a->which = rcur_u64(&c);
	a->most = rcur_u16(&c);
	if (a->most > HISTORY_PAGE)
		a->most = HISTORY_PAGE;
	TAILQ_INSERT_TAIL(&l->asks, a, entry);
	l->nasks++;
	asks_go(l);
}

/*
 * The start.
 */

static bool
load_pair(const void *key, size_t klen, const void *value, size_t vlen,
    void *arg)
{
	struct lineload *d = arg;

	if (klen != NUMBER_LEN || vlen < NUMBER_LEN ||
	    vlen > HISTORY_LINE_MAX + NUMBER_LEN) {
		d->bad++;
		return true;
	}
	d->nomem = !lineindex_load(&d->index, be64(key), be64(value),
	    (const uint8_t *)value + NUMBER_LEN, vlen - NUMBER_LEN);
	return !d->nomem;
}

/* On the worker's thread. */
static enum store_err
load_run(struct store *s, struct job *j)
{
	struct lineload *d = (struct lineload *)(void *)j;
	enum store_err err;

	lineindex_free(&d->index);
	d->bad = 0;
	d->nomem = false;
	err = store_iterate(s, HISTORY_TABLE, NULL, 0, load_pair, d);
	return err == STORE_OK && d->nomem ? STORE_FAILED : err;
}

/* Lines that came before their numbers were known get them now. */
static void
renumber(struct lines *l)
{
	struct wbuf old = l->next;
	const uint8_t *value;
	struct rcur c;
	uint64_t number;
	size_t n;

	wbuf_init(&l->next, OPS_MAX);
	rcur_init(&c, old.p, old.len);
	while (c.left > 0) {
		(void)rcur_u64be(&c);
		value = rcur_blob(&c, HISTORY_LINE_MAX + NUMBER_LEN, &n);
		if (c.bad || n < NUMBER_LEN)
			continue;
		number = lineindex_add(&l->index, be64(value),
		    value + NUMBER_LEN, n - NUMBER_LEN);
		if (number != 0)
			op_add(&l->next, number, be64(value),
			    value + NUMBER_LEN, n - NUMBER_LEN);
	}
	wbuf_free(&old);
}

static void
load_done(struct job *j, void *arg)
{
	struct lines *l = arg;

	if (j->result != STORE_OK)
		log_debug("history: not read: %s",
		    store_err_text(j->result));
	if (l->load.bad > 0)
		log_event(EV_STORE_RECORDS, LF_STR("table", HISTORY_TABLE),
		    LF_NUM("count", l->load.bad));
	lineindex_free(&l->index);
	l->index = l->load.index;
	lineindex_init(&l->load.index);
	renumber(l);
	over_remove(l);
	l->loaded = true;
	flush_now(l);
	finish_step(l);
}

void
lines_load(struct lines *l)
{
	lineindex_init(&l->load.index);
	l->load.job = (struct job){ .kind = JOB_READ, .run = load_run,
	    .done = load_done, .arg = l };
	if (!worker_submit(l->worker, &l->load.job)) {
		l->load.job.result = STORE_FAILED;
		load_done(&l->load.job, l);
	}
}

void
lines_finish(struct lines *l, void (*done)(void *), void *arg)
{
	l->finish = done;
	l->finish_arg = arg;
	if (l->failed)
		flush_now(l);
	finish_step(l);
}

void
lines_row(const struct lines *l, struct wbuf *w)
{
	row_num(w, "lines", ROW_U64, l->index.n);
	row_num(w, "lines_max", ROW_U64, LINES_KEPT_MAX);
	row_num(w, "lines_bytes", ROW_BYTES, l->index.bytes);
	row_num(w, "lines_lost", ROW_U64, l->lost);
}

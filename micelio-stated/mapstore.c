/* SPDX-License-Identifier: MIT */
/*
 * The map on the disk: a table of entries by id, so that it does not matter
 * in which order they were written: reading them all gives the map again.
 *
 * One batch at a time is on its way; what comes meanwhile gathers for the
 * next.  So one write waits for one commit, and many share one.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mapd.h"
#include "mtime.h"

#define LOAD_RECORDS	256u	/* read at once */
#define LOAD_AHEAD	1024u	/* on their way, beyond which reading waits */
#define DELS_MAX	(4u * 1024 * 1024)
#define DELS_BATCH	1024u
#define OPS_MAX		(8u * 1024 * 1024)
#define CLOCK_TMP	MAP_CLOCK_FILE ".new"

struct maploader {
	struct job		 job;		/* first: cast */
	struct mapd		*mapd;
	struct entry_id		 after;
	struct wbuf		 found;		/* 16 id, blob */
	size_t			 n;
	uint64_t		 clock, met, agreed;
	bool			 begun, busy, end;
};

void
mapstore_init(struct mapd *d)
{
	wbuf_init(&d->dels, DELS_MAX);
	d->write.mapd = d;
	d->loader = xcalloc(1, sizeof(*d->loader));
	d->loader->mapd = d;
}

bool
mapstore_idle(const struct mapd *d)
{
	return !d->write.busy && !d->loader->busy && d->nnext == 0 &&
	    d->intake.n == 0;
}

/* On the worker's thread.  Durable, or the old one stays. */
static bool
clock_write(uint64_t hlc)
{
	uint8_t be[8];
	bool ok;
	int fd;

	for (int i = 0; i < 8; i++)
		be[i] = (uint8_t)(hlc >> (56 - 8 * i));
	fd = open(CLOCK_TMP, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd == -1)
		return false;
	ok = write(fd, be, sizeof(be)) == (ssize_t)sizeof(be) &&
	    fdatasync(fd) == 0;
	ok = close(fd) == 0 && ok;
	ok = ok && rename(CLOCK_TMP, MAP_CLOCK_FILE) == 0;
	if (!ok) {
		(void)unlink(CLOCK_TMP);
		return false;
	}
	if ((fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return false;
	ok = fsync(fd) == 0;
	close(fd);
	return ok;
}

static uint64_t
be64(const uint8_t be[8])
{
	struct rcur c;

	rcur_init(&c, be, 8);
	return rcur_u64be(&c);
}

/* The larger of the two places. */
static uint64_t
clock_read(struct store *s)
{
	uint64_t a = 0, b = 0;
	uint8_t be[8];
	size_t n;
	int fd;

	if (store_get(s, STORE_META_TABLE, MAP_CLOCK_KEY,
	    strlen(MAP_CLOCK_KEY), be, sizeof(be), &n) == STORE_OK && n == 8)
		a = be64(be);
	fd = open(MAP_CLOCK_FILE, O_RDONLY | O_CLOEXEC);
	if (fd != -1) {
		if (read(fd, be, sizeof(be)) == (ssize_t)sizeof(be))
			b = be64(be);
		close(fd);
	}
	return a > b ? a : b;
}

static enum store_err
met_write(struct store *s, const struct mapwrite *w)
{
	enum store_err err;
	struct wbuf b;

	wbuf_init(&b, 16);
	wbuf_u64be(&b, w->met);
	wbuf_u64be(&b, w->agreed);
	err = store_put(s, STORE_META_TABLE, MAP_MET_KEY,
	    strlen(MAP_MET_KEY), b.p, b.len);
	wbuf_free(&b);
	return err;
}

static void
met_read(struct store *s, struct maploader *l)
{
	uint8_t be[16];
	size_t n;

	if (store_get(s, STORE_META_TABLE, MAP_MET_KEY, strlen(MAP_MET_KEY),
	    be, sizeof(be), &n) != STORE_OK || n != sizeof(be))
		return;
	l->met = be64(be);
	l->agreed = be64(be + 8);
}

/* On the worker's thread; perhaps again after trouble. */
static enum store_err
write_run(struct store *s, struct job *j)
{
	struct mapwrite *w = (struct mapwrite *)(void *)j;
	enum store_err err = STORE_OK;
	const uint8_t *id, *entry;
	uint8_t be[8];
	struct rcur c;
	size_t n;

	if (w->clock != 0) {
		for (int i = 0; i < 8; i++)
			be[i] = (uint8_t)(w->clock >> (56 - 8 * i));
		if (!clock_write(w->clock)) {
			store_set_why(s, "%s: %s", MAP_CLOCK_FILE,
			    strerror(errno));
			return errno == ENOSPC || errno == EDQUOT ?
			    STORE_FULL : STORE_FAILED;
		}
		err = store_put(s, STORE_META_TABLE, MAP_CLOCK_KEY,
		    strlen(MAP_CLOCK_KEY), be, sizeof(be));
	}
	if (w->with_met && err == STORE_OK)
		err = met_write(s, w);
	rcur_init(&c, w->ops.p, w->ops.len);
	while (c.left > 0 && err == STORE_OK) {
		id = rcur_bytes(&c, ENTRY_ID_LEN);
		entry = rcur_blob(&c, ENTRY_WIRE_MAX, &n);
		if (c.bad)
			return STORE_INVAL;
		err = n == 0 ? store_del(s, MAP_TABLE, id, ENTRY_ID_LEN) :
		    store_put(s, MAP_TABLE, id, ENTRY_ID_LEN, entry, n);
	}
	return err;
}

/* What was not deleted is deleted with the next batch. */
static void
dels_again(struct mapd *d)
{
	const uint8_t *id;
	struct rcur c;
	size_t n;

	rcur_init(&c, d->write.ops.p, d->write.ops.len);
	while (c.left > 0) {
		id = rcur_bytes(&c, ENTRY_ID_LEN);
		(void)rcur_blob(&c, ENTRY_WIRE_MAX, &n);
		if (n == 0 && d->dels.len < DELS_MAX)
			wbuf_bytes(&d->dels, id, ENTRY_ID_LEN);
	}
}

static void
write_done(struct job *j, void *arg)
{
	struct intake_item *item[MAP_BATCH];
	struct mapd *d = arg;
	bool good = j->result == STORE_OK;
	size_t n = d->write.items;
	uint64_t clock = d->write.clock;

	memcpy(item, d->write.item, n * sizeof(item[0]));
	if (!good) {
		dels_again(d);
		memset(&d->rewrite_at, 0, sizeof(d->rewrite_at));
		d->met_due = d->met_due || d->write.with_met;
	} else if (clock != 0)
		hlc_reserved(&d->clock, clock);
	wbuf_free(&d->write.ops);
	d->write.busy = false;
	d->write.clock = 0;
	for (size_t i = 0; i < n; i++)
		intake_written(&d->intake, item[i], good, wall_ms());
	mapdelta_flush(d);
	if (good) {
		mapsign_go_on(d);
		mapstore_flush(d);
	} else {
		/* What waits for a time would wait in vain; a tick goes on. */
		mapsign_fail(d, j->result == STORE_FULL ?
		    "not stored: the disk is full; make room, then write "
		    "it again" :
		    "not stored: the database cannot be written; see the "
		    "log (store_failed), then write it again");
	}
	mapd_finish_step(d);
}

static void
op_add(struct wbuf *w, const struct entry_id *id, const void *p, size_t n)
{
	wbuf_bytes(w, id->b, sizeof(id->b));
	wbuf_blob(w, p, n);
}

/* Deletions first: an id may be forgotten and met again. */
static void
dels_take(struct mapd *d)
{
	size_t all = d->dels.len / ENTRY_ID_LEN, n = all;
	struct entry_id id;

	if (n > DELS_BATCH)
		n = DELS_BATCH;
	for (size_t i = 0; i < n; i++) {
		memcpy(id.b, d->dels.p + i * ENTRY_ID_LEN, ENTRY_ID_LEN);
		op_add(&d->write.ops, &id, NULL, 0);
	}
	if (n > 0)
		memmove(d->dels.p, d->dels.p + n * ENTRY_ID_LEN,
		    (all - n) * ENTRY_ID_LEN);
	d->dels.len = (all - n) * ENTRY_ID_LEN;
}

/* The entries we hold, for a database that lost them. */
static void
rewrite_take(struct mapd *d)
{
	const struct ment *e = map_find(&d->map, &d->rewrite_at);
	struct wbuf one;
	struct entry x;

	/* Gone in the meantime: from the beginning, it is only work. */
	wbuf_init(&one, ENTRY_WIRE_MAX);
	for (unsigned int i = 0; i < LOAD_RECORDS; i++) {
		if ((e = map_next_id(&d->map, e)) == NULL) {
			d->rewriting = false;
			break;
		}
		ment_entry(e, &x);
		wbuf_reset(&one);
		entry_write(&one, &x);
		op_add(&d->write.ops, &e->id, one.p, one.len);
		d->rewrite_at = e->id;
	}
	wbuf_free(&one);
}

void
mapstore_flush(struct mapd *d)
{
	struct mapwrite *w = &d->write;

	if (w->busy || (d->nnext == 0 && d->dels.len == 0 &&
	    d->clock_due == 0 && !d->rewriting && !d->met_due))
		return;
	w->job = (struct job){ .kind = JOB_WRITE, .run = write_run,
	    .done = write_done, .arg = d };
	wbuf_init(&w->ops, OPS_MAX);
	w->clock = d->clock_due;
	w->with_met = d->met_due;
	w->met = d->met_ms;
	w->agreed = d->agreed_ms;
	if (d->met_due)
		d->met_stored = wall_ms();
	d->met_due = false;
	w->items = 0;
	dels_take(d);
	if (d->rewriting)
		rewrite_take(d);
	for (size_t i = 0; i < d->nnext && i < MAP_BATCH &&
	    w->ops.len < MAP_BATCH_BYTES; i++, w->items++) {
		w->item[i] = d->next[i];
		op_add(&w->ops, &w->item[i]->id, w->item[i]->bytes,
		    w->item[i]->len);
	}
	d->nnext -= w->items;
	memmove(d->next, d->next + w->items, d->nnext * sizeof(d->next[0]));
	d->clock_due = 0;
	w->busy = worker_submit(d->worker, &w->job);
	if (!w->busy) {
		/* The end has begun, or far too much waits. */
		w->busy = true;
		w->job.result = STORE_FAILED;
		write_done(&w->job, d);
	}
}

void
mapstore_write(struct mapd *d, struct intake_item *it)
{
	d->next[d->nnext++] = it;
	mapstore_flush(d);
}

void
mapstore_forget(struct mapd *d, const struct entry_id *id)
{
	if (d->dels.len < DELS_MAX)
		wbuf_bytes(&d->dels, id->b, sizeof(id->b));
}

void
mapstore_clock(struct mapd *d, uint64_t until)
{
	if (until > d->clock_due)
		d->clock_due = until;
	mapstore_flush(d);
}

void
mapstore_rewrite(struct mapd *d)
{
	if (d->map.live == 0)
		return;
	d->rewriting = true;
	memset(&d->rewrite_at, 0, sizeof(d->rewrite_at));
	mapstore_flush(d);
}

static bool
found_cb(const void *key, size_t klen, const void *value, size_t vlen,
    void *arg)
{
	struct maploader *l = arg;

	if (l->begun && klen == ENTRY_ID_LEN &&
	    memcmp(key, l->after.b, klen) == 0)
		return true;
	if (klen == ENTRY_ID_LEN && vlen <= ENTRY_WIRE_MAX) {
		wbuf_bytes(&l->found, key, klen);
		wbuf_blob(&l->found, value, vlen);
	}
	l->n++;
	return l->n < LOAD_RECORDS;
}

/* On the worker's thread. */
static enum store_err
load_run(struct store *s, struct job *j)
{
	struct maploader *l = (struct maploader *)(void *)j;

	wbuf_reset(&l->found);
	l->n = 0;
	if (!l->begun) {
		l->clock = clock_read(s);
		met_read(s, l);
	}
	return store_iterate(s, MAP_TABLE, l->after.b,
	    l->begun ? ENTRY_ID_LEN : 0, found_cb, l);
}

static void
load_end(struct mapd *d)
{
	struct maploader *l = d->loader;

	l->end = true;
	wbuf_free(&l->found);
	if (d->bad_records > 0)
		log_event(EV_STORE_RECORDS, LF_STR("table", MAP_TABLE),
		    LF_NUM("count", d->bad_records));
	d->loading = false;
	recon_loaded(d->recon, mono_ms());
	log_event(EV_MAP_READ, LF_NUM("entries", d->map.live),
	    LF_NUM("authors", d->map.nauthors), LF_NUM("records",
	    d->records));
}

static void
load_one(struct mapd *d, const uint8_t *p, size_t n,
    const struct entry_id *id)
{
	struct entry e;

	d->records++;
	if (!entry_read(&e, p, n, false)) {
		d->bad_records++;
		mapstore_forget(d, id);
		return;
	}
	switch (intake_add(&d->intake, &e, INTAKE_DISK, 0, wall_ms())) {
	case INTAKE_BAD:
		d->bad_records++;
		mapstore_forget(d, id);
		break;
	case INTAKE_NOT:
		/* Expired, or of a mesh with other rules. */
		if (d->intake.verdict == MAP_EXPIRED ||
		    d->intake.verdict == MAP_STALE)
			mapstore_forget(d, id);
		break;
	default:
		break;
	}
}

static void
load_done(struct job *j, void *arg)
{
	struct mapd *d = arg;
	struct maploader *l = d->loader;
	const uint8_t *id, *p;
	struct rcur c;
	size_t n;

	l->busy = false;
	if (j->result != STORE_OK && j->result != STORE_NOTFOUND) {
		/* Reopening, if that helps, reads anew. */
		return;
	}
	hlc_seen(&d->clock, l->clock);
	if (l->met > d->met_ms)
		d->met_ms = l->met;
	if (l->agreed > d->agreed_ms)
		d->agreed_ms = l->agreed;
	rcur_init(&c, l->found.p, l->found.len);
	while (c.left > 0) {
		id = rcur_bytes(&c, ENTRY_ID_LEN);
		p = rcur_blob(&c, ENTRY_WIRE_MAX, &n);
		if (c.bad)
			fatalx("records of the map are cut wrongly");
		memcpy(l->after.b, id, ENTRY_ID_LEN);
		load_one(d, p, n, &l->after);
	}
	l->begun = true;
	if (l->n < LOAD_RECORDS)
		l->end = true;
	mapstore_load_on(d);
	mapd_finish_step(d);
}

void
mapstore_load_on(struct mapd *d)
{
	struct maploader *l = d->loader;

	if (!d->loading || l->busy || d->finish != NULL || l->job.run == NULL)
		return;
	if (l->end) {
		if (d->intake.n == 0)
			load_end(d);
		return;
	}
	if (d->intake.n >= LOAD_AHEAD)
		return;
	l->job = (struct job){ .kind = JOB_READ, .run = load_run,
	    .done = load_done, .arg = d };
	l->busy = worker_submit(d->worker, &l->job);
}

void
mapstore_load(struct mapd *d)
{
	struct maploader *l = d->loader;

	if (!d->loading || l->busy)
		return;
	l->begun = l->end = false;
	wbuf_free(&l->found);
	wbuf_init(&l->found, LOAD_RECORDS * (ENTRY_WIRE_MAX + 32));
	l->job.run = load_run;
	mapstore_load_on(d);
}

/* SPDX-License-Identifier: MIT */
/* The driver of reconciliation (state/reconcile.h): links, threads, time. */
#include <stdlib.h>
#include <string.h>

#include "mapd.h"
#include "mtime.h"
#include "row.h"

#define COPY_LOG	1000u	/* entries of a first copy worth a line */

_Static_assert(RECON_CREDIT == RECON_WINDOW_BYTES,
    "what reconciliation may have on its way is what gossipd was told");

struct recon_work {
	struct pool_job		 job;
	struct mapd		*mapd;
	struct recon_job	*what;
};

static void
frame_cb(void *arg, uint32_t link, const void *p, size_t n)
{
	struct mapd *d = arg;

	imsg_send(d->proc->link[PROC_GOSSIPD], IMSG_RECON_OUT, link, 0, p, n);
}

static void
root_cb(void *arg, uint32_t link, const struct root *r)
{
	struct mapd *d = arg;
	struct wbuf w;

	wbuf_init(&w, 64);
	wbuf_u32(&w, r->hour);
	wbuf_u64(&w, r->count);
	wbuf_bytes(&w, r->hash, sizeof(r->hash));
	wbuf_u32(&w, r->flags);
	imsg_send_wbuf(d->proc->link[PROC_GOSSIPD], IMSG_ROOT_OUT, link, 0,
	    &w);
	wbuf_free(&w);
}

static enum intake_outcome
entry_cb(void *arg, uint32_t link, uint64_t cookie, const struct entry *e,
    enum map_verdict *verdict)
{
	struct mapd *d = arg;
	enum intake_outcome o;

	(void)link;
	if (d->reprofile)
		return INTAKE_BUSY;
	o = intake_add(&d->intake, e, INTAKE_LINK, cookie, wall_ms());
	if (o == INTAKE_NOT)
		*verdict = d->intake.verdict;
	return o;
}

static void
work_run(struct pool_job *j)
{
	recon_job_run(((struct recon_work *)j->arg)->what);
}

static void
work_done(struct pool_job *j)
{
	struct recon_work *w = j->arg;
	struct mapd *d = w->mapd;
	struct recon_job *what = w->what;

	free(w);
	recon_job_done(d->recon, what, mono_ms());
}

static void
job_cb(void *arg, struct recon_job *what)
{
	struct mapd *d = arg;
	struct recon_work *w = xcalloc(1, sizeof(*w));

	w->mapd = d;
	w->what = what;
	w->job = (struct pool_job){ .run = work_run, .done = work_done,
	    .arg = w };
	pool_submit(d->pool, &w->job);
}

static void
random_cb(void *arg, void *p, size_t n)
{
	(void)arg;
	arc4random_buf(p, n);
}

static void
charge_cb(void *arg, uint32_t link, const char *what)
{
	struct mapd *d = arg;
	struct wbuf w;

	wbuf_init(&w, 256);
	wbuf_str(&w, what);
	imsg_send_wbuf(d->proc->link[PROC_GOSSIPD], IMSG_LINK_CHARGE, link, 0,
	    &w);
	wbuf_free(&w);
}

static void
ended_cb(void *arg, uint32_t link, const struct recon_report *r)
{
	struct mapd *d = arg;

	d->sessions++;
	d->last = *r;
	d->last_ms = wall_ms();
	d->recon_in += r->bytes_in;
	d->recon_out += r->bytes_out;
	if (r->applied > 0)
		imsg_send(d->proc->link[PROC_GOSSIPD], IMSG_MAP_GAINED, link,
		    0, NULL, 0);
	log_event(r->first_copy && r->applied >= COPY_LOG ? EV_MAP_COPIED :
	    EV_MAP_SESSION, LF_NUM("link", link),
	    LF_STR("end", recon_end_text(r->end)),
	    LF_STR("by", r->ranges ? "ranges" : "symbols"),
	    LF_NUM("ms", r->ms), LF_NUM("applied", r->applied),
	    LF_NUM("sent", r->sent), LF_NUM("found", r->found),
	    LF_NUM("turns", r->turns), LF_NUM("bytes_in", r->bytes_in),
	    LF_NUM("bytes_out", r->bytes_out));
}

/* Since when, for those who ask how long it will take. */
static void
copy_watch(struct mapd *d)
{
	uint64_t got, all;

	if (!recon_copying(d->recon, &got, &all))
		d->copy_began = 0;
	else if (d->copy_began == 0) {
		d->copy_began = mono_ms();
		d->copy_from = got;
	}
}

static void
copy_row(const struct mapd *d, struct wbuf *w)
{
	uint64_t got, all, ms = mono_ms() - d->copy_began, rate;

	if (d->copy_began == 0 || !recon_copying(d->recon, &got, &all))
		return;
	rate = got > d->copy_from && ms > 0 ?
	    (got - d->copy_from) * 1000 / ms : 0;
	row_num(w, "copied", ROW_U64, got);
	row_num(w, "to_copy", ROW_U64, all);
	row_num(w, "copied_bytes", ROW_BYTES, d->map.bytes);
	row_num(w, "copied_a_second", ROW_U64, rate);
	if (rate > 0 && all >= got)
		row_num(w, "copy_left", ROW_MS, (all - got) * 1000 / rate);
}

void
maprecon_row(const struct mapd *d, struct wbuf *w)
{
	size_t equal = 0;

	for (size_t i = 0; i < d->nlinks; i++)
		equal += recon_link_equal(d->recon, d->links[i]);
	copy_row(d, w);
	row_num(w, "links_equal", ROW_U64, equal);
	if (d->agreed_ms != 0)
		row_num(w, "agreed", ROW_TIME, d->agreed_ms);
	else
		row_none(w, "agreed", ROW_TIME);
	if (d->last_ms == 0)
		return;
	row_num(w, "last_session", ROW_TIME, d->last_ms);
	row_str(w, "last_end", recon_end_text(d->last.end));
	row_num(w, "last_took", ROW_MS, d->last.ms);
	row_num(w, "last_applied", ROW_U64, d->last.applied);
	row_num(w, "last_sent", ROW_U64, d->last.sent);
	row_num(w, "last_bytes", ROW_BYTES, d->last.bytes_in +
	    d->last.bytes_out);
}

static void
tick_cb(evutil_socket_t fd, short what, void *arg)
{
	struct mapd *d = arg;

	(void)fd;
	(void)what;
	map_tick(&d->map, wall_ms());
	recon_tick(d->recon, mono_ms());
	copy_watch(d);
}

void
maprecon_init(struct mapd *d)
{
	static const struct recon_ops ops = { .frame = frame_cb,
	    .root = root_cb, .entry = entry_cb, .job = job_cb,
	    .random = random_cb, .charge = charge_cb, .ended = ended_cb };

	d->recon = recon_new(&d->map, &ops, d, mono_ms());
	d->recon_tick = event_new(d->proc->base, -1, EV_PERSIST, tick_cb, d);
	if (d->recon_tick == NULL)
		fatalx("no event for reconciliation");
}

/* Without a link there is nothing to wait for. */
static void
tick_set(struct mapd *d)
{
	static const struct timeval tick = { 0, RECON_TICK_MS * 1000 };

	if (d->nlinks == 0 || d->finish != NULL)
		event_del(d->recon_tick);
	else if (!event_pending(d->recon_tick, EV_TIMEOUT, NULL))
		event_add(d->recon_tick, &tick);
}

bool
maprecon_up(struct mapd *d, uint32_t link)
{
	map_tick(&d->map, wall_ms());
	return recon_link_up(d->recon, link, mono_ms());
}

void
maprecon_links(struct mapd *d)
{
	tick_set(d);
}

void
maprecon_down(struct mapd *d, uint32_t link)
{
	recon_link_down(d->recon, link, mono_ms());
}

void
maprecon_root(struct mapd *d, uint32_t link, const struct root *r)
{
	map_tick(&d->map, wall_ms());
	recon_root(d->recon, link, r, mono_ms());
}

void
maprecon_frame(struct mapd *d, uint32_t link, const void *p, size_t n)
{
	map_tick(&d->map, wall_ms());
	recon_frame(d->recon, link, p, n, mono_ms());
}

void
maprecon_sent(struct mapd *d, uint32_t link, size_t n)
{
	recon_sent(d->recon, link, n, mono_ms());
}

void
maprecon_done(struct mapd *d, const struct intake_item *it,
    enum intake_outcome o)
{
	recon_entry_done(d->recon, it->cookie, &it->id, o, d->intake.verdict,
	    mono_ms());
}

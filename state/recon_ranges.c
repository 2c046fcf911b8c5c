/* SPDX-License-Identifier: MIT */
/* Finding what differs by ranges of ids. */
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "recon_impl.h"

static void	say_cb(void *, const struct range *);
static void	need_cb(void *, const struct entry_id *);
static void	give_cb(void *, const struct entry_id *);
static void	put(struct rsess *, const struct range *);
static void	flush(struct rsess *);
static void	answer(struct recon *, struct rsess *, const struct rframe *);
static void	round_end(struct recon *, struct rsess *);

struct asking {
	struct recon	*r;
	struct rsess	*s;
};

static const struct ranges_ops range_ops = { say_cb, need_cb, give_cb };

static void
frame_add(struct rframes *q, const void *p, size_t n)
{
	struct rframe *f = xcalloc(1, sizeof(*f) + n);

	f->n = n;
	memcpy(f->b, p, n);
	STAILQ_INSERT_TAIL(q, f, entry);
}

static void
flush(struct rsess *s)
{
	if (s->say.len == 0)
		return;
	frame_add(&s->out, s->say.p, s->say.len);
	s->out_bytes += s->say.len;
	wbuf_reset(&s->say);
}

static void
put(struct rsess *s, const struct range *o)
{
	struct rmsg_range m = { .last = o->last, .upper = o->upper,
	    .kind = o->kind, .count = o->kind == RANGE_SKIP ? 0 : o->count };

	if (o->kind == RANGE_PRINT)
		m.data = (struct slice){ o->print, sizeof(o->print) };
	else if (o->kind == RANGE_IDS && o->nids > 0)
		m.data = (struct slice){ o->ids->b,
		    o->nids * ENTRY_ID_LEN };
	if (s->say.len + RMSG_RANGE_MAX + m.data.n > RMSG_BODY_MAX)
		flush(s);
	rmsg_put_range(&s->say, &m);
}

/* Skips that follow each other are one. */
static void
say_cb(void *arg, const struct range *o)
{
	struct rsess *s = ((struct asking *)arg)->s;

	if (o->kind == RANGE_SKIP) {
		s->skip = *o;
		s->has_skip = true;
		return;
	}
	if (s->has_skip)
		put(s, &s->skip);
	s->has_skip = false;
	s->round_open = true;
	put(s, o);
}

static void
need_cb(void *arg, const struct entry_id *id)
{
	struct asking *a = arg;

	need_add(a->r, a->s, id);
}

static void
give_cb(void *arg, const struct entry_id *id)
{
	struct rsess *s = ((struct asking *)arg)->s;

	give_span(s, (size_t)(id - s->rg.id));
}

/* Our sums are there: begin, or answer what came meanwhile. */
static void
rsess_ranges_begin(struct recon *r, struct rsess *s)
{
	struct asking a = { r, s };
	struct rmsg_open o = { .mode = RMSG_BY_RANGES,
	    .has_from = s->has_from, .from = s->from };
	struct root root;
	struct wbuf b;

	recon_root_at(r, s->hour, &root);
	o.root.hour = (uint32_t)s->hour;
	o.root.count = root.count;
	o.root.flags = root.flags;
	memcpy(o.root.hash, root.hash, sizeof(o.root.hash));
	memcpy(o.range_salt, s->salt, sizeof(o.range_salt));
	wbuf_init(&b, RMSG_BODY_MAX);
	rmsg_put_open(&b, &o);
	rsess_send(r, s, RMSG_OPEN, b.p, b.len);
	wbuf_free(&b);
	ranges_begin(&s->rg, s->has_from ? ranges_find(&s->rg, &s->from) : 0,
	    &range_ops, &a);
	s->round_open = false;
	s->rep.turns = 1;
	flush(s);
}

void
rsess_ranges_take(struct recon *r, struct rsess *s, const struct rmsg *m)
{
	if (!s->ranges || s->known || (s->opened && !s->ready)) {
		rsess_end(r, s, RECON_BROKEN);
		return;
	}
	frame_add(&s->in, m->body.p, m->body.n);
}

void
rsess_ranges_step(struct recon *r, struct rsess *s)
{
	struct rframe *f;

	if (s->ready && s->opened && s->rep.turns == 0)
		rsess_ranges_begin(r, s);
	while (s->ready && !s->over && (f = STAILQ_FIRST(&s->in)) != NULL) {
		STAILQ_REMOVE_HEAD(&s->in, entry);
		answer(r, s, f);
		free(f);
	}
}

static void
round_begin(struct rsess *s)
{
	s->lower = s->from;	/* zeros if there is none */
	s->at = s->has_from ? ranges_find(&s->rg, &s->from) : 0;
	s->round_open = false;
}

static void
answer(struct recon *r, struct rsess *s, const struct rframe *f)
{
	struct rmsg body = { .body = { f->b, f->n } };
	struct entry_id ids[RMSG_IDS_MAX];
	struct asking a = { r, s };
	struct rmsg_range m;
	struct range in;
	struct wire w;

	rmsg_parts(&body, &w);
	while (!s->over && rmsg_next_range(&w, &m)) {
		if (s->at == SIZE_MAX)
			round_begin(s);
		in = (struct range){ .upper = m.upper, .last = m.last,
		    .kind = (enum range_kind)m.kind, .count = m.count };
		if (m.kind == RANGE_PRINT)
			memcpy(in.print, m.data.p, sizeof(in.print));
		if (m.kind == RANGE_IDS && m.data.n > 0) {
			memcpy(ids, m.data.p, m.data.n);
			in.ids = ids;
			in.nids = m.data.n / ENTRY_ID_LEN;
		}
		if (!ranges_answer(&s->rg, &s->at, &s->lower, &in,
		    &range_ops, &a)) {
			rsess_end(r, s, RECON_BROKEN);
			return;
		}
		s->lower = m.upper;
		if (m.last)
			round_end(r, s);
	}
	if (s->out_bytes > SAID_MAX)
		rsess_end(r, s, RECON_STALLED);
}

/*
 * When the one who opened has nothing more to ask or to answer, what differs
 * is known.  The other says so by skipping all.
 */
static void
round_end(struct recon *r, struct rsess *s)
{
	struct range all = { .last = true, .kind = RANGE_SKIP };

	(void)r;
	s->at = SIZE_MAX;
	if (s->round_open && s->has_skip)
		put(s, &s->skip);
	else if (!s->round_open && !s->opened)
		put(s, &all);
	else if (!s->round_open)
		s->known = true;
	s->has_skip = false;
	if (s->opened && (s->round_open || s->need.n > 0))
		s->rep.turns++;
	flush(s);
}

/* False: nothing to send, or no room now. */
bool
rsess_ranges_send(struct recon *r, struct rsess *s)
{
	struct rframe *f = STAILQ_FIRST(&s->out);

	if (f == NULL || rsess_room(s) < f->n)
		return false;
	STAILQ_REMOVE_HEAD(&s->out, entry);
	s->out_bytes -= f->n;
	rsess_send(r, s, RMSG_RANGES, f->b, f->n);
	free(f);
	return true;
}

static void
frames_free(struct rframes *q)
{
	struct rframe *f;

	while ((f = STAILQ_FIRST(q)) != NULL) {
		STAILQ_REMOVE_HEAD(q, entry);
		free(f);
	}
}

void
rsess_ranges_free(struct rsess *s)
{
	frames_free(&s->in);
	frames_free(&s->out);
	wbuf_free(&s->say);
	ranges_free(&s->rg);
}

/* SPDX-License-Identifier: MIT */
/* How sessions begin: opened by us, or answered. */
#include <string.h>

#include "common/log.h"
#include "recon_impl.h"

static bool
few_of(uint64_t few, uint64_t many)
{
	return few < many / 5;
}

static struct rsess *
sess_new(struct recon *r, struct rlink *l, uint32_t num, bool opened,
    bool ranges, uint64_t hour)
{
	struct rsess *s = xcalloc(1, sizeof(*s));

	s->link = l;
	s->num = num;
	s->opened = opened;
	s->ranges = ranges;
	s->hour = hour;
	s->cookie = RECON_COOKIE + r->next_cookie++;
	s->start_ms = s->alive_ms = s->real_ms = s->sent_ms = r->now;
	s->credit = s->window = RECON_CREDIT;
	s->at = SIZE_MAX;
	wbuf_init(&s->say, RMSG_BODY_MAX);
	STAILQ_INIT(&s->in);
	STAILQ_INIT(&s->out);
	LIST_INIT(&s->claims);
	TAILQ_INSERT_TAIL(&r->sessions, s, entry);
	if (!opened) {
		r->served++;
		r->served_ranges += ranges;
	}
	return s;
}

/* All of that set has come, or was ours: who has it has nothing for us. */
static bool
is_past(const struct recon *r, const uint8_t hash[ROOT_HASH_LEN])
{
	for (unsigned int i = 0; i < r->npast && i < PAST_ROOTS; i++)
		if (memcmp(r->past[i], hash, ROOT_HASH_LEN) == 0)
			return true;
	return false;
}

void
recon_had_all(struct recon *r, const struct rsess *s)
{
	for (unsigned int k = 0; k < 2; k++)
		if (!is_past(r, s->before[k]))
			memcpy(r->past[r->npast++ % PAST_ROOTS],
			    s->before[k], ROOT_HASH_LEN);
}

static void
before_set(struct recon *r, struct rsess *s, const uint8_t *theirs)
{
	struct root own;

	recon_root_at(r, s->hour, &own);
	memcpy(s->before[0], own.hash, ROOT_HASH_LEN);
	memcpy(s->before[1], theirs, ROOT_HASH_LEN);
}

void
rsess_open(struct recon *r, struct rlink *l, bool ranges, bool sweep,
    uint64_t hour)
{
	struct rmsg_open o = { .mode = RMSG_BY_SYMBOLS };
	struct root root;
	struct rsess *s;
	struct wbuf b;

	s = sess_new(r, l, ++r->next_session, true, ranges, hour);
	r->open = s;
	s->sweep = sweep;
	s->snap = snap_take(r, hour, false);
	s->their_count = l->root.count;
	s->mixes = l->unequal && !few_of(l->root.count, s->snap->n) &&
	    !is_past(r, l->root.hash);
	before_set(r, s, l->root.hash);
	s->first_copy = ranges && (r->has_resume ||
	    few_of(s->snap->n, s->their_count));
	s->fills = s->first_copy;
	if (ranges) {
		r->ops.random(r->arg, s->salt, sizeof(s->salt));
		s->has_from = s->first_copy && r->has_resume;
		if (s->has_from)
			s->from = r->resume;
		rjob_start(r, s, RJOB_SUMS, 0, 0);
		return;
	}
	recon_root_at(r, hour, &root);
	o.root.hour = (uint32_t)hour;
	o.root.count = root.count;
	o.root.flags = root.flags;
	memcpy(o.root.hash, root.hash, sizeof(o.root.hash));
	wbuf_init(&b, RMSG_BODY_MAX);
	rmsg_put_open(&b, &o);
	rsess_send(r, s, RMSG_OPEN, b.p, b.len);
	wbuf_free(&b);
	s->rep.turns = 1;
}

static void
refuse_open(struct recon *r, struct rlink *l, uint32_t num,
    enum recon_end why)
{
	struct rmsg_done d = { .reason = why };
	struct wbuf b;

	if (why == RECON_BUSY)
		d.retry_ms = BUSY_MIN_MS +
		    (uint32_t)recon_random(r, BUSY_SPAN_MS);
	wbuf_init(&b, 64);
	rmsg_put_done(&b, &d);
	recon_send(r, l, num, false, RMSG_DONE, b.p, b.len);
	wbuf_free(&b);
}

/*
 * Both opened at the same time: the session that goes on with a copy goes on,
 * or that of the one with the larger root, and each of them can tell which.
 */
static bool
ours_goes_on(struct recon *r, const struct rlink *l,
    const struct rmsg_open *o)
{
	struct root root;

	if (r->open == NULL || r->open->link != l || r->open->answered ||
	    r->open->over)
		return false;
	if (r->open->has_from != o->has_from)
		return r->open->has_from;
	recon_root_at(r, o->root.hour, &root);
	return memcmp(root.hash, o->root.hash, sizeof(root.hash)) > 0;
}

/*
 * Not of who only copies from us, or has what we had before, nor of a sweep
 * at equal roots.
 */
static bool
will_mix(struct recon *r, const struct rmsg_open *o)
{
	struct root root;

	recon_root_at(r, o->root.hour, &root);
	return memcmp(root.hash, o->root.hash, sizeof(root.hash)) != 0 &&
	    !few_of(o->root.count, root.count) &&
	    !is_past(r, o->root.hash);
}

/*
 * Sessions in which much may come from both sides bring the same things twice
 * when they run at once, so they run one after the other; ours counts from
 * its Open on.  One that takes long keeps others from theirs only for a while,
 * and whoever opens one after the other to us only for a while in a minute.
 */
static bool
holds_others(const struct recon *r, const struct rsess *s)
{
	return !s->over && s->mixes && r->now - (s->opened ? s->start_ms :
	    s->link->mixed_ms) < MIX_MAX_MS;
}

bool
recon_mixing(const struct recon *r, const struct rlink *but)
{
	const struct rsess *s;

	TAILQ_FOREACH(s, &r->sessions, entry)
		if (s->link != but && holds_others(r, s))
			return true;
	return false;
}

void
rsess_answer(struct recon *r, struct rlink *l, const struct rmsg *m)
{
	const struct rmsg_open *o = &m->u.open;
	bool ranges = o->mode == RMSG_BY_RANGES;
	struct rsess *s;

	TAILQ_FOREACH(s, &r->sessions, entry)
		if (s->link == l && !s->opened && !s->over)
			rsess_end(r, s, RECON_LINK);
	if (o->root.hour != r->map->hour && o->root.hour + 1 != r->map->hour) {
		refuse_open(r, l, m->session, RECON_HOUR);
		return;
	}
	if (r->loading || r->served >= RECON_SERVED || (ranges &&
	    r->served_ranges >= RANGES_SERVED) || ours_goes_on(r, l, o) ||
	    (will_mix(r, o) && recon_mixing(r, l))) {
		refuse_open(r, l, m->session, RECON_BUSY);
		return;
	}
	s = sess_new(r, l, m->session, false, ranges, o->root.hour);
	s->their_count = o->root.count;
	s->mixes = will_mix(r, o);
	before_set(r, s, o->root.hash);
	if (s->mixes && (l->mixed_ms == 0 ||
	    r->now - l->mixed_ms >= MINUTE_MS))
		l->mixed_ms = r->now;
	if (!ranges) {
		if (!symbols_serve(r, s))
			rsess_end(r, s, RECON_BUSY);
		return;
	}
	s->snap = snap_take(r, s->hour, false);
	s->first_copy = o->has_from || few_of(s->their_count, s->snap->n);
	s->fills = few_of(s->snap->n, s->their_count);
	memcpy(s->salt, o->range_salt, sizeof(s->salt));
	s->has_from = o->has_from;
	s->from = o->from;
	rjob_start(r, s, RJOB_SUMS, 0, 0);
}

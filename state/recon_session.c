/* SPDX-License-Identifier: MIT */
/* Sessions: their messages, what may be in flight, how they end. */
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "recon_impl.h"

#define FRAME_BYTES	16u	/* around an op, at most */
#define GRANT_BYTES	RMSG_MAX	/* given back at once */

static void	dispatch(struct recon *, struct rsess *, const struct rmsg *);
static void	more_take(struct recon *, struct rsess *,
		    const struct rmsg_more *);
static void	done_take(struct recon *, struct rsess *,
		    const struct rmsg_done *);
static void	done_send(struct recon *, struct rsess *, enum recon_end);
static void	finish(struct recon *, struct rsess *);
static void	opened_ended(struct recon *, struct rsess *);
static void	settle(struct recon *, struct rsess *);

static const char *const end_texts[RECON_ENDS] = {
	[RECON_OK] = "done", [RECON_BUSY] = "busy",
	[RECON_STALLED] = "too much differs for symbols",
	[RECON_POISON] = "the symbols are not those of a set",
	[RECON_PROFILE] = "another profile",
	[RECON_HOUR] = "the clocks are more than an hour apart",
	[RECON_TIMEOUT] = "no progress",
	[RECON_BROKEN] = "the other side broke the rules",
	[RECON_LINK] = "the link went down",
};

const char *
recon_end_text(enum recon_end e)
{
	return (unsigned int)e < RECON_ENDS ? end_texts[e] : "?";
}

static bool
is_bulk(enum rmsg_op op)
{
	return op == RMSG_SYMBOLS || op == RMSG_RANGES || op == RMSG_ENTRIES;
}

size_t
recon_send(struct recon *r, struct rlink *l, uint32_t num, bool from_opener,
    enum rmsg_op op, const void *body, size_t n)
{
	struct wbuf b;
	size_t len;

	wbuf_init(&b, RMSG_MAX);
	rmsg_write(&b, num, from_opener, op, body, n);
	len = b.len;
	l->in_flight += len;
	r->ops.frame(r->arg, l->num, b.p, len);
	wbuf_free(&b);
	return len;
}

void
rsess_send(struct recon *r, struct rsess *s, enum rmsg_op op,
    const void *body, size_t n)
{
	size_t len;

	len = recon_send(r, s->link, s->num, s->opened, op, body, n);
	s->rep.bytes_out += len;
	s->sent_ms = r->now;
	if (is_bulk(op))
		s->credit -= len < s->credit ? len : s->credit;
}

size_t
rsess_room(const struct rsess *s)
{
	size_t n = RECON_CREDIT - s->link->in_flight;

	if (s->link->in_flight > RECON_CREDIT)
		return 0;
	if (s->credit < n)
		n = s->credit;
	if (n > RMSG_BODY_MAX + FRAME_BYTES)
		n = RMSG_BODY_MAX + FRAME_BYTES;
	return n > FRAME_BYTES ? n - FRAME_BYTES : 0;
}

/* Not before what came is dealt with. */
static bool
may_grant(const struct recon *r, const struct rsess *s)
{
	return r->pending < PENDING_MAX && STAILQ_EMPTY(&s->in);
}

/* Symbols wanted, and leave to send more of anything. */
void
rsess_more(struct recon *r, struct rsess *s, size_t estimate)
{
	struct rmsg_more m = { .estimate = (uint32_t)estimate };
	struct wbuf b;

	if (s->opened && !s->ranges && !s->known)
		m.upto = s->upto;
	if (may_grant(r, s)) {
		m.credit = (uint32_t)s->owed;
		s->window += s->owed;
		s->owed = 0;
	}
	wbuf_init(&b, 64);
	rmsg_put_more(&b, &m);
	rsess_send(r, s, RMSG_MORE, b.p, b.len);
	wbuf_free(&b);
}

static struct rsess *
sess_find(struct recon *r, const struct rlink *l, bool opened, uint32_t num)
{
	struct rsess *s;

	TAILQ_FOREACH(s, &r->sessions, entry)
		if (s->link == l && s->opened == opened && s->num == num &&
		    !s->over)
			return s;
	return NULL;
}

/* Those of sessions that are over may still be on their way: not a fault. */
void
rsess_frame(struct recon *r, struct rlink *l, const struct rmsg *m, size_t n)
{
	struct rsess *s = sess_find(r, l, !m->from_opener, m->session);

	if (m->op == RMSG_OPEN) {
		if (m->from_opener && s == NULL)
			rsess_answer(r, l, m);
		else if (s != NULL)
			rsess_end(r, s, RECON_BROKEN);
		if ((s = sess_find(r, l, false, m->session)) != NULL)
			s->rep.bytes_in += n;
		return;
	}
	if (s == NULL)
		return;
	s->rep.bytes_in += n;
	s->alive_ms = r->now;
	if (m->op != RMSG_MORE || m->u.more.credit > 0 ||
	    m->u.more.upto > s->upto)
		s->real_ms = r->now;
	if (s->opened && !s->answered)
		l->answer_ms = r->now - s->sent_ms + 1;
	s->answered = true;
	if (is_bulk(m->op)) {
		if (n > s->window) {
			rsess_end(r, s, RECON_BROKEN);
			return;
		}
		s->window -= n;
		s->owed += n;
	}
	dispatch(r, s, m);
}

static void
dispatch(struct recon *r, struct rsess *s, const struct rmsg *m)
{
	switch (m->op) {
	case RMSG_SYMBOLS:
		symbols_take(r, s, &m->u.symbols);
		break;
	case RMSG_MORE:
		more_take(r, s, &m->u.more);
		break;
	case RMSG_RANGES:
		rsess_ranges_take(r, s, m);
		break;
	case RMSG_NEED:
		need_serve(r, s, m->ids);
		break;
	case RMSG_ENTRIES:
		entries_take(r, s, m);
		break;
	case RMSG_DONE:
		done_take(r, s, &m->u.done);
		break;
	case RMSG_OPEN:
		break;
	}
}

static void
more_take(struct recon *r, struct rsess *s, const struct rmsg_more *m)
{
	s->credit += m->credit < RECON_CREDIT ? m->credit : RECON_CREDIT;
	if (s->credit > RECON_CREDIT)
		s->credit = RECON_CREDIT;
	if (s->opened || s->ranges)
		return;
	if (m->upto == 0)
		s->upto = s->next;
	else if (m->upto > s->copy->n)
		rsess_end(r, s, RECON_STALLED);
	else if (m->upto > s->upto)
		s->upto = m->upto;
}

static void
wait_for(struct recon *r, uint64_t ms)
{
	if (r->open_after_ms < r->now + ms)
		r->open_after_ms = r->now + ms;
}

static void
done_take(struct recon *r, struct rsess *s, const struct rmsg_done *d)
{
	enum recon_end why = d->reason <= RECON_HOUR ?
	    (enum recon_end)d->reason : RECON_BROKEN;

	s->done_got = true;
	s->rep.theirs = d->applied;
	if (why == RECON_OK) {
		if (s->opened && !s->done_sent)
			rsess_end(r, s, RECON_BROKEN);
		return;
	}
	if (s->opened && why == RECON_BUSY) {
		s->link->not_before_ms = r->now + (d->retry_ms < IDLE_MS ?
		    d->retry_ms : IDLE_MS);
		/* Who always waits for an answer never has time for others. */
		wait_for(r, BUSY_MIN_MS + recon_random(r, TRY_SPAN_MS));
	}
	if (s->opened && why == RECON_STALLED && !s->ranges)
		s->link->by_ranges = true;
	if (!s->opened && (why == RECON_POISON || why == RECON_STALLED))
		r->salt_bad = true;
	rsess_end(r, s, why);
}

static void
done_send(struct recon *r, struct rsess *s, enum recon_end why)
{
	struct rmsg_done d = { .applied = (uint32_t)s->rep.applied,
	    .held = (uint32_t)s->rep.held,
	    .refused = (uint32_t)s->rep.refused };
	struct wbuf b;

	d.reason = why <= RECON_HOUR ? why : RECON_STALLED;
	if (why == RECON_BUSY)
		d.retry_ms = BUSY_MIN_MS +
		    (uint32_t)recon_random(r, BUSY_SPAN_MS);
	wbuf_init(&b, 64);
	rmsg_put_done(&b, &d);
	rsess_send(r, s, RMSG_DONE, b.p, b.len);
	wbuf_free(&b);
	s->done_sent = true;
}

void
rsess_end(struct recon *r, struct rsess *s, enum recon_end why)
{
	if (s->over)
		return;
	if (why != RECON_LINK && why != RECON_OK &&
	    (!s->done_got || why == RECON_BROKEN))
		done_send(r, s, why);
	if (why == RECON_BROKEN)
		r->ops.charge(r->arg, s->link->num,
		    "a session against the rules");
	s->over = true;
	s->rep.end = why;
	r->again = true;
}

static bool
is_idle(const struct rsess *s)
{
	return s->need.at == s->need.n && s->asked == 0 &&
	    !entries_left(s) && s->pending == 0 && STAILQ_EMPTY(&s->in) &&
	    STAILQ_EMPTY(&s->out) && s->job == NULL;
}

/* The one who opened says when all is done, the other confirms it. */
static void
finish(struct recon *r, struct rsess *s)
{
	if (!is_idle(s))
		return;
	if (s->opened && s->known && !s->done_sent)
		done_send(r, s, RECON_OK);
	if (!s->opened && s->done_got)
		done_send(r, s, RECON_OK);
	if (s->done_sent && s->done_got)
		rsess_end(r, s, RECON_OK);
}

static void
pump(struct recon *r, struct rsess *s)
{
	bool sent = true;

	need_ask(r, s);
	while (sent && !s->over) {
		if (s->ranges && rsess_ranges_send(r, s))
			continue;
		if (s->copy != NULL && s->next < s->upto)
			sent = symbols_stream(r, s);
		else
			sent = entries_left(s) && entries_send(r, s);
	}
}

static void
look_at_time(struct recon *r, struct rsess *s)
{
	bool ours = s->job != NULL || s->pending > 0;

	if (ours && r->now - s->sent_ms >= ALIVE_MS && s->answered)
		rsess_more(r, s, 0);
	if ((!ours && r->now - s->alive_ms > IDLE_MS) ||
	    r->now - s->real_ms > TOTAL_MS ||
	    (!s->first_copy && r->now - s->start_ms > TOTAL_MS))
		rsess_end(r, s, RECON_TIMEOUT);
}

void
rsess_step(struct recon *r, struct rsess *s)
{
	if (!s->over && s->ranges)
		rsess_ranges_step(r, s);
	if (!s->over && s->opened && !s->ranges)
		symbols_step(r, s);
	if (!s->over)
		pump(r, s);
	if (!s->over && s->owed >= GRANT_BYTES && may_grant(r, s))
		rsess_more(r, s, 0);
	if (!s->over)
		finish(r, s);
	if (!s->over)
		look_at_time(r, s);
}

/*
 * A pair of roots between which nothing could be done is left alone for a
 * while: something is refused, or asked for elsewhere.
 */
static void
settle(struct recon *r, struct rsess *s)
{
	uint8_t pair[2 * ROOT_HASH_LEN];
	struct rlink *l = s->link;
	struct root root;

	recon_root_at(r, s->hour, &root);
	memcpy(pair, root.hash, ROOT_HASH_LEN);
	memcpy(pair + ROOT_HASH_LEN, l->root.hash, ROOT_HASH_LEN);
	l->settle_ms = memcmp(pair, l->settled, sizeof(pair)) != 0 ?
	    SETTLE_MS : 2 * l->settle_ms > SETTLE_MAX_MS ? SETTLE_MAX_MS :
	    2 * l->settle_ms;
	memcpy(l->settled, pair, sizeof(pair));
	l->settled_ms = r->now + l->settle_ms;
}

static void
ended_well(struct recon *r, struct rsess *s)
{
	struct rlink *l = s->link;

	l->failures = 0;
	l->unequal_ms = r->now;
	r->agreed_ms = r->now;
	if (s->rep.applied == 0 && s->rep.theirs == 0 && !s->sweep)
		settle(r, s);
	if (s->rep.applied > 0)
		wait_for(r, RECHECK_MS);
	if (s->mixes)
		recon_had_all(r, s);
	if (s->opened && s->ranges)
		l->by_ranges = false;
	if (s->first_copy && s->opened) {
		r->copied_once = true;
		r->has_resume = false;
	}
}

static void
opened_ended(struct recon *r, struct rsess *s)
{
	struct rlink *l = s->link;

	if (s->rep.end == RECON_OK || s->rep.end == RECON_BUSY)
		return;
	if ((s->rep.end == RECON_STALLED || s->rep.end == RECON_POISON) &&
	    !s->ranges)
		return;		/* by ranges, and now */
	if (l->failures < 8)
		l->failures++;
	l->not_before_ms = r->now + ((uint64_t)SETTLE_MS <<
	    (l->failures - 1));
}

void
rsess_free(struct recon *r, struct rsess *s)
{
	TAILQ_REMOVE(&r->sessions, s, entry);
	if (s->opened) {
		r->open = NULL;
	} else {
		r->served--;
		r->served_ranges -= s->ranges;
	}
	r->pending -= s->pending;
	if (s->rep.end == RECON_OK)
		ended_well(r, s);
	if (s->opened)
		opened_ended(r, s);
	s->rep.opened = s->opened;
	s->rep.ranges = s->ranges;
	s->rep.first_copy = s->first_copy;
	s->rep.sweep = s->sweep;
	s->rep.hour = (uint32_t)s->hour;
	s->rep.ms = r->now - s->start_ms;
	if (r->ops.ended != NULL)
		r->ops.ended(r->arg, s->link->num, &s->rep);
	if (s->job != NULL)
		s->job->s = NULL;
	entries_free(r, s);
	rsess_ranges_free(s);
	peel_free(&s->peel);
	free(s->theirs);
	free(s->ours);
	copy_drop(r, s->copy);
	snap_drop(r, s->snap);
	free(s);
}

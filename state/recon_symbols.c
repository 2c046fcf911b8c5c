/* SPDX-License-Identifier: MIT */
/* Finding what differs by coded symbols; those we keep; copies of our set. */
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "recon_impl.h"

static size_t	kept_want(const struct recon *);
static struct copy *copy_take(struct recon *, uint64_t hour);
static void	copy_of_hour(struct recon *, struct copy *);
static void	peel_on(struct recon *, struct rsess *);
static void	ask_more(struct recon *, struct rsess *);
static void	give_up(struct recon *, struct rsess *, enum recon_end);
static void	known(struct recon *, struct rsess *);

/*
 * What came since would be sent again, or asked for in vain: old is good
 * enough only as long as that is little.
 */
static bool
may_share(const struct recon *r, uint64_t made_ms, uint64_t version, size_t n)
{
	return r->now - made_ms < SHARE_MS &&
	    r->version - version <= SHARE_CHANGES + n / SHARE_PART;
}

struct snap *
snap_take(struct recon *r, uint64_t hour, bool fresh)
{
	const struct ment *m = NULL;
	struct snap *s = r->snap;

	if (s != NULL && s->hour == hour && ((hour == r->map->hour &&
	    s->version == r->version) || (!fresh &&
	    may_share(r, s->made_ms, s->version, s->n)))) {
		s->refs++;
		return s;
	}
	s = xcalloc(1, sizeof(*s));
	s->made_ms = r->now;
	s->hour = hour;
	s->version = r->version;
	s->id = xcalloc(r->map->live + r->map->past + 1, sizeof(*s->id));
	while ((m = map_next_id(r->map, m)) != NULL)
		if (ment_counts(r->map, m, hour))
			s->id[s->n++] = m->id;
	if (r->snap != NULL)
		snap_drop(r, r->snap);
	r->snap = s;
	s->refs = 2;
	return s;
}

void
snap_drop(struct recon *r, struct snap *s)
{
	if (s == NULL || --s->refs > 0)
		return;
	if (r->snap == s)
		r->snap = NULL;
	free(s->id);
	free(s);
}

void
copy_drop(struct recon *r, struct copy *c)
{
	if (c == NULL || --c->refs > 0)
		return;
	if (r->copy == c)
		r->copy = NULL;
	free(c->cell);
	free(c);
}

/*
 * As many as there are entries: a difference that needs more is found by
 * ranges.
 */
static size_t
kept_want(const struct recon *r)
{
	size_t n = KEPT_CELLS_MIN;

	while (n < r->map->live && n < SYMBOLS_MAX)
		n *= 2;
	return n;
}

void
kept_change(struct recon *r, const struct entry_id *id, int by)
{
	if (r->kept != NULL)
		symbols_add(r->kept, 0, r->nkept, r->salt, id, by);
	if (r->keeper != NULL)
		symbols_add(r->change, 0, r->keeper->upto, r->keeper->salt,
		    id, by);
}

void
kept_tick(struct recon *r)
{
	uint64_t age = r->now - r->salt_ms;

	if (r->loading || r->keeper != NULL)
		return;
	if (r->kept != NULL && kept_want(r) <= r->nkept && age < SALT_MS &&
	    !(r->salt_bad && age >= SALT_FORCED_MS))
		return;
	r->salt_bad = false;
	r->salt_ms = r->now;
	rjob_start(r, NULL, RJOB_KEEP, 0, kept_want(r));
}

void
kept_free(struct recon *r)
{
	free(r->kept);
	r->kept = NULL;
	r->nkept = 0;
}

/* The set of this hour at the start of a job; what changes is noted. */
void
rjob_start(struct recon *r, struct rsess *s, enum rjob_kind kind,
    size_t first, size_t upto)
{
	struct recon_job *j = xcalloc(1, sizeof(*j));

	j->kind = kind;
	j->s = s;
	j->first = first;
	j->upto = upto;
	if (kind == RJOB_KEEP) {
		j->snap = snap_take(r, r->map->hour, true);
		r->ops.random(r->arg, j->salt, sizeof(j->salt));
		r->change = xcalloc(upto, sizeof(*r->change));
		r->keeper = j;
	} else {
		j->snap = s->snap;
		j->snap->refs++;
		memcpy(j->salt, s->salt, sizeof(j->salt));
		s->job = j;
	}
	r->jobs++;
	r->ops.job(r->arg, j);
}

void
recon_job_run(struct recon_job *j)
{
	if (j->kind == RJOB_SUMS) {
		ranges_init(&j->ranges, j->salt, j->snap->id, j->snap->n);
		return;
	}
	j->cell = xcalloc(j->upto - j->first, sizeof(*j->cell));
	for (size_t i = 0; i < j->snap->n; i++)
		symbols_add(j->cell, j->first, j->upto, j->salt,
		    &j->snap->id[i], 1);
}

static void
cell_sum(struct symbol *to, const struct symbol *from, int by)
{
	for (unsigned int i = 0; i < ENTRY_ID_LEN; i++)
		to->id[i] ^= from->id[i];
	to->check ^= from->check;
	to->count += by * from->count;
}

static void
keep(struct recon *r, struct recon_job *j)
{
	for (size_t i = 0; i < j->upto; i++)
		cell_sum(&j->cell[i], &r->change[i], 1);
	free(r->change);
	r->change = NULL;
	r->keeper = NULL;
	kept_free(r);
	if (r->loading)
		return;
	r->kept = j->cell;
	r->nkept = j->upto;
	memcpy(r->salt, j->salt, sizeof(r->salt));
	j->cell = NULL;
}

static void
take_cells(struct rsess *s, struct recon_job *j)
{
	s->ours = xreallocarray(s->ours, j->upto, sizeof(*s->ours));
	memcpy(s->ours + j->first, j->cell,
	    (j->upto - j->first) * sizeof(*s->ours));
	s->nours = j->upto;
}

void
recon_job_done(struct recon *r, struct recon_job *j, uint64_t now_ms)
{
	recon_enter(r, now_ms);
	r->jobs--;
	if (j->kind == RJOB_KEEP) {
		keep(r, j);
	} else if (j->s != NULL) {
		j->s->job = NULL;
		j->s->alive_ms = j->s->real_ms = r->now;
		if (j->kind == RJOB_CELLS) {
			take_cells(j->s, j);
		} else {
			j->s->rg = j->ranges;
			j->s->ready = true;
			memset(&j->ranges, 0, sizeof(j->ranges));
		}
	}
	ranges_free(&j->ranges);
	free(j->cell);
	snap_drop(r, j->snap);
	free(j);
	recon_leave(r);
}

/* Of the hour before: with those whose lease ended in it. */
static void
copy_of_hour(struct recon *r, struct copy *c)
{
	const struct ment *m, *live;
	struct entry e;

	TAILQ_FOREACH(m, &r->map->hours[c->hour % MAP_HOURS], hour_node) {
		if ((m->in & MENT_PAST) == 0 || (m->in & MENT_PREV) == 0)
			continue;
		symbols_add(c->cell, 0, c->n, c->salt, &m->id, 1);
		ment_entry(m, &e);
		live = map_reg_find(r->map, e.key.p, e.key.n, e.author.p,
		    false);
		if (live != NULL && (live->in & MENT_PREV) == 0)
			symbols_add(c->cell, 0, c->n, c->salt, &live->id, -1);
	}
}

static struct copy *
copy_take(struct recon *r, uint64_t hour)
{
	struct copy *c = r->copy;

	if (c != NULL && c->hour == hour &&
	    may_share(r, c->made_ms, c->version, r->map->live) &&
	    memcmp(c->salt, r->salt, sizeof(c->salt)) == 0) {
		c->refs++;
		return c;
	}
	c = xcalloc(1, sizeof(*c));
	c->refs = 1;
	c->made_ms = r->now;
	c->hour = hour;
	c->version = r->version;
	memcpy(c->salt, r->salt, sizeof(c->salt));
	c->n = r->nkept;
	c->cell = xreallocarray(NULL, c->n, sizeof(*c->cell));
	memcpy(c->cell, r->kept, c->n * sizeof(*c->cell));
	if (hour != r->map->hour)
		copy_of_hour(r, c);
	/* Shared as long as a session holds it. */
	r->copy = c;
	return c;
}

bool
symbols_serve(struct recon *r, struct rsess *s)
{
	rlink_minute(r, s->link);
	if (r->kept == NULL || s->link->symbol_bytes >= SYMBOL_BYTES_MAX)
		return false;
	s->copy = copy_take(r, s->hour);
	s->upto = FIRST_CELLS;
	return true;
}

bool
symbols_stream(struct recon *r, struct rsess *s)
{
	struct rmsg_symbols m = { .first = s->next };
	struct wbuf cells, counts, body;
	size_t before;

	m.k = s->upto - s->next;
	if (m.k > FRAME_CELLS)
		m.k = FRAME_CELLS;
	if (rsess_room(s) < m.k * (RMSG_CELL + RMSG_COUNT_LEN) + 64)
		return false;
	rlink_minute(r, s->link);
	if (s->link->symbol_bytes >= SYMBOL_BYTES_MAX) {
		rsess_end(r, s, RECON_STALLED);
		return false;
	}
	wbuf_init(&cells, RMSG_BODY_MAX);
	wbuf_init(&counts, RMSG_BODY_MAX);
	wbuf_init(&body, RMSG_BODY_MAX);
	for (size_t i = s->next; i < s->next + m.k; i++) {
		wbuf_bytes(&cells, s->copy->cell[i].id, ENTRY_ID_LEN);
		wbuf_u64be(&cells, s->copy->cell[i].check);
		rmsg_put_count(&counts, s->copy->cell[i].count);
	}
	m.salt = s->copy->salt;
	m.cells = cells.p;
	m.counts = (struct slice){ counts.p, counts.len };
	s->next += (uint32_t)m.k;
	m.end = s->next == s->copy->n;
	rmsg_put_symbols(&body, &m);
	before = s->rep.bytes_out;
	rsess_send(r, s, RMSG_SYMBOLS, body.p, body.len);
	s->link->symbol_bytes += s->rep.bytes_out - before;
	wbuf_free(&cells);
	wbuf_free(&counts);
	wbuf_free(&body);
	return true;
}

/* Symbols came: to a session we opened. */
void
symbols_take(struct recon *r, struct rsess *s, const struct rmsg_symbols *m)
{
	struct slice counts = m->counts;
	struct symbol *c;

	if (!s->opened || s->ranges || m->first != s->ntheirs ||
	    (s->has_salt && memcmp(s->salt, m->salt, RMSG_SALT) != 0) ||
	    m->k > (s->upto == 0 ? FIRST_CELLS : s->upto) - s->ntheirs) {
		/* Those on their way when we had enough. */
		if (!s->known)
			rsess_end(r, s, RECON_BROKEN);
		return;
	}
	if (s->known)
		return;
	if (!s->has_salt) {
		memcpy(s->salt, m->salt, sizeof(s->salt));
		s->has_salt = true;
		s->upto = FIRST_CELLS;
		peel_init(&s->peel, s->salt);
		rjob_start(r, s, RJOB_CELLS, 0, FIRST_CELLS);
	}
	s->theirs = xreallocarray(s->theirs, s->ntheirs + m->k + 1,
	    sizeof(*s->theirs));
	for (size_t i = 0; i < m->k; i++) {
		c = &s->theirs[s->ntheirs++];
		memcpy(c->id, m->cells + i * RMSG_CELL, ENTRY_ID_LEN);
		c->check = m2_load64(m->cells + i * RMSG_CELL + ENTRY_ID_LEN);
		c->count = rmsg_next_count(&counts);
	}
}

/* Ours and theirs of the next symbols are there? */
void
symbols_step(struct recon *r, struct rsess *s)
{
	size_t n = s->ntheirs < s->nours ? s->ntheirs : s->nours;

	if (s->known || !s->has_salt)
		return;
	if (n > s->peel.n)
		peel_on(r, s);
	if (s->over || s->known || s->job != NULL)
		return;
	if (s->nours < s->upto)
		rjob_start(r, s, RJOB_CELLS, s->nours, s->upto);
}

static void
peel_on(struct recon *r, struct rsess *s)
{
	size_t n = s->ntheirs < s->nours ? s->ntheirs : s->nours;
	size_t from = s->peel.n;

	for (size_t i = from; i < n; i++)
		cell_sum(&s->theirs[i], &s->ours[i], -1);
	switch (peel_more(&s->peel, s->theirs + from, n - from)) {
	case PEEL_DONE:
		known(r, s);
		return;
	case PEEL_POISON:
		give_up(r, s, RECON_POISON);
		return;
	case PEEL_MORE:
		ask_more(r, s);
		return;
	}
}

/*
 * 1.9 times what seems to differ: 1.4 times what does is needed, and 128
 * symbols tell it to 13 in 100, so that 1 in 100 has to ask again.  When it
 * was too little, half as much again.  Asked for in time, so that symbols do
 * not cease.
 */
static void
ask_more(struct recon *r, struct rsess *s)
{
	size_t guess = peel_estimate(&s->peel), want, set = s->snap->n;

	if (s->sweep && s->link->unequal) {
		/* It differs, as is known; there will be a session. */
		s->known = true;
		return;
	}
	if (s->their_count > set)
		set = s->their_count;
	want = guess * 19 / 10 + 64;
	if (s->peel.n == s->upto && want < s->upto + s->upto / 2)
		want = s->upto + s->upto / 2;
	if (guess > set / 100 * MORE_PERCENT + set % 100 * MORE_PERCENT / 100 ||
	    (want > SYMBOLS_MAX && s->upto == SYMBOLS_MAX) ||
	    guess > SYMBOLS_MAX * 3 / 4) {
		give_up(r, s, RECON_STALLED);
		return;
	}
	if (want > SYMBOLS_MAX)
		want = SYMBOLS_MAX;
	if (want <= s->upto)
		return;
	if (s->peel.n == s->upto)
		s->rep.turns++;
	else if (s->early == 0)
		s->early = s->upto;
	s->upto = (uint32_t)want;
	rsess_more(r, s, guess);
}

/* Ranges will find it. */
static void
give_up(struct recon *r, struct rsess *s, enum recon_end why)
{
	s->link->by_ranges = true;
	rsess_end(r, s, why);
}

static void
known(struct recon *r, struct rsess *s)
{
	bool ours = false;

	s->known = true;
	/* Stop; and all of the credit for the entries to come. */
	if (s->ntheirs < s->upto || s->owed > 0)
		rsess_more(r, s, 0);
	for (size_t i = 0; i < s->peel.nfound; i++) {
		if (s->peel.found[i].side > 0) {
			need_add(r, s, &s->peel.found[i].id);
		} else {
			give_add(s, &s->peel.found[i].id);
			ours = true;
		}
	}
	/* More had been asked for while symbols came: was it needed? */
	if (s->early > 0 && s->peel.n > s->early)
		s->rep.turns++;
	if (ours || s->need.n > 0)
		s->rep.turns++;
}

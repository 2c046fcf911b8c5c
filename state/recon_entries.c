/* SPDX-License-Identifier: MIT */
/* Asking for entries, sending them, and what becomes of those that came. */
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "proto/siphash.h"
#include "recon_impl.h"

#define MATCHES_MAX	4u	/* ids of one beginning */

static bool	refused_has(const struct recon *, const struct entry_id *);
static int	claim_cmp(const struct claim *, const struct claim *);
static void	refuse(struct recon *, const struct entry_id *,
		    uint32_t hour, uint32_t until_s);
static void	entry_take(struct recon *, struct rsess *,
		    const struct entry *);
static bool	author_may(struct recon *, struct rsess *,
		    const struct entry *);

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wcast-qual"
RB_PROTOTYPE(claims, claim, node, claim_cmp)
RB_GENERATE(claims, claim, node, claim_cmp)
#pragma GCC diagnostic pop

static int
claim_cmp(const struct claim *a, const struct claim *b)
{
	return a->prefix < b->prefix ? -1 : a->prefix > b->prefix;
}

static void
ids_add(struct ids *v, const struct entry_id *id)
{
	if (v->n == v->room) {
		v->room = v->room == 0 ? 64 : 2 * v->room;
		v->id = xreallocarray(v->id, v->room, sizeof(*v->id));
	}
	v->id[v->n++] = *id;
}

void
need_add(struct recon *r, struct rsess *s, const struct entry_id *id)
{
	s->rep.found++;
	if (s->need.n - s->need.at < LEFT_MAX && !refused_has(r, id) &&
	    map_find(r->map, id) == NULL)
		ids_add(&s->need, id);
}

void
give_add(struct rsess *s, const struct entry_id *id)
{
	s->rep.found++;
	ids_add(&s->give, id);
}

void
give_span(struct rsess *s, size_t index)
{
	s->rep.found++;
	if (s->nspans > s->span_at && s->spans[s->nspans - 1].hi == index) {
		s->spans[s->nspans - 1].hi++;
		return;
	}
	if (s->nspans == s->span_room) {
		s->span_room = s->span_room == 0 ? 64 : 2 * s->span_room;
		s->spans = xreallocarray(s->spans, s->span_room,
		    sizeof(*s->spans));
	}
	s->spans[s->nspans++] = (struct span){ index, index + 1 };
}

static struct claim *
claim_find(struct recon *r, uint64_t prefix)
{
	struct claim key = { .prefix = prefix };

	return RB_FIND(claims, &r->claims, &key);
}

static void
claim_end(struct recon *r, struct claim *c)
{
	RB_REMOVE(claims, &r->claims, c);
	LIST_REMOVE(c, entry);
	c->s->asked--;
	free(c);
}

/* What another session has asked for is on its way already. */
static bool
claim_add(struct recon *r, struct rsess *s, const struct entry_id *id)
{
	uint64_t prefix = m2_load64(id->b);
	struct claim *c;

	if (refused_has(r, id) || map_find(r->map, id) != NULL ||
	    claim_find(r, prefix) != NULL)
		return false;
	c = xcalloc(1, sizeof(*c));
	c->prefix = prefix;
	c->s = s;
	RB_INSERT(claims, &r->claims, c);
	LIST_INSERT_HEAD(&s->claims, c, entry);
	s->asked++;
	return true;
}

void
need_ask(struct recon *r, struct rsess *s)
{
	struct wbuf ids, body;

	while (s->need.at < s->need.n && s->asked < ASKED_MAX / 2) {
		wbuf_init(&ids, RMSG_BODY_MAX);
		while (s->need.at < s->need.n &&
		    ids.len < ASKED_FRAME * RMSG_PREFIX) {
			if (claim_add(r, s, &s->need.id[s->need.at]))
				wbuf_bytes(&ids, s->need.id[s->need.at].b,
				    RMSG_PREFIX);
			s->need.at++;
		}
		if (ids.len > 0) {
			wbuf_init(&body, RMSG_BODY_MAX);
			rmsg_put_prefixes(&body, false, ids.p, ids.len);
			rsess_send(r, s, RMSG_NEED, body.p, body.len);
			wbuf_free(&body);
		}
		wbuf_free(&ids);
	}
}

/* They ask; an honest one has no more than so many questions open. */
void
need_serve(struct recon *r, struct rsess *s, struct slice ids)
{
	size_t k = ids.n / RMSG_PREFIX, open = s->nserve - s->serve_at;

	if (k > ASKED_MAX || open + k > 2 * ASKED_MAX) {
		rsess_end(r, s, RECON_BROKEN);
		return;
	}
	if (open > 0)
		memmove(s->serve, s->serve + s->serve_at,
		    open * sizeof(*s->serve));
	s->serve = xreallocarray(s->serve, open + k + 1, sizeof(*s->serve));
	for (size_t i = 0; i < k; i++)
		s->serve[open + i] = m2_load64(ids.p + i * RMSG_PREFIX);
	s->serve_at = 0;
	s->nserve = open + k;
}

bool
entries_left(const struct rsess *s)
{
	return s->serve_at < s->nserve || s->give.at < s->give.n ||
	    s->span_at < s->nspans;
}

/* An Entries message that fills. */
struct filling {
	struct wbuf	 body, gone;
	size_t		 entries, bytes, max;
};

static bool
fill_entry(struct filling *f, const struct ment *m)
{
	struct entry e;
	size_t n;

	ment_entry(m, &e);
	n = entry_size(&e);
	if (f->body.len + f->gone.len + n + 16 > f->max)
		return false;
	rmsg_put_entry(&f->body, &e);
	f->entries++;
	f->bytes += n;
	return true;
}

static void
prefix_bytes(uint64_t v, uint8_t out[RMSG_PREFIX])
{
	for (unsigned int i = RMSG_PREFIX; i-- > 0; v >>= 8)
		out[i] = (uint8_t)v;
}

/* One they asked for; false: the message is full. */
static bool
fill_served(struct recon *r, struct rsess *s, struct filling *f)
{
	const struct ment *m[MATCHES_MAX];
	uint8_t prefix[RMSG_PREFIX];
	size_t n, sent = f->entries;

	prefix_bytes(s->serve[s->serve_at], prefix);
	n = map_find_prefix(r->map, prefix, m, MATCHES_MAX);
	if (n == 0) {
		if (f->body.len + f->gone.len + 32 > f->max)
			return false;
		wbuf_bytes(&f->gone, prefix, sizeof(prefix));
		s->rep.gone++;
	}
	for (size_t i = 0; i < n; i++)
		if (!fill_entry(f, m[i]) && f->entries == sent)
			return false;
	s->serve_at++;
	return true;
}

/* One they lack; it may be gone by now. */
static bool
fill_given(struct recon *r, struct rsess *s, struct filling *f)
{
	const struct entry_id *id;
	const struct ment *m;

	id = s->give.at < s->give.n ? &s->give.id[s->give.at] :
	    &s->snap->id[s->spans[s->span_at].lo];
	m = map_find(r->map, id);
	if (m != NULL && !fill_entry(f, m))
		return false;
	if (s->give.at < s->give.n)
		s->give.at++;
	else if (++s->spans[s->span_at].lo == s->spans[s->span_at].hi)
		s->span_at++;
	return true;
}

bool
entries_send(struct recon *r, struct rsess *s)
{
	struct filling f = { .max = rsess_room(s) };

	/* So that the largest one fits: else it is too early. */
	if (f.max < ENTRY_WIRE_MAX + 64)
		return false;
	wbuf_init(&f.body, RMSG_BODY_MAX);
	wbuf_init(&f.gone, RMSG_BODY_MAX);
	while (entries_left(s))
		if (!(s->serve_at < s->nserve ? fill_served(r, s, &f) :
		    fill_given(r, s, &f)))
			break;
	s->rep.sent += f.entries;
	s->rep.entry_out += f.bytes;
	rmsg_put_prefixes(&f.body, true, f.gone.p, f.gone.len);
	if (f.body.len > 0)
		rsess_send(r, s, RMSG_ENTRIES, f.body.p, f.body.len);
	wbuf_free(&f.body);
	wbuf_free(&f.gone);
	return true;
}

static void
answered(struct recon *r, struct rsess *s, uint64_t prefix)
{
	struct claim *c = claim_find(r, prefix);

	if (c != NULL && c->s == s)
		claim_end(r, c);
}

void
entries_take(struct recon *r, struct rsess *s, const struct rmsg *m)
{
	struct entry e;
	struct wire w;

	for (size_t i = 0; i < m->ids.n; i += RMSG_PREFIX)
		answered(r, s, m2_load64(m->ids.p + i));
	rmsg_parts(m, &w);
	while (!s->over && rmsg_next_entry(&w, &e))
		entry_take(r, s, &e);
}

static void
entry_take(struct recon *r, struct rsess *s, const struct entry *e)
{
	enum map_verdict verdict = MAP_TAKE;
	uint8_t buf[ENTRY_SIGNED_MAX];
	enum intake_outcome o;
	struct entry_id id;

	entry_id_of(buf, entry_signed(e, r->map->profile->mesh, buf), &id);
	answered(r, s, m2_load64(id.b));
	s->rep.entry_in += entry_size(e);
	if (s->first_copy && s->opened && s->ranges &&
	    (!r->has_resume || entry_id_cmp(&r->resume, &id) < 0)) {
		r->resume = id;
		r->has_resume = true;
	}
	if (refused_has(r, &id) || map_find(r->map, &id) != NULL ||
	    !author_may(r, s, e)) {
		s->rep.refused += map_find(r->map, &id) == NULL;
		return;
	}
	s->pending++;
	r->pending++;
	o = r->ops.entry(r->arg, s->link->num, s->cookie, e, &verdict);
	if (o == INTAKE_PENDING)
		return;
	s->pending--;
	r->pending--;
	entry_ended(r, s, s->link, &id, o, verdict);
}

/* One of this minute already, or one more.  False: there were enough. */
static bool
newcomer_may(struct rlink *l, const uint8_t *author)
{
	uint64_t who = m2_load64(author);

	for (size_t i = 0; i < l->new_authors; i++)
		if (l->new_author[i] == who)
			return true;
	if (l->new_authors == NEW_AUTHORS_MAX)
		return false;
	l->new_author[l->new_authors++] = who;
	return true;
}

/*
 * Identities cost nothing, so in an open map new authors come slowly: those
 * beyond are for a later minute.  Authors are counted, not their entries,
 * many of which may come before the first is written.
 */
static bool
author_may(struct recon *r, struct rsess *s, const struct entry *e)
{
	uint8_t buf[ENTRY_SIGNED_MAX];
	struct entry_id id;

	if (r->map->profile->mode != PROFILE_OPEN ||
	    (s->fills && !r->copied_once) ||
	    map_author(r->map, e->author.p) != NULL)
		return true;
	rlink_minute(r, s->link);
	if (newcomer_may(s->link, e->author.p))
		return true;
	entry_id_of(buf, entry_signed(e, r->map->profile->mesh, buf), &id);
	refuse(r, &id, 0, (uint32_t)((r->now + MINUTE_MS) / 1000));
	return false;
}

/* s, link: NULL when they are no more. */
void
entry_ended(struct recon *r, struct rsess *s, struct rlink *link,
    const struct entry_id *id, enum intake_outcome o, enum map_verdict v)
{
	switch (o) {
	case INTAKE_TAKEN:
		if (s != NULL)
			s->rep.applied++;
		return;
	case INTAKE_KNOWN:
	case INTAKE_FAILED:
	case INTAKE_BUSY:
	case INTAKE_PENDING:
		return;
	case INTAKE_HELD:
		if (s != NULL)
			s->rep.held++;
		refuse(r, id, (uint32_t)r->map->hour, 0);
		return;
	case INTAKE_NOT:
		if (s != NULL)
			s->rep.refused++;
		if (v != MAP_KNOWN)
			refuse(r, id, (uint32_t)r->map->hour, 0);
		return;
	case INTAKE_BAD:
		if (s != NULL)
			s->rep.refused++;
		refuse(r, id, REFUSED_EVER, 0);
		if (link != NULL)
			r->ops.charge(r->arg, link->num,
			    "an entry that cannot be in a map");
		return;
	}
}

static struct refused *
refused_set(const struct recon *r, const struct entry_id *id)
{
	return &r->refused[siphash24(r->refused_key, id->b, sizeof(id->b)) %
	    REFUSED_SETS * REFUSED_WAYS];
}

static bool
refused_now(const struct recon *r, const struct refused *f)
{
	return f->hour == REFUSED_EVER || f->hour == r->map->hour ||
	    f->until_s > r->now / 1000;
}

static bool
refused_has(const struct recon *r, const struct entry_id *id)
{
	const struct refused *f = refused_set(r, id);

	for (unsigned int i = 0; i < REFUSED_WAYS; i++)
		if (entry_id_cmp(&f[i].id, id) == 0)
			return refused_now(r, &f[i]);
	return false;
}

/*
 * In the place of one that no longer matters, or of any: to forget one costs
 * asking for it again.
 */
static void
refuse(struct recon *r, const struct entry_id *id, uint32_t hour,
    uint32_t until_s)
{
	struct refused *f = refused_set(r, id);
	size_t use = REFUSED_WAYS;

	for (size_t i = 0; i < REFUSED_WAYS; i++)
		if (entry_id_cmp(&f[i].id, id) == 0)
			use = i;
	for (size_t i = 0; i < REFUSED_WAYS && use == REFUSED_WAYS; i++)
		if (!refused_now(r, &f[i]))
			use = i;
	if (use == REFUSED_WAYS)
		use = recon_random(r, REFUSED_WAYS);
	f[use] = (struct refused){ *id, hour, until_s };
}

void
entries_free(struct recon *r, struct rsess *s)
{
	struct claim *c;

	while ((c = LIST_FIRST(&s->claims)) != NULL)
		claim_end(r, c);
	free(s->need.id);
	free(s->give.id);
	free(s->spans);
	free(s->serve);
}

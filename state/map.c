/* SPDX-License-Identifier: MIT */
/* What is carried: taking entries in, quotas, the passing of hours. */
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "common/log.h"
#include "map.h"

static uint64_t	hour_of(const struct ment *);
static void	count(struct map *, struct ment *, bool now, bool prev);
static bool	over_limits(const struct map *, const struct entry *,
		    const struct mauthor *);
static void	add(struct map *, struct mauthor *, const struct entry *,
		    const struct entry_id *, bool past);
static void	drop(struct map *, struct ment *);
static struct mauthor *author_need(struct map *, const uint8_t *);
static void	author_release(struct map *, struct mauthor *);
static void	settle(struct map *, struct ment *);
static void	advance(struct map *, uint64_t hour);
static void	rewind_to(struct map *, uint64_t hour);

static const char *const verdict_texts[] = {
	[MAP_TAKE] = "taken",
	[MAP_KNOWN] = "known already",
	[MAP_STALE] = "not newer than what is known",
	[MAP_QUOTA] = "its author has as many keys as he may",
	[MAP_FULL] = "the map of this node is full",
	[MAP_EXPIRED] = "its lease has ended",
	[MAP_EARLY] = "its time is more than a minute ahead",
	[MAP_LONG] = "its lease is too long",
};

const char *
map_verdict_text(enum map_verdict v)
{
	return (unsigned int)v < MAP_VERDICTS ? verdict_texts[v] : "?";
}

void
map_init(struct map *m, const struct profile *profile,
    const struct map_limits *limits, const struct map_ops *ops, void *arg,
    uint64_t now_ms)
{
	memset(m, 0, sizeof(*m));
	m->profile = profile;
	m->limits = limits != NULL ? *limits : (struct map_limits){
	    MAP_AUTHORS_MAX, MAP_ENTRIES_MAX, MAP_BYTES_MAX };
	if (ops != NULL)
		m->ops = *ops;
	m->arg = arg;
	m->hour = now_ms / HOUR_MS;
	digest_init(&m->now);
	digest_init(&m->prev);
	RB_INIT(&m->regs);
	RB_INIT(&m->ids);
	RB_INIT(&m->authors);
	m->hours = xcalloc(MAP_HOURS, sizeof(*m->hours));
	for (size_t i = 0; i < MAP_HOURS; i++)
		TAILQ_INIT(&m->hours[i]);
}

void
map_free(struct map *m)
{
	static const struct map_ops silent;
	struct ment *e;

	m->ops = silent;
	m->watch = NULL;
	for (size_t i = 0; m->hours != NULL && i < MAP_HOURS; i++)
		while ((e = TAILQ_FIRST(&m->hours[i])) != NULL) {
			e->in &= (uint8_t)~(MENT_NOW | MENT_PREV);
			drop(m, e);
		}
	free(m->hours);
	m->hours = NULL;
}

void
map_watch(struct map *m, map_watch_cb watch, void *arg)
{
	m->watch = watch;
	m->watch_arg = arg;
}

static uint64_t
hour_of(const struct ment *e)
{
	return e->expires_ms / HOUR_MS;
}

static struct ment_hour *
bucket(const struct map *m, uint64_t hour)
{
	return &m->hours[hour % MAP_HOURS];
}

/* Make the digests count it or not; hashed only when something changes. */
static void
count(struct map *m, struct ment *e, bool now, bool prev)
{
	bool had_now = (e->in & MENT_NOW) != 0;
	bool had_prev = (e->in & MENT_PREV) != 0;
	struct lt lt;

	if (now == had_now && prev == had_prev)
		return;
	lt_of_id(&lt, &e->id);
	if (now != had_now)
		(now ? digest_add : digest_sub)(&m->now, &lt);
	if (prev != had_prev)
		(prev ? digest_add : digest_sub)(&m->prev, &lt);
	e->in = (uint8_t)((e->in & MENT_PAST) | (now ? MENT_NOW : 0) |
	    (prev ? MENT_PREV : 0));
	if (now != had_now && m->watch != NULL)
		m->watch(m->watch_arg, e, now ? 1 : -1);
}

bool
ment_counts(const struct map *m, const struct ment *e, uint64_t hour)
{
	return (e->in & (hour == m->hour ? MENT_NOW : MENT_PREV)) != 0;
}

void
map_root(const struct map *m, uint64_t hour, uint32_t flags, struct root *r)
{
	digest_root(hour == m->hour ? &m->now : &m->prev, (uint32_t)hour,
	    flags | (m->full ? ROOT_FULL : 0), r);
}

static int
cmp_to(const struct entry *e, const struct entry_id *id, const struct ment *o)
{
	struct entry oe;

	ment_entry(o, &oe);
	return map_order(e, id, &oe, &o->id);
}

/* An entry that takes nobody's place needs room. */
static bool
over_limits(const struct map *m, const struct entry *e,
    const struct mauthor *a)
{
	size_t size = sizeof(struct ment) + ENTRY_SIG_LEN + e->key.n +
	    e->value.n;

	return (a == NULL && m->nauthors >= m->limits.authors) ||
	    m->live + m->past >= m->limits.entries ||
	    m->bytes + size > m->limits.bytes;
}

/* One that does: only if it is longer. */
static bool
over_bytes(const struct map *m, const struct entry *e, const struct ment *o)
{
	return e->value.n > o->value_len &&
	    m->bytes + e->value.n - o->value_len > m->limits.bytes;
}

static enum map_verdict
judge_past(const struct map *m, const struct entry *e,
    const struct entry_id *id, const struct mauthor *a)
{
	const struct ment *past;

	past = map_reg_find(m, e->key.p, e->key.n, e->author.p, true);
	if (past != NULL && hour_of(past) + 1 == m->hour &&
	    cmp_to(e, id, past) < 0)
		return MAP_STALE;
	if (past != NULL)
		return over_bytes(m, e, past) ? MAP_FULL : MAP_TAKE;
	if (a != NULL && a->past >= m->profile->quota)
		return MAP_QUOTA;
	return over_limits(m, e, a) ? MAP_FULL : MAP_TAKE;
}

enum map_verdict
map_judge(const struct map *m, const struct entry *e,
    const struct entry_id *id, uint64_t now_ms)
{
	const struct mauthor *a = map_author_find(m, e->author.p);
	uint64_t hour = e->expires_ms / HOUR_MS;
	const struct ment *live;

	if (map_find(m, id) != NULL)
		return MAP_KNOWN;
	if (hour + 1 < m->hour)
		return MAP_EXPIRED;
	if (HLC_MS(e->hlc) > now_ms + HLC_AHEAD_MS)
		return MAP_EARLY;
	if (hour > m->hour + ((e->flags & ENTRY_DELETED) != 0 ?
	    MAP_DELETE_HOURS : MAP_VALUE_HOURS))
		return MAP_LONG;
	live = map_reg_find(m, e->key.p, e->key.n, e->author.p, false);
	if (live != NULL && cmp_to(e, id, live) < 0)
		return MAP_STALE;
	if (hour < m->hour)
		return judge_past(m, e, id, a);
	if (live != NULL)
		return over_bytes(m, e, live) ? MAP_FULL : MAP_TAKE;
	if (a != NULL && a->live >= m->profile->quota) {
		/* In the place of the author's smallest, or not at all. */
		live = RB_MIN(ment_order, __DECONST(struct ment_order *,
		    &a->order));
		return cmp_to(e, id, live) < 0 ? MAP_QUOTA : MAP_TAKE;
	}
	return over_limits(m, e, a) ? MAP_FULL : MAP_TAKE;
}

static void
tell_equivocation(struct map *m, const struct entry *e)
{
	const struct ment *o;

	o = map_reg_find(m, e->key.p, e->key.n, e->author.p, false);
	if (o == NULL || o->hlc != e->hlc)
		return;
	if (o->flags == e->flags && o->value_len == e->value.n &&
	    memcmp(o->data + ENTRY_SIG_LEN + o->key_len,
	    o->value_len > 0 ? e->value.p : o->data, o->value_len) == 0)
		return;
	m->equivocations++;
	if (m->ops.equivocal != NULL)
		m->ops.equivocal(m->arg, o, e);
}

enum map_verdict
map_apply(struct map *m, const struct entry *e, const struct entry_id *id,
    uint64_t now_ms)
{
	enum map_verdict v = map_judge(m, e, id, now_ms);
	bool past = e->expires_ms / HOUR_MS < m->hour;
	struct mauthor *a;
	struct ment *o;

	if (v == MAP_FULL)
		m->full = true;
	if (v == MAP_TAKE || v == MAP_STALE)
		tell_equivocation(m, e);
	if (v != MAP_TAKE)
		return v;
	a = author_need(m, e->author.p);
	a->pins++;
	o = map_reg_find(m, e->key.p, e->key.n, e->author.p, true);
	if (o != NULL && (past || cmp_to(e, id, o) > 0))
		drop(m, o);
	o = map_reg_find(m, e->key.p, e->key.n, e->author.p, false);
	if (o != NULL && !past)
		drop(m, o);
	add(m, a, e, id, past);
	a->pins--;
	if (m->ops.changed != NULL)
		m->ops.changed(m->arg, e->key.p, e->key.n);
	return v;
}

static struct mauthor *
author_need(struct map *m, const uint8_t *pub)
{
	struct mauthor *a = map_author_find(m, pub);

	if (a != NULL)
		return a;
	a = xcalloc(1, sizeof(*a));
	memcpy(a->pub, pub, sizeof(a->pub));
	RB_INIT(&a->order);
	RB_INSERT(mauthors, &m->authors, a);
	m->nauthors++;
	return a;
}

static void
author_release(struct map *m, struct mauthor *a)
{
	if (a->live > 0 || a->past > 0 || a->pins > 0)
		return;
	RB_REMOVE(mauthors, &m->authors, a);
	m->nauthors--;
	free(a);
}

static void
index_in(struct map *m, struct ment *e)
{
	RB_INSERT(ment_regs, &m->regs, e);
	if ((e->in & MENT_PAST) != 0) {
		m->past++;
		e->author->past++;
		return;
	}
	RB_INSERT(ment_order, &e->author->order, e);
	m->live++;
	e->author->live++;
}

static void
index_out(struct map *m, struct ment *e)
{
	RB_REMOVE(ment_regs, &m->regs, e);
	if ((e->in & MENT_PAST) != 0) {
		m->past--;
		e->author->past--;
		return;
	}
	RB_REMOVE(ment_order, &e->author->order, e);
	m->live--;
	e->author->live--;
}

static size_t
size_of(const struct ment *e)
{
	return sizeof(*e) + ENTRY_SIG_LEN + e->key_len + e->value_len;
}

/* An author went on beyond his quota: his smallest register makes room. */
static void
evict(struct map *m, struct ment *e)
{
	uint8_t key[ENTRY_KEY_MAX];
	size_t n = e->key_len;

	memcpy(key, e->data + ENTRY_SIG_LEN, n);
	drop(m, e);
	if (m->ops.changed != NULL)
		m->ops.changed(m->arg, key, n);
}

static void
add(struct map *m, struct mauthor *a, const struct entry *e,
    const struct entry_id *id, bool past)
{
	struct ment *n = xcalloc(1, sizeof(*n) + ENTRY_SIG_LEN + e->key.n +
	    e->value.n);

	n->author = a;
	n->id = *id;
	n->hlc = e->hlc;
	n->expires_ms = e->expires_ms;
	n->key_len = (uint16_t)e->key.n;
	n->value_len = (uint16_t)e->value.n;
	n->flags = (uint8_t)e->flags;
	n->in = past ? MENT_PAST : 0;
	memcpy(n->data, e->sig.p, ENTRY_SIG_LEN);
	memcpy(n->data + ENTRY_SIG_LEN, e->key.p, e->key.n);
	if (e->value.n > 0)
		memcpy(n->data + ENTRY_SIG_LEN + e->key.n, e->value.p,
		    e->value.n);
	m->bytes += size_of(n);
	a->bytes += size_of(n);
	index_in(m, n);
	RB_INSERT(ment_ids, &m->ids, n);
	TAILQ_INSERT_TAIL(bucket(m, hour_of(n)), n, hour_node);
	settle(m, n);
	if (a->live > m->profile->quota)
		evict(m, RB_MIN(ment_order, &a->order));
}

/*
 * Which digests count the entries of e's register: this hour's the live one;
 * the last hour's the one whose lease ended in it, which was bigger then, or
 * else the live one.
 */
static void
settle(struct map *m, struct ment *e)
{
	struct ment *live = e, *past = e;
	bool last;

	if ((e->in & MENT_PAST) != 0)
		live = map_reg_find(m, e->data + ENTRY_SIG_LEN, e->key_len,
		    e->author->pub, false);
	else
		past = map_reg_find(m, e->data + ENTRY_SIG_LEN, e->key_len,
		    e->author->pub, true);
	last = past != NULL && hour_of(past) + 1 == m->hour;
	if (past != NULL)
		count(m, past, false, last);
	if (live != NULL)
		count(m, live, true, !last);
}

static void
drop(struct map *m, struct ment *e)
{
	struct mauthor *a = e->author;
	struct ment *live = NULL;

	if ((e->in & (MENT_PAST | MENT_PREV)) == (MENT_PAST | MENT_PREV))
		live = map_reg_find(m, e->data + ENTRY_SIG_LEN, e->key_len,
		    a->pub, false);
	count(m, e, false, false);
	if (live != NULL)
		count(m, live, true, true);
	index_out(m, e);
	RB_REMOVE(ment_ids, &m->ids, e);
	TAILQ_REMOVE(bucket(m, hour_of(e)), e, hour_node);
	m->bytes -= size_of(e);
	a->bytes -= size_of(e);
	if (m->ops.dropped != NULL)
		m->ops.dropped(m->arg, e);
	author_release(m, a);
	free(e);
}

void
map_tick(struct map *m, uint64_t now_ms)
{
	uint64_t hour = now_ms / HOUR_MS;

	if (hour < m->hour)
		rewind_to(m, hour);
	/* After so many all leases have ended. */
	for (unsigned int i = 0; m->hour < hour && i < MAP_HOURS; i++)
		advance(m, m->hour + 1);
	m->hour = hour;
}

/* One hour later. */
static void
advance(struct map *m, uint64_t hour)
{
	struct ment *e, *next, *old;

	m->hour = hour;
	m->full = false;
	while (hour >= 3 && (e = TAILQ_FIRST(bucket(m, hour - 3))) != NULL)
		drop(m, e);
	if (hour >= 2)
		TAILQ_FOREACH(e, bucket(m, hour - 2), hour_node)
			settle(m, e);
	TAILQ_FOREACH_SAFE(e, bucket(m, hour - 1), hour_node, next) {
		if ((e->in & MENT_PAST) != 0)
			continue;
		old = map_reg_find(m, e->data + ENTRY_SIG_LEN, e->key_len,
		    e->author->pub, true);
		if (old != NULL)
			drop(m, old);
		index_out(m, e);
		e->in |= MENT_PAST;
		index_in(m, e);
		settle(m, e);
		if (m->ops.changed != NULL)
			m->ops.changed(m->arg, e->data + ENTRY_SIG_LEN,
			    e->key_len);
	}
}

/*
 * The wall clock was set back: what had ended has not.  The same entries are
 * placed anew, as of that hour; this is as rare as it is slow.
 */
static void
rewind_to(struct map *m, uint64_t hour)
{
	struct ment_hour all = TAILQ_HEAD_INITIALIZER(all);
	struct ment *e;
	struct entry ent;

	for (size_t i = 0; i < MAP_HOURS; i++)
		while ((e = TAILQ_FIRST(&m->hours[i])) != NULL) {
			count(m, e, false, false);
			index_out(m, e);
			RB_REMOVE(ment_ids, &m->ids, e);
			TAILQ_REMOVE(&m->hours[i], e, hour_node);
			TAILQ_INSERT_TAIL(&all, e, hour_node);
			e->author->bytes -= size_of(e);
			e->author->pins++;
		}
	m->hour = hour;
	m->bytes = 0;
	while ((e = TAILQ_FIRST(&all)) != NULL) {
		TAILQ_REMOVE(&all, e, hour_node);
		ment_entry(e, &ent);
		if (map_apply(m, &ent, &e->id, UINT64_MAX / 2) != MAP_TAKE &&
		    m->ops.dropped != NULL)
			m->ops.dropped(m->arg, e);
		e->author->pins--;
		author_release(m, e->author);
		free(e);
	}
}

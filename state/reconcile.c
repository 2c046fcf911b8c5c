/* SPDX-License-Identifier: MIT */
/* Links, roots, and when to open a session. */
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "recon_impl.h"

static void	run(struct recon *);
static void	compare(struct recon *, struct rlink *);
static void	tell(struct recon *, struct rlink *);
static void	choose(struct recon *);
static void	sweep(struct recon *);

static void
set_changed(void *arg, const struct ment *e, int by)
{
	struct recon *r = arg;

	r->version++;
	kept_change(r, &e->id, by);
}

struct recon *
recon_new(struct map *map, const struct recon_ops *ops, void *arg,
    uint64_t now_ms)
{
	struct recon *r = xcalloc(1, sizeof(*r));

	r->map = map;
	r->ops = *ops;
	r->arg = arg;
	r->now = r->sweep_ms = now_ms;
	r->loading = true;
	TAILQ_INIT(&r->links);
	TAILQ_INIT(&r->sessions);
	RB_INIT(&r->claims);
	r->refused = xcalloc(REFUSED_SETS * REFUSED_WAYS,
	    sizeof(*r->refused));
	r->ops.random(r->arg, r->refused_key, sizeof(r->refused_key));
	map_watch(map, set_changed, r);
	return r;
}

static void
end_all(struct recon *r, const struct rlink *l, enum recon_end why)
{
	struct rsess *s;

	TAILQ_FOREACH(s, &r->sessions, entry)
		if (l == NULL || s->link == l)
			rsess_end(r, s, why);
}

static void
reap(struct recon *r)
{
	struct rsess *s, *next;

	TAILQ_FOREACH_SAFE(s, &r->sessions, entry, next)
		if (s->over)
			rsess_free(r, s);
}

void
recon_free(struct recon *r)
{
	struct rlink *l;

	end_all(r, NULL, RECON_LINK);
	reap(r);
	while ((l = TAILQ_FIRST(&r->links)) != NULL) {
		TAILQ_REMOVE(&r->links, l, entry);
		free(l);
	}
	map_watch(r->map, NULL, NULL);
	snap_drop(r, r->snap);
	kept_free(r);
	free(r->refused);
	free(r);
}

bool
recon_idle(const struct recon *r)
{
	return r->jobs == 0;
}

/* Everything public is between these two. */
void
recon_enter(struct recon *r, uint64_t now_ms)
{
	if (now_ms > r->now)
		r->now = now_ms;
	r->again = true;
	r->depth++;
}

void
recon_leave(struct recon *r)
{
	if (r->depth == 1)
		run(r);
	r->depth--;
}

static void
run(struct recon *r)
{
	struct rsess *s;

	while (r->again) {
		r->again = false;
		TAILQ_FOREACH(s, &r->sessions, entry)
			rsess_step(r, s);
		reap(r);
	}
}

uint64_t
recon_random(struct recon *r, uint64_t below)
{
	uint64_t v;

	r->ops.random(r->arg, &v, sizeof(v));
	return v % below;
}

void
recon_root_at(struct recon *r, uint64_t hour, struct root *out)
{
	uint32_t flags = r->loading ? ROOT_LOADING : 0;

	if (hour != r->map->hour) {
		map_root(r->map, hour, flags, out);
		return;
	}
	if (!r->root_good || r->root_version != r->version ||
	    r->root.hour != hour) {
		map_root(r->map, hour, flags, &r->root);
		r->root_version = r->version;
		r->root_good = true;
	}
	*out = r->root;
}

void
recon_loaded(struct recon *r, uint64_t now_ms)
{
	recon_enter(r, now_ms);
	r->loading = false;
	r->root_good = false;
	r->version++;
	/* It may be another one that was made in its place. */
	map_watch(r->map, set_changed, r);
	kept_tick(r);
	recon_leave(r);
}

void
recon_loading(struct recon *r)
{
	recon_enter(r, r->now);
	r->loading = true;
	r->root_good = r->has_resume = false;
	r->version++;
	kept_free(r);
	end_all(r, NULL, RECON_BUSY);
	recon_leave(r);
}

static struct rlink *
link_find(struct recon *r, uint32_t num)
{
	struct rlink *l;

	TAILQ_FOREACH(l, &r->links, entry)
		if (l->num == num)
			return l;
	return NULL;
}

bool
recon_link_up(struct recon *r, uint32_t num, uint64_t now_ms)
{
	struct rlink *l;

	recon_link_down(r, num, now_ms);
	if (r->nlinks >= RECON_LINKS_MAX)
		return false;
	recon_enter(r, now_ms);
	l = xcalloc(1, sizeof(*l));
	l->num = num;
	l->minute_ms = now_ms;
	TAILQ_INSERT_TAIL(&r->links, l, entry);
	r->nlinks++;
	tell(r, l);
	recon_leave(r);
	return true;
}

void
recon_link_down(struct recon *r, uint32_t num, uint64_t now_ms)
{
	struct rlink *l = link_find(r, num);

	if (l == NULL)
		return;
	recon_enter(r, now_ms);
	end_all(r, l, RECON_LINK);
	recon_leave(r);
	TAILQ_REMOVE(&r->links, l, entry);
	r->nlinks--;
	free(l);
}

void
rlink_minute(struct recon *r, struct rlink *l)
{
	if (r->now - l->minute_ms < MINUTE_MS)
		return;
	l->minute_ms = r->now;
	l->symbol_bytes = l->new_authors = 0;
}

void
recon_root(struct recon *r, uint32_t num, const struct root *root,
    uint64_t now_ms)
{
	struct rlink *l = link_find(r, num);

	if (l == NULL)
		return;
	recon_enter(r, now_ms);
	l->root = *root;
	l->has_root = true;
	compare(r, l);
	recon_leave(r);
}

void
recon_frame(struct recon *r, uint32_t num, const void *p, size_t n,
    uint64_t now_ms)
{
	struct rlink *l = link_find(r, num);
	struct rmsg m;

	if (l == NULL)
		return;
	recon_enter(r, now_ms);
	if (rmsg_read(&m, p, n)) {
		rsess_frame(r, l, &m, n);
	} else {
		r->ops.charge(r->arg, num, "a malformed message of maps");
		end_all(r, l, RECON_STALLED);
	}
	recon_leave(r);
}

void
recon_sent(struct recon *r, uint32_t num, size_t bytes, uint64_t now_ms)
{
	struct rlink *l = link_find(r, num);
	struct rsess *s;

	if (l == NULL)
		return;
	recon_enter(r, now_ms);
	l->in_flight -= bytes < l->in_flight ? bytes : l->in_flight;
	TAILQ_FOREACH(s, &r->sessions, entry)
		if (s->link == l)
			s->alive_ms = r->now;
	recon_leave(r);
}

void
recon_entry_done(struct recon *r, uint64_t cookie, const struct entry_id *id,
    enum intake_outcome o, enum map_verdict v, uint64_t now_ms)
{
	struct rsess *s;

	if (cookie < RECON_COOKIE)
		return;
	recon_enter(r, now_ms);
	TAILQ_FOREACH(s, &r->sessions, entry)
		if (s->cookie == cookie && s->pending > 0)
			break;
	if (s != NULL) {
		s->pending--;
		r->pending--;
		s->alive_ms = s->real_ms = r->now;
	}
	entry_ended(r, s, s != NULL ? s->link : NULL, id, o, v);
	recon_leave(r);
}

/* Ours and theirs, at the lower of the two hours. */
static bool
comparable(const struct recon *r, const struct rlink *l)
{
	return l->has_root && !r->loading &&
	    (l->root.flags & ROOT_LOADING) == 0 &&
	    (l->root.hour == r->map->hour ||
	    l->root.hour + 1 == r->map->hour);
}

static void
compare(struct recon *r, struct rlink *l)
{
	struct root own;

	if (!comparable(r, l)) {
		l->unequal = false;
		return;
	}
	recon_root_at(r, l->root.hour, &own);
	if (own.count == l->root.count &&
	    memcmp(own.hash, l->root.hash, sizeof(own.hash)) == 0) {
		l->unequal = l->by_ranges = false;
		l->failures = 0;
		r->agreed_ms = r->now;
		r->copied_once = r->copied_once || own.count > 0;
		return;
	}
	if (!l->unequal)
		l->unequal_ms = r->now;
	l->unequal = true;
}

static void
tell(struct recon *r, struct rlink *l)
{
	uint64_t age = r->now - l->root_ms;
	struct root own;

	if (l->root_sent && age < ROOT_GAP_MS)
		return;
	recon_root_at(r, r->map->hour, &own);
	if (l->root_sent && age < ROOT_MS &&
	    memcmp(own.hash, l->sent, sizeof(own.hash)) == 0)
		return;
	memcpy(l->sent, own.hash, sizeof(l->sent));
	l->root_sent = true;
	l->root_ms = r->now;
	r->ops.root(r->arg, l->num, &own);
}

void
recon_tick(struct recon *r, uint64_t now_ms)
{
	struct rlink *l;

	recon_enter(r, now_ms);
	kept_tick(r);
	TAILQ_FOREACH(l, &r->links, entry) {
		compare(r, l);
		tell(r, l);
	}
	if (r->open == NULL && r->now >= r->open_after_ms &&
	    !recon_mixing(r, NULL)) {
		choose(r);
		if (r->open == NULL && r->now - r->sweep_ms >= SWEEP_MS)
			sweep(r);
	}
	recon_leave(r);
}

static bool
is_settled(struct recon *r, const struct rlink *l)
{
	struct root own;

	if (r->now >= l->settled_ms)
		return false;
	recon_root_at(r, l->root.hour, &own);
	return memcmp(own.hash, l->settled, ROOT_HASH_LEN) == 0 &&
	    memcmp(l->root.hash, l->settled + ROOT_HASH_LEN,
	    ROOT_HASH_LEN) == 0;
}

static bool
is_served(const struct recon *r, const struct rlink *l)
{
	const struct rsess *s;

	TAILQ_FOREACH(s, &r->sessions, entry)
		if (s->link == l && !s->opened)
			return true;
	return false;
}

/* Who has almost nothing shall open: his session can be gone on with. */
static uint64_t
persist_ms(struct recon *r, const struct rlink *l)
{
	struct root own;

	recon_root_at(r, l->root.hour, &own);
	return l->root.count < own.count / 5 ? 2 * PERSIST_MS : PERSIST_MS;
}

static bool
may_open(struct recon *r, const struct rlink *l)
{
	return l->unequal && r->now >= l->not_before_ms &&
	    r->now - l->unequal_ms >= persist_ms(r, l) &&
	    !is_served(r, l) && !is_settled(r, l);
}

/* Too much for symbols, or too little: short lists cost less. */
static bool
wants_ranges(struct recon *r, const struct rlink *l)
{
	uint64_t a, b = l->root.count;
	struct root own;

	recon_root_at(r, l->root.hour, &own);
	a = own.count;
	return l->by_ranges || r->has_resume ||
	    (a <= RANGES_LEAF && b <= RANGES_LEAF) ||
	    (a > b ? a - b > a / 5 : b - a > b / 5);
}

/* One of those we may open to, each as likely; NULL: none. */
static struct rlink *
draw(struct recon *r)
{
	struct rlink *l, *best = NULL;
	uint64_t n = 0;

	TAILQ_FOREACH(l, &r->links, entry)
		if (may_open(r, l) && recon_random(r, ++n) == 0)
			best = l;
	return best;
}

/* What comes over a slow link takes long: the quicker of any two. */
static void
choose(struct recon *r)
{
	struct rlink *l = draw(r), *other;

	if (l == NULL)
		return;
	other = draw(r);
	if (other->answer_ms < l->answer_ms)
		l = other;
	rsess_open(r, l, wants_ranges(r, l), false, l->root.hour);
}

/* What equal roots could hide comes to light in time. */
static void
sweep(struct recon *r)
{
	struct rlink *l, *best = NULL;
	uint64_t n = 0;

	r->sweep_ms = r->now;
	TAILQ_FOREACH(l, &r->links, entry)
		if (comparable(r, l) && l->root.count > 0 &&
		    r->now >= l->not_before_ms && !is_served(r, l) &&
		    recon_random(r, ++n) == 0)
			best = l;
	if (best != NULL)
		rsess_open(r, best, false, true, best->root.hour);
}

uint64_t
recon_agreed_ms(const struct recon *r)
{
	return r->agreed_ms;
}

bool
recon_link_equal(const struct recon *r, uint32_t num)
{
	const struct rlink *l;

	TAILQ_FOREACH(l, &r->links, entry)
		if (l->num == num)
			return comparable(r, l) && !l->unequal;
	return false;
}

bool
recon_copying(const struct recon *r, uint64_t *got, uint64_t *all)
{
	const struct rsess *s = r->open;

	if (s == NULL || !s->first_copy)
		return false;
	*got = r->map->live;
	*all = s->their_count;
	return true;
}

/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "health.h"

#define NEVER	UINT64_MAX

static void	claims_take(struct health *, struct health_node *,
		    struct slice);
static void	items_take(struct health *, const struct health_node *,
		    const struct m2_suspect *);
static void	forget_old(struct health *, uint64_t mono_ms);
static void	find_dead(struct health *);
static void	walk(struct health *);
static uint64_t	settle(struct health *, struct health_node *,
		    uint64_t mono_ms,
		    void (*)(void *, const struct health_node *), void *);

void
health_init(struct health *h, const struct nodeid *self, uint64_t seed)
{
	memset(h, 0, sizeof(*h));
	lru_init(&h->nodes, HEALTH_MAX, offsetof(struct health_node, id),
	    M2_HALF, seed);
	h->self = *self;
	h->judge_at = NEVER;
}

static void
node_free(struct lru_node *n)
{
	struct health_node *x = (struct health_node *)n;

	free(x->link);
	free(x);
}

void
health_free(struct health *h)
{
	lru_free(&h->nodes, node_free);
}

const char *
health_text(enum health_state s)
{
	return s == HEALTH_DOWN ? "down" : s == HEALTH_UNREACHABLE ?
	    "unreachable" : "up";
}

struct health_node *
health_get(const struct health *h, const uint8_t *half)
{
	return (struct health_node *)lru_get(&h->nodes, half);
}

bool
health_allow(struct health *h, const struct nodeid *id, uint64_t mono_ms)
{
	struct health_node *x = health_get(h, id->b);

	return x == NULL || bucket_take(&x->rate, HEALTH_RATE, HEALTH_BURST,
	    1, mono_ms);
}

static struct health_link *
link_to(struct health_node *x, const uint8_t *half)
{
	size_t i;

	for (i = 0; i < x->nlinks; i++)
		if (memcmp(x->link[i].id, half, M2_HALF) == 0)
			return &x->link[i];
	return NULL;
}

/* What others say of its links stays as if it had said nothing. */
static void
drop(struct health *h, struct health_node *x)
{
	claims_take(h, x, (struct slice){ NULL, 0 });
	h->count[x->shown]--;
	h->changes++;
	lru_remove(&h->nodes, &x->node);
	node_free(&x->node);
}

/* Keys are free to make: only those nobody here is linked with make room. */
static bool
make_room(struct health *h)
{
	struct lru_node *n;

	for (n = lru_oldest(&h->nodes); n != NULL; n = lru_younger(n))
		if (!((struct health_node *)n)->settled) {
			drop(h, (struct health_node *)n);
			return true;
		}
	return false;
}

static struct health_node *
node_add(struct health *h, const struct nodeid *id, uint64_t mono_ms)
{
	struct health_node *x;

	if (lru_full(&h->nodes) && !make_room(h)) {
		h->refused++;
		return NULL;
	}
	x = xcalloc(1, sizeof(*x));
	x->id = *id;
	x->due_at = NEVER;
	x->settled = nodeid_equal(id, &h->self);
	bucket_init(&x->rate, HEALTH_BURST, mono_ms);
	lru_put(&h->nodes, &x->node);
	h->count[HEALTH_UP]++;
	h->changes++;
	return x;
}

/* Who has a new incarnation for that alone has heard what was said. */
static bool
answers(const struct health_node *x, const struct m2_suspect *s)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (s->item[i].state == M2_ALIVE &&
		    memcmp(s->item[i].node, x->id.b, NODEID_LEN) == 0)
			return true;
	return false;
}

static void
judge_by(struct health *h, uint64_t at)
{
	if (at < h->judge_at)
		h->judge_at = at;
}

bool
health_take(struct health *h, const struct nodeid *id, uint64_t stamp,
    const struct m2_suspect *s, uint64_t mono_ms)
{
	struct health_node *x = health_get(h, id->b);
	size_t n = h->nodes.n;

	if (x != NULL && (stamp <= x->stamp || !nodeid_equal(&x->id, id)))
		return false;
	/* Who claims no link observes nobody. */
	if (x == NULL && (s->links.n == 0 ||
	    (x = node_add(h, id, mono_ms)) == NULL))
		return false;
	lru_touch(&h->nodes, &x->node);
	x->stamp = stamp;
	x->heard_at = mono_ms;
	x->greeted &= x->incarnation == s->incarnation || answers(x, s);
	x->incarnation = s->incarnation;
	/* It is heard: that says more than what is known of its links. */
	x->reached = false;
	items_take(h, x, s);
	claims_take(h, x, s->links);
	/* Judging is work for each node known: not for every word. */
	judge_by(h, mono_ms + n / 4 + (s->n > 0 || x->shown != HEALTH_UP ?
	    HEALTH_SOON_MS : HEALTH_LATER_MS));
	return true;
}

/* Before its claims: it may have been an observer until now. */
static void
items_take(struct health *h, const struct health_node *x,
    const struct m2_suspect *s)
{
	struct health_node *of;
	struct health_link *l;
	size_t i;

	for (i = 0; i < s->n; i++) {
		if ((of = health_get(h, s->item[i].node)) == NULL ||
		    memcmp(of->id.b, s->item[i].node, NODEID_LEN) != 0 ||
		    (l = link_to(of, x->id.b)) == NULL)
			continue;
		l->missed = s->item[i].state == M2_SUSPECTED;
		l->incarnation = s->item[i].incarnation;
	}
}

static bool
among(struct slice links, const uint8_t *half, size_t before)
{
	size_t i;

	for (i = 0; i < before; i += M2_HALF)
		if (memcmp(links.p + i, half, M2_HALF) == 0)
			return true;
	return false;
}

/* The other end of a link that x claims, or claims no more. */
static bool
claim_tell(struct health *h, const struct health_node *x,
    const uint8_t *half, bool claimed)
{
	struct health_node *o = health_get(h, half);
	struct health_link *l = o != NULL ? link_to(o, x->id.b) : NULL;

	if (l == NULL)
		return false;
	l->back = claimed;
	l->mutual |= claimed;
	l->missed &= !claimed;
	return true;
}

static void
claims_take(struct health *h, struct health_node *x, struct slice links)
{
	struct health_link *new, *l, *old;
	size_t i, n = 0;

	for (i = 0; i < x->nlinks; i++)
		if (!among(links, x->link[i].id, links.n)) {
			(void)claim_tell(h, x, x->link[i].id, false);
			h->changes++;
		}
	new = xcalloc(links.n / M2_HALF + 1, sizeof(*new));
	for (i = 0; i < links.n; i += M2_HALF) {
		if (memcmp(links.p + i, x->id.b, M2_HALF) == 0 ||
		    among(links, links.p + i, i))
			continue;
		l = &new[n++];
		if ((old = link_to(x, links.p + i)) != NULL)
			*l = *old;
		else
			h->changes++;
		memcpy(l->id, links.p + i, M2_HALF);
		l->back = claim_tell(h, x, l->id, true);
		l->mutual |= l->back;
	}
	free(x->link);
	x->link = new;
	x->nlinks = n;
}

/* ---- judging ---- */

void
health_judge(struct health *h, uint64_t mono_ms,
    void (*changed)(void *, const struct health_node *), void *arg)
{
	struct lru_node *n;
	uint64_t at;

	h->judge_at = NEVER;
	forget_old(h, mono_ms);
	find_dead(h);
	walk(h);
	for (n = lru_oldest(&h->nodes); n != NULL; n = lru_younger(n)) {
		at = settle(h, (struct health_node *)n, mono_ms, changed,
		    arg);
		judge_by(h, at);
	}
	if ((n = lru_oldest(&h->nodes)) != NULL)
		judge_by(h, ((struct health_node *)n)->heard_at +
		    HEALTH_LIFE_MS + 1);
}

static void
forget_old(struct health *h, uint64_t mono_ms)
{
	struct health_node *x;

	while ((x = (struct health_node *)lru_oldest(&h->nodes)) != NULL &&
	    x->heard_at + HEALTH_LIFE_MS < mono_ms)
		drop(h, x);
}

/* Observers who are not gone themselves, and those of them who miss it. */
static void
poll(struct health *h, struct health_node *x)
{
	const struct health_link *l;
	const struct health_node *o;
	size_t i;

	x->observers = x->missing = 0;
	for (i = 0; i < x->nlinks; i++) {
		l = &x->link[i];
		if (!l->mutual || (o = health_get(h, l->id)) == NULL ||
		    o->dead)
			continue;
		x->observers++;
		x->missing += l->missed && l->incarnation == x->incarnation;
	}
}

static void
find_dead(struct health *h)
{
	struct health_node *x;
	struct lru_node *n;
	unsigned int round;
	bool more = true;

	for (n = lru_oldest(&h->nodes); n != NULL; n = lru_younger(n))
		((struct health_node *)n)->dead = false;
	for (round = 0; more && round < HEALTH_ROUNDS; round++) {
		more = false;
		for (n = lru_oldest(&h->nodes); n != NULL;
		    n = lru_younger(n)) {
			x = (struct health_node *)n;
			if (x->dead)
				continue;
			poll(h, x);
			if (x->linked || nodeid_equal(&x->id, &h->self) ||
			    x->observers < HEALTH_OBSERVERS_MIN ||
			    x->missing * 100 <
			    x->observers * HEALTH_DOWN_PERCENT)
				continue;
			x->dead = more = true;
		}
	}
}

static void
meet(struct health_node ***end, struct health_node *x)
{
	if (x->met || x->dead)
		return;
	x->met = x->reached = x->settled = true;
	x->next = NULL;
	**end = x;
	*end = &x->next;
}

static bool
missed_by(struct health_node *x, const struct health_node *o)
{
	const struct health_link *l = link_to(x, o->id.b);

	return l != NULL && l->missed && l->incarnation == x->incarnation;
}

/* From this node over links that both ends claim and none misses. */
static void
walk(struct health *h)
{
	struct health_node *first = NULL, **end = &first, *x, *o;
	struct lru_node *n;
	size_t i;

	for (n = lru_oldest(&h->nodes); n != NULL; n = lru_younger(n))
		((struct health_node *)n)->met = false;
	for (n = lru_oldest(&h->nodes); n != NULL; n = lru_younger(n)) {
		x = (struct health_node *)n;
		if (x->linked)
			meet(&end, x);
	}
	for (x = first; x != NULL; x = x->next) {
		h->newcomers += !x->greeted;
		x->greeted = true;
		for (i = 0; i < x->nlinks; i++) {
			if (!x->link[i].back ||
			    (o = health_get(h, x->link[i].id)) == NULL ||
			    nodeid_equal(&o->id, &h->self) ||
			    missed_by(o, x) || missed_by(x, o))
				continue;
			meet(&end, o);
		}
	}
}

/* What is worse is shown when it has lasted; returns when that will be. */
static uint64_t
settle(struct health *h, struct health_node *x, uint64_t mono_ms,
    void (*changed)(void *, const struct health_node *), void *arg)
{
	enum health_state is = x->dead ? HEALTH_DOWN :
	    x->met || !x->reached || nodeid_equal(&x->id, &h->self) ?
	    HEALTH_UP : HEALTH_UNREACHABLE;

	if (is == x->shown) {
		x->due = is;
		x->due_at = NEVER;
		return NEVER;
	}
	if (is != x->due) {
		x->due = is;
		x->due_at = mono_ms + (is == HEALTH_UP ? 0 :
		    is == HEALTH_DOWN ? HEALTH_GRACE_MS : HEALTH_AWAY_MS);
	}
	if (mono_ms < x->due_at)
		return x->due_at;
	h->count[x->shown]--;
	h->count[is]++;
	x->shown = is;
	x->due_at = NEVER;
	h->changes++;
	changed(arg, x);
	return NEVER;
}
